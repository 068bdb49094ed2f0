"""Words: spikes and ADC samples to words and back, on one core.

Every figure is a median of repeats.  The ratio says how many NumPy copies of the same words take as
long; it pairs neighbouring measurements, since the machine drifts.  A *message* is a pack with its
one to three events; waits and time messages between packs are worked on but not counted.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np
import numpy.typing as npt

from firmware_protocol import Program, decode
from firmware_protocol.decoder import PACK_WINDOW_CYCLES, HaltFinder, encode_trace
from firmware_protocol.instructions import FromFpga, Words
from firmware_protocol.schedule import Schedule

Ints = npt.NDArray[np.int64]

LATENCY_CYCLES = 37
"""From the chip to the FPGA's trace."""
MADC_PERIOD_CYCLES = 4.25
SOURCES = 10
"""Sorted spike trains in a schedule."""
AIM = 20.0
"""Million messages per second that every row must reach."""


def spike_times(n: int) -> dict[str, Ints]:
    """Times that give packs of one, packs of three, and both, with pauses [FPGA cycles]."""
    rng = np.random.default_rng(0)
    return {
        "packs of 1": 10 + 16 * np.arange(n),
        "packs of 3": 10 + np.arange(n) // 3,
        "mixed packs": 10 + np.cumsum(rng.choice([0, 0, 1, 3, 20, 300], n)),
    }


def trace(
    time_: Ints, kind: npt.ArrayLike, value: Ints
) -> tuple[Ints, npt.NDArray[np.uint8], Words]:
    """What the FPGA's end gets: arrival, kind and payload of every event."""
    payload = ((time_ << 1 & 0xFF) << 16 | value).astype(np.uint64)
    return time_ + LATENCY_CYCLES, np.broadcast_to(kind, time_.shape).astype(np.uint8), payload


def packs(words: Words, first_header: int) -> int:
    """Event packs in words to the FPGA."""
    return int((words >> np.uint64(56) >= first_header).sum())


def trace_packs(arrival: Ints, kind: npt.NDArray[np.uint8], window: int) -> int:
    """Packs that `encode_trace` makes of these events."""
    beyond = np.searchsorted(arrival, arrival + window, side="right")
    changes = np.append(np.nonzero(np.diff(kind))[0] + 1, kind.size)
    beyond = np.minimum(beyond, changes[np.searchsorted(changes, np.arange(kind.size), "right")])
    ends = beyond.tolist()
    n, i = 0, 0
    while i < len(ends):
        n, i = n + 1, min(i + 3, ends[i])
    return n


def build_events(times: Ints, labels: Ints) -> Words:
    """A program that sends events."""
    program = Program()
    program.setup_timer()
    program.events(times, labels)
    return program.words()


def build_schedule(times: Ints, labels: Ints) -> Words:
    """The same from times in any order."""
    schedule, program = Schedule(), Program()
    schedule.events(times, labels)
    schedule.add_to(program)
    return program.words()


def check(words: Words, times: Ints, kind: npt.NDArray[np.uint8]) -> None:
    """Refuse to time a decoder that is wrong."""
    decoded, spikes = decode(words), kind == FromFpga.SPIKE_PACK_1
    if not (
        np.array_equal(decoded.spike_time, times[spikes])
        and np.array_equal(decoded.madc_time, times[~spikes])
    ):
        raise RuntimeError("the times did not survive; their speed would mean nothing")


class Table:
    """Rows of figures, measured one after the other."""

    def __init__(self, repeats: int) -> None:
        self.repeats = repeats
        self.figures: dict[str, dict[str, float]] = {}

    def add(
        self, name: str, work: Callable[[], object], words: Words, n_events: int, n_messages: int
    ) -> None:
        """Time `work` and a copy of `words`, alternately."""
        work()  # compile
        took, ratio = [], []
        for _ in range(self.repeats):
            start = time.perf_counter()
            work()
            middle = time.perf_counter()
            words.copy()
            end = time.perf_counter()
            took.append(middle - start)
            ratio.append((middle - start) / (end - middle))
        seconds = statistics.median(took)
        self.figures[name] = row = {
            "M messages/s": n_messages / seconds / 1e6,
            "M events/s": n_events / seconds / 1e6,
            "bytes/event": words.nbytes / n_events,
            "copies": statistics.median(ratio),
        }
        mark = "" if row["M messages/s"] >= AIM else f"   below {AIM:.0f}"
        print(f"{name:<54}" + "".join(f"{value:14.1f}" for value in row.values()) + mark)


