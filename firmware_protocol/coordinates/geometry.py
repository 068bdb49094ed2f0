"""Counts of the chip's parts and the arithmetic between their numbers.

Plain numbers in, plain numbers out: every argument may be an int or an array of integers.  Ranges
are not checked here; the coordinates do that.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T", int, npt.NDArray[np.integer])

N_NEURONS = 512
N_COLUMNS = 256
N_ROWS = 256
N_SYNRAMS = 2
N_QUADS = 64
N_ENTRIES = 4
"""Synapses, or whatever belongs to columns, that share a word."""
N_DRIVERS = 128
N_BUSES = 4
N_DRIVERS_ON_BUS = 32
N_QUADRANTS = 4
N_BACKENDS = 2
N_NEURONS_ON_QUADRANT = 128
N_NEURONS_ON_BACKEND = 256
N_CROSSBAR_INPUTS = 20
N_CROSSBAR_OUTPUTS = 12
N_CROSSBAR_NODES = 76
N_LINKS = 4
N_EVENT_OUTPUTS = 8
N_BACKGROUND_SOURCES = 8
N_CAPMEM_COLUMNS = 130
N_CAPMEM_ROWS = 24
N_LANES = 128
"""Lanes of 8 bits of the PPU's vector unit."""
FIRST_LINK_INPUT = N_EVENT_OUTPUTS
"""Crossbar inputs 8..11 are the links from the FPGA."""
FIRST_BACKGROUND_INPUT = FIRST_LINK_INPUT + N_LINKS
"""Crossbar inputs 12..19 are the background sources."""
FIRST_LINK_OUTPUT = N_SYNRAMS * N_BUSES
"""Crossbar outputs 8..11 are the links to the FPGA; those below are the PADI buses."""
N_COLUMNS_ON_OUTPUT = N_COLUMNS // N_EVENT_OUTPUTS


def column_of_quad(quad: T, entry: T) -> T:
    """Synapse column of entry 0..3 of a quad 0..63."""
    return 2 * entry + 8 * (quad % 32) + quad // 32


def quad_of_column(column: T) -> tuple[T, T]:
    """(quad, entry) of a synapse column 0..255."""
    return (column % 2) * 32 + column // 8, column // 2 % 4


def column_of_lane(parity: T, lane: T) -> T:
    """Synapse column of lane 0..127 of the even (0) or odd (1) vector of a row."""
    return 2 * lane + parity


def lane_of_column(column: T) -> tuple[T, T]:
    """(parity, lane) of a synapse column 0..255 in the PPU's two vectors of a row."""
    return column % 2, column // 2


def config_of_neuron(neuron: T) -> tuple[T, T]:
    """(quadrant, index on it) of an AtomicNeuron 0..511: its settings and its CapMem column."""
    return neuron // N_NEURONS_ON_QUADRANT, neuron % N_NEURONS_ON_QUADRANT


def neuron_of_config(block: T, index: T) -> T:
    """AtomicNeuron of a quadrant 0..3 and an index 0..127 on it."""
    return block * N_NEURONS_ON_QUADRANT + index


def backend_of_neuron(neuron: T) -> tuple[T, T]:
    """(backend block, index on it) of an AtomicNeuron 0..511; reset and counters alike."""
    column, row = neuron % N_COLUMNS, neuron // N_COLUMNS
    return column // 128, column % 128 + 128 * row


def neuron_of_backend(block: T, index: T) -> T:
    """AtomicNeuron of a backend block 0..1 and an index 0..255 on it; reset and counters alike."""
    return index // 128 * N_COLUMNS + block * 128 + index % 128


def event_output_of_neuron(neuron: T) -> T:
    """Neuron event output 0..7 (the crossbar input of the same number) of an AtomicNeuron."""
    return neuron % N_COLUMNS // N_COLUMNS_ON_OUTPUT


def event_output_of_backend_index(index: T) -> T:
    """Event output on its backend block (0..3) of a backend index 0..255."""
    return index % 128 // N_COLUMNS_ON_OUTPUT


def bus_of_driver(driver: T) -> tuple[T, T]:
    """(PADI bus of its half 0..3, index on it 0..31) of a synapse driver 0..127."""
    return driver % N_BUSES, driver // N_BUSES


def driver_of_bus(bus: T, index: T) -> T:
    """Synapse driver 0..127 at an index 0..31 of a PADI bus 0..3 of its half."""
    return index * N_BUSES + bus


def _crossbar_outputs(input_: int) -> tuple[int, ...]:
    """Outputs wired to a crossbar input, in the order of the node numbers."""
    if input_ < FIRST_LINK_INPUT:
        return (input_ % 4, 4 + input_ % 4, FIRST_LINK_OUTPUT + input_ % 4)
    if input_ < FIRST_BACKGROUND_INPUT:
        return (*range(FIRST_LINK_OUTPUT), FIRST_LINK_OUTPUT + input_ - FIRST_LINK_INPUT)
    source = input_ - FIRST_BACKGROUND_INPUT
    return (source, FIRST_LINK_OUTPUT + source % 4)


CROSSBAR_NODES: npt.NDArray[np.int64] = np.array(
    [(i, o) for i in range(N_CROSSBAR_INPUTS) for o in _crossbar_outputs(i)]
)
"""(76, 2): crossbar input and output of every node, in the order of the node numbers."""
