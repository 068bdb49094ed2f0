"""What a run returned, as arrays: spikes, samples, answers, notifications."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import LinkError
from .tickets import Stream, Ticket

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class LinkNotifications:
    """What the high-speed links between FPGA and chip reported; all arrays (notification,).

    time  int64 [FPGA cycles]; phy  uint8, 0..7; the rest bool
    """

    time: Ints
    phy: Bytes
    link_up: Bools
    decode_error: Bools
    crc_error: Bools
    crc_recover: Bools
    check_error: Bools

    def __len__(self) -> int:
        """Number of notifications."""
        return int(self.time.size)

    @classmethod
    def of(cls, time: Ints, payload: npt.NDArray[np.uint64]) -> LinkNotifications:
        """Split the payloads: 7:5 phy, 4 link up, 3 decode, 2 CRC, 1 CRC recover, 0 check error."""
        flags = [(payload >> np.uint64(bit) & np.uint64(1)) != 0 for bit in (4, 3, 2, 1, 0)]
        return cls(time, (payload >> np.uint64(5) & np.uint64(7)).astype(np.uint8), *flags)


@dataclass(frozen=True)
class TimeoutNotifications:
    """Instructions that blocked for longer than the instruction timeout; arrays (notification,).

    time               int64 [FPGA cycles]
    instruction        uint32, index of the instruction in the program
    trace_stall        uint8, 7 bits about a stalled trace memory, as the FPGA sends them
    outstanding_reads  uint8, Omnibus reads without an answer at that time
    """

    time: Ints
    instruction: npt.NDArray[np.uint32]
    trace_stall: Bytes
    outstanding_reads: Bytes

    def __len__(self) -> int:
        """Number of notifications."""
        return int(self.time.size)

    @classmethod
    def of(cls, time: Ints, payload: npt.NDArray[np.uint64]) -> TimeoutNotifications:
        """Split the payloads: 31:0 instruction, 38:32 trace stall, 44:39 outstanding reads."""
        return cls(
            time,
            (payload & np.uint64(0xFFFFFFFF)).astype(np.uint32),
            (payload >> np.uint64(32) & np.uint64(0x7F)).astype(np.uint8),
            (payload >> np.uint64(39) & np.uint64(0x3F)).astype(np.uint8),
        )


_NO_TIMES, _NO_PAYLOADS = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint64)


@dataclass(frozen=True)
class Trace:
    """What a run returned.  Times are FPGA cycles of 8 ns since the last systime init.

    spike_time, spike_label                int64, uint16 (spike,)
    madc_time, madc_value, madc_channel    int64, uint16 [LSB], uint8 (sample,)
    reads                                  uint32 (read,), in program order
    ticks                                  int64 (loopback,)
    timeouts                               uint32 (notification,): index of the instruction that
                                           timed out; the rest is in `timeout_notifications`
    halted                                 whether the program's end was reported
    jtag                                   uint64 (answer,), in program order

    A time below 0 belongs to an event from before a systime init that arrived after it.  A response
    of more than :data:`~firmware_protocol.instructions.TRACE_WORDS` words has outgrown the FPGA's
    trace memory: nothing is lost, but commands of that run may have been late.
    """

    spike_time: Ints
    spike_label: npt.NDArray[np.uint16]
    madc_time: Ints
    madc_value: npt.NDArray[np.uint16]
    madc_channel: Bytes
    reads: npt.NDArray[np.uint32]
    ticks: Ints
    timeouts: npt.NDArray[np.uint32]
    halted: bool
    jtag: npt.NDArray[np.uint64] = field(default_factory=_NO_PAYLOADS.copy)
    links: LinkNotifications = field(
        default_factory=lambda: LinkNotifications.of(_NO_TIMES, _NO_PAYLOADS)
    )
    timeout_notifications: TimeoutNotifications = field(
        default_factory=lambda: TimeoutNotifications.of(_NO_TIMES, _NO_PAYLOADS)
    )

    def redeem(self, ticket: Ticket) -> npt.NDArray[Any]:
        """The answers a ticket of the run's program stands for, in the order they were asked for.

        Returns (len(ticket),): uint32 for register reads, uint64 for JTAG, int64 for ticks
        Raises LinkError naming what is missing if the trace has fewer answers.
        """
        answers: npt.NDArray[Any] = getattr(self, ticket.stream.value)
        if answers.size < ticket.span.stop:
            raise LinkError(
                f"the trace has {answers.size} answers in '{ticket.stream.value}', but the ticket "
                f"stands for answers {ticket.span.start}..{ticket.span.stop - 1}; "
                f"{self._why_missing()}"
            )
        found = answers[ticket.span]
        if ticket.stream is Stream.JTAG and ticket.bits < 64:
            found = found & np.uint64((1 << ticket.bits) - 1)
        return found

    def _why_missing(self) -> str:
        if self.timeouts.size:
            return (
                f"instruction {int(self.timeouts[0])} timed out: mend what it waited for, or set a "
                "longer instruction timeout"
            )
        if not self.halted:
            return "the trace does not reach the program's halt: run the program again"
        return "the trace must be that of the program that gave the ticket (see Ticket.shifted)"
