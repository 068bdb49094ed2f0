"""Typed addresses of the chip's parts and the conversions between them.

A coordinate is an ``int`` that knows its range; a conversion that the wiring does not offer raises
:class:`CoordinateError`.  The module-level functions hold the arithmetic and take ints or arrays
alike.
Source: the vendor's coordinate library as collected in ``docs/reference/words.md`` ("Geometry").
"""

from __future__ import annotations

from typing import ClassVar, Self, TypeVar

import numpy as np
import numpy.typing as npt

from .errors import ProtocolError

T = TypeVar("T", int, npt.NDArray[np.integer])

N_NEURONS = 512
N_COLUMNS = 256
N_ROWS = 256
N_SYNRAMS = 2
N_QUADS = 64
N_DRIVERS = 128
N_BUSES = 4
N_QUADRANTS = 4
N_CROSSBAR_INPUTS = 20
N_CROSSBAR_OUTPUTS = 12
N_LINKS = 4
N_EVENT_OUTPUTS = 8


class CoordinateError(ProtocolError, ValueError):
    """A coordinate is out of range, or two parts of the chip are not connected."""


class Coordinate(int):
    """An integer within 0..size-1 of one kind of place on the chip."""

    size: ClassVar[int] = 0

    def __new__(cls, value: int) -> Self:
        number = int(value)
        if not 0 <= number < cls.size:
            raise CoordinateError(
                f"{cls.__name__}({number}) does not exist; the chip has 0..{cls.size - 1}"
            )
        return super().__new__(cls, number)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({int(self)})"


class Synram(Coordinate):
    """A half of the chip with its synapse array: 0 top, 1 bottom."""

    size = N_SYNRAMS


class Quadrant(Coordinate):
    """A quadrant (neuron configuration and CapMem block): 0 NW, 1 NE, 2 SW, 3 SE."""

    size = N_QUADRANTS


class BackendBlock(Coordinate):
    """A neuron backend: 0 west (columns 0..127), 1 east (columns 128..255)."""

    size = 2


class SPL1Address(Coordinate):
    """One of the four event links between FPGA and chip."""

    size = N_LINKS


class NeuronEventOutput(Coordinate):
    """Event output of a neuron backend: serves 32 columns of both rows."""

    size = N_EVENT_OUTPUTS

    @property
    def crossbar_input(self) -> CrossbarInput:
        return CrossbarInput(int(self))

    @property
    def on_block(self) -> int:
        """Number of the output among the four of its backend block."""
        return int(self) % 4


