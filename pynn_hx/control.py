"""setup, run, reset, end and the state queries."""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from pyNN import common

from firmware_protocol import ChipConfig, Connection
from firmware_protocol.coordinates import N_BUSES, N_NEURONS

from . import compile as compiler
from . import session, targets
from .calibration_settings import SpikingCalibOptions, SpikingCalibTarget
from .mapping.place import check_background_permutation, check_permutation
from .mapping.report import MappedTopologyStatistics
from .standardmodels.cells import CalibHXNeuronCoba, CalibHXNeuronCuba, HXNeuron

if TYPE_CHECKING:
    from .injection import InjectedConfiguration, InjectedReadout

_log = logging.getLogger("pynn_hx.control")

DEFAULT_MIN_DELAY = 0.0
DEFAULT_MAX_DELAY = 0.0


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
    backgroundPermutation: Sequence[int] | None = None,
    enable_neuron_bypass: bool = False,
    injected_config: InjectedConfiguration | None = None,
    injected_readout: InjectedReadout | None = None,
    strict_parameters: bool = True,
    **extra: Any,
) -> int:
    """Start a session; what existed of an earlier one is gone.  Returns the MPI rank, 0.

    timestep               accepted for PyNN's sake; the chip has no time step
    target                 what to run on, e.g. ``"emulator:?chip_seed=3&run_seed=0"``; by default
                           the environment variable PYNN_HX_TARGET, else ``"emulator:"``
    connection             an open connection to use instead; it stays open after `end`
    initial_config         configuration to start from; values of its circuits become parameters
    neuronPermutation      the i-th neuron of the network gets the i-th of these circuits (0..511);
                           by default circuit i, or, without an initial_config, another one if the
                           network cannot be routed otherwise
    backgroundPermutation  the i-th on-chip source gets the i-th of these generators (0..3)
    enable_neuron_bypass   instead of `initial_config`: every arriving event makes a spike
    injected_config        settings and commands besides those of the network
    injected_readout       what to read before, during and after a run
    strict_parameters      refuse `get` and `set` of neurons until it is known which circuits of
                           `initial_config` they are placed on; False: allow them
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
    _check_injected(injected_config, injected_readout)
    if enable_neuron_bypass:
        if initial_config is not None:
            _log.info("setup(): enable_neuron_bypass replaces the initial_config")
        initial_config = ChipConfig.preset("neuron_bypass")
    if initial_config is not None:
        initial_config.check()
        initial_config = initial_config.copy()
    settings = session.Settings(
        permutation=check_permutation(
            range(N_NEURONS) if neuronPermutation is None else neuronPermutation
        ),
        background_permutation=check_background_permutation(
            range(N_BUSES) if backgroundPermutation is None else backgroundPermutation
        ),
        target=targets.resolve(target) if connection is None else None,
        connection=connection,
        initial_config=initial_config,
        injected_config=injected_config,
        injected_readout=injected_readout,
        strict_parameters=bool(strict_parameters),
        may_move_neurons=neuronPermutation is None and initial_config is None,
        min_delay=0.0 if isinstance(min_delay, str) else float(min_delay),
        max_delay=0.0 if isinstance(max_delay, str) else float(max_delay),
    )
    if session.state is not None:
        session.state.close()
    session.state = session.State(settings)
    return session.state.mpi_rank


def _check_type(keyword: str, value: Any, kind: type, way_out: str) -> None:
    if value is not None and not isinstance(value, kind):
        raise TypeError(
            f"setup({keyword}={value!r}): a {type(value).__name__} is no {kind.__name__}; pass "
            f"{way_out}"
        )


def _check_injected(config: Any, readout: Any) -> None:
    if config is None and readout is None:
        return
    kinds = importlib.import_module(".injection", __package__)  # takes 60 ms, few need it
    for keyword, value, kind in (
        ("injected_config", config, kinds.InjectedConfiguration),
        ("injected_readout", readout, kinds.InjectedReadout),
    ):
        _check_type(keyword, value, kind, f"a pynn_hx.{kind.__name__}")
    for injected in (config, readout):
        if injected is not None:
            injected.check()


# Keywords of the chip's other PyNN backend that come with per-chip calibration.
_CALIBRATION = {
    "calibration_cache": None,
    "injected_calib_target": SpikingCalibTarget,
    "injected_calib_options": SpikingCalibOptions,
}


def _check_extra(extra: dict[str, Any]) -> None:
    for keyword, value in extra.items():
        if keyword not in _CALIBRATION:
            raise KeyError(
                f"setup() knows no keyword {keyword!r}; it takes timestep, min_delay, max_delay, "
                "target, connection, initial_config, neuronPermutation, backgroundPermutation, "
                "enable_neuron_bypass, injected_config, injected_readout, strict_parameters"
            )
        default = _CALIBRATION[keyword]
        if value is not None and (default is None or not isinstance(value, default)):
            raise NotImplementedError(
                f"setup({keyword}=...) comes with the calibration of single chips; leave it out"
            )


def end() -> None:
    """End the session: write what `record(..., to_file=)` asked for and close the connection."""
    state = session.require("end()")
    for cells, variables, file in state.write_on_end:
        cells.write_data(file, variables)
    state.close()
    session.state = None


def run(runtime: float | None, command: RunCommand = RunCommand.EXECUTE) -> float:
    """Run the experiment for `runtime` [hardware ms], truncated to 8 ns; returns its time [ms].

    ``run(None, RunCommand.PREPARE)`` only maps the network.  ``run(t, RunCommand.APPEND)`` queues
    the network as it is now for t ms; the next ``run(t)`` or ``run(None)`` executes what is queued
    without a gap, so that membranes continue from one part to the next.
    Raises  RuntimeError if it has been run and not reset, or does not fit onto the chip; ValueError
            for a runtime that does not go with the command.  Nothing is queued then.
    """
    state = session.require("run()")
    if command is RunCommand.PREPARE:
        if runtime is not None:
            raise ValueError(f"run({runtime}, PREPARE): no time passes; write run(None, PREPARE)")
        state.prepare()
    elif command is RunCommand.APPEND:
        if runtime is None:
            raise ValueError("run(None, APPEND): give the time in ms for which to hold the network")
        state.require_fresh("run(APPEND)")
        state.append(int(compiler.cycles(_checked_runtime(runtime))))
    elif command is RunCommand.EXECUTE:
        if runtime is not None:
            state.run(_checked_runtime(runtime))
        elif not state.n_queued:
            raise ValueError("run(None): nothing is queued; give a runtime in ms, e.g. run(0.1)")
        else:
            state.require_fresh("run()")
            state.execute()
    else:
        raise ValueError(f"run(): {command!r} is none of {[str(c) for c in RunCommand]}")
    return state.t


run_for = run


def _checked_runtime(runtime: float) -> float:
    limit_ms = compiler.MAX_RUNTIME_CYCLES / compiler.CYCLES_PER_MS
    if not 0 <= runtime <= limit_ms:
        raise ValueError(f"run({runtime}): the runtime must be 0..{limit_ms:.0f} ms")
    return float(runtime)


def run_until(
    time_point: float, callbacks: Sequence[Callable[[float], float]] | None = None
) -> float:
    """Run until `time_point` [ms] and return the time.

    callbacks  functions of the time [ms] that return the next time at which to call them.  The chip
               cannot wait for Python in the middle of an experiment, so they are called before it
               begins: what they change (weights, parameters, spike times) holds from their time on,
               but what the network does until then cannot be asked yet.
    Raises     ValueError if the time has passed, or a callback names a time that has
    """
    state = session.require("run_until()")
    if time_point < state.t:
        raise ValueError(f"run_until({time_point}): it is {state.t} ms already; call reset()")
    runtime = _checked_runtime(time_point)
    if callbacks:
        state.require_fresh("run_until()")
        _queue_with_callbacks(state, runtime, callbacks)
        state.execute()
    else:
        state.run_until(runtime)
    return state.t


def _queue_with_callbacks(
    state: session.State, end: float, callbacks: Sequence[Callable[[float], float]]
) -> None:
    """Queue a part for each stretch between the times at which callbacks are due."""
    due = [(_next_time(callback, state.t, end), k) for k, callback in enumerate(callbacks)]
    while state.t < end:
        when, k = min(due)
        stop = int(compiler.cycles(min(when, end)))
        if stop > state.t_cycles:
            state.append(stop - state.t_cycles)
        if when >= end:
            return
        due[k] = (_next_time(callbacks[k], when, end), k)


def _next_time(callback: Callable[[float], float], now: float, end: float) -> float:
    found = float(callback(now))
    if not found > now:
        raise ValueError(
            f"run_until({end}): a callback, called at {now} ms, asks for its next call at "
            f"{found} ms; it must return a later time"
        )
    return found


def reset(annotations: dict[str, Any] | None = None) -> None:
    """Back to t = 0: the run's data become a segment; network and recordings stay."""
    state = session.require("reset()")
    for recorder in state.recorders:
        recorder.store_to_cache(annotations)
    state.reset()


