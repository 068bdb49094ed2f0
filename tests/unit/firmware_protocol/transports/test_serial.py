"""Serial lines through pyserial: its loopback, its sockets, and a pseudo-terminal.

Oracle: what the other end of the line sent or received.
"""

import contextlib
import os
import socket

import pytest

from firmware_protocol import LinkError, Target
from firmware_protocol.hostarq import ArqParameters
from firmware_protocol.transports import serial

pty = pytest.importorskip("pty") if os.name == "posix" else None
needs_pty = pytest.mark.skipif(pty is None, reason="this system has no pseudo-terminals")
PATTERN = bytes(range(256)) * 20


def opened(url):
    return contextlib.closing(serial.open_channel(Target.parse(url)))


def read(channel, n_bytes):
    data = b""
    while len(data) < n_bytes:
        piece = channel.read(5.0)
        assert piece, f"only {len(data)} of {n_bytes} bytes came"
        data += piece
    return data


@contextlib.contextmanager
def terminal():
    """A pseudo-terminal: the descriptor of one end, the name of the other."""
    near, far = pty.openpty()
    try:
        yield near, os.ttyname(far)
    finally:
        for descriptor in (near, far):
            with contextlib.suppress(OSError):
                os.close(descriptor)


def test_pyserials_url_handlers_can_be_used():
    with opened("serial:loop://") as channel:
        channel.write(PATTERN[:2048])
        assert read(channel, 2048) == PATTERN[:2048]
        assert channel.read(0.0) == channel.read(0.005) == b""


def test_a_socket_can_stand_for_a_line():
    with socket.create_server(("127.0.0.1", 0)) as server:
        with opened(f"serial:socket://127.0.0.1:{server.getsockname()[1]}") as channel:
            far, _ = server.accept()
            with far:
                far.sendall(PATTERN)
                assert read(channel, len(PATTERN)) == PATTERN
                channel.write(PATTERN)
                assert far.recv(len(PATTERN), socket.MSG_WAITALL) == PATTERN
            with pytest.raises(
                LinkError, match=r"serial:socket://.*: the line is lost \(.*\); che"
            ):
                channel.read(5.0)


@needs_pty
def test_all_byte_values_pass_a_terminal_both_ways():
    with terminal() as (near, name), opened(f"serial://{name}?baudrate=3000000") as channel:
        for k in range(0, len(PATTERN), 512):
            channel.write(PATTERN[k : k + 512])
            assert os.read(near, 4096) == PATTERN[k : k + 512]
            os.write(near, PATTERN[k : k + 512])
            assert read(channel, 512) == PATTERN[k : k + 512]


@needs_pty
def test_a_line_whose_other_end_is_gone_is_an_error():
    with terminal() as (near, name), opened(f"serial://{name}") as channel:
        os.close(near)
        with pytest.raises(LinkError, match=r"serial:/dev/.*: the line is lost \(.*\); check the "):
            while True:
                channel.read(1.0)
        with pytest.raises(LinkError, match="this line is closed; open it again"):
            channel.write(b"x")


@needs_pty
def test_a_line_that_takes_no_bytes_is_an_error(monkeypatch):
    monkeypatch.setattr(serial, "STALL_S", 0.1)
    with terminal() as (_, name), opened(f"serial://{name}") as channel:
        match = r"the line has taken no bytes for 0.1 s; is flow control \(rtscts\) set as at"
        with pytest.raises(LinkError, match=match):
            channel.write(bytes(1 << 20))


@needs_pty
def test_a_line_that_another_program_has_open_is_an_error():
    with terminal() as (_, name), opened(f"serial://{name}"):
        with pytest.raises(LinkError, match=r"cannot be opened .* no other program has it open"):
            serial.open_channel(Target.parse(f"serial://{name}"))


def test_a_line_that_is_not_there_is_an_error_that_names_it():
    match = r"serial:/dev/no-such-line: cannot be opened \(.*\); check its name, your rights, and"
    with pytest.raises(LinkError, match=match):
        serial.open_channel(Target.parse("serial:///dev/no-such-line"))


def test_a_closed_line_says_so_and_closing_twice_is_harmless():
    channel = serial.open_channel(Target.parse("serial:loop://"))
    channel.close()
    channel.close()
    for action in (lambda: channel.read(0.0), lambda: channel.write(b"x")):
        with pytest.raises(LinkError, match="serial:loop://: this line is closed; open it again"):
            action()


@pytest.mark.parametrize(
    ("options", "bits"),
    [("", 10), ("&parity=E", 11), ("&stopbits=2", 11), ("&parity=O&stopbits=2", 12)],
)
def test_the_time_out_follows_from_the_baud_rate_and_the_bits_of_a_byte(options, bits):
    target = Target.parse(f"serial:///dev/ttyUSB0?baudrate=3000000{options}")
    assert serial.parameters(target) == ArqParameters.for_line_rate(3_000_000 / bits)


def test_options_reach_the_line():
    with opened("serial:loop://?baudrate=9600&parity=E&stopbits=2&rtscts=1") as channel:
        line = channel._port
        assert (line.baudrate, line.parity, line.stopbits, line.rtscts) == (9600, "E", 2, True)


def test_options_of_pyserials_handlers_are_passed_on(caplog):
    with opened("serial:loop://?baudrate=9600&logging=debug") as channel:
        assert channel._port.logger is not None


def test_what_pyserial_does_not_take_is_refused():
    match = r"target serial:loop://: pyserial does not take it \(.*\); see the URL handlers"
    with pytest.raises(ValueError, match=match):
        serial.open_channel(Target.parse("serial:loop://?colour=red"))


@pytest.mark.parametrize(
    ("url", "match"),
    [
        (
            "serial:///dev/ttyUSB0?speed=5",
            r"unknown options \['speed'\]; there are baudrate, parity",
        ),
        (
            "serial:///dev/ttyUSB0?baudrate=fast",
            "baudrate='fast' is no whole number 300..100000000",
        ),
        ("serial:///dev/ttyUSB0?baudrate=299", "baudrate='299' is no whole number"),
        ("serial:///dev/ttyUSB0?parity=X", "parity='X' is not N, E or O"),
        ("serial:///dev/ttyUSB0?stopbits=3", "stopbits='3' is no whole number 1..2"),
        ("serial:///dev/ttyUSB0?rtscts=yes", "rtscts='yes' is no whole number 0..1"),
        ("serial:///dev/ttyUSB0?response_timeout_s=nan", "response_timeout_s='nan' is no time in"),
        ("serial:", r"names no line; write e.g. serial:///dev/ttyUSB0\?baudrate=3000000"),
    ],
)
def test_a_target_that_means_nothing_is_refused(url, match):
    with pytest.raises(ValueError, match=match):
        serial.check(Target.parse(url))


@pytest.mark.parametrize("url", ["serial://COM3", "serial:///dev/ttyUSB0", "serial:COM3"])
def test_a_line_has_a_name_of_its_system(url):
    serial.check(Target.parse(url))
