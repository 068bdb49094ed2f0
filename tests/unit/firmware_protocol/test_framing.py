"""Frames on a byte stream, whole and damaged.

Oracle: the definition (COBS, CRC-32), written out once in bytes; and that damage never yields a
frame that was not sent.
"""

import itertools
import tracemalloc
import zlib

import pytest
from cobs import cobs
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol.framing import FrameReader, encode, encoded_limit

FRAMES = st.lists(st.binary(max_size=600), max_size=8)


def feed_in_pieces(reader, data, cuts):
    bounds = [0, *sorted(c % (len(data) + 1) for c in cuts), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(bounds)]
    return [frame for piece in pieces for frame in reader.feed(piece)]


def test_a_frame_is_cobs_of_itself_and_its_crc_and_a_zero_byte():
    # CBF43926 is the published check value of this CRC.
    assert encode(b"123456789") == b"\x0e123456789" + bytes.fromhex("2639f4cb") + b"\0"


def test_a_zero_byte_in_a_frame_becomes_the_distance_to_the_next():
    crc = zlib.crc32(b"\x01\x00\x02").to_bytes(4, "little")
    assert encode(b"\x01\x00\x02") == b"\x02\x01\x06\x02" + crc + b"\0"


@given(FRAMES, st.lists(st.integers(0), max_size=10))
def test_frames_come_out_as_they_went_in_however_the_stream_is_cut(frames, cuts):
    reader = FrameReader()
    data = b"".join(encode(frame) for frame in frames)
    assert feed_in_pieces(reader, data, cuts) == frames
    assert reader.damaged == 0


@given(st.binary(max_size=700))
def test_the_encoded_length_stays_below_the_limit(frame):
    assert len(encode(frame)) - 1 <= encoded_limit(len(frame))


def test_zero_bytes_between_frames_mean_nothing():
    reader = FrameReader()
    assert reader.feed(b"\0\0" + encode(b"a") + b"\0\0\0" + encode(b"b")) == [b"a", b"b"]
    assert reader.damaged == 0


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_flipped_bit_never_yields_another_frame(frame, data):
    encoded = bytearray(encode(frame))
    at = data.draw(st.integers(0, 8 * len(encoded) - 1))
    encoded[at // 8] ^= 1 << at % 8
    reader = FrameReader()
    assert reader.feed(bytes(encoded) + b"\0") == []
    assert reader.damaged >= 1


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_cut_frame_is_dropped_and_the_next_one_is_found(frame, data):
    encoded = encode(frame)
    kept = encoded[: data.draw(st.integers(1, len(encoded) - 2))]
    reader = FrameReader()
    assert reader.feed(kept + b"\0" + encode(b"next")) == [b"next"]
    assert reader.damaged == 1


def test_a_frame_glued_to_a_cut_one_is_lost_with_it():
    reader = FrameReader()
    assert reader.feed(encode(b"first")[:-3] + encode(b"second") + encode(b"third")) == [b"third"]
    assert reader.damaged == 1


def test_an_encoded_frame_shorter_than_its_crc_is_damage():
    reader = FrameReader()
    assert reader.feed(cobs.encode(b"abc") + b"\0") == []
    assert reader.damaged == 1


def test_the_longest_frame_passes_and_one_byte_more_does_not():
    reader = FrameReader(max_frame=100)
    assert reader.feed(encode(bytes(100))) == [bytes(100)]
    assert reader.feed(encode(b"\1" * 100)) == [b"\1" * 100]
    assert reader.feed(encode(bytes(101)) + encode(b"\1" * 101)) == []
    assert reader.damaged == 2


@pytest.mark.parametrize("piece", [1000, 10_000])
def test_a_stream_without_frames_takes_no_memory(piece):
    reader = FrameReader(max_frame=1000)
    garbage = b"\xaa" * piece
    tracemalloc.start()
    try:
        for _ in range(1000):
            assert reader.feed(garbage) == []
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()
    assert reader.feed(b"\0" + encode(b"found again")) == [b"found again"]
    assert reader.damaged == 1


@given(st.lists(st.binary(max_size=400), max_size=10))
def test_random_bytes_yield_no_frames_and_no_errors(pieces):
    reader = FrameReader(max_frame=200)
    assert all(frame == b"" or len(frame) <= 200 for p in pieces for frame in reader.feed(p))
