"""The host's end: handshake, one program at a time, and what is said when it fails.

Oracle: docs/reference/link.md.  The FPGA is a stand-in that a test steers packet by packet; time
is a number.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol import LinkError, ProgramError, hostarq
from firmware_protocol.arq import Arq
from firmware_protocol.host_link import HALT_WORD
from firmware_protocol.hostarq import ArqParameters, Datagram, PacketType, Port
from firmware_protocol.link import HostLink
from tests.support.messages import HALT_MESSAGE, stream

PARAMETERS = ArqParameters(rto_s=0.01, bytes_per_s=None)
MAGIC = 0xC0FFEE
CONFIG = np.array([256, 128, 180, 0], np.uint64)
OURS = hostarq.pack_config(PARAMETERS, hostarq.our_info("chip-7"))
PROGRAM = np.append(np.arange(1000, dtype=np.uint64), HALT_WORD)
RESPONSE = stream((1, 5), (1, 6), HALT_MESSAGE)


def words(*values):
    return np.array(values, np.uint64)


class Bench:
    """A host's end and the packets that it sends, with an FPGA that says what a test wants."""

    def __init__(self, **options):
        self.host = HostLink(PARAMETERS, magic=MAGIC, **options)
        self.fpga = Arq(PARAMETERS)
        self.now, self.resets, self.packets = 0.0, 0, []
        self.deaf = False

    def step(self, seconds=0.0):
        """Let time pass, then carry everything both ways until nobody says more."""
        self.now += seconds
        for _ in range(20):
            for datagram in self.host.outgoing(now=self.now):
                if datagram.port is Port.RESET:
                    assert datagram.data == bytes.fromhex("abababab")
                    self.resets += 1
                elif not self.deaf:
                    self.fpga.incoming(datagram.data, now=self.now)
            self.packets += [(pid, w.tolist()) for pid, w in self.fpga.received()]
            self.fpga.hurry()
            for frame in self.fpga.outgoing(now=self.now):
                self.host.incoming(Datagram(Port.DATA, frame), now=self.now)

    def say(self, pid, *packets):
        for packet in packets:
            self.fpga.send(pid, packet)
        self.step()

    def connect(self, config=CONFIG):
        self.step()
        self.say(PacketType.CONFIG, config)
        self.say(PacketType.LOOPBACK, words(MAGIC))
        assert self.host.ready
        return self

    def run(self):
        self.packets.clear()
        self.host.submit(PROGRAM)
        self.step()
        return self


def error_of(action, *arguments, **options):
    with pytest.raises(LinkError) as caught:
        action(*arguments, **options)
    return str(caught.value)


# --- handshake ------------------------------------------------------------------------------------


def test_a_session_is_reset_configuration_magic_and_its_echo():
    bench = Bench()
    bench.step()
    assert (bench.resets, bench.packets) == (1, [])
    bench.say(PacketType.CONFIG, CONFIG)
    assert bench.packets == [(0x8001, [MAGIC])]
    assert not bench.host.ready
    bench.say(PacketType.LOOPBACK, words(MAGIC))
    assert bench.host.ready


def test_a_reset_is_repeated_four_times_a_second_for_two_seconds():
    bench = Bench()
    bench.step()
    for n in range(1, 8):
        bench.step(0.24)
        assert bench.resets == n
        bench.step(0.01)
        assert bench.resets == n + 1
    assert bench.host.deadline() == pytest.approx(2.0)
    match = "has not answered 8 resets within 2 s; is it running, and the address or line right?"
    assert match in error_of(bench.step, 0.25)
    assert match in error_of(lambda: bench.host.ready)


def test_after_several_resets_the_magic_waits_until_none_is_on_its_way():
    bench = Bench()
    bench.step()
    bench.step(0.25)
    bench.say(PacketType.CONFIG, CONFIG)
    assert bench.packets == []
    bench.step(0.05)
    assert bench.packets == [(0x8001, [MAGIC])]


def test_before_the_configuration_everything_is_dropped():
    bench = Bench()
    bench.step()
    bench.fpga.send(PacketType.PLAYBACK, words(1))
    bench.fpga.send(PacketType.CONFIG, CONFIG)
    frames = bench.fpga.outgoing(now=0.0)
    bench.host.incoming(Datagram(Port.DATA, frames[0]), now=0.0)
    assert bench.host.outgoing(now=0.0) == []


def test_wrong_parameters_of_the_fpga_are_an_error_that_names_both():
    bench = Bench()
    bench.step()
    match = "MAX_WINSIZ 32 instead of 128"
    assert match in error_of(bench.say, PacketType.CONFIG, words(256, 32, 180, 0))


