"""A bad line between the two ends of a link, in virtual time: nothing sleeps, all is seeded.

`LossyLink` plays the line, the FPGA's end and the chip behind it; its `port` and `clock` are for
the host's end.  Two kinds of line:

* `Datagrams` as UDP carries them: lost, doubled, out of order.  UDP's checksum turns a damaged
  datagram into a lost one, so flipped bits and truncation are losses here.
* `Bytes` as a serial line carries them: in order, with flipped, missing and foreign bytes.
"""

import heapq
import itertools
import math
import random
from dataclasses import dataclass

from firmware_protocol import LinkError
from firmware_protocol.transports import stream

MAX_READS_AT_ONE_TIME = 1000
"""A loop that reads so often while no time passes hangs."""


@dataclass(frozen=True)
class Faults:
    """What goes wrong, as probabilities for a datagram or for a piece of some bytes.

    loss, duplicate        vanishes; comes twice
    reorder, late_s        is delayed by up to so long (datagrams only)
    flip, truncate, noise  one bit changes; the end is missing; foreign bytes come first
    pauses                 (begin, end) in s: nothing arrives in between, all of it afterwards
    cut_after_bytes        the line breaks when the host has sent so much
    """

    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    late_s: float = 0.0
    flip: float = 0.0
    truncate: float = 0.0
    noise: float = 0.0
    pauses: tuple[tuple[float, float], ...] = ()
    cut_after_bytes: float = math.inf


class Datagrams:
    """One direction of a line that carries whole datagrams."""

    def __init__(self, faults, rng, *, bytes_per_s=125e6, queue_bytes=400_000):
        self._faults, self._rng, self._bytes_per_s = faults, rng, bytes_per_s
        self._queue_s = queue_bytes / bytes_per_s
        self._free_s = 0.0

    def carry(self, datagrams, now):
        """(arrival time, datagram) of what arrives."""
        f, rng = self._faults, self._rng
        for datagram in datagrams:
            if self._free_s - now > self._queue_s:
                continue  # no room in the socket's buffer
            self._free_s = max(self._free_s, now) + len(datagram.data) / self._bytes_per_s
            if rng.random() < f.loss or rng.random() < max(f.flip, f.truncate):
                continue
            for _ in range(1 + (rng.random() < f.duplicate)):
                late_s = rng.uniform(0, f.late_s) if rng.random() < f.reorder else 0.0
                yield self._free_s + late_s, datagram

    def arrived(self, datagram):
        return [datagram]

    @staticmethod
    def size(datagram):
        return len(datagram.data)


