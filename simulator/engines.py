"""Which engine runs a network."""

from __future__ import annotations

import importlib
from typing import Any

from .engine_cpu import CpuEngine
from .errors import NetworkError
from .recording import Recording, SpikeRecording
from .specification import NetworkSpec


def make_engine(
    spec: NetworkSpec,
    recordings: list[Recording],
    spike_recordings: list[SpikeRecording],
    *,
    device: str,
    threads: int,
    step: int,
) -> Any:
    """An engine with everything allocated, at the initial state but after `step`.

    Raises  NetworkError for an unknown device, or one that is not there.
    """
    if device == "cpu":
        return CpuEngine(spec, recordings, spike_recordings, threads=threads, step=step)
    if device == "cuda":
        cuda = importlib.import_module(f"{__package__}.engine_cuda")
        return cuda.CudaEngine(spec, recordings, spike_recordings)
    raise NetworkError(f"network: device {device!r} is neither 'cpu' nor 'cuda'")
