"""One chip for several clients: each finds it as it left it, whoever ran in between.

What is put back is what words can set (:mod:`firmware_protocol.server.shadow`).  What a chip has
computed or measured since is lost when another client runs: membrane voltages, counts of spikes
and events, correlation traces, what plasticity processors have written, and the time, which
restarts at 0.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np

from ..connection import Connection
from ..container import Addresses
from ..decoder import decode
from ..errors import LinkError, ProgramError
from ..instructions import Words
from ..program import Program
from .shadow import MAX_SETTINGS, Shadow, written

_log = logging.getLogger(__name__)

RESET_CYCLES, AFTER_RESET_CYCLES = 10, 100


def minimal_initialisation() -> Words:
    """Chip reset and time 0, without a halt: enough for an emulator."""
    program = Program()
    program.reset(True)
    program.wait(RESET_CYCLES)
    program.reset(False)
    program.wait(AFTER_RESET_CYCLES)
    program.systime_init()
    return program.words()


class SharedChip:
    """A backend that lets clients take turns on one chip; called by one thread only.

    connect     opens the chip; called at once, and again after a LinkError
    initialise  words, without a halt, that bring a chip from any state to its initial one
    """

    def __init__(
        self, connect: Callable[[], Connection], *, initialise: Words | None = None
    ) -> None:
        self._connect = connect
        self._initialise = minimal_initialisation() if initialise is None else initialise
        self._chip: Connection | None = connect()
        self.identifier = self._chip.identifier
        self._present: Tenant | None = None
        self._dirty: Addresses = np.empty(0, np.uint32)

    def open(self, client: str) -> Connection:
        """A share of the chip, which starts from the state after initialisation."""
        return Tenant(self, client)

    def close(self) -> None:
        """Close the chip's connection."""
        if self._chip is not None:
            self._chip.close()
            self._chip = None

    def execute(self, tenant: Tenant, words: Words) -> Words:
        """Run a program in a tenant's state, which is restored before if another one ran.

        Raises DecodeError or ProgramError, with nothing sent, for a program whose effect on the
        registers is not clear, and whatever the chip's connection raises.
        """
        after = tenant.shadow.after(words)
        if self._present is not tenant:
            self._restore(tenant)
        touched = np.union1d(self._dirty, written(words))
        if touched.size > 2 * MAX_SETTINGS:
            raise ProgramError(
                f"the program brings this client to {touched.size} registers that it has touched, "
                f"a shared chip cleans up after {2 * MAX_SETTINGS}; write fewer words of external "
                "memory"
            )
        self._present, self._dirty = None, touched  # unknown until the program has ended
        answer = self._run(words)
        self._present, tenant.shadow = tenant, after
        return answer

    def forget(self, tenant: Tenant) -> None:
        """The tenant has left; its settings go when the next one is restored."""
        if self._present is tenant:
            self._present = None

    def _restore(self, tenant: Tenant) -> None:
        halt = Program()
        halt.halt()
        words = np.concatenate([self._initialise, tenant.shadow.words(self._dirty), halt.words()])
        _log.info("chip %s: state of %s, %d words", self.identifier, tenant.client, words.size)
        self._present = None
        trace = decode(self._run(words))
        if trace.timeouts.size:
            raise LinkError(
                f"chip {self.identifier}: the state of {tenant.client} could not be restored, "
                f"instruction {int(trace.timeouts[0])} of {words.size} timed out; check the chip's "
                "links, then connect again"
            )
        self._dirty = tenant.shadow.addresses()

    def _run(self, words: Words) -> Words:
        if self._chip is None:
            self._chip = self._connect()
        try:
            return self._chip.execute(words)
        except LinkError:
            self.close()
            raise


class Tenant:
    """One client's share of a :class:`SharedChip`: a connection."""

    def __init__(self, chip: SharedChip, client: str) -> None:
        self._chip: SharedChip | None = chip
        self.client = client
        self.identifier = chip.identifier
        self.shadow = Shadow()

    def execute(self, words: Words) -> Words:
        """Run a program in this client's state; see :meth:`SharedChip.execute`."""
        if self._chip is None:
            raise LinkError(f"{self.client} has left chip {self.identifier}; connect again")
        return self._chip.execute(self, words)

    def close(self) -> None:
        """Leave; the state is forgotten."""
        if self._chip is not None:
            self._chip.forget(self)
            self._chip = None
