"""Where a link meets the world: the only code that reads a clock or a port for it.

`pump` is one turn of the loop; :class:`RemoteChip` turns it for a host, `serve` for a device.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Protocol

from .errors import LinkError, ProgramError
from .hostarq import Datagram
from .instructions import Words
from .link import FpgaLink, HostGoneError, HostLink

_log = logging.getLogger(__name__)

Clock = Callable[[], float]
"""Monotonic seconds."""

PATIENCE_S = 0.1
LINGER_S = 0.25
"""After a response, a host goes on to acknowledge until nothing has come for so long."""
_PAUSE_S = 0.02
"""After a response, how long a host waits for the next program before it acknowledges by itself."""
_BUSY_S = 0.001
"""While a program runs or a host may want the link, how often the other one is looked at."""
MAX_PROGRAMS = 16
"""Programs of a host that may wait for their turn."""


class Link(Protocol):
    """Either end of a link."""

    def outgoing(self, *, now: float) -> list[Datagram]:
        """Datagrams to send at `now`."""
        ...

    def incoming(self, datagram: Datagram, *, now: float) -> None:
        """Take a datagram."""
        ...

    def deadline(self) -> float | None:
        """When `outgoing` wants to be called at the latest."""
        ...


class DatagramPort(Protocol):
    """A transport: carries datagrams, perhaps."""

    def write(self, datagrams: list[Datagram]) -> None:
        """Send, in this order; LinkError if that has become impossible."""
        ...

    def read(self, timeout_s: float) -> list[Datagram]:
        """What has come, waiting up to `timeout_s` for the first; LinkError if none will."""
        ...

    def close(self) -> None:
        """Release the port; closing twice is harmless."""
        ...


def pump(link: Link, port: DatagramPort, clock: Clock, *, patience_s: float = PATIENCE_S) -> int:
    """Send what is due, wait for datagrams no longer than `patience_s`; returns how many came."""
    now = clock()
    datagrams = link.outgoing(now=now)
    if datagrams:
        port.write(datagrams)
        now = clock()
    due = link.deadline()
    wait_s = patience_s if due is None else min(patience_s, max(0.0, due - now))
    arrived = port.read(wait_s)
    now = clock()
    for datagram in arrived:
        link.incoming(datagram, now=now)
    return len(arrived)


class RemoteChip:
    """A chip at the other end of a port, as a :class:`~firmware_protocol.connection.Connection`.

    identifier  name of the chip if the FPGA tells none
    linger_s    see LINGER_S; must exceed the time-out of the other end; 0 where nothing is lost

    Owns the port.  A response's last acknowledgement may be lost, so after each one a thread goes
    on with the link until the other end is quiet.
    """

    def __init__(
        self,
        port: DatagramPort,
        link: HostLink,
        clock: Clock,
        identifier: str,
        *,
        linger_s: float = LINGER_S,
    ) -> None:
        self._port, self._link, self._clock = port, link, clock
        self._identifier, self._linger_s = identifier, linger_s
        self._turn = threading.Lock()
        self._lingers: threading.Thread | None = None
        self._wanted = threading.Event()
        self._end = ""

    @property
    def identifier(self) -> str:
        """Name of the chip that answers."""
        return self._link.identifier or self._identifier

    def connect(self) -> None:
        """Begin the session; LinkError if the other end does not take part."""
        with self._exclusively():
            while not self._link.ready:
                pump(self._link, self._port, self._clock)

    def execute(self, words: Words) -> Words:
        """Run a program (uint64 words, ended by its only halt) and return the response words.

        Raises ProgramError for a program without that halt, LinkError if the link is closed or
        lost, which says what was; the connection is closed then.
        """
        with self._exclusively():
            for datagram in self._port.read(0.0):
                self._link.incoming(datagram, now=self._clock())
            self._link.submit(words)
            while (response := self._link.response()) is None:
                pump(self._link, self._port, self._clock)
            self._port.write(self._link.outgoing(now=self._clock()))
        self._linger()
        return response

    def close(self) -> None:
        """Release the port; closing twice is harmless."""
        self._stop_lingering()
        self._end = self._end or "this connection is closed; open a new one"
        self._port.close()

    @contextlib.contextmanager
    def _exclusively(self) -> Iterator[None]:
        """Use the link; whatever goes wrong with it ends the connection."""
        self._stop_lingering()
        with self._turn:
            if self._end:
                raise LinkError(f"{self.identifier}: {self._end}")
            try:
                yield
            except ProgramError:
                raise
            except LinkError as error:
                text = self._link.lost(str(error))
                self._give_up(f"this connection was lost and is closed ({text})")
                raise LinkError(f"{self.identifier}: {text}") from error
            except BaseException:
                self._give_up("this connection was interrupted and is closed; open a new one")
                raise

    def _give_up(self, why: str) -> None:
        self._end = why
        self._port.close()

    def _linger(self) -> None:
        if not self._linger_s:
            return
        self._wanted.clear()
        self._lingers = threading.Thread(target=self._acknowledge, name="link", daemon=True)
        self._lingers.start()

    def _stop_lingering(self) -> None:
        self._wanted.set()
        thread, self._lingers = self._lingers, None
        if thread is not None:
            thread.join()

    def _acknowledge(self) -> None:
        """Go on with the link until the other end is quiet or somebody wants it."""
        if self._wanted.wait(min(_PAUSE_S, self._linger_s)):
            return
        until = self._clock() + self._linger_s
        with self._turn:
            try:
                while not self._wanted.is_set() and self._clock() < until:
                    if pump(self._link, self._port, self._clock, patience_s=_BUSY_S):
                        until = self._clock() + self._linger_s
            except LinkError as error:
                self._give_up(f"this connection was lost and is closed ({error})")


def serve(
    link: FpgaLink,
    port: DatagramPort,
    clock: Clock,
    execute: Callable[[Words], Words],
    stop: Callable[[], bool],
) -> None:
    """Be a chip for one host at a time until `stop` says so.

    execute  response words of a program's words; an error of its goes to the host as text.  It is
             called on a thread of its own, so that the link answers meanwhile: a host gives up
             when nothing is acknowledged for 7.6 s over UDP, so `execute` must let other threads
             run at least that often.
    Raises   LinkError if the port is lost.

    What the chip remembers of the host before is the business of `execute`.
    """
    waiting: deque[Words] = deque()
    running: Future[Words] | None = None
    session = asked_in = link.reset_count
    with ThreadPoolExecutor(1, thread_name_prefix="program") as worker:
        while not stop():
            try:
                pump(link, port, clock, patience_s=0.0 if running else PATIENCE_S)
            except HostGoneError as error:
                _log.warning("%s", error)
            if session != link.reset_count:
                session, waiting = link.reset_count, deque()
            waiting.extend(link.programs())
            if len(waiting) > MAX_PROGRAMS:
                link.fault(f"{len(waiting)} programs wait, the limit is {MAX_PROGRAMS}")
                waiting.clear()
            if running is None and waiting:
                running, asked_in = worker.submit(execute, waiting.popleft()), session
            if running is not None and wait([running], _BUSY_S).done:
                if asked_in == session:
                    _answer(link, running)
                running = None


def _answer(link: FpgaLink, finished: Future[Words]) -> None:
    """Send a program's response or its error."""
    error = finished.exception()
    if error is None:
        link.respond(finished.result())
    else:
        link.fault(f"{type(error).__name__}: {error}")
