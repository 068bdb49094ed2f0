"""The FPGA's end of a link, in front of an emulator or a chip.  See :mod:`.link`."""

from __future__ import annotations

import itertools
import math
import operator

import numpy as np

from . import hostarq
from .arq import Arq, StaleFrameError
from .errors import LinkError
from .host_link import HALT_WORD
from .hostarq import RESET_FRAME, UDP_FPGA, ArqParameters, Datagram, PacketType, Port
from .instructions import PLAYBACK_WORDS, Words

_BATCH = 64
"""Frames that are taken from the ARQ at a time."""
_FIRST_LOOPBACK = bytes(4) + PacketType.LOOPBACK.to_bytes(2, "big")
"""Sequence number and packet type of what comes first after a reset."""
_QUIET_S = 1.0
"""A reset after so long a silence is no late one of a session that is going on."""
_RESET_COPY_S = 0.1
"""A reset so soon after the session has begun is a copy of the one before; a host repeats its own
when it is not answered."""


class HostGoneError(LinkError):
    """The host no longer acknowledges what it is sent."""


class FpgaLink:
    """The FPGA's end, in front of an emulator or a chip.

    max_program_words  of all programs that `programs` has not handed out; bounds the memory
    identifier         name of the chip, told to hosts
    reset_count        a host that connects resets the link; the chip's state is the caller's
    ignored            datagrams and packets that meant nothing here
    """

    def __init__(
        self,
        parameters: ArqParameters = UDP_FPGA,
        *,
        max_program_words: int = PLAYBACK_WORDS,
        identifier: str = "",
    ) -> None:
        self._arq = Arq(parameters)
        self._config = hostarq.pack_config(parameters, hostarq.our_info(identifier))
        self._max_words = max_program_words
        self.reset_count = 0
        self.ignored = 0
        self._in_session = self._faulted = False
        self._greeted_s: float | None = None
        self._heard_s = self._now = -math.inf
        self._was_quiet = False
        self._programs: list[Words] = []
        self._parts: list[Words] = []
        self._n_words = 0
        self._check: Words | None = None
        self._checks = False

    @property
    def idle(self) -> bool:
        """Whether the host has received everything that was sent to it."""
        return self._arq.idle

    def programs(self) -> list[Words]:
        """Programs that have come completely since last asked, each ended by its halt."""
        self._take()
        programs, self._programs = self._programs, []
        self._n_words -= sum(words.size for words in programs)
        return programs

    def respond(self, words: Words) -> None:
        """Send a response; the words are not copied, so leave them alone until `idle`.

        Raises LinkError if too much waits already.
        """
        if self._checks:
            self._arq.send(PacketType.CHECK, hostarq.pack_check(words))
        self._arq.send(PacketType.PLAYBACK, words)

    def fault(self, text: str) -> None:
        """Tell the host of an error; its programs are dropped until it resets the link."""
        self._arq.send(PacketType.FAULT, hostarq.pack_fault(text))
        self._faulted = True
        self._forget()

    def incoming(self, datagram: Datagram, *, now: float) -> None:
        """Take a datagram; what means nothing is counted and never an error."""
        self._now = now
        if datagram.port is Port.RESET:
            self._reset(datagram.data)
        elif not self._in_session or not (self._greeted or self._greeting(datagram.data)):
            self.ignored += 1
        else:
            self._heard_s = now
            if not self._greeted and self._was_quiet and len(datagram.data) != hostarq.ACK.size:
                self._greeted_s = now
            try:
                self._arq.incoming(datagram.data, now=now)
            except StaleFrameError as error:
                if not self._faulted:
                    self.fault(str(error))
            if not self._greeted or self._arq.n_ready >= _BATCH:
                self._take()

    def outgoing(self, *, now: float) -> list[Datagram]:
        """Datagrams to send at `now`.

        Raises HostGoneError, once, if the host has gone; the link then waits for another reset.
        """
        if not self._in_session:
            return []
        self._take()
        try:
            return [Datagram(Port.DATA, frame) for frame in self._arq.outgoing(now=now)]
        except LinkError as error:
            self._arq.reset()
            self._in_session = False
            raise HostGoneError(f"the host has gone ({error})") from error

    def deadline(self) -> float | None:
        """When `outgoing` wants to be called even if nothing comes in; None if it does not."""
        return self._arq.deadline() if self._in_session else None

    def _reset(self, data: bytes) -> None:
        is_copy = self._greeted_s is not None and self._now < self._greeted_s + _RESET_COPY_S
        if data != RESET_FRAME or is_copy:
            self.ignored += 1
            return
        self.reset_count += 1
        self._arq.reset()
        self._was_quiet = self._now >= self._heard_s + _QUIET_S
        self._in_session, self._greeted_s, self._faulted = True, None, False
        self._checks = False
        self._forget()
        self._arq.send(PacketType.CONFIG, self._config)

    def _forget(self) -> None:
        self._programs, self._parts, self._n_words, self._check = [], [], 0, None

    @property
    def _greeted(self) -> bool:
        """Whether the host has begun its session after the reset."""
        return self._greeted_s is not None

    def _greeting(self, data: bytes) -> bool:
        """Whether this may come first: an acknowledgement, or the first frame with a loopback.

        A host that sends no loopback is believed if nobody has said anything for a while: its reset
        cannot have come late and split a program.
        """
        if self._was_quiet and data[4:8] == _FIRST_LOOPBACK[:4]:
            return True
        return len(data) == hostarq.ACK.size or data[4:10] == _FIRST_LOOPBACK

    def _take(self) -> None:
        if not self._arq.n_ready:
            return
        for pid, group in itertools.groupby(self._arq.received(), key=operator.itemgetter(0)):
            packets = [words for _, words in group]
            if pid == PacketType.PLAYBACK and not self._faulted:
                self._collect(np.concatenate(packets))
            elif pid == PacketType.LOOPBACK:
                self._echo(packets)
            elif pid == PacketType.CHECK:
                self._check, self._checks = packets[-1], True
            else:
                self.ignored += len(packets)

    def _echo(self, packets: list[Words]) -> None:
        """Send packets back, unless the host takes none."""
        if self._greeted_s is None:
            self._greeted_s = self._now
        for words in packets:
            if words.size and self._arq.n_queued < self._arq.parameters.window:
                self._arq.send(PacketType.LOOPBACK, words)
            else:
                self.ignored += 1

    def _collect(self, words: Words) -> None:
        """Cut the words that have come into programs."""
        ends = np.flatnonzero(words == HALT_WORD) + 1
        for part in np.split(words, ends):
            self._parts.append(part)
            self._n_words += part.size
            if self._n_words > self._max_words:
                self.fault(
                    f"more than {self._max_words} words of programs have come, the limit here; "
                    "split the program, or ask for a higher limit"
                )
                return
            if part.size and part[-1] == HALT_WORD:
                program = np.concatenate(self._parts)
                if self._check is not None:
                    if not np.array_equal(self._check, hostarq.pack_check(program)):
                        self.fault("a program was changed on its way by a frame of another time")
                        return
                self._programs.append(program)
                self._parts, self._check = [], None
