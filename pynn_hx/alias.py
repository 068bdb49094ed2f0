"""The name ``pyNN.hx``: scripts that pick their backend by a word find `pynn_hx.sim` under it.

PyNN's ``get_simulator`` and scripts with ``exec("from pyNN.%s import *")`` import the module
``pyNN.<word>``.  After `register_pynn_alias` that import finds `pynn_hx.sim`, the same module
object and not a copy, and loads it only then.  Nothing is written into PyNN's folder.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

import pyNN

ALIAS = "pyNN.hx"
TARGET = "pynn_hx.sim"


class _Loader(Loader):
    """Loads `target` under a second name."""

    def __init__(self, target: str) -> None:
        self.target = target
        self._own_spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self.target)
        self._own_spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has just given the module the alias's specification; with that,
        # importlib.reload() would look for the wrong name.
        module.__spec__ = self._own_spec


class _Finder(MetaPathFinder):
    """Maps ``pyNN.hx`` and what lies below it to ``pynn_hx.sim``."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != ALIAS and not fullname.startswith(f"{ALIAS}."):
            return None
        return ModuleSpec(fullname, _Loader(TARGET + fullname.removeprefix(ALIAS)))


_FINDER = _Finder()


def register_pynn_alias() -> None:
    """Make ``import pyNN.hx`` find `pynn_hx.sim`; calling it again changes nothing.

    Called by ``import pynn_hx``, at the cost of microseconds: the engine is loaded by the first
    import of the alias.  Once `pynn_hx.sim` is loaded, ``pyNN.hx`` is also an attribute.
    """
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
    loaded = sys.modules.get(TARGET)
    if loaded is not None:
        sys.modules[ALIAS] = loaded
        setattr(pyNN, ALIAS.rpartition(".")[2], loaded)
