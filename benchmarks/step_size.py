"""Error of the emulator's integration step against 1 ns Runge-Kutta, and what a step costs.

    python benchmarks/step_size.py

Prints, per scenario and step: rms and largest error of the membrane in MADC LSB (1.54 mV), and the
largest error of a spike time in ns.  The emulator's step is STEP_CYCLES in emulator/parameters.py.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from emulator.parameters import COMPARATOR_NOISE_V, FPGA_TO_SYNAPSE_CYCLES, MADC_LSB_V  # noqa: E402
from emulator.random import normal  # noqa: E402
from tests.support import emulated, reference_neuron  # noqa: E402

DURATION_CYCLES = 25_000
BURST_CYCLES = np.arange(1250, 22_500, 2511)  # every 20.088 us: all positions within a step
SCENARIOS = {
    "fire": {},
    "staircase": {"leak_v_leak": 400, "leak_i_bias": 200, "threshold_v_threshold": 1022},
    "driven": {"leak_v_leak": 640, "leak_i_bias": 160, "threshold_v_threshold": 420},
    "fast": {"leak_v_leak": 700, "leak_i_bias": 1022, "threshold_v_threshold": 250,
             "membrane_capacitance_capacitance": 20},
}  # fmt: skip
"""Name -> settings that differ from leak over threshold: regular firing with full reset; large PSPs
without spikes; spikes by volleys; a membrane of 0.6 us."""
WEIGHTS = (63, 63, 63, 63, 63)


class StepError(NamedTuple):
    """Deviation of the emulator from the reference."""

    trace_rms_lsb: float
    trace_max_lsb: float
    spike_max_ns: float
    missing_spikes: int
    n_spikes: int
    ns_per_step: float


def configuration(scenario: str):
    """Chip of one neuron with five excitatory synapses."""
    chip = emulated.add_inputs(emulated.chip(0, **SCENARIOS[scenario]))
    return emulated.connect(emulated.read_out(chip, 0), 0, WEIGHTS)


def emulate(scenario: str, step_cycles: int):
    """(circuits, V at steps, spike times [ns], start cycle, wall seconds) of the emulator."""
    chip = configuration(scenario)
    origin = 1280 * 1024  # a boundary of steps and of noise blocks
    cycles = np.repeat(origin + BURST_CYCLES - FPGA_TO_SYNAPSE_CYCLES, len(WEIGHTS))
    labels = np.tile(np.arange(len(WEIGHTS)) + 1, BURST_CYCLES.size)
    core, memory = emulated.ideal_core(
        chip, emulated.fpga_inputs(cycles, labels), step_cycles=step_cycles
    )
    circuits = core.circuits(memory)
    core.state.v[0] = circuits.reset.target[0]
    core.state.step[0] = origin // step_cycles  # start from the reset potential, not from rest
    begin = time.perf_counter()
    pieces = core.integrate(memory, np.array([0]), origin, origin + DURATION_CYCLES)
    wall = time.perf_counter() - begin
    spikes = np.concatenate([piece.spike_tick for piece in pieces]) * 4 - origin * 8
    return circuits, emulated.trace_of(pieces), spikes, origin, wall


def reference(circuits, origin: int):
    """(V at every ns, spike times [ns]) of the same neuron, by brute force."""
    one_by_one = np.arange(len(WEIGHTS))  # a bus takes one event per cycle
    bursts = (BURST_CYCLES[:, None] + one_by_one).reshape(-1)
    drop = circuits.exc.drop[0] * np.tile(WEIGHTS, BURST_CYCLES.size)
    first_block = origin * 8 // reference_neuron.NOISE_BLOCK_NS
    skipped = origin * 8 % reference_neuron.NOISE_BLOCK_NS
    n_blocks = (DURATION_CYCLES * 8 + skipped) // reference_neuron.NOISE_BLOCK_NS + 1
    noise = [
        [normal(np.uint64(0), 1, 0, ((first_block + b) << 20) ^ s) for s in range(400)]
        for b in range(n_blocks)
    ]
    assert skipped == 0, "the reference counts noise blocks from its own start"
    spikes = np.zeros(400, np.int64)
    trace, n = reference_neuron.integrate(
        circuits.reset.target[0],
        DURATION_CYCLES * 8,
        tuple(field[0] for field in circuits.leak),
        tuple(field[0] for field in circuits.reset),
        circuits.capacitance[0],
        circuits.offset_current[0],
        (circuits.exc.i_max[0], circuits.exc.offset[0], circuits.exc.tau[0]),
        (circuits.inh.i_max[0], circuits.inh.offset[0], circuits.inh.tau[0]),
        bursts * 8,
        drop,
        np.zeros(bursts.size, np.int64),
        circuits.threshold[0] + COMPARATOR_NOISE_V * np.array(noise),
        int(circuits.clock[0]) * 4,
        int(circuits.refractory[0]) * 4,
        int(circuits.hold[0]) * 4,
        spikes,
    )
    return trace, spikes[:n]


def compare(scenario: str, step_cycles: int) -> StepError:
    """Errors of one scenario at one step."""
    circuits, trace, spikes, origin, wall = emulate(scenario, step_cycles)
    exact, expected = reference(circuits, origin)
    error = (trace - exact[:: 8 * step_cycles]) / MADC_LSB_V
    n = min(spikes.size, expected.size)
    late = np.abs(spikes[:n] - expected[:n])
    return StepError(
        trace_rms_lsb=float(np.sqrt(np.mean(error**2))),
        trace_max_lsb=float(np.abs(error).max()),
        spike_max_ns=float(late.max()) if n else 0.0,
        missing_spikes=int(expected.size - spikes.size),
        n_spikes=int(expected.size),
        ns_per_step=wall * 1e9 / (trace.size - 1),
    )


def main() -> None:
    """Print the table."""
    print("scenario   step/ns  rms/LSB  max/LSB  spikes  late/ns  missing")
    for scenario in SCENARIOS:
        for step_cycles in (1, 2, 4, 8, 16):
            e = compare(scenario, step_cycles)
            print(
                f"{scenario:10} {8 * step_cycles:7} {e.trace_rms_lsb:8.4f} {e.trace_max_lsb:8.3f}"
                f" {e.n_spikes:7} {e.spike_max_ns:8.0f} {e.missing_spikes:8}"
            )


if __name__ == "__main__":
    main()
