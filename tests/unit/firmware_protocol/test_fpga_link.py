"""The FPGA's end: sessions, programs, responses, and hosts that behave badly.

Oracle: docs/reference/link.md.  The host is a stand-in that a test steers packet by packet; time is
a number.
"""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol import hostarq
from firmware_protocol.arq import Arq
from firmware_protocol.host_link import HALT_WORD
from firmware_protocol.hostarq import ArqParameters, Datagram, PacketType, Port
from firmware_protocol.link import FpgaLink, HostGoneError

PARAMETERS = ArqParameters(rto_s=0.01, ack_delay_s=0.0, max_resends=20, bytes_per_s=None)
RESET = Datagram(Port.RESET, bytes.fromhex("abababab"))
MAGIC = 0xFEED


def words(*values):
    return np.array(values, np.uint64)


def data(frame):
    return Datagram(Port.DATA, frame)


class Bench:
    """An FPGA's end and a host that says what a test wants."""

    def __init__(self, **options):
        self.fpga = FpgaLink(PARAMETERS, **options)
        self.host = Arq(PARAMETERS)
        self.now, self.packets = 0.0, []

    def step(self, seconds=0.0):
        self.now += seconds
        for _ in range(20):
            for frame in self.host.outgoing(now=self.now):
                self.fpga.incoming(data(frame), now=self.now)
            for datagram in self.fpga.outgoing(now=self.now):
                assert datagram.port is Port.DATA
                self.host.incoming(datagram.data, now=self.now)
            self.packets += [(pid, w.tolist()) for pid, w in self.host.received()]

    def reset(self):
        self.host.reset()
        self.fpga.incoming(RESET, now=self.now)
        self.step()

    def say(self, pid, *packets):
        for packet in packets:
            self.host.send(pid, packet)
        self.step()

    def connect(self):
        self.reset()
        self.say(PacketType.LOOPBACK, words(MAGIC))
        assert self.packets[-1] == (0x8001, [MAGIC])
        self.packets.clear()
        return self

    def play(self, *packets):
        self.say(PacketType.PLAYBACK, *packets)
        return [program.tolist() for program in self.fpga.programs()]

    def faults(self):
        return [hostarq.parse_fault(words(*w)) for pid, w in self.packets if pid == 0x7E01]


# --- sessions -------------------------------------------------------------------------------------


def test_a_reset_is_answered_with_the_configuration():
    bench = Bench(identifier="chip-7")
    bench.reset()
    (pid, config), *others = bench.packets
    assert (pid, config[:3], others) == (0x8002, [256, 128, 180], [])
    expected = "software: pynn-hx\ncompatible_until: 2\nidentifier: chip-7\n"
    assert hostarq.config_info(words(*config)) == expected


def test_the_first_frames_are_those_of_hostarq():
    fpga = FpgaLink(PARAMETERS)
    fpga.incoming(RESET, now=0.0)
    (config,) = fpga.outgoing(now=0.0)
    assert struct.unpack_from(">IIHH", config.data)[:3] == (255, 0, 0x8002)
    fpga.incoming(data(struct.pack(">IIHHQ", 0, 0, 0x8001, 1, 42)), now=0.1)
    (echo,) = fpga.outgoing(now=0.1)
    assert echo.data == struct.pack(">IIHHQ", 0, 1, 0x8001, 1, 42)


def test_before_a_reset_nothing_counts():
    fpga = FpgaLink(PARAMETERS)
    fpga.incoming(data(hostarq.data_frame(255, 0, 0x8001, bytes(8))), now=0.0)
    assert (fpga.outgoing(now=0.0), fpga.deadline(), fpga.ignored) == ([], None, 1)
    assert fpga.idle and fpga.reset_count == 0


def test_something_else_on_the_reset_port_is_no_reset():
    fpga = FpgaLink(PARAMETERS)
    fpga.incoming(Datagram(Port.RESET, b"abababab"), now=0.0)
    assert (fpga.reset_count, fpga.ignored) == (0, 1)


def test_a_reset_begins_a_session_and_forgets_the_one_before():
    bench = Bench().connect()
    bench.play(words(1, 2))
    bench.fpga.respond(np.zeros(1000, np.uint64))
    bench.now += 0.2
    bench.connect()
    assert bench.fpga.reset_count == 2
    assert bench.play(words(3, HALT_WORD)) == [[3, HALT_WORD]]
    assert bench.packets == []


