"""One end of HostARQ: windows, acknowledgements, repetition, wrap-around.

Oracle: docs/reference/link.md; frames are made and read here with `struct`.  Time is a number.
"""

import dataclasses
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocol import LinkError, arq
from firmware_protocol.arq import Arq, StaleFrameError
from firmware_protocol.hostarq import ArqParameters

# A line without a rate, so that nothing but the window holds frames back.
PARAMETERS = ArqParameters(rto_s=1.0, ack_delay_s=0.25, max_resends=3, bytes_per_s=None)
SMALL = dataclasses.replace(PARAMETERS, window=4, sequences=8, max_words=2)
PID = 0x0010


def words(*values):
    return np.array(values, np.uint64)


def frame(seq, *values, ack=255, pid=PID):
    return struct.pack(f">IIHH{len(values)}Q", ack, seq, pid, len(values), *values)


def acknowledgement(ack):
    return struct.pack(">I", ack)


def seqs(frames):
    return [struct.unpack_from(">II", f)[1] for f in frames]


def received(end):
    return [(pid, values.tolist()) for pid, values in end.received()]


def sender(n_frames, parameters=PARAMETERS):
    """An end that has sent as many frames of one word as its window takes, at time 0."""
    end = Arq(parameters)
    for k in range(n_frames):
        end.send(PID, words(k))
    return end, end.outgoing(now=0.0)


# --- sending --------------------------------------------------------------------------------------


def test_the_first_frame_has_number_0_and_acknowledges_255():
    end = Arq(PARAMETERS)
    end.send(PID, words(5, 6))
    assert end.outgoing(now=0.0) == [frame(0, 5, 6)]


def test_long_messages_are_cut_into_frames_of_180_words():
    end = Arq(PARAMETERS)
    end.send(PID, np.arange(400, dtype=np.uint64))
    end.send(PID, words(7))
    frames = end.outgoing(now=0.0)
    assert frames[0] == frame(0, *range(180))
    assert frames[1:] == [frame(1, *range(180, 360)), frame(2, *range(360, 400)), frame(3, 7)]


def test_a_window_of_128_frames_is_sent_and_then_waits():
    end, frames = sender(200)
    assert seqs(frames) == list(range(128))
    assert end.outgoing(now=0.5) == []


def test_an_acknowledgement_is_cumulative_and_moves_the_window():
    end, _ = sender(200)
    end.incoming(acknowledgement(9), now=0.1)
    assert seqs(end.outgoing(now=0.1)) == list(range(128, 138))


def test_an_acknowledgement_of_what_was_not_sent_is_ignored():
    end, _ = sender(10)
    end.incoming(acknowledgement(10), now=0.1)
    end.incoming(acknowledgement(255), now=0.1)
    assert end.unacknowledged(PID) == 10


def test_sequence_numbers_go_from_255_to_0():
    end, _ = sender(300)
    for ack in (127, 254):
        end.incoming(acknowledgement(ack), now=0.1)
        frames = end.outgoing(now=0.1)
    assert seqs(frames)[:4] == [0, 1, 2, 3]


def test_a_data_frame_carries_the_acknowledgement_of_the_moment():
    end, _ = sender(0)
    end.incoming(frame(0, 1), now=0.0)
    end.send(PID, words(2))
    assert end.outgoing(now=0.0) == [frame(0, 2, ack=0)]
    assert end.deadline() == 1.0, "no acknowledgement is due any more"


def test_an_end_is_idle_once_everything_is_acknowledged():
    end, _ = sender(2)
    assert not end.idle
    end.incoming(acknowledgement(1), now=0.1)
    assert end.idle
    assert end.deadline() is None


def test_words_are_counted_until_they_are_acknowledged():
    end = Arq(SMALL)
    end.send(PID, np.arange(20, dtype=np.uint64))
    end.send(0x8001, words(1))
    end.outgoing(now=0.0)
    assert end.unacknowledged(PID) == 20
    end.incoming(acknowledgement(1), now=0.1)
    assert (end.unacknowledged(PID), end.unacknowledged(0x8001)) == (16, 1)


def test_more_words_than_there_is_room_for_are_refused(monkeypatch):
    monkeypatch.setattr(arq, "MAX_QUEUED_WORDS", 10)
    end = Arq(PARAMETERS)
    end.send(PID, np.zeros(8, np.uint64))
    assert end.room == 2
    with pytest.raises(LinkError, match="3 words do not fit: 8 of 10 wait to be sent; send less"):
        end.send(PID, np.zeros(3, np.uint64))


