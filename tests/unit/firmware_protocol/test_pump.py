"""The loop between a link and a port, for a host and for a device.

Oracle: what ports, links and chips that note everything were told.  Time is a number, except where
a worker's thread is involved; there nothing waits longer than it has to.
"""

import dataclasses
import queue
import threading
import time

import numpy as np
import pytest

from firmware_protocol import Connection, LinkError, ProgramError
from firmware_protocol.host_link import HALT_WORD
from firmware_protocol.hostarq import ArqParameters, Datagram, Port
from firmware_protocol.link import FpgaLink, HostLink
from firmware_protocol.pump import RemoteChip, pump, serve
from tests.support.lossy import LossyLink
from tests.support.messages import HALT_MESSAGE, stream

PROGRAM = np.append(np.arange(500, dtype=np.uint64), HALT_WORD)
RESPONSE = stream((1, 5), HALT_MESSAGE)
# Threads of a busy machine may be late: a time-out that comes too early only adds to the traffic.
PARAMETERS = ArqParameters(rto_s=0.02, ack_delay_s=0.0, bytes_per_s=None)
IMPATIENT = dataclasses.replace(PARAMETERS, max_resends=3)


class Link:
    """A link that says what a test wants."""

    def __init__(self, *, out=(), due=None):
        self.out, self.due, self.heard = list(out), due, []

    def outgoing(self, *, now):
        out, self.out = self.out, []
        return out

    def incoming(self, datagram, *, now):
        self.heard.append((datagram, now))

    def deadline(self):
        return self.due


class Wire:
    """A port that notes what is written and how long it is waited for."""

    def __init__(self, *arrives):
        self.arrives, self.written, self.waits, self.closed = list(arrives), [], [], 0

    def write(self, datagrams):
        self.written += datagrams

    def read(self, timeout_s):
        self.waits.append(timeout_s)
        return self.arrives.pop(0) if self.arrives else []

    def close(self):
        self.closed += 1


A, B = Datagram(Port.DATA, b"a"), Datagram(Port.RESET, b"b")


def test_a_turn_sends_what_is_due_and_takes_what_has_come():
    link, wire = Link(out=[A, B]), Wire([B, A])
    assert pump(link, wire, lambda: 5.0) == 2
    assert wire.written == [A, B]
    assert link.heard == [(B, 5.0), (A, 5.0)]


@pytest.mark.parametrize(
    ("due", "wait_s"), [(None, 0.5), (10.2, 0.2), (11.0, 0.5), (9.0, 0.0), (-np.inf, 0.0)]
)
def test_a_turn_waits_until_the_deadline_or_its_patience_ends(due, wait_s):
    wire = Wire()
    pump(Link(due=due), wire, lambda: 10.0, patience_s=0.5)
    assert wire.waits == [pytest.approx(wait_s)]


# --- a host ---------------------------------------------------------------------------------------


def remote(execute=lambda words: RESPONSE, **line):
    """A chip behind a perfect line in virtual time."""
    fpga = FpgaLink(PARAMETERS, identifier=line.pop("identifier", ""))
    far = LossyLink(fpga, execute, seed=0, **line)
    link = HostLink(PARAMETERS, magic=1, response_timeout_s=30.0)
    return far, RemoteChip(far.port, link, far.clock, "fallback", linger_s=0.0)


def test_a_remote_chip_is_a_connection():
    far, chip = remote()
    assert isinstance(chip, Connection)
    chip.connect()
    assert chip.execute(PROGRAM).tolist() == RESPONSE.tolist()
    assert [p.tolist() for p in far.executed] == [PROGRAM.tolist()]


def test_a_program_connects_by_itself():
    _, chip = remote()
    assert chip.execute(PROGRAM).tolist() == RESPONSE.tolist()


def test_the_name_is_what_the_fpga_tells_or_else_the_one_given():
    for told, name in (("chip-7", "chip-7"), ("", "fallback")):
        _, chip = remote(identifier=told)
        assert chip.identifier == "fallback"
        chip.connect()
        assert chip.identifier == name


def test_after_a_program_the_last_acknowledgement_has_left():
    far, chip = remote()
    chip.execute(PROGRAM)
    chip._port.read(0.01)
    assert far.fpga.idle


