"""Helpers around chip configurations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from calibration.nominal import nominal_chip
from firmware_protocol import ChipConfig
from firmware_protocol.atomic_neuron import FIELDS, MEMBERS

ATOMIC_NEURON_MEMBERS = MEMBERS
"""Names of the 14 parts of a neuron circuit's settings."""


def chip_from_nightly() -> ChipConfig:
    """A configuration to start experiments from.

    Until this package calibrates chips, it is the nominal one: typical codes for the targets of
    the deployed "spiking" calibration, the same for every chip.  A chip misses the targets by its
    mismatch.
    """
    return nominal_chip()


def decompose_in_member_names(name: str) -> tuple[str, str]:
    """Split ``"leak_v_leak"`` into ``("leak", "v_leak")``; ValueError for a name of no member."""
    for member in MEMBERS:
        if name.startswith(f"{member}_"):
            return member, name.removeprefix(f"{member}_")
    raise ValueError(f"{name!r} begins with none of {', '.join(MEMBERS)}")


def get_values_of_atomic_neuron(
    atomic_neuron: Any, exclude: Iterable[str] | None = None
) -> dict[str, float | bool]:
    """Settings of one circuit (``chip.atomic_neuron(n)``) by flat name, hidden ones left out."""
    skipped = frozenset(exclude or ())
    return {
        f.name: _plain(getattr(getattr(atomic_neuron, f.member), f.field))
        for f in FIELDS
        if not f.hidden and f.name not in skipped
    }


def _plain(value: int | bool) -> float | bool:
    return value if isinstance(value, bool) else float(value)
