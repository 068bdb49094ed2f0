"""Every row of the PyNN interface has a test, and every test that is named exists."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.pynn_api_rows import ROWS, Later

TESTS = Path(__file__).resolve().parent
ALL = [(section, row) for section, rows in ROWS.items() for row in rows]
SECTIONS = (
    "1 2 2.1 3 3.1 4 5 5.1 5.2 6.1 6.2 6.3 7 8 9 10 11 12 13 14 15".split()
)  # of the specification


@cache
def defined(file):
    """Names of the tests in a file."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("section", "row"), ALL, ids=lambda name: name)
def test_a_row_has_tests_that_exist_or_a_reason(section, row):
    found = ROWS[section][row]
    if isinstance(found, Later):
        assert found.reason
        return
    assert found
    for node in found:
        file, name = node.split("::")
        assert name.startswith("test_") and name in defined(file), node


def test_all_sections_are_there():
    assert list(dict.fromkeys(section.split()[0] for section in ROWS)) == SECTIONS


def test_little_is_left_for_later():
    later = [row for section, row in ALL if isinstance(ROWS[section][row], Later)]
    assert len(later) <= 15, later