class Bytes:
    """One direction of a line that carries bytes; `backlog` is the largest queue before it."""

    def __init__(self, faults, rng, *, bytes_per_s=1e6, piece=400):
        self._faults, self._rng = faults, rng
        self._bytes_per_s, self._piece = bytes_per_s, piece
        self._reader = stream.DatagramReader()
        self._free_s = 0.0
        self.backlog, self.carried = 0.0, 0

    @property
    def damaged(self):
        return self._reader.damaged

    def carry(self, datagrams, now):
        data = stream.encode(datagrams)
        self.carried += len(data)
        while data:
            n = self._rng.randint(1, self._piece)
            piece, data = data[:n], data[n:]
            self._free_s = max(self._free_s, now) + len(piece) / self._bytes_per_s
            self.backlog = max(self.backlog, (self._free_s - now) * self._bytes_per_s)
            yield self._free_s, self._damage(piece)

    def arrived(self, piece):
        return self._reader.feed(piece)

    @staticmethod
    def size(piece):
        return len(piece)

    def _damage(self, piece):
        f, rng = self._faults, self._rng
        if rng.random() < f.loss:
            return b""
        if rng.random() < f.duplicate:
            piece += piece
        if rng.random() < f.flip:
            at = rng.randrange(8 * len(piece))
            flipped = bytearray(piece)
            flipped[at // 8] ^= 1 << at % 8
            piece = bytes(flipped)
        if rng.random() < f.truncate:
            piece = piece[: rng.randrange(len(piece))]
        if rng.random() < f.noise:
            piece = rng.randbytes(rng.randint(1, 20)) + piece
        return piece


class LossyLink:
    """Everything beyond the host's end: `port`, `clock`, and what happened there.

    fpga       FPGA's end of the link
    execute    response words of program words; `takes_s` in virtual time
    kind       Datagrams or Bytes
    limit_s    virtual time that the host may take; more is a hang
    capacity   bytes that may be on their way, both ways together; what comes beyond is lost

    executed   programs that ran, in order
    peak       most bytes that were on the line at a time
    """

    def __init__(self, fpga, execute, *, seed, faults=None, kind=Datagrams, takes_s=0.01,
                 limit_s=300.0, latency_s=1e-4, capacity=1 << 20, **line):  # fmt: skip
        print(f"seed {seed}, {kind.__name__}, {faults}")
        self.fpga, self._execute, self._takes_s = fpga, execute, takes_s
        self._faults, self._limit_s, self._latency_s = faults or Faults(), limit_s, latency_s
        rng = random.Random(seed)
        self.to_fpga = kind(self._faults, rng, **line)
        self.to_host = kind(self._faults, rng, **line)
        self.now = 0.0
        self.executed, self.peak, self.sent_bytes = [], 0, 0
        self._on_line, self._capacity = 0, capacity
        self._inbox, self._events, self._order = [], [], itertools.count()
        self._reads = 0
        self._resets = fpga.reset_count
        self.port = self

    def clock(self):
        return self.now

    # --- the port of the host ---------------------------------------------------------------------

    def write(self, datagrams):
        self._check()
        self._put(self.to_fpga, datagrams, self._at_fpga)
        self.sent_bytes += sum(len(d.data) for d in datagrams)
        self._check()

    def read(self, timeout_s):
        self._reads = self._reads + 1 if timeout_s <= 0 else 0
        assert self._reads < MAX_READS_AT_ONE_TIME, "the host spins"
        assert self.now < self._limit_s, "the host hangs"
        end = self.now + max(timeout_s, 0.0)
        while not self._inbox:
            due = self.fpga.deadline()
            due = math.inf if due is None else due
            when = min(due, self._events[0][0] if self._events else math.inf)
            if when > end:
                self.now = end
                break
            self.now = max(self.now, when)
            if self._events and self._events[0][0] <= self.now:
                _, _, act = heapq.heappop(self._events)
                act()
            self._turn_fpga()
        inbox, self._inbox = self._inbox, []
        return inbox

    def close(self):
        pass

    # --- inside -----------------------------------------------------------------------------------

    def _check(self):
        if self.sent_bytes > self._faults.cut_after_bytes:
            raise LinkError("the line was cut")

    def _later(self, when, act):
        heapq.heappush(self._events, (when, next(self._order), act))

    def _put(self, line, datagrams, arrive):
        for when, item in line.carry(datagrams, self.now):
            if self._on_line > self._capacity:
                continue  # a real line that is stopped does not keep everything either
            self._on_line += line.size(item)
            self.peak = max(self.peak, self._on_line)
            self._later(
                self._after_pauses(when + self._latency_s), self._arrival(line, item, arrive)
            )

    def _arrival(self, line, item, arrive):
        def act():
            self._on_line -= line.size(item)
            for datagram in line.arrived(item):
                arrive(datagram)

        return act

    def _after_pauses(self, when):
        for begin, end in self._faults.pauses:
            if begin <= when < end:
                when = end
        return when

    def _at_host(self, datagram):
        self._inbox.append(datagram)

    def _at_fpga(self, datagram):
        self.fpga.incoming(datagram, now=self.now)

    def _turn_fpga(self):
        for program in self.fpga.programs():
            self.executed.append(program)
            done = self.now + self._takes_s
            self._later(done, self._completion(program, self.fpga.reset_count))
        try:
            datagrams = self.fpga.outgoing(now=self.now)
        except LinkError:
            return  # the host has gone
        self._put(self.to_host, datagrams, self._at_host)

    def _completion(self, program, session):
        def act():
            if self.fpga.reset_count == session:
                self.fpga.respond(self._execute(program))

        return act
