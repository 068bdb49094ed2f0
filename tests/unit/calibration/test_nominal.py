"""The nominal configuration: fits the registers and says what it was derived from.

Oracle: the code-to-volt maps of ``docs/explanation/emulator.md`` (MADC LSB = (V + 0.04 V) / 1.54
mV) and the targets of the deployed "spiking" calibration in CADC LSB (V = 0.06 V + 4.5 mV * LSB).
"""

import numpy as np
import pytest

from calibration.nominal import NEURON_CODES, nominal_chip


def madc_lsb_of_cadc(cadc):
    return (0.06 + 4.5e-3 * cadc + 0.04) / 1.54e-3


@pytest.mark.parametrize(
    ("name", "slope", "offset", "target_cadc"),
    [
        ("leak_v_leak", 0.79, -180, 80),
        ("reset_v_reset", 0.61, -12, 70),
        ("threshold_v_threshold", 0.99, 60, 125),
    ],
)
def test_potentials_meet_their_targets_within_half_a_code(name, slope, offset, target_cadc):
    code = NEURON_CODES[name][0]
    assert abs(slope * code + offset - madc_lsb_of_cadc(target_cadc)) <= 0.5 * slope + 0.1


def test_refractory_period_is_two_microseconds():
    chip = nominal_chip()
    tick_us = 2.0 ** (int(chip.common_backend.clock_scale_slow[0]) + 1) / 250
    counts = int(chip.neurons.refractory_period_refractory_time[0])
    assert counts * tick_us == pytest.approx(2.0, rel=0.03)


def test_every_neuron_gets_every_code_and_all_fit_their_registers():
    chip = nominal_chip()
    chip.check()
    for name, (code, _) in NEURON_CODES.items():
        assert np.all(chip.neurons[name] == code), name


def test_each_call_returns_an_independent_chip():
    first, second = nominal_chip(), nominal_chip()
    first.neurons.leak_v_leak[3] = 0
    assert second.neurons.leak_v_leak[3] == NEURON_CODES["leak_v_leak"][0]
