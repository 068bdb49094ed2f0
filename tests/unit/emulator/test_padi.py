"""PADI event registers, and events handed from one set of routes to the next.

Oracle: words composed by hand; conservation of events.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from emulator import padi
from emulator.kernels import arrivals as ar
from emulator.memory import Memory
from firmware_protocol import ChipConfig
from tests.support.synapses import Bench, listen

TOP, BOTTOM = 0x110000, 0x118000


class Notes:
    def __init__(self):
        self.notes = []

    def note(self, cycle, place, text):
        self.notes.append((cycle, place, text))


def context(config):
    return SimpleNamespace(memory=Memory(config.image()), log=Notes(), voltages=None)


def word(buses, row_select, address):
    return sum(1 << b for b in buses) | address << 16 | row_select << 22


def test_a_write_fires_on_the_named_buses_of_its_half():
    registers, bench = padi.PadiRegisters(), Bench(ChipConfig(), prelog=256)
    assert (
        registers.claims(np.array([TOP, BOTTOM, TOP + 1, 0])).tolist() == [True, True] + [False] * 2
    )
    registers.write(BOTTOM, word([1, 3], 21, 45), 100, context(ChipConfig()))
    assert registers.read(BOTTOM, 100, context(ChipConfig())) is None
    keys = registers.deliver(bench.queues, bench.cursor, 7)
    label = 21 << 6 | 45
    assert keys.tolist() == [5 * 2048 + label, 7 * 2048 + label]
    assert padi.queued_keys(bench.queues).tolist() == keys.tolist()
    assert bench.queues.ring["due"][[5, 7], 0].tolist() == [107, 107]
    assert bench.queues.ring["source"][[5, 7], 0].tolist() == [ar.REGISTER] * 2
    assert registers.deliver(bench.queues, bench.cursor, 7).size == 0


def test_a_bus_that_takes_events_from_the_crossbar_ignores_its_register():
    config, registers = ChipConfig(), padi.PadiRegisters()
    config.padi.enable_spl1[0, 2] = 1
    bench, where = Bench(config), context(config)
    registers.write(TOP, word([2, 3], 0, 1), 50, where)
    assert registers.deliver(bench.queues, bench.cursor, 0).tolist() == [3 * 2048 + 1]
    ((cycle, place, text),) = where.log.notes
    assert (cycle, place) == (50, "PADI bus 2")
    assert "enable_spl1" in text


def test_reset_forgets_events():
    registers, bench = padi.PadiRegisters(), Bench(ChipConfig())
    registers.write(TOP, word([0], 0, 0), 50, context(ChipConfig()))
    registers.reset()
    assert registers.deliver(bench.queues, bench.cursor, 0).size == 0


def test_a_register_event_reaches_the_synapses():
    config, registers = listen(ChipConfig(), 0, 42), padi.PadiRegisters()
    config.synapses.label[0, 84] = 33
    bench = Bench(config, keys=range(8 * 2048))
    registers.write(TOP, word([2], 10, 33), 50, context(config))
    registers.deliver(bench.queues, bench.cursor, 4)
    found = bench.play(100)
    assert [cycle for cycle, _, _ in found] == [54]
    assert bench.drops(found)[0] == pytest.approx(0.21e-3)


@pytest.mark.parametrize("stop", [0, 3, 11, 30, 90])
def test_new_routes_take_over_the_events_that_nobody_has_served(stop):
    config, rng = ChipConfig(), np.random.default_rng(0)
    config.padi.enable_spl1 = 1
    config.padi.enable_extended_timing = 1
    config.synapse_drivers.enable_receiver = 1
    columns = rng.integers(0, [[20], [8], [2048], [20]], (4, 100))
    events = [tuple(row) for row in columns.T.tolist()]
    whole = Bench(config, events, prelog=1024)
    whole.play(100)
    first = Bench(config, events, prelog=1024)
    log = []
    if stop:
        first.play(stop)
        log = first.log
    rest = padi.unserved(first.routes, first.queues)
    handed_over = padi.by_bus(first.memory, first.effects, **rest)
    first.queues.buses["n_inputs"] = 0
    first.routes = first.routes._replace(**handed_over._asdict())
    first.play(100, start=stop)
    assert log + first.log == whole.log