def test_a_configuration_may_span_packets_and_names_the_chip():
    bench = Bench()
    bench.step()
    config = hostarq.pack_config(PARAMETERS, "x: " + "y" * 2000 + "\nidentifier: chip-7\n")
    bench.say(PacketType.CONFIG, config)
    bench.say(PacketType.LOOPBACK, words(MAGIC))
    assert bench.host.ready
    assert bench.host.identifier == "chip-7"


def test_an_fpga_without_a_name_has_none():
    assert Bench().host.identifier == ""
    assert Bench().connect().host.identifier == ""


def test_words_before_the_echo_are_of_an_earlier_time_and_dropped():
    bench = Bench()
    bench.step()
    bench.say(PacketType.CONFIG, CONFIG)
    bench.say(PacketType.PLAYBACK, RESPONSE)
    bench.say(PacketType.LOOPBACK, words(MAGIC + 1))
    assert not bench.host.ready
    bench.say(PacketType.LOOPBACK, words(MAGIC))
    assert bench.host.ready
    assert bench.host.dropped_words == RESPONSE.size + 1


@pytest.mark.parametrize("seq", [2, 9], ids=["right behind", "further behind"])
def test_words_that_were_there_before_the_echo_make_the_host_begin_again(seq):
    bench = Bench()
    bench.step()
    bench.say(PacketType.CONFIG, CONFIG)
    echo = hostarq.data_frame(0, 1, PacketType.LOOPBACK, hostarq.to_bytes(words(MAGIC)))
    stale = hostarq.data_frame(0, seq, PacketType.PLAYBACK, bytes(8))
    for frame in (stale, echo):
        bench.host.incoming(Datagram(Port.DATA, frame), now=0.0)
    assert not bench.host.ready
    assert Datagram(Port.RESET, hostarq.RESET_FRAME) in bench.host.outgoing(now=0.0)


def test_without_an_echo_the_host_begins_again_and_gives_up_after_five_attempts():
    bench = Bench()
    bench.step()
    for attempt in range(1, 6):
        assert bench.resets == attempt
        bench.fpga.reset()
        bench.say(PacketType.CONFIG, CONFIG)
        if attempt < 5:
            bench.step(0.4)
    match = "has not echoed a packet within 0.4 s in 5 attempts; somebody else may be using it"
    assert match in error_of(bench.step, 0.4)


def test_two_frames_under_one_number_make_the_host_begin_again():
    bench = Bench()
    bench.step()
    bench.say(PacketType.CONFIG, CONFIG)
    other = hostarq.data_frame(0, 0, PacketType.CONFIG, hostarq.to_bytes(OURS))
    bench.host.incoming(Datagram(Port.DATA, other), now=bench.now)
    bench.step()
    assert bench.resets == 2


def test_words_that_come_before_a_program_are_dropped():
    bench = Bench().connect()
    bench.say(PacketType.PLAYBACK, RESPONSE)
    assert bench.host.dropped_words == RESPONSE.size
    assert bench.run().host.response() is None


def test_the_host_says_when_it_wants_to_be_asked():
    bench = Bench()
    assert bench.host.deadline() == -np.inf, "it has a reset to send"
    bench.step()
    assert bench.host.deadline() == 0.25, "and another one later"
    bench.connect()
    assert bench.host.deadline() == 500e-6, "to acknowledge"
    bench.step(500e-6)
    assert bench.host.deadline() is None
    bench.host.submit(PROGRAM)
    assert bench.host.deadline() == -np.inf
    bench.step()
    assert bench.host.deadline() == pytest.approx(1.0005), "to keep the link alive"
    bench.host.lost("the cable was pulled")
    assert bench.host.deadline() is None


# --- programs -------------------------------------------------------------------------------------


def test_a_program_goes_out_in_playback_packets_and_its_response_comes_back():
    bench = Bench().connect().run()
    assert all(pid == 0x0010 for pid, _ in bench.packets)
    assert [w for _, packet in bench.packets for w in packet] == PROGRAM.tolist()
    assert bench.host.response() is None
    bench.say(PacketType.PLAYBACK, RESPONSE)
    assert bench.host.response().tolist() == RESPONSE.tolist()
    assert bench.host.response() is None


def test_a_response_may_come_in_pieces_and_what_follows_its_halt_is_dropped():
    bench = Bench().connect().run()
    bench.say(PacketType.PLAYBACK, RESPONSE[:1], RESPONSE[1:2])
    bench.say(PacketType.PLAYBACK, np.append(RESPONSE[2:], words(1 << 63)), words(7))
    assert bench.host.response().tolist() == RESPONSE.tolist()
    assert bench.host.dropped_words == 2


