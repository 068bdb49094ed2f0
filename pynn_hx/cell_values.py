"""Parameters of a population's cells: what was given, set, learned from circuits, calibrated."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import numpy as np

from calibration.refractory import RefractoryClocks
from firmware_protocol import ChipConfig
from firmware_protocol.atomic_neuron import FIELDS

from .mapping.graph import Ints
from .standardmodels.base import Values
from .standardmodels.calibrated import CalibratedNeuron
from .standardmodels.sources import SpikeSourcePoissonOnChip

_log = logging.getLogger(__name__)


class CellValues:
    """Parameters of cells of one type, (cell,) by name.

    A value is the default, or that of the circuit the cell is placed on (`learn`), or the
    constructor's, or what was set last; each beats those before it.
    """

    def __init__(self, celltype: Any, size: int, given: Values) -> None:
        self._celltype, self._size = celltype, size
        self.values = given
        named: frozenset[str] = getattr(celltype, "given", frozenset())
        self._chosen = {n: np.full(size, n in named) for n in given}
        self._learned: Values | None = None
        self.calibration: Calibration | None = None
        if isinstance(celltype, CalibratedNeuron):
            self.calibration = Calibration(celltype, size)

    @property
    def known(self) -> bool:
        """Whether circuits' values have been learned."""
        return self._learned is not None

    def get(self, names: Iterable[str]) -> Values:
        """Present values by name."""
        learned = self._learned or {}
        return {
            n: np.where(self._chosen[n], self.values[n], learned[n])
            if n in learned
            else self.values[n]
            for n in names
        }

    def check(self, values: Values, cells: Ints, place: str) -> Values:
        """New values of some cells as they are stored; raises naming place and cell."""
        checked = {n: self._celltype.checked(n, v, place, cells) for n, v in values.items()}
        if isinstance(self._celltype, SpikeSourcePoissonOnChip):
            merged = {n: v.copy() for n, v in self.values.items()}
            for name, changed in checked.items():
                merged[name][cells] = changed
            self._celltype.check_uniform(merged, place)
        return checked

    def change(self, checked: Values, cells: Ints) -> None:
        """Set values of some cells, as `check` returned them."""
        for name, value in checked.items():
            self.values[name][cells] = value
            self._chosen[name][cells] = True
        if self.calibration is not None:
            self.calibration.forget()

    def write(
        self, chip: ChipConfig, cells: Ints, circuits: Ints, place: str, *, keep_base: bool
    ) -> None:
        """Write settings of some cells into their circuits (cell, n_circuits).

        keep_base  leave what nobody has chosen as the configuration has it
        """
        if self.calibration is not None:
            codes = self.calibration.codes_for(self.values, RefractoryClocks.of(chip), place)
            picked = {n: v[cells] for n, v in codes.items()}
            self._celltype.write_codes(chip, circuits, picked)
            return
        everything = np.ones(cells.size, dtype=bool)
        chosen = {n: self._chosen[n][cells] if keep_base else everything for n in self.values}
        values = {n: v[cells] for n, v in self.values.items()}
        self._celltype.write(chip, circuits, values, chosen, place)

    def learn(self, chip: ChipConfig, cells: Ints, circuits: Ints) -> None:
        """Remember what the circuits (cell, n_circuits) of some cells are set to."""
        found = self._celltype.learn(chip, circuits)
        if self._learned is None:
            self._learned = {n: np.empty(self._size, dtype=v.dtype) for n, v in found.items()}
        for name, values in found.items():
            self._learned[name][cells] = values


class Calibration:
    """Codes that the targets of calibrated cells came to, and what the user made of them.

    codes      (cell,) int64 by setting; None before the mapping
    corrected  whether the user has changed some
    """

    def __init__(self, celltype: CalibratedNeuron, size: int) -> None:
        self._celltype, self._size = celltype, size
        self._clocks: RefractoryClocks | None = None
        self.codes: Values | None = None
        self.corrected = False

    def forget(self) -> None:
        """The targets have changed."""
        self.codes, self.corrected = None, False

    def codes_for(self, values: Values, clocks: RefractoryClocks, place: str) -> Values:
        """The codes, found anew if there are none or the chip's refractory clocks are others."""
        if self.codes is None or clocks != self._clocks:
            if self.corrected:
                _log.warning(
                    "%s: calibrated anew, since other neurons need other refractory clocks; what "
                    "was changed through actual_hwparams is lost",
                    place,
                )
            found = self._celltype.calibrate(values, clocks, place)
            self.codes = {
                f.name: np.broadcast_to(found.get(f.name, f.default), (self._size,)).astype(
                    np.int64
                )
                for f in FIELDS
                if not f.hidden
            }
            self._clocks, self.corrected = clocks, False
        return self.codes
