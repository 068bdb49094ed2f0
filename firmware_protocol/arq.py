"""One end of a HostARQ link: words go in at one end and come out at the other, each once, in order.

Selective repeat with cumulative acknowledgement.  Frames and times in, frames and times out; no
socket, no clock.  Both ends are alike.  A frame is sent again when the time since its first
transmission, in units of the time-out, has reached the number of its transmissions.

A sequence number says little: a frame of an earlier session, or one that is late by a round of all
numbers, can take the place of the right one.  HostARQ does not notice; here the right one, when it
comes, is seen to differ from what had its number, and the link fails (:class:`StaleFrameError`).
Source: HostARQ (sctrltp) as collected in ``docs/reference/link.md``.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from zlib import crc32

from . import hostarq
from .errors import LinkError
from .hostarq import ACK, BODY, ArqParameters, FrameError
from .instructions import Words

MAX_QUEUED_WORDS = 1 << 27
"""Words that may wait to be sent (1 GiB)."""
LINE_AHEAD_S = 0.02
"""How far ahead of the line frames are handed out, so that it never runs dry; less where this is
more than a quarter of the time-out."""
_READY_WINDOWS = 4
"""Windows of frames that may wait to be taken; what comes beyond is dropped and comes again."""


class StaleFrameError(LinkError):
    """Two different frames came under one sequence number, so one is not of this session."""


@dataclass
class Counters:
    """What an end has seen, in frames.

    acks           acknowledgements sent alone
    duplicates     received once more
    out_of_window  received, but neither expected nor a duplicate
    malformed      received, but no frame of HostARQ
    congested      received, but dropped since nobody took what had come before
    """

    sent: int = 0
    resent: int = 0
    acks: int = 0
    received: int = 0
    duplicates: int = 0
    out_of_window: int = 0
    malformed: int = 0
    congested: int = 0


class _InFlight:
    """A frame that has been sent and not acknowledged."""

    __slots__ = ("body", "due_s", "first_s", "n_words", "pid", "sent")

    def __init__(self, pid: int, n_words: int, body: bytes, now: float, rto_s: float) -> None:
        self.pid, self.n_words, self.body = pid, n_words, body
        self.first_s, self.due_s, self.sent = now, now + rto_s, 1


class Arq:
    """Both directions of one end.

    counters  since the last reset
    """

    def __init__(self, parameters: ArqParameters) -> None:
        self.parameters = parameters
        self._ahead_s = min(LINE_AHEAD_S, parameters.rto_s / 4)
        self._now = -math.inf
        self._line_free_s = -math.inf
        self.reset()

    def reset(self) -> None:
        """Forget everything, both directions; sequence numbers start at 0."""
        self.counters = Counters()
        self._queue: deque[tuple[int, Words]] = deque()
        self._queued_words = self._taken = 0
        self._flight: deque[_InFlight] = deque()
        self._low = self._expected = 0
        self._resend_s = math.inf
        self._ready: list[tuple[int, bytes]] = []
        self._early: dict[int, tuple[int, bytes]] = {}
        self._digests: dict[int, int] = {}
        self._ack_due_s = math.inf
        self._to_acknowledge = 0
        self._failure: str | None = None

    # --- what the user of the link does -----------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Whether everything that was to be sent has arrived."""
        return not self._queue and not self._flight

    @property
    def ordered(self) -> bool:
        """Whether no frame waits for one before it that is missing."""
        return not self._early

    @property
    def n_queued(self) -> int:
        """How many packets wait for their first transmission."""
        return len(self._queue)

    @property
    def n_ready(self) -> int:
        """How many frames `received` would return."""
        return len(self._ready)

    @property
    def room(self) -> int:
        """How many words `send` takes now."""
        return MAX_QUEUED_WORDS - self._queued_words

    def unacknowledged(self, pid: int) -> int:
        """Words of this packet type that have been handed in and not been acknowledged."""
        queued = sum(words.size for kind, words in self._queue if kind == pid)
        if self._queue and self._queue[0][0] == pid:
            queued -= self._taken
        return queued + sum(frame.n_words for frame in self._flight if frame.pid == pid)

    def send(self, pid: int, words: Words) -> None:
        """Queue words (uint64, at least one); they are not copied, so leave them alone.

        Raises LinkError if there is no `room`.
        """
        if not words.size:
            raise ValueError("a packet has at least one word")
        if words.size > self.room:
            raise LinkError(
                f"{words.size} words do not fit: {self._queued_words} of {MAX_QUEUED_WORDS} wait "
                "to be sent; send less at a time"
            )
        self._queue.append((pid, words))
        self._queued_words += words.size

    def received(self) -> list[tuple[int, Words]]:
        """Packet type and words (uint64) of each frame that has come in order since last asked."""
        ready, self._ready = self._ready, []
        words = hostarq.to_words(b"".join(payload for _, payload in ready))
        result, at = [], 0
        for pid, payload in ready:
            end = at + len(payload) // hostarq.WORD_BYTES
            result.append((pid, words[at:end]))
            at = end
        return result

    def hurry(self) -> None:
        """Let an acknowledgement that waits go with the next `outgoing`."""
        if self._ack_due_s < math.inf:
            self._ack_due_s = -math.inf

    # --- what the line does -----------------------------------------------------------------------

    def outgoing(self, *, now: float) -> list[bytes]:
        """Frames to send at `now`; LinkError once a frame has been repeated too often."""
        self._now = max(self._now, now)
        if self._failure is not None:
            raise LinkError(self._failure)
        frames: list[bytes] = []
        if now >= self._resend_s:
            self._resend(frames, now)
        while self._sendable and now >= self._line_opens_s:
            self._put(frames, self._next_frame(now), now)
        if frames:
            self._acknowledged()
        elif now >= self._ack_due_s:
            frames.append(hostarq.ack_frame(self._ack))
            self._line_free_s = max(self._line_free_s, now) + self.parameters.line_seconds(ACK.size)
            self.counters.acks += 1
            self._acknowledged()
        return frames

    def incoming(self, frame: bytes, *, now: float) -> None:
        """Take a frame; what cannot be used is counted.  StaleFrameError if it contradicts another.

        An acknowledgement counts even in a frame that is not wanted.
        """
        self._now = max(self._now, now)
        p = self.parameters
        try:
            ack, seq, pid, payload = hostarq.parse(frame)
        except FrameError:
            self.counters.malformed += 1
            return
        too_long = len(payload) > p.max_words * hostarq.WORD_BYTES
        if ack >= p.sequences or too_long or (seq is not None and seq >= p.sequences):
            self.counters.malformed += 1
            return
        self._release(ack)
        if seq is None:
            return
        self._ask_for_ack(now)
        digest = crc32(memoryview(frame)[ACK.size :])
        if (seq - self._expected) % p.sequences >= p.window or seq in self._early:
            self._repeated(seq, digest)
        elif len(self._ready) >= _READY_WINDOWS * p.window:
            self.counters.congested += 1
        else:
            self.counters.received += 1
            self._digests[seq] = digest
            self._early[seq] = pid, payload
            while (next_one := self._early.pop(self._expected, None)) is not None:
                self._ready.append(next_one)
                self._expected = (self._expected + 1) % p.sequences

    def deadline(self) -> float | None:
        """When `outgoing` has something to say even if nothing comes in; None if it has not."""
        if self._failure is not None:
            return None
        due = max(self._resend_s, self._line_opens_s)
        if self._sendable:
            due = min(due, max(self._now, self._line_opens_s))
        due = min(due, self._ack_due_s)
        return None if due == math.inf else due

    # --- inside -----------------------------------------------------------------------------------

    @property
    def _ack(self) -> int:
        return (self._expected - 1) % self.parameters.sequences

    @property
    def _sendable(self) -> bool:
        return bool(self._queue) and len(self._flight) < self.parameters.window

    @property
    def _line_opens_s(self) -> float:
        """When the line has sent nearly all that it was given."""
        return self._line_free_s - self._ahead_s

    def _next_frame(self, now: float) -> bytes:
        """Take words from the queue into the window."""
        pid, words = self._queue[0]
        piece = words[self._taken : self._taken + self.parameters.max_words]
        self._taken += piece.size
        self._queued_words -= piece.size
        if self._taken == words.size:
            self._queue.popleft()
            self._taken = 0
        seq = (self._low + len(self._flight)) % self.parameters.sequences
        body = BODY.pack(seq, pid, piece.size) + hostarq.to_bytes(piece)
        sent = _InFlight(pid, piece.size, body, now, self.parameters.rto_s)
        self._flight.append(sent)
        self._resend_s = min(self._resend_s, sent.due_s)
        self.counters.sent += 1
        return body

    def _resend(self, frames: list[bytes], now: float) -> None:
        """Repeat what is due, oldest first, as far as the line has room."""
        p = self.parameters
        for frame in self._flight:
            if now < frame.due_s or now < self._line_opens_s:
                continue
            if frame.sent > p.max_resends:
                self._failure = (
                    f"a frame was sent {frame.sent} times within {now - frame.first_s:.3g} s and "
                    "never acknowledged; is the other end running and connected?"
                )
                raise LinkError(self._failure)
            frame.sent += 1
            frame.due_s = frame.first_s + frame.sent * p.rto_s
            if frame.due_s <= now:  # we have slept: one repetition makes up for it, not many
                frame.due_s = now + p.rto_s
            self.counters.resent += 1
            self._put(frames, frame.body, now)
        self._resend_s = min((frame.due_s for frame in self._flight), default=math.inf)

    def _put(self, frames: list[bytes], body: bytes, now: float) -> None:
        frame = ACK.pack(self._ack) + body
        frames.append(frame)
        seconds = self.parameters.line_seconds(len(frame))
        if seconds:
            self._line_free_s = max(self._line_free_s, now) + seconds

    def _release(self, ack: int) -> None:
        """Drop what is acknowledged; an acknowledgement of nothing in flight is an old one."""
        n_frames = (ack - self._low) % self.parameters.sequences + 1
        if n_frames > len(self._flight):
            return
        for _ in range(n_frames):
            self._flight.popleft()
        self._low = (self._low + n_frames) % self.parameters.sequences
        if not self._flight:
            self._resend_s = math.inf

    def _ask_for_ack(self, now: float) -> None:
        """Acknowledge soon; at once if the other end may be waiting for it."""
        self._to_acknowledge += 1
        delay_s = self.parameters.ack_delay_s
        if self._to_acknowledge >= max(1, self.parameters.window // 4):
            delay_s = 0.0
        self._ack_due_s = min(self._ack_due_s, now + delay_s)

    def _acknowledged(self) -> None:
        self._ack_due_s = math.inf
        self._to_acknowledge = 0

    def _repeated(self, seq: int, digest: int) -> None:
        """A frame that is not new: the one that came under this number, or something is wrong."""
        known = self._digests.get(seq)
        if known is None:
            self.counters.out_of_window += 1
        elif known == digest:
            self.counters.duplicates += 1
        else:
            raise StaleFrameError(
                f"two different frames came with sequence number {seq}: one is not of this "
                "session, or the other end was reset by somebody else"
            )
