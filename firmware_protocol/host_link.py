"""The host's end of a link: one program at a time, after a handshake.  See :mod:`.link`."""

from __future__ import annotations

import itertools
import math
import operator
from enum import Enum, auto

import numpy as np

from . import hostarq
from .arq import Arq, StaleFrameError
from .decoder import HaltFinder
from .errors import DecodeError, LinkError, ProgramError
from .hostarq import (
    RESET_FRAME,
    UDP_HOST,
    ArqParameters,
    Datagram,
    PacketType,
    Port,
)
from .instructions import ToFpga, Words, message

HALT_WORD = message(ToFpga.LOOPBACK)[0]

CONFIG_LIMIT_S = 2.0
RESET_PERIOD_S = 0.25
ECHO_LIMIT_S = 0.4
ATTEMPTS = 5
SETTLE_S = 0.05
"""How long the host waits after more than one reset, so that none arrives behind its words."""
KEEP_ALIVE_S = 1.0
FRAMES_AHEAD = 4
"""On a slow line, limits are extended by the time that so many full frames take."""
RESPONSE_LIMIT_S = 600.0
MAX_RESPONSE_WORDS = 1 << 26
_CONFIGS_OF_A_RESET = 3
_BATCH = 64
"""Frames that are taken from the ARQ at a time."""
_PID = slice(8, 10)
"""Where a data frame has its packet type."""
_CONFIG_PID = PacketType.CONFIG.to_bytes(2, "big")


def check_program(words: Words) -> None:
    """ProgramError unless the program ends with a halt, and only there."""
    halts = np.flatnonzero(words == HALT_WORD)
    if not halts.size:
        raise ProgramError(
            f"a program of {words.size} words has no halt ({int(HALT_WORD):#018x}), so the FPGA "
            "would never answer; end it with one"
        )
    if halts[0] != words.size - 1:
        raise ProgramError(
            f"a program of {words.size} words has a halt at word {halts[0]}; a halt ends a "
            "program, so send what follows it as another one"
        )


class _State(Enum):
    """Where the host is."""

    NEW = auto()
    RESETTING = auto()  # waits for the FPGA's configuration
    ECHOING = auto()  # waits for the echo of its number
    READY = auto()
    FAILED = auto()


