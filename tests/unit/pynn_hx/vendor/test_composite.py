"""Rows and matrices of synapses.

Oracle: positions of words that the vendor's tests name (lola v3, test-synapse_matrix.cpp:111), and
the image of a :class:`ChipConfig` with the same values.
"""

import numpy as np
import pytest

from firmware_protocol import ChipConfig, FieldRangeError
from firmware_protocol.memory_map import locate_bits
from pynn_hx.vendor import halco, lola


def test_a_matrix_has_the_word_at_the_place_that_the_vendor_says():
    matrix = lola.SynapseMatrix()
    matrix.weights[12][23] = 63
    words = matrix.words()
    assert words[1604] == 63 and np.count_nonzero(words) == 1
    assert matrix.encode(halco.SynramOnDLS.top).addresses[1604] == 47121954


@pytest.mark.parametrize(
    ("name", "field", "low"),
    [
        ("SynapseWeightRow", "values", 64),
        ("SynapseLabelRow", "labels", 64),
        ("SynapseMatrix", "weights", 64),
        ("SynapseMatrix", "amp_calibs", 4),
        ("SynapseWeightMatrix", "weights", 64),
        ("ColumnCurrentRow", "enable_synaptic_current_excitatory", 2),
    ],
)
def test_values_survive_their_words(name, field, low):
    container = getattr(lola, name)()
    values = np.random.default_rng(5).integers(0, low, getattr(container, field).shape)
    getattr(container, field).from_numpy(values)
    again = type(container).decode(container.words())
    assert again == container and again != type(container)()
    assert np.array_equal(getattr(again, field).to_numpy(), values)


def test_rows_write_what_the_chips_configuration_says():
    chip, row = ChipConfig(), lola.SynapseWeightRow()
    values = np.random.default_rng(6).integers(0, 64, 256)
    chip.synapses.weight[1, 9] = values
    for column, value in enumerate(values):
        row.values[halco.SynapseOnSynapseRow(column)] = int(value)
    encoded = row.encode(halco.SynapseWeightRowOnDLS(256 + 9))
    bits = locate_bits(encoded.addresses)
    assert np.array_equal(encoded.words, chip.image()[bits.position] >> bits.shift & bits.mask)


def test_weights_beyond_six_bits_are_refused():
    with pytest.raises(FieldRangeError, match=r"SynapseWeightRow\.weights\[3\] = 64"):
        lola.SynapseWeightRow().values[3] = 64
    with pytest.raises(ValueError, match=r"shape \(256,\)"):
        lola.SynapseWeightRow().values.from_numpy(np.zeros(255, int))


def test_samples_are_decoded_in_the_order_in_which_they_are_read():
    addresses = lola.CADCSampleRow.addresses(halco.CADCSampleRowOnDLS(0))
    words = np.zeros(addresses.size, dtype=np.uint32)
    words[0], words[64] = 7 << 24, 9 << 24  # entry 0 of quad 0: column 0, causal and acausal
    row = lola.CADCSampleRow.decode(words)
    assert (row.causal[0], row.acausal[0]) == (7, 9)
    assert row.causal.to_numpy().sum() == 7 and row.acausal.to_numpy().sum() == 9
    both = np.zeros(256, dtype=np.uint32)
    both[1] = 5 << 24  # the second trigger is that of the bottom half
    assert lola.CADCSamples.decode(both).causal[1][0] == 5


def test_a_row_of_triggers_is_64_words_of_nothing():
    encoded = lola.CorrelationResetRow().encode(halco.CorrelationResetRowOnDLS(3))
    assert encoded.words.tolist() == [0] * 64
    assert np.all(np.diff(encoded.addresses.astype(int)) == 1)
