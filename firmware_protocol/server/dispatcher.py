"""Runs the clients' programs: one at a time, in fair order, on a thread of its own.

The event loop calls everything here but what :meth:`Dispatcher._work` calls; connections to chips
live in the thread alone.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..connection import Connection
from ..errors import LinkError
from ..instructions import Words
from .backend import Backend
from .limits import Limits
from .scheduler import QueueFullError, Scheduler

_log = logging.getLogger(__name__)

MAX_FAULT = 2000
"""Characters of an error that a client is told."""


class Member(Protocol):
    """Who submits programs; compared by identity."""

    name: str

    def __hash__(self) -> int: ...

    def deliver(self, response: Words) -> None:
        """Take the response of the oldest program."""
        ...

    def fail(self, text: str) -> None:
        """Learn that the oldest program failed; the member has left."""
        ...


@dataclass(frozen=True)
class _Job:
    words: Words
    number: int
    since: float


@dataclass(frozen=True)
class _Outcome:
    """What became of a program: a response or an error's text."""

    response: Words | None
    error: str
    seconds: float


class Dispatcher:
    """The one who runs programs; must be made and called on the event loop.

    clock  monotonic seconds
    """

    def __init__(
        self, backend: Backend, limits: Limits, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._backend, self._limits, self._clock = backend, limits, clock
        self._loop = asyncio.get_running_loop()
        self._scheduler: Scheduler[Member, _Job] = Scheduler(depth=limits.queue)
        self._waiting_words: dict[Member, int] = {}
        self._numbers: dict[Member, int] = {}
        self._running: Member | None = None
        self._tasks: queue.SimpleQueue[Callable[[dict[Member, Connection]], None] | None]
        self._tasks = queue.SimpleQueue()
        self._ended = asyncio.Event()
        # A daemon: nobody waits at exit for a program that runs for minutes.
        self._thread = threading.Thread(target=self._work, name="programs", daemon=True)
        self._thread.start()

    def join(self, member: Member) -> None:
        """Let a member take part, with a chip state of its own."""
        self._scheduler.add(member)
        self._waiting_words[member] = self._numbers[member] = 0

    def leave(self, member: Member) -> None:
        """Forget a member, its programs and its chip state; what runs is finished for nobody."""
        if member not in self._scheduler:
            return
        dropped = self._scheduler.remove(member)
        del self._waiting_words[member], self._numbers[member]
        if dropped:
            _log.info("%s: %d waiting programs dropped", member.name, len(dropped))
        self._tasks.put(lambda connections: _close(member, connections))

    def submit(self, member: Member, words: Words) -> None:
        """Queue a program; QueueFullError if the member has too much waiting."""
        waiting = self._waiting_words[member] + words.size
        if waiting > self._limits.program_words:
            raise QueueFullError(
                f"{waiting} program words of this client would wait, the limit is "
                f"{self._limits.program_words}; send shorter programs, or read responses first"
            )
        number = self._numbers[member] + 1
        self._scheduler.offer(member, _Job(words, number, self._clock()))
        self._waiting_words[member], self._numbers[member] = waiting, number
        self._start_next()

    def hold(self, member: Member) -> None:
        """Do not run more of a member's programs for now: its last response is on the way."""
        self._scheduler.hold(member)

    def release(self, member: Member) -> None:
        """End a `hold`."""
        self._scheduler.release(member)
        self._start_next()

    def busy(self, member: Member) -> bool:
        """Whether a program of this member runs or waits."""
        return member is self._running or self._scheduler.waiting(member) > 0

    async def stop(self, *, grace_s: float) -> bool:
        """Run nothing more; whether the program that runs has ended within `grace_s`."""
        for member in list(self._waiting_words):
            self.leave(member)
        self._tasks.put(None)
        try:
            await asyncio.wait_for(self._ended.wait(), grace_s)
        except TimeoutError:
            return False
        return True

    def _start_next(self) -> None:
        if self._running is not None:
            return
        turn = self._scheduler.next()
        if turn is None:
            return
        running, job = turn
        self._running = running
        self._waiting_words[running] -= job.words.size
        _log.info(
            "%s: program %d, %d words, waited %.3f s; %d wait",
            running.name, job.number, job.words.size, self._clock() - job.since,
            len(self._scheduler),
        )  # fmt: skip
        self._tasks.put(lambda connections: self._run(running, job, connections))

    def _finished(self, member: Member, job: _Job, outcome: _Outcome) -> None:
        self._running = None
        try:
            if member not in self._scheduler:
                _log.info("%s: program %d ended for nobody", member.name, job.number)
            elif outcome.response is None:
                self.leave(member)
                member.fail(outcome.error)
            else:
                _log.info(
                    "%s: program %d answered, %d words after %.3f s",
                    member.name, job.number, outcome.response.size, outcome.seconds,
                )  # fmt: skip
                member.deliver(outcome.response)
        finally:
            self._start_next()

    # --- on the thread ----------------------------------------------------------------------------

    def _work(self) -> None:
        connections: dict[Member, Connection] = {}
        while (task := self._tasks.get()) is not None:
            task(connections)
        for member in list(connections):
            _close(member, connections)
        try:
            self._backend.close()
        except Exception:
            _log.exception("closing what is offered failed")
        self._tell(self._ended.set)

    def _run(self, member: Member, job: _Job, connections: dict[Member, Connection]) -> None:
        started = self._clock()
        try:
            if member not in connections:
                connections[member] = self._backend.open(member.name)
            response = np.asarray(connections[member].execute(job.words), dtype=np.uint64)
            if response.size > self._limits.response_words:
                raise LinkError(
                    f"the response has {response.size} words, the server passes on "
                    f"{self._limits.response_words}; run for a shorter time, or record less"
                )
            outcome = _Outcome(response, "", self._clock() - started)
        except Exception as error:
            # Its chip may be in any state now, so the member's session ends: see `_finished`.
            _log.exception("%s: program %d failed", member.name, job.number)
            text = f"{type(error).__name__}: {error}"[:MAX_FAULT]
            outcome = _Outcome(None, text, self._clock() - started)
        self._tell(lambda: self._finished(member, job, outcome))

    def _tell(self, callback: Callable[[], object]) -> None:
        try:
            self._loop.call_soon_threadsafe(callback)
        except RuntimeError:
            _log.debug("the event loop has ended before the program did")


def _close(member: Member, connections: dict[Member, Connection]) -> None:
    connection = connections.pop(member, None)
    if connection is None:
        return
    try:
        connection.close()
    except Exception:
        _log.exception("%s: closing its chip failed", member.name)
