"""What the backend asks of a cell type: the one place that tells neurons from sources.

A neuron takes one or more circuits of the chip and has one or more compartments; a source lives in
the FPGA (its events are words of the program) or is a generator on the chip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pyNN.models import BaseCellType

from firmware_protocol import ChipConfig

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Values = dict[str, npt.NDArray[Any]]

READOUT_SOURCES = {"v": 0, "exc_synin": 1, "inh_synin": 2, "adaptation": 3}
"""Analog observables and the readout source that shows them."""


@dataclass(frozen=True)
class CompartmentLayout:
    """One compartment of a cell type.

    label     what locations are called by; None for that of a point neuron
    circuits  which of the cell's circuits (0..n_circuits-1) it is made of; the first one spikes
              and is read out
    """

    label: str | None
    circuits: tuple[int, ...]


class ChipNeuron(BaseCellType):
    """Base of all cell types that are made of circuits of the chip.

    n_circuits    circuits of one cell
    layout        its compartments
    columns, rows (n_circuits,) place of each circuit relative to the cell's first column, and its
                  row on the chip (0 top, 1 bottom); None for a point neuron, which goes anywhere
    """

    n_circuits: ClassVar[int] = 1
    layout: ClassVar[tuple[CompartmentLayout, ...]] = (CompartmentLayout(None, (0,)),)
    columns: ClassVar[Sequence[int] | None] = None
    rows: ClassVar[Sequence[int] | None] = None

    default_initial_values: ClassVar[dict[str, float]] = {}
    recordable: ClassVar[list[str]] = ["spikes", *READOUT_SOURCES]
    receptor_types: ClassVar[list[str]] = ["excitatory", "inhibitory"]
    conductance_based = False
    injectable = True
    given: frozenset[str] = frozenset()
    """Parameters that the constructor was given; others may come from an initial configuration."""
    follows_initial_config: ClassVar[bool] = True
    """Whether parameters nobody set take the values of the circuits that cells are placed on."""

    def checked(self, name: str, values: npt.NDArray[Any], place: str, cells: Ints) -> Any:
        """Values of one parameter as they are stored, (cell,); raises naming place and cell.

        values  (cell,); place  who asks; cells  (cell,) indices in the population, for messages
        """
        raise NotImplementedError

    def write(
        self, chip: ChipConfig, circuits: Ints, values: Values, chosen: dict[str, Bools], place: str
    ) -> None:
        """Write the settings of cells into a configuration.

        circuits  (cell, n_circuits) AtomicNeuron
        values    (cell,) by parameter
        chosen    (cell,) by parameter: whether to write it, or leave what the configuration has
        """
        raise NotImplementedError

    def learn(self, chip: ChipConfig, circuits: Ints) -> Values:
        """Parameter values that the circuits of cells have in a configuration, (cell,) by name."""
        raise NotImplementedError


class ExternalNeuron(BaseCellType):
    """Base of all cells that are not neuron circuits."""

    injectable = False
    conductance_based = False
    default_initial_values: ClassVar[dict[str, float]] = {}
    recordable: ClassVar[list[str]] = ["spikes"]
    receptor_types: ClassVar[list[str]] = []
    units: ClassVar[dict[str, str]] = {"spikes": ""}

    def checked(self, name: str, values: npt.NDArray[Any], place: str, cells: Ints) -> Any:
        """Values of one parameter as they are stored, (cell,); raises naming place and cell."""
        raise NotImplementedError


class FpgaSource(ExternalNeuron):
    """Base of sources whose events are words of the program."""

    def spike_times(self, values: Values, cell: int) -> npt.NDArray[np.float64]:
        """Sorted times [ms] of a cell, from the beginning of the experiment on.

        values  the population's parameters, (cell,) by name
        """
        raise NotImplementedError


class BackgroundSource(ExternalNeuron):
    """Base of sources that are generators on the chip; parameters are equal over a population."""