def test_a_program_that_is_submitted_early_waits_for_the_session():
    bench = Bench()
    bench.host.submit(PROGRAM)
    bench.connect()
    bench.step()
    assert sum(len(packet) for pid, packet in bench.packets if pid == 0x0010) == PROGRAM.size


def test_the_last_words_of_a_response_are_acknowledged_at_once():
    bench = Bench().connect().run()
    bench.fpga.send(PacketType.PLAYBACK, RESPONSE)
    for frame in bench.fpga.outgoing(now=bench.now):
        bench.host.incoming(Datagram(Port.DATA, frame), now=bench.now)
    assert bench.host.response() is not None
    assert [len(d.data) for d in bench.host.outgoing(now=bench.now)] == [4]


@pytest.mark.parametrize(
    ("program", "match"),
    [
        (words(1, 2), "a program of 2 words has no halt (0x0a00000000000000)"),
        (words(), "a program of 0 words has no halt"),
        (words(1, HALT_WORD, 2, HALT_WORD), "a program of 4 words has a halt at word 1"),
        (words(HALT_WORD, 2), "a program of 2 words has a halt at word 0; a halt ends a program"),
    ],
)
def test_a_program_without_its_only_halt_at_the_end_is_refused(program, match):
    bench = Bench().connect()
    with pytest.raises(ProgramError) as caught:
        bench.host.submit(program)
    assert match in str(caught.value)
    assert bench.run().packets, "a refused program leaves no trace"


def test_a_second_program_has_to_wait():
    bench = Bench().connect().run()
    assert "a program of 1001 words is still running; take" in error_of(bench.host.submit, PROGRAM)


# --- while a program runs -------------------------------------------------------------------------


def test_a_silent_chip_is_asked_once_a_second_whether_it_is_there():
    bench = Bench().connect().run()
    bench.packets.clear()
    bench.step(0.99)
    assert bench.packets == []
    bench.step(0.02)
    assert bench.packets == [(0x0001, [0])]
    bench.step(0.9)
    assert len(bench.packets) == 1
    bench.step(0.2)
    assert len(bench.packets) == 2


def test_a_chip_that_is_gone_is_noticed_by_the_ask_that_is_not_acknowledged():
    bench = Bench().connect().run()
    bench.deaf = True
    message = error_of(lambda: [bench.step(0.01) for _ in range(11_000)])
    assert "a frame was sent 10001 times within 100 s and never acknowledged" in message
    assert "1001 of 1001 program words had arrived, 0 words of the response had come" in message


def test_a_response_that_does_not_come_is_given_up():
    bench = Bench(response_timeout_s=5.0).connect().run()
    for _ in range(49):
        bench.step(0.1)
    message = error_of(lambda: [bench.step(0.1) for _ in range(3)])
    assert message == (
        "no word of the response has come for 5 s; 1001 of 1001 program words had arrived, "
        "0 words of the response had come; connect and run the program again"
    )


def test_every_piece_of_a_response_renews_the_patience():
    bench = Bench(response_timeout_s=5.0).connect().run()
    for k in range(2):
        for _ in range(40):
            bench.step(0.1)
        bench.say(PacketType.PLAYBACK, RESPONSE[k : k + 1])
    for _ in range(40):
        bench.step(0.1)
    bench.say(PacketType.PLAYBACK, RESPONSE[2:])
    assert bench.host.response() is not None


def test_an_error_says_how_much_of_the_program_had_arrived():
    bench = Bench().connect()
    bench.deaf = True
    bench.run()
    bench.host.incoming(Datagram(Port.DATA, hostarq.ack_frame(2)), now=bench.now)
    assert "360 of 1001 program words had arrived" in bench.host.lost("the cable was pulled")


def test_an_error_of_the_other_end_arrives_as_text():
    bench = Bench().connect().run()
    bench.say(PacketType.PLAYBACK, RESPONSE[:2])
    message = error_of(bench.say, PacketType.FAULT, hostarq.pack_fault("it is on fire"))
    assert message == (
        "the other end reports: it is on fire; 1001 of 1001 program words had arrived, 2 words of "
        "the response had come; connect and run the program again"
    )
    assert error_of(bench.host.response) == message


def test_an_error_of_the_other_end_may_be_long():
    bench = Bench().connect()
    message = error_of(bench.say, PacketType.FAULT, hostarq.pack_fault("x" * 4000))
    assert message == f"the other end reports: {'x' * 4000}; connect again"


