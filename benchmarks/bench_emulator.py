"""How fast the analog emulator is: against bare loops, Brian2, and its own aims.

    python benchmarks/bench_emulator.py [--json FILE] [--brian2-python PATH] [--second]

(a) 512 active circuits with adaptation, exponential term and 1 MHz of input events, through
    `Emulator.execute`, as a ratio to the loop of adex_simd.c over as many neurons and steps;
(b) Brian2's C++ standalone program for as many neurons and steps (brian2_adex.py), as a ratio to
    the same of ours: without events, and with them; needs a Python with Brian2 in --brian2-python
    or BRIAN2_PYTHON;
(c) one active circuit with the MADC; a wait of 20 ms; 511 circuits that nobody looks at; a sample
    of the columns' ADC, each of which is a visit;
(d) a first process with an empty compilation cache, and a second one, until their first result;
(e) a second of MADC samples: time and memory (only with --second);
(f) two threads against one, if the emulator has threads; same bytes; and how much more this machine
    does if a process of its own does the same beside it, which two threads can hardly exceed.

Every ratio pairs neighbouring measurements of the same run, since machines drift; figures are
medians of repeats.
"""

from __future__ import annotations

import argparse
import inspect
import itertools
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import emulator_programs as programs
import report
import yardstick
from emulator_programs import Words

from emulator import Emulator
from emulator.parameters import STEP_S

N_NEURONS = 512
STEPS_PER_MS = round(1e-3 / STEP_S)
BRIAN2_MS = 1.0
VISITS, THREADS_US = 50, 10_000
SAMPLES = 50, 250
WITH_INPUTS = "with inputs"
FIRST_RESULT, SECOND_OF_MADC, BESIDE = "first result", "second of MADC", "beside"
"""What a child process of this script does instead of measuring."""


class Figure(NamedTuple):
    """A measured value and what it should be, if there is an aim."""

    value: float
    unit: str
    aim: str = ""


Figures = dict[str, Figure]


def seconds(emulator: Emulator, words: Words) -> float:
    """Wall time of one program."""
    start = time.perf_counter()
    emulator.execute(words)
    return time.perf_counter() - start


def ready(config: object, **options: int) -> Emulator:
    """An emulator with this chip configuration."""
    emulator = Emulator(chip_seed=0, run_seed=0, **options)
    emulator.execute(programs.set_up(config))
    return emulator


class PerMs:
    """Wall time for each further hardware ms: fixed costs cancel in the difference of two runs."""

    def __init__(
        self, emulator: Emulator, run: Callable[[float], Words], spans_ms: tuple[float, float]
    ) -> None:
        self._emulator, (self._long_ms, self._short_ms) = emulator, spans_ms
        self._long, self._short = run(1e3 * self._long_ms), run(1e3 * self._short_ms)
        self.measure()  # compile

    def measure(self) -> float:
        """Seconds for a hardware ms."""
        difference = seconds(self._emulator, self._long) - seconds(self._emulator, self._short)
        return difference / (self._long_ms - self._short_ms)


def interleaved(work: dict[str, Callable[[], float]], repeats: int) -> dict[str, list[float]]:
    """`repeats` measurements of each, in turn."""
    measured: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(repeats):
        for name, measure in work.items():
            measured[name].append(measure())
    return measured


def ratio(numerators: list[float], denominators: list[float]) -> float:
    """Median of the ratios of neighbours."""
    return statistics.median(a / b for a, b in zip(numerators, denominators, strict=True))


def emulates_adex() -> bool:
    """Whether switching adaptation off makes a difference."""
    answers = []
    for enable in (0, 1):
        emulator = ready(programs.adaptive_chip(adaptation_enable=enable))
        answers.append(emulator.execute(programs.recorded_run(200, madc=False)))
    return not np.array_equal(*answers)


