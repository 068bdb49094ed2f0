"""Words from the FPGA: packing, straddling, time reconstruction, refusals, redeeming tickets.

Oracle: messages assembled as Python integers (``tests/support/messages.py``), and a slow decoder in
plain Python (``tests/support/reference_decoder.py``).
"""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocol import DecodeError, LinkError, Program, decode
from firmware_protocol.decoder import TraceBuilder, decode_stream
from firmware_protocol.instructions import FROM_FPGA_PAYLOAD_BITS, FromFpga
from firmware_protocol.tickets import Shift, Stream, Ticket
from tests.support import reference_decoder
from tests.support.messages import HALT_MESSAGE, TICK_MESSAGE, message_bytes, stream, words_of

PERIOD = 1 << 43
COMMA = "comma"
TIMES = (FromFpga.SYSTIME, FromFpga.SYSDELTA)


def event(chip_time, value):
    return (chip_time << 1 & 0xFF) << 16 | value


def message(headers):
    return st.sampled_from(list(headers)).flatmap(
        lambda header: st.tuples(
            st.just(header), st.integers(0, 2 ** int(FROM_FPGA_PAYLOAD_BITS[header]) - 1)
        )
    )


def join(parts):
    """Words of messages and commas; a comma ends a word wherever it stands."""
    data = b""
    for part in parts:
        if part == COMMA:
            data += b"\x80" + b"\xff" * (-(len(data) + 1) % 8)
        else:
            data += message_bytes(*part)
    return words_of(data)


def assert_same(words):
    """The decoder says what the reference says, and refuses what it refuses, where it does."""
    try:
        expected = reference_decoder.decode(words)
    except reference_decoder.Bad as bad:
        with pytest.raises(DecodeError) as caught:
            decode(words)
        assert caught.value.word_index == bad.args[0]
        return
    trace = decode(words)
    spikes = zip((trace.spike_time % PERIOD).tolist(), trace.spike_label.tolist(), strict=True)
    madc = trace.madc_channel.astype(int) << 10 | trace.madc_value
    samples = [(time, value & 0x7FF) for time, value in expected.samples]
    assert list(spikes) == expected.spikes
    assert list(zip((trace.madc_time % PERIOD).tolist(), madc.tolist(), strict=True)) == samples
    assert trace.reads.tolist() == expected.reads
    assert trace.jtag.tolist() == expected.jtag
    assert (trace.ticks % PERIOD).tolist() == expected.ticks
    assert rows(trace.links) == expected.links
    assert rows(trace.timeout_notifications) == expected.timeouts
    assert trace.timeouts.tolist() == [row[1] for row in expected.timeouts]
    assert trace.halted == bool(expected.halted)


def rows(notifications):
    columns = list(dataclasses.astuple(notifications))
    return list(zip(*((c % PERIOD).tolist() if c.dtype == np.int64 else c.astype(int).tolist()
                      for c in columns), strict=True))  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(message(FromFpga) | st.just(COMMA), max_size=40))
def test_any_messages_decode_as_the_reference_says(parts):
    assert_same(join(parts))


@settings(deadline=None)
@given(st.lists(message(FromFpga) | st.just(COMMA), min_size=1, max_size=20), st.data())
def test_cut_streams_decode_as_the_reference_says(parts, data):
    words = join(parts)
    assert_same(words[: data.draw(st.integers(0, words.size))])


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), max_size=12))
def test_arbitrary_words_decode_as_the_reference_says(words):
    assert_same(np.array(words, np.uint64))


@settings(deadline=None)
@given(
    st.lists(message(FromFpga), max_size=12),
    st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4),
    st.data(),
)
def test_garbage_amid_messages_decodes_as_the_reference_says(parts, garbage, data):
    words = join(parts)
    at = data.draw(st.integers(0, words.size))
    assert_same(np.concatenate([words[:at], np.array(garbage, np.uint64), words[at:]]))


