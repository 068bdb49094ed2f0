"""HostARQ's frames, parameters and configuration.

Oracle: docs/reference/link.md; frames are written out in hexadecimal.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol import LinkError, hostarq
from firmware_protocol.hostarq import ArqParameters, Frame, FrameError, PacketType

WORDS = np.array([0x0123456789ABCDEF, 0x0A00000000000000], np.uint64)
DATA_FRAME = bytes.fromhex("000000ff 00000007 0010 0002 0123456789abcdef 0a00000000000000")


def test_a_data_frame_is_ack_seq_type_length_and_words():
    frame = hostarq.data_frame(255, 7, PacketType.PLAYBACK, hostarq.to_bytes(WORDS))
    assert frame == DATA_FRAME


def test_a_data_frame_is_parsed_into_its_parts():
    frame = hostarq.parse(DATA_FRAME)
    assert frame == Frame(ack=255, seq=7, pid=0x0010, payload=DATA_FRAME[12:])
    assert hostarq.to_words(frame.payload).tolist() == WORDS.tolist()


def test_an_acknowledgement_alone_has_four_bytes():
    assert hostarq.ack_frame(255) == bytes.fromhex("000000ff")
    assert hostarq.parse(bytes.fromhex("000000ff")) == Frame(ack=255)


def test_the_reset_frame_and_the_ports_are_those_of_hostarq():
    assert hostarq.RESET_FRAME == bytes.fromhex("abababab")
    assert (hostarq.DATA_PORT, hostarq.RESET_PORT) == (1234, 0xAFFE)


@pytest.mark.parametrize("size", [0, 1, 3, 5, 11])
def test_a_frame_of_impossible_size_is_refused(size):
    with pytest.raises(FrameError, match=rf"a frame of {size} bytes is neither an acknowledgement"):
        hostarq.parse(bytes(size))


@pytest.mark.parametrize("frame", [DATA_FRAME[:-1], DATA_FRAME + b"\0", DATA_FRAME[:12]])
def test_a_frame_whose_length_field_is_wrong_is_refused(frame):
    with pytest.raises(FrameError, match=rf"of {len(frame)} bytes says that 2 words .* 28 bytes"):
        hostarq.parse(frame)


@given(st.binary(max_size=64))
def test_random_bytes_are_a_frame_or_a_frame_error(data):
    try:
        frame = hostarq.parse(data)
    except FrameError:
        return
    header = b"" if frame.seq is None else data[:12]
    assert len(data) == 4 or header + frame.payload == data


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20), st.integers(0, 255))
def test_frames_survive_the_way_there_and_back(words, seq):
    payload = hostarq.to_bytes(np.array(words, np.uint64))
    frame = hostarq.parse(hostarq.data_frame(3, seq, 0x0010, payload))
    assert (frame.seq, hostarq.to_words(frame.payload).tolist()) == (seq, words)


# --- parameters -----------------------------------------------------------------------------------


def test_the_parameters_are_those_of_the_chips_fpga():
    p = ArqParameters()
    assert (p.window, p.sequences, p.max_words) == (128, 256, 180)
    assert (p.ack_delay_s, p.max_resends) == (500e-6, 10_000)
    assert p.rto_s == pytest.approx(756e-6, abs=1e-6)


def test_on_a_slower_line_the_time_out_is_half_a_window_of_frames():
    p = ArqParameters.for_line_rate(11_520)
    assert p.rto_s == pytest.approx(128 * 1478 / 11_520 / 2)
    assert ArqParameters.for_line_rate(125e6).rto_s == ArqParameters().rto_s


@pytest.mark.parametrize("bytes_per_s", [30, 960, 11_520, 300_000, 125e6])
def test_a_line_is_given_up_after_a_minute_or_ten_repetitions(bytes_per_s):
    p = ArqParameters.for_line_rate(bytes_per_s)
    assert 10 <= p.max_resends <= 10_000
    assert p.max_resends in (10, 10_000) or 60 <= p.max_resends * p.rto_s < 60 + p.rto_s


@pytest.mark.parametrize("rate", [0.0, -1.0, math.inf, math.nan])
def test_a_line_without_a_rate_is_refused(rate):
    with pytest.raises(ValueError, match=r"a line of \S+ bytes/s carries nothing; give its rate"):
        ArqParameters.for_line_rate(rate)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"window": 129}, "window of 129 frames needs 258 sequence numbers, there are 256"),
        ({"window": 0}, "window = 0 is outside 1..65536"),
        ({"max_words": 65536}, "max_words = 65536 is outside 1..65535"),
        ({"sequences": 2**32 + 1}, "sequences = 4294967297 is outside 1..4294967296"),
        ({"rto_s": 0.0}, "rto_s = 0.0 must be above 0"),
        ({"bytes_per_s": -1.0}, "bytes_per_s = -1.0 must be above 0"),
        ({"ack_delay_s": -1.0}, r"ack_delay_s = -1.0 and max_resends = 10000 must not be negative"),
    ],
)
def test_parameters_that_cannot_work_are_refused(wrong, match):
    with pytest.raises(ValueError, match=match):
        ArqParameters(**wrong)


# --- texts ----------------------------------------------------------------------------------------


def test_the_configuration_is_three_numbers_a_length_and_text_in_words():
    words = hostarq.pack_config(ArqParameters(), "chip: 7\nx")
    assert words[:4].tolist() == [256, 128, 180, 2]
    assert words[4:].tolist() == [0x0A37203A70696863, 0x78], "first character least significant"
    assert hostarq.config_info(words) == "chip: 7\nx"


def test_a_configuration_without_text_is_accepted():
    words = np.array([256, 128, 180], np.uint64)
    hostarq.check_config(words, ArqParameters())
    assert hostarq.config_info(words) == ""


def test_every_parameter_that_differs_is_named_with_both_values():
    words = np.array([512, 32, 126, 0], np.uint64)
    match = "MAX_NRFRAMES 512 instead of 256, MAX_WINSIZ 32 instead of 128, MAX_PDUWORDS 126 inst"
    with pytest.raises(LinkError, match=match):
        hostarq.check_config(words, ArqParameters())


def test_a_configuration_that_is_too_short_is_refused():
    with pytest.raises(LinkError, match="has 2 words instead of at least 3; its firmware speaks"):
        hostarq.check_config(np.zeros(2, np.uint64), ArqParameters())


def test_a_text_length_of_nonsense_takes_what_words_there_are():
    words = np.array([256, 128, 180, 2**64 - 1, 0x41], np.uint64)
    assert hostarq.config_info(words) == "A"


PRINTABLE = st.characters(categories=["L", "N", "P"], include_characters=" \n")


@given(st.text(alphabet=PRINTABLE, min_size=1, max_size=300))
def test_the_text_of_a_fault_arrives(text):
    assert hostarq.parse_fault(hostarq.pack_fault(text)) == text


def test_a_long_text_is_cut():
    assert hostarq.parse_fault(hostarq.pack_fault("x" * 100_000)) == "x" * 65_536


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_a_fault_of_random_words_is_readable_text(words):
    text = hostarq.parse_fault(np.array(words, np.uint64))
    assert text and all(c.isprintable() or c == "\n" for c in text)


def test_a_check_is_the_number_of_words_and_their_crc():
    words = np.frombuffer(b"123456789\0\0\0\0\0\0\0", "<u8").astype(np.uint64)
    assert hostarq.pack_check(words[:1]).tolist() == [1, 0x9AE0DAAF]
    assert hostarq.pack_check(words).tolist()[0] == 2
