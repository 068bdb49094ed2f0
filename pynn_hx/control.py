"""setup, run, reset, end and the state queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from pyNN import common

from firmware_protocol import ChipConfig, Connection
from firmware_protocol.coordinates import N_NEURONS

from . import compile as compiler
from . import session, targets
from .mapping.place import check_permutation
from .mapping.report import MappedTopologyStatistics
from .standardmodels.cells import HXNeuron

DEFAULT_MIN_DELAY = 0.0
DEFAULT_MAX_DELAY = 0.0

# Keywords of the chip's other PyNN backend that come later; these values ask for nothing.
_NOT_YET: dict[str, Any] = {
    "enable_neuron_bypass": False,
    "backgroundPermutation": None,
    "injected_config": None,
    "injected_readout": None,
    "calibration_cache": None,
    "injected_calib_target": None,
    "injected_calib_options": None,
}


class RunCommand(Enum):
    """What `run` does."""

    PREPARE = "prepare"
    """Place, route and configure; no time passes."""
    APPEND = "append"
    """Queue a part of an experiment."""
    EXECUTE = "execute"
    """Run."""


def setup(
    timestep: float = session.MADC_SAMPLE_MS,
    min_delay: float | str = "auto",
    *,
    max_delay: float | str = "auto",
    target: str | None = None,
    connection: Connection | None = None,
    initial_config: ChipConfig | None = None,
    neuronPermutation: Sequence[int] | None = None,
    **extra: Any,
) -> None:
    """Start a session; what existed of an earlier one is gone.

    timestep           accepted for PyNN's sake; the chip has no time step
    target             what to run on, e.g. ``"emulator:?chip_seed=3&run_seed=0"``; by default the
                       environment variable PYNN_HX_TARGET, else ``"emulator:"``
    connection         an open connection to use instead; it stays open after `end`
    initial_config     configuration to start from; values of its circuits become parameter values
    neuronPermutation  the i-th neuron of the network gets the i-th of these circuits (0..511)
    Raises  KeyError for an unknown keyword, NotImplementedError for one of a later version,
            ValueError, OverflowError or TypeError for values that cannot be; the earlier session
            then still stands
    """
    _check_extra(extra)
    common.setup(timestep, min_delay, max_delay=max_delay)
    if target is not None and connection is not None:
        raise ValueError("setup() got both a target and a connection; give one of them")
    _check_type("connection", connection, Connection, "what pynn_hx.targets.connect(url) returns")
    _check_type("initial_config", initial_config, ChipConfig, "e.g. helper.chip_from_nightly()")
    if connection is None:
        target = targets.resolve(target)
    permutation = check_permutation(
        range(N_NEURONS) if neuronPermutation is None else neuronPermutation
    )
    if initial_config is not None:
        initial_config.check()
        initial_config = initial_config.copy()
    if session.state is not None:
        session.state.close()
    session.state = session.State(
        target=target,
        connection=connection,
        initial_config=initial_config,
        permutation=permutation,
        min_delay=0.0 if isinstance(min_delay, str) else float(min_delay),
        max_delay=0.0 if isinstance(max_delay, str) else float(max_delay),
    )


def _check_type(keyword: str, value: Any, kind: type, way_out: str) -> None:
    if value is not None and not isinstance(value, kind):
        raise TypeError(
            f"setup({keyword}={value!r}): a {type(value).__name__} is no {kind.__name__}; pass "
            f"{way_out}"
        )


def _check_extra(extra: dict[str, Any]) -> None:
    for keyword, value in extra.items():
        if keyword not in _NOT_YET:
            raise KeyError(
                f"setup() knows no keyword {keyword!r}; it takes timestep, min_delay, max_delay, "
                "target, connection, initial_config, neuronPermutation"
            )
        if value is not None and value is not _NOT_YET[keyword]:
            raise NotImplementedError(f"setup({keyword}=...) comes with a later version")


def end() -> None:
    """End the session: write what `record(..., to_file=)` asked for and close the connection."""
    state = session.require("end()")
    for cells, variables, file in state.write_on_end:
        cells.write_data(file, variables)
    state.close()
    session.state = None


def run(runtime: float | None, command: RunCommand = RunCommand.EXECUTE) -> None:
    """Run the experiment for `runtime` [hardware ms], truncated to 8 ns.

    ``run(None, RunCommand.PREPARE)`` only maps the network.
    Raises  RuntimeError if it has been run and not reset, or does not fit onto the chip
    """
    state = session.require("run()")
    if command is RunCommand.PREPARE:
        if runtime is not None:
            raise ValueError(f"run({runtime}, PREPARE): no time passes; write run(None, PREPARE)")
        state.prepare()
    elif command is RunCommand.APPEND:
        raise NotImplementedError(
            "RunCommand.APPEND (experiments of several parts) comes with a later version; "
            "run once for the whole time"
        )
    elif command is RunCommand.EXECUTE:
        state.run(_checked_runtime(runtime))
    else:
        raise ValueError(f"run(): {command!r} is none of {[str(c) for c in RunCommand]}")


run_for = run


def _checked_runtime(runtime: float | None) -> float:
    if runtime is None:
        raise ValueError("run(None): nothing is queued; give a runtime in ms, e.g. run(0.1)")
    limit_ms = compiler.MAX_RUNTIME_CYCLES / compiler.CYCLES_PER_MS
    if not 0 <= runtime <= limit_ms:
        raise ValueError(f"run({runtime}): the runtime must be 0..{limit_ms:.0f} ms")
    return float(runtime)


def run_until(
    time_point: float, callbacks: Sequence[Callable[[float], float]] | None = None
) -> float:
    """Run until `time_point` [ms] and return the time; ValueError if that has passed."""
    state = session.require("run_until()")
    if callbacks:
        raise NotImplementedError(
            "run_until(callbacks=...): the chip cannot be stopped in the middle of an experiment"
        )
    if time_point < state.t:
        raise ValueError(f"run_until({time_point}): it is {state.t} ms already; call reset()")
    state.run_until(_checked_runtime(time_point))
    return state.t


def reset(annotations: dict[str, Any] | None = None) -> None:
    """Back to t = 0: the run's data become a segment; network and recordings stay."""
    state = session.require("reset()")
    for recorder in state.recorders:
        recorder.store_to_cache(annotations)
    state.reset()


def preprocess() -> None:
    """Map the network; the old name of ``run(None, RunCommand.PREPARE)``."""
    import warnings

    warnings.warn(
        "preprocess() is now run(None, RunCommand.PREPARE)", DeprecationWarning, stacklevel=2
    )
    run(None, RunCommand.PREPARE)


def list_standard_models() -> list[type]:
    """Cell types that use circuits of the chip."""
    return [HXNeuron]


def get_backend_statistics() -> MappedTopologyStatistics:
    """What the network takes of the chip; RuntimeError before the first mapping."""
    return session.require("get_backend_statistics()").statistics()


def get_current_time() -> float:
    """Time of the experiment [ms]."""
    return session.require("get_current_time()").t


def get_time_step() -> float:
    """Spacing of ADC samples [ms]."""
    return session.require("get_time_step()").dt


def get_min_delay() -> float:
    """What `setup` was given as min_delay [ms], else 0; every delay on the chip is 0."""
    return session.require("get_min_delay()").min_delay


def get_max_delay() -> float:
    """What `setup` was given as max_delay [ms], else 0; every delay on the chip is 0."""
    return session.require("get_max_delay()").max_delay


def num_processes() -> int:
    """Number of MPI processes: 1."""
    return session.require("num_processes()").num_processes


def rank() -> int:
    """MPI rank: 0."""
    return session.require("rank()").mpi_rank
