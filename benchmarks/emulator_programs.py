"""Chips and programs that bench_emulator.py runs, as words: what a host would send, no PyNN."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from firmware_protocol import ChipConfig, Program, memory_map  # noqa: E402
from firmware_protocol.catalogue import CONTAINERS  # noqa: E402
from firmware_protocol.coordinates import N_NEURONS  # noqa: E402
from tests.support import emulated  # noqa: E402
from tests.support.reference_scenarios import SCENARIOS  # noqa: E402

Words = npt.NDArray[np.uint64]

CYCLES_PER_US = emulated.CYCLES_PER_US
ALL = np.arange(N_NEURONS)
N_LABELS = 63
WAIT_CYCLES = 2_500_000
"""20 ms, what the analog parameters take to settle."""
_TRIGGER, _LATCHED = CONTAINERS["CADCSampleQuad"].addresses(0, 0, 0, 0, [0, 1])[:, 0].tolist()
_CONVERSION_CYCLES = 210
_SPL1_0 = 8
_BUSES = (0, 4)
"""One bus of each half, so that every event reaches all neurons."""


def adaptive_chip(neurons: npt.ArrayLike = 0, **changes: int) -> ChipConfig:
    """Neurons that fire with adaptation and exponential term under a constant current."""
    scenario = SCENARIOS["adaptation"]
    codes = dict(scenario.codes) | {"constant_current_enable": 1} | changes
    config = emulated.chip(neurons, **codes)
    for name, value in scenario.common.items():
        setattr(config.common_backend, name, value)
    return config


def busy_chip(**changes: int) -> ChipConfig:
    """All 512 neurons active, each reached by every label through some 64 weak synapses."""
    config = emulated.add_inputs(adaptive_chip(ALL, **changes), ALL)
    emulated.close_crossbar(config)
    for bus in _BUSES:
        emulated.open_node(config, bus, _SPL1_0)
    on_bus = slice(None, None, 4)
    config.synapse_drivers.enable_receiver[:, on_bus] = 1
    config.synapse_drivers.row_address_compare_mask[:, on_bus] = 0
    config.synapse_drivers.row_mode_top[:, on_bus] = 1
    config.synapse_drivers.row_mode_bottom[:, on_bus] = 2
    rng = np.random.default_rng(0)
    shape = config.synapses.label.shape
    config.synapses.label = rng.integers(1, N_LABELS + 1, shape)
    config.synapses.weight = rng.integers(0, 4, shape)
    return config


def set_up(config: ChipConfig) -> Words:
    """Words that configure a chip and run it for a moment."""
    return emulated.experiment(config, 10, madc=False)


def busy_run(runtime_us: float, rate_hz: float = 1e6) -> Words:
    """Regular events of all labels in turn, spikes recorded, nothing configured."""
    interval = CYCLES_PER_US * 1e6 / rate_hz
    cycles = np.arange(1, runtime_us * CYCLES_PER_US, interval).astype(np.int64)
    labels = np.arange(cycles.size) % N_LABELS + 1
    return emulated.experiment(None, runtime_us, (cycles, labels), madc=False, fresh=False)


def recorded_run(runtime_us: float, *, madc: bool = True) -> Words:
    """A run without input events."""
    return emulated.experiment(None, runtime_us, madc=madc, fresh=False)


def visits(n: int, *, wait: bool) -> Words:
    """`n` looks of 10 us at the chip, with a wait of 20 ms before each or without."""
    program = Program()
    for _ in range(n):
        if wait:
            program.wait(WAIT_CYCLES)
        program.write(memory_map.EVENT_RECORDING_CONFIG, 1)
        program.wait(10 * CYCLES_PER_US)
        program.write(memory_map.EVENT_RECORDING_CONFIG, 0)
    program.halt()
    return program.words()


def sampled_chip() -> ChipConfig:
    """One neuron that fires by itself, on its channel of the CADC, which is set up nominally."""
    config = read_by_cadc(emulated.chip(0))
    config.neurons.readout_enable_amplifier[0] = 1
    config.column_correlation.enable_cadc_neuron_readout_causal[0, 0] = 1
    return config


def read_by_cadc(config: ChipConfig) -> ChipConfig:
    """Switch the CADCs on, with nominal ramps."""
    config.cadc.enable = 1
    config.quadrants.cadc_v_ramp_offset, config.quadrants.cadc_i_ramp_slope = 60, 350
    config.quadrants.cadc_v_bias_ramp_buf = 400
    config.quadrants.cadc_i_bias_comp = config.quadrants.cadc_i_bias_vreset_buf = 1022
    return config


def samples(n: int) -> Words:
    """`n` conversions of the upper half's CADC, each read as soon as it is over; no spikes."""
    program = Program()
    for _ in range(n):
        program.read([_TRIGGER])
        program.wait(_CONVERSION_CYCLES)
        program.read([_LATCHED])
    program.halt()
    return program.words()


def one_of(neurons: npt.ArrayLike) -> ChipConfig:
    """`neurons` fire by themselves, but only neuron 0 is read out and sends its spikes."""
    config = emulated.chip(neurons)
    config.neurons.event_routing_enable_digital[ALL != 0] = 0
    return emulated.read_out(config, 0)
