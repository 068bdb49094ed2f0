"""Who is seen by which converter, in how many runs.

Oracle: the chip's rule (one neuron of an even and one of an odd column), the published places of
columns in the CADC's registers, and the wires that the emulator closes for the words.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol import ChipConfig
from pynn_hx.mapping import readout
from pynn_hx.mapping.errors import MappingError
from pynn_hx.mapping.readout import Pad, Readout, Sight

sights = st.lists(
    st.builds(Sight, st.integers(0, 511), st.integers(0, 3)), unique_by=lambda s: s[0]
)


@given(sights)
def test_every_neuron_is_seen_once_and_never_two_of_one_parity_together(wanted):
    runs = readout.plan(wanted)
    seen = [sight for run in runs for sight in run.madc if sight is not None]
    assert sorted(seen) == sorted(wanted)
    for run in runs:
        parities = [sight.parity for sight in run.madc if sight is not None]
        assert len(set(parities)) == len(parities)
    even = sum(s.circuit % 2 == 0 for s in wanted)
    assert len(runs) == max(even, len(wanted) - even, 1), "as few runs as the rule allows"


def test_only_the_first_run_samples_the_columns():
    runs = readout.plan([Sight(0, 0), Sight(2, 0)], cadc=[Sight(5, 0)])
    assert [run.cadc for run in runs] == [(Sight(5, 0),), ()]


def test_a_neuron_on_a_pad_is_sampled_through_the_same_multiplexer():
    (run,) = readout.plan([Sight(4, 0)], (None, Pad(Sight(4, 0), True)))
    assert run.madc == (None, Sight(4, 0))
    chip = ChipConfig()
    readout.write(chip, run)
    assert chip.readout_source.neuron_top_even.tolist() == [0, 1]
    assert chip.readout_source.buffer_1_to_pad_1[1] == 1
    assert chip.madc.active_mux_initially_selected_input == 1
    assert run.channels == {1: Sight(4, 0)}, "the bit says which multiplexer is selected"


def test_in_one_run_the_adc_samples_the_same_multiplexers_throughout():
    a, b = Sight(0, 0), Sight(1, 0)
    single, both, none = Readout(madc=(a, None)), Readout(madc=(a, b)), Readout()
    assert (single.channels, both.channels, none.channels) == ({0: a}, {1: a, 0: b}, {})
    shown = readout.together([single, both, none])
    assert [r.channels for r in shown] == [{1: a}, {1: a, 0: b}, {}]
    words = []
    for one in shown:
        chip = ChipConfig()
        readout.write(chip, one)
        words.append((int(chip.madc.active_mux_input_select_length),
                      int(chip.madc.active_mux_initially_selected_input)))  # fmt: skip
    assert words == [(1, 0)] * 3
    alone = readout.together([none, Readout(madc=(None, b))])
    assert [r.sampled for r in alone] == [(1,), (1,)]


def test_pads_may_leave_no_way_to_the_madc():
    pads = (Pad(Sight(0, 0), True), Pad(Sight(1, 0), True))
    with pytest.raises(MappingError, match="the MADC cannot see circuit 7: the pads take"):
        readout.plan([Sight(7, 0)], pads)
    with pytest.raises(MappingError, match=r"pads 0 and 1 both show circuits of even columns"):
        readout.check_pads((Pad(Sight(0, 0), True), Pad(Sight(258, 0), True)))
    readout.check_pads((Pad(Sight(0, 0), True), Pad(Sight(258, 0), False)))


def test_an_unbuffered_pad_gets_the_stimulus_line_of_its_half():
    chip = ChipConfig()
    readout.write(chip, Readout(pads=(Pad(Sight(300, 2), False), None)))
    assert chip.neurons.readout_enable_unbuffered_access[300] == 1
    assert chip.neurons.readout_source[300] == 2
    assert chip.pad_multiplexers.neuron_i_stim_mux.tolist() == [[0, 1], [0, 0]]
    assert np.ravel(chip.pad_multiplexers.neuron_i_stim_mux_to_pad).tolist() == [1, 0]


def test_the_bytes_of_a_column_are_where_the_registers_have_them():
    """Words: quad q of a row holds columns 2 e + 8 (q % 32) + q // 32, e = 0..3."""
    half, quad, entry = readout.quads(np.arange(512))
    assert np.array_equal(256 * half + 2 * entry + 8 * (quad % 32) + quad // 32, np.arange(512))
    assert quad.max() == 63 and entry.max() == 3