def test_a_refused_program_leaves_the_connection_open():
    _, chip = remote()
    with pytest.raises(ProgramError, match="has no halt"):
        chip.execute(PROGRAM[:-1])
    assert chip.execute(PROGRAM).tolist() == RESPONSE.tolist()


def test_a_lost_link_closes_the_connection_and_later_calls_say_so():
    far, chip = remote(takes_s=1e6)
    closed = []
    far.close = lambda: closed.append(True)
    with pytest.raises(LinkError, match=r"^fallback: no word of the response has come for 30 s"):
        chip.execute(PROGRAM)
    assert closed
    match = r"^fallback: this connection was lost and is closed \(no word of the response"
    with pytest.raises(LinkError, match=match):
        chip.execute(PROGRAM)


def test_a_lost_port_is_told_with_what_is_lost():
    _, chip = remote()
    chip.connect()
    chip._port.read = broken
    match = "fallback: the cable was pulled; 0 of 501 program words had arrived, 0 words of the"
    chip._port.read = Script([[]], broken)
    with pytest.raises(LinkError, match=match):
        chip.execute(PROGRAM)


def broken(timeout_s=0.0):
    raise LinkError("the cable was pulled")


class Script:
    """A function that returns one thing after the other and calls another function afterwards."""

    def __init__(self, results, then):
        self._results, self._then = list(results), then

    def __call__(self, *arguments):
        return self._results.pop(0) if self._results else self._then(*arguments)


def test_a_closed_connection_says_so_and_closing_twice_is_harmless():
    _, chip = remote()
    chip.close()
    chip.close()
    with pytest.raises(LinkError, match="fallback: this connection is closed; open a new one"):
        chip.execute(PROGRAM)


def test_an_interrupt_closes_the_connection():
    _, chip = remote(execute=interrupted)
    with pytest.raises(KeyboardInterrupt):
        chip.execute(PROGRAM)
    with pytest.raises(LinkError, match="fallback: this connection was interrupted and is closed"):
        chip.execute(PROGRAM)


def interrupted(words):
    raise KeyboardInterrupt


# --- a device -------------------------------------------------------------------------------------


class QueuePort:
    """One end of a line between threads; `lose` may swallow datagrams."""

    def __init__(self, inbox, outbox, lose=lambda datagram: False):
        self._inbox, self._outbox, self._lose = inbox, outbox, lose

    def write(self, datagrams):
        for datagram in datagrams:
            if not self._lose(datagram):
                self._outbox.put(datagram)

    def read(self, timeout_s):
        try:
            return [self._inbox.get(timeout=timeout_s) if timeout_s else self._inbox.get_nowait()]
        except queue.Empty:
            return []

    def close(self):
        pass