@pytest.mark.parametrize("pid", [*PacketType, 0x1234])
def test_a_packet_without_words_says_nothing(pid):
    bench = Bench().connect()
    third = hostarq.data_frame(0, 2, pid, b"")  # after the configuration and the echo
    bench.host.incoming(Datagram(Port.DATA, third), now=bench.now)
    bench.host.submit(PROGRAM)
    bench.host.outgoing(now=bench.now)
    assert bench.host.ready and bench.host.response() is None


def test_a_response_before_an_error_is_not_lost():
    bench = Bench().connect().run()
    bench.fpga.send(PacketType.PLAYBACK, RESPONSE)
    bench.fpga.send(PacketType.FAULT, hostarq.pack_fault("going home"))
    for frame in bench.fpga.outgoing(now=bench.now):
        bench.host.incoming(Datagram(Port.DATA, frame), now=bench.now)
    assert bench.host.response().tolist() == RESPONSE.tolist()
    assert "going home" in error_of(bench.host.response)


def test_a_response_that_cannot_be_understood_is_an_error():
    bench = Bench().connect().run()
    message = error_of(bench.say, PacketType.PLAYBACK, words(1 << 56, 0x77 << 56))
    assert "the response cannot be understood (word 1: unknown header" in message


def test_a_response_that_is_too_long_is_an_error():
    bench = Bench(max_response_words=2).connect().run()
    message = error_of(bench.say, PacketType.PLAYBACK, RESPONSE)
    assert "the response has more than 2 words; record less, or allow more" in message


def test_two_frames_under_one_number_are_an_error_of_the_session():
    bench = Bench().connect().run()
    other = hostarq.data_frame(0, 1, PacketType.PLAYBACK, bytes(8))
    bench.host.incoming(Datagram(Port.DATA, other), now=bench.now)
    assert "two different frames came with sequence number 1" in error_of(bench.host.response)


def test_an_fpga_that_somebody_else_resets_is_noticed():
    bench = Bench().connect().run()
    config = hostarq.data_frame(255, 0, PacketType.CONFIG, hostarq.to_bytes(CONFIG))
    for late_s, n_copies in ((0.5, 100), (1.5, 2)):
        for _ in range(n_copies):
            bench.host.incoming(Datagram(Port.DATA, config), now=bench.now + late_s)
        assert bench.host.response() is None, "copies that come late are harmless"
    bench.host.incoming(Datagram(Port.DATA, config), now=bench.now + 1.5)
    match = "the FPGA was reset by somebody else in the middle of this session; 1001 of 1001"
    assert match in error_of(bench.host.response)


# --- checks of our own ----------------------------------------------------------------------------


def test_an_fpga_of_ours_is_sent_a_check_of_the_program():
    bench = Bench().connect(OURS).run()
    assert bench.packets[0] == (0x7E02, hostarq.pack_check(PROGRAM).tolist())


@pytest.mark.parametrize("check", [words(3, 0), hostarq.pack_check(RESPONSE[:2]), None])
def test_a_response_that_does_not_fit_its_check_is_refused(check):
    bench = Bench().connect(OURS).run()
    if check is not None:
        bench.say(PacketType.CHECK, check)
    message = error_of(bench.say, PacketType.PLAYBACK, RESPONSE)
    assert "the response was changed on its way by a frame of another time" in message


def test_a_response_that_fits_its_check_is_accepted():
    bench = Bench().connect(OURS).run()
    bench.say(PacketType.CHECK, hostarq.pack_check(RESPONSE))
    bench.say(PacketType.PLAYBACK, RESPONSE)
    assert bench.host.response().tolist() == RESPONSE.tolist()


# --- anything at all ------------------------------------------------------------------------------

PAYLOAD = st.lists(st.integers(0, 2**64 - 1) | st.just(int(HALT_WORD)), max_size=5).map(
    lambda values: hostarq.to_bytes(np.array(values, np.uint64))
)
FRAME = st.builds(
    hostarq.data_frame,
    st.integers(0, 255),
    st.integers(0, 4),
    st.sampled_from(list(PacketType)),
    PAYLOAD,
)
DATAGRAM = st.builds(Datagram, st.sampled_from(list(Port)), FRAME | st.binary(max_size=30))


@given(st.lists(st.tuples(DATAGRAM, st.floats(0, 1)), max_size=40), st.booleans())
def test_random_datagrams_end_in_a_link_error_at_worst(events, connected):
    bench = Bench()
    if connected:
        bench.connect().run()
    now = bench.now
    try:
        for datagram, seconds in events:
            now += seconds
            bench.host.incoming(datagram, now=now)
            assert len(bench.host.outgoing(now=now)) <= 2 * 128
            bench.host.deadline()
            bench.host.response()
    except LinkError:
        pass