def test_systime_sets_and_sysdelta_and_every_message_advance_the_counter():
    trace = decode(
        stream(
            (FromFpga.SYSTIME, 1000),
            TICK_MESSAGE,  # 1001
            (FromFpga.SYSDELTA, 50),  # 1002, then 1052
            TICK_MESSAGE,  # 1053
            (FromFpga.OMNIBUS_DATA, 0xCAFE),
            HALT_MESSAGE,
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
        HALT_MESSAGE,
    )
    trace = decode(words)
    assert trace.spike_time.tolist() == [250]
    assert trace.madc_time.tolist() == [257]
    assert (trace.madc_value.tolist(), trace.madc_channel.tolist()) == ([5], [1])


@pytest.mark.parametrize(("age", "decoded_age"), [(0, 0), (127, 127), (128, 0), (130, 2)])
def test_an_event_time_is_unambiguous_for_128_cycles(age, decoded_age):
    spike = (FromFpga.SPIKE_PACK_1, event(9000 - age, 7))
    trace = decode(stream((FromFpga.SYSTIME, 8999), spike))
    assert trace.spike_time.tolist() == [9000 - decoded_age]


def test_packs_of_three_straddle_words_and_a_comma_skips_the_rest():
    pack = event(90, 1) << 48 | event(91, 2) << 24 | event(92, 3)
    words = stream(
        (FromFpga.SYSTIME, 99),
        (FromFpga.SPIKE_PACK_3, pack),
        (FromFpga.SPIKE_PACK_2, event(95, 4) << 24 | event(96, 5)),
    )
    assert words.size == 4
    tail = stream((FromFpga.SPIKE_PACK_1, event(97, 6)), HALT_MESSAGE)
    trace = decode(np.concatenate([words, tail]))
    assert trace.spike_label.tolist() == [1, 2, 3, 4, 5, 6]
    assert trace.spike_time.tolist() == [90, 91, 92, 95, 96, 97]


def test_comma_words_are_skipped_and_words_after_the_halt_ignored():
    rubbish = [np.uint64(0x7F << 56)]
    trace = decode(np.concatenate([[np.uint64(1 << 63)], stream(HALT_MESSAGE), rubbish]))
    assert trace.halted and trace.ticks.size == 0


def test_timeouts_say_which_instruction_and_what_was_outstanding():
    trace = decode(stream((FromFpga.TIMEOUT_NOTIFICATION, 5 << 39 | 3 << 32 | 77)))
    timeout = trace.timeout_notifications
    assert trace.timeouts.tolist() == timeout.instruction.tolist() == [77]
    assert (timeout.trace_stall.tolist(), timeout.outstanding_reads.tolist()) == ([3], [5])
    assert len(timeout) == 1
    assert not trace.halted


def test_links_say_which_phy_and_what_happened():
    trace = decode(stream((FromFpga.HIGHSPEED_LINK_NOTIFICATION, 0b101_1_0_1_0_0)))
    links = trace.links
    assert (len(links), links.phy.tolist(), links.time.tolist()) == (1, [5], [1])
    flags = links.link_up, links.decode_error, links.crc_error, links.crc_recover, links.check_error
    assert [flag.tolist() for flag in flags] == [[True], [False], [True], [False], [False]]


def test_unknown_headers_and_cut_messages_are_errors_of_ours():
    with pytest.raises(DecodeError, match=r"word 1: unknown header .* headers are 0\.\.12"):
        decode([int(FromFpga.SYSTIME) << 56, 13 << 56])
    with pytest.raises(DecodeError, match=r"word 0: the stream ends inside a message"):
        decode([int(FromFpga.SPIKE_PACK_3) << 56])


# --- wrap-around of the FPGA's 43-bit time ------------------------------------------------------


def ticks_after(*times):
    """Decoded ticks, each right after a Systime."""
    messages = [m for time in times for m in ((FromFpga.SYSTIME, time % PERIOD), TICK_MESSAGE)]
    return decode(stream(*messages)).ticks.tolist()


@settings(deadline=None)
@given(
    st.integers(1 << 40, PERIOD - 1000),
    st.lists(st.integers(1, 1 << 36), min_size=1, max_size=200),
)
def test_times_rise_across_the_wrap(start, gaps):
    times = (start + np.cumsum([0, *gaps])).tolist()
    assert ticks_after(*times) == [time + 1 for time in times]


def test_times_rise_across_the_wrap_without_a_systime_there():
    """Each Sysdelta of 200 takes one cycle itself."""
    delta, spike = (FromFpga.SYSDELTA, 200), (FromFpga.SPIKE_PACK_1, event(PERIOD + 200, 9))
    start = PERIOD - 500
    trace = decode(
        stream((FromFpga.SYSTIME, start), TICK_MESSAGE, *[delta] * 4, TICK_MESSAGE, spike)
    )
    assert trace.ticks.tolist() == [start + 1, start + 1 + 4 * 201 + 1]
    assert trace.spike_time.tolist() == [PERIOD + 200]


def test_an_event_from_before_the_wrap_that_arrives_after_it_keeps_its_time():
    words = stream(
        (FromFpga.SYSTIME, PERIOD - 200),
        (FromFpga.SYSTIME, 20),
        (FromFpga.SPIKE_PACK_1, event(PERIOD - 60, 9)),
    )
    assert decode(words).spike_time.tolist() == [PERIOD - 60]


def test_a_systime_slightly_back_corrects_the_time_also_across_the_wrap():
    assert ticks_after(5000, 4990) == [5001, 4991]
    times = [PERIOD - 1000, PERIOD + 10, PERIOD - 5, PERIOD + 20]
    assert ticks_after(*times) == [time + 1 for time in times]


@pytest.mark.parametrize("before", [5 << 20, 1 << 40, PERIOD - (1 << 37), PERIOD + (1 << 37)])
def test_a_systime_init_begins_again_at_zero(before):
    start = before - (1 << 30)
    assert ticks_after(start, before, 0) == [start % PERIOD + 1, start % PERIOD + 1 + (1 << 30), 1]


def test_an_event_from_just_before_zero_has_a_negative_time():
    words = stream((FromFpga.SYSTIME, 3), (FromFpga.SPIKE_PACK_1, event(-20, 9)))
    assert decode(words).spike_time.tolist() == [-20]


def test_the_first_cycle_of_all_is_zero():
    assert ticks_after(PERIOD - 1) == [0]


# --- in chunks ----------------------------------------------------------------------------------


def assert_same_traces(first, second):
    for field in dataclasses.fields(first):
        one, other = getattr(first, field.name), getattr(second, field.name)
        if dataclasses.is_dataclass(one):
            assert_same_traces(one, other)
        elif isinstance(one, np.ndarray):
            assert one.dtype == other.dtype, field.name
            assert np.array_equal(one, other), field.name
        else:
            assert one == other, field.name


@settings(deadline=None, max_examples=200)
@given(
    st.lists(message(FromFpga) | st.just(COMMA), max_size=40),
    st.lists(st.integers(0, 60), max_size=6),
    st.integers(0, 2),
    st.sampled_from([[], [0x0F << 56]]),
)
def test_a_response_in_chunks_decodes_as_in_one_piece(parts, cuts, lost, garbage):
    words = join(parts)
    words = np.append(words[: words.size - lost], np.array(garbage, np.uint64))
    chunks = np.split(words, sorted(cut for cut in cuts if cut < words.size))
    try:
        expected = decode(words)
    except DecodeError as error:
        with pytest.raises(DecodeError) as caught:
            decode_stream(chunks)
        assert caught.value.word_index == error.word_index
        return
    assert_same_traces(decode_stream(chunks), expected)


def test_words_may_be_overwritten_once_they_are_fed():
    words = stream(*[(FromFpga.SPIKE_PACK_3, 7 << 48 | 8 << 24 | 9)] * 5, HALT_MESSAGE)
    builder = TraceBuilder()
    for word in words:
        buffer = np.array([word])
        builder.feed(buffer)
        buffer[...] = 0
    assert builder.halted
    assert_same_traces(builder.finish(), decode(words))


def test_a_builder_takes_large_chunks_apart(monkeypatch):
    monkeypatch.setattr("firmware_protocol.decoder._SLICE", 7)
    n = 100
    words = stream(
        *[(FromFpga.MADC_PACK_3, k << 48 | k << 24 | k) for k in range(n)],
        (FromFpga.OMNIBUS_DATA, 5),
        HALT_MESSAGE,
    )
    trace = decode(np.append(words, np.uint64(0x0F << 56)))
    assert trace.madc_value.tolist() == np.repeat(np.arange(n), 3).tolist()
    assert trace.reads.tolist() == [5]
    assert trace.halted


# --- tickets ------------------------------------------------------------------------------------


def test_tickets_redeem_answers_of_their_stream():
    program = Program()
    tick, first, second = program.loopback(), program.read([1, 2]), program.read(3)
    trace = decode(
        stream(TICK_MESSAGE, *((FromFpga.OMNIBUS_DATA, v) for v in (7, 8, 9)), HALT_MESSAGE)
    )
    assert trace.redeem(first).tolist() == [7, 8]
    assert trace.redeem(second).tolist() == [9]
    assert trace.redeem(tick).tolist() == [1]
    assert trace.redeem(second).dtype == np.uint32


def test_jtag_answers_are_cut_to_the_bits_that_were_shifted():
    trace = decode(stream((FromFpga.JTAG_DATA, 0x1_2345_6789)))
    assert trace.redeem(Ticket(slice(0, 1), Stream.JTAG, bits=8)).tolist() == [0x89]
    assert trace.jtag.tolist() == [0x123456789]


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([HALT_MESSAGE], "must be that of the program that gave the ticket"),
        ([], "does not reach the program's halt"),
        ([(FromFpga.TIMEOUT_NOTIFICATION, 4)], "instruction 4 timed out"),
    ],
)
def test_missing_answers_are_named(messages, reason):
    trace = decode(stream((FromFpga.OMNIBUS_DATA, 1), *messages))
    ticket = Ticket(slice(0, 2)).shifted(Shift(reads=1))
    with pytest.raises(LinkError, match=rf"1 answers in 'reads', .* answers 1\.\.2; .*{reason}"):
        trace.redeem(ticket)
