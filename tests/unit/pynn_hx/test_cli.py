"""The console command.

Oracle: the introduction's text ("the neuron spiked ... times") and the picture file.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pynn_hx import cli

ROOT = Path(__file__).parents[3]


def test_demo_prints_spikes_and_writes_the_picture(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [sys.executable, "-m", "pynn_hx.cli", "demo", "--target", "emulator:?chip_seed=0"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "The neuron spiked 0 times." in done.stdout
    assert "The spike times were: [] ms" in done.stdout
    picture = (tmp_path / "membrane.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 10_000


def test_a_command_is_required(capsys):
    with pytest.raises(SystemExit):
        cli.main([])
    assert "demo" in capsys.readouterr().err


def test_the_program_of_the_demo_is_the_example():
    assert cli.introduction() == ROOT / "examples" / "pynn_introduction.py"
