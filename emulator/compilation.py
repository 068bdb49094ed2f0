"""Compilation on all cores, when an emulator is used for the first time on a machine.

Numba compiles one function at a time in a process, whatever the number of threads.  What takes long
is therefore compiled by several processes, each of which takes the longest part that nobody has
taken; they meet in Numba's cache on disk.  Everything else is compiled when it is first called, and
so are these parts if a process cannot be started, fails, or finds nothing to write to: the only
difference is how long the first run takes.

$PYNN_HX_COMPILERS is the number of processes, at most; 1 starts none.
"""

from __future__ import annotations

import atexit
import os
import platform
import subprocess
import sys
import tempfile
import threading
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import llvmlite.binding  # type: ignore[import-untyped]
import numba
from numba import types

from firmware_protocol.encoder import write_items

from .errors import EmulatorError
from .jit import DIGEST, no_collections
from .kernels import converters as cv
from .kernels import lanes as ln
from .kernels import links
from .kernels.arrivals import serve
from .kernels.backend import settle
from .kernels.groups import advance_lines, run_group
from .kernels.idle import jump
from .kernels.lanes import F1, F2, I1, I2
from .kernels.neurons import advance
from .kernels.stepping import adapt, step_adaptive, step_simple
from .linkage import Apart
from .synapses import BUCKETS_TYPE, bucket_sort, fill

MOST = 4
"""More processes would find nothing to do: the longest part takes a quarter of the time."""
_PATIENCE_S = 120.0
_WORK = """
import sys
folder, home = sys.argv[1:]
if home not in sys.path:
    sys.path.insert(0, home)
from emulator.compilation import work
work(folder)
"""

Parts = Sequence[Callable[[], object]]


def parts() -> Parts:
    """What takes longest to compile, longest first: functions that compile it, or load it.

    With the types that nearly every program needs, which may differ for other programs.  What takes
    in the same functions is one part, for no process knows of those of another one.
    """
    bytes_, bools = (types.Array(number, 1, "C") for number in (types.uint8, types.boolean))
    words, codes = types.Array(types.uint64, 1, "C"), types.Array(types.uint8, 3, "C")
    d1, d2, d3 = (types.Array(types.float64, n, "C") for n in (1, 2, 3))
    whole, real, key = types.int64, types.float64, types.uint64
    keys = types.UniTuple(types.uint64, 3)
    together: tuple[tuple[tuple[Any, ...], ...], ...] = (
        ((settle,), (jump, ln.LANES_TYPE, bools, I1, whole, key)),
        ((run_group,),),
        ((advance,),),
        ((advance_lines,), (adapt,), (step_adaptive,), (step_simple,)),
        (
            (cv.sample, F2, whole, whole, cv.RUN_TYPE, cv.CONVERTER_TYPE, key, whole, whole, real,
             I1, I1, types.Tuple((F1, F1, F1, bytes_))),
        ),
        ((serve,),),
        ((write_items, I1, bytes_, words, whole, types.boolean, whole, whole, words),),
        (
            (bucket_sort, codes, codes, keys, keys, d1, F1, types.Array(types.int8, 1, "C"), d3,
             d2, I1, I1, I1, F2),
            (fill, I1, I1, I1, BUCKETS_TYPE, F1, types.Array(types.float32, 4, "C"), I1),
        ),
        ((cv.mix, F2, d2, d2, real, d1, F2),),
        ((links.leave, links.UPLINKS_TYPE, I2, I1, whole, types.boolean, *[I1] * 6),),
    )  # fmt: skip
    return [partial(_compile, part) for part in together]


def _compile(part: tuple[tuple[Any, ...], ...]) -> None:
    """Compile functions, each for the types of arguments behind it; or load them."""
    for function, *arguments in part:
        if isinstance(function, Apart):
            function.compile()
        else:
            function.compile(tuple(arguments))