@pytest.mark.parametrize("pause_s", [None, 1.0])
def test_a_host_without_a_loopback_packet_is_served_when_the_line_was_quiet(pause_s):
    """HostARQ asks for none; the vendor's software sends one."""
    bench = Bench()
    if pause_s is not None:
        bench.connect()
        bench.play(words(1, HALT_WORD))
        bench.now += pause_s
    bench.reset()
    assert bench.play(words(1, 2), words(HALT_WORD)) == [[1, 2, HALT_WORD]]
    assert bench.host.idle, "and acknowledged"


def test_after_a_reset_amid_traffic_only_the_loopback_packet_may_come_first():
    bench = Bench().connect()
    bench.now += 0.9
    bench.reset()
    bench.packets.clear()
    assert bench.play(words(1, HALT_WORD)) == []
    assert bench.host.unacknowledged(PacketType.PLAYBACK) == 2, "not even acknowledged"
    assert bench.fpga.ignored > 0


def test_a_reset_in_the_middle_of_a_program_does_not_split_it():
    bench = Bench().connect()
    bench.play(*(words(k) for k in range(200)))
    bench.now += 0.2
    bench.fpga.incoming(RESET, now=bench.now)
    for seq in range(256):
        frame = hostarq.data_frame(255, seq, 0x0010, hostarq.to_bytes(words(HALT_WORD)))
        bench.fpga.incoming(data(frame), now=bench.now)
    assert bench.fpga.programs() == []


def test_a_copy_of_the_reset_that_comes_late_is_ignored():
    bench = Bench().connect()
    bench.now += 0.09
    bench.fpga.incoming(RESET, now=bench.now)
    assert bench.fpga.reset_count == 1
    assert bench.play(words(1, HALT_WORD)) == [[1, HALT_WORD]]


# --- programs -------------------------------------------------------------------------------------


def test_programs_are_cut_at_their_halts():
    bench = Bench().connect()
    assert bench.play(words(1, 2), words(3, HALT_WORD, HALT_WORD, 4)) == [
        [1, 2, 3, HALT_WORD],
        [HALT_WORD],
    ]
    assert bench.play(words(HALT_WORD)) == [[4, HALT_WORD]]
    assert bench.fpga.programs() == []


def test_a_large_program_arrives_whole():
    bench = Bench().connect()
    program = np.append(np.arange(95_000, dtype=np.uint64), HALT_WORD)
    bench.host.send(PacketType.PLAYBACK, program)
    for _ in range(20):
        bench.step()
    assert np.array_equal(bench.fpga.programs()[0], program)


def test_a_program_beyond_the_limit_is_an_error_and_ends_the_session():
    bench = Bench(max_program_words=10).connect()
    assert bench.play(np.zeros(11, np.uint64)) == []
    assert bench.faults() == [
        "more than 10 words of programs have come, the limit here; split the program, or ask for "
        "a higher limit"
    ]
    assert bench.play(words(1, HALT_WORD)) == []
    bench.now += 0.2
    assert bench.connect().play(words(1, HALT_WORD)) == [[1, HALT_WORD]]


def test_programs_that_nobody_takes_count_for_the_limit():
    bench = Bench(max_program_words=10).connect()
    bench.say(PacketType.PLAYBACK, *[words(1, 2, HALT_WORD)] * 4)
    assert bench.fpga.programs() == []
    assert len(bench.faults()) == 1


def test_programs_that_are_taken_do_not_count_for_the_limit():
    bench = Bench(max_program_words=10).connect()
    for _ in range(20):
        assert bench.play(words(1, 2, HALT_WORD)) == [[1, 2, HALT_WORD]]


def test_packets_of_other_types_are_counted_and_ignored():
    bench = Bench().connect()
    for pid in (0x0000, 0x0001, 0x8000, 0x8003, 0x1234):
        bench.say(pid, words(0))
    assert bench.fpga.ignored == 5
    assert bench.host.idle, "but acknowledged"


