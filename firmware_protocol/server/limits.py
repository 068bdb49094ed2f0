"""What a server grants its clients: everything it holds for them is bounded."""

from __future__ import annotations

from dataclasses import dataclass

from ..handshake import TIME_LIMIT_S

PLAYBACK_WORDS = 1 << 22
"""Words that the FPGA's playback memory holds (32 MiB)."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one server.

    clients         clients at a time
    strangers       connections at a time that have not finished their handshake
    queue           programs of a client that wait for their turn
    program_words   words of one program, and of all programs of a client that wait
    response_words  words of one response; the next program of a client waits until it is delivered
    handshake_s     time for TLS and for the handshake, each
    idle_s          a client that neither speaks nor waits for so long is sent away; 0: never
    farewell_s      how long a client that has been sent away may take to read why
    """

    clients: int = 16
    strangers: int = 32
    queue: int = 8
    program_words: int = PLAYBACK_WORDS
    response_words: int = 4 * PLAYBACK_WORDS
    handshake_s: float = TIME_LIMIT_S
    idle_s: float = 3600.0
    farewell_s: float = 5.0

    def __post_init__(self) -> None:
        for name in ("clients", "strangers", "queue", "program_words", "response_words"):
            if getattr(self, name) < 1:
                raise ValueError(f"limit {name} = {getattr(self, name)}: allow at least one")
        if self.idle_s < 0:
            raise ValueError(f"limit idle_s = {self.idle_s}: use 0 for no limit")