class PADIBus(Coordinate):
    """A bus that carries events into one half's synapse drivers: half*4 + bus on half."""

    size = N_SYNRAMS * N_BUSES

    @property
    def synram(self) -> Synram:
        return Synram(int(self) // N_BUSES)

    @property
    def on_block(self) -> int:
        return int(self) % N_BUSES


class BackgroundSpikeSource(Coordinate):
    """An on-chip event generator; s drives PADI bus s."""

    size = 8

    @property
    def crossbar_input(self) -> CrossbarInput:
        return CrossbarInput(12 + int(self))


class CrossbarInput(Coordinate):
    """0..7 neuron event outputs, 8..11 links from the FPGA, 12..19 background sources."""

    size = N_CROSSBAR_INPUTS

    @property
    def spl1_address(self) -> SPL1Address:
        if not 8 <= self < 12:
            raise CoordinateError(f"{self!r} is no FPGA link; those are inputs 8..11")
        return SPL1Address(int(self) - 8)

    @property
    def neuron_event_output(self) -> NeuronEventOutput:
        if self >= N_EVENT_OUTPUTS:
            raise CoordinateError(f"{self!r} is no neuron event output; those are inputs 0..7")
        return NeuronEventOutput(int(self))


class CrossbarOutput(Coordinate):
    """0..7 PADI buses, 8..11 links to the FPGA."""

    size = N_CROSSBAR_OUTPUTS

    @property
    def padi_bus(self) -> PADIBus:
        if self >= PADIBus.size:
            raise CoordinateError(f"{self!r} leads to the FPGA; PADI buses are outputs 0..7")
        return PADIBus(int(self))

    @property
    def l2_output(self) -> SPL1Address:
        if self < PADIBus.size:
            raise CoordinateError(f"{self!r} leads to a PADI bus; FPGA links are outputs 8..11")
        return SPL1Address(int(self) - PADIBus.size)


class SynapseColumn(Coordinate):
    """A column of a synapse array; feeds the neuron of the same column and half."""

    size = N_COLUMNS

    @property
    def quad(self) -> SynapseQuadColumn:
        return SynapseQuadColumn(quad_of_column(int(self))[0])

    @property
    def entry_on_quad(self) -> int:
        return int(quad_of_column(int(self))[1])


class SynapseQuadColumn(Coordinate):
    """Four synapses of a row that share a word: 0..31 even columns, 32..63 odd ones."""

    size = N_QUADS

    def column(self, entry: int) -> SynapseColumn:
        """Synapse column of `entry` (0..3; entry 0 is the word's most significant byte)."""
        return SynapseColumn(column_of_quad(int(self), entry))

    @property
    def is_east(self) -> bool:
        return int(self) % 32 >= 16


class SynapseRow(Coordinate):
    """A row of one synapse array."""

    size = N_ROWS

    @property
    def driver(self) -> SynapseDriver:
        return SynapseDriver(int(self) // 2)

    @property
    def is_top_of_driver(self) -> bool:
        return bool(int(self) % 2)


class SynapseDriver(Coordinate):
    """A synapse driver of one half: drives rows 2d (bottom) and 2d+1 (top)."""

    size = N_DRIVERS

    @property
    def bottom_row(self) -> SynapseRow:
        return SynapseRow(2 * int(self))

    @property
    def top_row(self) -> SynapseRow:
        return SynapseRow(2 * int(self) + 1)

    @property
    def bus_on_block(self) -> int:
        return int(self) % N_BUSES

    @property
    def index_on_bus(self) -> int:
        """0..31: what the row select address of an event is compared with."""
        return int(self) // N_BUSES

    def capmem_block(self, synram: Synram) -> Quadrant:
        """Quadrant that supplies the analog parameters: even drivers west, odd drivers east."""
        return Quadrant(2 * int(synram) + int(self) % 2)


class AtomicNeuron(Coordinate):
    """A neuron circuit: row*256 + column, row 0 top and 1 bottom."""

    size = N_NEURONS

    @classmethod
    def at(cls, column: int, row: int) -> AtomicNeuron:
        return cls(int(row) * N_COLUMNS + int(SynapseColumn(column)))

    @property
    def row(self) -> Synram:
        return Synram(int(self) // N_COLUMNS)

    @property
    def column(self) -> SynapseColumn:
        return SynapseColumn(int(self) % N_COLUMNS)

    @property
    def quadrant(self) -> Quadrant:
        return Quadrant(int(self) // 128)

    @property
    def index_on_quadrant(self) -> int:
        return int(self) % 128

    @property
    def backend_block(self) -> BackendBlock:
        return BackendBlock(int(backend_of_neuron(int(self))[0]))

    @property
    def index_on_backend(self) -> int:
        return int(backend_of_neuron(int(self))[1])

    @property
    def event_output(self) -> NeuronEventOutput:
        return NeuronEventOutput(int(event_output_of_neuron(int(self))))


class CrossbarNode(Coordinate):
    """One of the 76 (input, output) pairs that are wired."""

    size = 76

    @classmethod
    def at(cls, output: int, input_: int) -> CrossbarNode:
        return cls(crossbar_node(CrossbarOutput(output), CrossbarInput(input_)))

    @property
    def input(self) -> CrossbarInput:
        return CrossbarInput(int(CROSSBAR_NODES[int(self), 0]))

    @property
    def output(self) -> CrossbarOutput:
        return CrossbarOutput(int(CROSSBAR_NODES[int(self), 1]))


# --- arithmetic; every argument may be an array -------------------------------------------------


def column_of_quad(quad: T, entry: T) -> T:
    """Synapse column of entry 0..3 of a quad 0..63."""
    return 2 * entry + 8 * (quad % 32) + quad // 32


def quad_of_column(column: T) -> tuple[T, T]:
    """(quad, entry) of a synapse column 0..255."""
    return (column % 2) * 32 + column // 8, column // 2 % 4


def backend_of_neuron(neuron: T) -> tuple[T, T]:
    """(backend block, index on it) of an AtomicNeuron 0..511; reset and counters alike."""
    column, row = neuron % N_COLUMNS, neuron // N_COLUMNS
    return column // 128, column % 128 + 128 * row


def event_output_of_neuron(neuron: T) -> T:
    """Neuron event output 0..7 (the crossbar input of the same number) of an AtomicNeuron."""
    return neuron % N_COLUMNS // 32


def event_output_of_backend_index(index: int) -> int:
    """Event output on its backend block (0..3) of a backend index 0..255."""
    return index % 128 // 32


def _crossbar_outputs(input_: int) -> tuple[int, ...]:
    """Outputs wired to a crossbar input, in the order of the node numbers."""
    if input_ < 8:
        return (input_ % 4, 4 + input_ % 4, 8 + input_ % 4)
    if input_ < 12:
        return (*range(8), 8 + input_ - 8)
    if input_ < 16:
        return (input_ - 12, 8 + input_ - 12)
    return (4 + input_ - 16, 8 + input_ - 16)


CROSSBAR_NODES: npt.NDArray[np.int64] = np.array(
    [(i, o) for i in range(N_CROSSBAR_INPUTS) for o in _crossbar_outputs(i)]
)
"""(76, 2): crossbar input and output of every node, in the order of the node numbers."""

_NODE_NUMBER = {(int(o), int(i)): n for n, (i, o) in enumerate(CROSSBAR_NODES)}


def crossbar_node(output: int, input_: int) -> int:
    """Node number 0..75 of an output and an input; CoordinateError where nothing is wired."""
    try:
        return _NODE_NUMBER[int(output), int(input_)]
    except KeyError:
        wired = [int(o) for i, o in CROSSBAR_NODES if i == int(input_)]
        raise CoordinateError(
            f"no crossbar node joins input {int(input_)} to output {int(output)}; "
            f"that input reaches outputs {wired}"
        ) from None