class Brian2:
    """Brian2's program, built once, timed by itself."""

    def __init__(self, python: str, *flags: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        arguments = {
            "--neurons": N_NEURONS,
            "--steps": round(BRIAN2_MS * STEPS_PER_MS),
            "--step-ns": STEP_S * 1e9,
            "--shared": json.dumps(yardstick.SHARED),
        }
        command = [
            python,
            str(Path(__file__).with_name("brian2_adex.py")),
            self._folder.name,
            *flags,
        ]
        for name, value in arguments.items():
            command += [name, str(value)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        about = json.loads(output.splitlines()[-1])
        if about["spikes"] == 0:
            raise RuntimeError("Brian2's neurons do not spike; their time would mean nothing")
        self.version: str = about["version"]

    def seconds_per_ms(self) -> float:
        """Time of the main loop for a hardware ms."""
        subprocess.run(["./main"], cwd=self._folder.name, check=True, capture_output=True)
        info = Path(self._folder.name, "results", "last_run_info.txt").read_text()
        return float(info.split()[0]) / BRIAN2_MS


def brian2_programs(python: str | None) -> dict[str, Brian2]:
    """Brian2's programs by name, or none where it is missing."""
    if python is None:
        print("b: Brian2 is missing; name a Python that has it in BRIAN2_PYTHON")
        return {}
    built = {"neurons alone": Brian2(python), WITH_INPUTS: Brian2(python, "--inputs")}
    print(f"b: Brian2 {built[WITH_INPUTS].version}, C++ standalone, float64, Euler")
    return built


def full_chip(repeats: int, brian2_python: str | None) -> Figures:
    """(a) and (b)."""
    ours = "512 AdEx circuits, 1 MHz of events"
    if not emulates_adex():
        ours += " (adaptation and exponential NOT EMULATED yet)"
    alone = "512 AdEx circuits, no events"
    emulator = ready(programs.busy_chip())
    chip = PerMs(emulator, programs.busy_run, (11.0, 1.0))
    quiet = PerMs(emulator, partial(programs.recorded_run, madc=False), (11.0, 1.0))
    loops, brian2 = yardstick.simd_c(), brian2_programs(brian2_python)
    work: dict[str, Callable[[], float]] = {ours: chip.measure, alone: quiet.measure}
    for flags, loop in loops.items():
        print(f"a: gcc {flags}: vectors of {loop.vector_bytes} bytes")
        work[flags] = lambda loop=loop: loop.seconds(N_NEURONS, STEPS_PER_MS, STEP_S)
    work |= {name: program.seconds_per_ms for name, program in brian2.items()}
    t = interleaved(work, repeats)
    figures = {
        f"a: {name}": Figure(1e3 * statistics.median(t[name]), "ms / hardware ms")
        for name in (ours, alone)
    }
    for flags in loops:
        median = 1e3 * statistics.median(t[flags])
        figures[f"a: bare loop, {flags}"] = Figure(median, "ms / hardware ms")
    if loops:
        fastest = min(loops, key=lambda flags: statistics.median(t[flags]))
        figures["a: ratio to the fastest bare loop"] = Figure(
            ratio(t[ours], t[fastest]), "", "<= 2"
        )
    for name in brian2:
        median = 1e3 * statistics.median(t[name])
        figures[f"b: Brian2, {name}"] = Figure(median, "ms / hardware ms")
        like = ours if name == WITH_INPUTS else alone
        figures[f"b: Brian2 {name}, over ours"] = Figure(ratio(t[name], t[like]), "", ">= 10")
    return figures


def one_circuit(repeats: int) -> Figures:
    """(c)."""
    one, another, crowded = (ready(programs.one_of(n)) for n in (0, 0, programs.ALL))
    madc = PerMs(one, programs.recorded_run, (5.0, 1.0))
    crowd = PerMs(crowded, programs.recorded_run, (5.0, 1.0))
    run, waiting = (programs.visits(VISITS, wait=wait) for wait in (False, True))
    sampled = ready(programs.sampled_chip())
    few, many = (programs.samples(n) for n in SAMPLES)
    sampled.execute(few)  # compile
    work: dict[str, Callable[[], float]] = {
        "madc": madc.measure,
        "crowd": crowd.measure,
        "run": lambda: seconds(another, run),
        "waiting": lambda: seconds(another, waiting),
        "samples": lambda: seconds(sampled, many) - seconds(sampled, few),
    }
    t = interleaved(work, repeats)
    waits_s = statistics.median(b - a for a, b in zip(t["run"], t["waiting"], strict=True))
    return {
        "c: one circuit with MADC": Figure(
            1e3 * statistics.median(t["madc"]), "ms / hardware ms", "<= 2"
        ),
        "c: the same with 511 circuits nobody looks at, ratio": Figure(
            ratio(t["crowd"], t["madc"]), "", "1"
        ),
        "c: a wait of 20 ms": Figure(1e3 * waits_s / VISITS, "ms", "< 0.1"),
        "c: a sample of the CADC": Figure(
            1e3 * statistics.median(t["samples"]) / (SAMPLES[1] - SAMPLES[0]), "ms"
        ),
    }


def child(task: str, script: Path = Path(__file__), **environment: str) -> tuple[float, str]:
    """Seconds of a whole process that does `task`, and what it printed."""
    command = [sys.executable, str(script), "--child", task]
    start = time.perf_counter()
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | environment
    )
    return time.perf_counter() - start, done.stdout


def unpacked(folder: Path) -> Path:
    """This script in a copy of the sources without what Python or Numba made of them."""
    for name in ("benchmarks", "emulator", "firmware_protocol", "tests"):
        leave_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(programs.ROOT / name, folder / name, ignore=leave_out)
    return folder / "benchmarks" / Path(__file__).name


def first_result() -> None:
    """What a user's first program needs: a whole chip, events, spikes and samples of a neuron."""
    emulator = ready(emulated_and_read_out())
    if emulator.execute(programs.recorded_run(100)).size == 0:
        raise RuntimeError("no answer; the time would mean nothing")


def emulated_and_read_out() -> object:
    """The busy chip with neuron 0 on the line of the MADC."""
    return programs.emulated.read_out(programs.busy_chip(), 0)


def processes(repeats: int) -> Figures:
    """(d).

    As on a fresh machine, Python keeps the bytecode of our sources only after the first process
    ("" in PYTHONDONTWRITEBYTECODE means: keep it); that of Numba and NumPy came with them.
    """
    first, second = [], []
    for _ in range(max(repeats // 2, 1)):
        with tempfile.TemporaryDirectory() as folder:
            script = unpacked(Path(folder, "sources"))
            kept = {"NUMBA_CACHE_DIR": str(Path(folder, "cache")), "PYTHONDONTWRITEBYTECODE": ""}
            first.append(child(FIRST_RESULT, script, **kept)[0])
            second.append(child(FIRST_RESULT, script, **kept)[0])
    return {
        "d: first process, empty cache": Figure(statistics.median(first), "s", "< 10"),
        "d: second process": Figure(statistics.median(second), "s", "< 1.5"),
    }


def second_of_madc() -> None:
    """Print seconds, samples and peak memory of a second of samples."""
    emulator = ready(programs.one_of(0))
    emulator.execute(programs.recorded_run(100))
    words = programs.recorded_run(1e6)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    response = emulator.execute(words)
    elapsed = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([elapsed, response.nbytes / 1e6, before / 1e3, peak / 1e3]))


def long_recording() -> Figures:
    """(e)."""
    elapsed, answer, before, peak = json.loads(child(SECOND_OF_MADC)[1])
    return {
        "e: 1 s of MADC": Figure(elapsed, "s"),
        "e: its response": Figure(answer, "MB"),
        "e: peak memory of the process": Figure(peak, "MB"),
        "e: of that before the recording": Figure(before, "MB"),
    }


class Beside:
    """A process that runs the program of (f) when it is told to."""

    def __init__(self) -> None:
        command = [sys.executable, __file__, "--child", BESIDE]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._wait()

    def _wait(self) -> None:
        assert self._child.stdout is not None
        if not self._child.stdout.readline():
            raise RuntimeError("the process beside this one has ended")

    def seconds(self, measure: Callable[[], float]) -> float:
        """What `measure` gives while the other process works, too."""
        assert self._child.stdin is not None
        self._child.stdin.write("go\n")
        self._child.stdin.flush()
        elapsed = measure()
        self._wait()
        return elapsed

    def end(self) -> None:
        """Let it end."""
        self._child.communicate()


def beside() -> None:
    """Run the program of (f) for each line of the input."""
    emulator, words = ready(programs.busy_chip()), programs.busy_run(THREADS_US)
    for _ in itertools.chain(["compile"], sys.stdin):
        emulator.execute(words)
        print("done", flush=True)


def threads(repeats: int) -> Figures:
    """(f)."""
    if "threads" not in inspect.signature(Emulator).parameters:
        print("f: this emulator has no argument `threads`: not measured")
        return {}
    config, words, other = programs.busy_chip(), programs.busy_run(THREADS_US), Beside()
    one, two = (ready(config, threads=n) for n in (1, 2))
    if not np.array_equal(one.execute(words), two.execute(words)):
        raise RuntimeError("two threads give another response than one")
    work: dict[str, Callable[[], float]] = {
        "one": lambda: seconds(one, words),
        "two": lambda: seconds(two, words),
        "beside": lambda: other.seconds(lambda: seconds(one, words)),
    }
    t = interleaved(work, repeats)
    other.end()
    return {
        "f: speed of two threads over one": Figure(ratio(t["one"], t["two"]), "", ">= 1.6"),
        "f: work of two processes over one": Figure(2 * ratio(t["one"], t["beside"]), ""),
    }


def show(figures: Figures) -> None:
    """Print a row for each figure."""
    for name, figure in figures.items():
        aim = f"aim {figure.aim}" if figure.aim else ""
        print(f"{name:<76}{figure.value:10.3f} {figure.unit:<17}{aim}".rstrip())


def measure(arguments: argparse.Namespace) -> Figures:
    """All figures; shows each part when it is there."""
    n, figures = arguments.repeats, {}
    parts: list[Callable[[], Figures]] = [
        lambda: full_chip(n, arguments.brian2_python),
        lambda: one_circuit(n),
        lambda: processes(n),
        lambda: threads(n),
    ]
    if arguments.second:
        parts.append(long_recording)
    for part in parts:
        measured = part()
        show(measured)
        figures |= measured
    return figures


def main() -> None:
    """Print the table; write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--brian2-python", default=os.environ.get("BRIAN2_PYTHON"))
    parser.add_argument("--second", action="store_true", help="record a second of MADC, too")
    children = {FIRST_RESULT: first_result, SECOND_OF_MADC: second_of_madc, BESIDE: beside}
    parser.add_argument("--child", choices=tuple(children), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        children[arguments.child]()
        return
    figures = measure(arguments)
    if arguments.json:
        report.write_json(arguments.json, {name: list(row) for name, row in figures.items()})


if __name__ == "__main__":
    main()
