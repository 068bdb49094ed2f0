"""How far the largest offset currents move a membrane, as the columns' ADCs see it.

Oracle: the published range (baseline 83, 228 and 25 CADC LSB at 1000 codes of either sign, each
within 20 %, on neurons calibrated to leak 80 and 10 us), where it is met; elsewhere the solution of
I = g V_lin sat(u), as decision 0010 explains.
"""

import numpy as np
import pytest

from tests.support.played import CYCLES_PER_US, QUIET, cadc_chip, play, read_cadc, samples

SOURCE, SINK = 0, 1
CADC_LSB_V, V_LIN = 4.5e-3, 0.35
LEAK_CODE, BIAS = 606, {10: 164, 20: 82}
"""Those of 80 CADC LSB, and by the time constant [us]."""


def settled(tau_us, kind=None, **options):
    """Mean CADC reading of all neurons, 100 us after the current was switched on [LSB]."""
    config = cadc_chip()
    config.neurons.leak_v_leak, config.neurons.leak_i_bias = LEAK_CODE, BIAS[tau_us]
    config.neurons.constant_current_enable = int(kind is not None)
    config.neurons.constant_current_type = kind or 0
    config.neurons.constant_current_i_offset = 1000

    def fill(program):
        program.wait(100 * CYCLES_PER_US)
        return [read_cadc(program, half)[1:] for half in (0, 1)]

    trace, asked = play(config, fill, **options)
    return np.mean([samples(trace.redeem(t).astype(np.int64)) for pair in asked for t in pair])


def moved_by(current, conductance):
    """V across the leak amplifier that balances a current: I = g V_lin (u - 4/27 u^3)."""
    u = np.linspace(0, 1.5, 15_001)
    return V_LIN * np.interp(current / (conductance * V_LIN), u - 4 / 27 * u**3, u)


def test_the_largest_currents_move_a_neuron_as_far_as_its_leak_lets_them():
    """From 80 to 170 and 0 LSB: the published 228 and 25 are missed at the published 10 us."""
    current = 0.085e-9 * (1000 - 200**2 / 600)
    shift = moved_by(current, 1.5e-9 * BIAS[10]) / CADC_LSB_V
    rest = settled(10, effects=QUIET)
    assert rest == pytest.approx(83, rel=0.2)
    assert shift > rest
    assert settled(10, SOURCE, effects=QUIET) == pytest.approx(rest + shift, abs=3)
    assert settled(10, SINK, effects=QUIET) == 0


def test_a_weaker_leak_lets_them_reach_the_rails_beyond_the_range_of_the_converter():
    """To 0 and 1.2 V: the readout shows both, where the published range ends at 25 and 228 LSB."""
    assert settled(20, SOURCE, effects=QUIET) > 250
    assert settled(20, SINK, effects=QUIET) == 0


def test_means_of_chips_with_all_effects_meet_baseline_and_lower_end_of_the_signed_range():
    """Published are -45, -103 and +100 LSB; the upper end comes out at +64 instead."""
    chips = range(3)
    rest, high, low = (
        np.array([settled(10, kind, effects={}, chip_seed=seed) for seed in chips]) - 128
        for kind in (None, SOURCE, SINK)
    )
    assert rest.mean() == pytest.approx(-45, rel=0.2)
    assert low.mean() == pytest.approx(-103, rel=0.2)
    assert high.mean() == pytest.approx(64, abs=16), "80 % of 100 at most"
