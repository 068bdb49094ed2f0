"""What the FPGA's end writes, the host's end reads.

Oracle: the times and values that went in, by way of the decoder, which has an oracle of its own.
"""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocol import ProgramError, decode
from firmware_protocol.decoder import encode_trace
from firmware_protocol.encoder import TraceEncoder
from firmware_protocol.instructions import FromFpga

LATENCY = 37


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from(["spike", "madc"]), st.integers(0, 0x7FF)),
        max_size=120,
    ),
    st.integers(0, 2**44),
)
def test_what_the_fpga_end_encodes_the_host_decodes(items, start):
    gaps = np.array([gap for gap, _, _ in items], np.int64)
    chip_time = start + np.cumsum(gaps)
    spike = np.array([kind == "spike" for _, kind, _ in items], bool)
    value = np.array([v for _, _, v in items], np.int64)
    words = encode_trace(
        chip_time + LATENCY,
        np.where(spike, FromFpga.SPIKE_PACK_1, FromFpga.MADC_PACK_1).astype(np.uint8),
        ((chip_time << 1 & 0xFF) << 16 | value).astype(np.uint64),
    )
    trace = decode(words)
    periods = (chip_time + LATENCY)[:1] >> 43 << 43  # a response cannot say how many there were
    assert np.array_equal(trace.spike_time + periods.sum(), chip_time[spike])
    assert np.array_equal(trace.spike_label, value[spike])
    assert np.array_equal(trace.madc_time + periods.sum(), chip_time[~spike])
    assert np.array_equal(trace.madc_value, value[~spike] & 0x3FF)
    assert np.array_equal(trace.madc_channel, value[~spike] >> 10)


def test_answers_come_through_with_all_their_bits():
    kinds = [FromFpga.JTAG_DATA, FromFpga.OMNIBUS_DATA, FromFpga.HIGHSPEED_LINK_NOTIFICATION]
    payloads = [(1 << 33) - 1, (1 << 32) - 2, 0b110_10001]
    timeout = FromFpga.TIMEOUT_NOTIFICATION
    trace = decode(encode_trace([5, 5, 9, 9], [*kinds, timeout], [*payloads, (1 << 45) - 1]))
    assert trace.jtag.tolist() == payloads[:1]
    assert trace.reads.tolist() == payloads[1:2]
    assert (trace.links.phy.tolist(), trace.links.check_error.tolist()) == ([6], [True])
    assert trace.timeouts.tolist() == [2**32 - 1]


@pytest.mark.parametrize("n", range(1, 12))
def test_packs_of_three_end_anywhere_in_a_word(n):
    cycle = np.full(n, 100)
    words = encode_trace(cycle, np.full(n, FromFpga.SPIKE_PACK_1), np.arange(n))
    trace = decode(words)
    assert trace.spike_label.tolist() == list(range(n))
    assert words.size == -(-(8 + 10 * (n // 3) + 8 * (n % 3 > 0)) // 8)


def test_ticks_are_exact_even_in_a_burst_of_events():
    n = 300
    cycle = np.append(np.full(n, 5000 + LATENCY), 5000 + LATENCY)
    kind = np.append(np.full(n, FromFpga.SPIKE_PACK_1), FromFpga.LOOPBACK).astype(np.uint8)
    payload = np.append(np.full(n, (5000 << 1 & 0xFF) << 16 | 9), 1).astype(np.uint64)
    trace = decode(encode_trace(cycle, kind, payload))
    assert trace.ticks.tolist() == [5000 + LATENCY]
    assert np.all(trace.spike_time == 5000)


KINDS = [FromFpga.SPIKE_PACK_1, FromFpga.MADC_PACK_1, FromFpga.LOOPBACK, FromFpga.OMNIBUS_DATA]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from(KINDS), st.integers(0, 1)), max_size=80),
    st.lists(st.integers(0, 80), max_size=6),
)
def test_what_comes_in_pieces_is_encoded_as_in_one(items, cuts):
    cycle = np.cumsum([gap for gap, _, _ in items], dtype=np.int64)
    kind = np.array([kind for _, kind, _ in items], np.uint8)
    payload = np.array([value for _, _, value in items], np.uint64)
    bounds = [0, *sorted(min(cut, len(items)) for cut in cuts), len(items)]
    parts = [slice(a, b) for a, b in itertools.pairwise(bounds)]
    encoder = TraceEncoder()
    words = [encoder.feed(cycle[part], kind[part], payload[part]) for part in parts]
    words.append(encoder.finish())
    assert np.array_equal(np.concatenate(words), encode_trace(cycle, kind, payload))


def test_events_on_both_sides_of_a_new_time_zero_share_no_pack():
    """Times 470 and 475 before it, -5 (counted anew) behind it."""
    stamps = [2 * time & 0xFF for time in (470, 475, -5)]
    words = encode_trace(
        [500, 505, 30], [FromFpga.SPIKE_PACK_1] * 3, [stamp << 16 | 9 for stamp in stamps]
    )
    assert decode(words).spike_time.tolist() == [470, 475, -5]


def test_a_long_silence_costs_one_message():
    words = encode_trace([10, 10**12], [FromFpga.LOOPBACK] * 2, [1, 1])
    assert words.size == 4
    assert decode(words).ticks.tolist() == [10, 10**12]


def test_time_begins_again_where_the_systime_was_initialised():
    words = encode_trace([10**10, 10**10 + 9, 0, 5], [FromFpga.LOOPBACK] * 4, [1] * 4)
    assert decode(words).ticks.tolist() == [10**10, 10**10 + 9, 0, 5]


def test_no_items_are_no_words():
    assert encode_trace([], [], []).size == 0


@pytest.mark.parametrize(
    ("kind", "payload", "options", "message"),
    [
        ([1, 1], [0], {}, r"cycle \(2,\), kind \(2,\) and payload \(1,\) must match"),
        ([1, 5], [0, 0], {}, r"kind\[1\] = 5 is none of 0\.\.4, 7 \(MADC\), 10 \(spike\)"),
        ([11, 1], [0, 0], {}, r"kind\[0\] = 11 is none of"),
        ([1, 1], [0, 0], {"window": 128}, r"window = 128 is outside 0\.\.127 cycles"),
    ],
)
def test_bad_items_are_refused(kind, payload, options, message):
    with pytest.raises(ProgramError, match=message):
        encode_trace([1, 2], kind, payload, **options)
