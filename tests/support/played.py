"""Programs played on a fresh chip, and the columns' ADCs as a program reads them."""

import numpy as np

from calibration.nominal import nominal_chip
from emulator import Emulator
from firmware_protocol import Program, decode, memory_map
from firmware_protocol.catalogue import CONTAINERS
from tests.support.emulated import CYCLES_PER_US, EXACT, close_crossbar, start_up, write_chip

QUIET = EXACT | {"madc_noise": False, "cadc_noise": False, "comparator_noise": False}
SILENT = {"leak_v_leak": 560, "threshold_v_threshold": 500}


def play(config, fill, **options):
    """Trace of what `fill(program)` does on a fresh chip with a configuration."""
    program = Program()
    start_up(program)
    write_chip(program, config)
    asked = fill(program)
    program.halt()
    emulator = Emulator(**({"effects": EXACT} | options))
    return decode(emulator.execute(program.words())), asked


def us(n):
    return round(n * CYCLES_PER_US)


def recording(program, on):
    program.write(memory_map.EVENT_RECORDING_CONFIG, int(on))


def reset_neurons(program, neurons):
    program.write(memory_map.neuron_reset_address(np.asarray(neurons)), 0)


def close_crossbar_of(config):
    close_crossbar(config)
    return config


def cadc_chip():
    """Nominal neurons without threshold on both channels of their columns, one at a time."""
    config = nominal_chip()
    config.neurons.threshold_enable = 0
    config.neurons.readout_enable_amplifier = 1
    config.quadrants.cadc_i_ramp_slope = 350
    config.quadrants.cadc_v_ramp_offset = 60
    config.cadc.enable = 1
    config.column_correlation.enable_cadc_neuron_readout_causal = 1
    config.column_correlation.enable_cadc_neuron_readout_acausal = 1
    return config


def sample_addresses(half, kind, buffered):
    quads = CONTAINERS["CADCSampleQuad"].addresses(half, 0, np.arange(64), kind, buffered)
    return quads[:, 0]


def samples(words):
    """(64,) words of a row's quads -> (256,) LSB by column."""
    entries = np.stack([words >> shift & 0xFF for shift in (24, 16, 8, 0)], axis=-1)
    quad, entry = np.indices(entries.shape)
    found = np.empty(256, int)
    found[2 * entry + 8 * (quad % 32) + quad // 32] = entries
    return found


def read_cadc(program, half=0):
    """Trigger with the first quad; all quads of both kinds follow from the latch."""
    trigger = program.read([sample_addresses(half, 0, 0)[0]])
    program.barrier()
    return trigger, *(program.read(sample_addresses(half, kind, 1)) for kind in range(2))
