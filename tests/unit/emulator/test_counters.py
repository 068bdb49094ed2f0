"""Spike counters, as the vendor's hardware test of them has it.

Oracle: haldls NeuronBackend.ResetCounterTest (3 spikes read 3; 512 more read 3 and overflow; after
a reset 0 and no overflow); addresses by the formulas of the chip reference, 2.0.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from emulator.counters import SpikeCounters

OVERFLOW = 1 << 8
ALL = np.arange(512)


def address(neuron, base):
    row, column = divmod(neuron, 256)
    return base + 0x8000 * (column // 128) + 4 * (column % 128 + 128 * row)


def read(counters, neuron):
    return counters.read(address(neuron, 0x122800), 0, None)


def clear(counters, neuron, cycle=0):
    counters.write(address(neuron, 0x122C00), 0, cycle, None)


def spike(counters, neurons, times=1, tick=0):
    for _ in range(times):
        counters.add(np.asarray(neurons), np.full(len(neurons), tick))


def test_the_vendors_test_of_the_counters_passes():
    counters = SpikeCounters()
    spike(counters, ALL, 3)
    assert {read(counters, n) for n in range(512)} == {3}
    spike(counters, ALL, 512)
    assert {read(counters, n) for n in range(512)} == {3 | OVERFLOW}
    for n in range(512):
        clear(counters, n)
    assert {read(counters, n) for n in range(512)} == {0}


@pytest.mark.parametrize(("spikes", "word"), [(255, 255), (256, OVERFLOW), (257, OVERFLOW | 1)])
def test_the_flag_comes_with_the_256th_spike(spikes, word):
    counters = SpikeCounters()
    counters.add(np.full(spikes, 300), np.arange(spikes))
    assert read(counters, 300) == word


@pytest.mark.parametrize("neuron", [0, 127, 128, 255, 256, 383, 384, 511])
def test_a_neuron_is_counted_and_cleared_at_its_own_addresses(neuron):
    counters = SpikeCounters()
    spike(counters, [neuron], 5)
    assert [n for n in range(512) if read(counters, n)] == [neuron]
    spike(counters, ALL)
    clear(counters, neuron)
    assert [n for n in range(512) if not read(counters, n)] == [neuron]


def test_spikes_before_a_reset_that_are_reported_after_it_do_not_count():
    counters = SpikeCounters()
    clear(counters, 7, cycle=100)
    counters.add(np.full(4, 7), np.array([198, 199, 200, 201]))
    assert read(counters, 7) == 2


def test_several_spikes_of_several_neurons_count_in_one_call():
    counters = SpikeCounters()
    counters.add(np.array([1, 2, 1, 511, 1]), np.arange(5))
    assert [read(counters, n) for n in (0, 1, 2, 511)] == [0, 3, 1, 1]


def test_read_registers_do_not_clear_and_reset_registers_do_not_read():
    counters, notes = SpikeCounters(), []
    spike(counters, [9])
    log = SimpleNamespace(note=lambda *remark: notes.append(remark))
    counters.write(address(9, 0x122800), 1, 33, SimpleNamespace(log=log))
    assert read(counters, 9) == 1
    assert counters.read(address(9, 0x122C00), 0, None) == 0
    [(cycle, place, text)] = notes
    assert (cycle, place) == (33, "spike counter of neuron 9")
    assert text.startswith("write ignored: this register is read-only")


def test_the_counters_claim_their_1024_addresses_and_none_else():
    bases = [b + half for b in (0x122800, 0x122C00) for half in (0, 0x8000)]
    expected = sorted(b + 4 * i for b in bases for i in range(256))
    around = np.arange(0x122000, 0x12B800)
    assert around[SpikeCounters().claims(around)].tolist() == expected


def test_the_reset_line_clears_all():
    counters = SpikeCounters()
    spike(counters, ALL, 300)
    counters.reset()
    assert {read(counters, n) for n in range(512)} == {0}
