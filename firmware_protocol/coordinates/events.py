"""Places on the way of an event: sources, links, crossbar, PADI buses.

Source: halco (event.h, padi.h, background.h, routing_crossbar.h, v3), read on 2026-11-21
(``docs/reference/coordinates.md``).
"""

from __future__ import annotations

from .base import BackendBlock, Coordinate, CoordinateError, Synram, check_part
from .geometry import (
    CROSSBAR_NODES,
    FIRST_BACKGROUND_INPUT,
    FIRST_LINK_INPUT,
    FIRST_LINK_OUTPUT,
    N_BACKGROUND_SOURCES,
    N_BUSES,
    N_COLUMNS_ON_OUTPUT,
    N_CROSSBAR_INPUTS,
    N_CROSSBAR_NODES,
    N_CROSSBAR_OUTPUTS,
    N_EVENT_OUTPUTS,
    N_LINKS,
    N_SYNRAMS,
)

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


class SPL1Address(Coordinate):
    """One of the four event links between FPGA and chip (vendor: also CrossbarL2OutputOnDLS)."""

    size = N_LINKS

    @property
    def crossbar_input(self) -> CrossbarInput:
        """Where its events enter the crossbar."""
        return CrossbarInput(FIRST_LINK_INPUT + int(self))

    @property
    def crossbar_output(self) -> CrossbarOutput:
        """Where events for the FPGA leave the crossbar."""
        return CrossbarOutput(FIRST_LINK_OUTPUT + int(self))


class NeuronEventOutput(Coordinate):
    """Event output of a neuron backend: serves 32 columns of both rows."""

    size = N_EVENT_OUTPUTS

    @classmethod
    def at(cls, block: int, on_block: int) -> NeuronEventOutput:
        """Output 0..3 of a backend block."""
        output = check_part("NeuronEventOutput.at: on_block", on_block, 4)
        return cls(4 * int(BackendBlock(block)) + output)

    @property
    def crossbar_input(self) -> CrossbarInput:
        """Where its events enter the crossbar."""
        return CrossbarInput(int(self))

    @property
    def block(self) -> BackendBlock:
        """The backend that it belongs to."""
        return BackendBlock(int(self) // 4)

    @property
    def on_block(self) -> int:
        """Number of the output among the four of its backend block."""
        return int(self) % 4

    @property
    def columns(self) -> range:
        """The columns whose neurons, of both rows, send here."""
        first = int(self) * N_COLUMNS_ON_OUTPUT
        return range(first, first + N_COLUMNS_ON_OUTPUT)

    @property
    def padi_buses(self) -> tuple[PADIBus, PADIBus]:
        """The only two buses, top and bottom, that its events can get to."""
        return PADIBus(int(self) % N_BUSES), PADIBus(N_BUSES + int(self) % N_BUSES)


class PADIBus(Coordinate):
    """A bus that carries events into one half's synapse drivers: half*4 + bus on half."""

    size = N_SYNRAMS * N_BUSES

    @classmethod
    def at(cls, synram: int, on_block: int) -> PADIBus:
        """Bus 0..3 of a half."""
        bus = check_part("PADIBus.at: on_block", on_block, N_BUSES)
        return cls(N_BUSES * int(Synram(synram)) + bus)

    @property
    def synram(self) -> Synram:
        """The half whose drivers it serves."""
        return Synram(int(self) // N_BUSES)

    @property
    def on_block(self) -> int:
        """Number of the bus among the four of its half."""
        return int(self) % N_BUSES

    @property
    def crossbar_output(self) -> CrossbarOutput:
        """Where its events leave the crossbar."""
        return CrossbarOutput(int(self))


class BackgroundSpikeSource(Coordinate):
    """An on-chip event generator; s drives PADI bus s."""

    size = N_BACKGROUND_SOURCES

    @property
    def crossbar_input(self) -> CrossbarInput:
        """Where its events enter the crossbar."""
        return CrossbarInput(FIRST_BACKGROUND_INPUT + int(self))

    @property
    def padi_bus(self) -> PADIBus:
        """The only bus that its events can get to."""
        return PADIBus(int(self))

    @property
    def l2_output(self) -> SPL1Address:
        """The only link to the FPGA that its events can get to."""
        return SPL1Address(int(self) % N_LINKS)


class CrossbarInput(Coordinate):
    """0..7 neuron event outputs, 8..11 links from the FPGA, 12..19 background sources."""

    size = N_CROSSBAR_INPUTS

    @property
    def spl1_address(self) -> SPL1Address:
        """The link that ends here; CoordinateError for the other inputs."""
        if not FIRST_LINK_INPUT <= self < FIRST_BACKGROUND_INPUT:
            raise CoordinateError(f"{self!r} is no FPGA link; those are inputs 8..11")
        return SPL1Address(int(self) - FIRST_LINK_INPUT)

    @property
    def neuron_event_output(self) -> NeuronEventOutput:
        """The event output behind it; CoordinateError for the other inputs."""
        if self >= N_EVENT_OUTPUTS:
            raise CoordinateError(f"{self!r} is no neuron event output; those are inputs 0..7")
        return NeuronEventOutput(int(self))

    @property
    def background_spike_source(self) -> BackgroundSpikeSource:
        """The generator behind it; CoordinateError for the other inputs."""
        if self < FIRST_BACKGROUND_INPUT:
            raise CoordinateError(f"{self!r} is no background source; those are inputs 12..19")
        return BackgroundSpikeSource(int(self) - FIRST_BACKGROUND_INPUT)

    @property
    def nodes(self) -> tuple[CrossbarNode, ...]:
        """The nodes wired to it, by rising output."""
        return tuple(CrossbarNode(n) for n, (i, _) in enumerate(CROSSBAR_NODES) if i == int(self))


class CrossbarOutput(Coordinate):
    """0..7 PADI buses, 8..11 links to the FPGA."""

    size = N_CROSSBAR_OUTPUTS

    @property
    def padi_bus(self) -> PADIBus:
        """The bus that begins here; CoordinateError for the outputs to the FPGA."""
        if self >= PADIBus.size:
            raise CoordinateError(f"{self!r} leads to the FPGA; PADI buses are outputs 0..7")
        return PADIBus(int(self))

    @property
    def l2_output(self) -> SPL1Address:
        """The link that begins here; CoordinateError for the outputs to PADI buses."""
        if self < PADIBus.size:
            raise CoordinateError(f"{self!r} leads to a PADI bus; FPGA links are outputs 8..11")
        return SPL1Address(int(self) - PADIBus.size)

    @property
    def nodes(self) -> tuple[CrossbarNode, ...]:
        """The nodes wired to it, by rising input."""
        return tuple(CrossbarNode(n) for n, (_, o) in enumerate(CROSSBAR_NODES) if o == int(self))


class CrossbarNode(Coordinate):
    """One of the 76 (input, output) pairs that are wired."""

    size = N_CROSSBAR_NODES

    @classmethod
    def at(cls, output: int, input_: int) -> CrossbarNode:
        """The node that joins them; CoordinateError where nothing is wired."""
        return cls(crossbar_node(CrossbarOutput(output), CrossbarInput(input_)))

    @property
    def input(self) -> CrossbarInput:
        """Where its events come from."""
        return CrossbarInput(int(CROSSBAR_NODES[int(self), 0]))

    @property
    def output(self) -> CrossbarOutput:
        """Where it lets them to."""
        return CrossbarOutput(int(CROSSBAR_NODES[int(self), 1]))
