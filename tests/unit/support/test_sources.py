"""The reader of Python sources that the architecture test stands on."""

import pytest

from tests.support.sources import Import, function_lengths, imports, length_without_tables


def targets(text, module="a.b.c", **kind):
    return [found.target for found in imports(text, module, **kind)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import x.y as z", ["x.y"]),
        ("from x import y, z", ["x.y", "x.z"]),
        ("from . import y", ["a.b.y"]),
        ("from .d import y", ["a.b.d.y"]),
        ("from ..d import y", ["a.d.y"]),
        ("__import__('x.y')", ["x.y"]),
    ],
)
def test_imports_are_named_absolutely(text, expected):
    assert targets(text) == expected


def test_a_package_is_one_level_deeper_than_a_module():
    assert targets("from .d import y", "a.b", is_package=True) == ["a.b.d.y"]


def test_a_relative_import_out_of_the_package_is_an_error():
    with pytest.raises(ValueError, match=r"a\.b\.c, line 1: the relative import climbs 3 levels"):
        imports("from ...other import y", "a.b.c")


def test_late_and_star_imports_are_marked():
    found = imports("from x import *\ndef f():\n    import y\n", "a")
    assert found == [
        Import("x", 1, relative=False, star=True),
        Import("y", 3, relative=False, in_function=True),
    ]


def test_a_docstring_does_not_count_as_length():
    assert function_lengths('def f():\n    """One.\n\n    Two.\n    """\n    return 1\n') == {
        "f (line 1)": 2
    }


def test_a_table_does_not_count_as_length():
    assert length_without_tables("import x\nTABLE = (\n    1,\n    2,\n)\n") == 1
