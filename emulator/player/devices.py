"""Registers of FPGA and chip that act when touched and belong to no circuit of their own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from firmware_protocol import memory_map
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.coordinates import N_NEURONS
from firmware_protocol.registers import fpga
from firmware_protocol.registers.infrastructure import PPU_CONTROL

from ..device import Bools, Context, Ints, among

_ALL_NEURONS = np.arange(N_NEURONS)
_RESET_OF_NEURON = memory_map.neuron_reset_address(_ALL_NEURONS)
_NEURON_OF_RESET = {int(address): n for n, address in enumerate(_RESET_OF_NEURON)}
_QUADS = CONTAINERS["NeuronResetQuad"].all_addresses().astype(np.int64)[..., 0]
_N_QUADS, _N_ENTRIES, _N_COLUMNS = 64, 4, 256
_RESETS = np.sort(np.concatenate([_RESET_OF_NEURON, _QUADS.reshape(-1)]))

_TIMER = int(CONTAINERS["TimerReadout"].addresses()[0])
_LOW_WORD = 0xFFFFFFFF
_PPU_CONTROLS = CONTAINERS["PPUControlRegister"].all_addresses().astype(np.int64)[:, 0]
_PPU_NAMES = ("top", "bottom")


class EventRecording:
    """The FPGA's switch for spikes and samples: a `Device`.

    enabled  whether they are reported; the chip's reset line does not reach it
    """

    def __init__(self) -> None:
        self.enabled = False

    def claims(self, address: Ints) -> Bools:
        """EventRecordingConfig."""
        claimed: Bools = address == memory_map.EVENT_RECORDING_CONFIG
        return claimed

    def write(self, address: int, value: int, cycle: int, context: Context) -> None:
        """Switch."""
        bits = fpga.EVENT_RECORDING_CONFIG.decode(np.array([value], np.uint32))
        self.enabled = bool(bits["enable_event_recording"])

    def read(self, address: int, cycle: int, context: Context) -> int | None:
        """What the memory holds."""
        return None

    def reset(self) -> None:
        """It is the FPGA's."""


class Timer:
    """The FPGA's timer as a register: a `Device`.

    now  gives the timer's value at a cycle
    """

    changes_with_time = True

    def __init__(self) -> None:
        self.now: Callable[[int], int] = lambda cycle: cycle

    def claims(self, address: Ints) -> Bools:
        """TimerReadout."""
        claimed: Bools = address == _TIMER
        return claimed

    def write(self, address: int, value: int, cycle: int, context: Context) -> None:
        """Ignored: the timer is set by a message."""
        context.log.note(cycle, "timer", "write ignored: it is set by a timer setup message")

    def read(self, address: int, cycle: int, context: Context) -> int | None:
        """Cycles since the last timer setup, 32 bits."""
        return self.now(cycle) & _LOW_WORD

    def reset(self) -> None:
        """It is the FPGA's."""


class NeuronResets:
    """Registers that reset one neuron, or the four of a quad: a `Device`.

    fire  makes a neuron's backend see a spike at a cycle
    """

    def __init__(self, fire: Callable[[int, int], None]) -> None:
        self._fire = fire

    def claims(self, address: Ints) -> Bools:
        """NeuronReset and NeuronResetQuad."""
        return among(address, _RESETS)

    def write(self, address: int, value: int, cycle: int, context: Context) -> None:
        """Reset, whatever the value."""
        neuron = _NEURON_OF_RESET.get(address)
        for n in _neurons_of_quad(address) if neuron is None else (neuron,):
            self._fire(n, cycle)

    def read(self, address: int, cycle: int, context: Context) -> int | None:
        """Nothing of its own: the registers are write-only."""
        return None

    def reset(self) -> None:
        """There is nothing to reset."""


def _neurons_of_quad(address: int) -> list[int]:
    """AtomicNeurons of a NeuronResetQuad: column = 2 entry + 8 (quad % 32) + quad // 32."""
    half, quad = divmod(int(np.flatnonzero(_QUADS.reshape(-1) == address)[0]), _N_QUADS)
    half_quads = _N_QUADS // 2
    first = 2 * _N_ENTRIES * (quad % half_quads) + quad // half_quads
    return [half * _N_COLUMNS + first + 2 * entry for entry in range(_N_ENTRIES)]


class PlasticityProcessors:
    """The control registers of both processors: a `Device`.

    Their memories and status words are plain registers.  A processor whose inhibit_reset is 0 is
    held in reset, and no program runs if it is 1: the emulator has no processor.
    """

    def claims(self, address: Ints) -> Bools:
        """PPUControlRegister."""
        return among(address, _PPU_CONTROLS)

    def write(self, address: int, value: int, cycle: int, context: Context) -> None:
        """Say that nothing runs."""
        if PPU_CONTROL.decode(np.array([value], np.uint32))["inhibit_reset"]:
            name = _PPU_NAMES[int(np.flatnonzero(_PPU_CONTROLS == address)[0])]
            context.log.note(
                cycle, f"processor {name}", "is started, but programs of it are not emulated"
            )

    def read(self, address: int, cycle: int, context: Context) -> int | None:
        """What the memory holds."""
        return None

    def reset(self) -> None:
        """Its registers are in the memory."""


class ResetLine:
    """What the chip's reset line reaches and has no register of its own: a `Device`.

    resets  called in this order
    """

    def __init__(self, *resets: Callable[[], None]) -> None:
        self._resets = resets

    def claims(self, address: Ints) -> Bools:
        """No address."""
        return np.zeros(address.shape, bool)

    def write(self, address: int, value: int, cycle: int, context: Context) -> None:
        """It has no register."""

    def read(self, address: int, cycle: int, context: Context) -> int | None:
        """It has no register."""
        return None

    def reset(self) -> None:
        """Back to the state after power-on."""
        for reset in self._resets:
            reset()
