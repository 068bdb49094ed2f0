"""One client: its link, what it submits, and when it has to go.

Knows neither sockets nor lines; the endpoint hands in datagrams and a :class:`Line` to answer on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Protocol

from ..errors import LinkError
from ..hostarq import Datagram
from ..instructions import Words
from ..link import FpgaLink
from .dispatcher import Dispatcher
from .limits import Limits
from .scheduler import QueueFullError

_log = logging.getLogger(__name__)

_RETRY_S = 0.05
"""How soon a line that was full is tried again."""
_SHORTEST_S = 0.0005
"""A deadline that has passed is served after this time, so that a link cannot spin the loop."""


class ServerLink(FpgaLink):
    """The link's end, which remembers what it told the host of: also what it found by itself.

    told  the text of a fault since the last reset, or empty
    """

    told = ""

    def fault(self, text: str) -> None:
        """Tell the host of an error."""
        self.told = text
        super().fault(text)


class Line(Protocol):
    """The way back to a client."""

    def send(self, datagrams: list[Datagram]) -> None:
        """Send, or keep in a bounded buffer what `ready` has made room for."""
        ...

    def ready(self) -> bool:
        """Whether there is room for what a link has to say at once (a window)."""
        ...

    def close(self) -> None:
        """Nothing will come any more."""
        ...


class Visit:
    """A client between one reset of its link and the next: the chip state is the visit's."""

    def __init__(self, session: Session, number: int) -> None:
        self._session = session
        self.name = f"client {number} ({session.peer})"
        self.used = False

    def deliver(self, response: Words) -> None:
        """Send a response back."""
        self._session.deliver(self, response)

    def fail(self, text: str) -> None:
        """Send an error back; the visit has ended."""
        self._session.fail(self, text)


