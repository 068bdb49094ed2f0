"""PyNN's sources of current."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from pyNN.standardmodels import electrodes

from simulator.models import CurrentModel
from simulator.network import Network

from ..currents import CurrentSource
from .base import Floats, same_names

_PULSE = "start = 0.0 : ms\nstop = 1e12 : ms\n"
_ON = "t > start - 0.5*dt and t < stop - 0.5*dt"
"""From the step nearest to start until before that nearest to stop."""


class DCSource(CurrentSource, electrodes.DCSource):
    """A constant current from `start` until `stop`."""

    translations = same_names(electrodes.DCSource.default_parameters)
    engine_names: ClassVar[Mapping[str, str]] = {"amplitude": "height"}
    model: ClassVar[CurrentModel] = CurrentModel(
        name="DCSource",
        parameters=_PULSE + "height = 1.0 : nA",
        amplitude=f"where({_ON}, height, 0*nA)",
    )

    def amplitude_at(self, time: float, before: float) -> float:
        """The amplitude that the next step will have."""
        return self._values["amplitude"] if self._is_on(time) else 0.0


class ACSource(CurrentSource, electrodes.ACSource):
    """A sine, whose phase [degrees] is that at `start`."""

    translations = same_names(electrodes.ACSource.default_parameters)
    engine_names: ClassVar[Mapping[str, str]] = {"amplitude": "height", "offset": "middle"}
    model: ClassVar[CurrentModel] = CurrentModel(
        name="ACSource",
        parameters=_PULSE
        + """
            height = 1.0 : nA
            middle = 0.0 : nA
            frequency = 10.0 : Hz
            phase = 0.0 : 1
        """,
        amplitude=f"where({_ON},"
        " middle + height*sin(2*pi*frequency*(t - start) + phase*pi/180), 0*nA)",
    )

    def amplitude_at(self, time: float, before: float) -> float:
        """The amplitude that the next step will have."""
        if not self._is_on(time):
            return 0.0
        v = self._values
        angle = 2e-3 * np.pi * v["frequency"] * (time - v["start"]) + np.deg2rad(v["phase"])
        return float(v["offset"] + v["amplitude"] * np.sin(angle))


class NoisyCurrentSource(CurrentSource, electrodes.NoisyCurrentSource):
    """A normally distributed current that is drawn anew every `dt`, alike in all target cells."""

    translations = same_names(electrodes.NoisyCurrentSource.default_parameters)
    engine_names: ClassVar[Mapping[str, str]] = {"dt": "interval"}
    model: ClassVar[CurrentModel] = CurrentModel(
        name="NoisyCurrentSource",
        parameters=_PULSE
        + """
            mean = 0.0 : nA
            stdev = 1.0 : nA
            interval = 0.1 : ms
        """,
        # left: until the next draw
        equations="value : nA\nleft : ms",
        update="""
            value = where(left < 0.5*dt, mean + stdev*normal(), value)
            left = where(left < 0.5*dt, interval, left) - dt
            left = where(t < start - 0.5*dt, 0*ms, left)
        """,
        amplitude=f"where({_ON}, value, 0*nA)",
    )

    def _take(self, values: dict[str, Any]) -> None:
        step = self._state.dt
        if "dt" in values:
            n_steps = round(values["dt"] / step)
            if n_steps < 1 or abs(n_steps * step - values["dt"]) > 1e-9 * max(1.0, values["dt"]):
                raise ValueError(
                    f"NoisyCurrentSource: dt = {values['dt']} ms is not a multiple of the time "
                    f"step of {step} ms; the nearest is {max(n_steps, 1) * step:g} ms"
                )
        super()._take(values)

    def amplitude_at(self, time: float, before: float) -> float:
        """What the last step had: the next draw is not known."""
        return before if self._is_on(time) else 0.0


class StepCurrentSource(CurrentSource, electrodes.StepCurrentSource):
    """A current that changes to `amplitudes` at `times` and is 0 before.

    Times are rounded to steps; of several at one step the last one counts.
    """

    translations = same_names(electrodes.StepCurrentSource.default_parameters)
    model: ClassVar[CurrentModel] = CurrentModel(
        name="StepCurrentSource", parameters="height = 0.0 : nA", amplitude="height"
    )

    def __init__(self, **parameters: Any) -> None:
        self._steps = np.empty(0, np.int64)
        self._told = 0.0
        super().__init__(**parameters)

    def _take(self, values: dict[str, Any]) -> None:
        both = {**self._values, **values}
        times, amplitudes = both["times"], both["amplitudes"]
        _check_times(times)
        steps = np.rint(times / self._state.dt).astype(np.int64)
        if times.size == amplitudes.size:
            last = np.append(np.diff(steps) > 0, True)[: steps.size]
            steps, amplitudes = steps[last], amplitudes[last]
            times = np.round(steps * self._state.dt, 10)
        self._steps = steps
        super()._take({**values, "times": times, "amplitudes": amplitudes})

    def engine_values(self) -> dict[str, float]:
        """The present amplitude."""
        self._told = self._height(self._state.step)
        return {"height": self._told}

    def build(self, network: Network) -> None:
        """Tell the engine; from now on the run stops where the current changes."""
        if self._values["times"].size != self._values["amplitudes"].size:
            raise ValueError(
                f"StepCurrentSource: {self._values['times'].size} times and "
                f"{self._values['amplitudes'].size} amplitudes; give as many of both"
            )
        super().build(network)
        if self not in self._state.timed:
            self._state.timed.append(self)

    def _height(self, step: int) -> float:
        k = int(np.searchsorted(self._steps, step, side="right"))
        amplitudes: Floats = self._values["amplitudes"]
        return float(amplitudes[k - 1]) if 0 < k <= amplitudes.size else 0.0

    def next_step(self, step: int) -> int | None:
        """The first step after `step` at which the current changes."""
        k = int(np.searchsorted(self._steps, step, side="right"))
        return int(self._steps[k]) if k < self._steps.size else None

    def change(self, step: int) -> None:
        """Be what it has to be after `step`."""
        height = self._height(step)
        if height != self._told:
            self._told = height
            for handle in self._handles:
                handle.set("height", height)

    def amplitude_at(self, time: float, before: float) -> float:
        """The amplitude that the next step will have."""
        return self._height(self._state.step)


def _check_times(times: Floats) -> None:
    if times.size and times.min() < 0:
        raise ValueError(
            f"StepCurrentSource: time {times.min()} ms is negative; the simulation begins at 0 ms"
        )
    later = np.diff(times) > 0
    if not later.all():
        k = int(np.argmin(later))
        raise ValueError(
            f"StepCurrentSource: times have to increase, but {times[k + 1]} ms follows "
            f"{times[k]} ms"
        )
