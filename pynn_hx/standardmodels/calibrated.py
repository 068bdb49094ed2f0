"""Neurons that are described by what they shall do, and calibrated to it.

Targets are potentials, time constants and strengths; codes that reach them come from the package
`calibration`, whose method is nominal so far: it knows a typical chip, not the one at hand.

Some settings exist once on a chip: strengths of synaptic inputs and synapses are calibrated to one
value for all neurons, and refractory counters share two clocks.  `check_uniform` and
`write_shared` therefore take all calibrated populations of a network at once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from calibration.neurons import neuron_codes
from calibration.nominal import nominal_shared
from calibration.refractory import LONGEST_US, RefractoryClocks, choose_clocks, tick_us
from calibration.targets import RANGES, NeuronTargets
from firmware_protocol import ChipConfig

from .base import Bools, ChipNeuron, Ints, Values
from .neurons import (
    PLASTICITY_DEFAULTS,
    RECORDABLE_UNITS,
    checked_codes,
    refuse_plasticity_rule,
    within_field,
)

logger = logging.getLogger("pynn_hx.calibration")

SHARED = ("i_synin_gm_E", "i_synin_gm_I", "synapse_dac_bias")
"""Parameters with one value for a whole chip."""


@dataclass(frozen=True)
class _Target:
    """A parameter: its range in `calibration.targets`, and what is refused beyond.

    limit   largest integer part that its field takes (the smallest is 0); None for a time
    bounds  what a time [us] must lie within
    """

    kind: str | None
    unit: str
    limit: int | None = None
    bounds: tuple[float, float] | None = None


_VOLTAGE, _BIAS = 255, 1022
_FIT_TAU_SYN, _FIT_TAU_MEM = (0.1, 100.0), (0.1, 2000.0)  # calix: limits of its fits
TARGETS: dict[str, _Target] = {
    "v_rest": _Target("leak", "CADC LSB", _VOLTAGE),
    "v_reset": _Target("reset", "CADC LSB", _VOLTAGE),
    "v_thresh": _Target("threshold", "CADC LSB", _VOLTAGE),
    "tau_m": _Target("tau_mem", "us", bounds=_FIT_TAU_MEM),
    "tau_syn_E": _Target("tau_syn", "us", bounds=_FIT_TAU_SYN),
    "tau_syn_I": _Target("tau_syn", "us", bounds=_FIT_TAU_SYN),
    "cm": _Target("capacitance", "LSB", 63),
    "tau_refrac": _Target("tau_refractory", "us", bounds=(tick_us(0), LONGEST_US)),
    "i_synin_gm_E": _Target("synin_gm", "CapMem LSB", _BIAS),
    "i_synin_gm_I": _Target("synin_gm", "CapMem LSB", _BIAS),
    "e_rev_E": _Target(None, "CADC LSB"),
    "e_rev_I": _Target(None, "CADC LSB"),
    "synapse_dac_bias": _Target("dac_bias", "CapMem LSB", _BIAS),
}


@dataclass(frozen=True)
class CalibTarget:
    """What one cell is calibrated to, by the names and in the units of the cell type's parameters.

    e_rev_E, e_rev_I  None for current-based inputs
    """

    v_rest: float
    v_reset: float
    v_thresh: float
    tau_m: float
    tau_syn_E: float
    tau_syn_I: float
    cm: float
    tau_refrac: float
    i_synin_gm_E: float
    i_synin_gm_I: float
    synapse_dac_bias: float
    e_rev_E: float | None = None
    e_rev_I: float | None = None


class CalibratedNeuron(ChipNeuron):
    """Base of neurons given by targets.

    population  whose cells they are; None for a type that a population has taken a copy of
    """

    follows_initial_config = False
    shared: ClassVar[tuple[str, ...]] = SHARED
    population: Any = None

    def __init__(self, plasticity_rule: Any = None, **targets: Any) -> None:
        refuse_plasticity_rule(plasticity_rule, type(self).__name__)
        super().__init__(**targets)
        self.given = frozenset(targets)

    @property
    def calib_target(self) -> Any:
        """Targets by cell, as the population of these cells has them."""
        return self._owner("calib_target").calib_target

    @property
    def calib_hwparams(self) -> Any:
        """Settings that the calibration found, likewise."""
        return self._owner("calib_hwparams").calib_hwparams

    @property
    def actual_hwparams(self) -> Any:
        """Settings that the next run uses, likewise."""
        return self._owner("actual_hwparams").actual_hwparams

    def _owner(self, what: str) -> Any:
        if self.population is None:
            raise AttributeError(
                f"{type(self).__name__}: {what}: a type has no cells; ask a population for it, or "
                "population.celltype"
            )
        return self.population

    def checked(self, name: str, values: npt.NDArray[Any], place: str, cells: Ints) -> Any:
        """Values of one parameter as they are stored, (cell,): flags as bool, else float.

        Voltages and biases are truncated to integers.  What lies outside the range in which
        targets can be met is logged as a warning ("pynn_hx.calibration"), once per call.
        Raises FieldRangeError (an OverflowError) for a code out of its field, ValueError for a time
        outside the limits of the calibration's fits and for a reversal potential that is no number.
        """
        target = TARGETS.get(name)
        if target is None:
            return checked_codes(name, values, place, cells)
        if target.limit is not None:
            numbers = np.trunc(within_field(name, values, target.limit, place, cells)) + 0.0
        else:
            numbers = values.astype(np.float64)
            _check_bounds(name, numbers, target, place, cells)
            if target.kind is None:
                numbers = np.trunc(numbers)
        _warn_outside(name, numbers, target, place, cells)
        return numbers

    def targets(self, values: Values) -> NeuronTargets:
        """Targets of all cells.

        values  (cell,) by parameter, as `checked` returns them
        """
        coba = "e_rev_E" in self.default_parameters
        return NeuronTargets(
            leak=values["v_rest"],
            reset=values["v_reset"],
            threshold=values["v_thresh"],
            tau_mem=values["tau_m"],
            tau_syn_exc=values["tau_syn_E"],
            tau_syn_inh=values["tau_syn_I"],
            capacitance=values["cm"],
            tau_refractory=values["tau_refrac"],
            synin_gm_exc=values["i_synin_gm_E"],
            synin_gm_inh=values["i_synin_gm_I"],
            reversal_exc=values["e_rev_E"] if coba else None,
            reversal_inh=values["e_rev_I"] if coba else None,
        )

    def target(self, values: Values, cell: int) -> CalibTarget:
        """What a cell is calibrated to; a copy."""
        return CalibTarget(**{n: float(values[n][cell]) for n in values.keys() & TARGETS.keys()})

    def codes(self, values: Values, clocks: RefractoryClocks | None = None) -> dict[str, Ints]:
        """Codes (cell,) of all circuit settings that users see, by name.

        values  (cell,) by parameter
        clocks  of the refractory counters; None: those that suit these cells alone
        Raises  ValueError for a reversal potential on the wrong side of the reference, which is the
                midpoint of v_rest and v_thresh; FieldRangeError if tau_refrac does not fit `clocks`
        """
        targets = self.targets(values)
        chosen = choose_clocks(targets.tau_refractory) if clocks is None else clocks
        return neuron_codes(targets, chosen)

    def write(
        self, chip: ChipConfig, circuits: Ints, values: Values, chosen: dict[str, Bools], place: str
    ) -> None:
        """Write all settings of cells, whatever is `chosen`.

        What neurons share must be there before: `write_shared`.
        Raises as `codes` does, with nothing written.
        """
        self.write_codes(chip, circuits, self.calibrate(values, RefractoryClocks.of(chip), place))

    def calibrate(self, values: Values, clocks: RefractoryClocks, place: str) -> dict[str, Ints]:
        """`codes`, with `place` in what is logged and raised."""
        if "e_rev_E" in self.default_parameters:
            reference = self.targets(values).coba_reference
            cells = np.arange(reference.size)
            _warn_outside("coba reference", reference, _REFERENCE, place, cells)
        try:
            return self.codes(values, clocks)
        except ValueError as problem:
            raise ValueError(f"{place}: {problem}") from problem

    @staticmethod
    def write_codes(chip: ChipConfig, circuits: Ints, codes: dict[str, Ints]) -> None:
        """Write codes (cell,) by name, as `codes` returns them, perhaps changed since."""
        for name, code in codes.items():
            chip.neurons[name][circuits[:, 0]] = code

    def learn(self, chip: ChipConfig, circuits: Ints) -> Values:
        """Nothing: codes of a configuration do not say which targets they were made for."""
        return {}


_REFERENCE = _Target("coba_reference", "CADC LSB")


class CalibHXNeuronCuba(CalibratedNeuron):
    """A neuron with current-based synapses, given by targets of its calibration.

    v_rest, v_reset, v_thresh   potentials [CADC LSB: 4.5 mV, 0 is 60 mV]
    tau_m, tau_syn_E, tau_syn_I time constants of membrane and synaptic inputs [us]
    cm                          membrane capacitance [LSB], 63 is about 2.3 pF
    tau_refrac                  duration of a reset [us]
    i_synin_gm_E, i_synin_gm_I  strengths of the synaptic inputs [CapMem LSB], one value per chip
    synapse_dac_bias            strength of synapses [CapMem LSB], one value per chip
    plasticity_rule_...         as for `HXNeuron`: stored, no effect yet

    Ranges: `calibration.targets.RANGES`.  Every circuit gets the codes with which a typical one
    meets its targets, so a particular one misses them by its mismatch.
    """

    default_parameters: ClassVar[dict[str, float | bool]] = {
        "v_rest": 80.0,
        "v_reset": 70.0,
        "v_thresh": 125.0,
        "tau_m": 10.0,
        "tau_syn_E": 10.0,
        "tau_syn_I": 10.0,
        "cm": 63.0,
        "tau_refrac": 2.0,
        "i_synin_gm_E": 500.0,
        "i_synin_gm_I": 500.0,
        "synapse_dac_bias": 600.0,
    } | PLASTICITY_DEFAULTS
    units: ClassVar[dict[str, str]] = {
        **RECORDABLE_UNITS,
        **{n: TARGETS[n].unit for n in default_parameters if n in TARGETS},
        **dict.fromkeys(PLASTICITY_DEFAULTS, "dimensionless"),
    }


class CalibHXNeuronCoba(CalibratedNeuron):
    """A neuron with conductance-based synapses, given by targets of its calibration.

    e_rev_E, e_rev_I  potentials at which excitation and inhibition lose their effect [CADC LSB],
                      beyond 0..255 if you like, infinite for strengths that do not depend on the
                      membrane.  Strengths are nominal at the midpoint of v_rest and v_thresh, the
                      reference potential: the documented range of 60..160 is that one's.  A
                      reversal potential must lie on its own side of it, and 29 LSB off to be met.
    Everything else   as for :class:`CalibHXNeuronCuba`.
    """

    conductance_based = True
    default_parameters: ClassVar[dict[str, float | bool]] = {
        "v_rest": 110.0,
        "v_reset": 100.0,
        "v_thresh": 160.0,
        "tau_m": 10.0,
        "tau_syn_E": 10.0,
        "tau_syn_I": 10.0,
        "cm": 63.0,
        "tau_refrac": 2.0,
        "i_synin_gm_E": 180.0,
        "i_synin_gm_I": 250.0,
        "e_rev_E": 300.0,
        "e_rev_I": 30.0,
        "synapse_dac_bias": 400.0,
    } | PLASTICITY_DEFAULTS
    units: ClassVar[dict[str, str]] = {
        **RECORDABLE_UNITS,
        **{n: TARGETS[n].unit for n in default_parameters if n in TARGETS},
        **dict.fromkeys(PLASTICITY_DEFAULTS, "dimensionless"),
    }


def _check_bounds(
    name: str, numbers: npt.NDArray[np.float64], target: _Target, place: str, cells: Ints
) -> None:
    low, high = target.bounds or (-np.inf, np.inf)
    wrong = ~((numbers >= low) & (numbers <= high))  # catches NaN too
    if wrong.any():
        raise ValueError(
            f"{place}: {name} of cell {cells[wrong][0]} = {numbers[wrong][0]:g} {target.unit} is "
            f"outside {low:g}..{high:g} {target.unit}, beyond which nothing can be calibrated; "
            "choose a value in this range"
        )


def _warn_outside(
    name: str, numbers: npt.NDArray[np.float64], target: _Target, place: str, cells: Ints
) -> None:
    if target.kind is None:
        return
    low, high, unit = RANGES[target.kind]
    outside = (numbers < low) | (numbers > high)
    if outside.any():
        more = int(outside.sum()) - 1
        others = f" and of {more} more" if more else ""
        logger.warning(
            f"{place}: {name} of cell {cells[outside][0]}{others} = {numbers[outside][0]:g} {unit} "
            f"is outside the calibration's range of {low:g}..{high:g} {unit}; it may be missed"
        )


Population = tuple[str, Values]
"""A population's label, and its parameters (cell,) by name."""


