"""What lies between one `setup` and the next: the network, its clock, what waits to be built."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import tqdm
from pyNN import common

from simulator.network import Network

from ..device import Device

if TYPE_CHECKING:
    from .populations import Population
    from .projections import Projection
    from .recording import Recorder

name = "HX"
"""Of the simulator, in annotations of data."""
_LONG_RUN_STEPS = 5000
"""Runs of fewer steps never show a progress bar."""


class ID(int, common.IDMixin):
    """A cell: an integer, consecutive over all populations of a session."""


class Part(Protocol):
    """Something of the network that the engine is told when it is needed."""

    def build(self, network: Network) -> None:
        """Tell the engine."""


class Timed(Protocol):
    """Something that changes at steps known beforehand, such as a step current."""

    def next_step(self, step: int) -> int | None:
        """The first step after `step` at which it changes."""

    def change(self, step: int) -> None:
        """Be as it has to be after `step`."""


@dataclass(frozen=True)
class Settings:
    """What `setup` was told; times in ms, None for "auto" delays."""

    dt_ms: float = 0.1
    min_delay: float | None = None
    max_delay: float | None = None
    device: Device = "auto"
    threads: int = 1
    precision: Literal["float64", "float32"] = "float64"
    seed: int = 42
    progress: bool | None = None


class State(common.control.BaseState):
    """Everything between one `setup` and the next.  Nothing is allocated before it is needed."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.dt = settings.dt_ms
        self.mpi_rank, self.num_processes = 0, 1
        self.populations: list[Population] = []
        self.projections: list[Projection] = []
        self.recorders: list[Recorder] = []
        self.timed: list[Timed] = []
        self.before_run: list[Callable[[float, float], None]] = []
        """Called with the present time and the end of a run [ms]."""
        self.after_reset: list[Callable[[], None]] = []
        self.write_on_end: list[tuple[Any, Any, str | os.PathLike[str]]] = []
        self.id_counter = 1
        self.segment_counter = 0
        self.running = False
        self.step = 0
        self._waiting: list[Part] = []
        self._network: Network | None = None

    # --- the network ----------------------------------------------------------------------------

    def add(self, part: Part) -> None:
        """Take in a part of the network, to be built with the next run or question about state."""
        self._waiting.append(part)

    @property
    def is_built(self) -> bool:
        """Whether there is an engine, and what has been added is in it."""
        return self._network is not None and not self._waiting

    @property
    def network(self) -> Network:
        """The engine's network, complete."""
        if self._network is None:
            settings = self.settings
            self._network = Network(
                dt_ms=settings.dt_ms,
                seed=settings.seed,
                precision=settings.precision,
                threads=settings.threads,
                device="cpu" if settings.device == "auto" else settings.device,
            )
        while self._waiting:
            self._waiting[0].build(self._network)
            del self._waiting[0]
        return self._network

    def take_ids(self, n: int) -> int:
        """The first of `n` consecutive numbers for cells."""
        first = self.id_counter
        self.id_counter += n
        return first

    # --- delays ---------------------------------------------------------------------------------

    @property
    def min_delay(self) -> float:
        """Smallest delay [ms]: as set up, else that of all projections, else a step."""
        if self.settings.min_delay is not None:
            return self.settings.min_delay
        return min((p.delay_range[0] for p in self.projections if len(p)), default=self.dt)

    @property
    def max_delay(self) -> float:
        """Largest delay [ms]: as set up, else that of all projections, else a step."""
        if self.settings.max_delay is not None:
            return self.settings.max_delay
        return max((p.delay_range[1] for p in self.projections if len(p)), default=self.dt)

    def steps(self, time_ms: float) -> int:
        """The step nearest to a time."""
        return round(time_ms / self.dt)

    # --- time -----------------------------------------------------------------------------------

    @property
    def t(self) -> float:
        """Time [ms]: steps times dt, without the last bits of the product."""
        return round(self.step * self.dt, 10)

    def run(self, simtime: float) -> None:
        """Go on for some time [ms]."""
        self.run_until(self.t + simtime)

    def run_until(self, tstop: float) -> None:
        """Go on to the step nearest to a time [ms]; nothing happens if it is not later."""
        self.advance(self.steps(tstop) - self.step)

    def advance(self, n_steps: int) -> None:
        """Go on for some steps, at least none."""
        n_steps = max(n_steps, 0)
        network = self._network
        if network is None or self._waiting:
            network = self.network
        self.running = True
        if self.before_run:
            for prepare in self.before_run:
                prepare(self.t, (self.step + n_steps) * self.dt)
        if self.timed:
            self._advance_in_parts(network, n_steps)
        elif n_steps < _LONG_RUN_STEPS:
            network.run(n_steps)
        else:
            self._advance_visibly(network, n_steps)
        self.step = network.step

    def _advance_in_parts(self, network: Network, n_steps: int) -> None:
        """Stop where something changes."""
        step, stop = self.step, self.step + n_steps
        for one in self.timed:
            one.change(step)
        while step < stop:
            changes = (one.next_step(step) for one in self.timed)
            until = min([stop, *(change for change in changes if change is not None)])
            network.run(until - step)
            step = until
            for one in self.timed:
                one.change(step)
        if stop == self.step:
            network.run(0)

    def _advance_visibly(self, network: Network, n_steps: int) -> None:
        """Show on a terminal how far a run has come."""
        wanted = self.settings.progress
        if not (sys.stderr.isatty() if wanted is None else wanted):
            network.run(n_steps)
            return
        bar = tqdm.tqdm(total=n_steps, unit="step", delay=0 if wanted else 2, leave=False)
        with bar:
            network.run(n_steps, report=lambda done: bar.update(done - bar.n) and None)

    def reset(self) -> None:
        """Back to t = 0; the network stays."""
        if self._network is not None:
            self._network.reset()
        for restore in (*self.after_reset, *(recorder.restart for recorder in self.recorders)):
            restore()
        self.running = False
        self.step = 0
        self.segment_counter += 1

    def restore(self, saved: dict[str, Any]) -> None:
        """Go back to where the network's state was saved."""
        self.network.restore(saved)
        self.step = self.network.step
        for recorder in self.recorders:
            recorder.clear()

    def require_present(self, what: str) -> None:
        """RuntimeError if `setup` has been called since."""
        if state is not self:
            raise RuntimeError(
                f"{what}: it belongs to an earlier session, which setup() has replaced since; make "
                "it again"
            )


state = State(Settings())
