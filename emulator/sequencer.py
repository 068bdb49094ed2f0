"""Plays a program: gives messages their cycles and visits those that change the circuits.

Owns time, recording and the register image; holds no arithmetic of circuits.
"""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol import memory_map
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.coordinates import N_NEURONS
from firmware_protocol.decoder import encode_trace
from firmware_protocol.instructions import (
    BYTE_ENABLES,
    HALT,
    READ_BIT,
    Barrier,
    FromFpga,
    Messages,
    ToFpga,
)
from firmware_protocol.registers import fpga
from firmware_protocol.registers import readout as readout_registers

from . import parameters as p
from . import readout
from .analog import AnalogCore, AnalogState, Inputs, Piece, no_inputs
from .errors import EmulatorError
from .fanout import FIRST_LINK, Crossbar
from .jit import compiled
from .jtag import Tap
from .kernels.events import serialise
from .memory import Memory, power_on_image

_log = logging.getLogger("emulator")

Ints = npt.NDArray[np.int64]

# Plain integers: Numba freezes these into the compiled code.
_SETUP, _WAIT, _BARRIER = int(ToFpga.TIMER_SETUP), int(ToFpga.WAIT_UNTIL), int(ToFpga.BARRIER)
_ADDRESS, _DATA = int(ToFpga.OMNIBUS_ADDRESS), int(ToFpga.OMNIBUS_DATA)
_OMNIBUS_BARRIER = np.uint64(Barrier.OMNIBUS)
_READ = np.uint64(READ_BIT)
_READ_LATENCY = p.READ_LATENCY_CYCLES
_ALL_BYTES = np.uint64(BYTE_ENABLES)
_LOW_WORD = np.uint64(0xFFFFFFFF)

_ALL_NEURONS = np.arange(N_NEURONS)
_RESETS = np.sort(memory_map.neuron_reset_address(_ALL_NEURONS))
_NEURON_OF_RESET = {
    int(address): n for n, address in enumerate(memory_map.neuron_reset_address(_ALL_NEURONS))
}
_COUNTERS = np.sort(
    np.concatenate(
        [memory_map.spike_counter_address(_ALL_NEURONS, reset=reset) for reset in (False, True)]
    )
)


@compiled
def schedule(header, payload, start, timer_zero, cycle):  # type: ignore[no-untyped-def]
    """Fill the cycle of each message; return (cycle after the last, zero of the timer).

    A message takes one cycle.  WaitUntil(v) completes at max(now, zero + v).  An omnibus barrier
    completes once every read before it has been answered.
    """
    now, answered = start, start
    for i in range(header.size):
        if header[i] == _WAIT:
            now = max(now, timer_zero + np.int64(payload[i]))
        elif header[i] == _SETUP:
            timer_zero = now
        elif header[i] == _BARRIER and payload[i] & _OMNIBUS_BARRIER:
            now = max(now, answered)
        elif header[i] == _ADDRESS and payload[i] & _READ:
            answered = now + _READ_LATENCY
        cycle[i] = now
        now += 1
    return now, timer_zero


@dataclass
class State:
    """All that persists between programs."""

    memory: Memory = field(default_factory=lambda: Memory(power_on_image()))
    analog: AnalogState = field(default_factory=AnalogState)
    madc: readout.MadcState = field(default_factory=readout.MadcState)
    tap: Tap = field(default_factory=Tap)
    now: int = 0
    timer_zero: int = 0
    systime_zero: int = 0
    recording: bool = False

    def copy(self) -> State:
        """An independent copy."""
        return replace(
            self, memory=self.memory.copy(), analog=self.analog.copy(), tap=self.tap.copy()
        )


class Report(NamedTuple):
    """Something the FPGA reports: cycle of arrival, header, payload; (item,) each."""

    cycle: Ints
    kind: int
    payload: npt.NDArray[np.uint64]


