"""What a Python source says about itself: its imports, its length, its functions.

Text in, plain data out; nothing is imported or run.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("pynn_hx", "firmware_protocol", "emulator", "calibration", "simulator")

_CALLS_THAT_IMPORT = ("import_module", "__import__")


@dataclass(frozen=True)
class Import:
    """One imported module: its absolute name, and how the source wrote it."""

    target: str  # "firmware_protocol.errors"; for `from a.b import c` it is "a.b.c"
    line: int
    relative: bool
    star: bool = False
    in_function: bool = False


def module_name(path: Path, root: Path = ROOT) -> str:
    """Return the dotted name of the module at `path`; a package's name has no `__init__`."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources(*folders: str, root: Path = ROOT) -> list[Path]:
    """Return the Python files below the folders of the repository, sorted."""
    return sorted(path for folder in folders for path in (root / folder).rglob("*.py"))


def imports(text: str, module: str, *, is_package: bool = False) -> list[Import]:
    """Return every import in the source `text` of `module`, in the order of its lines.

    Raises ValueError if a relative import leaves the top-level package.
    """
    tree = ast.parse(text)
    inside = {id(node) for function in _functions(tree) for node in ast.walk(function)}
    found = []
    for node in ast.walk(tree):
        where = {"line": getattr(node, "lineno", 0), "in_function": id(node) in inside}
        if isinstance(node, ast.Import):
            found += [Import(alias.name, relative=False, **where) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module, is_package)
            found += [
                Import(
                    base if alias.name == "*" else f"{base}.{alias.name}",
                    relative=node.level > 0,
                    star=alias.name == "*",
                    **where,
                )
                for alias in node.names
            ]
        elif isinstance(node, ast.Call) and _name(node.func) in _CALLS_THAT_IMPORT:
            found += [
                Import(argument.value, relative=False, **where)
                for argument in node.args[:1]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            ]
    return sorted(found, key=lambda found_import: found_import.line)


def function_lengths(text: str) -> dict[str, int]:
    """Return the number of lines of every function in `text`, its docstring aside."""
    lengths = {}
    for node in _functions(ast.parse(text)):
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if ast.get_docstring(node, clean=False) is not None:
            docstring = node.body[0]
            length -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
        lengths[f"{node.name} (line {node.lineno})"] = length
    return lengths


def length_without_tables(text: str) -> int:
    """Return the number of lines of `text` that belong to no table.

    A table is an assignment of a literal, or of a call, at module level.
    """
    tables = sum(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
    )
    return len(text.splitlines()) - tables


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    if node.level == 0:
        return node.module or ""
    parts = module.split(".")
    up = node.level - 1 if is_package else node.level
    if up >= len(parts):
        raise ValueError(
            f"{module}, line {node.lineno}: the relative import climbs {node.level} "
            f"levels, out of the package {parts[0]!r}; import by the full name"
        )
    base = parts[: len(parts) - up]
    return ".".join([*base, node.module] if node.module else base)


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
