"""Datagrams on a byte stream.

Oracle: docs/reference/link.md; a frame is written out in hexadecimal.
"""

from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol import framing
from firmware_protocol.hostarq import Datagram, Port, ack_frame
from firmware_protocol.transports.stream import DatagramReader, StreamPort, encode

DATAGRAMS = st.lists(st.builds(Datagram, st.sampled_from(list(Port)), st.binary(max_size=100)))
RESET = bytes.fromhex("00 0a 01 abababab 6aedf2b8 00")


class Channel:
    """A byte channel that gives what it was given."""

    def __init__(self, *arrives):
        self.arrives, self.written, self.closed = list(arrives), b"", False

    def write(self, data):
        self.written += data

    def read(self, timeout_s):
        return self.arrives.pop(0) if self.arrives else b""

    def close(self):
        self.closed = True


def test_a_reset_as_it_travels():
    assert encode([Datagram(Port.RESET, bytes.fromhex("abababab"))]) == RESET


def test_an_acknowledgement_as_it_travels_has_no_zero_inside():
    data = encode([Datagram(Port.DATA, ack_frame(255))])
    assert data[0] == data[-1] == 0
    assert 0 not in data[1:-1]


@given(DATAGRAMS)
def test_datagrams_come_out_as_they_went_in(datagrams):
    there, back = StreamPort(Channel()), StreamPort(Channel())
    there.write(datagrams)
    back._channel.arrives = [there._channel.written]
    assert back.read(1.0) == datagrams
    assert back.read(1.0) == []
    assert back.damaged == 0


def test_nothing_to_say_writes_nothing():
    port = StreamPort(Channel())
    port.write([])
    assert port._channel.written == b""


def test_noise_before_a_write_costs_no_datagram():
    reader = DatagramReader()
    datagram = Datagram(Port.DATA, b"abcd")
    assert reader.feed(b"\xff\x13noise" + encode([datagram])) == [datagram]
    assert reader.damaged == 1


def test_frames_that_go_to_no_port_are_dropped_and_counted():
    reader = DatagramReader()
    assert reader.feed(framing.encode(b"") + framing.encode(b"\2abc")) == []
    assert reader.damaged == 2


def test_closing_the_port_closes_the_channel():
    port = StreamPort(Channel())
    port.close()
    assert port._channel.closed
