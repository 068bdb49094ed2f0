"""Whose program runs next: round robin over clients, a bounded queue for each.

Knows neither programs nor connections: clients are names, items are whatever is queued.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

from ..errors import LinkError

C = TypeVar("C", bound=Hashable)
T = TypeVar("T")


class QueueFullError(LinkError):
    """A client queued more programs than its share of the server's memory allows."""


class Scheduler(Generic[C, T]):
    """Fair turns: between two items of a client every other waiting client gets one.

    depth  how many items of one client may wait
    """

    def __init__(self, *, depth: int) -> None:
        if depth < 1:
            raise ValueError(f"depth = {depth}: a client needs room for at least one program")
        self.depth = depth
        self._rotation: deque[C] = deque()
        self._waiting: dict[C, deque[T]] = {}
        self._held: set[C] = set()

    def __contains__(self, client: object) -> bool:
        return client in self._waiting

    def __len__(self) -> int:
        """Items that wait, of all clients."""
        return sum(len(queue) for queue in self._waiting.values())

    def add(self, client: C) -> None:
        """Let a client take part; its first turn comes after all present ones had theirs."""
        if client in self._waiting:
            raise ValueError(f"client {client!r} takes part already; remove it first")
        self._waiting[client] = deque()
        self._rotation.append(client)

    def remove(self, client: C) -> list[T]:
        """Let a client leave; returns what it had waiting.  An unknown client is no error."""
        if client not in self._waiting:
            return []
        self._rotation.remove(client)
        self._held.discard(client)
        return list(self._waiting.pop(client))

    def offer(self, client: C, item: T) -> None:
        """Queue an item; QueueFullError if `depth` of this client wait already."""
        queue = self._waiting[client]
        if len(queue) >= self.depth:
            raise QueueFullError(
                f"{len(queue)} programs of this client wait already, the limit is {self.depth}; "
                "read responses before sending more programs"
            )
        queue.append(item)

    def waiting(self, client: C) -> int:
        """How many items of a client wait."""
        return len(self._waiting.get(client, ()))

    def hold(self, client: C) -> None:
        """Pass over a client until `release`: it has not taken its last response yet."""
        if client in self._waiting:
            self._held.add(client)

    def release(self, client: C) -> None:
        """End a `hold`; harmless without one."""
        self._held.discard(client)

    def next(self) -> tuple[C, T] | None:
        """Take the item whose turn it is; None if nobody who may run has one."""
        for _ in range(len(self._rotation)):
            client = self._rotation[0]
            self._rotation.rotate(-1)
            if client not in self._held and self._waiting[client]:
                return client, self._waiting[client].popleft()
        return None
