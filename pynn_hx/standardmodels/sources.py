"""Spike sources: times given or drawn by the host, and generators on the chip."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

import numpy as np
import numpy.typing as npt
from pyNN.errors import InvalidParameterValueError
from pyNN.parameters import Sequence

from firmware_protocol import FieldRangeError
from firmware_protocol.catalogue import CONTAINERS

from ..spike_trains import as_trains, checked_spike_times, plain_times
from .base import BackgroundSource, FpgaSource, Ints, Values

Times = npt.NDArray[np.float64]

_SEED_LIMIT = CONTAINERS["BackgroundSpikeSource"].register.by_name["seed"].limit


class SpikeSourceArray(FpgaSource):
    """Spikes at given times.

    spike_times  hardware ms since the begin of the experiment, sorted, >= 0; one list for all cells
                 or one for each: lists, arrays and PyNN's `Sequence`, mixed as you like.  Truncated
                 to FPGA cycles of 8 ns.
    """

    default_parameters: ClassVar[dict[str, Any]] = {"spike_times": Sequence([])}
    units: ClassVar[dict[str, str]] = {"spikes": "", "spike_times": "ms"}

    def __init__(self, **parameters: Any) -> None:
        if "spike_times" in parameters:
            parameters["spike_times"] = as_trains(parameters["spike_times"])
        super().__init__(**parameters)

    def checked(self, name: str, values: npt.NDArray[Any], place: str, cells: Ints) -> Any:
        """Trains of cells, (cell,) objects; InvalidParameterValueError if unsorted or negative."""
        trains = np.empty(cells.size, dtype=object)
        for k, times in enumerate(values):
            where = f"{place}, {name} of cell {cells[k]}"
            trains[k] = Sequence(checked_spike_times(times, where))
        return trains

    def spike_times(self, values: Values, cell: int) -> Times:
        """Sorted times [ms] of a cell."""
        return plain_times(values["spike_times"][cell])


class SpikeSourcePoisson(FpgaSource):
    """A Poisson process, drawn by the host from NumPy's global generator (``np.random.seed``).

    start     ms of the experiment at which it begins, >= 0
    rate      Hz of hardware time, >= 0
    duration  ms for which it lasts, >= 0

    Each cell has its own train, the same for all its targets.  It is drawn when it is first needed,
    and replayed by later runs until one finds other parameters; a value that is changed and changed
    back between two runs changes nothing.  The number of spikes is Poisson distributed with
    rate * duration as its mean.  (The vendor's backend truncates that mean to an integer, so that
    means below 1 give no spikes at all; here they do.)

    A copy, by `copy.copy` or `copy.deepcopy`, draws trains of its own.
    """

    default_parameters: ClassVar[dict[str, float]] = {"start": 0.0, "rate": 0.0, "duration": 0.0}
    units: ClassVar[dict[str, str]] = {"spikes": "", "start": "ms", "rate": "Hz", "duration": "ms"}

    def __init__(self, start: Any, rate: Any, duration: Any) -> None:
        super().__init__(start=start, rate=rate, duration=duration)
        self._trains: dict[int, tuple[tuple[float, float, float], Times]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_trains": {}}

    def checked(self, name: str, values: npt.NDArray[Any], place: str, cells: Ints) -> Any:
        """Values as float; InvalidParameterValueError if one is negative or not finite."""
        return _not_negative(name, values, self.units[name], place, cells)

    def spike_times(self, values: Values, cell: int) -> Times:
        """Sorted times [ms] of a cell, start <= t < start + duration; not to be written to."""
        start, rate, duration = (float(values[n][cell]) for n in ("start", "rate", "duration"))
        key = (start, rate, duration)
        if cell not in self._trains or self._trains[cell][0] != key:
            self._trains[cell] = key, poisson_train(start, rate, duration)
        return self._trains[cell][1]


def poisson_train(start: float, rate: float, duration: float) -> Times:
    """Sorted times [ms] of a Poisson process of `rate` [Hz], from NumPy's global generator."""
    count = np.random.poisson(rate * duration / 1000)
    times = start + duration * np.sort(np.random.random(count))
    # A sum may round up to the end.
    train = np.minimum(times, max(np.nextafter(start + duration, -np.inf), start))
    train.flags.writeable = False
    return train


