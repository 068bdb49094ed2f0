"""Plans as plain data.  Oracle: the plan itself, there and back through JSON."""

import json
import math

import pytest

from simulator.statements import (
    Draw,
    Parameter,
    State,
    Statement,
    SynapsePlan,
    from_plain,
    to_plain,
)
from tests.support.simulator_plans import ALL_NEURONS, NOISE, statements

SYNAPSE = SynapsePlan(
    name="static",
    parameters=(Parameter("limit", math.inf, "nA", shared=True),),
    states=(State("weight", "weight"),),
    constants=(),
    pre_draws=(Draw("p", "uniform"),),
    post_draws=(),
    advance=(),
    on_pre=statements("output = weight"),
    on_post=(),
    on_both=statements("output = weight"),
)


@pytest.mark.parametrize("plan", [*ALL_NEURONS, NOISE, SYNAPSE], ids=lambda plan: plan.name)
def test_a_plan_comes_back_from_json_as_it_was(plan):
    assert from_plain(json.loads(json.dumps(to_plain(plan)))) == plan


@pytest.mark.parametrize(
    "plain", [{}, {"kind": "Plan"}, {"kind": "NeuronPlan", "speed": 1}, {"kind": "CurrentPlan"}, []]
)
def test_what_is_no_plan_of_this_version_is_refused(plain):
    with pytest.raises(ValueError, match="not a plan of this version"):
        from_plain(plain)


def test_a_synapse_that_gives_its_weight_and_changes_nothing_is_static():
    assert SYNAPSE.is_static
    assert str(Statement("v", "v + 1")) == "v = v + 1"
