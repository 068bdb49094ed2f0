"""The NumPy interpreter of plans.  Oracles: closed forms, and Python's evaluation."""

import math

import numpy as np
import pytest

from simulator.kernels.philox import draws
from simulator.reference import Currents, Neurons, evaluate
from tests.support.simulator_plans import LIF, NOISE, NOISY, values_of


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("x**2 + 1/4", 2.5),
        ("1 if x > 1 and not y < 0 else 2", 1),
        ("1 < x < y or x == y", True),
        ("min(x, y, -1) + max(x, y, 7) + abs(-x)", 7.5),
        ("exprel(0) + exprel(1)", math.e),
        ("sqrt(-1)", math.nan),
        ("pow(2, 3) + sin(pi/2)", 9),
        ("sign(-x) + floor(x) + ceil(x)", 2),
    ],
)
def test_an_expression_has_its_value(expression, value):
    assert evaluate(expression, {"x": 1.5, "y": 3.0}) == pytest.approx(value, nan_ok=True)


def test_columns_and_numbers_mix():
    x = np.array([1.0, 3.0])
    assert evaluate("x if x > y else y**2 and 1", {"x": x, "y": 2.0}).tolist() == [1, 3]


def test_what_no_plan_contains_is_refused():
    with pytest.raises(ValueError, match=r"'x\.y' cannot stand in a plan"):
        evaluate("x.y", {"x": 1})


def test_a_membrane_relaxes_and_fires_when_it_should():
    """v_rest + 20 mV (1 - exp(-t/tau)) is 15 mV above rest at t = tau ln(4)."""
    neurons = Neurons(LIF, 2, values_of(LIF, 0.1, i_offset=np.array([0.0, 1.0])), dt_ms=0.1)
    first = next(step for step in range(1, 1000) if neurons.advance()[1])
    assert first == math.ceil(20 * math.log(4) / 0.1)
    assert neurons.values["v"].tolist() == [-65, -70]
    assert neurons.values["refractory_left"].tolist() == [0, 20]


def test_input_arrives_at_its_receptor():
    neurons = Neurons(NOISY, 2, values_of(NOISY, 0.1), dt_ms=0.1)
    silent = Neurons(NOISY, 2, values_of(NOISY, 0.1), dt_ms=0.1)
    neurons.advance({"fast": np.array([0.0, 1.0]), "slow": 3.0})
    silent.advance()
    assert neurons.values["v"] - silent.values["v"] == pytest.approx([1.5, 2.5])


def test_an_algebraic_quantity_belongs_to_the_end_of_the_step():
    neurons = Neurons(LIF, 2, values_of(LIF, 0.5, i_offset=2.0), dt_ms=0.5)
    assert neurons.algebraic("power_density").tolist() == [4, 4]
    neurons.advance()
    assert neurons.algebraic("power_density", 1.0).tolist() == [9.5, 9.5]


def test_a_current_is_that_of_the_beginning_of_the_step():
    source = Currents(NOISE, 1, values_of(NOISE, 0.1), dt_ms=0.1, seed=2)
    values = values_of(NOISE, 0.1)
    expected = values["mean"]
    for step in range(1, 15):
        got = source.advance()[0]
        assert got == pytest.approx(expected if step > 10 else 0)
        xi = draws("normal", 0, step, stream=0, draw=0, seed=2)[0]
        expected = 0.5 + (expected - 0.5) * values["decay"] + values["kick"] * xi
