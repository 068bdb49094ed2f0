"""Plans and kernels on disk.

Oracle: the folder itself, and a second process, which must neither derive nor compile.
"""

import json
import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from simulator import build
from simulator.models import CurrentModel, NeuronModel, SynapseModel
from simulator.statements import CurrentPlan, NeuronPlan, SynapsePlan
from tests.support.simulator_plans import LIF, NOISE

ROOT = Path(__file__).parents[3]
MODEL = NeuronModel("leaky", "tau = 10 : ms", "dv/dt = -v/tau : mV", "v = 3*mV")
SCRIPT = """
import sys
from simulator import build
from simulator.models import NeuronModel
plan = build.plan_of(NeuronModel("leaky", "tau = 10 : ms", "dv/dt = -v/tau : mV", "v = 3*mV"))
kernel = build.neuron_kernel(plan, frozenset(), "float64")
print(int("sympy" in sys.modules), kernel.keep.cache_hits, kernel.address != 0)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache folder of this test's own."""
    monkeypatch.setenv("PYNN_HX_CACHE", str(tmp_path))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(build, "_plans", {})
    return tmp_path


def run_script(folder):
    environment = {**os.environ, "PYNN_HX_CACHE": str(folder)}
    environment.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.split()


def files(folder):
    """Path -> (modification time, size)."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder): (path.stat().st_mtime_ns, path.stat().st_size)
            for path in found}  # fmt: skip


@pytest.mark.slow
def test_a_second_process_neither_derives_nor_compiles(tmp_path):
    assert run_script(tmp_path) == ["1", "0", "True"]
    before = files(tmp_path)
    assert run_script(tmp_path) == ["0", "1", "True"]
    assert files(tmp_path) == before


@pytest.mark.slow
def test_processes_at_the_same_time_leave_a_whole_cache(tmp_path):
    with ThreadPoolExecutor(2) as pool:
        first = list(pool.map(run_script, [tmp_path] * 2))
    assert [line[2] for line in first] == ["True"] * 2
    assert run_script(tmp_path) == ["0", "1", "True"]
    assert not [path for path in files(tmp_path) if path.suffix == ".new"]


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (MODEL, NeuronPlan),
        (SynapseModel("plain"), SynapsePlan),
        (CurrentModel("constant", "a = 1 : nA", amplitude="a"), CurrentPlan),
    ],
)
def test_a_plan_from_disk_is_the_plan_that_was_made(folder, model, kind):
    made = build.plan_of(model)
    (path,) = (folder / "plans").iterdir()
    assert build.plan_of(model) is made  # from memory
    build._plans.clear()  # as in a new process
    assert build.plan_of(model) == made
    assert type(made) is kind and json.loads(path.read_text())["name"] == model.name


def test_a_plan_that_cannot_be_read_is_made_again(folder):
    made = build.plan_of(MODEL)
    (path,) = (folder / "plans").iterdir()
    for broken in ("", "{", '{"kind": "NeuronPlan"}', "[1]"):
        path.write_text(broken)
        build._plans.clear()
        assert build.plan_of(MODEL) == made
        assert json.loads(path.read_text())["kind"] == "NeuronPlan"


def test_other_models_variants_and_precisions_have_other_kernels(folder):
    build.neuron_kernel(LIF, frozenset(), "float64")
    build.neuron_kernel(LIF, frozenset(), "float32")
    build.neuron_kernel(LIF, frozenset({"i_offset"}), "float64")
    build.algebraic_kernel(LIF, "i_total", frozenset(), "float64")
    build.current_kernel(NOISE, frozenset(), "float64")
    assert len(list((folder / "kernels").glob("*.py"))) == 5


def test_a_kernel_is_loaded_once_per_process(folder):
    kernels = [build.neuron_kernel(LIF, frozenset(), "float64") for _ in range(2)]
    assert kernels[0].address == kernels[1].address
    assert len(list((folder / "kernels").glob("*.py"))) == 1


def test_fields_and_shared_values_are_named(folder):
    kernel = build.neuron_kernel(LIF, frozenset({"i_offset"}), "float64")
    assert kernel.fields == ("v", "i_syn", "refractory_left", "i_offset")
    assert kernel.shared[0] == "dt" and not set(kernel.shared) & set(kernel.fields)


def test_without_a_folder_to_write_to_there_is_one_warning_and_a_temporary_one(
    tmp_path, monkeypatch
):
    obstacle = tmp_path / "file"
    obstacle.write_text("")
    monkeypatch.setenv("PYNN_HX_CACHE", str(obstacle / "cache"))
    with pytest.warns(UserWarning, match="cannot be kept in .*file.*set PYNN_HX_CACHE") as caught:
        first, second = build.cache_folder(), build.cache_folder()
    assert first == second and first.is_dir() and len(caught) == 1
    assert build.plan_of(MODEL).name == "leaky"


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", "{value}/pynn-hx"),
        ("win32", "LOCALAPPDATA", "{value}/pynn-hx"),
        ("darwin", "HOME", "{value}/Library/Caches/pynn-hx"),
    ],
)
def test_the_folder_is_where_the_platform_keeps_caches(
    platform, variable, expected, tmp_path, monkeypatch
):
    monkeypatch.delenv("PYNN_HX_CACHE", raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(sys, "platform", platform)
    build._cache_folder.cache_clear()
    assert build.cache_folder() == Path(expected.format(value=tmp_path))
    build._cache_folder.cache_clear()


def test_constants_are_numbers_or_columns_like_what_they_follow_from():
    given = {p.name: p.default for p in LIF.parameters} | {"tau_m": np.array([10.0, 20.0])}
    found = build.constants(LIF, given, 0.5)
    assert found["decay"].tolist() == [np.exp(-0.05), np.exp(-0.025)]
    assert found["gain"].tolist() == [(1 - np.exp(-0.05)) * 10, (1 - np.exp(-0.025)) * 20]
    assert found["refractory_steps"] == 4
