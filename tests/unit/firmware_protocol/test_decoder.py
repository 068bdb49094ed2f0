"""Words from the FPGA: packing, straddling, time reconstruction, refusals.

Oracle: messages assembled here bit by bit as Python integers, and the times that went in.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocol import DecodeError, decode
from firmware_protocol.decoder import encode_trace
from firmware_protocol.instructions import FROM_FPGA_PAYLOAD_BITS, FromFpga

LATENCY = 37


def stream(*messages):
    """Words of (header, payload) messages, big-endian, comma after the last byte."""
    data = b""
    for header, payload in messages:
        size = max(8, (int(FROM_FPGA_PAYLOAD_BITS[header]) + 8 + 7) // 8)
        data += bytes([header]) + payload.to_bytes(size - 1, "big")
    data += b"\x80" * bool(len(data) % 8)
    data += b"\0" * (-len(data) % 8)
    return np.frombuffer(data, ">u8").astype(np.uint64)


def event(chip_time, value):
    return (chip_time << 1 & 0xFF) << 16 | value


def test_systime_sets_and_sysdelta_and_every_message_advance_the_counter():
    trace = decode(
        stream(
            (FromFpga.SYSTIME, 1000),
            (FromFpga.LOOPBACK, 1),  # 1001
            (FromFpga.SYSDELTA, 50),  # 1002, then 1052
            (FromFpga.LOOPBACK, 1),  # 1053
            (FromFpga.OMNIBUS_DATA, 0xCAFE),
            (FromFpga.LOOPBACK, 0),
        )
    )
    assert trace.ticks.tolist() == [1001, 1053]
    assert trace.reads.tolist() == [0xCAFE]
    assert trace.halted


def test_event_time_is_the_latest_match_not_after_the_counter():
    words = stream(
        (FromFpga.SYSTIME, 255),
        (FromFpga.SPIKE_PACK_1, event(250, 7)),  # counter 256: bits say 122 of the next 128
        (FromFpga.MADC_PACK_1, event(257, 1 << 10 | 5)),  # counter 257
        (FromFpga.LOOPBACK, 0),
    )
    trace = decode(words)
    assert trace.spike_time.tolist() == [250]
    assert trace.madc_time.tolist() == [257]
    assert (trace.madc_value.tolist(), trace.madc_channel.tolist()) == ([5], [1])


def test_packs_of_three_straddle_words_and_a_comma_skips_the_rest():
    pack = event(90, 1) << 48 | event(91, 2) << 24 | event(92, 3)
    words = stream(
        (FromFpga.SYSTIME, 99),
        (FromFpga.SPIKE_PACK_3, pack),
        (FromFpga.SPIKE_PACK_2, event(95, 4) << 24 | event(96, 5)),
    )
    assert words.size == 4
    tail = stream((FromFpga.SPIKE_PACK_1, event(97, 6)), (FromFpga.LOOPBACK, 0))
    trace = decode(np.concatenate([words, tail]))
    assert trace.spike_label.tolist() == [1, 2, 3, 4, 5, 6]
    assert trace.spike_time.tolist() == [90, 91, 92, 95, 96, 97]


def test_comma_words_are_skipped():
    halt = stream((FromFpga.LOOPBACK, 0))
    trace = decode(np.concatenate([[np.uint64(1 << 63)], halt, [np.uint64(0xFF << 48)]]))
    assert trace.halted and trace.ticks.size == 0


def test_timeouts_are_reported_with_their_instruction():
    trace = decode(stream((FromFpga.TIMEOUT_NOTIFICATION, 3 << 32 | 77)))
    assert trace.timeouts.tolist() == [77]
    assert not trace.halted


def test_unknown_headers_and_cut_messages_are_errors_of_ours():
    with pytest.raises(DecodeError, match=r"word 1: unknown header"):
        decode([int(FromFpga.SYSTIME) << 56, 13 << 56])
    with pytest.raises(DecodeError, match=r"word 0: the stream ends inside a message"):
        decode([int(FromFpga.SPIKE_PACK_3) << 56])


@given(st.lists(st.integers(0, 2**64 - 1), max_size=12))
def test_arbitrary_words_decode_or_raise_our_error(words):
    try:
        decode(np.array(words, np.uint64))
    except DecodeError:
        pass


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from(["spike", "madc"]), st.integers(0, 0x3FF)),
        max_size=120,
    ),
    st.integers(0, 2**42),
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
    assert np.array_equal(trace.spike_time, chip_time[spike])
    assert np.array_equal(trace.spike_label, value[spike])
    assert np.array_equal(trace.madc_time, chip_time[~spike])
    assert np.array_equal(trace.madc_value, value[~spike])


def test_ticks_are_exact_even_in_a_burst_of_events():
    n = 300
    cycle = np.append(np.full(n, 5000 + LATENCY), 5000 + LATENCY)
    kind = np.append(np.full(n, FromFpga.SPIKE_PACK_1), FromFpga.LOOPBACK).astype(np.uint8)
    payload = np.append(np.full(n, (5000 << 1 & 0xFF) << 16 | 9), 1).astype(np.uint64)
    trace = decode(encode_trace(cycle, kind, payload))
    assert trace.ticks.tolist() == [5000 + LATENCY]
    assert np.all(trace.spike_time == 5000)


def test_a_long_silence_costs_one_message():
    words = encode_trace(
        np.array([10, 10**12], np.int64),
        np.full(2, FromFpga.LOOPBACK, np.uint8),
        np.ones(2, np.uint64),
    )
    assert words.size == 4
    assert decode(words).ticks.tolist() == [10, 10**12]