def _claim(folder: Path, part: int) -> bool:
    """Whether nobody else has taken a part; false as well once the folder is gone."""
    try:
        (folder / str(part)).touch(exist_ok=False)
    except OSError:
        return False
    return True


def _work(folder: Path, of: Parts) -> None:
    """Compile what nobody has taken."""
    with no_collections():
        for k, compile_part in enumerate(of):
            if _claim(folder, k):
                compile_part()


def work(folder: str) -> None:
    """What a process does that helps: take parts until there are none, or nobody waits any more."""
    _work(Path(folder), parts())


def wanted(cores: int, variable: str | None) -> int:
    """Number of processes.

    cores     that this process may use
    variable  text of $PYNN_HX_COMPILERS, if it is set
    Raises    EmulatorError if that is no number of processes
    """
    if variable is None:
        return min(cores, MOST)
    if not variable.isdecimal() or int(variable) < 1:
        raise EmulatorError(
            f"PYNN_HX_COMPILERS is {variable!r}, which is no number of processes; 1 compiles "
            "everything in this one"
        )
    return min(int(variable), MOST)


def cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _python() -> str | None:
    """The interpreter to start; None inside of programs that embed one, or are frozen."""
    executable = sys.executable or ""
    return executable if Path(executable).stem.lower().startswith("python") else None


def _start(folder: str) -> subprocess.Popen[bytes] | None:
    """A process that helps, or None where none can be started."""
    python, home = _python(), str(Path(__file__).parents[1])
    if python is None:
        return None
    environment = dict(os.environ)
    if cache := getattr(numba.config, "CACHE_DIR", ""):  # set by a program
        environment["NUMBA_CACHE_DIR"] = cache
    try:
        return subprocess.Popen(
            [python, "-P", "-c", _WORK, folder, home],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError:  # a sandbox, or no more processes: this one compiles everything
        return None


class Helpers:
    """Processes that compile along with this one."""

    def __init__(self, number: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="pynn-hx-")
        started = (_start(self._folder.name) for _ in range(number))
        self._processes = [process for process in started if process is not None]

    def finish(self) -> None:
        """Compile what they have not taken, and wait for what they have."""
        if self._processes:
            _work(Path(self._folder.name), parts())
        for process in self._processes:
            try:
                process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                break  # whatever it hangs on: this process can compile that part, too
        self.stop()

    def stop(self) -> None:
        """Leave nothing behind."""
        for process in self._processes:
            process.kill()
            process.wait()
        self._processes = []
        self._folder.cleanup()


def mark() -> Path | None:
    """The file that tells that everything is in Numba's cache for this source, Numba and CPU.

    None where nothing can be kept on disk.
    """
    dispatcher: Any = jump
    folder = dispatcher.stats.cache_path
    if folder is None:
        return None
    cpu = llvmlite.binding.get_host_cpu_name(), llvmlite.binding.get_host_cpu_features().flatten()
    what = platform.python_version(), numba.__version__, *cpu
    key = f"{zlib.crc32(repr(what).encode()):08x}"
    return Path(folder) / f"emulator_{DIGEST}_{key}.compiled"


_lock = threading.Lock()
_helpers: list[Helpers] = []
_begun = False


def begin() -> None:
    """Let other processes start to compile, once, if this looks like a first use."""
    global _begun
    with _lock:
        if _begun:
            return
        _begun = True
        number = wanted(cores(), os.environ.get("PYNN_HX_COMPILERS"))
        marked = mark()
        if number > 1 and marked is not None and not marked.exists():
            try:
                helpers = Helpers(number - 1)
            except OSError:  # no folder for temporary files: this process compiles everything
                return
            _helpers.append(helpers)
            atexit.register(helpers.stop)


def finish() -> None:
    """Wait until everything that takes long is compiled; what is done already takes no time."""
    with _lock:
        while _helpers:
            helpers = _helpers.pop()
            try:
                helpers.finish()
            finally:
                helpers.stop()
                atexit.unregister(helpers.stop)
            marked = mark()
            if marked is not None:
                marked.touch()
