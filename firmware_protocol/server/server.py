"""A server: doors, lobby and dispatcher put together, from opening to a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence

from .backend import Backend
from .dispatcher import Dispatcher
from .endpoints import Endpoint, endpoint
from .limits import Limits
from .listen import Place, Security, check
from .lobby import Lobby

_log = logging.getLogger(__name__)

GRACE_S = 5.0
"""How long a program that runs may take to end when the server is stopped."""


async def serve(
    backend: Backend,
    places: Sequence[Place],
    *,
    safety: Security,
    limits: Limits,
    stop: asyncio.Event,
    ready: Callable[[list[str]], None] = lambda urls: None,
    grace_s: float = GRACE_S,
) -> None:
    """Offer a backend to clients at these places until `stop` is set.

    ready    is told the URLs that clients can connect to, once all are open
    grace_s  for the program that runs when the server is stopped; it ends for nobody afterwards
    Raises   ListenError before anything is opened, LinkError if a place cannot be opened
    """
    check(places, safety)
    dispatcher = Dispatcher(backend, limits)
    lobby = Lobby(dispatcher, limits, identifier=backend.identifier)
    doors: list[Endpoint] = []
    watch = asyncio.create_task(lobby.watch())
    try:
        urls: list[str] = []
        for place in places:
            door = endpoint(place, safety, lobby)
            urls += await door.open()
            doors.append(door)
        ready(urls)
        await stop.wait()
        _log.info("stopping: %d clients are connected", len(lobby.sessions))
    finally:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
        await lobby.dismiss_all("the server has been stopped; connect again later")
        for door in doors:
            await door.close()
        if not await dispatcher.stop(grace_s=grace_s):
            _log.warning("a program was still running after %g s and is abandoned", grace_s)