class Device:
    """`serve` on a thread; `chip()` is a host connected to it."""

    def __init__(self, execute, *, parameters=PARAMETERS):
        self._up, self._down = queue.Queue(), queue.Queue()
        self.link, self._stopping = FpgaLink(parameters), threading.Event()
        self.skipped_s = 0.0
        port = QueuePort(self._up, self._down)
        arguments = (self.link, port, self.clock, execute, self._stopping.is_set)
        self._thread = threading.Thread(target=serve, args=arguments, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._stopping.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def clock(self):
        return time.monotonic() + self.skipped_s

    def chip(self, *, lose=lambda datagram: False, linger_s=0.0):
        port = QueuePort(self._down, self._up, lose)
        link = HostLink(PARAMETERS, magic=time.monotonic_ns(), response_timeout_s=30.0)
        return RemoteChip(port, link, time.monotonic, "device", linger_s=linger_s)


def test_a_device_runs_programs_in_order():
    ran = []

    def execute(words):
        ran.append(words.size)
        return stream((1, words.size), HALT_MESSAGE)

    with Device(execute) as device:
        chip = device.chip()
        for n in (1, 5, 2):
            assert chip.execute(PROGRAM[-n:])[0] == 1 << 56 | n
    assert ran == [1, 5, 2]


def test_an_error_of_the_chip_reaches_the_host_and_the_next_session_works():
    def execute(words):
        if words.size == 2:
            raise ValueError("that hurts")
        return RESPONSE

    with Device(execute) as device:
        with pytest.raises(LinkError, match="device: the other end reports: ValueError: that hurt"):
            device.chip().execute(PROGRAM[-2:])
        device.skipped_s = 0.1  # a reset within that time counts as a copy of the one before
        assert device.chip().execute(PROGRAM).tolist() == RESPONSE.tolist()


def test_the_link_answers_while_a_program_runs():
    acknowledged = threading.Event()

    def execute(words):
        assert acknowledged.wait(30)
        return RESPONSE

    with Device(execute) as device:
        chip = device.chip()
        chip.connect()
        link, port = chip._link, chip._port
        link.submit(PROGRAM)
        while link._arq.unacknowledged(0x0010) or not link._started:
            pump(link, port, time.monotonic)
        acknowledged.set()
        while (response := link.response()) is None:
            pump(link, port, time.monotonic)
    assert response.tolist() == RESPONSE.tolist()


def test_a_new_session_drops_what_the_old_one_had_waiting():
    begun, go = threading.Event(), threading.Event()
    ran = []

    def execute(words):
        ran.append(int(words[0]))
        begun.set()
        assert go.wait(30)
        return stream((1, int(words[0])), HALT_MESSAGE)

    def program(k):
        return np.append(np.array([k], np.uint64), HALT_WORD)

    with Device(execute) as device:
        old = device.chip()
        old.connect()
        old._link.submit(np.append(program(1)[:1], HALT_WORD))
        while not begun.is_set():
            pump(old._link, old._port, time.monotonic, patience_s=0.01)
        old._link._arq.send(0x0010, program(2))
        for _ in range(5):
            pump(old._link, old._port, time.monotonic, patience_s=0.01)
        device.skipped_s = 0.1  # a reset within that time counts as a copy of the one before
        new = device.chip()
        new.connect()
        go.set()
        assert new.execute(program(3))[0] == 1 << 56 | 3
    assert ran == [1, 3]


def test_too_many_programs_in_advance_are_an_error():
    go = threading.Event()
    with Device(lambda words: go.wait(30) and RESPONSE) as device:
        chip = device.chip()
        chip.connect()
        chip._link.submit(PROGRAM[-1:])
        for _ in range(20):
            chip._link._arq.send(0x0010, PROGRAM[-1:])
        try:
            with pytest.raises(LinkError, match=r"\d\d programs wait, the limit is 16"):
                while chip._link.response() is None:
                    pump(chip._link, chip._port, time.monotonic, patience_s=0.01)
        finally:
            go.set()


def test_a_host_that_lost_its_last_acknowledgement_sends_another_one():
    answered = threading.Event()
    losing = True

    def execute(words):
        answered.set()
        return RESPONSE

    def lose(datagram):
        """Every acknowledgement that is sent alone, until `execute` has returned."""
        return losing and answered.is_set() and len(datagram.data) == 4

    with Device(execute) as device:
        chip = device.chip(lose=lose, linger_s=30.0)
        chip.execute(PROGRAM)
        assert not device.link.idle
        losing = False
        deadline = time.monotonic() + 30.0
        while not device.link.idle and time.monotonic() < deadline:
            time.sleep(0.005)
        assert device.link.idle
        chip.close()


def test_an_error_while_a_host_waits_for_its_user_is_told_at_the_next_program():
    with Device(lambda words: RESPONSE) as device:
        chip = device.chip(linger_s=30.0)
        chip.execute(PROGRAM)
        chip._port.read = broken
        chip._lingers.join(30)
        match = r"this connection was lost and is closed \(the cable was pulled\)"
        with pytest.raises(LinkError, match=match):
            chip.execute(PROGRAM)


def test_a_device_outlives_a_host_that_has_gone():
    with Device(lambda words: RESPONSE, parameters=IMPATIENT) as device:
        chip = device.chip()
        chip.execute(PROGRAM)
        chip._link.submit(PROGRAM)
        pump(chip._link, chip._port, time.monotonic)
        deadline = time.monotonic() + 30.0
        while device.link._in_session and time.monotonic() < deadline:
            time.sleep(0.005)
        device.skipped_s = 1.0
        assert device.chip().execute(PROGRAM).tolist() == RESPONSE.tolist()


def test_a_device_whose_port_is_lost_stops_with_the_error():
    port = Wire()
    port.read = broken
    with pytest.raises(LinkError, match="the cable was pulled"):
        serve(FpgaLink(PARAMETERS), port, time.monotonic, lambda words: words, lambda: False)
