"""The chip by the vendor's names: coordinates, containers, composites, program builders.

Thin adapters for scripts that were written for the vendor's software: every range, place and word
comes from the tables and coordinates of :mod:`firmware_protocol`.  The modules are imported when
they are first used.

halco  coordinates          hal  containers of one register
lola   larger containers    sta  builders of programs
logger as :mod:`pynn_hx.logger`
"""

from importlib import import_module
from typing import Any

_MODULES = ("composite", "container", "hal", "halco", "lola", "neuron", "sta", "values")


def __getattr__(name: str) -> Any:
    if name == "logger":
        return import_module("..logger", __name__)
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"vendor has no {name!r}; it has {', '.join(_MODULES)}")
