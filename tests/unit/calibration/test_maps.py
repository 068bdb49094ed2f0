"""Nominal maps of the calibration, against the emulated chip's own curves without mismatch.

Oracle: `emulator.parameters`, which was written for another purpose and knows nothing of
calibration.  Voltages in CADC LSB are V = 0.06 V + 4.5 mV * LSB.
"""

import numpy as np
import pytest

from calibration import maps
from emulator import parameters as emulated
from emulator.physics import cadc

DOCUMENTED = np.linspace(50, 160, 12)


@pytest.mark.parametrize(
    ("code_of", "potential_of", "targets"),
    [
        (maps.leak_code, emulated.leak_potential, DOCUMENTED),
        (maps.reset_code, emulated.reset_potential, DOCUMENTED),
        (maps.threshold_code, emulated.threshold_potential, np.linspace(50, 220, 12)),
    ],
)
def test_potentials_come_out_within_an_lsb_of_the_cadc(code_of, potential_of, targets):
    v = potential_of(np.rint(code_of(maps.volts(targets))))
    assert np.abs((v - 0.06) / 4.5e-3 - targets).max() < 1


@pytest.mark.parametrize("capacitance", [0, 20, 63])
def test_the_leak_bias_gives_the_time_constant(capacitance):
    code, one, no = np.array([float(capacitance)]), np.ones(1), np.zeros(1)
    tau = np.array([12.0])
    g = emulated.leak_conductance(maps.leak_bias(tau, code), no, no, no)
    assert emulated.capacitance(code, one, one) / g == pytest.approx(12e-6)


def test_switches_of_a_synaptic_line_have_the_factors_of_the_emulated_chip():
    one, no = np.ones(1), np.zeros(1)

    def tau_us(small, high):
        return float(emulated.line_time_constant(one, small, high)[0]) * 1e6

    assert tau_us(no, no) == pytest.approx(maps.TAU_SYN_US)
    assert tau_us(no, one) == pytest.approx(maps.TAU_SYN_US * maps.HIGH_RESISTANCE)
    assert tau_us(one, no) == pytest.approx(maps.TAU_SYN_US * maps.SMALL_CAPACITANCE)


def test_a_conductance_based_input_loses_its_effect_at_its_reversal_potential():
    code = maps.coba_bias(np.array([0.5]))
    assert emulated.coba_slope(code) * 0.5 == pytest.approx(1)


def test_the_cadc_reads_sixty_millivolt_as_0_and_four_and_a_half_more_as_1():
    start = cadc.ramp_start(np.array(round(maps.cadc_offset_code())))
    assert start == pytest.approx(0.06)
    assert cadc.ramp_lsb(np.array(maps.CADC_SLOPE)) == pytest.approx(4.5e-3, rel=1e-3)