def test_an_empty_packet_is_refused():
    with pytest.raises(ValueError, match="a packet has at least one word"):
        Arq(PARAMETERS).send(PID, words())


# --- repetition -----------------------------------------------------------------------------------


def test_the_nth_repetition_comes_n_time_outs_after_the_first_transmission():
    end, first = sender(1)
    for n in (1, 2, 3):
        assert end.deadline() == n
        assert end.outgoing(now=n - 1e-9) == []
        assert end.outgoing(now=n + 0.1) == first


def test_only_what_is_not_acknowledged_is_repeated():
    end, _ = sender(3)
    end.incoming(acknowledgement(1), now=0.5)
    assert seqs(end.outgoing(now=1.0)) == [2]


def test_each_frame_has_a_time_out_of_its_own():
    end, _ = sender(1)
    end.send(PID, words(1))
    end.outgoing(now=0.5)
    assert seqs(end.outgoing(now=1.0)) == [0]
    assert end.deadline() == 1.5
    assert seqs(end.outgoing(now=1.5)) == [1]


def test_after_a_long_sleep_a_frame_is_repeated_once_and_not_many_times():
    end, first = sender(1)
    assert end.outgoing(now=100.0) == first
    assert end.outgoing(now=100.5) == []
    assert end.outgoing(now=101.0) == first


def test_too_many_repetitions_are_an_error_that_stays():
    end, _ = sender(1)
    for n in (1, 2, 3):
        end.outgoing(now=n)
    for now in (4.0, 5.0):
        with pytest.raises(LinkError, match="a frame was sent 4 times within 4 s and never ackn"):
            end.outgoing(now=now)
    assert end.deadline() is None


# --- receiving ------------------------------------------------------------------------------------


def test_words_come_out_once_and_in_order_whatever_order_they_come_in():
    end = Arq(PARAMETERS)
    for seq in (2, 0, 1, 1, 3, 0):
        end.incoming(frame(seq, seq, pid=seq), now=0.0)
    assert received(end) == [(k, [k]) for k in range(4)]
    assert received(end) == []
    assert (end.counters.received, end.counters.duplicates) == (4, 2)


def test_a_frame_beyond_the_window_is_dropped():
    end = Arq(SMALL)
    end.incoming(frame(4, 1, ack=7), now=0.0)
    assert end.counters.out_of_window == 1
    assert end.ordered


def test_an_acknowledgement_alone_is_sent_when_its_time_has_come():
    end = Arq(PARAMETERS)
    end.incoming(frame(0, 1), now=1.0)
    end.incoming(frame(1, 1), now=1.1)
    assert end.deadline() == 1.25
    assert end.outgoing(now=1.24) == []
    assert end.outgoing(now=1.25) == [acknowledgement(1)]
    assert end.deadline() is None


def test_a_duplicate_is_acknowledged_again():
    end = Arq(PARAMETERS)
    end.incoming(frame(0, 1), now=0.0)
    end.outgoing(now=0.25)
    end.incoming(frame(0, 1), now=1.0)
    assert end.outgoing(now=1.25) == [acknowledgement(0)]


def test_a_quarter_of_a_window_is_acknowledged_at_once():
    end = Arq(PARAMETERS)
    for seq in range(31):
        end.incoming(frame(seq, 1), now=0.0)
    assert end.outgoing(now=0.0) == []
    end.incoming(frame(31, 1), now=0.0)
    assert end.outgoing(now=0.0) == [acknowledgement(31)]


def test_an_acknowledgement_that_waits_can_be_hurried():
    end = Arq(PARAMETERS)
    end.hurry()
    assert end.outgoing(now=0.0) == []
    end.incoming(frame(0, 1), now=0.0)
    end.hurry()
    assert end.outgoing(now=0.0) == [acknowledgement(0)]


def test_frames_that_nobody_takes_are_dropped_and_come_again():
    end = Arq(SMALL)
    for k in range(17):
        end.incoming(frame(k % 8, k, ack=7), now=0.0)
    assert end.counters.congested == 1
    assert len(received(end)) == end.n_ready + 16
    end.incoming(frame(0, 16, ack=7), now=0.0)
    assert received(end) == [(PID, [16])]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 5,
        frame(256, 1),
        frame(0, 1, ack=256),
        acknowledgement(2**32 - 1),
        frame(0, *range(181)),
        frame(0, 1)[:-1],
    ],
)
def test_what_is_no_frame_of_hostarq_is_counted_and_dropped(data):
    end = Arq(PARAMETERS)
    end.incoming(data, now=0.0)
    assert end.counters.malformed == 1
    assert received(end) == []


