"""The neuron kernel against brute force, on an ideal chip whose codes mean the same to both.

Oracle: Runge-Kutta in float64 at 1 ns with libm's exp (tests/support/reference_circuit.py).  Limits
are those of the issue: traces within 0.25 MADC LSB, spike times within one FPGA cycle of 8 ns over
1 ms.  Offset currents are switched by the words, as in an experiment.
"""

from dataclasses import replace

import numpy as np
import pytest

from emulator import parameters as p
from emulator.analog_state import ADAPTATION, MEMBRANE
from emulator.packing import Packer
from firmware_protocol import ChipConfig, memory_map
from tests.support import emulated
from tests.support.reference_scenarios import SCENARIOS

ORIGIN = 12_500_000  # cycles: a boundary of steps, clocks and noise blocks
EXACT = {"comparator_noise": False, "holdoff_glitch": False}
LARGEST_ERROR_LSB = 0.25
FPGA_CYCLE_TICKS = 2


def chip(scenario):
    config = ChipConfig()
    for name, code in scenario.codes.items():
        config.neurons[name][0] = code
    config.neurons.event_routing_analog_output[0] = 1
    config.neurons.event_routing_enable_digital[0] = 1
    for name, scale in scenario.common.items():
        setattr(config.common_backend, name, scale)
    return config


def with_input(config, events):
    """Synapses for the scenario's events: weight units on either line, label 1, 2, ..."""
    emulated.add_inputs(config)
    for side in ("excitatory", "inhibitory"):
        config.neurons[f"{side}_input_enable"][0] = any(e[1 + (side[0] == "i")] for e in events)
    for k, (_, exc, inh) in enumerate(events):
        weights = [0] * k + [int(exc or inh)]
        emulated.connect(config, 0, weights, mode=1 if exc else 2)
    cycles = [ORIGIN + t // 8 for t, _, _ in events]
    return emulated.on_bus(cycles, np.arange(len(events)) + 1)


def simulate(scenario):
    """(trace of V, trace of w, spike ticks) of the emulator, every 32 ns from ORIGIN on."""
    config = chip(scenario)
    inputs = with_input(config, scenario.events) if scenario.events else None
    config.neurons.constant_current_enable[0] = 0
    core, memory = emulated.ideal_core(config, inputs, **EXACT)
    seen = emulated.watch([0, 0], [MEMBRANE, ADAPTATION])
    if scenario.from_reset:
        core.circuits(memory, ORIGIN)
        core.integrate(memory, seen, ORIGIN - 1250, ORIGIN)
        circuits = core.circuits(memory, ORIGIN)
        core.state.v[0] = circuits.reset.target[0]
        core.state.mode[0], core.state.timer[0] = 0, np.iinfo(np.int64).max
        core._built = None
    on, off = scenario.stimulus or (0, 0)
    edges = [(0, 0), (on, 1), (off, 0)] if scenario.stimulus else [(0, 0)]
    ends = [t for t, _ in edges[1:]] + [scenario.duration_ns]
    pieces = []
    for (start, current), end in zip(edges, ends, strict=True):
        config.neurons.constant_current_enable[0] = current
        memory.write(memory_map.ADDRESSES, config.image())
        pieces += core.integrate(memory, seen, ORIGIN + start // 8, ORIGIN + end // 8)
    ticks = np.concatenate([piece.spike_tick for piece in pieces])
    return emulated.trace_of(pieces), emulated.trace_of(pieces, 1), ticks - 2 * ORIGIN


def fast_clock(scenario):
    """The same with a backend clock of one FPGA cycle instead of eight."""
    count = {"refractory_period_refractory_time": 240}
    return replace(
        scenario,
        codes=dict(scenario.codes) | count,
        common=dict(scenario.common) | {"clock_scale_slow": 0},
    )


def test_neurons_of_all_scenarios_are_gentle():
    """Otherwise the tests below would not look at the method that most neurons take."""
    for scenario in SCENARIOS.values():
        core, memory = emulated.ideal_core(chip(scenario), **EXACT)
        circuits = core.circuits(memory, ORIGIN)
        assert Packer(core._effects, core.step_cycles).gentle(circuits)[0]


def away_from(spike_ticks, size):
    """Steps in which the membrane neither runs up to a spike nor is reset: there a tick of 4 ns
    alone is some LSB, and the adaptation node jumps."""
    quiet = np.ones(size, bool)
    for tick in spike_ticks:
        quiet[max(tick // 8 - 60, 0) : tick // 8 + 100] = False
    return quiet


def by_the_stiff_method(monkeypatch):
    monkeypatch.setattr(Packer, "gentle", lambda self, circuits: np.zeros(512, bool))


@pytest.mark.parametrize("method", ["gentle", "stiff"])
@pytest.mark.parametrize("name", ["linear_psp", "inhibitory_psp", "leak_over_threshold",
                                  "subthreshold", "adaptation", "transient"])  # fmt: skip
def test_traces_and_spikes_are_those_of_the_equations(name, method, monkeypatch):
    if method == "stiff":
        by_the_stiff_method(monkeypatch)
    scenario = fast_clock(SCENARIOS[name])
    v, w, ticks = simulate(scenario)
    exact = scenario.simulate(np.arange(v.size) * 32)
    assert ticks.size == exact.spike_ticks.size
    assert np.abs(ticks - exact.spike_ticks).max(initial=0) <= FPGA_CYCLE_TICKS
    quiet = away_from(exact.spike_ticks, v.size)
    assert quiet.mean() > 0.3
    error = np.abs(v - exact.v)[quiet] / p.MADC_LSB_V
    assert error.max() < LARGEST_ERROR_LSB
    if scenario.codes.get("adaptation_enable"):
        assert np.abs(w - exact.w)[quiet].max() / p.MADC_LSB_V < LARGEST_ERROR_LSB


@pytest.mark.parametrize("name", ["initial_bursting", "regular_bursting"])
def test_bursts_come_as_in_the_equations(name):
    """Their spikes follow from differences so small that the reference is no judge of 8 ns."""
    scenario = fast_clock(SCENARIOS[name])
    _, _, ticks = simulate(scenario)
    ends = np.array([0, scenario.duration_ns])
    exact = scenario.simulate(ends).spike_ticks
    assert ticks.size == exact.size
    assert np.abs(ticks - exact).max() * 4e-3 < 0.5  # us, of 600
    coarse = scenario.simulate(ends, step_ns=4).spike_ticks
    assert np.abs(coarse - exact).max() > FPGA_CYCLE_TICKS


PATTERNS = {
    "adaptation": lambda isi: isi.size >= 11 and np.all(np.diff(isi[:6]) > 0),
    "transient": lambda isi: isi.size == 0,
    "initial_bursting": lambda isi: (
        np.all(isi[:2] < 0.6 * np.median(isi[3:])) and isi[3:].max() < 1.5 * isi[3:].min()
    ),
    "regular_bursting": lambda isi: (
        isi[3::2].max() < 0.5 * isi[2::2].min() and np.ptp(isi[2::2]) < 0.2 * isi[2::2].mean()
    ),
}
"""What the course calls these patterns, of the intervals between spikes."""


@pytest.mark.parametrize("name", PATTERNS)
def test_firing_patterns_of_the_course(name):
    """Published: with the course's clock, pulse scale 7, 0.6 ms of stimulus."""
    _, w, ticks = simulate(SCENARIOS[name])
    assert PATTERNS[name](np.diff(ticks))
    step = np.array([w[t // 8 + 60] - w[t // 8 - 1] for t in ticks]) / p.MADC_LSB_V
    assert np.all((step > 40) & (step < 65))  # published: 50 to 60 LSB
