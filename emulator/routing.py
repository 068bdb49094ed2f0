"""Where events go: from sources through crossbar and buses to the lines of the active lanes.

Follows the words of the registers, not anybody's conventions for using them (chip reference,
"Event path").
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from . import padi
from .circuits import Circuits
from .crossbar import Crossbar, Inputs, no_inputs
from .effects import Effects
from .kernels import arrivals as ar
from .latencies import Latencies
from .memory import Memory
from .mismatch import Mismatch
from .packing import Places
from .synapse_drivers import DRIVER_BLOCKS, SynapseDrivers
from .synapses import SYNAPSE_BLOCKS, Rows, SynapseArray, bus_keys

Ints = npt.NDArray[np.int64]
Array = npt.NDArray[np.float64]

ROUTING_BLOCKS = (*SYNAPSE_BLOCKS, "column_current", "crossbar_nodes", "neuron_backend",
                  "neuron_config")  # fmt: skip


class Router:
    """Turns events and registers into what the kernel serves; owns the events on their way."""

    def __init__(self, mismatch: Mismatch, effects: Effects, latencies: Latencies) -> None:
        self._effects, self._latencies = effects, latencies
        self._synapses = SynapseArray(mismatch, effects)
        self._queues = ar.new_queues()
        self._routes: ar.Routes | None = None
        self._waiting = no_inputs()  # due on their buses, but not routed yet
        self._sent = no_inputs()  # routed, as they came to the crossbar
        self._nodes: object = None  # version of the registers that they were routed with
        self._extra: Ints = np.empty(0, np.int64)  # keys that the kernel asked for
        self._cursor = np.zeros(ar.N_CURSOR, np.int64)
        self._built: tuple[Rows, tuple[object, Circuits, Places]] | None = None

    @property
    def queues(self) -> ar.Queues:
        """Events of neurons and registers on their way."""
        return self._queues

    def feed(self, inputs: Inputs) -> bool:
        """Add events by the cycle in which they are due on a bus; False if there were none."""
        if not inputs.cycle.size:
            return False
        joined = Inputs(*(np.concatenate(pair) for pair in zip(self._waiting, inputs, strict=True)))
        order = np.argsort(joined.cycle, kind="stable")
        self._waiting = Inputs(*(part[order] for part in joined))
        return True

    def reset(self) -> None:
        """Forget all events on their way."""
        self._queues, self._routes = ar.new_queues(), None
        self._waiting = self._sent = no_inputs()

    def deliver(self, registers: padi.PadiRegisters, delay: int) -> bool:
        """Take the events that PADI registers fired; whether there were any."""
        keys = registers.deliver(self._queues, self._cursor, delay)
        return bool(keys.size)

    def next_due(self, otherwise: int) -> int:
        """The earliest cycle in which an event on its way can act."""
        return min([otherwise, *self._due()])

    def last_due(self) -> int:
        """The latest cycle in which an event on its way is due; -1 if there is none."""
        return max([-1, *self._due()])

    def _due(self) -> list[int]:
        """Cycles of events on their way, among them the first and the last."""
        due = self._waiting.cycle[[0, -1]].tolist() if self._waiting.cycle.size else []
        if self._routes is not None:
            inputs, served = self._routes.inputs["due"], self._queues.buses["n_inputs"]
            first = self._routes.buses["first_input"] + served
            end = self._routes.buses["end_input"]
            for a, b in zip(first.tolist(), end.tolist(), strict=True):
                due += [int(inputs[a]), int(inputs[b - 1])] if a < b else []
        ring = self._queues.ring["due"]
        for bus, state in enumerate(self._queues.buses):
            if state["oldest"] < state["next"]:
                for at in (state["oldest"], state["next"] - 1):
                    due.append(int(ring[bus, at % ring.shape[1]]))
        return due

    def route(
        self,
        memory: Memory,
        circuits: Circuits,
        drivers: SynapseDrivers,
        decoded: ar.Drivers,
        places: Places,
        cycle: int,
        missing: int = -1,
    ) -> ar.Routes:
        """Routes for the present registers; what has been fed becomes theirs.

        cycle    from which on they hold
        missing  key that the kernel met without rows
        """
        crossbar = Crossbar(memory)
        nodes = memory.version(("crossbar_nodes", "padi"))
        events = self._on_buses(crossbar, cycle, changed=nodes != self._nodes)
        self._nodes = nodes
        bus_inputs = padi.by_bus(memory, self._effects, **events)
        reached, labels = self._neurons(crossbar, circuits, places)
        if missing >= 0:
            self._extra = np.union1d(self._extra, [missing])
        keys = [
            bus_keys(events["bus"], events["label"]),
            *(bus_keys(r[r >= 0], labels[r >= 0]) for r in reached),
            padi.queued_keys(self._queues),
            self._extra,
        ]
        rows = self._rows(memory, circuits, drivers.gain, decoded, places, np.concatenate(keys))
        self._routes = ar.Routes(
            buses=bus_inputs.buses,
            inputs=bus_inputs.inputs,
            row_of=rows.row_of,
            driver_row=rows.driver_row,
            drops=rows.drops,
            blocks=rows.blocks,
            neuron_bus=reached,
            neuron_label=labels,
            neuron_delay=self._latencies.neuron_to_synapse,
        )
        return self._routes

    def _rows(
        self,
        memory: Memory,
        circuits: Circuits,
        gain: Array,
        decoded: ar.Drivers,
        places: Places,
        keys: Ints,
    ) -> Rows:
        """Rows for these keys, those at hand if they are still true."""
        version = memory.version((*SYNAPSE_BLOCKS, *DRIVER_BLOCKS, "column_current"))
        now = version, circuits, places
        if self._built is not None:
            rows, then = self._built
            same = then[0] == now[0] and then[1] is now[1] and then[2] is now[2]
            if same and not np.any(rows.row_of[keys] == ar.UNKNOWN):
                return rows
        rows = self._synapses.build(
            memory, decoded, gain, _unit_drops(memory, circuits), places.neuron, keys
        )
        self._built = rows, now
        return rows

    def _on_buses(self, crossbar: Crossbar, now: int, *, changed: bool) -> dict[str, Ints]:
        """Events that wait for a bus: those of the last routes, then new ones through the nodes.

        If the nodes have `changed`, events of the last routes that are due from `now` on go through
        them again: they have not come to the crossbar yet.
        """
        entering = self._waiting
        if changed and self._routes is not None:
            again = self._sent.cycle >= now
            parts = zip(entering, self._sent, strict=True)
            entering = Inputs(*(np.concatenate([new, sent[again]]) for new, sent in parts))
        cycle, input_, label = entering
        event, bus = np.nonzero(crossbar.buses(input_, label))
        new = {
            "cycle": cycle[event],
            "bus": bus.astype(np.int64),
            "label": label[event],
            "source": input_[event],
        }
        self._remember(entering, now, replace=changed)
        self._waiting = no_inputs()
        if self._routes is None:
            return new
        old = padi.unserved(self._routes, self._queues)
        if changed:
            kept = (old["cycle"] < now) | (old["source"] == ar.REGISTER)
            old = {name: values[kept] for name, values in old.items()}
        self._queues.buses["n_inputs"] = 0
        return {name: np.concatenate([old[name], new[name]]) for name in new}

    def _remember(self, entering: Inputs, now: int, *, replace: bool) -> None:
        """Keep what may have to go through the crossbar again."""
        if replace:
            self._sent = entering
            return
        later = self._sent.cycle >= now
        parts = zip(self._sent, entering, strict=True)
        self._sent = Inputs(*(np.concatenate([sent[later], new]) for sent, new in parts))

    @staticmethod
    def _neurons(crossbar: Crossbar, circuits: Circuits, places: Places) -> tuple[Ints, Ints]:
        """(2, lane) buses that a neuron's events reach, and its label."""
        lane = places.used
        n = places.neuron[lane]
        label = circuits.backend.label[n]
        output = n % 256 // 32
        reached = np.full((2, places.neuron.size), -1)
        labels = np.zeros(places.neuron.size, np.int64)
        labels[lane] = label
        for half in range(2):
            for quarter in range(4):
                bus = 4 * half + quarter
                here = (output % 4 == quarter) & circuits.backend.digital[n]
                passes = crossbar.passes(output[here], label[here], bus)
                reached[half, lane[here]] = np.where(passes, bus, -1)
        return reached, labels


def _unit_drops(memory: Memory, circuits: Circuits) -> Array:
    """(2, 512) drop [V] per weight unit on each neuron's lines; 0 where its column is cut off."""
    switches = memory.block("column_current")
    return np.stack(
        [
            i.drop * (switches[f"enable_synaptic_current_{sign}"].reshape(-1) != 0)
            for i, sign in ((circuits.exc, "excitatory"), (circuits.inh, "inhibitory"))
        ]
    )