class NotUniformError(InvalidParameterValueError, AssertionError):
    """A parameter differs between the cells of a population, but must not."""


class SpikeSourcePoissonOnChip(BackgroundSource):
    """Poisson processes of a generator on the chip.  It runs freely, whenever t = 0 is.

    rate  Hz of hardware time of each cell, >= 0; equal over a population.  The generator has 8 bits
          for it.
    seed  of the generator's shift register, 1..2**32 - 1; equal over a population

    A population takes one of the eight generators for each half of the chip that it projects to,
    and has 256 cells at most.
    """

    default_parameters: ClassVar[dict[str, float]] = {"rate": 0.0, "seed": 0.0}
    units: ClassVar[dict[str, str]] = {"spikes": "", "rate": "Hz", "seed": "dimensionless"}

    def __init__(self, rate: Any, seed: Any) -> None:
        super().__init__(rate=rate, seed=seed)

    def checked(self, name: str, values: npt.NDArray[Any], place: str, cells: Ints) -> Any:
        """Values as float, (cell,).

        Raises NotUniformError (an AssertionError) if these differ; InvalidParameterValueError for a
        negative number; FieldRangeError for a seed that does not fit.
        """
        numbers = _not_negative(name, values, self.units[name], place, cells)
        check_equal(name, numbers, place)
        if name == "seed" and numbers.size:
            seed = int(numbers[0])
            if seed > _SEED_LIMIT:
                where = f"{place}: {name}"
                raise FieldRangeError(where, seed, _SEED_LIMIT, "choose a seed in this range")
            if seed == 0:
                raise InvalidParameterValueError(
                    f"{place}: with seed 0 the generator's shift register never leaves 0, so that "
                    f"no spikes come; choose 1..{_SEED_LIMIT}"
                )
        return np.trunc(numbers) if name == "seed" else numbers

    def check_uniform(self, values: Values, place: str) -> None:
        """NotUniformError if a parameter differs between cells of a population.

        values  (cell,) by parameter, of the whole population
        """
        for name in self.default_parameters:
            check_equal(name, values[name], place)


def check_equal(name: str, values: npt.NDArray[Any], place: str) -> None:
    """NotUniformError if these values of a parameter differ."""
    different = np.flatnonzero(values != values[:1])
    if different.size:
        k = int(different[0])
        raise NotUniformError(
            f"{place}: {name} is {values[0]:g} for one cell and {values[k]:g} for another, but one "
            "generator makes the spikes of all; make a population for each value, or set all cells"
        )


def _not_negative(
    name: str, values: npt.NDArray[Any], unit: str, place: str, cells: Ints
) -> npt.NDArray[np.float64]:
    numbers = values.astype(np.float64)
    wrong = ~((numbers >= 0) & np.isfinite(numbers))
    if wrong.any():
        raise InvalidParameterValueError(
            f"{place}: {name} of cell {cells[wrong][0]} = {numbers[wrong][0]:g} {unit} must be a "
            "finite number >= 0"
        )
    return numbers


class SpikeIOCell(FpgaSource):
    """Base of cells that stand for what is attached to the spike input and output link."""

    default_parameters: ClassVar[dict[str, Any]] = {}

    def __init__(self, **parameters: Any) -> None:
        _refuse_spike_io(type(self).__name__)


class OffChipSource(SpikeIOCell):
    """Spikes from outside, by the spike link: NotImplementedError.

    The link is stubbed out in the vendor's backend too, at the version this one follows.
    """

    def __init__(
        self,
        *,
        enable_internal_loopback: bool = True,
        data_rate_scaler: int = 1,
        label: Any = None,
    ) -> None:
        _refuse_spike_io(type(self).__name__)


def _refuse_spike_io(name: str) -> NoReturn:
    raise NotImplementedError(
        f"{name}: the spike input and output link is not supported (nor does it work in the "
        "vendor's backend); use SpikeSourceArray for spikes from the host"
    )