def preprocess() -> None:
    """Map the network; the old name of ``run(None, RunCommand.PREPARE)``."""
    warnings.warn(
        "preprocess() is now run(None, RunCommand.PREPARE)", DeprecationWarning, stacklevel=2
    )
    run(None, RunCommand.PREPARE)


def list_standard_models() -> list[type]:
    """Cell types that use circuits of the chip."""
    return [HXNeuron, CalibHXNeuronCuba, CalibHXNeuronCoba]


def get_backend_statistics() -> MappedTopologyStatistics:
    """What the network takes of the chip; RuntimeError before the first mapping."""
    return session.require("get_backend_statistics()").statistics()


def get_pre_realtime_read() -> dict[Any, Any]:
    """What `setup`'s injected_readout asked for before the run: coordinate -> container.

    Empty before any run; RuntimeError without a session.
    """
    return dict(session.require("get_pre_realtime_read()").reads.get("pre_realtime", {}))


def get_post_realtime_read() -> dict[Any, Any]:
    """The same of what it asked for after the run."""
    return dict(session.require("get_post_realtime_read()").reads.get("post_realtime", {}))


def get_post_realtime_read_ppu_symbols() -> dict[Any, Any]:
    """Symbols of the on-chip processors that were read after the run: none, they run no programs.

    RuntimeError without a session or before an execution.
    """
    state = session.require("get_post_realtime_read_ppu_symbols()")
    if state.execution is None:
        raise RuntimeError(
            "get_post_realtime_read_ppu_symbols(): nothing has been executed; call run(t)"
        )
    return {}


def get_execution_instance_data() -> session.ExecutionData:
    """What the last execution took; RuntimeError without a session or before an execution."""
    data = session.require("get_execution_instance_data()").execution
    if data is None:
        raise RuntimeError("get_execution_instance_data(): nothing has been executed; call run(t)")
    return data


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
