"""The CUDA engine: ceilings of the device, networks, and each kernel of a step.

Needs a CUDA device.  First the device: copy bandwidth, and what a launch costs.  Then networks:
the first spikes are compared with the CPU engine's, then a run is timed, whole and by launches,
beside the time that the bytes which a step has to move take at the copy bandwidth.  Prints a table
last and writes results/<date>-<gpu>.json.
"""

from __future__ import annotations

import argparse
import datetime
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import report

from simulator.connectivity import Dense, Sparse
from simulator.cuda.launch import SIMULATED, Launch, cuda, kernel
from simulator.devices import require_cuda
from simulator.engine_cuda import CudaEngine
from simulator.models import NeuronModel
from simulator.network import Network

IZHIKEVICH = NeuronModel(
    name="izhikevich",
    parameters="a = 0.02; b = 0.2; c = -65; d = 8; noise = 5",
    equations="v : 1\nu : 1\narriving : 1\ndrive : 1",
    update="""
        drive = arriving + noise*normal()
        arriving = 0
        v += 0.5*(0.04*v**2 + 5*v + 140 - u + drive)
        v += 0.5*(0.04*v**2 + 5*v + 140 - u + drive)
        u += a*(b*v - u)
    """,
    initial="v = -65; u = -13",
    threshold="v >= 30",
    reset="v = c; u += d",
    receptors={"excitatory": "arriving += weight", "inhibitory": "arriving -= weight"},
    check_units=False,
)
CUBA = NeuronModel(
    name="cuba",
    parameters="""
        v_rest = -49.0 : mV
        v_reset = -60.0 : mV
        v_thresh = -50.0 : mV
        cm = 0.2 : nF
        tau_m = 20.0 : ms
        tau_exc = 5.0 : ms
        tau_inh = 10.0 : ms
        tau_refrac = 5.0 : ms
    """,
    equations="""
        dv/dt = (v_rest - v)/tau_m + (i_exc + i_inh)/cm : mV (unless refractory)
        di_exc/dt = -i_exc/tau_exc : nA
        di_inh/dt = -i_inh/tau_inh : nA
    """,
    threshold="v >= v_thresh",
    reset="v = v_reset",
    refractory="tau_refrac",
    receptors={"excitatory": "i_exc += weight", "inhibitory": "i_inh += weight"},
)
_COMPARED_STEPS = 20


def rows(n_pre: int, n_post: int, per_row: int, rng: np.random.Generator) -> Sparse:
    """So many random targets for each member, in order."""
    targets = rng.integers(0, n_post, (n_pre, per_row), dtype=np.int32)
    targets.sort(axis=1)
    starts = np.arange(n_pre + 1, dtype=np.int64) * per_row
    return Sparse(n_pre, n_post, starts, targets.ravel())


def izhikevich(n: int, outputs: int, device: str, precision: str) -> Network:
    """Izhikevich's network of 2003 with `outputs` synapses per neuron; dense if n."""
    network = Network(dt_ms=1.0, seed=1, device=device, precision=precision)  # type: ignore[arg-type]
    rng = np.random.default_rng(1)
    n_exc = n * 4 // 5
    n_inh = n - n_exc
    r_exc, r_inh = rng.random(n_exc), rng.random(n_inh)
    neurons = network.add_neurons(
        IZHIKEVICH, n,
        {
            "a": np.concatenate([np.full(n_exc, 0.02), 0.02 + 0.08 * r_inh]),
            "b": np.concatenate([np.full(n_exc, 0.2), 0.25 - 0.05 * r_inh]),
            "c": np.concatenate([-65 + 15 * r_exc**2, np.full(n_inh, -65.0)]),
            "d": np.concatenate([8 - 6 * r_exc**2, np.full(n_inh, 2.0)]),
            "noise": np.concatenate([np.full(n_exc, 5.0), np.full(n_inh, 2.0)]),
        },
    )  # fmt: skip
    for part, receptor, high in (
        (neurons[:n_exc], "excitatory", 0.5),
        (neurons[n_exc:], "inhibitory", 1.0),
    ):
        dense = outputs == n
        connectivity = Dense(part.n, n) if dense else rows(part.n, n, outputs, rng)
        weight = high * rng.random(connectivity.n_synapses, np.float32)
        network.connect(part, neurons, receptor, connectivity, weight=weight, delay_ms=1.0)
    network.record_spikes(neurons)
    return network


