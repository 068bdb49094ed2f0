"""The analog core: integrates the neurons that an observer could see, and nothing else.

Owns the state of all 512 circuits and the events on their way.  Knows registers only through
`Circuits` and `Fanout`; knows nothing of words, messages or recording.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol.coordinates import N_NEURONS

from . import fanout
from . import parameters as p
from .circuits import CircuitModel, Circuits
from .errors import EmulatorError
from .fanout import Crossbar
from .kernels import events as event_kernels
from .kernels import idle, neurons
from .kernels import lanes as ln
from .memory import NEURON_BLOCKS, ROUTING_BLOCKS, Memory
from .mismatch import Mismatch

_log = logging.getLogger("emulator")

Ints = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]

_QUEUE = 1 << 14
_SPIKE_LOG = 1 << 16
_NEVER_INTEGRATED = -(1 << 60)


@dataclass
class AnalogState:
    """What the circuits hold, per AtomicNeuron, how far each was integrated; waiting events."""

    v: F32 = field(default_factory=lambda: np.zeros(N_NEURONS, np.float32))
    exc: F32 = field(default_factory=lambda: np.zeros(N_NEURONS, np.float32))
    inh: F32 = field(default_factory=lambda: np.zeros(N_NEURONS, np.float32))
    mode: Ints = field(default_factory=lambda: np.full(N_NEURONS, ln.ARMED))
    timer: Ints = field(default_factory=lambda: np.full(N_NEURONS, ln.NEVER))
    end: Ints = field(default_factory=lambda: np.zeros(N_NEURONS, np.int64))
    spikes: Ints = field(default_factory=lambda: np.zeros(N_NEURONS, np.int64))
    step: Ints = field(default_factory=lambda: np.full(N_NEURONS, _NEVER_INTEGRATED))
    queues: ln.Queues = field(default_factory=lambda: ln.new_queues(_QUEUE))

    def copy(self) -> AnalogState:
        """An independent copy."""
        arrays = {name: getattr(self, name).copy() for name in _PER_NEURON}
        queues = ln.Queues(*(array.copy() for array in self.queues))
        return replace(self, **arrays, queues=queues)


_PER_NEURON = ("v", "exc", "inh", "mode", "timer", "end", "spikes", "step")
_LINE_FIELDS = (("v", ln.V), ("exc", ln.EXC), ("inh", ln.INH))


class Piece(NamedTuple):
    """What happened in an integrated piece of time.

    spike_tick, spike_neuron   (spike,) of neurons with digital output
    trace                      (step + 1,) V on the readout line at first_step, first_step + 1, ...
    """

    first_step: int
    spike_tick: Ints
    spike_neuron: Ints
    trace: F32


class Inputs(NamedTuple):
    """Events from the FPGA, (event,): cycle sent (not falling), crossbar input, 14-bit label."""

    cycle: Ints
    input: Ints
    label: Ints


def no_inputs() -> Inputs:
    """No events at all."""
    return Inputs(*(np.empty(0, np.int64) for _ in range(3)))


class AnalogCore:
    """Integrates on demand; `state` is what persists."""

    def __init__(self, mismatch: Mismatch, *, run_seed: int, step_cycles: int) -> None:
        self._mismatch, self._model = mismatch, CircuitModel(mismatch)
        self._key, self.step_cycles = np.uint64(run_seed), step_cycles
        self._warned: dict[str, tuple[int, ...]] = {}
        self.state = AnalogState()
        self.inputs = no_inputs()
        self._built: tuple[object, ...] | None = None
        self._decoded: tuple[object, Circuits] | None = None

    def circuits(self, memory: Memory) -> Circuits:
        """Circuit parameters for the present registers."""
        version = memory.version(NEURON_BLOCKS)
        if self._decoded is None or self._decoded[0] != version:
            self._decoded = version, self._model.decode(memory)
        return self._decoded[1]

    def madc_scale(self) -> tuple[float, float]:
        """(volts per LSB, code at 0 V) of this chip's MADC."""
        return self._model.madc_scale()

    def begin(self, inputs: Inputs) -> None:
        """Start a program: its events replace the previous program's."""
        self.inputs, self._built, self._decoded = inputs, None, None

    def busy_span(self, start: int, end: int) -> tuple[int, int] | None:
        """Part of [start, end) [cycles] in which events reach synapses, if any."""
        due = self.inputs.cycle + p.FPGA_TO_SYNAPSE_CYCLES
        hits = due[(due >= start) & (due < end)]
        if event_kernels.has_pending(self.state.queues):
            return start, min(end, (int(hits[-1]) if hits.size else start) + self.step_cycles)
        return (int(hits[0]), min(end, int(hits[-1]) + self.step_cycles)) if hits.size else None

    def integrate(self, memory: Memory, readers: Ints, start: int, end: int) -> list[Piece]:
        """Integrate from cycle `start` to `end`, both rounded down to whole steps.

        readers  AtomicNeurons connected to the readout line
        Time before `start` that has not been integrated is caught up, or jumped if long.
        """
        first, last = start // self.step_cycles, end // self.step_cycles
        self._build(memory, readers, first)
        self._catch_up(first)
        pieces = []
        chunk = max(p.CHUNK_CYCLES // self.step_cycles, 1)
        while self._step < last:
            pieces.extend(self._run(min(last, self._step + chunk)))
        self._scatter()
        return pieces

    def fire(self, neuron: int, cycle: int) -> bool:
        """Make a neuron's backend see a spike at `cycle`; False if nothing observes that neuron."""
        if self._built is None or neuron not in self._neurons:
            return False
        lane = int(np.nonzero(self._neurons == neuron)[0][0])
        if not np.isfinite(self._lanes.threshold[lane]):
            return False
        clock = int(self._lanes.clock[lane])
        self.state.mode[neuron] = ln.PENDING
        self.state.timer[neuron] = -(-cycle * p.TICKS_PER_CYCLE // clock) * clock
        self._built = None
        return True

    # --- building lanes and routes ----------------------------------------------------------------

    def _build(self, memory: Memory, readers: Ints, step: int) -> None:
        key = (memory.version(NEURON_BLOCKS), memory.version(ROUTING_BLOCKS), readers.tobytes())
        if self._built == key:
            return
        circuits = self.circuits(memory)
        spiking = np.isfinite(circuits.threshold) & circuits.digital
        spiking[readers] = True
        active = np.nonzero(spiking)[0]
        self._warn(memory, circuits, active)
        self._neurons = np.full(max(-(-active.size // ln.LANES), 1) * ln.LANES, -1)
        self._neurons[: active.size] = active
        self._n_active, self._circuits = active.size, circuits
        self._gather(circuits)
        self._route(memory, circuits, step)
        self._readers = np.searchsorted(active, readers)
        self._sources = circuits.readout_source[readers]
        self._built = key

    def _warn(self, memory: Memory, circuits: Circuits, active: Ints) -> None:
        """Say once per configuration which circuits in use are on but not emulated."""
        found = {circuit: active[flags[active]] for circuit, flags in circuits.enabled.items()}
        drivers = memory.block("synapse_drivers")
        plastic = (drivers["enable_receiver"] != 0) & (drivers["enable_stp"] != 0)
        self._warn_of("short-term plasticity", "synapse driver(s)", np.nonzero(plastic.ravel())[0])
        for circuit, neurons_ in found.items():
            self._warn_of(circuit, "neuron(s)", neurons_)

    def _warn_of(self, circuit: str, kind: str, where: Ints) -> None:
        affected = tuple(where.tolist())
        if affected and self._warned.get(circuit) != affected:
            shown = ", ".join(map(str, affected[:8])) + (", ..." if len(affected) > 8 else "")
            _log.warning(
                "%s enabled at %s %s, but not emulated yet: integrated without it",
                circuit,
                kind,
                shown,
            )
        self._warned[circuit] = affected

    def _spread(self, values: npt.NDArray[Any], rest: float) -> npt.NDArray[Any]:
        """Values (512,) of the active neurons by lane; `rest` in the padding."""
        out = np.full(self._neurons.size, rest, dtype=values.dtype)
        out[: self._n_active] = values[self._neurons[: self._n_active]]
        return out

    def _otas(self, circuits: Circuits) -> list[F32]:
        """Leak and reset OTA by lane: target, I_max / C, 1 / V_lin."""
        return [
            np.stack(
                [
                    self._spread(ota.target, 0.0),
                    self._spread(ota.conductance * ota.v_lin / circuits.capacitance, 0.0),
                    self._spread(1 / ota.v_lin, 1.0),
                ]
            ).astype(np.float32)
            for ota in (circuits.leak, circuits.reset)
        ]

    def _fields(self, circuits: Circuits, ota: F32) -> F32:
        """Blocks of all active neurons; thresholds are disarmed, decay factors still missing."""
        per_c = 1 / circuits.capacitance
        fields: dict[int, npt.NDArray[Any]] = {
            ln.V: self.state.v,
            ln.EXC: self.state.exc,
            ln.INH: self.state.inh,
            ln.EXC_SLOPE: circuits.exc.i_max * per_c,
            ln.EXC_OFFSET: circuits.exc.offset,
            ln.INH_SLOPE: circuits.inh.i_max * per_c,
            ln.INH_OFFSET: circuits.inh.offset,
            ln.OFFSET: circuits.offset_current * per_c,
        }
        blocks = np.zeros((self._neurons.size // ln.LANES, ln.N_FIELDS, ln.LANES), np.float32)
        for offset, values in fields.items():
            blocks[:, offset // ln.LANES] = self._spread(values, 0.0).reshape(-1, ln.LANES)
        for k in range(3):
            blocks[:, ln.TARGET // ln.LANES + k] = ota[k].reshape(-1, ln.LANES)
        for offset in (ln.EXC_ADD, ln.INH_ADD):
            blocks[:, offset // ln.LANES] = ln.NO_DROP_V
        blocks[:, ln.THRESHOLD // ln.LANES] = np.inf
        return blocks.reshape(-1)

    def _gather(self, circuits: Circuits) -> None:
        """Fill the lanes of all active neurons from circuit parameters and state."""
        size, state = self._neurons.size, self.state
        self._tau = np.stack([self._spread(i.tau, np.inf) for i in (circuits.exc, circuits.inh)])
        leak, reset = self._otas(circuits)
        mode = self._spread(state.mode, ln.ARMED)
        self._lanes = ln.Lanes(
            state=self._fields(circuits, np.where(mode == ln.RESET, reset, leak)),
            leak=leak,
            reset=reset,
            rate=np.zeros((2, size), np.float32),
            partial=np.zeros(size * self.step_cycles * 4, np.float32),
            arrived=np.zeros((self.step_cycles, 2 * size), np.float32),
            threshold=self._spread(circuits.threshold, np.inf).astype(np.float32),
            mode=mode,
            timer=self._spread(state.timer, ln.NEVER),
            due=np.zeros(size // ln.LANES, np.int64),
            end=self._spread(state.end, 0),
            clock=self._spread(circuits.clock, 2),
            refractory=self._spread(circuits.refractory, 2),
            hold=self._spread(circuits.hold, 0),
            spikes=self._spread(state.spikes, 0),
            neuron=self._neurons,
        )
        idle.line_weights(
            self._tau,
            self.step_cycles * p.CYCLE_S,
            self.step_cycles,
            self._lanes.state,
            self._lanes.rate,
            self._lanes.partial,
        )

    def _route(self, memory: Memory, circuits: Circuits, step: int) -> None:
        """Walk the crossbar for all events that can still occur and tabulate what they do."""
        crossbar = Crossbar(memory)
        due = self.inputs.cycle + p.FPGA_TO_SYNAPSE_CYCLES
        coming = due >= step * self.step_cycles
        input_, label = self.inputs.input[coming], self.inputs.label[coming]
        event, bus = np.nonzero(crossbar.buses(input_, label))
        reached = np.zeros((2, self._neurons.size), np.int64) - 1
        n, labels = self._neurons[: self._n_active], np.zeros(self._neurons.size, np.int64)
        labels[: self._n_active] = circuits.label[n]
        output = n % 256 // 32
        for k in range(2):
            target = 4 * k + output % 4
            passes = np.zeros(n.size, bool)
            for candidate in range(4 * k, 4 * k + 4):
                here = target == candidate
                passes[here] = crossbar.passes(output[here], circuits.label[n][here], candidate)
            reached[k, : n.size] = np.where(passes & circuits.digital[n], target, -1)
        keys = [
            fanout.bus_keys(bus, label[event]),
            *(fanout.bus_keys(r[r >= 0], labels[r >= 0]) for r in reached),
            self._pending_keys(),
        ]
        table = fanout.build(memory, circuits, self._mismatch, self._neurons, np.concatenate(keys))
        self._routes = ln.Routes(
            input_cycle=due[coming][event],
            input_bus=bus.astype(np.int64),
            input_label=label[event] % event_kernels.LABELS,
            row_of=table.row_of,
            drops=table.drops,
            neuron_bus=reached,
            neuron_label=labels,
        )
        self._next_input = 0

    def _pending_keys(self) -> Ints:
        queues = self.state.queues
        first, last = queues.delayed_ends
        delayed = queues.delayed[np.arange(first, last) % len(queues.delayed)]
        keys = [fanout.bus_keys(delayed[:, 1], delayed[:, 2])]
        for bus in range(fanout.N_BUSES):
            first, last = queues.fifo_ends[bus]
            label = queues.fifo[bus, np.arange(first, last) % queues.fifo.shape[1], 1]
            keys.append(fanout.bus_keys(np.full(label.size, bus), label))
        return np.concatenate(keys)

    # --- time -------------------------------------------------------------------------------------

    def _catch_up(self, step: int) -> None:
        """Bring the active lanes to `step`: integrate a short gap, jump over a long one."""
        n, at = self._n_active, self._neurons[: self._n_active]
        own = self.state.step[at]
        oldest = int(own.min()) if n else step
        if step - oldest <= p.IDLE_JUMP_CYCLES // self.step_cycles and np.all(own == oldest):
            self._step = oldest
        else:
            start = self._jump(step, own)
            self._step = start
        self._arm()
        while self._step < step:
            self._run(step)  # nobody was looking

    def _jump(self, step: int, own: Ints) -> int:
        """Put stale lanes at their resting state; return the step from which to integrate."""
        stale = np.zeros(self._neurons.size, bool)
        stale[: own.size] = own != step
        prelude = p.IDLE_PRELUDE_CYCLES // self.step_cycles
        begin = max(step - prelude, 0) if np.all(stale[: own.size]) else step
        gap_s = np.zeros(self._neurons.size)
        gap_s[: own.size] = (begin - own) * (self.step_cycles * p.CYCLE_S)
        tick = begin * self.step_cycles * p.TICKS_PER_CYCLE
        firing = idle.jump(self._lanes, stale, self._tau, np.maximum(gap_s, 0.0), tick, self._key)
        return begin if firing else step

    def _arm(self) -> None:
        """Give armed lanes their present threshold, and blocks their earliest timer."""
        self._lanes.due[:] = self._lanes.timer.reshape(-1, ln.LANES).min(axis=1)
        block_steps = max(p.NOISE_BLOCK_CYCLES // self.step_cycles, 1)
        neurons.redraw_thresholds(
            self._lanes, self._neurons.size, self._step // block_steps, self._key
        )

    def _run(self, until_step: int) -> list[Piece]:
        """Integrate to `until_step`, in as many kernel calls as the spike log needs."""
        log = max(_SPIKE_LOG, 8 * self._neurons.size * self.step_cycles)
        pieces, status = [], neurons.SPIKE_LOG_FULL
        while status != neurons.DONE:
            out = ln.Output(
                spike_tick=np.empty(log, np.int64),
                spike_lane=np.empty(log, np.int64),
                trace=np.empty(until_step - self._step + 1, np.float32),
            )
            cursor = np.zeros(event_kernels.N_CURSOR, np.int64)
            cursor[neurons.STEP], cursor[event_kernels.NEXT_INPUT] = self._step, self._next_input
            first = self._step
            status = neurons.advance(
                self._lanes,
                self._routes,
                self.state.queues,
                out,
                cursor,
                until_step,
                self.step_cycles,
                self._key,
                self._readers,
                self._sources,
            )
            self._step = int(cursor[neurons.STEP])
            self._next_input = int(cursor[event_kernels.NEXT_INPUT])
            if status == neurons.BUS_OVERFLOW:
                raise EmulatorError(
                    f"PADI bus {int(cursor[neurons.FULL_BUS])}: more than {_QUEUE} events wait for "
                    f"it at cycle {self._step * self.step_cycles}; a bus takes one event per 8 ns "
                    "and losses are not emulated yet: send fewer events or use other buses"
                )
            pieces.append(self._piece(first, out, int(cursor[neurons.N_SPIKES])))
        return pieces

    def _piece(self, first: int, out: ln.Output, n_spikes: int) -> Piece:
        neuron = self._neurons[out.spike_lane[:n_spikes]]
        digital = self._circuits.digital[neuron]
        return Piece(
            first_step=first,
            spike_tick=out.spike_tick[:n_spikes][digital],
            spike_neuron=neuron[digital],
            trace=out.trace[: self._step - first + 1],
        )

    def _scatter(self) -> None:
        """Write the lanes' state back to the neurons they stand for."""
        n, at = self._n_active, self._neurons[: self._n_active]
        blocks = self._lanes.state.reshape(-1, ln.N_FIELDS, ln.LANES)
        for name, offset in _LINE_FIELDS:
            getattr(self.state, name)[at] = blocks[:, offset // ln.LANES].reshape(-1)[:n]
        for name in ("mode", "timer", "end", "spikes"):
            getattr(self.state, name)[at] = getattr(self._lanes, name)[:n]
        self.state.step[at] = self._step