def check(messages: Messages) -> None:
    """Refuse programs that cannot be played, before anything changes."""
    header, payload = messages.header, messages.payload
    is_write = (header == _ADDRESS) & ((payload & _READ) == 0)
    data = header == _DATA
    _refuse(data & ~np.concatenate([[False], is_write[:-1]]), "omnibus data without an address")
    _refuse(is_write & ~np.concatenate([data[1:], [False]]), "omnibus write without data")
    reads = (header == _ADDRESS) & ~is_write
    address = (payload & _LOW_WORD).astype(np.int64)
    counters = _among(address, _COUNTERS)
    _refuse(reads & counters, "spike counters are not emulated yet; record spikes instead")
    padi = (address == memory_map.PADI_EVENT[0]) | (address == memory_map.PADI_EVENT[1])
    _refuse(is_write & padi, "PADI events by register are not emulated yet; send spike labels")
    halts = np.nonzero((header == ToFpga.LOOPBACK) & (payload == HALT))[0]
    if not halts.size:
        raise EmulatorError(
            f"program of {header.size} words has no halt: append Program.halt() as its last message"
        )
    if halts[0] != header.size - 1:
        raise EmulatorError(
            f"word {int(halts[0])}: halt ends a program, but {header.size - 1 - int(halts[0])} "
            "words follow it; execute them as a program of their own"
        )


def _among(address: Ints, table: Ints) -> npt.NDArray[np.bool_]:
    """Which addresses are in a sorted table; quick if few lie in its range."""
    found = (address >= table[0]) & (address <= table[-1])
    found[found] = np.isin(address[found], table)
    return found


def _refuse(wrong: npt.NDArray[np.bool_], reason: str) -> None:
    if wrong.any():
        raise EmulatorError(f"word {int(np.argmax(wrong))}: {reason}")


