"""The crossbar walked event by event, and its counters.

Oracle: the wiring table of the chip reference, 1.6, typed in again; node numbers that haldls' tests
assert; words written by address with bits placed by hand (2.13); counts by hand or by a plain loop.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.crossbar import Crossbar, CrossbarCounters
from emulator.memory import Memory, power_on_image
from firmware_protocol.coordinates import CROSSBAR_NODES

NODES, OUTPUT_CONFIG = 0x130019, 0x130000
DROPS, EVENTS = 0x130065, 0x130079
PADI_BUS_CONFIG = (0x110001, 0x118001)
PASS_NOTHING = 1 << 16

WIRING = (
    [(i, o) for i in range(8) for o in (i % 4, 4 + i % 4, 8 + i % 4)]
    + [(i, o) for i in range(8, 12) for o in (*range(8), i)]
    + [(i, o) for i in range(12, 16) for o in (i - 12, i - 4)]
    + [(i, o) for i in range(16, 20) for o in (i - 12, i - 8)]
)


def node(output, input_):
    return WIRING.index((input_, output))


def memory_of(words):
    memory = Memory(power_on_image())
    addresses = np.array(list(words), np.uint32)
    memory.write(addresses, np.array(list(words.values()), np.uint32))
    return memory


def silent(**nodes):
    """Words of a crossbar that lets nothing pass, but for some nodes; all buses listen."""
    words = {NODES + n: PASS_NOTHING for n in range(76)} | dict.fromkeys(PADI_BUS_CONFIG, 0xF)
    return words | {NODES + int(n.removeprefix("n")): word for n, word in nodes.items()}


def ints(*values):
    return np.array(values, np.int64)


class Notes:
    def __init__(self):
        self.kept = []

    def note(self, cycle, place, text):
        self.kept.append((cycle, place, text))


def read(counters, address):
    return counters.read(address, 0, SimpleNamespace(memory=None, voltages=None, log=Notes()))


def test_node_numbers_are_those_of_the_vendors_tests():
    assert node(9, 13) == 63
    assert node(4, 4) == 13
    assert len(WIRING) == 76
    assert CROSSBAR_NODES.tolist() == [list(pair) for pair in WIRING]


@given(st.lists(st.integers(0, 0xFFFFFFFF), min_size=76, max_size=76), st.integers(0, 255),
       st.lists(st.tuples(st.integers(0, 19), st.integers(0, 0x3FFF)), max_size=20))  # fmt: skip
def test_an_event_takes_the_ways_that_the_words_open(words, listening, events):
    spl1 = {PADI_BUS_CONFIG[0]: listening & 15, PADI_BUS_CONFIG[1]: listening >> 4}
    crossbar = Crossbar(memory_of(dict(zip(range(NODES, NODES + 76), words, strict=True)) | spl1))
    input_, label = ints(*(e[0] for e in events)), ints(*(e[1] for e in events))
    links = np.zeros((input_.size, 4), bool)
    links[np.arange(input_.size), input_ % 4] = crossbar.reaches_link(input_, label)
    reached = np.concatenate([crossbar.buses(input_, label), links], axis=1)
    for (i, value), row in zip(events, reached, strict=True):
        open_ = set()
        for (a, b), word in zip(WIRING, words, strict=True):
            passes = value & word & 0x3FFF == word >> 16 & 0x3FFF
            if a == i and passes and (b >= 8 or listening >> b & 1):
                open_.add(b)
        assert set(np.flatnonzero(row).tolist()) == open_


def test_background_source_s_reaches_bus_s_and_its_link():
    crossbar = Crossbar(memory_of(dict.fromkeys(PADI_BUS_CONFIG, 0xF)))
    inputs, label = np.arange(12, 20), np.zeros(8, np.int64)
    assert crossbar.buses(inputs, label).tolist() == np.eye(8, dtype=bool).tolist()
    assert crossbar.reaches_link(inputs, label).all()


def test_the_event_counter_of_an_enabled_output_counts_what_its_nodes_pass():
    words = silent(n0=0, n63=0x3 | 0x1 << 16) | {OUTPUT_CONFIG: (1 << 0 | 1 << 9) << 4}
    counters, memory = CrossbarCounters(), memory_of(words)
    counters.count(memory, ints(0, 0, 0, 13, 13, 4), ints(1, 2, 3, 1, 2, 0))
    counters.count(memory, ints(13), ints(0x3FFD))
    assert [read(counters, EVENTS + output) for output in range(12)] == [3] + [0] * 8 + [2, 0, 0]


def test_an_output_that_is_not_enabled_counts_nothing():
    memory = memory_of(silent(n0=0) | {OUTPUT_CONFIG: 0xFFF0 ^ 1 << 4})
    counters = CrossbarCounters()
    counters.count(memory, ints(0, 0), ints(1, 2))
    assert read(counters, EVENTS) == 0


def test_drops_add_up_over_the_enabled_nodes_of_an_input():
    enabled = 1 << 31 | PASS_NOTHING
    words = silent(n24=enabled, n25=enabled, n26=PASS_NOTHING, n32=1 << 31)
    counters = CrossbarCounters()
    counters.count(memory_of(words), ints(8, 8, 8, 9), ints(0, 1, 2, 0))
    assert [read(counters, DROPS + i) for i in range(20)] == [0] * 8 + [6] + [0] * 11


def test_a_full_queue_counts_as_a_drop_and_not_as_an_event():
    words = silent(n2=1 << 31, n14=0) | {OUTPUT_CONFIG: 1 << 8 + 4}
    counters, memory = CrossbarCounters(), memory_of(words)
    counters.count(memory, ints(0, 0, 0, 4), ints(0, 0, 0, 0))
    counters.lose_at_links(memory, ints(2, 0, 0, 0, 1, *[0] * 15))
    assert read(counters, EVENTS + 8) == 1
    assert (read(counters, DROPS), read(counters, DROPS + 4)) == (2, 0)


def test_drops_of_buses_count_for_inputs_with_a_counted_node_to_a_bus():
    counters = CrossbarCounters()
    memory = memory_of(silent(n1=1 << 31, n5=1 << 31))  # input 0 to bus 4, input 1 to link 9
    counters.lose_at_buses(memory, np.array([7, 5] + [3] * 18))
    assert [read(counters, DROPS + i) for i in range(3)] == [7, 0, 0]


@pytest.mark.parametrize(
    ("words", "address", "size"),
    [
        (silent(n0=0) | {OUTPUT_CONFIG: 1 << 4}, EVENTS, 1 << 24),
        (silent(n0=PASS_NOTHING | 1 << 31), DROPS, 1 << 16),
    ],
)
def test_counters_wrap(words, address, size):
    counters, memory = CrossbarCounters(), memory_of(words)
    nothing = np.zeros(1 << 16, np.int64)
    for _ in range(size >> 16):
        counters.count(memory, nothing, nothing)
    assert read(counters, address) == 0
    counters.count(memory, nothing[:3], nothing[:3])
    assert read(counters, address) == 3


def test_counters_ignore_writes_and_forget_at_the_reset_line():
    counters, log = CrossbarCounters(), Notes()
    counters.count(memory_of(silent(n0=0) | {OUTPUT_CONFIG: 1 << 4}), ints(0), ints(0))
    context = SimpleNamespace(memory=None, voltages=None, log=log)
    counters.write(EVENTS, 0, 5, context)
    assert read(counters, EVENTS) == 1
    assert log.kept == [(5, "crossbar", "write of 0x0 to counter 0x130079 ignored: read-only")]
    counters.reset()
    assert read(counters, EVENTS) == 0


def test_counters_claim_their_32_addresses():
    around = np.arange(0x130060, 0x130090)
    assert around[CrossbarCounters().claims(around)].tolist() == list(range(0x130065, 0x130085))
