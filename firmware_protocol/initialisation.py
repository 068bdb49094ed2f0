"""From power-on to a chip that can be configured: clocks, links, time, references, memory timing.

The order and the waiting times are the vendor's (``docs/reference/words.md``, "Initialisation").
What is written is a :class:`SystemConfig`; a :class:`~firmware_protocol.ChipConfig` comes after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from . import jtag, spi
from .catalogue import CONTAINERS
from .chip_config import Group
from .instructions import CYCLES_PER_US, Barrier
from .layout import IntArray
from .program import Program

RESET_CYCLES = 10
AFTER_RESET_CYCLES = 100
LINK_SETTLE_CYCLES = 100 * CYCLES_PER_US
REFERENCE_RESET_CYCLES = 1000
BOARD_SETTLE_CYCLES = 1000 * CYCLES_PER_US

GROUPS: dict[str, str] = {
    "instruction_timeout": "InstructionTimeoutConfig",
    "jtag_clock_scaler": "JTAGClockScaler",
    "adplls": "ADPLL",
    "clock_outputs": "PLLClockOutputBlock",
    "phys_fpga": "PhyConfigFPGA",
    "phys_chip": "PhyConfigChip",
    "common_phy_fpga": "CommonPhyConfigFPGA",
    "common_phy_chip": "CommonPhyConfigChip",
    "systime_base": "SystimeSyncBase",
    "systime_sync": "SystimeSync",
    "event_recording": "EventRecordingConfig",
    "reference_generator": "ReferenceGeneratorConfig",
    "neuron_timing": "NeuronSRAMTimingConfig",
    "backend_timing": "NeuronBackendSRAMTimingConfig",
    "capmem_timing": "CapMemSRAMTimingConfig",
    "driver_timing": "SynapseDriverSRAMTimingConfig",
    "cadc_timing": "CADCOffsetSRAMTimingConfig",
}
"""Group of a :class:`SystemConfig` -> its container."""

TIMINGS = ("neuron_timing", "backend_timing", "capmem_timing", "driver_timing", "cadc_timing")


@dataclass(frozen=True)
class Board:
    """What the chip's carrier board is told: power switches, and the voltages of its DACs.

    shift_register  fields of the ShiftRegister container that differ from the defaults
    dac_values      (2 DACs, 8 channels) int [LSB of 12 bits], in the order of the channels' names
    """

    shift_register: dict[str, int]
    dac_values: IntArray


class SystemConfig:
    """Clocks, links, time, references and memory timing; a new one holds the vendor's defaults.

    One group of arrays per container (:data:`GROUPS`), shaped like its coordinate:
    ``system.adplls.loop_div_n`` is (2,).  ``event_recording`` starts on, as the vendor's software
    has it.
    """

    def __init__(self) -> None:
        self._groups = {
            name: Group(name, CONTAINERS[container].register.defaults(CONTAINERS[container].shape))
            for name, container in GROUPS.items()
        }
        self._groups["event_recording"].enable_event_recording = 1

    def __getattr__(self, name: str) -> Group:
        try:
            return self.__dict__["_groups"][name]
        except KeyError:
            raise AttributeError(
                f"SystemConfig has no group {name!r}; it has {sorted(GROUPS)}"
            ) from None

    def groups(self) -> Iterator[tuple[str, Group]]:
        """The groups by name."""
        return iter(self._groups.items())

    def words(self, group: str) -> IntArray:
        """(*instances, n_words) words of a group; FieldRangeError names what does not fit."""
        values = {name: self._groups[group][name] for name in self._groups[group]}
        return CONTAINERS[GROUPS[group]].register.encode(values)


def initialise(
    program: Program, system: SystemConfig | None = None, *, board: Board | None = None
) -> None:
    """Append the initialisation of FPGA, link and chip to a program.

    system  defaults if None
    board   voltages and switches of the carrier board; None leaves the board alone
    """
    system = SystemConfig() if system is None else system
    words = {group: system.words(group) for group in GROUPS}  # refuses before anything is appended
    _write(program, "instruction_timeout", words)
    if board is not None:
        _board(program, board)
    _reset(program)
    _clocks(program, words)
    _links(program, words)
    _time(program, words)
    _write(program, "event_recording", words)
    _references(program, system)
    for group in TIMINGS:
        _write(program, group, words)
    program.barrier(Barrier.OMNIBUS)


Words = dict[str, IntArray]


def _write(program: Program, group: str, words: Words) -> None:
    addresses = CONTAINERS[GROUPS[group]].all_addresses()
    program.write(addresses.reshape(-1), words[group].reshape(-1))


def _reset(program: Program) -> None:
    program.reset(True)
    program.wait(RESET_CYCLES)
    program.reset(False)
    program.wait(AFTER_RESET_CYCLES)


def _clocks(program: Program, words: Words) -> None:
    """PLL registers over JTAG: the Omnibus has no clock yet."""
    jtag.clock_scaler(program, int(words["jtag_clock_scaler"][0]))
    jtag.reset_tap(program)
    for pll in range(2):
        for word in range(2):
            jtag.write_pll_register(program, 2 * pll + word, int(words["adplls"][pll, word]))
    jtag.write_pll_register(program, 4, int(words["clock_outputs"][0]))


def _links(program: Program, words: Words) -> None:
    _write(program, "phys_fpga", words)
    n_phys = words["phys_chip"].shape[0]
    for phy in range(n_phys):
        jtag.write_phy_register(program, n_phys - 1 - phy, int(words["phys_chip"][phy, 0]))
    program.wait(LINK_SETTLE_CYCLES)
    _write(program, "common_phy_fpga", words)
    _write(program, "common_phy_chip", words)


def _time(program: Program, words: Words) -> None:
    _write(program, "systime_base", words)
    program.barrier(Barrier.OMNIBUS)
    if words["systime_sync"][0]:
        program.systime_init()
        program.barrier(Barrier.SYSTIME)


def _references(program: Program, system: SystemConfig) -> None:
    """The reference generator starts in reset, then runs as configured."""
    container = CONTAINERS[GROUPS["reference_generator"]]
    group = system.reference_generator
    running = {name: group[name] for name in group}
    addresses = container.all_addresses()
    in_reset = running | {"enable_reset": np.ones_like(running["enable_reset"])}
    program.write(addresses, container.register.encode(in_reset))
    program.barrier(Barrier.OMNIBUS)
    program.wait(REFERENCE_RESET_CYCLES)
    program.write(addresses, container.register.encode(running))


def _board(program: Program, board: Board) -> None:
    register = CONTAINERS["ShiftRegister"].register
    word = register.encode({**register.defaults(), **board.shift_register})
    spi.write_shift_register(program, int(word[0]))
    values = np.asarray(board.dac_values)
    for dac in range(2):
        for channel in range(8):
            spi.write_dac_channel(program, dac, channel, int(values[dac, channel]))
    for dac in range(2):
        spi.write_dac_control(program, dac)
    program.wait(BOARD_SETTLE_CYCLES)
