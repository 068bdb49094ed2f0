"""PADI buses: their settings, the registers that fire events, and events from outside by bus."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.memory_map import PADI_EVENT

from .device import Context, among
from .effects import Effects
from .kernels.arrivals import (
    BUS_SETTINGS,
    EVENT,
    LABELS,
    N_BUSES,
    REGISTER,
    Queues,
    Routes,
    push,
)
from .memory import Memory
from .numbers.synapses import NUMBERS

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Records = npt.NDArray[np.void]

_UNBOUNDED = 1 << 40
_BUSES_PER_HALF = 4
_EVENT = CONTAINERS["PADIEvent"].register
_ADDRESSES = np.sort(np.array(PADI_EVENT, np.int64))


class BusInputs(NamedTuple):
    """See the fields of the same names in `kernels.arrivals.Routes`."""

    buses: Records
    inputs: Records


def by_bus(
    memory: Memory, effects: Effects, *, cycle: Ints, bus: Ints, label: Ints, source: Ints
) -> BusInputs:
    """Settings of the buses for the present registers, and events (event,) from outside, sorted.

    cycle   in which an event is due on its bus; label: only the low 11 bits count
    source  crossbar input or REGISTER
    Events of one bus and cycle keep their order.  Without event loss a bus's queue has no limit but
    that of the queues' arrays.
    """
    padi = memory.block("padi")
    extended = padi["enable_extended_timing"].reshape(-1) != 0
    order = np.lexsort((cycle, bus))
    ends = np.searchsorted(bus[order], np.arange(N_BUSES + 1))
    buses = np.zeros(N_BUSES, BUS_SETTINGS)
    buses["first_input"], buses["end_input"] = ends[:-1], ends[1:]
    buses["spacing"] = np.where(extended, int(NUMBERS["padi_extended"].value), 1)
    buses["takes_spl1"] = padi["enable_spl1"].reshape(-1)
    depth = int(NUMBERS["padi_depth"].value) if effects.event_loss else _UNBOUNDED
    buses["longest_wait"] = depth * buses["spacing"]
    inputs = np.zeros(cycle.size, EVENT)
    inputs["due"], inputs["label"] = cycle[order], label[order] & (LABELS - 1)
    inputs["source"] = source[order]
    return BusInputs(buses, inputs)


def unserved(routes: Routes, queues: Queues) -> dict[str, Ints]:
    """Events from outside that no bus has served yet, as keyword arguments of `by_bus`.

    Whoever makes new routes from them sets `queues.buses["n_inputs"]` to 0.
    """
    first = routes.buses["first_input"] + queues.buses["n_inputs"]
    last = routes.buses["end_input"]
    parts = [np.arange(a, b) for a, b in zip(first, last, strict=True)]
    events = routes.inputs[np.concatenate(parts)]
    bus = np.repeat(np.arange(N_BUSES), [part.size for part in parts])
    fields = {"cycle": "due", "label": "label", "source": "source"}
    return {"bus": bus} | {name: np.array(events[field]) for name, field in fields.items()}


def queued_keys(queues: Queues) -> Ints:
    """Keys (see `synapses.bus_keys`) of the events of neurons and registers on their way."""
    keys = []
    for bus, state in enumerate(queues.buses):
        at = np.arange(state["oldest"], state["next"]) % queues.ring.shape[1]
        keys.append(bus * LABELS + queues.ring["label"][bus, at])
    return np.concatenate(keys)


class PadiRegisters:
    """The two registers whose writing fires an event on buses of a half.

    A bus that takes events from the crossbar takes none from its register.
    """

    def __init__(self) -> None:
        self._pending: list[tuple[int, int, int]] = []

    def claims(self, address: Ints) -> Bools:
        """Which of these word addresses are PADI event registers."""
        return among(address, _ADDRESSES)

    def write(self, address: int, value: int, cycle: int, context: Context) -> None:
        """Fire on the buses that the word names and that listen to the register."""
        half = PADI_EVENT.index(address)
        fields = _EVENT.decode(np.array([value], np.uint32))
        label = int(fields["row_select_address"]) << 6 | int(fields["event_address"])
        spl1 = context.memory.block("padi")["enable_spl1"][half]
        for k in np.flatnonzero(fields["fire_bus"]).tolist():
            bus = _BUSES_PER_HALF * half + k
            if spl1[k]:
                context.log.note(
                    cycle,
                    f"PADI bus {bus}",
                    "event from its register lost: the bus takes events from the crossbar "
                    "(enable_spl1)",
                )
            else:
                self._pending.append((cycle, bus, label))

    def read(self, address: int, cycle: int, context: Context) -> int | None:
        """Nothing of its own to say: the register is write-only."""
        return None

    def reset(self) -> None:
        """Forget events that nobody has taken."""
        self._pending.clear()

    def deliver(self, queues: Queues, cursor: Ints, delay: int) -> Ints:
        """Put the events fired since the last call on their way, `delay` cycles to their bus.

        Returns their keys (see `synapses.bus_keys`).
        """
        for cycle, bus, label in self._pending:
            push(queues, cursor, cycle + delay, bus, label, REGISTER)
        keys = np.array([bus * LABELS + label for _, bus, label in self._pending], np.int64)
        self._pending.clear()
        return keys
