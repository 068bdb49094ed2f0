"""The 16-bit spike label, and what crossbar, drivers and synapses make of it.

The functions take ints or arrays alike; the first block takes labels apart and puts them together,
the second one is the way of an event, one rule each.  What a routing does with these rules is not
known here.
Source: halco (event.h) and haldls (routing_crossbar.h, padi.h, synapse_driver.h), read on
2026-11-21 (``docs/reference/coordinates.md``).
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from ..errors import FieldRangeError
from .base import Coordinate, CoordinateError
from .events import CrossbarInput, CrossbarNode, CrossbarOutput, NeuronEventOutput, SPL1Address
from .geometry import CROSSBAR_NODES, N_DRIVERS_ON_BUS
from .neurons import AtomicNeuron
from .system import OutputRoutingTableEntry, SpikeIOOutputRoute

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Part(NamedTuple):
    """Bits lsb+bits-1..lsb of a label."""

    lsb: int
    bits: int

    @property
    def limit(self) -> int:
        """The largest value."""
        return (1 << self.bits) - 1


PARTS = {
    "spl1_address": Part(14, 2),
    "neuron_label": Part(0, 14),
    "neuron_event_output": Part(8, 3),
    "neuron_backend_address_out": Part(0, 8),
    "padi_label": Part(0, 11),
    "row_select_address": Part(6, 5),
    "synapse_label": Part(0, 6),
}
"""Parts of a label; the ones below `neuron_label` are readings of its bits that overlap."""

VENDOR_PADI_MASK = 0x3FF
"""The vendor's accessors of the PADI label keep only 10 of its 11 documented bits."""

PASS_ALL = (0, 0)
"""Mask and target of a crossbar node that lets every event pass (the default)."""
DROP_ALL = (0, 1)
"""Mask and target of a crossbar node that lets no event pass."""
MSB_OF_SYNAPSE_LABEL = 0b100000


def _part(name: str) -> Part:
    if name not in PARTS:
        raise TypeError(f"a spike label has no part {name!r}; it has {', '.join(PARTS)}")
    return PARTS[name]


def extract(label: npt.ArrayLike, part: str) -> Ints:
    """Values of one part (a key of :data:`PARTS`) of labels, in the shape of `label`."""
    place = _part(part)
    return np.asarray(label, dtype=np.int64) >> place.lsb & place.limit


def assemble(**parts: npt.ArrayLike) -> npt.NDArray[np.uint16]:
    """Labels from their parts, broadcast together; bits that no part covers are 0.

    Raises FieldRangeError if a value does not fit its part, CoordinateError if two parts overlap.
    """
    return _with_parts(np.int64(0), parts).astype(np.uint16)


def _with_parts(label: npt.ArrayLike, parts: dict[str, npt.ArrayLike]) -> Ints:
    """`label` with some of its parts replaced."""
    out, taken = np.asarray(label, dtype=np.int64), dict.fromkeys(range(16), "")
    for name, values in parts.items():
        place = _part(name)
        for bit in range(place.lsb, place.lsb + place.bits):
            if taken[bit]:
                raise CoordinateError(
                    f"spike label: {taken[bit]} and {name} both say bit {bit}; give one of them"
                )
            taken[bit] = name
        wanted = np.asarray(values)
        if wanted.size and not np.issubdtype(wanted.dtype, np.integer):
            raise TypeError(f"spike label: {name} = {values!r}; parts are whole numbers")
        wrong = (wanted < 0) | (wanted > place.limit)
        if np.any(wrong):
            value = int(wanted[wrong].flat[0])
            remedy = f"{name} has {place.bits} bits"
            raise FieldRangeError(f"spike label: {name}", value, place.limit, remedy)
        cleared = out & ~np.int64(place.limit << place.lsb)
        out = cleared | wanted.astype(np.int64) << place.lsb
    return out


