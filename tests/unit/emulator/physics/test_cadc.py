"""The CADC's ramp, and the calibrated characteristic that everybody quotes.

Oracle: V = 0.06 V + 4.5 mV code (CapMem 70..550 = 0.15..1.05 V = 20..220), signs of both searches
in calix, and a ramp stepped count by count.
"""

import numpy as np
import pytest

from emulator.numbers.readout import NUMBERS
from emulator.physics import cadc

NOMINAL_OFFSET, NOMINAL_SLOPE = 60.0, 350.0


def nominal(v, *, offset=NOMINAL_OFFSET, slope=NOMINAL_SLOPE, bends=False):
    start, lsb = cadc.ramp_start(np.float64(offset)), cadc.ramp_lsb(np.float64(slope))
    return cadc.counts(np.asarray(v, float), start, lsb, bends=bends)


@pytest.mark.parametrize(("cell", "volts", "code"), [(70, 0.15, 20), (550, 1.05, 220)])
def test_nominal_codes_give_the_calibrated_characteristic(cell, volts, code):
    assert cadc.cell_voltage(cell) == pytest.approx(volts)
    assert nominal(volts) == pytest.approx(code, abs=0.01)
    assert 0.06 + 4.5e-3 * nominal(volts) == pytest.approx(volts, abs=1e-4)


def test_more_slope_and_more_offset_lower_the_code():
    v = np.linspace(0.2, 1.1, 10)
    assert np.all(nominal(v, slope=400) < nominal(v))
    assert np.all(nominal(v, offset=100) < nominal(v))


def test_the_ramp_is_one_percent_off_at_the_top_and_exact_at_the_bottom():
    start = float(cadc.ramp_start(np.float64(NOMINAL_OFFSET)))
    v = np.array([start, start + 0.1, 1.2 - 1e-9])
    ratio = nominal(v[1:], bends=True) / nominal(v[1:])
    assert nominal(v[:1], bends=True) == pytest.approx(0.0)
    assert ratio == pytest.approx([1.0001, 1.01], abs=1e-4)


def test_bending_keeps_the_order_of_voltages():
    codes = nominal(np.linspace(0.0, 1.199, 2000), bends=True)
    assert np.all(np.diff(codes) > 0)


def test_a_ramp_stepped_count_by_count_agrees():
    """Slow reference: raise the ramp by an LSB per count until it passes the input."""
    start, lsb = 0.06, 4.5e-3
    for v in (0.0601, 0.3, 0.777, 1.1):
        count, ramp = 0, start
        while ramp < v:
            ramp, count = ramp + lsb, count + 1
        exact = cadc.counts(np.float64(v), np.float64(start), np.float64(lsb), bends=False)
        assert count - 1 < exact <= count


def test_what_the_ramp_never_reaches_counts_to_the_end():
    assert cadc.clip(nominal([1.2, 1.8])).tolist() == [255, 255]
    assert cadc.clip(nominal([0.5], slope=0)).tolist() == [255]
    assert cadc.clip(nominal([0.0])).tolist() == [0]


def test_codes_round_to_the_nearest_of_eight_bits():
    assert cadc.clip(np.array([-3.0, 0.49, 0.5, 254.6, 300.0])).tolist() == [0, 0, 1, 255, 255]


def test_gains_of_both_converters_have_the_published_ratio():
    lsb = float(cadc.ramp_lsb(np.float64(NOMINAL_SLOPE)))
    assert lsb / NUMBERS["madc_lsb"].value == pytest.approx(2.93, abs=0.02)
