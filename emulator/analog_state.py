"""What the analog core keeps and hands on: state of the circuits, who is looking, what happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol.coordinates import N_NEURONS

from .kernels import fire
from .kernels import lanes as ln
from .packing import Places

Ints = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

MEMBRANE, EXC_LINE, INH_LINE, ADAPTATION = range(4)
"""What a trace can show."""

_NEVER_INTEGRATED = -(1 << 60)


@dataclass
class AnalogState:
    """What the circuits hold, per AtomicNeuron, and how far each was integrated.

    v [V]; the others as in kernels.lanes; line_v [V] of the soma lines
    ahead             by how many steps exc and inh are, see kernels.lanes.STATE_FIELDS
    exc_now, inh_now  the same lines at `step`
    logic             see kernels.fire.Network
    """

    v: F32 = field(default_factory=lambda: np.zeros(N_NEURONS, np.float32))
    exc: F32 = field(default_factory=lambda: np.zeros(N_NEURONS, np.float32))
    inh: F32 = field(default_factory=lambda: np.zeros(N_NEURONS, np.float32))
    w: F32 = field(default_factory=lambda: np.zeros(N_NEURONS, np.float32))
    v_old: F32 = field(default_factory=lambda: np.zeros(N_NEURONS, np.float32))
    slope: F32 = field(default_factory=lambda: np.zeros(N_NEURONS, np.float32))
    slope_old: F32 = field(default_factory=lambda: np.zeros(N_NEURONS, np.float32))
    synaptic: F32 = field(default_factory=lambda: np.zeros(N_NEURONS, np.float32))
    pulse_left: F32 = field(default_factory=lambda: np.zeros(N_NEURONS, np.float32))
    w_next: F32 = field(default_factory=lambda: np.zeros(N_NEURONS, np.float32))
    bent: F32 = field(default_factory=lambda: np.zeros(N_NEURONS, np.float32))
    mode: Ints = field(default_factory=lambda: np.full(N_NEURONS, ln.ARMED))
    timer: Ints = field(default_factory=lambda: np.full(N_NEURONS, ln.NEVER))
    end: Ints = field(default_factory=lambda: np.zeros(N_NEURONS, np.int64))
    spikes: Ints = field(default_factory=lambda: np.zeros(N_NEURONS, np.int64))
    step: Ints = field(default_factory=lambda: np.full(N_NEURONS, _NEVER_INTEGRATED))
    exc_now: F32 = field(default_factory=lambda: np.zeros(N_NEURONS, np.float32))
    inh_now: F32 = field(default_factory=lambda: np.zeros(N_NEURONS, np.float32))
    ahead: Ints = field(default_factory=lambda: np.zeros(N_NEURONS, np.int64))
    line_v: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(N_NEURONS))
    logic: Ints = field(default_factory=lambda: np.zeros((fire.N_STATE, N_NEURONS), np.int64))

    def by_name(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays of a neuron's own state."""
        return {name: getattr(self, name) for name in _PER_LANE}

    def take(self, lanes: ln.Lanes, places: Places, step: int, ahead: int) -> None:
        """What lanes hold at `step`, when lines of gentle ones are `ahead` of it by some steps."""
        lane = places.used
        at = places.neuron[lane]
        blocks = lanes.state.reshape(-1, ln.N_FIELDS, ln.LANES)
        for name in ANALOG_ROWS:
            row = blocks[:, ln.FIELDS.index(name)]
            getattr(self, name)[at] = row.reshape(-1)[lane]
        for name in DIGITAL_ROWS:
            getattr(self, name)[at] = lanes.digital[ln.DIGITAL.index(name), lane]
        self.step[at] = step
        gentle = places.kind[lane // ln.LANES] <= ln.ADAPTIVE
        self.ahead[at] = gentle * ahead
        for name in ("exc", "inh"):
            rise = blocks[:, ln.FIELDS.index(f"{name}_rise")].reshape(-1)[lane]
            now = getattr(self, name)[at]
            for _ in range(ahead):
                now = np.where(gentle, now * rise, now)
            getattr(self, f"{name}_now")[at] = now


ANALOG_ROWS = (
    "v", "exc", "inh", "v_old", "slope", "slope_old", "synaptic", "w", "w_next", "bent",
    "pulse_left",
)  # fmt: skip
DIGITAL_ROWS = ("mode", "timer", "end", "spikes")
_PER_LANE = (*ANALOG_ROWS, *DIGITAL_ROWS)


@dataclass(frozen=True)
class Watch:
    """Who is looking.

    neuron, quantity  (pair,) traces that are wanted, MEMBRANE ...
    everyone          whether all neurons that can fire matter (spike counters, sensors), not only
                      those whose events leave
    sampled           (512,) neurons whose state at the end of a stretch matters
    drivers           (driver,) 128 * half + d: synapse drivers whose STP voltages are wanted
    """

    neuron: Ints
    quantity: Ints
    everyone: bool
    sampled: Bools
    drivers: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    @classmethod
    def nobody(cls) -> Watch:
        """Nobody but events."""
        none = np.empty(0, np.int64)
        return cls(none, none, False, np.zeros(N_NEURONS, bool))

    def key(self) -> tuple[object, ...]:
        """Equal for equal wishes of neurons."""
        return (
            self.neuron.tobytes(), self.quantity.tobytes(), self.everyone, self.sampled.tobytes()
        )  # fmt: skip


class Pulses(NamedTuple):
    """Pulses that synapse drivers sent, (pulse,): chip tick, 128 * half + driver, address."""

    tick: Ints
    driver: Ints
    address: Ints


class Piece(NamedTuple):
    """What happened in an integrated piece of time.

    spike_tick, spike_neuron   (spike,) of all neurons that fired, in order
    event_tick, event_neuron   (event,) of what their backends made of it; mostly the same
    trace                      (pair + driver, step + 1) V at first_step, first_step + 1, ...
    pulses                     if they are logged
    """

    first_step: int
    spike_tick: Ints
    spike_neuron: Ints
    event_tick: Ints
    event_neuron: Ints
    trace: F32
    pulses: Pulses
