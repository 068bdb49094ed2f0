"""Two configurations, field by field.

Oracle: the elements that the test changed, and the words that ``ChipConfig.changes_from`` counts.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from firmware_protocol import ChipConfig
from firmware_protocol.inspector.difference import MAX_LINES_PER_FIELD, lines, n_words, ranges


@pytest.fixture
def chip():
    return ChipConfig()


def test_equal_configurations_differ_in_nothing(chip):
    assert list(lines(chip, ChipConfig())) == []
    assert n_words(chip, ChipConfig()) == 0


CHANGES = [
    (("neurons", "leak_v_leak", 3), 400, ["neurons.leak_v_leak[3]: 0 -> 400"]),
    (("synapses", "weight", (0, 10)), 63,
     ["synapses.weight[0, 10, 0..255]: 0 -> 63 (256 elements)"]),
    (("synapses", "weight", (slice(None), slice(None), slice(8, 16))), 1,
     ["synapses.weight[0..1, 0..255, 8..15]: 0 -> 1 (4096 elements)"]),
    (("quadrants", "syn_i_bias_dac", 2), 5, ["quadrants.syn_i_bias_dac[2]: 1022 -> 5"]),
    (("readout_chain", "idac_i_bias", ()), 7, ["readout_chain.idac_i_bias: 0 -> 7"]),
    (("capmem_shared", "value", (1, 1, 2)), 9, ["capmem_shared.value[1, 1, 2]: 0 -> 9"]),
    (("capmem_neurons", "value", (2, 300)), 9, ["neurons.threshold_v_threshold[300]: 0 -> 9"]),
    (("neuron_backend", "address_out", 7), 9, ["neurons.event_routing_address[7]: 0 -> 9"]),
    (("padi", "dacen_pulse_extension", ...), 15,
     ["padi.dacen_pulse_extension[0..1, 0..3]: 0 -> 15 (8 elements)"]),
    (("madc", "number_of_samples", ()), 100, ["madc.number_of_samples: 0 -> 100"]),
    (("neurons", "leak_i_bias", slice(0, 512, 2)), 7,
     ["neurons.leak_i_bias[0..510]: 0 -> 7 (256 of 511 elements)"]),
    (("synapses", "label", (0, 0, slice(0, 4))), [1, 1, 2, 3],
     ["synapses.label[0, 0, 0..1]: 0 -> 1 (2 elements)", "synapses.label[0, 0, 2]: 0 -> 2",
      "synapses.label[0, 0, 3]: 0 -> 3"]),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value", "expected"), CHANGES)
def test_a_change_is_told_by_its_place_and_values(chip, place, value, expected):
    other = ChipConfig()
    getattr(other, place[0])[place[1]][place[2]] = value
    assert list(lines(chip, other)) == expected
    assert n_words(chip, other) == other.changes_from(chip).words.size > 0


def test_many_different_values_are_told_as_a_range(chip):
    other = ChipConfig()
    other.synapses.weight[1, 2:4, :] = np.arange(512).reshape(2, 256) % 63 + 1
    assert list(lines(chip, other)) == [
        "synapses.weight[1, 2..3, 0..255]: 0 -> 1..63 (512 elements)"
    ]


def test_every_range_is_told_if_wanted(chip):
    other = ChipConfig()
    other.neurons.leak_i_bias[::2] = 7
    every = list(lines(chip, other, every=True))
    assert len(every) == 256 > MAX_LINES_PER_FIELD
    assert every[1] == "neurons.leak_i_bias[2]: 0 -> 7"


small = arrays.arrays(np.int64, st.tuples(*[st.integers(1, 4)] * 3), elements=st.integers(0, 2))


@given(small, st.data())
def test_ranges_cover_exactly_what_differs(a, data):
    b = data.draw(arrays.arrays(np.int64, a.shape, elements=st.integers(0, 2)))
    rebuilt, seen = a.copy(), np.zeros(a.shape, dtype=int)
    for box in ranges(a, b, every=True) if (a != b).any() else []:
        where = tuple(slice(i, j + 1) for i, j in zip(box.first, box.last, strict=True))
        assert box.a[0] == box.a[1] and box.b[0] == box.b[1]
        assert box.n == seen[where].size
        rebuilt[where] = box.b[0]
        seen[where] += 1
    assert np.array_equal(rebuilt, b)
    assert np.array_equal(seen, a != b)


@given(small, st.data())
def test_a_summary_counts_what_differs(a, data):
    b = data.draw(arrays.arrays(np.int64, a.shape, elements=st.integers(0, 2)))
    if (a != b).any():
        found = ranges(a, b)
        assert len(found) <= MAX_LINES_PER_FIELD
        assert sum(box.n for box in found) == int((a != b).sum())
