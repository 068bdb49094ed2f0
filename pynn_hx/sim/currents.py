"""What all sources of current share: parameters, where they flow, and their recorded amplitude."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pyNN import common
from pyNN.parameters import ArrayParameter, ParameterSpace
from pyNN.standardmodels import StandardCurrentSource

from simulator.handles import Current
from simulator.models import CurrentModel, NeuronModel
from simulator.network import Network
from simulator.recording import Recording

from . import session

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_PROBE = NeuronModel(name="current probe", equations="i : nA", update="i = i_inj")
"""Stands where a neuron would and remembers the current that flows into it."""


class CurrentSource(StandardCurrentSource):
    """A source of current [nA] that flows into any number of cells.

    Values are PyNN's, plain numbers and arrays; `model` is the source in the engine's language.
    A change takes effect with the next step; so the membrane moves a step after `start`.
    """

    model: ClassVar[CurrentModel]
    engine_names: ClassVar[Mapping[str, str]] = {}
    """Engine's names of parameters that are called differently in PyNN."""
    default_parameters: ClassVar[dict[str, Any]]

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        self._state = session.state
        self._handles: list[Current] = []
        self._waiting: list[dict[Any, Ints]] = []
        self._recording: Recording | None = None
        self._is_recorded = False
        self._values: dict[str, Any] = {}
        self._take(self._evaluated(self.default_parameters | parameters))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # not a parameter, and perhaps asked for by copy or pickle
            raise AttributeError(name)
        return super().__getattr__(name)

    # --- parameters -----------------------------------------------------------------------------

    def _evaluated(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Plain numbers and arrays; NonExistentParameterError for an unknown name."""
        space = ParameterSpace(parameters, self.get_schema(), (1,), type(self))
        space.evaluate(simplify=True)
        return {name: _plain(value) for name, value in space.items()}

    def _take(self, values: dict[str, Any]) -> None:
        """Make values the present ones; a subclass may refuse them before."""
        self._values = {**self._values, **values}

    def set_parameters(self, copy: bool = True, **parameters: Any) -> None:
        """Change parameters from now on."""
        self._state.require_present(f"{type(self).__name__}: set_parameters()")
        self._take(self._evaluated(parameters))
        engine = self.engine_values()
        for handle in self._handles:
            for name, value in engine.items():
                handle.set(name, value)

    def get_parameters(self) -> dict[str, Any]:
        """All parameters as plain numbers and arrays."""
        return dict(self._values)

    def engine_values(self) -> dict[str, float]:
        """Parameters as the engine knows them."""
        return {self.engine_names.get(n, n): value for n, value in self._values.items()}

    # --- targets --------------------------------------------------------------------------------

    def inject_into(self, cells: Any, location: Any = None) -> None:
        """Let the current flow into a population, view, assembly, or list of cells.

        Raises  TypeError for spike sources, NotImplementedError for a location
        """
        if location is not None:
            raise NotImplementedError(
                f"{type(self).__name__}: inject_into(location={location!r}): a point neuron has no "
                "locations; leave it out"
            )
        targets = targets_of(cells)
        for population in targets:
            if not population.celltype.injectable:
                raise TypeError(
                    f"{type(self).__name__}: population {population.label!r} is a source of spikes "
                    "and takes no current"
                )
            population.require_session(f"{type(self).__name__}: inject_into()")
        self._state.require_present(f"{type(self).__name__}: inject_into()")
        self._waiting.append(targets)
        self._state.add(self)

    def build(self, network: Network) -> None:
        """Tell the engine what has been asked since it was told last."""
        for targets in self._waiting:
            self._inject(network, {pop.handle: indices for pop, indices in targets.items()})
        self._waiting = []
        if self._is_recorded and self._recording is None:
            probe = network.add_neurons(_PROBE, 1)
            self._inject(network, {probe: np.zeros(1, np.int64)})
            self._recording = network.record(probe, "i")

    def _inject(self, network: Network, targets: dict[Any, Ints]) -> None:
        handle = network.inject(self.model, targets, self.engine_values())
        if self._handles:
            # Noise is the same in all cells that one source flows into, whenever it was asked to.
            stream = network.spec.currents[next(iter(self._handles[0]))].stream
            for number in handle:
                network.spec.currents[number].stream = stream
        self._handles.append(handle)

    # --- recording ------------------------------------------------------------------------------

    def record(self) -> None:
        """Record the amplitude from now on; see `get_data`."""
        self._is_recorded = True
        self._state.add(self)

    def _get_data(self) -> tuple[Floats, Floats]:
        """Times [ms] and the amplitudes [nA] that flow from them on, for each step until now."""
        if not self._is_recorded:
            raise RuntimeError(f"{type(self).__name__}: get_data(): call record() before the run")
        if self._recording is None:
            return np.zeros(1), np.array([self.amplitude_at(0.0, 0.0)])
        state = self._state
        # The probe shows after a step what flowed in it; what comes next it does not know yet.
        flowed = self._recording.values[1:, 0].astype(np.float64)
        steps = self._recording.first_step + np.arange(flowed.size + 1)
        last = self.amplitude_at(state.t, float(flowed[-1]) if flowed.size else 0.0)
        return np.round(steps * state.dt, 10), np.append(flowed, last)

    def amplitude_at(self, time: float, before: float) -> float:
        """The amplitude that the next step will have.

        before  that of the last step
        """
        return before

    def _is_on(self, time: float) -> bool:
        half = 0.5 * self._state.dt
        return bool(self._values["start"] - half < time < self._values["stop"] - half)


def _plain(value: Any) -> Any:
    if isinstance(value, ArrayParameter):
        return np.asarray(value.value, dtype=np.float64)
    array = np.asarray(value)
    if array.dtype == object:
        return np.asarray(array.reshape(-1)[0].value, dtype=np.float64)
    return float(array.reshape(-1)[0])


def targets_of(cells: Any) -> dict[Any, Ints]:
    """Indices of cells by population."""
    if isinstance(cells, common.BasePopulation | common.Assembly):
        members = getattr(cells, "populations", [cells])
        found = [(member._root, np.asarray(member._indices)) for member in members]
    else:
        found = [(cell.parent, np.array([cell.parent.id_to_index(cell)])) for cell in cells]
    targets: dict[Any, Ints] = {}
    for population, indices in found:
        known = targets.get(population, np.empty(0, np.int64))
        targets[population] = np.concatenate([known, indices])
    return targets