class SpikeLabel(Coordinate):
    """The 16 bits by which an event is known outside the chip.

    Bits 15:14 are the link; 13:0 the neuron label, which the crossbar compares.  A neuron's spike
    has its event output in 10:8 and its programmable address in 7:0.  A PADI bus reads 10:6 as
    row select and 5:0 as synapse label.
    """

    size = 1 << 16

    @classmethod
    def of(cls, **parts: int) -> Self:
        """The label with these parts (keys of :data:`PARTS`), all other bits 0.

        Raises FieldRangeError if a value does not fit its part, CoordinateError if two parts say
        the same bit.
        """
        return cls(int(assemble(**parts)))

    @classmethod
    def of_neuron(cls, neuron: int, address_out: int) -> Self:
        """The label under which the FPGA sees a circuit's spike.

        The link is that of its event output, the only one that the crossbar joins to it.
        """
        output = AtomicNeuron(neuron).event_output
        return cls.of(
            spl1_address=int(output) % SPL1Address.size,
            neuron_event_output=int(output),
            neuron_backend_address_out=address_out,
        )

    def replace(self, **parts: int) -> Self:
        """The label with some of its parts replaced; errors as in `of`."""
        return type(self)(int(_with_parts(int(self), dict(parts))))

    @property
    def spl1_address(self) -> SPL1Address:
        """Bits 15:14: the link that an event takes."""
        return SPL1Address(int(extract(self, "spl1_address")))

    @property
    def neuron_label(self) -> int:
        """Bits 13:0: what crossbar nodes compare."""
        return int(extract(self, "neuron_label"))

    @property
    def neuron_event_output(self) -> NeuronEventOutput:
        """Bits 10:8: where a neuron's spike comes from; set by its column."""
        return NeuronEventOutput(int(extract(self, "neuron_event_output")))

    @property
    def neuron_backend_address_out(self) -> int:
        """Bits 7:0: a neuron's programmable address."""
        return int(extract(self, "neuron_backend_address_out"))

    @property
    def padi_label(self) -> int:
        """Bits 10:0: all that a PADI bus carries.

        The vendor's accessor of this name loses bit 10 (:data:`VENDOR_PADI_MASK`), the upper bit of
        the row select.
        """
        return int(extract(self, "padi_label"))

    @property
    def row_select_address(self) -> int:
        """Bits 10:6: what drivers compare."""
        return int(extract(self, "row_select_address"))

    @property
    def synapse_label(self) -> int:
        """Bits 5:0: what synapses compare."""
        return int(extract(self, "synapse_label"))

    @property
    def crossbar_input(self) -> CrossbarInput:
        """Where it enters the crossbar if it is sent to the chip."""
        return self.spl1_address.crossbar_input

    @property
    def crossbar_output(self) -> CrossbarOutput:
        """Where it left the crossbar if it came from the chip."""
        return self.spl1_address.crossbar_output

    @property
    def spike_io_output_route(self) -> SpikeIOOutputRoute:
        """The route of the serial spike output that it takes."""
        return SpikeIOOutputRoute(int(self))

    @property
    def output_routing_table_entry(self) -> OutputRoutingTableEntry:
        """The entry of the table between chips that it takes."""
        return OutputRoutingTableEntry(int(self))


# --- the way of an event ------------------------------------------------------------------------


def node_passes(label: npt.ArrayLike, mask: npt.ArrayLike, target: npt.ArrayLike) -> Bools:
    """Whether a crossbar node lets events with these labels pass.  Bits 15:14 are not compared."""
    neuron_label = extract(label, "neuron_label")
    return np.asarray((neuron_label & np.asarray(mask)) == np.asarray(target))


def passing_nodes(
    input_: int, label: int, mask: npt.ArrayLike, target: npt.ArrayLike
) -> tuple[CrossbarNode, ...]:
    """The nodes through which an event leaves the crossbar.

    input_        where it enters
    mask, target  (76,) of all nodes, by node number
    """
    wired = CROSSBAR_NODES[:, 0] == int(CrossbarInput(input_))
    passes = wired & node_passes(label, np.asarray(mask), np.asarray(target))
    return tuple(CrossbarNode(int(n)) for n in np.flatnonzero(passes))


def driver_fires(
    row_select_address: npt.ArrayLike, index_on_bus: npt.ArrayLike, compare_mask: npt.ArrayLike
) -> Bools:
    """Whether drivers hear events; a mask bit of 0 means that this bit does not matter."""
    mask = np.asarray(compare_mask)
    return np.asarray((np.asarray(row_select_address) & mask) == (np.asarray(index_on_bus) & mask))


def forwarded_address(synapse_label: npt.ArrayLike, enable_address_out: npt.ArrayLike) -> Ints:
    """What a driver tells its synapses: the upper bit always, the lower five only if enabled."""
    address = np.asarray(synapse_label, dtype=np.int64)
    return np.where(np.asarray(enable_address_out) != 0, address, address & MSB_OF_SYNAPSE_LABEL)


def neuron_row_select(event_output: npt.ArrayLike, address_out: npt.ArrayLike) -> Ints:
    """Row select of a neuron's event: event output in bits 4:2, address bits 7:6 in bits 1:0."""
    label = assemble(neuron_event_output=event_output, neuron_backend_address_out=address_out)
    return extract(label, "row_select_address")


def drivers_that_hear(row_select_address: int, compare_mask: npt.ArrayLike) -> Ints:
    """Driver indices of a bus, rising, that an event with this row select reaches.

    compare_mask  one for all drivers, or (32,) by driver index
    """
    return np.flatnonzero(
        driver_fires(row_select_address, np.arange(N_DRIVERS_ON_BUS), compare_mask)
    )


def reachable_drivers(event_output: int, compare_mask: npt.ArrayLike) -> Ints:
    """Driver indices of a bus, rising, that neurons of an event output can reach by some address.

    compare_mask  one for all drivers, or (32,) by driver index.  With full masks (31) they are the
                  four whose upper three bits are the event output.
    """
    selects = neuron_row_select(int(NeuronEventOutput(event_output)), np.arange(4) << 6)
    indices = np.arange(N_DRIVERS_ON_BUS)
    return np.flatnonzero(driver_fires(selects[:, None], indices, compare_mask).any(axis=0))
