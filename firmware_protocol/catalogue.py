"""Every container by its vendor's name, and the container behind any word address."""

from __future__ import annotations

from .container import Container, Place
from .registers import (
    board,
    capmem,
    correlation,
    fpga,
    infrastructure,
    messages,
    neuron,
    readout,
    routing,
    synapse,
)

SECTIONS: dict[str, tuple[Container, ...]] = {
    "Neurons": neuron.CONTAINERS,
    "CapMem and reference currents": capmem.CONTAINERS,
    "Synapses and drivers": synapse.CONTAINERS,
    "Correlation and CADC": correlation.CONTAINERS,
    "Event routing": routing.CONTAINERS,
    "Analog readout": readout.CONTAINERS,
    "Clocks, links, processors": infrastructure.CONTAINERS,
    "FPGA": fpga.CONTAINERS,
    "Board": board.CONTAINERS,
    "Instructions": messages.CONTAINERS,
}
"""The containers by subject."""

CONTAINERS: dict[str, Container] = {
    container.name: container for section in SECTIONS.values() for container in section
}


def find(address: int) -> list[Place]:
    """What lies at an Omnibus word address: none, one, or two where the FPGA's design decides."""
    places = (container.locate(address) for container in CONTAINERS.values())
    return [place for place in places if place is not None]
