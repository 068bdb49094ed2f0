"""What a link costs: the program that configures a whole chip, in-process, over TCP and over UDP.

A server of its own on loopback runs the emulator; the same words go through each way.  The program
has some 190 000 words (1.5 MB) and a response of a few, so the difference to the in-process run is
the link's.  Prints milliseconds (median), the ratio to the in-process run, and MB/s of program
words through the link alone.  A program of two words (tick, halt) shows what a round trip takes.
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from firmware_protocol import ChipConfig, Program
from firmware_protocol.instructions import Words
from pynn_hx import compile as compiler
from pynn_hx import targets

sys.path.insert(0, str(Path(__file__).parent))
import report

LISTEN = ("tcp://127.0.0.1:0", "udp://127.0.0.1?data_port=0&reset_port=0")


def first_program() -> Words:
    """Initialisation, every word of a default chip, and a run of 10 us."""
    nothing = np.zeros(0, np.int64)
    run = compiler.Run(ChipConfig(), nothing, nothing, runtime=1250, madc=False)
    return compiler.build(run, None)[0].words()


def tick() -> Words:
    """The smallest program that asks for something."""
    program = Program()
    program.loopback()
    program.halt()
    return program.words()


@contextlib.contextmanager
def server() -> Iterator[list[str]]:
    """A server with an emulator for each client; yields its URLs."""
    command = [sys.executable, "-m", "pynn_hx.cli", "serve"]
    for url in LISTEN:
        command += ["--listen", url]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        yield [process.stdout.readline().split()[-1] for _ in LISTEN]
    finally:
        process.terminate()
        process.wait(timeout=20)


def median_ms(url: str, words: Words, repeats: int) -> float:
    """Median time of the program through a target; the first run, which compiles, is left out."""
    connection = targets.connect(url)
    try:
        connection.execute(words)
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            connection.execute(words)
            times.append(time.perf_counter() - start)
    finally:
        connection.close()
    return 1e3 * statistics.median(times)


def measure(repeats: int) -> dict[str, float]:
    """All figures."""
    words, tiny = first_program(), tick()
    alone = median_ms("emulator:", words, repeats)
    figures = {
        "in-process [ms]": alone,
        "in-process, two words [ms]": median_ms("emulator:", tiny, repeats),
    }
    with server() as urls:
        for url in urls:
            name = url.split(":")[0]
            taken = median_ms(url, words, repeats)
            figures[f"{name} [ms]"] = taken
            figures[f"{name}: ratio to in-process"] = taken / alone
            figures[f"{name}: link alone [MB/s]"] = words.nbytes / 1e3 / (taken - alone)
            figures[f"{name}, two words [ms]"] = median_ms(url, tiny, repeats)
    return figures


if __name__ == "__main__":
    report.run(__doc__, measure, repeats=21)
