"""The analog core: integrates the neurons that an observer could see, and nothing else.

Owns the state of all 512 circuits and the events on their way.  Knows registers only through
circuits, compartments and routing; knows nothing of words, messages or converters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from firmware_protocol.coordinates import N_NEURONS

from . import compartments as cp
from . import parameters as p
from .analog_state import AnalogState, Piece, Pulses, Watch
from .biases import NEURONS_NEED, Alive, Remarks, alive
from .capmem import CapMem, Levels
from .circuits import CircuitModel, Circuits, holding
from .crossbar import Inputs
from .device import Notes
from .effects import Effects
from .fire_connections import Wires
from .integration import Integration
from .kernels import lanes as ln
from .kernels.arrivals import Drivers
from .latencies import Latencies
from .memory import NEURON_BLOCKS, Memory
from .mismatch import Mismatch
from .packing import Packer, Places, line_decay, place
from .padi import PadiRegisters
from .routing import ROUTING_BLOCKS, Router
from .synapse_drivers import DRIVER_BLOCKS, DriverTraces, SynapseDrivers

Ints = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Volts = npt.NDArray[np.float64]

_NEVER = 1 << 62
_UNALIGNED = -1
"""`AnalogState.ahead` of lines that are to be put where the kernel has them."""
_LEVELS_STEP_CYCLES = 12_500
"""While analog parameters move, circuits are derived from them anew after so much (100 us)."""
_PLASTICITY_BLOCKS = (*DRIVER_BLOCKS, "capmem_shared")


def _fires_by_itself(circuits: Circuits) -> Bools:
    """(512,) whether a neuron's comparator, or an event that bypasses it, can make it fire."""
    able: Bools = np.isfinite(circuits.threshold) | circuits.exc.bypass | circuits.inh.bypass
    return able


