"""``pynn-hx run``: the script runs as it would alone, with one more backend to pick.

Oracle: what ``python script.py`` gives a script: its arguments, its folder, its name.
"""

import os
import subprocess
import sys

import pytest

from pynn_hx import cli, device, launch
from tests.support.sources import ROOT

SCRIPT = """\
import sys
from pathlib import Path
import helper_beside_the_script
from pynn_hx.device import default_device
print(__name__, sys.argv[1:], Path(__file__).name, default_device())
"""


@pytest.fixture
def script(tmp_path):
    (tmp_path / "helper_beside_the_script.py").write_text("")
    path = tmp_path / "my_script.py"
    path.write_text(SCRIPT)
    return path


def test_a_script_gets_its_arguments_name_and_folder(script, capsys):
    assert cli.main(["run", str(script), "hx", "--plot-figure", "-n", "3"]) == 0
    expected = "__main__ ['hx', '--plot-figure', '-n', '3'] my_script.py auto\n"
    assert capsys.readouterr().out == expected


def test_the_device_before_the_script_is_the_default_while_it_runs(script, capsys):
    assert cli.main(["run", "--device", "cpu", str(script), "--device", "mine"]) == 0
    assert capsys.readouterr().out == "__main__ ['--device', 'mine'] my_script.py cpu\n"
    assert device.default_device() == "auto"


def test_nothing_is_left_behind(script):
    before = list(sys.argv), list(sys.path)
    launch.run_script(script, ["hx"])
    assert (sys.argv, sys.path) == before


def test_a_missing_script_is_named_with_the_order_of_arguments(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["run", "no_script.py", "hx"]) == 2
    message = capsys.readouterr().err
    assert f"there is no script 'no_script.py' in {tmp_path}" in message
    assert "options such as --device stand before the script" in message


def test_errors_of_a_script_are_its_own(tmp_path):
    path = tmp_path / "script.py"
    path.write_text("open('no such file')")
    with pytest.raises(FileNotFoundError, match="no such file"):
        cli.main(["run", str(path)])


def test_the_exit_status_of_a_script_is_kept(tmp_path):
    path = tmp_path / "script.py"
    path.write_text("raise SystemExit(7)")
    with pytest.raises(SystemExit) as status:
        cli.main(["run", str(path)])
    assert status.value.code == 7


def test_an_unknown_device_is_refused():
    with pytest.raises(ValueError, match=r"set_default_device.'gpu'.*auto, cpu, cuda"):
        device.set_default_device("gpu")
    assert device.default_device() == "auto"


UPSTREAM = {
    "get_simulator": """\
from pyNN.utility import get_simulator
sim, options = get_simulator(("--current", "nA", {"type": float, "default": 1.0}))
sim.setup(timestep=0.1)
cells = sim.Population(2, sim.IF_curr_exp(i_offset=options.current))
cells.record("spikes")
sim.run(60.0)
print([len(train) for train in cells.get_data().segments[0].spiketrains])
sim.end()
""",
    "exec": """\
import sys
exec("from pyNN.%s import *" % sys.argv[1])
setup(timestep=0.1)
cells = Population(2, IF_curr_exp(i_offset=1.0))
cells.record("spikes")
run(60.0)
print([len(train) for train in cells.get_data().segments[0].spiketrains])
end()
""",
}


@pytest.mark.parametrize("text", UPSTREAM.values(), ids=UPSTREAM)
def test_an_unchanged_script_runs_on_the_backend_hx(text, tmp_path):
    """Oracle: with 1 nA the membrane crosses the threshold each 27.8 + 0.1 ms, twice in 60 ms."""
    path = tmp_path / "script.py"
    path.write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pynn_hx", "run", "--device", "cpu", str(path), "hx"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[2, 2]\n"
