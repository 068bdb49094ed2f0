"""The software-model engine through `pynn_hx.sim`: networks, steps from Python, building.

Networks are those of other simulators' tutorials and benchmarks.  Where a C compiler is at hand,
Izhikevich's network and CUBA are compared with the plain loops of ``networks.c`` in the same run.
Times of networks are those of ``sim.run`` alone, after a first short run that builds the engine.
"""

from __future__ import annotations

import ctypes
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import report
from pyNN.random import NumpyRNG, RandomDistribution

import pynn_hx.sim as sim

PRECISION = "float32"


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _c() -> ctypes.CDLL | None:
    """The plain C networks, or None without a compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    library = Path(tempfile.mkdtemp()) / "networks.so"
    source = Path(__file__).with_name("networks.c")
    flags = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, str(source), "-o", str(library), "-lm"], check=True)
    found = ctypes.CDLL(str(library))
    found.izhikevich.restype = found.cuba.restype = ctypes.c_double
    return found


Izhikevich = sim.cell_type(
    "two_half_steps",
    parameters="a = 0.02; b = 0.2; c = -65; d = 8; noise = 5",
    equations="v : 1\nu : 1\narriving : 1\ndrive : 1",
    update="""
        drive = arriving + noise*normal()
        arriving = 0
        v += 0.5*(0.04*v**2 + 5*v + 140 - u + drive)
        v += 0.5*(0.04*v**2 + 5*v + 140 - u + drive)
        u += a*(b*v - u)
    """,
    threshold="v >= 30",
    reset="v = c; u += d",
    receptors={"excitatory": "arriving += weight", "inhibitory": "arriving -= weight"},
    check_units=False,
)


def _izhikevich(n: int, inputs: int, threads: int = 1) -> Any:
    """Izhikevich's network of 2003, with `inputs` synapses per neuron; returns its neurons."""
    sim.setup(timestep=1.0, precision=PRECISION, threads=threads, device="cpu", seed=1)
    rng = NumpyRNG(seed=1)
    n_exc = n * 4 // 5
    r_exc, r_inh = rng.next(n_exc), rng.next(n - n_exc)
    neurons = sim.Population(
        n,
        Izhikevich(
            a=np.concatenate([np.full(n_exc, 0.02), 0.02 + 0.08 * r_inh]),
            b=np.concatenate([np.full(n_exc, 0.2), 0.25 - 0.05 * r_inh]),
            c=np.concatenate([-65 + 15 * r_exc**2, np.full(n - n_exc, -65.0)]),
            d=np.concatenate([8 - 6 * r_exc**2, np.full(n - n_exc, 2.0)]),
            noise=np.concatenate([np.full(n_exc, 5.0), np.full(n - n_exc, 2.0)]),
        ),
    )
    neurons.initialize(v=-65.0, u=-13.0)
    for part, receptor, high in (
        (slice(0, n_exc), "excitatory", 0.5),
        (slice(n_exc, n), "inhibitory", 1.0),
    ):
        pre = neurons[part]
        dense = inputs == n
        connector = (
            sim.AllToAllConnector()
            if dense
            else sim.FixedNumberPreConnector(inputs * pre.size // n, rng=rng)
        )
        weight = RandomDistribution("uniform", low=0.0, high=high, rng=rng)
        synapse = sim.StaticSynapse(weight=weight, delay=1.0)
        sim.Projection(pre, neurons, connector, synapse, receptor_type=receptor)
    neurons.record("spikes")
    return neurons


def _cuba(threads: int = 1) -> Any:
    """The balanced network of Vogels and Abbott with currents; returns its neurons."""
    sim.setup(timestep=0.1, min_delay=0.2, precision=PRECISION, threads=threads, device="cpu")
    rng = NumpyRNG(seed=4)
    neurons = sim.Population(
        4000,
        sim.IF_curr_exp(
            tau_m=20.0, cm=0.2, v_rest=-49.0, v_reset=-60.0, v_thresh=-50.0, tau_refrac=5.0,
            tau_syn_E=5.0, tau_syn_I=10.0,
        ),
    )  # fmt: skip
    neurons.initialize(v=RandomDistribution("uniform", low=-60.0, high=-50.0, rng=rng))
    for part, receptor, weight in (
        (neurons[:3200], "excitatory", 0.0162),
        (neurons[3200:], "inhibitory", -0.09),
    ):
        connector = sim.FixedProbabilityConnector(0.02, rng=rng)
        synapse = sim.StaticSynapse(weight=weight, delay=0.2)
        sim.Projection(part, neurons, connector, synapse, receptor_type=receptor)
    neurons.record("spikes")
    return neurons


def _network(
    name: str,
    build: Callable[..., Any],
    duration_ms: float,
    plain: Callable[[Any], float] | None,
    repeats: int,
) -> dict[str, float]:
    """Seconds of building and of running with one thread and two, rate, and the ratio to C."""
    figures = {}
    for threads in (1, 2):
        build_s = _seconds(lambda t=threads: (build(threads=t), sim.run(sim.get_time_step())))
        neurons = build(threads=threads)
        sim.run(sim.get_time_step())
        times = []
        for _ in range(repeats):
            sim.reset()
            times.append(_seconds(lambda: sim.run(duration_ms)))
        figures[f"{name}: run, {threads} threads, ms"] = 1e3 * statistics.median(times)
        if threads == 1:
            figures[f"{name}: build with first step, s"] = build_s
            rate = neurons.mean_spike_count() / duration_ms * 1e3
            figures[f"{name}: spikes per neuron and second"] = rate
        sim.end()
    library = _c()
    if plain is not None and library is not None:
        seconds = statistics.median(plain(library) for _ in range(repeats))
        figures[f"{name}: plain C, ms"] = 1e3 * seconds
        ours = figures[f"{name}: run, 1 threads, ms"]
        figures[f"{name}: run over plain C, ratio"] = ours / (1e3 * seconds)
    return figures


def _mushroom_body(repeats: int) -> dict[str, float]:
    """Presenting the four digits of examples/mushroom_body.py, without reading spikes."""
    sim.setup(timestep=0.1, precision=PRECISION, device="cpu")
    lif = {"cm": 0.2, "tau_m": 20.0, "v_rest": -60.0, "v_reset": -60.0, "v_thresh": -50.0}
    pn = sim.Population(784, sim.IF_curr_exp(**lif, tau_refrac=100.0))
    kc = sim.Population(20_000, sim.IF_curr_exp(**lif, tau_refrac=2.0, tau_syn_E=3.0))
    pn.initialize(v=-60.0)
    kc.initialize(v=-60.0)
    connector = sim.FixedNumberPreConnector(20, with_replacement=True, rng=NumpyRNG(seed=1))
    sim.Projection(pn, kc, connector, sim.StaticSynapse(weight=0.2, delay=0.1))
    kc.record("spikes")
    images = np.random.default_rng(0).random((4, 784)) ** 8  # a few bright pixels, as digits have
    images *= 80.0 / images.sum(axis=1, keepdims=True)

    def present() -> None:
        for image in images:
            sim.reset()
            pn.set(i_offset=image)
            sim.run(20.0)

    present()
    seconds = statistics.median(_seconds(present) for _ in range(repeats))
    sim.end()
    return {"mushroom body: four images, ms": 1e3 * seconds}


def _stepping() -> dict[str, float]:
    """Microseconds of ``run(dt)`` and of reading a state, four neurons."""
    figures = {}
    sim.setup(timestep=0.1, device="cpu")
    neurons = sim.Population(4, sim.Izhikevich(c=[-65.0, -65.0, -50.0, -55.0]))
    sim.DCSource(amplitude=0.01).inject_into(neurons)
    neurons.record(["spikes", "v"])
    sim.run(10.0)
    for name, turn in (
        ("run(dt)", lambda: sim.run(0.1)),
        ("run(dt) and get_state", lambda: (sim.run(0.1), neurons.get_state("v"))),
    ):
        times = [_seconds(lambda t=turn: [t() for _ in range(500)]) for _ in range(7)]
        figures[f"four neurons: {name}, us"] = 1e6 * statistics.median(times) / 500
    sim.end()
    return figures


def _building() -> dict[str, float]:
    """Seconds to connect 10 000 neurons with 1e7 synapses, and to have the engine ready."""
    figures = {}
    n = 10_000
    connectors = {
        "FixedProbability(0.1)": lambda rng: sim.FixedProbabilityConnector(0.1, rng=rng),
        "FixedNumberPre(1000)": lambda rng: sim.FixedNumberPreConnector(1000, rng=rng),
    }
    for name, make in connectors.items():
        sim.setup(timestep=0.1, precision=PRECISION, device="cpu")
        neurons = sim.Population(n, sim.IF_curr_exp())
        synapse = sim.StaticSynapse(weight=0.001, delay=1.0)
        connector = make(NumpyRNG(seed=1))
        figures[f"1e7 synapses: {name}, s"] = _seconds(
            lambda c=connector, p=neurons, s=synapse: sim.Projection(p, p, c, s)
        )
        figures[f"1e7 synapses: first step after {name}, s"] = _seconds(lambda: sim.run(0.1))
        sim.end()
    return figures


def measure(repeats: int) -> dict[str, float]:
    """All figures by name."""
    n_spikes = ctypes.byref(ctypes.c_long())
    figures = _stepping()
    figures |= _network(
        "W1, Izhikevich 1000 dense, 1 s",
        lambda threads: _izhikevich(1000, 1000, threads), 1000.0,
        lambda c: c.izhikevich(1000, 1000, 1000, n_spikes), repeats,
    )  # fmt: skip
    figures |= _network(
        "W2a, Izhikevich 10000 with 1000 inputs, 1 s",
        lambda threads: _izhikevich(10_000, 1000, threads), 1000.0,
        lambda c: c.izhikevich(10_000, 1000, 1000, n_spikes), repeats,
    )  # fmt: skip
    figures |= _mushroom_body(repeats)
    figures |= _network(
        "W4, CUBA 4000, 1 s", _cuba, 1000.0,
        lambda c: c.cuba(4000, 10_000, n_spikes), repeats,
    )  # fmt: skip
    return figures | _building()


if __name__ == "__main__":
    report.run(__doc__, measure, repeats=5)