class AnalogCore:
    """Integrates on demand; `state` and the router's queues are what persists."""

    def __init__(
        self,
        mismatch: Mismatch,
        effects: Effects,
        *,
        run_seed: int,
        step_cycles: int,
        latencies: Latencies,
        threads: int,
        log: Notes,
    ) -> None:
        self._mismatch, self._effects, self._log = mismatch, effects, log
        self._model, self._capmem = CircuitModel(mismatch, effects), CapMem(mismatch, effects)
        self._packer, self._drivers = (
            Packer(effects, step_cycles),
            SynapseDrivers(mismatch, effects),
        )
        self._integration = Integration(step_cycles, run_seed, threads)
        self.step_cycles = step_cycles
        self.router = Router(mismatch, effects, latencies)
        self._state, self._moved = AnalogState(), False  # whether lanes have gone on from the state
        self._step = 0
        self._built: tuple[object, ...] | None = None
        self._routed: tuple[int, ...] | None = None
        self._decoded: tuple[object, Circuits] | None = None
        self._backends: tuple[int, ...] = ()
        self._wires, self._dead = Wires(effects), Remarks(NEURONS_NEED, effects)
        self._noted: set[tuple[str, str]] = set()
        self._fires: list[tuple[int, int]] = []
        self._spiking: tuple[object, bool, bool] = (None, False, False)
        self._by_register = np.zeros(N_NEURONS, bool)  # neurons that registers have made fire
        self._drivers_written: tuple[object, int] = (None, _NEVER)
        self._held: tuple[Volts, Volts] | None = None

    def reset(self) -> None:
        """The chip's reset line: circuits, parameters, events as after power-on."""
        self._capmem.reset()
        self._drivers.reset()
        self.router.reset()
        self._state, self._moved = AnalogState(), False
        self._built, self._decoded, self._backends = None, None, ()
        self._fires.clear()
        self._by_register[:] = False
        self._held = None

    @property
    def state(self) -> AnalogState:
        """Of all circuits, as last integrated; what is written to it counts for new lanes."""
        if self._moved:
            self._scatter()
        return self._state

    # --- parameters -------------------------------------------------------------------------------

    def levels(self, memory: Memory, cycle: int) -> Levels:
        """What the analog parameter cells supply at `cycle`, in steps of 100 us while they move.

        The steps are those of a fixed grid, so that nothing depends on who asks when.
        """
        self._capmem.follow(memory, cycle, self._log)
        version = memory.version(_PLASTICITY_BLOCKS)
        if version != self._drivers_written[0]:
            self._drivers_written = (version, cycle)
        return self._capmem.levels(cycle // _LEVELS_STEP_CYCLES * _LEVELS_STEP_CYCLES)

    def alive(self, memory: Memory, cycle: int) -> Alive:
        """Which blocks have the bias currents they need."""
        return alive(self.levels(memory, cycle), self._effects)

    def circuits(self, memory: Memory, cycle: int) -> Circuits:
        """Circuit parameters for the present registers and levels."""
        levels = self.levels(memory, cycle)
        key = (memory.version(NEURON_BLOCKS), id(levels))
        if self._decoded is None or self._decoded[0] != key:
            circuits = self._model.decode(memory, levels, alive(levels, self._effects))
            circuits = circuits if self._held is None else holding(circuits, *self._held)
            # The levels are kept with the result, or another object might get their id.
            self._decoded, self._levels = (key, circuits), levels
        return self._decoded[1]

    def hold(self, memory: Memory, cycle: int, volts: tuple[Volts, Volts] | None) -> None:
        """Hold excitatory and inhibitory lines (512,) at voltages [V] from now on; nan: let go."""
        if volts is None and self._held is None:
            return
        free = np.full((2, N_NEURONS), np.nan)
        old, new = (free if held is None else np.stack(held) for held in (self._held, volts))
        changed = (old != new) & ~(np.isnan(old) & np.isnan(new))
        if not changed.any():
            return
        circuits, state = self.circuits(memory, cycle), self.state
        self._held, self._built, self._decoded = volts, None, None
        state.ahead[changed.any(axis=0)] = _UNALIGNED
        lines = (state.exc, state.exc_now, circuits.exc), (state.inh, state.inh_now, circuits.inh)
        for (line, now, i), at, moved in zip(lines, new, changed, strict=True):
            held = moved & ~np.isnan(at)
            line[held] = now[held] = (p.LINE_REST_V - at[held]) / i.v_lin

    # --- events -----------------------------------------------------------------------------------

    def feed(self, inputs: Inputs) -> None:
        """Add events, by the cycle in which they are due on a bus."""
        if self.router.feed(inputs):
            self._routed = None

    def deliver(self, registers: PadiRegisters, delay: int) -> None:
        """Put what the PADI registers fired on its way to the buses."""
        if self.router.deliver(registers, delay):
            self._routed = None

    def log_pulses(self, on: bool) -> None:
        """Whether pieces tell the pulses of synapse drivers."""
        self._integration.log_pulses(on)

    def driver_voltages(self, memory: Memory, cycle: int) -> Volts:
        """(256,) STP voltages [V] of the synapse drivers at `cycle`, up to which is integrated."""
        self._decode_drivers(memory, cycle)
        return self._drivers.voltages(cycle)

    def post_pulses(self, memory: Memory, piece: Piece) -> tuple[Ints, Ints]:
        """(tick, neuron) of the post pulses in a piece, as the backends forward them."""
        return self._wires.connections(memory).post_pulses(
            (piece.spike_tick, piece.spike_neuron), (piece.event_tick, piece.event_neuron)
        )

    def busy_span(self, start: int, end: int) -> tuple[int, int] | None:
        """Part of [start, end) [cycles] in which events reach synapses or neurons, if any."""
        due = [cycle for cycle, _ in self._fires]
        first = min([*due, self.router.next_due(_NEVER)])
        if first >= end:
            return None
        last = max([first, self.router.last_due(), *due]) + self.step_cycles
        return max(start, min(first, end)), max(min(end, last), start)

    def fire(self, memory: Memory, neuron: int, cycle: int) -> None:
        """Make a neuron's backend see a spike at `cycle`, if its fire output is on."""
        circuits = self.circuits(memory, cycle)
        if not circuits.backend.fires[neuron]:
            return
        if not self._by_register[neuron]:
            self._by_register[neuron] = True
            if not _fires_by_itself(circuits)[neuron]:  # else it has its lane already
                self._built, self._spiking = None, (None, False, False)
        self._fires.append((cycle, neuron))

    def may_spike(self, memory: Memory, cycle: int, *, everyone: bool) -> bool:
        """Whether any neuron can fire whose events leave, or any at all."""
        circuits = self.circuits(memory, cycle)
        if self._spiking[0] is not circuits:
            fires = self._can_fire(memory, circuits)
            sends = self._wires.connections(memory).sending(fires)
            digital = bool(np.any(sends & circuits.backend.digital))
            self._spiking = (circuits, digital, bool(sends.any()))
        _, digital, any_ = self._spiking
        return any_ if everyone else digital

    # --- time -------------------------------------------------------------------------------------

    def integrate(self, memory: Memory, watch: Watch, start: int, end: int) -> list[Piece]:
        """Integrate from cycle `start` to `end`, both rounded down to whole steps.

        Time before `start` that has not been integrated is caught up, or jumped if long.
        """
        self._capmem.follow(memory, start, self._log)
        pieces: list[Piece] = []
        at, last = start, end // self.step_cycles * self.step_cycles
        while True:
            moving = self._capmem.settled_at() > at
            change = (at // _LEVELS_STEP_CYCLES + 1) * _LEVELS_STEP_CYCLES
            until = min(last, change) if moving else last
            pieces += self._integrate(memory, watch, at, until)
            if until >= last:
                return pieces
            at = until

    def _integrate(self, memory: Memory, watch: Watch, start: int, end: int) -> list[Piece]:
        first, last = start // self.step_cycles, end // self.step_cycles
        circuits = self.circuits(memory, start)
        if watch.drivers.size:
            self._integration.log_pulses(True)  # whoever begins to watch correlations decides anew
        self._hang(memory)
        self._build(memory, circuits, watch, start)
        self._catch_up(first)
        self._apply_fires(end)
        pieces = []
        chunk = max(p.CHUNK_CYCLES // self.step_cycles, 1)
        while self._step < last:
            pieces.extend(self._run(memory, circuits, min(last, self._step + chunk), watch))
        return pieces

    def amplified(self, memory: Memory, cycle: int) -> tuple[Volts, Volts]:
        """(512,) voltages [V] of membranes and of what is selected for readout, as integrated."""
        source, membranes = self.circuits(memory, cycle).readout_source, self._membranes()
        return membranes, self.voltages(memory, cycle, source) if source.any() else membranes

    def voltages(self, memory: Memory, cycle: int, source: Ints) -> Volts:
        """(512,) voltages [V] of each neuron's selected source, as last integrated."""
        circuits, state = self.circuits(memory, cycle), self.state
        sources = [
            state.v.astype(float),
            p.LINE_REST_V - circuits.exc.v_lin * state.exc_now.astype(float),
            p.LINE_REST_V - circuits.inh.v_lin * state.inh_now.astype(float),
            circuits.adaptation.v_ref + circuits.adaptation.v_lin * state.w.astype(float),
        ]
        return np.choose(source, sources)

    def _membranes(self) -> Volts:
        """`state.v`, without writing back all other state."""
        v = self._state.v.astype(float)
        if self._moved:
            places = self._places
            lane, lanes = places.used, self._integration.lanes
            rows = lanes.state.reshape(-1, ln.N_FIELDS, ln.LANES)[:, ln.V // ln.LANES]
            v[places.neuron[lane]] = rows.reshape(-1)[lane]
        return v

    # --- building lanes and routes ----------------------------------------------------------------

    def _hang(self, memory: Memory) -> None:
        """After a change of the backends' registers some neurons hang in their reset."""
        version = memory.version(("neuron_backend", "common_backend"))
        if version == self._backends:
            return
        self._backends = version
        if self._effects.stuck_reset:
            draw = np.abs(self._mismatch.draw("backend.stuck", (N_NEURONS,)))
            idle_ = (self.state.mode == ln.ARMED) & (draw > p.STUCK_SIGMAS)
            self.state.mode[idle_], self.state.timer[idle_] = ln.STUCK, ln.NEVER
            self._built = None

    def _build(self, memory: Memory, circuits: Circuits, watch: Watch, cycle: int) -> None:
        """Lanes and routes for the present registers, unless they are at hand."""
        key = (memory.version(NEURON_BLOCKS), id(circuits), *watch.key())
        if self._built != key:
            self._place(memory, circuits, watch, cycle)
            self._built, self._routed = key, None
        routing = memory.version((*ROUTING_BLOCKS, *DRIVER_BLOCKS))
        if self._routed != routing:
            self._route(memory, circuits, cycle)
            self._routed = routing

    def _place(self, memory: Memory, circuits: Circuits, watch: Watch, cycle: int) -> None:
        """Lanes for everyone whom somebody sees."""
        topology = cp.topology(memory.neurons())
        active = np.nonzero(topology.with_clusters(self._active(memory, circuits, watch)))[0]
        coupled = topology.cluster != cp.SINGLE
        kind = self._packer.kinds(circuits, coupled)
        self._align(circuits, kind)  # before there are other lanes
        self._places = places = place(active, kind)
        self._topology, self._circuits = topology, circuits
        self._share_charge(circuits, topology)
        lanes = self._packer.lanes(circuits, places, self.state.by_name())
        clusters = self._clusters(memory, circuits, topology, places, cycle)
        self._integration.load(
            lanes, clusters, self._readers(circuits, places, watch), circuits.capacitance, places,
            self._wires.connections(memory).network(places, self.state.logic),
        )  # fmt: skip
        self._note(topology, memory, cycle)

    def _align(self, c: Circuits, kind: Ints) -> None:
        """Bring lines to where the kernel has them in lanes of this `kind`."""
        state = self.state
        ahead = np.where(kind <= ln.ADAPTIVE, self._integration.ahead(state.step), 0)
        moved = np.nonzero(state.ahead != ahead)[0]
        for line, now, i in ((state.exc, state.exc_now, c.exc), (state.inh, state.inh_now, c.inh)):
            rate = self.step_cycles * p.CYCLE_S / i.tau[moved]
            line[moved] = now[moved] * line_decay(ahead[moved] * rate)
        state.ahead = ahead

    def _apply_fires(self, end: int) -> None:
        """Let neurons fire that a register made fire before cycle `end`."""
        later = []
        for cycle, neuron in self._fires:
            lane, tick = int(self._places.lane[neuron]), cycle * p.TICKS_PER_CYCLE
            if cycle >= end and end > 0 and lane >= 0:
                later.append((cycle, neuron))
            elif lane >= 0:
                self._integration.fire(lane, tick)
            elif self.state.mode[neuron] == ln.STUCK:
                self.state.mode[neuron] = ln.ARMED
        self._fires = later

    def _can_fire(self, memory: Memory, c: Circuits) -> Bools:
        able = np.asarray((_fires_by_itself(c) | self._by_register) & c.backend.fires)
        # Wires do not leave a block of columns, whose backends all count or none does.
        return self._wires.connections(memory).firing(able)

    def _active(self, memory: Memory, c: Circuits, watch: Watch) -> Bools:
        connections = self._wires.connections(memory)
        active = connections.sending(self._can_fire(memory, c))
        active &= c.backend.digital | watch.everyone
        active[watch.neuron] = True
        return connections.with_masters(np.asarray(active | watch.sampled))

    def _share_charge(self, c: Circuits, topology: cp.Topology) -> None:
        """What closing switches does to the charges on what they join."""
        if topology.n_clusters == 0:
            return
        line = cp.line_capacitance(self._effects)
        nodes = cp.share_charge(
            topology, c.capacitance, line, self.state.v.astype(float), self.state.line_v
        )
        self.state.v = nodes[topology.node].astype(np.float32)
        self.state.line_v = nodes[topology.line_node]

    def _clusters(
        self, memory: Memory, c: Circuits, topology: cp.Topology, places: Places, cycle: int
    ) -> Any:
        line = cp.line_capacitance(self._effects)
        bias = self.levels(memory, cycle).neurons["multicompartment_i_bias_nmda"]
        resistors = cp.resistors(memory.neurons(), bias, self._mismatch, self._effects)
        first = int(np.argmax(places.kind == ln.CLUSTER)) * ln.LANES
        lane = np.where(topology.cluster == cp.SINGLE, -1, places.lane - first)
        lane = np.where(places.lane < 0, -1, lane)
        clusters = cp.clusters(topology, lane, c.capacitance, line, resistors)
        nodes = np.zeros(topology.n_nodes)
        nodes[topology.line_node] = self.state.line_v
        nodes[topology.node] = self.state.v
        clusters.v[:] = nodes[clusters.group]
        return clusters

    def _note(self, topology: cp.Topology, memory: Memory, cycle: int) -> None:
        """Remarks about the configuration, each once."""
        levels = self.levels(memory, cycle)
        self._dead.note(levels, memory, cycle, self._log)
        bias = levels.neurons["multicompartment_i_bias_nmda"]
        for remark in cp.report(topology, bias) + self._wires.report(memory):
            if remark not in self._noted:
                self._noted.add(remark)
                self._log.note(cycle, *remark)

    def _readers(self, c: Circuits, places: Places, watch: Watch) -> ln.Readers:
        lane = places.lane[watch.neuron]
        order = np.argsort(lane, kind="stable")
        self._pair_row = np.argsort(order, kind="stable")
        lane, quantity = lane[order], watch.quantity[order]
        n = watch.neuron[order]
        zero = np.array([np.zeros(512), np.full(512, p.LINE_REST_V), np.full(512, p.LINE_REST_V),
                         c.adaptation.v_ref])  # fmt: skip
        slope = np.array([1.0, -c.exc.v_lin, -c.inh.v_lin, c.adaptation.v_lin])
        scale = np.stack([zero[quantity, n], slope[quantity]], axis=-1).reshape(-1, 2)
        first = np.searchsorted(lane, np.arange(places.kind.size + 1) * ln.LANES)
        fields = np.array([ln.AT[name] for name in ("v", "exc", "inh", "w")])[quantity]
        return ln.Readers(lane, fields, first.astype(np.int64), scale.astype(np.float32))

    def _route(self, memory: Memory, circuits: Circuits, cycle: int, missing: int = -1) -> None:
        drivers = self._decode_drivers(memory, cycle)
        routes = self.router.route(
            memory, circuits, self._drivers, drivers, self._places, cycle, missing
        )
        self._integration.connect(routes, self.router.queues, drivers)

    def _decode_drivers(self, memory: Memory, cycle: int) -> Drivers:
        levels = self.levels(memory, cycle)
        # Capacitors have followed what was written since then, though nobody looked.
        version, written = self._drivers_written
        drivers = self._drivers.decode(memory, levels, min(cycle, written))
        self._drivers_written = (version, _NEVER)
        return drivers

    # --- running ----------------------------------------------------------------------------------

    def _catch_up(self, step: int) -> None:
        """Bring the active lanes to `step`: integrate a short gap, jump over a long one."""
        at = self._places.neuron[self._places.used]
        own = np.full(at.size, self._step) if self._moved else self._state.step[at]
        self._moved = True
        oldest = int(own.min()) if at.size else step
        self._step = step
        if step - oldest <= p.IDLE_JUMP_CYCLES // self.step_cycles and np.all(own == oldest):
            self._step = oldest
        elif at.size:
            self._step = self._jump(step, own)
        self._integration.arm(self._step)
        while self._step < step:
            self._run(None, self._circuits, step, Watch.nobody())

    def _jump(self, step: int, own: Ints) -> int:
        """Put stale lanes at their resting state; return the step from which to integrate."""
        places = self._places
        adapts = bool(np.any(places.kind >= ln.ADAPTIVE))
        prelude = p.ADAPTIVE_PRELUDE_CYCLES if adapts else p.IDLE_PRELUDE_CYCLES
        prelude //= self.step_cycles
        stale = np.zeros(places.neuron.size, bool)
        stale[places.used] = own != step
        begin = max(step - prelude, 0) if np.all(own != step) else step
        gap = np.zeros(places.neuron.size, np.int64)
        lines = places.kind[places.used // ln.LANES] <= ln.ADAPTIVE
        further = self._integration.ahead(begin) - self._integration.ahead(own)
        gap[places.used] = np.maximum(begin - own + lines * further, 0)
        tick = begin * self.step_cycles * p.TICKS_PER_CYCLE
        firing = self._integration.jump(stale, gap, tick)
        return begin if firing else step

    def _run(
        self, memory: Memory | None, circuits: Circuits, until_step: int, watch: Watch
    ) -> list[Piece]:
        """Integrate to `until_step`, in as many kernel calls as logs and rows need."""
        pieces = []
        traces = DriverTraces(self._drivers, watch.drivers, self.step_cycles)
        while self._step < until_step:
            first = self._step
            result = self._integration.run(first, until_step)
            self._step = result.step
            if result.missing >= 0 and memory is not None:
                self._route(memory, circuits, self._step * self.step_cycles, result.missing)
            if self._step > first:
                neuron = self._places.neuron
                spikes = result.spike_tick, neuron[result.spike_lane]
                same = result.event_tick is result.spike_tick
                events = spikes if same else (result.event_tick, neuron[result.event_lane])
                trace, sent = result.trace[self._pair_row], Pulses(*result.pulses)
                if watch.drivers.size:
                    volts = traces.piece(sent.tick, sent.driver, first, trace.shape[1])
                    trace = np.concatenate([trace, volts])
                pieces.append(Piece(first, *spikes, *events, trace, sent))
        return pieces

    def _scatter(self) -> None:
        """Write the lanes' state back to the neurons they stand for."""
        state, integration = self._state, self._integration
        self._moved = False
        ahead = int(integration.ahead(self._step))
        state.take(integration.lanes, self._places, self._step, ahead)
        state.line_v = cp.line_voltages(self._topology, integration.clusters, state.line_v)