def traces(spikes: dict[str, Ints]) -> list[tuple[str, Ints, npt.ArrayLike, int]]:
    """Name, times, kinds and pack window of what the FPGA reports."""
    spike, sample = FromFpga.SPIKE_PACK_1, FromFpga.MADC_PACK_1
    rows: list[tuple[str, Ints, npt.ArrayLike, int]]
    rows = [(f"spikes, {name}", t, spike, PACK_WINDOW_CYCLES) for name, t in spikes.items()]
    n = rows[0][1].size
    madc = 10 + (MADC_PERIOD_CYCLES * np.arange(n)).astype(np.int64)
    either = np.where(np.random.default_rng(3).random(n) < 0.5, spike, sample)
    return [
        *rows,
        ("ADC samples, packs of 1", madc, sample, 0),
        ("ADC samples, packs of 3", madc, sample, PACK_WINDOW_CYCLES),
        ("spikes amid ADC samples", spikes["mixed packs"], either, PACK_WINDOW_CYCLES),
    ]


def measure(n: int, repeats: int) -> dict[str, dict[str, float]]:
    """All rows; prints each when it is there."""
    table = Table(repeats)
    labels = np.random.default_rng(1).integers(0, 1 << 16, n)
    header = ("M messages/s", "M events/s", "bytes/event", "copies")
    print(f"{n} events, median of {repeats}".ljust(54) + "".join(f"{name:>14}" for name in header))
    times = spike_times(n)
    for name, t in times.items():
        words = build_events(t, labels)
        n_packs = packs(words, 13)
        table.add(f"Program.events, {name}", lambda t=t: build_events(t, labels), words, n, n_packs)
    mixed = times["mixed packs"]
    sources = [np.concatenate([mixed[i::SOURCES] for i in range(SOURCES)])]
    sources.append(np.random.default_rng(2).permutation(mixed))
    for name, t in zip((f"{SOURCES} sorted sources", "random order"), sources, strict=True):
        words = build_schedule(t, labels)
        work = lambda t=t: build_schedule(t, labels)  # noqa: E731
        table.add(f"Schedule.events, mixed packs, {name}", work, words, n, packs(words, 13))
    for name, t, kind, window in traces(times):
        items = trace(t, kind, labels & 0x3FF)
        words = encode_trace(*items, window=window)
        check(words, t, items[1])
        n_packs = trace_packs(items[0], items[1], window)
        encode = lambda items=items, window=window: encode_trace(*items, window=window)  # noqa: E731
        table.add(f"encode_trace, {name}", encode, words, n, n_packs)
        table.add(f"decode, {name}", lambda words=words: decode(words), words, n, n_packs)
        find = lambda words=words: HaltFinder().feed(words)  # noqa: E731
        table.add(f"HaltFinder, {name}", find, words, n, n_packs)
    return table.figures


def main() -> None:
    """Print the table; write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--events", type=int, default=1_000_000, help="events in each row")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # one core; nothing here uses threads anyway
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    figures = measure(arguments.events, arguments.repeats)
    if arguments.json:
        about = {
            "date": datetime.date.today().isoformat(),
            "python": platform.python_version(),
            "numba": numba.__version__,
            "numpy": np.__version__,
            "machine": platform.machine(),
            "cores": 1,
            "events": arguments.events,
        }
        arguments.json.write_text(json.dumps({"about": about, "figures": figures}, indent=1) + "\n")


if __name__ == "__main__":
    main()
