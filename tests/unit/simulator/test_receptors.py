"""What weights do, and their unit.  Oracle: dimensional analysis by hand."""

import pytest

from simulator.models import NeuronModel
from simulator.planning import plan_neuron
from tests.support.plans import Cell


def plan(receptor, parameters="tau = 2 : ms; e_rev = 10 : mV; cm = 0.5 : nF"):
    return plan_neuron(
        NeuronModel(
            "m",
            parameters,
            """
            g : nS
            a : nS/ms
            v : mV
            i : pA
            x : 1
            """,
            receptors={"a": receptor},
        )
    )


@pytest.mark.parametrize(
    ("receptor", "unit", "changes"),
    [
        ("g += weight", "nS", {"g": 2.0}),
        ("a += weight*e/tau", "nS", {"a": 2.718281828459045}),
        ("a -= weight", "nS/ms", {"a": -2.0}),
        ("v += weight*e_rev", "1", {"v": 20.0}),
        ("v += weight/cm", "pC", {"v": 4.0}),
        ("v += weight*(e_rev - v)", "1", {"v": 20.0}),
        ("i += weight; g += weight/e_rev", "pA", {"i": 2.0, "g": 0.2}),
        ("x += weight; x += 0.5*weight", "1", {"x": 3.0}),
        ("x += weight; g += weight*3*nS", "1", {"x": 2.0, "g": 6.0}),
    ],
)
def test_the_unit_of_a_weight_follows_from_what_it_is_added_to(receptor, unit, changes):
    found = plan(receptor)
    cell = Cell(found, 0.1)
    cell.step(a=2.0)
    assert found.receptors[0].weight_unit == unit
    for name in ("g", "a", "v", "i", "x"):
        assert cell[name] == pytest.approx(changes.get(name, 0.0))


def test_without_units_a_weight_is_a_number():
    model = NeuronModel("m", "", "x", receptors={"a": "x += 2*weight"}, check_units=False)
    found = plan_neuron(model)
    cell = Cell(found, 0.1)
    cell.step(a=1.5)
    assert (found.receptors[0].weight_unit, cell["x"]) == ("1", 3.0)


def test_names_of_receptors_need_not_be_names_of_python():
    model = NeuronModel(
        "m",
        "input_a_b = 3 : 1",
        "x : 1",
        receptors={"a.b": "x += weight*input_a_b", "a b": "x += weight"},
    )
    found = plan_neuron(model)
    assert len({one.input for one in found.receptors} | {"input_a_b"}) == 3
    cell = Cell(found, 0.1)
    cell.step(**{"a.b": 1.0, "a b": 0.5})
    assert cell["x"] == 3.5
