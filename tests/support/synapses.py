"""Synapse drivers and buses on their own: words and events in, line drops out."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from emulator import padi
from emulator.effects import Effects
from emulator.kernels import arrivals as ar
from emulator.linkage import Record
from emulator.memory import Memory
from emulator.mismatch import Mismatch
from emulator.synapse_drivers import SynapseDrivers
from emulator.synapses import SynapseArray, bus_keys

STP_CELLS = {
    "stp_v_charge_0": 100,
    "stp_v_recover_0": 400,
    "stp_v_charge_1": 330,
    "stp_v_recover_1": 50,
    "stp_i_ramp": 600,
    "stp_i_calib": 600,
    "stp_i_bias_comparator": 1022,
}
UNIT_DROP_V = 0.21e-3


def effects(**changed):
    """All non-idealities of drivers, synapses and buses, but for those named."""
    return Effects.of(overrides=changed)


def levels(*, hagen=820.0, **codes):
    """What CapMem gives: usual codes, but for those named (one for all quadrants, or four)."""
    cells = {k: np.broadcast_to(v, 4).astype(float) for k, v in (STP_CELLS | codes).items()}
    chip_wide = {"hagen_i_bias_dac_top": hagen, "hagen_i_bias_dac_bottom": hagen}
    return SimpleNamespace(quadrants=cells, globals=chip_wide)


class Bench:
    """The buses, drivers and synapses of one chip.

    outside  events (cycle, bus, label, source) from outside the chip
    """

    def __init__(
        self,
        config,
        outside=(),
        *,
        cells=None,
        mismatch=None,
        switches=None,
        neurons=None,
        keys=None,
        capacity=4096,
        prelog=0,
        unit_drops=UNIT_DROP_V,
        neuron_bus=None,
    ):
        self.memory = Memory(config.image())
        self.effects = effects() if switches is None else switches
        if mismatch is None:
            self.effects = replace(self.effects, mismatch=False)
        chip = Mismatch(0) if mismatch is None else mismatch
        self.model = SynapseDrivers(chip, self.effects)
        self.array = SynapseArray(chip, self.effects)
        self.drivers = self.model.decode(self.memory, cells or levels(), 0)
        self.neurons = np.arange(16) if neurons is None else neurons
        cycle, bus, label, source = np.array(list(outside), np.int64).reshape(-1, 4).T
        rows = self.array.build(
            self.memory,
            self.drivers,
            self.model.gain,
            np.broadcast_to(unit_drops, (2, 512)).astype(float),
            self.neurons,
            bus_keys(bus, label) if keys is None else np.asarray(keys, np.int64),
        )
        lanes = self.neurons.size
        self.routes = ar.Routes(
            *padi.by_bus(
                self.memory, self.effects, cycle=cycle, bus=bus, label=label, source=source
            ),
            row_of=rows.row_of,
            driver_row=rows.driver_row,
            drops=rows.drops,
            blocks=rows.blocks,
            neuron_bus=np.full((2, lanes), -1) if neuron_bus is None else neuron_bus,
            neuron_label=np.arange(lanes),
            neuron_delay=12,
        )
        self.queues = ar.new_queues(1 << 10)
        self.arrivals = ar.new_arrivals(capacity, prelog)
        self.cursor = np.zeros(ar.N_CURSOR, np.int64)

    def arrive(self, start, end):
        """One call of the kernel: [(cycle, row, gain), ...]."""
        traffic = ar.Traffic(self.routes, self.queues, self.drivers, self.cursor, self.arrivals)
        n = ar.serve(Record(traffic, ar.TRAFFIC_TYPE), 0, start, end)
        found = self.arrivals.cycle[:n], self.arrivals.row[:n], self.arrivals.gain[:n]
        return list(zip(*(array.tolist() for array in found), strict=True))

    def play(self, end, *, start=0, cuts=()):
        """All arrivals of [start, end), in windows that end at `cuts` or where the kernel stops."""
        found, log, now = [], [], start
        edges = sorted({*(c for c in cuts if start < c < end), end})
        while now < end:
            found += self.arrive(now, next(edge for edge in edges if edge > now))
            now = int(self.cursor[ar.ARRIVED_UNTIL])
            log += self.logged()
        self.log = log
        return found

    def logged(self):
        """Pulses in the log, which is emptied: [(tick, driver, address), ...]."""
        log = self.arrivals.prelog
        n, log.n[0] = int(log.n[0]), 0
        return list(
            zip(*(a[:n].tolist() for a in (log.tick, log.driver, log.address)), strict=True)
        )

    def drops(self, found):
        """(2, lane) sum of the line drops [V] of some arrivals."""
        total = np.zeros((self.neurons.size // 16, 2, 16))
        for _, row, gain in found:
            total += gain * self.routes.drops[row].astype(float)
        return total.transpose(1, 0, 2).reshape(2, -1)


def listen(config, half, driver, **settings):
    """Make a driver react to its own row select: row mode excitatory, weight 1, all labels 0."""
    drivers = config.synapse_drivers
    drivers.enable_receiver[half, driver] = 1
    drivers.row_mode_bottom[half, driver] = 1
    config.synapses.weight[half, 2 * driver] = 1
    for name, value in settings.items():
        drivers[name][half, driver] = value
    return config


def label_of(driver, address=0):
    """Label that only this driver of its bus reacts to."""
    return driver // 4 << 6 | address