def cuba(device: str, precision: str) -> Network:
    """The balanced network of Vogels and Abbott (2005) with currents, 4000 neurons, 80 synapses."""
    network = Network(dt_ms=0.1, seed=1, device=device, precision=precision)  # type: ignore[arg-type]
    rng = np.random.default_rng(4)
    neurons = network.add_neurons(CUBA, 4000, initial={"v": -60.0 + 10.0 * rng.random(4000)})
    for part, receptor, weight in (
        (neurons[:3200], "excitatory", 0.0162),
        (neurons[3200:], "inhibitory", -0.09),
    ):
        connectivity = rows(part.n, 4000, 80, rng)
        network.connect(part, neurons, receptor, connectivity, weight=weight, delay_ms=0.2)
    network.record_spikes(neurons)
    return network


NETWORKS: dict[str, tuple[Callable[[str, str], Network], int, int]] = {
    "W1 Izhikevich 1000 dense": (lambda d, p: izhikevich(1000, 1000, d, p), 1000, 1000),
    "W2a Izhikevich 10k x 1000": (lambda d, p: izhikevich(10_000, 1000, d, p), 1000, 1000),
    "W2b Izhikevich 100k x 1000": (lambda d, p: izhikevich(100_000, 1000, d, p), 1000, 1000),
    "W4 CUBA 4000, dt 0.1 ms": (cuba, 10_000, 80),
}
"""Name -> how to build it, steps of a second, synapses of a neuron."""


def timed(work: Callable[[], Any]) -> float:
    """Seconds until the device has done it, by its own clock."""
    start, end = cuda.event(), cuda.event()
    start.record()
    work()
    end.record()
    end.synchronize()
    return float(start.elapsed_time(end)) * 1e-3


@kernel
def copy(source: Any, target: Any) -> None:
    """Copy an array."""
    for k in range(cuda.grid(1), source.shape[0], cuda.gridsize(1)):
        target[k] = source[k]


@kernel
def nothing(target: Any) -> None:
    """Do nothing."""


def ceilings(repeats: int, n: int) -> dict[str, float]:
    """Bandwidth of a copy, read and written bytes, and microseconds of an empty launch."""
    source, target = cuda.to_device(np.random.default_rng(0).random(n)), cuda.device_array(n)
    copying = Launch("copy", copy, (2112, 256), 0, [source, target])
    empty = Launch("nothing", nothing, (1, 32), 0, [target])
    copying()
    empty()
    cuda.synchronize()
    seconds = statistics.median(timed(copying) for _ in range(repeats))
    launches = statistics.median(
        timed(lambda: [empty() for _ in range(1000)]) / 1000 for _ in range(repeats)
    )
    return {
        "copy bandwidth, GB/s": 16e-9 * n / seconds,
        "empty launch, us": 1e6 * launches,
    }


def engine_of(network: Network, *, deterministic: bool) -> CudaEngine:
    """An engine at t = 0 for a network that has not run."""
    recordings = network.spike_recordings
    engine = CudaEngine(network.spec, [], recordings, deterministic=deterministic)
    engine.restore({}, 0)
    return engine


def advance(engine: CudaEngine, n_steps: int) -> None:
    """So many steps."""
    last = engine.step + n_steps
    while engine.step < last:
        engine.run(engine.step + 1, last - engine.step)


def differing_steps(build: Callable[[str, str], Network], precision: str) -> int:
    """How many of the first steps have other spikes than on the CPU."""
    found = []
    for device in ("cpu", "cuda"):
        network = build(device, precision)
        network.run(_COMPARED_STEPS)
        spikes = network.spike_recordings[0]
        steps = range(1, _COMPARED_STEPS + 1)
        found.append([spikes.members[spikes.steps == k].tolist() for k in steps])
    return sum(one != other for one, other in zip(*found, strict=True))


