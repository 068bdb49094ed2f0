"""The readout's source multiplexers.  Oracle: the bits in ``docs/reference/words.md``."""

import copy
import pickle

from pynn_hx.vendor import hal, halco


def test_sources_and_pads_are_the_bits_of_both_words():
    selection = hal.ReadoutSourceSelection()
    multiplexer = selection.SourceMultiplexer()
    multiplexer.neuron_odd[halco.HemisphereOnDLS.bottom] = True
    multiplexer.debug_plus = True
    buffer = halco.SourceMultiplexerOnReadoutSourceSelection(0)
    selection.set_buffer(buffer, multiplexer)
    selection.enable_buffer_to_pad[buffer] = True
    encoded = selection.encode(halco.ReadoutSourceSelectionOnDLS())
    assert encoded.addresses.tolist() == [0xC000C, 0xC000D]
    assert encoded.words.tolist() == [1 << 11 | 1, 1 << 14]
    again = hal.ReadoutSourceSelection.decode(encoded.words)
    assert again == selection == copy.deepcopy(selection) == pickle.loads(pickle.dumps(selection))
    assert again.get_buffer(buffer) == multiplexer
    multiplexer.debug_minus = True
    assert again.get_buffer(buffer) != multiplexer != selection.get_buffer(buffer)