class Session:
    """The server's end of one client's link, driven by the event loop.

    A reset of the link begins a new visit with a fresh chip state; what the old one had waiting is
    dropped.  After an error of a program the client is told and sent away: the state of its chip
    is not certain any more, and a fresh one without its knowledge would be worse.

    numbers    names for visits
    permanent  the line stays when a client is sent away (a serial line); its next reset begins anew
    """

    def __init__(
        self,
        peer: str,
        link: ServerLink,
        line: Line,
        dispatcher: Dispatcher,
        limits: Limits,
        numbers: Iterator[int],
        *,
        permanent: bool = False,
        ended: Callable[[Session], None] = lambda session: None,
    ) -> None:
        self.peer, self._link, self._line = peer, link, line
        self._dispatcher, self._limits, self._numbers = dispatcher, limits, numbers
        self.permanent, self._on_end = permanent, ended
        self._loop = asyncio.get_running_loop()
        self._resets = link.reset_count
        self._visit: Visit | None = None
        self._dismissed = False
        self._leaving_at: float | None = None
        self._heard = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self.over = False

    # --- from the endpoint ------------------------------------------------------------------------

    def incoming(self, datagrams: list[Datagram]) -> None:
        """Take what came from the client."""
        if self.over or not datagrams:
            return
        self._heard = self._loop.time()
        self._guarded(lambda: self._take(datagrams))

    def check_idle(self, now: float) -> None:
        """Send a client away that has been silent for too long and waits for nothing."""
        limit_s = self._limits.idle_s
        if self._visit is None or self._dismissed or not limit_s:
            return
        if now - self._heard > limit_s and not self._dispatcher.busy(self._visit):
            self.dismiss(f"idle for {limit_s:g} s; connect again")

    def dismiss(self, reason: str) -> None:
        """Tell the client why, then end."""
        if self.over or self._dismissed:
            return
        self._guarded(lambda: self._send_away(reason))

    def end(self, reason: str) -> None:
        """The connection is gone."""
        if self.over:
            return
        self.over = True
        if self._timer is not None:
            self._timer.cancel()
        _log.info("%s left: %s", self._name, reason)
        self._forget_visit()
        self._line.close()
        self._on_end(self)

    # --- from the dispatcher ----------------------------------------------------------------------

    def deliver(self, visit: Visit, response: Words) -> None:
        """Send a response; the visit's next program waits until it has arrived."""
        if self.over or visit is not self._visit:
            return
        self._dispatcher.hold(visit)
        self._guarded(lambda: self._answer(response))

    def fail(self, visit: Visit, text: str) -> None:
        """Send an error, then end."""
        if not self.over and visit is self._visit:
            self.dismiss(text)

    # --- inside -----------------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return self.peer if self._visit is None else self._visit.name

    def _guarded(self, action: Callable[[], object]) -> None:
        """Whatever goes wrong with this client ends this session and nothing else."""
        try:
            action()
        except LinkError as error:
            if self.permanent:
                _log.info("%s is lost: %s", self._name, error)
                self._forget_visit()
            else:
                self.end(str(error))
        except Exception:
            _log.exception("%s: a defect of the server; this client's session ends", self._name)
            self.end("error in the server")

    def _take(self, datagrams: list[Datagram]) -> None:
        for datagram in datagrams:
            self._link.incoming(datagram, now=self._loop.time())
            if self._link.reset_count != self._resets:
                self._resets = self._link.reset_count
                self._begin_visit()
        for words in self._link.programs():
            self._submit(words)
        if self._link.told and not self._dismissed:
            self._leave_with(self._link.told)
        self._flush()

    def _answer(self, response: Words) -> None:
        self._link.respond(response)
        self._flush()

    def _submit(self, words: Words) -> None:
        if self._dismissed:
            return  # until the next reset
        if self._visit is None:
            self._begin_visit()
        assert self._visit is not None
        self._visit.used = True
        try:
            self._dispatcher.submit(self._visit, words)
        except QueueFullError as error:
            self.dismiss(str(error))

    def _begin_visit(self) -> None:
        self._dismissed, self._leaving_at, self._link.told = False, None, ""
        if self._visit is not None and not self._visit.used:
            return  # a reset that was sent again
        self._forget_visit()
        self._visit = Visit(self, next(self._numbers))
        self._dispatcher.join(self._visit)
        _log.info("%s has connected", self._visit.name)

    def _forget_visit(self) -> None:
        if self._visit is not None:
            self._dispatcher.leave(self._visit)
            self._visit = None

    def _send_away(self, reason: str) -> None:
        self._link.fault(reason)
        self._leave_with(reason)
        self._flush()

    def _leave_with(self, reason: str) -> None:
        """The client has been told why; it may take a while to read it."""
        _log.info("%s is sent away: %s", self._name, reason)
        if self._visit is not None:
            self._dispatcher.leave(self._visit)
        self._dismissed, self._leaving_at = True, self._loop.time() + self._limits.farewell_s

    def _flush(self) -> None:
        """Send what the link has to say, and come back when it wants to."""
        if self.over:
            return
        now = self._loop.time()
        room = self._line.ready()
        if room:
            self._line.send(self._link.outgoing(now=now))
        if self._link.idle:
            if self._visit is not None:
                self._dispatcher.release(self._visit)
            if self._leaving_at is not None:
                self._gone()
                return
        if self._leaving_at is not None and now >= self._leaving_at:
            self._gone()
            return
        self._schedule(now, room)

    def _gone(self) -> None:
        """A client that was sent away has read why, or had time to."""
        if self.permanent:
            self._forget_visit()
            self._leaving_at = None
        else:
            self.end("sent away")

    def _schedule(self, now: float, room: bool) -> None:
        due = self._link.deadline() if room else now + _RETRY_S
        if self._leaving_at is not None:
            due = self._leaving_at if due is None else min(due, self._leaving_at)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due is not None:
            when = max(due, now + _SHORTEST_S)
            self._timer = self._loop.call_at(when, lambda: self._guarded(self._flush))