def step_bytes(engine: CudaEngine, spikes_per_step: float, outputs: int) -> float:
    """The fewest bytes that a step has to move: states, and targets, weights and sums of events."""
    group = engine.groups[0]
    real = group.real.itemsize
    states = (
        len(group.spec.plan.states) + len(group.source.fields)  # states are written, too
    )
    inputs = 2 * (8 if engine.setting.exact else real) * len(group.spec.plan.receptors)
    event = 4 + real + 2 * (8 if engine.setting.exact else real)
    return group.spec.n * (states * real + inputs) + spikes_per_step * outputs * event


def by_kernel(engine: CudaEngine, n_steps: int) -> dict[str, float]:
    """Microseconds from each launch of a step to the next one, means of some steps."""
    stream = engine.setting.memory.stream
    launches = [*engine.launches(), engine.advance]
    marks = [[cuda.event() for _ in range(len(launches) + 1)] for _ in range(n_steps)]
    for events in marks:
        for event, launch in zip(events, launches, strict=False):
            event.record(stream)
            launch()
        events[-1].record(stream)
    engine.step += n_steps
    engine.close()
    figures = {}
    for k, launch in enumerate(launches):
        between = [events[k].elapsed_time(events[k + 1]) for events in marks]
        figures[f"launch {k}, {launch.name}, us"] = 1e3 * statistics.mean(between)
    return figures


def measure(
    name: str, precision: str, deterministic: bool, bandwidth: float, repeats: int, steps: int
) -> dict[str, float]:
    """Figures of one network in one arithmetic."""
    build, steps_per_s, outputs = NETWORKS[name]
    began = time.perf_counter()
    network = build("cuda", precision)
    engine = engine_of(network, deterministic=deterministic)
    advance(engine, 10)
    figures = {"build and first 10 steps, s": time.perf_counter() - began}
    steps = steps or steps_per_s
    times = []
    for _ in range(repeats):
        network.spike_recordings[0].clear()
        began = time.perf_counter()
        advance(engine, steps)
        times.append(time.perf_counter() - began)
    seconds, spikes = statistics.median(times), network.spike_recordings[0].steps.size
    floor = step_bytes(engine, spikes / steps, outputs) / (bandwidth * 1e9)
    figures |= {
        "a second of the network, s": seconds * steps_per_s / steps,
        "step, us": 1e6 * seconds / steps,
        "floor of a step by bytes, us": 1e6 * floor,
        "events, 1e6/s": 1e-6 * spikes * outputs / seconds,
        "spikes per neuron and second": spikes / network.spec.groups[0].n / steps * steps_per_s,
    }
    return figures | by_kernel(engine, min(200, steps))


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=0, help="of a run; 0: a second's")
    parser.add_argument("--only", default="", help="networks whose name contains this")
    parser.add_argument("--elements", type=int, default=2**28, help="of the array that is copied")
    parser.add_argument("--json", type=Path, default=None)
    arguments = parser.parse_args()
    require_cuda()
    device = "simulator" if SIMULATED else cuda.get_current_device().name
    gpu = device.decode() if isinstance(device, bytes) else str(device)
    figures = ceilings(arguments.repeats, arguments.elements)
    bandwidth = figures["copy bandwidth, GB/s"]
    for name in (name for name in NETWORKS if arguments.only in name):
        for precision in ("float32", "float64"):
            wrong = differing_steps(NETWORKS[name][0], precision)
            figures[f"{name}, {precision}: of {_COMPARED_STEPS} steps unlike the CPU's"] = wrong
            for deterministic in (True, False):
                kind = "exact sums" if deterministic else "float sums"
                found = measure(
                    name, precision, deterministic, bandwidth, arguments.repeats, arguments.steps
                )
                figures |= {f"{name}, {precision}, {kind}: {k}": v for k, v in found.items()}
    label = re.sub(r"[^a-z0-9]+", "-", gpu.lower()).strip("-")
    name = f"{datetime.date.today().isoformat()}-{label}.json"
    file = arguments.json or Path(__file__).with_name("results") / name
    report.write_json(file, {"gpu": gpu} | figures)
    print(f"{gpu}; written to {file}")
    for text, value in figures.items():
        print(f"{text:<90}{value:14.3f}")


if __name__ == "__main__":
    main()
