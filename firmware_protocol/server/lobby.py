"""Who is here: all sessions of a server, whatever they came by."""

from __future__ import annotations

import asyncio
import itertools
import logging

from ..errors import LinkError
from ..hostarq import ArqParameters
from .dispatcher import Dispatcher
from .limits import Limits
from .session import Line, ServerLink, Session

_log = logging.getLogger(__name__)

_CLOSING_S = 1.0
"""What everybody together may take to read why, when the server stops."""


class Lobby:
    """Lets clients in, up to the limit, and sends the idle ones away.

    identifier  name of the chip on offer
    """

    def __init__(self, dispatcher: Dispatcher, limits: Limits, *, identifier: str) -> None:
        self.dispatcher, self.limits, self._identifier = dispatcher, limits, identifier
        self.sessions: set[Session] = set()
        self._numbers = itertools.count(1)

    def full(self) -> str:
        """Why nobody may come in now; empty if somebody may."""
        n = sum(not session.permanent for session in self.sessions)
        if n < self.limits.clients:
            return ""
        return f"{n} clients are connected, the limit is {self.limits.clients}; try again later"

    def link(self, parameters: ArqParameters) -> ServerLink:
        """The server's end of a link to a new client."""
        return ServerLink(
            parameters,
            max_program_words=self.limits.program_words,
            identifier=self._identifier,
        )

    def admit(self, peer: str, link: ServerLink, line: Line, *, permanent: bool = False) -> Session:
        """A session for a new client; LinkError if the server is full.

        permanent  a line of its own, whose place nobody else can take
        """
        if not permanent and (reason := self.full()):
            raise LinkError(reason)
        session = Session(
            peer, link, line, self.dispatcher, self.limits, self._numbers,
            permanent=permanent, ended=self.sessions.discard,
        )  # fmt: skip
        self.sessions.add(session)
        return session

    async def watch(self, *, period_s: float = 1.0) -> None:
        """Send idle clients away, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(period_s)
            for session in list(self.sessions):
                session.check_idle(loop.time())

    async def dismiss_all(self, reason: str) -> None:
        """Send everybody away, and wait until they have read why or their time is up."""
        for session in list(self.sessions):
            session.dismiss(reason)
        loop = asyncio.get_running_loop()
        until = loop.time() + min(_CLOSING_S, self.limits.farewell_s)
        while any(not s.permanent for s in self.sessions) and loop.time() < until:
            await asyncio.sleep(0.02)
        for session in list(self.sessions):
            session.end(reason)