def check_uniform(populations: Sequence[Population]) -> None:
    """RuntimeError naming the populations if parameters differ that a chip has once.

    populations  all calibrated ones of a network
    """
    for name in SHARED:
        seen: tuple[str, float] | None = None
        for label, values in populations:
            for value in np.unique(values[name]).tolist():
                if seen is not None and value != seen[1]:
                    raise RuntimeError(
                        f"{name} is {seen[1]:g} CapMem LSB in population {seen[0]!r}, but "
                        f"{value:g} in population {label!r}; a chip has one value for all its "
                        "calibrated neurons: give them the same"
                    )
                seen = (label, value)


def write_shared(chip: ChipConfig, populations: Sequence[Population]) -> None:
    """Write what the calibrated neurons of a network share; call before any of them is written.

    Synapse DAC bias, amplifier and CADC biases, readout chain, and the refractory clocks, which
    neurons of other types use as well.  Without populations nothing happens.

    populations  all calibrated ones of a network
    Raises       RuntimeError as `check_uniform` does, before anything is written
    """
    check_uniform(populations)
    cells = [values for _, values in populations if values["tau_refrac"].size]
    if cells:
        clocks = choose_clocks(np.concatenate([values["tau_refrac"] for values in cells]))
        nominal_shared(int(cells[0]["synapse_dac_bias"][0]), clocks).write(chip)
