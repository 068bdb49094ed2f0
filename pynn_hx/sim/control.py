"""setup, run, reset, end and the state queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, cast, get_args

from pyNN import common
from pyNN.recording import get_io

from ..device import default_device
from . import session

DEFAULT_TIMESTEP = 0.1
DEFAULT_MIN_DELAY = DEFAULT_MAX_DELAY = "auto"
Callback = Callable[[float], float]
_DEFAULT_SEED = 42
_OTHER_NAMES_OF_SEED = ("rng_seed", "rng_seeds_seed", "grng_seed", "rng_seeds")


def setup(
    timestep: float = DEFAULT_TIMESTEP,
    min_delay: float | str = DEFAULT_MIN_DELAY,
    *,
    max_delay: float | str = DEFAULT_MAX_DELAY,
    device: session.Device = "auto",
    threads: int | None = 1,
    precision: Literal["float64", "float32"] = "float64",
    seed: int | None = None,
    progress: bool | None = None,
    **extra: Any,
) -> int:
    """Start a session; what existed of an earlier one is gone.  Returns the MPI rank, 0.

    timestep   length of a step [ms]
    min_delay, max_delay  [ms]; "auto": those of the projections there are
    device     "cpu", "cuda", or "auto": what `pynn_hx.device.set_default_device` was told, else
               the CPU
    threads    how many at most; results do not depend on it
    precision  of states and sums; parameters and weights are kept in double precision
    seed       of all random numbers of the simulation, 0 .. 2**64 - 1: the same seed gives the same
               results.  `rng_seed` of other backends is another name of it
    progress   show how far long runs have come; None: on a terminal
    extra      what other backends take has no effect
    Raises     ValueError or Exception for values that cannot be; the earlier session then stands
    """
    common.setup(timestep, min_delay, max_delay=max_delay, **extra)
    if not timestep > 0:
        raise ValueError(f"setup(timestep={timestep}): a time step is a positive time in ms")
    if device not in get_args(session.Device):
        raise ValueError(f"setup(device={device!r}): it is one of {get_args(session.Device)}")
    if precision not in ("float64", "float32"):
        raise ValueError(f"setup(precision={precision!r}): it is 'float64' or 'float32'")
    n_threads = 1 if threads is None else int(threads)
    if n_threads < 1:
        raise ValueError(f"setup(threads={threads}): at least 1")
    session.state = session.State(
        session.Settings(
            dt_ms=float(timestep),
            min_delay=None if isinstance(min_delay, str) else float(min_delay),
            max_delay=None if isinstance(max_delay, str) else float(max_delay),
            device=cast(session.Device, default_device()) if device == "auto" else device,
            threads=n_threads,
            precision=precision,
            seed=_seed(seed, extra),
            progress=progress,
        )
    )
    return session.state.mpi_rank


def _seed(seed: int | None, extra: dict[str, Any]) -> int:
    for name in _OTHER_NAMES_OF_SEED:
        if seed is None and extra.get(name) is not None:
            given = extra[name]
            seed = given[0] if isinstance(given, Sequence) else given
    chosen = _DEFAULT_SEED if seed is None else int(seed)
    if not 0 <= chosen < 2**64:
        raise ValueError(f"setup(seed={chosen}): a seed is within 0 .. 2**64 - 1")
    return chosen


def end(compatible_output: bool = True) -> None:
    """Write what ``record(..., to_file=)`` asked for; network and data stay, until `setup`."""
    state = session.state
    while state.write_on_end:
        cells, variables, file = state.write_on_end.pop(0)
        cells.write_data(get_io(file) if isinstance(file, str) else file, variables)


def run(simtime: float, callbacks: Sequence[Callback] | None = None) -> float:
    """Go on for `simtime` [ms], rounded to steps; returns the time [ms].

    callbacks  functions of the time [ms] that return the next time at which to call them.  They are
               called now and then, always at least a step apart.
    """
    state = session.state
    if callbacks is None and simtime >= 0:
        state.advance(state.steps(simtime))
        return state.t
    return run_until(state.t + simtime, callbacks)


run_for = run


def run_until(time_point: float, callbacks: Sequence[Callback] | None = None) -> float:
    """Go on until `time_point` [ms]; see `run`.  ValueError if it has passed."""
    state = session.state
    if time_point < state.t - state.dt / 2:
        raise ValueError(
            f"run_until({time_point}): it is {state.t} ms already; call reset() to go back to 0"
        )
    stop = state.steps(time_point)
    if not callbacks:
        state.advance(stop - state.step)
        return state.t
    due = [(_next_step(callback, state, stop), callback) for callback in callbacks]
    while state.step < stop:
        state.advance(min(stop, *(step for step, _ in due)) - state.step)
        due = [
            (_next_step(callback, state, stop) if step <= state.step else step, callback)
            for step, callback in due
        ]
    return state.t


def _next_step(callback: Callback, state: session.State, stop: int) -> int:
    """When a callback, called now, wants to be called next: a step after the present one."""
    wanted = callback(state.t)
    if wanted is None or wanted != wanted or wanted == float("inf"):
        return stop + 1
    return max(state.steps(float(wanted)), state.step + 1)


def reset(annotations: dict[str, Any] | None = None) -> None:
    """Back to t = 0: the data become a segment; initial values and weights are as they were given.

    Parameters that have been set, recordings and the network stay.
    """
    state = session.state
    for recorder in state.recorders:
        recorder.store_to_cache(annotations)
    state.reset()


def save_state() -> dict[str, Any]:
    """Everything that the next step follows from, as arrays by name, e.g. for ``numpy.savez``.

    Recorded data are not part of it.
    """
    return session.state.network.save()


def restore_state(saved: dict[str, Any]) -> None:
    """Go back to where `save_state` was called, in the same network; recordings begin anew."""
    session.state.restore(saved)


initialize = common.initialize


def get_current_time() -> float:
    """Time [ms]."""
    return session.state.t


def get_time_step() -> float:
    """Length of a step [ms]."""
    return session.state.dt


def get_min_delay() -> float:
    """Smallest delay [ms]."""
    return session.state.min_delay


def get_max_delay() -> float:
    """Largest delay [ms]."""
    return session.state.max_delay


def num_processes() -> int:
    """Number of MPI processes: 1."""
    return session.state.num_processes


def rank() -> int:
    """MPI rank: 0."""
    return session.state.mpi_rank