class Player:
    """Plays one program on a state."""

    def __init__(self, state: State, core: AnalogCore, run_seed: int) -> None:
        self.state, self._core, self._seed = state, core, run_seed
        self._reports: list[Report] = []
        self._echoes: list[Report] = []
        self._systime_zeros = [(np.iinfo(np.int64).min, state.systime_zero)]
        self._spikes: list[tuple[Ints, Ints, Ints]] = []
        self._sent = no_inputs()

    def play(self, messages: Messages) -> npt.NDArray[np.uint64]:
        """Play checked messages; return the response words."""
        polls = np.nonzero(messages.header == ToFpga.POLLING_OMNIBUS_BLOCK)[0] + 1
        first, halt = 0, self.state.now
        for end in (*polls.tolist(), messages.header.size):
            if end > first:
                part = Messages(messages.header[first:end], messages.payload[first:end])
                halt = self._stretch(part, first)
            first = end
        return self._response(halt)

    def _stretch(self, messages: Messages, first: int) -> int:
        """Play messages up to a poll (or the end), `first` of them before; the last one's cycle."""
        header, payload = messages.header, messages.payload
        cycle = np.empty(header.size, np.int64)
        end, self.state.timer_zero = schedule(
            header, payload, self.state.now, self.state.timer_zero, cycle
        )
        new = _inputs(header, payload, cycle)
        self._sent = Inputs(*(np.concatenate(pair) for pair in zip(self._sent, new, strict=True)))
        self._core.begin(self._sent)
        self._walk(header, payload, cycle)
        self._loopbacks(header, payload, cycle)
        self.state.now = int(end)
        if header[-1] == ToFpga.POLLING_OMNIBUS_BLOCK:
            self._poll(bool(payload[-1]), first + header.size - 1)
        return int(cycle[-1])

    def _poll(self, expects_equality: bool, index: int) -> None:
        """Wait until a register has a value; time out if it has another.

        Nothing that can be read changes by itself in this version, so the first reading decides.
        """
        place = CONTAINERS["PollingOmnibusBlockConfig"]
        address, target, mask = (self.state.memory.read(int(a)) for a in place.addresses())
        self._refuse_read(address)
        if (self.state.memory.read(address) & mask == target) == expects_equality:
            self.state.now += _READ_LATENCY
            return
        timeout = self.state.memory.read(int(CONTAINERS["InstructionTimeoutConfig"].addresses()[0]))
        self._advance(self.state.now + timeout)
        _log.debug("message %d: polling %#x timed out", index, address)
        payload = np.array([index], np.uint64)
        at = np.array([self.state.now], np.int64)
        self._reports.append(Report(at, FromFpga.TIMEOUT_NOTIFICATION, payload))

    @staticmethod
    def _refuse_read(address: int) -> None:
        if _among(np.array([address]), _COUNTERS)[0]:
            raise EmulatorError(
                f"polling {address:#x}: spike counters are not emulated yet; record spikes instead"
            )

    # --- actions ----------------------------------------------------------------------------------

    def _walk(
        self, header: npt.NDArray[np.uint8], payload: npt.NDArray[np.uint64], cycle: Ints
    ) -> None:
        """Visit actions in order; plain writes between two of them are applied in one go."""
        is_read = (header == _ADDRESS) & ((payload & _READ) != 0)
        writes = np.nonzero((header == _ADDRESS) & ~is_read)[0]
        address = (payload[writes] & _LOW_WORD).astype(np.uint32)
        special = _is_special(address.astype(np.int64))
        special |= (payload[writes] & _ALL_BYTES) != _ALL_BYTES
        actions = np.concatenate(
            [
                writes[special],
                np.nonzero(is_read & ~np.concatenate([[False], is_read[:-1]]))[0],
                np.nonzero((header == ToFpga.RESET) | (header == ToFpga.SYSTIME_INIT))[0],
                np.nonzero(header <= ToFpga.JTAG_DATA)[0],
            ]
        )
        actions.sort()
        plain, plain_address = writes[~special], address[~special]
        values = (payload[plain + 1] & _LOW_WORD).astype(np.uint32)
        bounds = np.searchsorted(plain, actions)
        first = 0
        for action, bound in zip(actions.tolist(), bounds.tolist(), strict=True):
            part = slice(first, bound)
            self._write(cycle[plain[part]] + 1, plain_address[part], values[part])
            first = bound
            self._act(action, header, payload, cycle, is_read)
        rest = slice(first, None)
        self._write(cycle[plain[rest]] + 1, plain_address[rest], values[rest])
        self._advance(int(cycle[-1]))

    def _act(self, i: int, header: npt.NDArray[np.uint8], payload: npt.NDArray[np.uint64],
             cycle: Ints, is_read: npt.NDArray[np.bool_]) -> None:  # fmt: skip
        if header[i] == ToFpga.RESET:
            self._advance(int(cycle[i]))
            if payload[i]:
                self._reset()
        elif header[i] == ToFpga.SYSTIME_INIT:
            self.state.systime_zero = int(cycle[i])
            self._systime_zeros.append((int(cycle[i]), int(cycle[i])))
        elif header[i] <= ToFpga.JTAG_DATA:
            self._jtag(int(header[i]), int(payload[i]), int(cycle[i]))
        elif is_read[i]:
            last = i + int(np.argmin(np.append(is_read[i:], False)))
            self._read(payload[i:last], cycle[i:last])
        else:
            address, value = int(payload[i] & _LOW_WORD), int(payload[i + 1])
            enabled = int(payload[i] & _ALL_BYTES) >> 32
            if enabled != 0xF:
                mask = sum(0xFF << 8 * k for k in range(4) if enabled >> k & 1)
                value = value & mask | self.state.memory.read(address) & ~mask
            self._write_one(address, value, int(cycle[i]) + 1)

    def _reset(self) -> None:
        """The chip's reset line: registers to their defaults, converter off."""
        self.state.memory.reset()
        self.state.madc = readout.MadcState()
        self.state.tap = Tap()

    def _jtag(self, header: int, payload: int, cycle: int) -> None:
        """A message to the chip's JTAG port."""
        tap = self.state.tap
        if header == ToFpga.JTAG_INIT:
            tap.instruction = Tap().instruction
        elif header == ToFpga.JTAG_INSTRUCTION:
            tap.instruction = payload
        elif header == ToFpga.JTAG_DATA:
            n_bits, keep = payload >> 40 & 0xFF, payload >> 48 & 1
            out = tap.shift(
                payload & (1 << 40) - 1,
                n_bits,
                self.state.memory.read,
                lambda address, value: self._write_one(address, value, cycle),
            )
            if keep:
                at = np.array([cycle + _READ_LATENCY], np.int64)
                self._reports.append(Report(at, FromFpga.JTAG_DATA, np.array([out], np.uint64)))

    def _write_one(self, address: int, value: int, cycle: int) -> None:
        """Write one register, whichever kind it is."""
        if _is_special(np.array([address]))[0]:
            self._control(address, value, cycle)
        else:
            word = np.array([value], np.uint32)
            self._write(np.array([cycle]), np.array([address], np.uint32), word)

    def _read(self, payload: npt.NDArray[np.uint64], cycle: Ints) -> None:
        words = [self.state.memory.read(int(a)) for a in payload & _LOW_WORD]
        arrival = cycle + p.READ_LATENCY_CYCLES
        self._reports.append(Report(arrival, FromFpga.OMNIBUS_DATA, np.array(words, np.uint64)))

    def _control(self, address: int, value: int, cycle: int) -> None:
        """Write a register that triggers something."""
        self._advance(cycle)
        state = self.state
        state.memory.others[address] = value
        word = np.array([value], np.uint32)
        if address == memory_map.EVENT_RECORDING_CONFIG:
            bits = fpga.EVENT_RECORDING_CONFIG.decode(word)
            state.recording = bool(bits["enable_event_recording"])
        elif address == memory_map.MADC_CONTROL:
            bits = readout_registers.MADC_CONTROL.decode(word)
            state.madc = readout.control(state.madc, bits, state.memory, cycle, self._seed)
        elif not self._core.fire(_NEURON_OF_RESET[address], cycle):
            _log.debug("neuron reset at %#x, cycle %d: seen by nobody", address, cycle)

    def _write(
        self, cycle: Ints, address: npt.NDArray[np.uint32], value: npt.NDArray[np.uint32]
    ) -> None:
        """Plain register writes: at once while nobody looks, else each in its own time step."""
        if not address.size:
            return
        memory = self.state.memory
        if self._observing and memory.changes(address, value):
            step = cycle // self._core.step_cycles
            bounds = [0, *(np.nonzero(np.diff(step))[0] + 1).tolist(), address.size]
            for a, b in itertools.pairwise(bounds):
                if memory.changes(address[a:b], value[a:b]):
                    self._advance(int(cycle[a]))
                    memory.write(address[a:b], value[a:b])
        else:
            memory.write(address, value)

    # --- time -------------------------------------------------------------------------------------

    @property
    def _observing(self) -> bool:
        return self.state.recording or self.state.madc.sampling

    def _advance(self, cycle: int) -> None:
        """Let time pass until `cycle`."""
        start = self.state.now
        self.state.now = cycle
        span = (start, cycle) if self._observing else self._core.busy_span(start, cycle)
        if span is None or cycle <= start:
            return
        memory = self.state.memory
        sampling = self.state.madc.sampling
        seen = (
            readout.readers(memory, self._core.circuits(memory))
            if sampling
            else np.empty(0, np.int64)
        )
        pieces = self._core.integrate(memory, seen, *span)
        for piece in pieces:
            self._collect(piece, cycle)
        if self.state.recording:
            self._report_spikes(pieces, *span)

    def _collect(self, piece: Piece, end: int) -> None:
        if not self.state.madc.sampling:
            return
        scale = self._core.madc_scale()
        self.state.madc, samples = readout.sample(
            self.state.madc, piece, self._core.step_cycles, scale, self._seed, end
        )
        payload = _with_timestamp(samples.tick, samples.code)
        arrival = samples.tick // p.TICKS_PER_CYCLE + p.CHIP_TO_FPGA_CYCLES
        self._reports.append(Report(arrival, FromFpga.MADC_PACK_1, payload))

    def _report_spikes(self, pieces: list[Piece], start: int, end: int) -> None:
        """Neuron spikes and echoed FPGA events that leave the chip through its links."""
        memory = self.state.memory
        crossbar, circuits = Crossbar(memory), self._core.circuits(memory)
        neuron = np.concatenate([piece.spike_neuron for piece in pieces] or [np.empty(0, np.int64)])
        tick = np.concatenate([piece.spike_tick for piece in pieces] or [np.empty(0, np.int64)])
        label = circuits.label[neuron]
        sent = self._core.inputs
        due = sent.cycle + p.FPGA_TO_FPGA_CYCLES
        back = (due >= start) & (due < end)
        self._emit(crossbar, neuron % 256 // 32, label, tick)
        self._emit(crossbar, sent.input[back], sent.label[back], due[back] * p.TICKS_PER_CYCLE)

    def _emit(self, crossbar: Crossbar, input_: Ints, label: Ints, tick: Ints) -> None:
        if tick.size:
            event, link = np.nonzero(crossbar.links(input_, label))
            self._spikes.append((tick[event], link.astype(np.int64), label[event]))

    # --- response ---------------------------------------------------------------------------------

    def _loopbacks(
        self, header: npt.NDArray[np.uint8], payload: npt.NDArray[np.uint64], cycle: Ints
    ) -> None:
        ticks = (header == ToFpga.LOOPBACK) & (payload != HALT)
        self._reports.append(Report(cycle[ticks], FromFpga.LOOPBACK, payload[ticks]))

    def _link_spikes(self) -> None:
        """Arbitrate the links: one event per cycle each, stamped when it leaves."""
        if not self._spikes:
            return
        tick, link, label = (np.concatenate(part) for part in zip(*self._spikes, strict=True))
        order = np.argsort(tick, kind="stable")
        tick, link, label = tick[order], link[order], label[order]
        ready = tick // p.TICKS_PER_CYCLE
        leaves = serialise(ready, link, np.zeros(4, np.int64))
        stamp = tick + (leaves - ready) * p.TICKS_PER_CYCLE
        payload = _with_timestamp(stamp, link << 14 | label)
        self._reports.append(Report(leaves + p.CHIP_TO_FPGA_CYCLES, FromFpga.SPIKE_PACK_1, payload))

    def _response(self, halt: int) -> npt.NDArray[np.uint64]:
        """All reports up to the halt, in order of arrival, as words."""
        self._link_spikes()
        answers = (FromFpga.OMNIBUS_DATA, FromFpga.JTAG_DATA)
        answered = [r.cycle[-1] for r in self._reports if r.kind in answers]
        last = max([halt, *answered])
        cycle = np.concatenate([r.cycle for r in self._reports])
        kind = np.concatenate([np.full(r.cycle.size, r.kind, np.uint8) for r in self._reports])
        payload = np.concatenate([r.payload for r in self._reports])
        order = np.argsort(cycle, kind="stable")
        order = order[cycle[order] <= last]
        cycle, kind, payload = (
            np.append(cycle[order], last),
            np.append(kind[order], np.uint8(FromFpga.LOOPBACK)),
            np.append(payload[order], np.uint64(HALT)),
        )
        return self._encode(cycle, kind, payload)

    def _encode(
        self, cycle: Ints, kind: npt.NDArray[np.uint8], payload: npt.NDArray[np.uint64]
    ) -> npt.NDArray[np.uint64]:
        """Express times by the FPGA's counter, which SystimeInit sets to zero, and encode."""
        since = np.array([at for at, _ in self._systime_zeros])
        zeros = np.array([zero for _, zero in self._systime_zeros])
        zero = zeros[np.searchsorted(since, cycle, side="right") - 1]
        timed = kind >= FromFpga.MADC_PACK_1
        stamp = (payload >> np.uint64(16)).astype(np.int64) - zero * p.TICKS_PER_CYCLE
        stamped = (stamp & 0xFF).astype(np.uint64) << np.uint64(16) | payload & np.uint64(0xFFFF)
        return encode_trace(cycle - zero, kind, np.where(timed, stamped, payload))


def _with_timestamp(tick: Ints, value: Ints) -> npt.NDArray[np.uint64]:
    """Event payload with its whole chip tick above the value; shortened to 8 bits when encoded."""
    return tick.astype(np.uint64) << np.uint64(16) | value.astype(np.uint64)


def _is_special(address: Ints) -> npt.NDArray[np.bool_]:
    """Which addresses trigger something when written."""
    control = (address == memory_map.EVENT_RECORDING_CONFIG) | (address == memory_map.MADC_CONTROL)
    return control | _among(address, _RESETS)


def _inputs(header: npt.NDArray[np.uint8], payload: npt.NDArray[np.uint64], cycle: Ints) -> Inputs:
    """Events of all spike packs, in order."""
    packs = np.nonzero(header >= ToFpga.SPIKE_PACK_1)[0]
    count = header[packs].astype(np.int64) - ToFpga.SPIKE_PACK_1 + 1
    pack = np.repeat(packs, count)
    position = np.arange(pack.size) - np.repeat(np.cumsum(count) - count, count)
    shift = 16 * (np.repeat(count, count) - 1 - position)
    label = (payload[pack] >> shift.astype(np.uint64)).astype(np.int64) & 0xFFFF
    return Inputs(cycle[pack], FIRST_LINK + (label >> 14), label & 0x3FFF)
