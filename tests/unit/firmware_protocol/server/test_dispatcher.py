"""Programs run one at a time, in fair order, and failures stay with who caused them.

The chips are stand-ins whose responses name who asked; nothing here opens a socket.
"""

import contextlib
import threading

import numpy as np
import pytest

from firmware_protocol import LinkError
from firmware_protocol.server.backend import PrivateChips
from firmware_protocol.server.dispatcher import Dispatcher
from firmware_protocol.server.limits import Limits
from firmware_protocol.server.scheduler import QueueFullError
from tests.support.scenario import scenario, until


class Chip:
    """Answers a program with the same words; what it is told to do it does before."""

    identifier = "stand-in"

    def __init__(self, log, before):
        self._log, self._before, self.closed = log, before, False

    def execute(self, words):
        self._log.append(int(words[0]))
        self._before(int(words[0]))
        return words

    def close(self):
        self.closed = True


class Guest:
    def __init__(self, name):
        self.name, self.answers, self.errors = name, [], []

    def deliver(self, response):
        self.answers.append(int(response[0]))

    def fail(self, text):
        self.errors.append(text)


class Stage:
    """A dispatcher, the chips it made, and the order in which they ran."""

    def __init__(self, before=lambda number: None, limits=None):
        self.order, self.chips = [], []
        offered = PrivateChips(lambda: self._chip(before), identifier="stand-in")
        self.dispatcher = Dispatcher(offered, limits or Limits())

    def _chip(self, before):
        self.chips.append(Chip(self.order, before))
        return self.chips[-1]

    def guest(self, name):
        guest = Guest(name)
        self.dispatcher.join(guest)
        return guest

    def submit(self, guest, *numbers):
        for number in numbers:
            self.dispatcher.submit(guest, np.array([number], np.uint64))


@contextlib.asynccontextmanager
async def staged(*args, **options):
    stage = Stage(*args, **options)
    try:
        yield stage
    finally:
        assert await stage.dispatcher.stop(grace_s=10)


@scenario
async def test_who_queues_many_programs_does_not_delay_who_queues_few():
    gate = threading.Event()
    async with staged(before=lambda number: gate.wait(10)) as stage:
        a, b = stage.guest("a"), stage.guest("b")
        stage.submit(a, *range(10, 16))
        stage.submit(b, 20, 21)
        gate.set()
        await until(lambda: len(a.answers) == 6 and len(b.answers) == 2)
        assert stage.order == [10, 20, 11, 21, 12, 13, 14, 15]
        assert a.answers == list(range(10, 16)) and b.answers == [20, 21]


@scenario
async def test_every_guest_has_a_chip_of_its_own_which_is_closed_when_it_leaves():
    async with staged() as stage:
        a, b = stage.guest("a"), stage.guest("b")
        stage.submit(a, 1)
        await until(lambda: a.answers)
        stage.submit(b, 2)
        await until(lambda: b.answers)
        assert len(stage.chips) == 2
        stage.dispatcher.leave(a)
        await until(lambda: stage.chips[0].closed)
        assert not stage.chips[1].closed
    assert stage.chips[1].closed


@scenario
async def test_an_error_is_told_to_its_cause_alone_and_ends_its_stay():
    def fail(number):
        if number == 13:
            raise RuntimeError("the emulator stumbled")

    async with staged(before=fail) as stage:
        a, b = stage.guest("a"), stage.guest("b")
        stage.submit(a, 13, 14)
        stage.submit(b, 20)
        await until(lambda: a.errors and b.answers)
        assert a.errors == ["RuntimeError: the emulator stumbled"] and a.answers == []
        assert b.errors == []
        assert 14 not in stage.order, "what it had queued after the error does not run"
        await until(lambda: stage.chips[0].closed)


@scenario
async def test_what_runs_for_a_guest_that_leaves_ends_for_nobody():
    gate = threading.Event()
    async with staged(before=lambda number: gate.wait(10)) as stage:
        a, b = stage.guest("a"), stage.guest("b")
        stage.submit(a, 1, 2)
        stage.submit(b, 3)
        stage.dispatcher.leave(a)
        stage.dispatcher.leave(a)
        gate.set()
        await until(lambda: b.answers)
        assert a.answers == a.errors == [] and stage.order == [1, 3]
        assert not stage.dispatcher.busy(a)


@scenario
async def test_a_guest_on_hold_waits_and_others_go_on():
    async with staged() as stage:
        a, b = stage.guest("a"), stage.guest("b")
        stage.dispatcher.hold(a)
        stage.submit(a, 1)
        stage.submit(b, 2)
        await until(lambda: b.answers)
        assert a.answers == [] and stage.dispatcher.busy(a)
        stage.dispatcher.release(a)
        await until(lambda: a.answers)


@scenario
async def test_what_waits_is_bounded_in_programs_and_in_words():
    gate = threading.Event()
    limits = Limits(queue=3, program_words=5)
    async with staged(before=lambda number: gate.wait(10), limits=limits) as stage:
        a = stage.guest("a")
        stage.submit(a, 0, 1, 2, 3)  # the first one runs
        with pytest.raises(QueueFullError, match="3 programs of this client wait already"):
            stage.submit(a, 4)
        b = stage.guest("b")
        with pytest.raises(QueueFullError, match="6 program words of this client would wait"):
            stage.dispatcher.submit(b, np.zeros(6, np.uint64))
        gate.set()


@scenario
async def test_a_response_that_is_too_long_is_an_error_with_a_way_out():
    limits = Limits(response_words=2, program_words=100)
    async with staged(limits=limits) as stage:
        a = stage.guest("a")
        stage.dispatcher.submit(a, np.zeros(3, np.uint64))
        await until(lambda: a.errors)
        assert "the response has 3 words, the server passes on 2; run for a shorter" in a.errors[0]


@scenario
async def test_a_chip_that_cannot_be_opened_is_the_guests_error():
    def refuse():
        raise LinkError("no chip today")

    dispatcher = Dispatcher(PrivateChips(refuse, identifier="none"), Limits())
    guest = Guest("a")
    dispatcher.join(guest)
    dispatcher.submit(guest, np.zeros(1, np.uint64))
    await until(lambda: guest.errors)
    assert guest.errors == ["LinkError: no chip today"]
    assert await dispatcher.stop(grace_s=10)


@scenario
async def test_stopping_does_not_wait_for_ever_for_a_program():
    gate = threading.Event()
    stage = Stage(before=lambda number: gate.wait(10))
    stage.submit(stage.guest("a"), 1)
    assert not await stage.dispatcher.stop(grace_s=0.05)
    gate.set()


@scenario
async def test_a_chip_that_cannot_be_closed_disturbs_nobody():
    async with staged() as stage:
        a, b = stage.guest("a"), stage.guest("b")
        stage.submit(a, 1)
        await until(lambda: a.answers)
        stage.chips[0].close = lambda: 1 / 0
        stage.dispatcher.leave(a)
        stage.submit(b, 2)
        await until(lambda: b.answers)
