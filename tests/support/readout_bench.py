"""A chip's readout without its circuits: registers, nominal CapMem levels, board and converters."""

from types import SimpleNamespace

import numpy as np

from emulator.analog_readout import Madc
from emulator.board import Board
from emulator.cadc import Cadc
from emulator.device import Context
from emulator.effects import Effects
from emulator.memory import Memory
from emulator.mismatch import Mismatch
from emulator.readout_network import Network
from firmware_protocol import ChipConfig, Program, instructions, memory_map
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.instructions import ToFpga
from firmware_protocol.registers.capmem import QUADRANT_CELLS, READOUT_CELLS
from tests.support.emulated import control

POWER_UP_CYCLES = 125_000
ROW_ORDER = [(kind, quad) for kind in range(2) for quad in range(64)]


def effects(on=False, **switches):
    """All effects `on` or off, but for those named."""
    return Effects.of(ideal=not on, overrides=switches)


class Notes:
    """Keeps what is noted."""

    def __init__(self):
        self.entries = []

    def note(self, cycle, place, text):
        self.entries.append((cycle, place, text))

    @property
    def text(self):
        return "\n".join(f"{place}: {text}" for _, place, text in self.entries)


class Bench:
    """Registers of `config`, and what reads them.

    volts    (512,) what the neurons' readout amplifiers see [V]
    stp_volts  (256,) what the synapse drivers' capacitors hold [V]
    scatter  function (name, codes) -> effective codes of quadrant cells
    """

    def __init__(self, config=None, *, switches=None, chip_seed=0, run_seed=0, sensors=None,
                 scatter=lambda name, codes: codes):  # fmt: skip
        self.memory = Memory((ChipConfig() if config is None else config).image())
        self.scatter = scatter
        self.volts = np.zeros(512)
        self.notes = Notes()
        self.board = Board()
        self.stp_volts = np.zeros(256)
        self.network = Network(
            self.memory,
            switches or effects(),
            self.board,
            lambda cycle: self.levels(),
            lambda cycle: self.stp_volts,
        )
        mismatch = Mismatch(chip_seed)
        self.madc = Madc(mismatch, self.network, run_seed=run_seed)
        self.cadc = Cadc(mismatch, self.network, run_seed=run_seed, sensors=sensors)
        self.asked = 0

    def levels(self):
        """What an ideal CapMem supplies: the codes themselves."""
        cells = self.memory.block("capmem_shared")["value"].astype(float)
        return SimpleNamespace(
            neurons={k: v.astype(float) for k, v in self.memory.neurons().items()},
            quadrants={
                name: self.scatter(name, cells[:, column, row])
                for name, (column, row, _) in QUADRANT_CELLS.items()
            },
            globals={
                name: float(cells[quadrant, column, row])
                for name, (quadrant, column, row, _) in READOUT_CELLS.items()
            },
        )

    @property
    def context(self):
        return Context(self.memory, self.voltages, self.notes)

    def voltages(self):
        self.asked += 1
        return self.volts

    # --- words ------------------------------------------------------------------------------------

    def configure(self, config):
        """Write a whole configuration."""
        self.memory.write(memory_map.ADDRESSES, config.image())

    def set_cell(self, name, codes):
        """Write a quadrant cell."""
        column, row, _ = QUADRANT_CELLS[name]
        addresses = CONTAINERS["CapMemCell"].addresses(np.arange(4), 128 + column, row)[:, 0]
        self.memory.write(addresses, np.broadcast_to(codes, 4).astype(np.uint32))

    def spi(self, fill):
        """Play the writes that ``fill(program)`` appends to the board."""
        program = Program()
        fill(program)
        messages = instructions.parse(program.words())
        where = np.nonzero(messages.header == ToFpga.OMNIBUS_ADDRESS)[0]
        for i in where.tolist():
            address = int(messages.payload[i]) & 0xFFFFFFFF
            assert self.board.claims(np.array([address]))[0]
            self.board.write(address, int(messages.payload[i + 1]), 0, self.context)

    # --- converters -------------------------------------------------------------------------------

    def read_cadc(self, half, row=0, cycle=0):
        """All samples (2, 256) of a half, read in the order of the vendor's software."""
        found = np.zeros((2, 256), int)
        container = CONTAINERS["CADCSampleQuad"]
        for kind, quad in ROW_ORDER:
            buffered = int((kind, quad) != (0, 0))
            address = int(container.addresses(half, row, quad, kind, buffered)[0])
            assert self.cadc.claims(np.array([address]))[0]
            word = self.cadc.read(address, cycle, self.context)
            for entry in range(4):
                column = 2 * entry + 8 * (quad % 32) + quad // 32
                found[kind, column] = word >> 8 * (3 - entry) & 0xFF
        return found

    def start_madc(self, cycle=POWER_UP_CYCLES, *, continuous=1, **bits):
        """Wake up in cycle 0 and start later."""
        for at, written in ((0, {"wake_up": 1}), (cycle, {"start": 1})):
            word = control(pre_amp=1, continuous=continuous, **written, **bits)
            self.madc.write(memory_map.MADC_CONTROL, int(word[0]), at, self.context)

    def sample(self, n_cycles, trace=None, *, step_cycles=4, start=POWER_UP_CYCLES):
        """Samples of `n_cycles` after the start; ``trace(neuron, quantity, t_s)`` gives volts."""
        sources = self.madc.wanted(start)
        first = start // step_cycles
        n_points = n_cycles // step_cycles + 1
        t = np.arange(n_points) * step_cycles * 8e-9
        traces = np.empty((sources.neuron.size, n_points), np.float32)
        for k, pair in enumerate(zip(sources.neuron.tolist(), sources.quantity.tolist(),
                                     strict=True)):  # fmt: skip
            traces[k] = trace(*pair, t)
        return self.madc.sample(sources, traces, first, step_cycles, start + n_cycles)
