"""Targets and the in-process transport.  Oracle: RFC 3986 splitting, done by hand."""

import numpy as np
import pytest

from firmware_protocol import Connection, LinkError, Target
from firmware_protocol.connection import StreamingConnection
from firmware_protocol.transports import InProcess


def test_a_target_url_splits_into_scheme_location_and_options():
    target = Target.parse("emulator:?chip_seed=3&run_seed=0")
    assert (target.scheme, target.location) == ("emulator", "")
    assert target.options == {"chip_seed": "3", "run_seed": "0"}
    assert Target.parse("serial:///dev/ttyUSB0?baudrate=3000000").location == "/dev/ttyUSB0"
    assert Target.parse("tcp://127.0.0.1:5000").location == "127.0.0.1:5000"


def test_a_target_without_scheme_or_with_a_repeated_option_is_refused():
    with pytest.raises(ValueError, match="has no scheme"):
        Target.parse("chip_seed=3")
    with pytest.raises(ValueError, match=r"names \['chip_seed'\] more than once"):
        Target.parse("emulator:?chip_seed=3&chip_seed=4")


def test_in_process_hands_words_over_until_it_is_closed():
    connection = InProcess(lambda words: words + np.uint64(1), identifier="echo")
    assert isinstance(connection, Connection)
    assert connection.execute(np.array([1], np.uint64)).tolist() == [2]
    connection.close()
    connection.close()
    with pytest.raises(LinkError, match="connection to echo is closed"):
        connection.execute(np.array([1], np.uint64))


def test_in_process_hands_chunks_on_while_they_come():
    asked = []

    def stream(words):
        for word in words:
            asked.append(int(word))
            yield np.array([word + np.uint64(1)])

    connection = InProcess(lambda words: words, identifier="echo", stream=stream)
    assert isinstance(connection, StreamingConnection)
    chunks = connection.stream(np.array([1, 2], np.uint64))
    assert next(chunks).tolist() == [2]
    assert asked == [1]
    assert next(chunks).tolist() == [3]
    connection.close()
    with pytest.raises(LinkError, match="connection to echo is closed"):
        connection.stream(np.array([1], np.uint64))


def test_a_peer_that_cannot_stream_answers_in_one_chunk():
    connection = InProcess(lambda words: words + np.uint64(1), identifier="echo")
    assert [chunk.tolist() for chunk in connection.stream(np.array([1, 2], np.uint64))] == [[2, 3]]
