"""CapMem cells by what they hold, and what a cell holds.

Names are those of :class:`~firmware_protocol.ChipConfig`: ``leak_v_leak`` of a circuit,
``syn_i_bias_dac`` of a quadrant, ``madc_in_500na`` of the readout chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .coordinates import AtomicNeuron, CapMemCell, CoordinateError, Quadrant
from .registers.capmem import NEURON_ROWS, QUADRANT_CELLS, READOUT_CELLS

FIRST_SHARED_COLUMN = 128


class Content(NamedTuple):
    """What a cell holds: the parameter `name`, of a circuit, a quadrant, or (None) of the chip."""

    name: str
    owner: AtomicNeuron | Quadrant | None


def neuron_cell(neuron: int, name: str) -> CapMemCell:
    """The cell of a circuit's parameter; CoordinateError if there is no such parameter."""
    _check(name, NEURON_ROWS, "a circuit")
    return CapMemCell.of_neuron(neuron, NEURON_ROWS[name])


def quadrant_cell(quadrant: int, name: str) -> CapMemCell:
    """The shared cell of a quadrant's parameter; CoordinateError if there is no such parameter."""
    _check(name, QUADRANT_CELLS, "a quadrant")
    column, row, _ = QUADRANT_CELLS[name]
    return CapMemCell.at(quadrant, FIRST_SHARED_COLUMN + column, row)


def readout_cell(name: str) -> CapMemCell:
    """The shared cell of a parameter that the chip has once; CoordinateError if there is none."""
    _check(name, READOUT_CELLS, "the readout chain")
    quadrant, column, row, _ = READOUT_CELLS[name]
    return CapMemCell.at(quadrant, FIRST_SHARED_COLUMN + column, row)


def _check(name: str, known: Mapping[str, object], owner: str) -> None:
    if name not in known:
        raise CoordinateError(
            f"no CapMem cell holds {name!r} of {owner}; there are {', '.join(sorted(known))}"
        )


_NEURON_NAMES = {row: name for name, row in NEURON_ROWS.items()}
_SHARED = {
    **{
        quadrant_cell(quadrant, name): Content(name, quadrant)
        for quadrant in Quadrant.all()
        for name in QUADRANT_CELLS
    },
    **{readout_cell(name): Content(name, None) for name in READOUT_CELLS},
}

UNUSED_CELLS: tuple[CapMemCell, ...] = tuple(
    cell
    for quadrant in Quadrant.all()
    for column in (FIRST_SHARED_COLUMN, FIRST_SHARED_COLUMN + 1)
    for row in range(24)
    if (cell := CapMemCell.at(quadrant, column, row)) not in _SHARED
)
"""The 90 cells of the shared columns that hold nothing."""


def content_of(cell: CapMemCell) -> Content:
    """What a cell holds; CoordinateError if it is one of the unused ones."""
    place = CapMemCell(cell)
    if not place.is_shared:
        return Content(_NEURON_NAMES[int(place.row)], place.atomic_neuron)
    if place not in _SHARED:
        raise CoordinateError(
            f"{place!r} (block {int(place.block)}, column {int(place.column)}, row "
            f"{int(place.row)}) holds nothing; UNUSED_CELLS lists the {len(UNUSED_CELLS)} like it"
        )
    return _SHARED[place]
