"""Positions of answers.  Oracle: counting."""

from firmware_protocol.tickets import Shift, Stream, Ticket


def test_shifts_add_stream_by_stream():
    assert Shift(1, 2, 3) + Shift(10, 20, 30) == Shift(reads=11, jtag=22, ticks=33)


def test_a_ticket_moves_by_the_answers_of_its_own_stream():
    shift = Shift(reads=1, jtag=2, ticks=3)
    moved = [Ticket(slice(4, 6), stream, bits=9).shifted(shift) for stream in Stream]
    assert [ticket.span for ticket in moved] == [slice(5, 7), slice(6, 8), slice(7, 9)]
    assert all(ticket.bits == 9 and len(ticket) == 2 for ticket in moved)


def test_streams_are_named_after_the_arrays_of_a_trace():
    assert [stream.value for stream in Stream] == ["reads", "jtag", "ticks"]
