"""A chip's correlation sensors on a bench: pulses in, volts out, and nominal everything else."""

import math

import numpy as np

from emulator.correlation import Correlation, CorrelationRegisters, Supply
from emulator.effects import Effects
from emulator.memory import Memory
from emulator.mismatch import Mismatch
from firmware_protocol import ChipConfig
from firmware_protocol.catalogue import CONTAINERS

CAUSAL, ACAUSAL = 0, 1
ADDRESS = 15
US = 250  # chip ticks
TAU_US, AMPLITUDE_V, CADC_LSB_V = 5.0, 2.25e-3, 4.5e-3
RESET_TICKS = 208  # 200 + 3 + 5
BASELINE_V = 1.85 - 0.8 - 22.5e-3
START = 1000  # ticks, after every reset


def supply(ramp=80, store=70, output=600, v_reset=1.85, v_res_meas=0.9):
    ramp, store, output = (np.full(4, x, float) * np.ones(4) for x in (ramp, store, output))
    return Supply(ramp, store, output, v_reset, v_res_meas)


class Bench:
    """A chip's sensors with one label everywhere, excitatory rows, and no mismatch by default."""

    def __init__(self, config=None, given=None, **effects):
        config = config or self.config()
        switches = {"mismatch": False, "defects": False} | effects
        self.memory = Memory(config.image())
        self.given = given or supply()
        self.asked = []
        self.sensors = Correlation(self.memory, Mismatch(7), Effects(**switches), self._supplies)
        self.registers = CorrelationRegisters(self.sensors)

    @staticmethod
    def config():
        config = ChipConfig()
        config.synapses.label[...] = ADDRESS
        config.synapse_drivers.row_mode_bottom[...] = 2
        config.synapse_drivers.row_mode_top[...] = 1
        return config

    def _supplies(self, cycle):
        self.asked.append(cycle)
        return self.given

    def reset(self, rows=range(2), quads=range(64), half=0, cycle=0):
        for row in rows:
            for quad in quads:
                self.sensors.reset_quad(half, row, quad, cycle)

    def pulse(self, pre=(), post=(), *, driver=0, address=ADDRESS, neuron=0, until=None):
        """Send pulses at these ticks from one driver, and of one neuron."""
        pre, post = np.array(pre, np.int64), np.array(post, np.int64)
        last = max([0, *pre, *post]) + 1
        self.sensors.add(
            pre,
            np.full(pre.size, driver),
            np.full(pre.size, address),
            post,
            np.full(post.size, neuron),
            until=last if until is None else until,
        )

    def drop(self, row=0, column=0, half=0, cycle=10**9):
        """(causal, acausal) volts below the baseline."""
        return BASELINE_V - self.sensors.read(half, row, cycle)[:, column]

    def write(self, container, *index, value=0, cycle=0):
        address = int(CONTAINERS[container].addresses(*index)[0])
        assert self.registers.claims(np.array([address]))[0]
        self.registers.write(address, value, cycle, None)


def pair(dt_us):
    return AMPLITUDE_V * math.exp(-abs(dt_us) / TAU_US)
