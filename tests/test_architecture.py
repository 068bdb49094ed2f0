"""The walls of the house: import arrows, sizes, and no path of somebody's machine.

Oracle: docs/explanation/architecture.md.  An arrow that is not drawn there fails here.
"""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.support.sources import (
    PACKAGES,
    ROOT,
    function_lengths,
    imports,
    length_without_tables,
    module_name,
    sources,
)

# Who may import which of our packages.  The longest name that fits a module counts.
ALLOWED = {
    "pynn_hx": {"calibration", "firmware_protocol"},
    "pynn_hx.sim": {"simulator"},
    "pynn_hx.targets": set(PACKAGES),  # it opens the emulator, so it may know everybody
    "calibration": {"firmware_protocol"},
    "emulator": {"firmware_protocol"},
    "firmware_protocol": set(),
    "simulator": set(),
}
MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 80
# Import inside a function only where the cost of an import must not fall on everybody.
MAY_IMPORT_OURS_LATE = {"pynn_hx.targets", "pynn_hx.cli"}


def forbidden(text, module, *, is_package=False):
    """Return a message for every import in `text` that the architecture forbids."""
    rule = max((name for name in ALLOWED if f"{module}.".startswith(f"{name}.")), key=len)
    home = module.split(".")[0]
    messages = []
    for found in imports(text, module, is_package=is_package):
        package = found.target.split(".")[0]
        place = f"{module}, line {found.line}: "
        if found.star:
            messages.append(f"{place}'import *' hides where a name is from; name what is used")
        if package == home and not found.relative:
            messages.append(f"{place}inside {home} imports are relative, not {found.target}")
        if package in PACKAGES and package not in ALLOWED[rule] | {home}:
            messages.append(f"{place}{rule} may not import {package}; see ALLOWED")
        if package in PACKAGES and found.in_function and module not in MAY_IMPORT_OURS_LATE:
            messages.append(
                f"{place}{found.target} is imported inside a function; move the "
                "shared name down instead of hiding a cycle"
            )
    return messages


@pytest.mark.parametrize("path", sources(*PACKAGES), ids=module_name)
def test_a_module_imports_only_along_the_drawn_arrows(path):
    text = path.read_text(encoding="utf-8")
    assert forbidden(text, module_name(path), is_package=path.name == "__init__.py") == []


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("emulator.chip", "import pynn_hx"),
        ("emulator.chip", "from calibration.nominal import nominal_chip"),
        ("calibration.search", "from emulator import Emulator"),
        ("firmware_protocol.layout", "import simulator"),
        ("simulator.network", "import firmware_protocol.errors as errors"),
        ("pynn_hx.control", "from emulator import Emulator"),
        ("pynn_hx.control", "from simulator import network"),
        ("pynn_hx.sim.control", "from calibration import nominal"),
        ("pynn_hx.targets_of_today", "import emulator"),
        ("calibration.measure", "import importlib\nimportlib.import_module('emulator.chip')"),
        ("emulator.chip", "from firmware_protocol.errors import *"),
        ("emulator.chip", "from emulator.memory import decode"),
        ("emulator.chip", "def late():\n    from .memory import decode"),
        ("pynn_hx.compile", "if TYPE_CHECKING:\n    from emulator import Emulator"),
    ],
)
def test_a_forbidden_import_is_found(module, text):
    assert len(forbidden(text, module)) == 1


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("pynn_hx.targets", "from emulator import Emulator"),
        ("pynn_hx.targets", "def connect():\n    import emulator"),
        ("pynn_hx.compile", "from firmware_protocol.program import Program"),
        ("pynn_hx.sim.control", "from simulator import network"),
        ("calibration.search", "import firmware_protocol"),
        ("emulator.chip", "from . import memory\nfrom .physics.adex import slope"),
        ("simulator.network", "import numpy as np"),
    ],
)
def test_a_drawn_arrow_is_accepted(module, text):
    assert forbidden(text, module) == []


@pytest.mark.parametrize(
    "path",
    sources(*PACKAGES, "tests", "examples", "benchmarks"),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_files_and_functions_stay_short(path):
    text = path.read_text(encoding="utf-8")
    assert length_without_tables(text) <= MAX_FILE_LINES
    assert {
        name: length
        for name, length in function_lengths(text).items()
        if length > MAX_FUNCTION_LINES
    } == {}


def test_the_distribution_ships_exactly_the_five_packages():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == list(PACKAGES)
    assert all((ROOT / package / "__init__.py").is_file() for package in PACKAGES)


MACHINE_PATH = re.compile(r"(?<![\w.~)}])/(?:home|root|work|mnt|Users|private)/\w", re.ASCII)


def test_no_file_names_a_path_of_one_machine():
    assert MACHINE_PATH.search("see /" + "home/ada/results")
    assert not MACHINE_PATH.search("docs/work/page.md or https://example.org/home/index")
    found = {
        str(path.relative_to(ROOT))
        for path in _project_files()
        if MACHINE_PATH.search(path.read_text(encoding="utf-8", errors="ignore"))
    }
    assert found == set()


def _project_files() -> list[Path]:
    """Return the files git knows or would add; outside a checkout, every source and page."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return [*sources(*PACKAGES, "tests"), *(ROOT / "docs").rglob("*.md")]
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]
