"""Synapses: exact advance between events, and what happens at them.

Oracle: scipy.linalg.expm for the advance; the order of events in the language's description.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from simulator.errors import EquationError, UnitError
from simulator.models import SynapseModel
from simulator.planning import plan_synapse
from simulator.statements import Statement
from tests.support.models import STDP
from tests.support.plans import constants_of, evaluate, run


def names_of(plan, **values):
    names = constants_of(plan, 0.1)
    for one in plan.states:
        names[one.name] = evaluate(one.initial, names)
    return names | values


@settings(max_examples=80, deadline=None)
@given(
    st.floats(0.5, 50), st.floats(0.5, 50), st.floats(0, 300), st.sampled_from([0.0, 0.7]),
    st.sampled_from([0.0, -1.3]),
)  # fmt: skip
def test_states_between_events_are_exact(tau_x, tau_y, elapsed, drive, coupling):
    plan = plan_synapse(
        SynapseModel(
            "m",
            f"tau_x = {tau_x} : ms; tau_y = {tau_y} : ms; b = {drive} : 1; c = {coupling} : 1/ms",
            "dx/dt = (b - x)/tau_x + c*y : 1; dy/dt = -y/tau_y : 1",
        )
    )
    names = names_of(plan, x=0.4, y=2.0, elapsed=elapsed)
    run(plan.advance, names)
    matrix = np.array([[-1 / tau_x, coupling, drive / tau_x], [0, -1 / tau_y, 0], [0, 0, 0]])
    expected = expm(elapsed * matrix) @ [0.4, 2.0, 1.0]
    assert [names["x"], names["y"]] == pytest.approx(expected[:2], rel=1e-10, abs=1e-12)


def test_very_different_and_equal_time_constants_stay_finite():
    plan = plan_synapse(
        SynapseModel("m", "a = 1e-3 : ms; b = 1e4 : ms", "dx/dt = y/b - x/a : 1; dy/dt = -y/b : 1")
    )
    names = names_of(plan, x=1.0, y=1.0, elapsed=1e4)
    run(plan.advance, names)
    assert names["x"] == pytest.approx(1e-7 * np.exp(-1), rel=1e-6)


def test_the_weight_may_decay():
    plan = plan_synapse(SynapseModel("m", "tau = 5 : ms", "dweight/dt = -weight/tau : weight"))
    names = names_of(plan, weight=2.0, elapsed=5.0)
    run(plan.advance, names)
    assert names["weight"] == pytest.approx(2 / np.e)
    assert [one.name for one in plan.states] == ["weight"]


def test_output_is_the_weight_after_the_statements_unless_it_is_assigned():
    plan = plan_synapse(SynapseModel("m", on_pre="weight *= 0.5"))
    assert plan.on_pre == (Statement("weight", "0.5*weight"), Statement("output", "weight"))
    assert not plan.is_static
    plan = plan_synapse(
        SynapseModel("m", on_pre="output = weight; weight *= 0.5; output += weight")
    )
    names = names_of(plan, weight=2.0)
    run(plan.on_pre, names)
    assert names["output"] == 3.0


def test_when_both_spikes_meet_only_what_on_post_alone_assigns_is_read_as_before():
    both = plan_synapse(STDP).on_both
    read = " ".join(one.expression for one in both)
    assert "o_before" in read
    assert "weight_before" not in read
    assert "r_before" not in read


def test_draws_belong_to_the_event_that_reads_them():
    plan = plan_synapse(
        SynapseModel(
            "m",
            "p = 0.5 : 1",
            "hit = 2*p : 1",
            on_pre="output = where(uniform() < p, weight, 0) + normal()*weight",
            on_post="weight = where(uniform() < hit, weight, 0)",
        )
    )
    assert [one.name for one in plan.pre_draws] == ["uniform_0", "normal_0"]
    assert [one.name for one in plan.post_draws] == ["uniform_1"]


def test_states_that_only_events_change_may_drive_others():
    plan = plan_synapse(
        SynapseModel("m", "tau = 5 : ms", "k : 1; dx/dt = (k - x)/tau : 1", on_pre="k += 1")
    )
    names = names_of(plan, k=2.0, elapsed=5.0)
    run(plan.advance, names)
    assert names["x"] == pytest.approx(2 * (1 - 1 / np.e))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"equations": "dx/dt = -x*x/tau : 1"}, EquationError,
         "'x' has no exact solution between events: '-x\\*x/tau' is not linear"),
        ({"equations": "dx/dt = t/tau**2 : 1"}, EquationError, "in a way that is not linear"),
        ({"equations": "dx/dt = (y - x)/tau : 1; dy/dt = (z - y)/tau : 1; dz/dt = -z/tau : 1"},
         EquationError, "no short exact solution between events: x follows z through others; let"),
        ({"equations": "dx/dt = normal()/tau : 1"}, EquationError, "normal\\(\\) cannot stand"),
        ({"equations": "dx/dt = xi/sqrt(tau) : 1"}, EquationError, "unknown name 'xi'; white"),
        ({"equations": "dweight/dt = -weight/tau : nA"}, UnitError, "unit of 'weight' is 'weight'"),
        ({"on_pre": "weight += 0.1"}, UnitError, "give the number its unit: 0.1\\*weight"),
        ({"on_pre": "output += weight"}, EquationError, "'output' is read before it is assigned"),
        ({"on_post": "output = weight"}, EquationError, "unknown name 'output'; possible here"),
        ({"on_pre": "weight = weight*delay/tau"}, EquationError, "the delay of a synapse is not"),
        ({"parameters": "weight = 1 : nA"}, EquationError, "'weight' has a meaning of its own"),
    ],
)  # fmt: skip
def test_what_a_synapse_cannot_do_is_refused(changes, error, message):
    with pytest.raises(error, match=message):
        plan_synapse(SynapseModel(**{"name": "s", "parameters": "tau = 5 : ms", **changes}))
