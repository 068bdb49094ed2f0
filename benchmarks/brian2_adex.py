"""The plain AdEx loop of `yardstick.py` as a Brian2 C++ standalone program, in its own venv.

    python -m venv FOLDER && FOLDER/bin/pip install brian2 'numpy<2.4'
    BRIAN2_PYTHON=FOLDER/bin/python python benchmarks/bench_emulator.py

Builds the program into a folder and runs it once; prints a line of JSON with the spikes of that run
and Brian2's version.  `bench_emulator.py` then runs the program's `main` again and again; the time
of its main loop, without loading and saving arrays, stands first in results/last_run_info.txt.
"""

from __future__ import annotations

import argparse
import json

import brian2
import numpy as np
from brian2 import amp, farad, second, siemens, volt

EQUATIONS = """
dv/dt = (g_leak * (e_leak - v) + g_leak * delta * exp(clip((v - v_exp) / delta, -1e9, 10.0))
         - w + current + exc - inh) / c_mem : volt
dw/dt = (a * (v - e_leak) - w) / tau_w : amp
g_leak : siemens
current : amp
"""
LINES = """
dexc/dt = -exc / tau_syn : amp
dinh/dt = -inh / tau_syn : amp
"""
UNITS = {
    "e_leak": volt,
    "v_exp": volt,
    "delta": volt,
    "c_mem": farad,
    "a": siemens,
    "b": amp,
    "tau_w": second,
    "v_threshold": volt,
    "v_reset": volt,
}
SOURCES = 63
EVENT_INTERVAL_S = 1e-6
CHARGE_A = 5e-11
"""Current per weight unit: small, so that rates stay those of the plain loop."""


def initialise(group: brian2.NeuronGroup, n: int) -> None:
    """V [V], leak conductances [S] and currents [A], drawn as in `yardstick.py`."""
    rng = np.random.default_rng(1)
    group.v = rng.uniform(0.35, 0.5, n) * volt
    group.g_leak = rng.normal(2.4e-7, 2e-8, n) * siemens
    group.current = rng.normal(1e-7, 1e-8, n) * amp


def connect(group: brian2.NeuronGroup, n: int, duration_s: float) -> list[object]:
    """Events every microsecond, source after source, each to all neurons by random weights."""
    times = np.arange(EVENT_INTERVAL_S, duration_s, EVENT_INTERVAL_S)
    sources = brian2.SpikeGeneratorGroup(SOURCES, np.arange(times.size) % SOURCES, times * second)
    rng = np.random.default_rng(2)
    objects: list[object] = [sources]
    for line in ("exc", "inh"):
        synapses = brian2.Synapses(
            sources, group, "weight : amp (constant)", on_pre=f"{line} += weight"
        )
        synapses.connect()
        synapses.weight = rng.integers(0, 4, SOURCES * n) * CHARGE_A * amp
        objects.append(synapses)
    return objects


def build(arguments: argparse.Namespace) -> brian2.SpikeMonitor:
    """Compile the program; return the monitor that counts its spikes."""
    brian2.set_device("cpp_standalone", directory=arguments.folder, build_on_run=False)
    brian2.defaultclock.dt = arguments.step_ns * 1e-9 * second
    duration_s = arguments.steps * arguments.step_ns * 1e-9
    namespace = {name: value * UNITS[name] for name, value in arguments.shared.items()}
    lines = LINES if arguments.inputs else "exc = 0 * amp : amp\ninh = 0 * amp : amp\n"
    group = brian2.NeuronGroup(
        arguments.neurons,
        EQUATIONS + lines,
        threshold="v > v_threshold",
        reset="v = v_reset; w += b",
        method="euler",
        namespace=namespace | {"tau_syn": 10e-6 * second},
    )
    initialise(group, arguments.neurons)
    spikes = brian2.SpikeMonitor(group, record=False)
    objects = connect(group, arguments.neurons, duration_s) if arguments.inputs else []
    network = brian2.Network(group, spikes, *objects)
    network.run(duration_s * second)
    brian2.device.build(directory=arguments.folder, compile=True, run=True)
    return spikes


def main() -> None:
    """Build, run once, print what happened."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="where to build; its `main` is the program")
    parser.add_argument("--neurons", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--step-ns", type=float, required=True)
    parser.add_argument("--shared", type=json.loads, required=True, help="SI values by name, JSON")
    parser.add_argument("--inputs", action="store_true", help="synaptic lines and 1 MHz of events")
    arguments = parser.parse_args()
    spikes = build(arguments)
    print(json.dumps({"spikes": int(spikes.num_spikes), "version": brian2.__version__}))


if __name__ == "__main__":
    main()