@pytest.mark.parametrize("before", [[0], [0, 1, 2], [5]])
def test_a_different_frame_under_a_known_number_is_an_error(before):
    end = Arq(PARAMETERS)
    for seq in before:
        end.incoming(frame(seq, seq), now=0.0)
    with pytest.raises(StaleFrameError, match=r"two different frames came with sequence number "):
        end.incoming(frame(before[0], 99), now=0.0)


def test_the_acknowledgement_in_a_repetition_may_differ():
    end = Arq(PARAMETERS)
    end.incoming(frame(0, 1, ack=255), now=0.0)
    end.incoming(frame(0, 1, ack=3), now=0.0)
    assert end.counters.duplicates == 1


def test_a_reset_forgets_both_directions():
    end, _ = sender(5)
    end.incoming(frame(0, 1), now=0.0)
    end.incoming(frame(7, 1), now=0.0)
    end.reset()
    assert end.idle and end.ordered and received(end) == []
    end.send(PID, words(9))
    assert end.outgoing(now=2.0) == [frame(0, 9)]


# --- both ends ------------------------------------------------------------------------------------


def converse(a, b, *, until, step_s=0.1):
    """Carry frames both ways until nothing is left; returns what `b` received."""
    got, now = [], 0.0
    while now < until and not (a.idle and b.idle):
        for one, other in ((a, b), (b, a)):
            for data in one.outgoing(now=now):
                other.incoming(data, now=now)
        got += received(b)
        now += step_s
    return got


@pytest.mark.parametrize("parameters", [PARAMETERS, SMALL])
def test_thousands_of_frames_pass_while_numbers_wrap_around(parameters):
    a, b = Arq(parameters), Arq(parameters)
    sent = np.arange(5000 * parameters.max_words, dtype=np.uint64)
    a.send(PID, sent)
    got = converse(a, b, until=1e4)
    assert np.array_equal([w for _, values in got for w in values], sent)
    assert a.counters.sent == b.counters.received == 5000
    assert a.counters.resent == 0


@settings(max_examples=30)
@given(st.lists(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=9), max_size=20))
def test_messages_keep_their_types_and_their_order(messages):
    a, b = Arq(SMALL), Arq(SMALL)
    for pid, values in enumerate(messages):
        a.send(pid, words(*values))
    pieces = [(p, v[k : k + 2]) for p, v in enumerate(messages) for k in range(0, len(v), 2)]
    assert converse(a, b, until=1e3) == pieces


@given(st.lists(st.binary(max_size=40) | st.builds(frame, st.integers(0, 8), st.integers(0, 3))))
def test_random_frames_do_no_harm_and_take_no_memory(frames):
    end = Arq(SMALL)
    end.send(PID, np.arange(9, dtype=np.uint64))
    for now, data in enumerate(frames):
        try:
            end.incoming(data, now=now / 100)
        except StaleFrameError:
            continue
        assert end.n_ready <= 16 and len(end._early) <= 4 and len(end._digests) <= 8
        assert len(end.outgoing(now=now / 100)) <= 4


# --- slow lines -----------------------------------------------------------------------------------

SLOW = ArqParameters.for_line_rate(11_520)
FULL_FRAME_S = SLOW.line_seconds(12 + 8 * 180)


def test_a_slow_line_gets_no_more_than_it_can_send_soon():
    end = Arq(SLOW)
    end.send(PID, np.zeros(180 * 50, np.uint64))
    assert len(end.outgoing(now=0.0)) == 1
    assert end.outgoing(now=0.0) == []
    assert end.deadline() == pytest.approx(FULL_FRAME_S - arq.LINE_AHEAD_S)
    assert len(end.outgoing(now=end.deadline())) == 1


def test_repetition_on_a_slow_line_is_paced_too():
    end = Arq(SLOW)
    end.send(PID, np.zeros(180 * 50, np.uint64))
    end.outgoing(now=0.0)
    while not end.counters.resent:
        now = end.deadline()
        end.outgoing(now=now)
    assert now == pytest.approx(SLOW.rto_s, abs=FULL_FRAME_S)
    n_frames = sum(len(end.outgoing(now=now + k / 100)) for k in range(500))
    assert n_frames <= 5.0 / FULL_FRAME_S + 2


def test_an_acknowledgement_need_not_wait_for_a_slow_line():
    end = Arq(SLOW)
    end.send(PID, np.zeros(180 * 50, np.uint64))
    end.outgoing(now=0.0)
    end.incoming(frame(0, 1), now=0.01)
    assert end.outgoing(now=0.0106) == [acknowledgement(0)]
