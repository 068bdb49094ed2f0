"""Models as text.  Oracle: definition() and back gives the same definition, whatever the layout."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import models
from simulator.models import CurrentModel, NeuronModel, SynapseModel, definition, statements
from tests.support.models import ADEX, DC, HODGKIN_HUXLEY, IF_CURR_ALPHA, STDP


@pytest.mark.parametrize("model", [ADEX, DC, HODGKIN_HUXLEY, IF_CURR_ALPHA, STDP])
def test_a_definition_makes_the_same_model_again(model):
    plain = json.loads(definition(model))
    again = getattr(models, plain.pop("kind"))(**plain)
    assert definition(again) == definition(model)


@given(st.text(st.sampled_from("ab =+-*/();#\n\t:d"), max_size=60))
def test_layout_does_not_matter(text):
    lines = statements(text)
    assert statements("\n".join(lines)) == lines
    spread = text.replace(" ", "  \t ").replace("\n", " # a remark\n\n")
    if "#" not in text:
        assert statements(spread) == lines


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"}, {"method": "rk4"}, {"substeps": 2}, {"check_units": False},
        {"receptors": {"b": "v += weight", "a": "v += weight"}}, {"reset": "v = 1"},
    ],
)  # fmt: skip
def test_whatever_changes_a_plan_changes_the_definition(change):
    base = {"name": "n", "receptors": {"a": "v += weight", "b": "v += weight"}, "reset": "v = 0"}
    assert definition(NeuronModel(**base)) != definition(NeuronModel(**{**base, **change}))


def test_models_of_different_kinds_differ():
    assert definition(SynapseModel("n")) != definition(CurrentModel("n"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a = 1; b = 2 # remark; c", ["a = 1", "b = 2"]),
        ("a = (1\n + 2)\nb = 3", ["a = (1 + 2)", "b = 3"]),
        ("a = 1 +\n 2", ["a = 1 + 2"]),
        ("a = 1\n - 2 : mV", ["a = 1 - 2 : mV"]),
        ("\n\n a \t=  1 ;;", ["a = 1"]),
        ("", []),
    ],
)
def test_statements_end_with_a_line_or_a_semicolon(text, found):
    assert statements(text) == found


def test_models_are_defined_without_computer_algebra():
    code = "import sys, simulator.models, simulator.stability; sys.exit('sympy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
