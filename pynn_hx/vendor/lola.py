"""The vendor's larger containers: whole circuits, rows and matrices of synapses, the whole chip.

``lola.AtomicNeuron``, ``lola.Chip``, and every row and matrix of
:mod:`firmware_protocol.inspector.composites`, such as ``lola.SynapseWeightRow``.
"""

from __future__ import annotations

from typing import Any

from firmware_protocol.inspector.composites import COMPOSITES

from . import hal
from .chip import Chip
from .composite import composite_type
from .container import Container
from .coordinate import READS_AS, VendorCoordinate
from .neuron import AtomicNeuron

__all__ = ["AtomicNeuron", "Chip", "container_type"]


def container_type(coordinate: Any) -> type[Container]:
    """What a coordinate reads as; TypeError if it is none, or no container lies there."""
    name = READS_AS.get(type(coordinate).__name__, "")
    if not isinstance(coordinate, VendorCoordinate):
        raise TypeError(
            f"{coordinate!r} is no coordinate; use one of halco, such as "
            "halco.CrossbarOutputOnDLS(0)"
        )
    if name in COMPOSITES:
        return composite_type(name, __name__)
    found: Any = AtomicNeuron if name == "AtomicNeuron" else getattr(hal, name, None)
    if not isinstance(found, type) or not issubclass(found, Container):
        raise TypeError(f"{coordinate!r} names a place, but there is no container to read")
    return found


def __getattr__(name: str) -> Any:
    if name in COMPOSITES:
        return composite_type(name, __name__)
    raise AttributeError(f"lola has no {name!r}; dir(lola) lists its containers")


def __dir__() -> list[str]:
    return sorted([*__all__, *COMPOSITES])
