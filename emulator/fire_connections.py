"""Which neurons fire with which, and what logic stands between a neuron and its events.

Every neuron has a wire, `neuron_fire_connect`.  A master writes its refractory state to it, a slave
takes its own from it, and a neuron whose operation is not `local` makes its events of both its own
state and that of its wire (lola, AtomicNeuron::Bayesian).  The registers join wires:

* `connect_fire_vertical`  with that of the other row, both ways; one of the two switches will do
* `connect_fire_to_right`  the wire drives the one to its right; not from column 127 to 128
* `connect_fire_from_right`  the other way; on the chip it does nothing (`broken_fire_from_right`)

A wire is high while any master that reaches it is refractory.  Sources say neither that one switch
suffices nor that quadrants are apart, as they are for membranes: both are estimated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firmware_protocol.coordinates import N_COLUMNS, N_NEURONS
from firmware_protocol.layout import IntArray

from .effects import Effects
from .kernels import fire
from .memory import Memory
from .packing import Places

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_N = np.arange(N_NEURONS)
_OPPOSITE = (_N + N_COLUMNS) % N_NEURONS
_HAS_RIGHT = _N % 128 != 127


@dataclass(frozen=True)
class FireConnections:
    """Arrays (512,) unless noted.

    hears      (512, 512) [n, m]: whether the wire of n carries the state of master m
    slave      whether a neuron fires with every spike of a master that it hears
    operation  fire.LOCAL, ...: what becomes of a neuron's own state and that of its wire
    to_post    whether its events become post pulses; if not, the spikes of the masters it hears do
    """

    hears: Bools
    slave: Bools
    operation: Ints
    to_post: Bools

    @property
    def trivial(self) -> bool:
        """Whether every neuron fires, and sends an event, exactly when its own circuit does."""
        return not (self.slave.any() or self.operation.any())

    def firing(self, able: Bools) -> Bools:
        """Neurons that can fire, given those that can on their own account."""
        return _closure(able, self.hears & self.slave[:, None])

    def sending(self, firing: Bools) -> Bools:
        """Neurons that can have events, given those that can fire."""
        logic = self.operation != fire.LOCAL
        return np.asarray(firing | (logic & (self.hears @ firing)))

    def with_masters(self, wanted: Bools) -> Bools:
        """These neurons and all that decide when they fire and what they send."""
        listens = self.slave | (self.operation != fire.LOCAL) | ~self.to_post
        return _closure(wanted, (self.hears & listens[:, None]).T)

    def post_pulses(
        self, spikes: tuple[Ints, Ints], events: tuple[Ints, Ints]
    ) -> tuple[Ints, Ints]:
        """(tick, neuron) of post pulses, in order, of (tick, neuron) of spikes and events."""
        tick, neuron = events
        passed = self.to_post[neuron]
        parts = [(tick[passed], neuron[passed])]
        wired = np.nonzero(~self.to_post & self.hears.any(axis=1))[0]
        if wired.size:
            which, at = np.nonzero(self.hears[wired][:, spikes[1]])
            parts.append((spikes[0][at], wired[which]))
        tick, neuron = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((neuron, tick))
        return tick[order], neuron[order]

    def network(self, places: Places, state: Ints) -> fire.Network | tuple[()]:
        """For the kernel; () where nothing is connected.  state: see `fire.Network`."""
        if self.trivial:
            return ()
        lane = places.lane
        slaves = self.hears & (self.slave & (lane >= 0))[:, None]
        np.fill_diagonal(slaves, False)
        logic = (self.operation != fire.LOCAL) & (lane >= 0)
        slave_first, slave = _rows(slaves.T)
        own = np.zeros_like(self.hears)
        own[logic, logic] = True
        heard = np.stack([own, self.hears & logic[:, None]]).transpose(2, 0, 1)
        first, ear = _rows(heard.reshape(N_NEURONS, -1))
        return fire.Network(
            slave_first=slave_first,
            slave=lane[slave],
            ear_first=first,
            ear=ear % N_NEURONS,
            state_of_ear=ear // N_NEURONS,
            logic=np.nonzero(logic)[0],
            lane=lane,
            operation=self.operation,
            state=state,
        )


class Wires:
    """The wires of one chip, as its registers join them."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects
        self._present: tuple[object, FireConnections] | None = None

    def connections(self, memory: Memory) -> FireConnections:
        """What the present registers make of the wires."""
        version = memory.version(("neuron_backend",))
        if self._present is None or self._present[0] != version:
            self._present = version, fire_connections(memory.neurons(), self._effects)
        return self._present[1]

    def report(self, memory: Memory) -> list[tuple[str, str]]:
        """(place, remark) for connections that do nothing."""
        dead = memory.neurons()["bayesian_connect_fire_from_right"] != 0
        if not (self._effects.broken_fire_from_right and dead.any()):
            return []
        which = ", ".join(str(k) for k in np.nonzero(dead)[0][:8])
        more = ", ..." if dead.sum() > 8 else ""
        remark = (
            "connect_fire_from_right is set, but does not work on the chip: neurons fire others "
            "to their right and in the other row, not to their left"
        )
        return [(f"neurons {which}{more}", remark)]


def fire_connections(n: dict[str, IntArray], effects: Effects) -> FireConnections:
    """What the registers (see `Memory.neurons`) make of the wires."""
    joined = np.zeros((N_NEURONS, N_NEURONS), bool)  # [to, from]
    vertical = n["bayesian_connect_fire_vertical"] != 0
    joined[_N, _OPPOSITE] = vertical | vertical[_OPPOSITE]
    right = (n["bayesian_connect_fire_to_right"] != 0) & _HAS_RIGHT
    joined[_N[right] + 1, _N[right]] = True
    if not effects.broken_fire_from_right:
        left = (n["bayesian_connect_fire_from_right"] != 0) & _HAS_RIGHT
        joined[_N[left], _N[left] + 1] = True
    master = n["bayesian_enable_master"] != 0
    return FireConnections(
        hears=_reach(joined) & master,
        slave=n["bayesian_enable_slave"] != 0,
        operation=n["bayesian_operation"].astype(np.int64),
        to_post=n["bayesian_to_post_pulse"] != 0,
    )


def _reach(joined: Bools) -> Bools:
    """Transitive and reflexive closure of (512, 512) [to, from]."""
    reach = joined | np.eye(N_NEURONS, dtype=bool)
    if not joined.any():
        return reach
    while True:
        as_numbers = reach.astype(np.float32)
        further = as_numbers @ as_numbers > 0
        if np.array_equal(further, reach):
            return reach
        reach = further


def _closure(members: Bools, leads: Bools) -> Bools:
    """Members and all to which they lead, [to, from]."""
    while True:
        more = members | (leads @ members)
        if np.array_equal(more, members):
            return np.asarray(more)
        members = more


def _rows(table: Bools) -> tuple[Ints, Ints]:
    """(first, column): the columns of row r that are set are column[first[r]:first[r + 1]]."""
    row, column = np.nonzero(table)
    return np.searchsorted(row, np.arange(table.shape[0] + 1)), column
