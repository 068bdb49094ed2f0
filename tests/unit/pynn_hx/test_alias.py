"""The word ``hx`` picks `pynn_hx.sim` in every way in which scripts pick a backend.

Oracle: PyNN's own ``get_simulator``, Python's import statements, and what a plain interpreter
says.  Each test runs in an interpreter of its own, because an import cannot be taken back.
"""

import subprocess
import sys
import textwrap
import tomllib

import pytest

import pynn_hx
from pynn_hx import alias
from tests.support.sources import ROOT


def interpreter(code, *arguments):
    """Run code in a new interpreter; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


WAYS = {
    "from": "from pyNN import hx as found",
    "get_simulator": "from pyNN.utility import get_simulator; found, _ = get_simulator()",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_import_finds_the_very_module(way):
    code = f"""
        import pynn_hx
        {way}
        import pynn_hx.sim, pyNN, sys
        assert found is pynn_hx.sim is pyNN.hx is sys.modules["pyNN.hx"]
        print(found.__name__, found.__spec__.name)
    """
    assert interpreter(code, "hx") == "pynn_hx.sim pynn_hx.sim"


def test_a_star_import_brings_the_names_of_a_backend():
    code = """
        import sys, pynn_hx
        exec("from pyNN.%s import *" % sys.argv[1])
        print(sorted({*dir()} & {"setup", "run", "end", "Population", "IF_cond_exp",
                                   "AllToAllConnector", "DCSource"}))
    """
    expected = "AllToAllConnector DCSource IF_cond_exp Population end run setup".split()
    assert interpreter(code, "hx") == str(expected)


def test_modules_below_the_alias_are_no_copies():
    code = """
        import pynn_hx
        import pyNN.hx.standardmodels as one, pynn_hx.sim.standardmodels as other
        print(one is other)
    """
    assert interpreter(code) == "True"


def test_the_engine_is_loaded_only_when_the_alias_is():
    code = """
        import sys, pynn_hx
        before = "simulator" in sys.modules, "pynn_hx.sim" in sys.modules
        import pyNN.hx
        print(before, "simulator" in sys.modules)
    """
    assert interpreter(code) == "(False, False) True"


def test_the_front_alone_registers_the_alias_and_the_attribute():
    code = """
        import pynn_hx.sim, pyNN
        print(pyNN.hx is pynn_hx.sim)
    """
    assert interpreter(code) == "True"


def test_reloading_the_front_finds_its_own_source():
    code = """
        import importlib, pynn_hx
        import pyNN.hx
        print(importlib.reload(pyNN.hx).__name__)
    """
    assert interpreter(code) == "pynn_hx.sim"


def test_without_us_the_word_means_nothing():
    """If this fails, PyNN has learnt the word itself, and the alias can go."""
    code = """
        import pyNN
        try:
            import pyNN.hx
        except ModuleNotFoundError as error:
            print(error)
    """
    assert interpreter(code) == "No module named 'pyNN.hx'"


def test_registering_again_changes_nothing():
    before = list(sys.meta_path)
    pynn_hx.register_pynn_alias()
    alias.register_pynn_alias()
    assert sys.meta_path == before


def test_other_names_are_left_to_others():
    (finder,) = [each for each in sys.meta_path if type(each).__module__ == alias.__name__]
    assert finder.find_spec("pyNN.hxx", None) is None
    assert finder.find_spec("pyNN.nest", None) is None


def test_the_entry_point_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pyNN.backends"] == {"hx": alias.TARGET}
