"""The curves from codes to SI units, and the page that argues them.

Oracle: published conversions and figures (docs/explanation/emulator.md).
"""

from pathlib import Path

import numpy as np
import pytest

from emulator import parameters as p

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "emulator.md"


def madc(volts):
    return (volts - p.MADC_ZERO_V) / p.MADC_LSB_V


@pytest.mark.parametrize(
    ("curve", "code", "level", "tolerance"),
    [
        (p.leak_potential, 700, 374, 4),
        (p.leak_potential, 500, 215, 4),
        (p.reset_potential, 400, 232, 4),
        (p.reset_potential, 300, 171, 4),
        (p.threshold_potential, 250, 307.5, 0.1),
    ],
)
def test_voltage_maps_meet_the_published_points(curve, code, level, tolerance):
    assert madc(curve(np.float64(code))) == pytest.approx(level, abs=tolerance)


@pytest.mark.parametrize("curve", [p.leak_potential, p.reset_potential])
def test_followers_saturate_softly_at_both_ends(curve):
    v = curve(np.arange(1023.0))
    slope = np.diff(v)
    assert np.all(slope > 0)
    assert v[0] >= 0 and v[-1] <= 1.0


def test_offset_current_is_linear_to_800_and_flattens_above():
    current = p.offset_current(np.arange(1023.0))
    assert current[800] == pytest.approx(800 * 0.085e-9)
    assert np.all(np.diff(current) > 0)
    assert current[1022] < 0.95 * 1022 * 0.085e-9


def test_synaptic_time_constant_spans_the_documented_range():
    zero, one = np.float64(0), np.float64(1)
    assert p.line_time_constant(np.float64(26), zero, zero) == pytest.approx(10e-6)
    assert p.line_time_constant(np.float64(1022), zero, zero) == pytest.approx(0.25e-6, rel=0.02)
    assert p.line_time_constant(zero, zero, zero) == np.inf
    assert p.line_time_constant(np.float64(26), one, one) == pytest.approx(10e-6 * 0.35 * 6)


@pytest.mark.parametrize(("name", "number"), [*p.NUMBERS.items(), *p.SIGMAS.items()])
def test_the_page_shows_every_number_as_it_is(name, number):
    row = f"| `{name}` | {number.value:g} {number.unit} | {number.tag} | {number.source} |"
    assert row in PAGE.read_text(encoding="utf-8")
