"""The chip at the other end: a connection, what its registers hold, and runs on it."""

from __future__ import annotations

import time

import numpy as np

from firmware_protocol import Connection, LinkError, Trace, decode
from firmware_protocol.connection import StreamingConnection
from firmware_protocol.decoder import decode_stream
from firmware_protocol.instructions import Words

from . import compile as compiler
from . import targets


class ChipAccess:
    """Runs on one chip, of which later ones send only what has changed.

    target      what to connect to when it is first needed, unless there is a connection
    connection  the user's; it stays open
    n_runs, words_sent, chip_s  since the last `start_counting`; wall time [s] at the chip
    """

    def __init__(self, target: str | None, connection: Connection | None) -> None:
        self._target = target
        self._connection, self._borrowed = connection, connection is not None
        self._present: compiler.Image | None = None
        self.start_counting()

    def start_counting(self) -> None:
        """Set all counts to 0."""
        self.n_runs, self.words_sent, self.chip_s = 0, 0, 0.0

    @property
    def connection(self) -> Connection:
        """The connection, opened when it is first needed."""
        if self._connection is None:
            self._connection = targets.connect(self._target)
        return self._connection

    def close(self) -> None:
        """Close the connection unless the user owns it."""
        if self._connection is not None and not self._borrowed:
            self._connection.close()
        self._connection = None

    def run(self, run: compiler.Run) -> compiler.Observation:
        """Execute a run; raises what the connection raises, RuntimeError for half an answer."""
        self.n_runs += 1
        built = compiler.build(run, self._present)
        self._present = None  # unknown until the run has come back whole
        seen = compiler.observe(built, self.execute(built.program.words()))
        self._present = built.image
        return seen

    def execute(self, words: Words) -> Trace:
        """Run words on the chip; a connection that is lost is opened anew by the next run."""
        started = time.perf_counter()
        self.words_sent += int(np.size(words))
        try:
            connection = self.connection
            if isinstance(connection, StreamingConnection):
                return decode_stream(connection.stream(words))
            return decode(connection.execute(words))
        except LinkError:
            if not self._borrowed:
                self.close()
            raise
        finally:
            self.chip_s += time.perf_counter() - started
