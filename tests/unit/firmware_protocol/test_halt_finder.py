"""Finding the end of a response that arrives in chunks.

Oracle: where the response ends is known because it was built here, message by message.
"""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocol import DecodeError, decode
from firmware_protocol.decoder import HaltFinder
from firmware_protocol.instructions import FROM_FPGA_PAYLOAD_BITS, FromFpga
from tests.support.messages import HALT_MESSAGE, TICK_MESSAGE, stream

MESSAGES = st.sampled_from(list(FromFpga)).flatmap(
    lambda header: st.tuples(
        st.just(header), st.integers(0, 2 ** int(FROM_FPGA_PAYLOAD_BITS[header]) - 1)
    )
)
NOT_HALT = MESSAGES.filter(lambda m: m != HALT_MESSAGE)


def feed_in_chunks(finder, words, cuts):
    """Words taken before the halt was reported, None if it never was."""
    bounds = [0, *sorted(cuts), words.size]
    for low, high in itertools.pairwise(bounds):
        taken = finder.feed(words[low:high])
        if taken is not None:
            return low + taken
    return None


@settings(deadline=None)
@given(st.lists(NOT_HALT, max_size=20), st.lists(NOT_HALT, max_size=5), st.data())
def test_the_response_ends_with_the_word_that_completes_its_halt(before, after, data):
    response = stream(*before, HALT_MESSAGE)
    words = np.concatenate([response, stream(*after)])
    cuts = data.draw(st.lists(st.integers(0, words.size), max_size=8))
    assert feed_in_chunks(HaltFinder(), words, cuts) == response.size


@settings(deadline=None)
@given(st.lists(NOT_HALT, max_size=20), st.data())
def test_without_a_halt_all_words_are_taken_and_counted(messages, data):
    words = stream(*messages)
    cuts = data.draw(st.lists(st.integers(0, words.size), max_size=8))
    finder = HaltFinder()
    assert feed_in_chunks(finder, words, cuts) is None
    assert finder.n_words == words.size


def test_a_halt_that_straddles_two_chunks_is_found_in_the_second():
    words = stream((FromFpga.SPIKE_PACK_3, 0), HALT_MESSAGE)
    assert words.size == 3
    finder = HaltFinder()
    assert finder.feed(words[:2]) is None
    assert finder.feed(words[2:]) == 1


def test_the_finder_is_ready_for_the_next_response():
    finder = HaltFinder()
    assert finder.feed(stream((FromFpga.SPIKE_PACK_3, 0), HALT_MESSAGE)) == 3
    assert finder.n_words == 0
    assert finder.feed(stream(HALT_MESSAGE)) == 1


def test_ticks_and_commas_do_not_end_a_response():
    finder = HaltFinder()
    assert finder.feed(np.concatenate([stream(TICK_MESSAGE), [np.uint64(1 << 63)]])) is None
    assert finder.feed(stream(TICK_MESSAGE, HALT_MESSAGE)) == 2


def test_an_empty_chunk_changes_nothing():
    finder = HaltFinder()
    assert finder.feed(stream((FromFpga.SPIKE_PACK_3, 0), HALT_MESSAGE)[:2]) is None
    assert finder.feed(np.empty(0, np.uint64)) is None
    assert finder.feed([0]) == 1


def test_unknown_headers_are_named_with_their_word_in_the_response():
    finder = HaltFinder()
    finder.feed(stream(TICK_MESSAGE, TICK_MESSAGE))
    with pytest.raises(DecodeError, match=r"word 3: unknown header .* headers are 0\.\.12"):
        finder.feed(np.append(stream(TICK_MESSAGE), np.uint64(13 << 56)))


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), max_size=30), st.data())
def test_arbitrary_words_end_where_the_decoder_says_or_raise_our_error(words, data):
    array = np.array(words, np.uint64)
    cuts = data.draw(st.lists(st.integers(0, array.size), max_size=5))
    try:
        end = feed_in_chunks(HaltFinder(), array, cuts)
    except DecodeError:
        with pytest.raises(DecodeError):
            decode(array)
        return
    assert end is None or decode(array[:end]).halted