class HostLink:
    """The host's end: one program at a time.

    magic               number that tells this session from others, 0..2**64-1; draw a new one
    response_timeout_s  how long no word of a response may come, after the program has arrived
    max_response_words  of one response; memory is bounded by it
    info                what the FPGA tells of itself

    With an FPGA's end of ours, programs and responses are checked as a whole, too.
    After a LinkError the link is of no use; make a new one.
    """

    def __init__(
        self,
        parameters: ArqParameters = UDP_HOST,
        *,
        magic: int,
        response_timeout_s: float = RESPONSE_LIMIT_S,
        max_response_words: int = MAX_RESPONSE_WORDS,
    ) -> None:
        self._arq = Arq(parameters)
        self._parameters = parameters
        self._magic = np.array([magic], dtype=np.uint64)
        self._extra_s = FRAMES_AHEAD * parameters.line_seconds(hostarq.MAX_FRAME_BYTES)
        self._limits = (response_timeout_s, max_response_words)
        self._state = _State.NEW
        self._failure = ""
        self._attempt = self._resets = self._late_configs = 0
        self._due_s = self._begin_s = self._settled_s = -math.inf
        self._config: list[Words] = []
        self._fault = np.empty(0, np.uint64)
        self._program: Words | None = None
        self._started = False
        self._arrived = False
        self._response: list[Words] = []
        self._n_response = 0
        self._checks = False
        self._check_words = np.empty(0, np.uint64)
        self._finder = HaltFinder()
        self._result: Words | None = None
        self._heard_s = self._progress_s = -math.inf
        self.dropped_words = 0

    # --- what the user of the link does -----------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether the session has begun; LinkError if it never will."""
        self._check()
        return self._state is _State.READY

    @property
    def info(self) -> str:
        """The text that the FPGA sent with its configuration."""
        return hostarq.config_info(np.concatenate(self._config)) if self._config else ""

    @property
    def identifier(self) -> str:
        """Name of the chip, if the FPGA tells one."""
        lines = [x for x in self.info.splitlines() if x.startswith(hostarq.IDENTIFIER)]
        return lines[0].removeprefix(hostarq.IDENTIFIER).strip() if lines else ""

    def submit(self, words: Words) -> None:
        """Send a program as soon as the session has begun.

        Raises ProgramError if it does not end with its only halt, LinkError if the link has failed
        or the response of the program before is still awaited.
        """
        self._check()
        check_program(words)
        if self._program is not None:
            raise LinkError(
                f"a program of {self._program.size} words is still running; take its response first"
            )
        self._program, self._started, self._arrived = words, False, False
        self._response, self._n_response, self._check_words = [], 0, np.empty(0, np.uint64)
        self._finder, self._result = HaltFinder(), None

    def response(self) -> Words | None:
        """The response of the program once it is complete, None before; LinkError if it is lost."""
        self._take()
        result, self._result = self._result, None
        if result is None:
            self._check()
        return result

    def lost(self, reason: str) -> str:
        """Give up because the port is gone; returns the reason and what is lost with it."""
        if self._state is not _State.FAILED:
            self._fail(reason)
        return self._failure

    # --- what the line does -----------------------------------------------------------------------

    def outgoing(self, *, now: float) -> list[Datagram]:
        """Datagrams to send at `now`; LinkError if the link is lost."""
        self._take()
        self._check()
        datagrams = self._wait(now)
        if self._state in (_State.ECHOING, _State.READY):
            try:
                frames = self._arq.outgoing(now=now)
            except LinkError as error:
                raise self._failed(str(error)) from error
            datagrams += [Datagram(Port.DATA, frame) for frame in frames]
        return datagrams

    def incoming(self, datagram: Datagram, *, now: float) -> None:
        """Take a datagram; what does not belong to the session is dropped.

        Never raises: a link that is lost says so when it is asked for something.
        """
        data = datagram.data
        if datagram.port is not Port.DATA or self._state in (_State.NEW, _State.FAILED):
            return
        if data[_PID] == _CONFIG_PID:
            if self._state is _State.READY:
                self._late_config(now)
                return
        elif self._state is _State.RESETTING:
            return
        self._heard_s = now
        try:
            self._arq.incoming(data, now=now)
        except StaleFrameError as error:
            if self._state is _State.READY:
                self._fail(str(error))
            else:
                self._again(now)
            return
        if self._state is not _State.READY:
            self._handshake(now)
        elif self._arq.n_ready >= _BATCH:
            self._take()

    def deadline(self) -> float | None:
        """When `outgoing` wants to be called even if nothing comes in; None if it does not."""
        if self._state is _State.FAILED:
            return None
        if self._state is _State.NEW:
            return -math.inf
        due = [self._due_s]
        if self._state is not _State.RESETTING:
            due.append(math.inf if (t := self._arq.deadline()) is None else t)
        if self._state is _State.READY and self._program is not None and not self._started:
            due.append(-math.inf)
        return None if (first := min(due)) == math.inf else first

    # --- the beginning of a session ---------------------------------------------------------------

    def _wait(self, now: float) -> list[Datagram]:
        """What the passing of time asks for."""
        if self._state is _State.READY:
            self._run(now)
        elif self._state is _State.ECHOING and self._settled_s <= now:
            self._settled_s = math.inf
            self._due_s = now + ECHO_LIMIT_S + self._extra_s
            self._arq.send(PacketType.LOOPBACK, self._magic)
        elif self._state is _State.NEW or now >= self._due_s:
            if self._state is not _State.RESETTING:
                return self._begin(now)
            if now >= self._begin_s + CONFIG_LIMIT_S + self._extra_s:
                raise self._failed(
                    f"the FPGA has not answered {self._resets} resets within "
                    f"{CONFIG_LIMIT_S + self._extra_s:.2g} s; is it running, and the address or "
                    "line right?"
                )
            return self._reset(now)
        return []

    def _begin(self, now: float) -> list[Datagram]:
        """Begin the handshake, once more if it has failed."""
        if self._attempt == ATTEMPTS:
            raise self._failed(
                f"the FPGA answers resets, but has not echoed a packet within "
                f"{ECHO_LIMIT_S + self._extra_s:.2g} s in {ATTEMPTS} attempts; somebody else may "
                "be using it"
            )
        self._attempt += 1
        self._state, self._begin_s, self._resets = _State.RESETTING, now, 0
        self._arq.reset()
        self._config = []
        return self._reset(now)

    def _reset(self, now: float) -> list[Datagram]:
        """Send a reset, and the next one later: it may be lost."""
        self._resets += 1
        limit_s = self._begin_s + CONFIG_LIMIT_S + self._extra_s
        self._due_s = min(now + RESET_PERIOD_S + self._extra_s, limit_s)
        return [Datagram(Port.RESET, RESET_FRAME)]

    def _handshake(self, now: float) -> None:
        """Take what has come before the session has begun."""
        for pid, words in self._arq.received():
            if pid == PacketType.CONFIG:
                self._config.append(words)
                if self._state is _State.RESETTING:
                    self._configured(now)
            elif pid == PacketType.LOOPBACK and np.array_equal(words, self._magic):
                self._echoed(now)
            elif self._state is _State.READY:
                self._again(now)  # nothing was asked for, so this is of an earlier time
            else:
                self.dropped_words += words.size
            if self._state is _State.FAILED:
                return

    def _configured(self, now: float) -> None:
        try:
            hostarq.check_config(self._config[0], self._parameters)
        except LinkError as error:
            self._fail(str(error))
            return
        self._state = _State.ECHOING
        self._settled_s = now + SETTLE_S if self._resets > 1 else now
        self._due_s = self._settled_s

    def _echoed(self, now: float) -> None:
        """The session begins, if nobody has sent what was not asked for."""
        if self._state is _State.ECHOING and self._arq.ordered:
            self._state = _State.READY
            self._begin_s, self._due_s = now, math.inf
            self._checks = hostarq.SOFTWARE in self.info.splitlines()
        else:
            self._again(now)

    def _again(self, now: float) -> None:
        """The handshake has failed: begin it again at once."""
        self._state = _State.ECHOING
        self._settled_s, self._due_s = math.inf, now

    def _late_config(self, now: float) -> None:
        """A configuration in the middle of a session: a late copy, or somebody reset the FPGA."""
        if now > self._begin_s + KEEP_ALIVE_S + self._extra_s:
            self._late_configs += 1
        if self._late_configs >= _CONFIGS_OF_A_RESET:
            self._fail("the FPGA was reset by somebody else in the middle of this session")

    # --- a program --------------------------------------------------------------------------------

    def _run(self, now: float) -> None:
        """Start the program, keep the link alive while it runs, end it if nothing comes."""
        if self._program is None:
            self._due_s = math.inf
            return
        if not self._started:
            if self._checks:
                self._arq.send(PacketType.CHECK, hostarq.pack_check(self._program))
            self._arq.send(PacketType.PLAYBACK, self._program)
            self._started = True
            self._progress_s = self._heard_s = now
        if not self._arrived:  # the ARQ gives up by itself
            self._progress_s = now
            self._arrived = not self._arq.unacknowledged(PacketType.PLAYBACK)
        limit_s = self._limits[0]
        if now >= self._progress_s + limit_s:
            raise self._failed(f"no word of the response has come for {limit_s:g} s")
        silence_s = KEEP_ALIVE_S + self._extra_s
        if now >= self._heard_s + silence_s:
            if self._arq.idle:
                self._arq.send(PacketType.DUMMY, np.zeros(1, np.uint64))
            self._heard_s = now
        self._due_s = min(self._progress_s + limit_s, self._heard_s + silence_s)

    def _take(self) -> None:
        """Take the words that have come during the session."""
        if self._state is not _State.READY or not self._arq.n_ready:
            return
        for pid, group in itertools.groupby(self._arq.received(), key=operator.itemgetter(0)):
            words = np.concatenate([part for _, part in group])
            if pid == PacketType.PLAYBACK:
                self._playback(words)
            elif pid == PacketType.FAULT:
                self._faulted(words)
            elif pid == PacketType.CHECK:
                self._check_words = words
            else:
                self.dropped_words += words.size

    def _playback(self, words: Words) -> None:
        if self._program is None or self._state is not _State.READY:
            self.dropped_words += words.size
            return
        self._progress_s = self._heard_s
        try:
            n_words = self._finder.feed(words)
        except DecodeError as error:
            self._fail(f"the response cannot be understood ({error})")
            return
        self._response.append(words[:n_words])
        self._n_response += self._response[-1].size
        if self._n_response > self._limits[1]:
            self._fail(
                f"the response has more than {self._limits[1]} words; record less, or allow more "
                "with max_response_words"
            )
        elif n_words is not None:
            self.dropped_words += words.size - n_words
            self._finish(np.concatenate(self._response))

    def _finish(self, response: Words) -> None:
        if self._checks and not np.array_equal(self._check_words, hostarq.pack_check(response)):
            self._fail("the response was changed on its way by a frame of another time")
            return
        self._program, self._response, self._result = None, [], response
        self._arq.hurry()  # perhaps nobody asks for a long time

    def _faulted(self, words: Words) -> None:
        self._fault = np.append(self._fault, words)
        if not self._fault.size:
            return  # a packet without words says nothing
        n_bytes = min(int(self._fault[0]), hostarq.MAX_TEXT_BYTES)
        if hostarq.WORD_BYTES * (self._fault.size - 1) >= n_bytes:
            self._fail(f"the other end reports: {hostarq.parse_fault(self._fault)}")

    # --- failure ----------------------------------------------------------------------------------

    def _check(self) -> None:
        if self._state is _State.FAILED:
            raise LinkError(self._failure)

    def _failed(self, reason: str) -> LinkError:
        self._fail(reason)
        return LinkError(self._failure)

    def _fail(self, reason: str) -> None:
        """Remember why, and what is lost with it."""
        if self._program is not None:
            total = self._program.size
            waiting = self._arq.unacknowledged(PacketType.PLAYBACK) if self._started else total
            reason += (
                f"; {total - waiting} of {total} program words had arrived, {self._n_response} "
                "words of the response had come; connect and run the program again"
            )
        else:
            reason += "; connect again"
        self._state, self._failure = _State.FAILED, reason
        self._response = []
