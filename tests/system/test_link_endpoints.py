"""A host here and a device in another process, on a pseudo-terminal and on UDP.

Oracle: the words of the introduction and their response, on an emulator in this process.
"""

import contextlib
import dataclasses
import os
import random
import select
import subprocess
import sys
import threading

import numpy as np
import pytest

from firmware_protocol import LinkError, Target, hostarq, transports
from firmware_protocol.transports import serial
from tests.support.device import IDENTIFIER
from tests.support.recorder import Tape
from tests.support.sources import ROOT
from tests.system.test_introduction import introduction

with contextlib.suppress(ImportError):  # POSIX only
    import pty
    import tty

needs_pty = pytest.mark.skipif("pty" not in globals(), reason="this system has no pseudo-terminals")
LIMIT_S = 120
"""The first run on a machine compiles."""
BAUDRATE = 4_000_000


@pytest.fixture(scope="module")
def lesson():
    """The introduction's words and their response."""
    tape = Tape()
    introduction(connection=tape)
    return tape.programs[0], tape.responses[0]


@contextlib.contextmanager
def device(url):
    """A device process; yields its URL and kills it in the end whatever happens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.device", url],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    guard = threading.Timer(LIMIT_S, process.kill)
    guard.start()
    try:
        yield process.stdout.readline().strip()
    finally:
        guard.cancel()
        process.kill()
        process.communicate(timeout=LIMIT_S)


class NullModem:
    """Two pseudo-terminals and a wire between them.

    damage  what the wire makes of some bytes
    """

    def __init__(self, damage=lambda data: data):
        self._damage = damage
        self._near, self._far = zip(*(pty.openpty() for _ in range(2)), strict=True)
        for far in self._far:
            tty.setraw(far)
        self.names = [os.ttyname(far) for far in self._far]
        self._cut = threading.Event()
        self._wire = threading.Thread(target=self._carry, daemon=True)

    def __enter__(self):
        self._wire.start()
        return self

    def __exit__(self, *error):
        self.cut()
        self._wire.join(LIMIT_S)
        for descriptor in (*self._near, *self._far):
            os.close(descriptor)

    def cut(self):
        """Nothing passes any more."""
        self._cut.set()

    def _carry(self):
        other = dict(zip(self._near, reversed(self._near), strict=True))
        while not self._cut.is_set():
            for end in select.select(self._near, [], [], 0.05)[0]:
                data = self._damage(os.read(end, 4096))
                while data and not self._cut.is_set():
                    if select.select([], [other[end]], [], 0.05)[1]:
                        data = data[os.write(other[end], data[:1024]) :]


def line(name):
    return f"serial://{name}?baudrate={BAUDRATE}&response_timeout_s={LIMIT_S}"


def check_lesson(url, lesson):
    """Run the lesson in a session of its own."""
    program, response = lesson
    with contextlib.closing(transports.open(Target.parse(url))) as chip:
        assert chip.identifier == IDENTIFIER
        assert np.array_equal(chip.execute(program), response)


@needs_pty
def test_a_serial_line_gives_the_same_response_as_no_line_at_all(lesson):
    with NullModem() as wire, device(line(wire.names[0])):
        check_lesson(line(wire.names[1]), lesson)


def test_udp_gives_the_same_response_as_no_line_at_all(lesson):
    with device("udp://127.0.0.1") as url:
        for _ in range(3):
            check_lesson(f"{url}&response_timeout_s={LIMIT_S}", lesson)


@needs_pty
def test_a_noisy_serial_line_gives_the_same_response_as_a_quiet_one(lesson):
    draw = random.Random(0).random

    def damage(data):
        """One of 40 pieces of up to 4096 bytes has a wrong bit, whichever way it goes."""
        if draw() < 1 / 40:
            data = data[:-1] + bytes([data[-1] ^ 0x10])
        return data

    program, response = lesson
    with NullModem(damage) as wire, device(line(wire.names[0])):
        with contextlib.closing(transports.open(Target.parse(line(wire.names[1])))) as chip:
            assert np.array_equal(chip.execute(program), response)
            assert chip._link._arq.counters.resent > 0, "something was lost"


@needs_pty
def test_a_wire_that_is_cut_is_an_error_that_says_what_is_lost(lesson, monkeypatch):
    monkeypatch.setattr(serial, "STALL_S", 1.0)
    program, _ = lesson
    with NullModem() as wire, device(line(wire.names[0])):
        with contextlib.closing(transports.open(Target.parse(line(wire.names[1])))) as chip:
            threading.Timer(0.5, wire.cut).start()
            match = rf"no bytes for 1 s.*; \d+ of {program.size} program words had arrived, 0 wor"
            with pytest.raises(LinkError, match=match):
                chip.execute(program)


def test_a_device_that_dies_is_noticed(lesson, monkeypatch):
    impatient = dataclasses.replace(hostarq.UDP_HOST, max_resends=500)
    monkeypatch.setattr(hostarq, "UDP_HOST", impatient)
    program, _ = lesson
    with device("udp://127.0.0.1") as url:
        chip = transports.open(Target.parse(url))
    with contextlib.closing(chip), pytest.raises(LinkError, match="never acknowledged; is the oth"):
        chip.execute(program)