def test_a_program_that_fits_its_check_is_taken_and_its_response_gets_one():
    bench = Bench().connect()
    program = words(1, 2, HALT_WORD)
    bench.say(PacketType.CHECK, hostarq.pack_check(program))
    assert len(bench.play(program)) == 1
    bench.fpga.respond(words(5, 6))
    bench.step()
    assert bench.packets == [
        (0x7E02, hostarq.pack_check(words(5, 6)).tolist()),
        (0x0010, [5, 6]),
    ]


def test_a_program_that_does_not_fit_its_check_is_an_error():
    bench = Bench().connect()
    bench.say(PacketType.CHECK, hostarq.pack_check(words(1, 3, HALT_WORD)))
    assert bench.play(words(1, 2, HALT_WORD)) == []
    assert bench.faults() == ["a program was changed on its way by a frame of another time"]


def test_a_host_without_checks_gets_none():
    bench = Bench().connect()
    bench.play(words(HALT_WORD))
    bench.fpga.respond(words(5))
    bench.step()
    assert bench.packets == [(0x0010, [5])]


# --- responses ------------------------------------------------------------------------------------


def test_a_response_is_sent_as_the_host_acknowledges_it():
    bench = Bench().connect()
    response = np.arange(100_000, dtype=np.uint64)
    bench.fpga.respond(response)
    assert len(bench.fpga.outgoing(now=0.0)) == 128
    assert not bench.fpga.idle
    bench.now = 0.02
    for _ in range(20):
        bench.step()
    assert bench.fpga.idle
    assert np.array_equal([w for _, values in bench.packets for w in values], response)


def test_a_host_that_has_gone_is_an_error_once_and_a_reset_mends_it():
    bench = Bench().connect()
    bench.fpga.respond(words(1))
    with pytest.raises(HostGoneError, match=r"the host has gone \(a frame was sent 21 times withi"):
        for k in range(30):
            bench.fpga.outgoing(now=k * 0.1)
    assert (bench.fpga.outgoing(now=9.0), bench.fpga.deadline()) == ([], None)
    bench.now = 9.0
    assert bench.connect().play(words(HALT_WORD)) == [[HALT_WORD]]


def test_a_host_that_never_acknowledges_echoes_gets_a_window_of_them():
    fpga = FpgaLink(PARAMETERS)
    fpga.incoming(RESET, now=0.0)
    sent = 0
    for seq in range(2000):
        frame = hostarq.data_frame(255, seq % 256, 0x8001, bytes([0] * 6 + [seq >> 8, seq & 255]))
        fpga.incoming(data(frame), now=0.0)
        sent += sum(len(d.data) > 4 for d in fpga.outgoing(now=0.0))
    assert sent == 128
    assert fpga.ignored >= 2000 - 2 * 128


def test_two_frames_under_one_number_are_reported():
    bench = Bench().connect()
    bench.play(words(1))
    other = hostarq.data_frame(255, 1, PacketType.PLAYBACK, bytes(8))
    bench.fpga.incoming(data(other), now=bench.now)
    bench.step()
    assert len(bench.faults()) == 1
    assert "two different frames came with sequence number 1" in bench.faults()[0]


# --- anything at all ------------------------------------------------------------------------------

PAYLOAD = st.lists(st.integers(0, 2**64 - 1) | st.just(int(HALT_WORD)), max_size=5).map(
    lambda values: hostarq.to_bytes(words(*values))
)
FRAME = st.builds(
    hostarq.data_frame,
    st.integers(0, 255),
    st.integers(0, 4),
    st.sampled_from(list(PacketType)),
    PAYLOAD,
)
DATAGRAM = st.builds(Datagram, st.sampled_from(list(Port)), FRAME | st.binary(max_size=30))


@given(st.lists(DATAGRAM | st.just(RESET), max_size=40), st.booleans())
def test_random_datagrams_never_raise_and_take_no_memory(datagrams, connected):
    bench = Bench(max_program_words=20)
    if connected:
        bench.connect()
    for datagram in datagrams:
        bench.now += 0.001
        bench.fpga.incoming(datagram, now=bench.now)
        assert len(bench.fpga.outgoing(now=bench.now)) <= 2 * 128
        bench.fpga.deadline()
        assert sum(program.size for program in bench.fpga.programs()) <= 20
