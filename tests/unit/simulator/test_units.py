"""Unit strings.  Oracle: physics (ohm's law, RC = time), and that names and units are inverse."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.units import DIMENSIONLESS, UNITS, Unit, name_of, unit_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("uS*mV", "nA"),
        ("nA/mV", "uS"),
        ("nF/uS", "ms"),
        ("MOhm*nF", "ms"),
        ("GOhm*pA", "mV"),
        ("pF*V/s", "pA"),
        ("1/s", "Hz"),
        ("kHz", "1/ms"),
        ("sqrt(ms)", "ms**0.5"),
        ("mV/ms**(1/2)", "mV*ms^-0.5"),
        ("µS", "uS"),
        ("MΩ", "MOhm"),
        ("nC", "nA*s"),
    ],
)
def test_units_that_are_the_same_quantity_compare_equal(one, other):
    assert unit_of(one) == unit_of(other)


def test_densities_of_conductance_convert():
    # 1 mS/cm2 = 10 pS/um2
    density, other = unit_of("mS/cm**2"), unit_of("pS/um**2")
    assert (density.scale, density.dimension) == (10 * other.scale, other.dimension)


@pytest.mark.parametrize("name", ["ms", "mV", "nA", "uS", "nF", "MOhm", "kHz", "um", "1"])
def test_coherent_units_need_no_factor(name):
    assert unit_of(name).scale == 1


@given(st.lists(st.tuples(st.sampled_from(sorted(UNITS)), st.integers(-3, 3)), max_size=4))
def test_every_unit_has_a_name_that_means_its_dimension(factors):
    unit = Unit(Fraction(1), DIMENSIONLESS)
    for name, power in factors:
        unit = Unit(unit.scale, unit.dimension * UNITS[name].dimension ** Fraction(power))
    assert unit_of(name_of(unit)) == unit


@pytest.mark.parametrize("name", sorted(UNITS))
def test_a_unit_with_a_name_keeps_its_scale(name):
    assert unit_of(name_of(UNITS[name])) == UNITS[name]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mv", "'mv' in 'mv' is not a unit; known are ms, "),
        ("nA/", "'nA/' is not a unit such as mV"),
        ("mV + mV", "is not a product of powers"),
        ("2*mV", "is not a product of powers"),
        ("mV**ms", "an exponent in 'mV\\*\\*ms' is not a number"),
        ("ms**99", "exponent 99 in .* is larger than 12"),
        ("ms**(1/0)", "an exponent in .* is not a number"),
        ("weight", "'weight' in 'weight' is not a unit"),
        ("", "is not a unit such as"),
    ],
)
def test_what_is_wrong_with_a_unit_is_said(text, message):
    with pytest.raises(ValueError, match=message):
        unit_of(text)


def test_only_synapses_have_a_unit_called_weight():
    assert name_of(unit_of("weight/ms", with_weight=True)) == "weight/ms"
