"""Compilation by several processes.

Oracle: every part is compiled by exactly one of them, and afterwards Numba finds all of them on
disk, under the very types with which a program calls them.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from emulator import compilation
from emulator.compilation import MOST, wanted
from emulator.errors import EmulatorError

ROOT = Path(__file__).parents[3]
FIRST_USE = """
import json
from emulator import Emulator, compilation
from tests.support import emulated

helped = []
finish = compilation.Helpers.finish
def counted(self):
    helped.append(len(self._processes))
    finish(self)
compilation.Helpers.finish = counted

config = emulated.connect(emulated.add_inputs(emulated.read_out(emulated.chip(), 0)), 0, [63])
events = [1000, 2000, 3000], [1, 1, 1]
response = Emulator(chip_seed=0, run_seed=0).execute(emulated.experiment(config, 50, events))
print(json.dumps({
    "helped": sum(helped),
    "answer": [int(word) for word in response],
    "marked": compilation.mark().exists(),
    "signatures": {
        function.py_func.__name__: len(function.signatures)
        for part in compilation.parts() for function, *_ in part.args[0]
        if hasattr(function, "signatures")
    },
}))
"""


def first_use(cache, processes):
    """What a new process tells of itself, with the cache in a folder."""
    environment = os.environ | {
        "NUMBA_CACHE_DIR": str(cache),
        "PYNN_HX_COMPILERS": str(processes),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", FIRST_USE],
        check=True, capture_output=True, text=True, env=environment, cwd=ROOT,
    )  # fmt: skip
    assert done.stderr == ""
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def uses(tmp_path_factory):
    """A first process with help, and a second one."""
    cache = tmp_path_factory.mktemp("cache")
    return first_use(cache, 2), first_use(cache, 2)


def test_a_first_use_is_helped_and_a_second_needs_no_help(uses):
    assert [use["helped"] for use in uses] == [1, 0]
    assert all(use["marked"] for use in uses)


def test_both_give_the_same_answer(uses):
    assert uses[0]["answer"] == uses[1]["answer"]


def test_programs_call_the_parts_with_the_types_that_are_compiled_ahead(uses):
    # A second signature means that the first was compiled for nobody.
    assert set(uses[0]["signatures"].values()) == {1}


def test_every_part_is_taken_once_however_many_work(tmp_path):
    done = []
    parts = [lambda k=k: done.append(k) for k in range(200)]
    workers = [threading.Thread(target=compilation._work, args=(tmp_path, parts)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(done) == list(range(200))


def test_a_process_stops_when_nobody_waits_for_it(tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(compilation, "parts", lambda: [lambda: done.append(1)])
    compilation.work(str(tmp_path / "gone"))
    assert done == []
    compilation.work(str(tmp_path))
    assert done == [1]


@pytest.fixture
def first_use_of_this_process(monkeypatch, tmp_path):
    """As if nobody had compiled anything on this machine."""
    monkeypatch.setattr(compilation, "_begun", False)
    monkeypatch.setattr(compilation, "_helpers", [])
    monkeypatch.setattr(compilation, "mark", lambda: tmp_path / "mark")
    monkeypatch.setenv("PYNN_HX_COMPILERS", "2")


def test_without_a_folder_for_temporary_files_there_is_no_help(
    first_use_of_this_process, monkeypatch
):
    def refused(**_):
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refused)
    compilation.begin()
    assert compilation._helpers == []


def test_an_interrupted_compilation_leaves_no_process_and_no_mark(
    first_use_of_this_process, monkeypatch
):
    def interrupted():
        raise KeyboardInterrupt

    compilation.begin()
    (helpers,) = compilation._helpers
    processes = list(helpers._processes)
    monkeypatch.setattr(compilation, "parts", lambda: [interrupted])
    with pytest.raises(KeyboardInterrupt):
        compilation.finish()
    assert [process.poll() is not None for process in processes] == [True]
    assert not compilation.mark().exists()


@pytest.fixture
def no_python(monkeypatch):
    """An interpreter inside of another program."""
    monkeypatch.setattr(sys, "executable", "/opt/tool/tool")


def test_a_program_that_embeds_python_is_not_started(no_python):
    helpers = compilation.Helpers(2)
    assert helpers._processes == []
    helpers.finish()


def test_where_no_process_can_be_started_there_is_none(monkeypatch):
    def refused(*_, **__):
        raise PermissionError("sandbox")

    monkeypatch.setattr(subprocess, "Popen", refused)
    helpers = compilation.Helpers(2)
    assert helpers._processes == []
    helpers.finish()


def test_helpers_end_with_the_process_that_started_them():
    helpers = compilation.Helpers(1)
    process = helpers._processes[0]
    helpers.stop()
    assert process.returncode is not None


@pytest.mark.parametrize(
    ("cores", "variable", "number"),
    [(1, None, 1), (2, None, 2), (64, None, MOST), (2, "1", 1), (1, "3", 3), (2, "99", MOST)],
)
def test_as_many_processes_as_cores_unless_told_otherwise(cores, variable, number):
    assert wanted(cores, variable) == number


@pytest.mark.parametrize("variable", ["", "0", "two", "-1"])
def test_a_number_of_processes_that_is_none_is_refused(variable):
    with pytest.raises(EmulatorError, match="PYNN_HX_COMPILERS"):
        wanted(2, variable)


def test_this_process_may_use_at_least_one_core():
    assert compilation.cores() >= 1
