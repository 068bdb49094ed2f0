"""Steps that explicit methods do not survive.  Oracle: what the method does with that step."""

import numpy as np
import pytest

from simulator.errors import UnstableStepError
from simulator.models import NeuronModel
from simulator.planning import plan_neuron
from simulator.stability import check_stability, stability
from tests.support.models import IF_CURR_EXP
from tests.support.plans import Cell, constants_of


def decay(method, substeps=1, equation="dx/dt = -x/tau"):
    return plan_neuron(
        NeuronModel("m", "tau = 1", equation, initial="x = 1", method=method, substeps=substeps,
                    check_units=False)
    )  # fmt: skip


@pytest.mark.parametrize("substeps", [1, 3])
@pytest.mark.parametrize(("method", "limit"), [("euler", 2.0), ("rk4", 2.785)])
@pytest.mark.parametrize("part", [0.97, 1.03])
def test_a_step_is_refused_where_the_method_diverges(method, limit, part, substeps):
    plan, dt = decay(method, substeps), limit * part * substeps
    complaints = stability(plan, constants_of(plan, dt), dt)
    cell = Cell(plan, dt)
    for _ in range(500):
        cell.step()
    assert bool(complaints) == (abs(cell["x"]) > 1) == (part > 1)


def test_the_complaint_names_model_variable_rate_step_and_remedies():
    plan = decay("euler")
    constants = constants_of(plan, 0.5) | {"euler_rate_x": np.array([-1.0, -8.0])}
    expected = (
        "model 'm', variable 'x': decays with 8 /ms .*, too fast for method euler at a step of "
        "0.5 ms; use a step below 0.25 ms, or 2 times as many substeps, or method 'auto'"
    )
    with pytest.raises(UnstableStepError, match=expected):
        check_stability(plan, constants, 0.5)


@pytest.mark.parametrize(
    "plan",
    [
        decay("exact"),
        decay("exponential_euler"),
        decay("euler", equation="dx/dt = x/tau"),
        plan_neuron(IF_CURR_EXP),
    ],
)
def test_what_cannot_diverge_or_grows_on_purpose_is_not_refused(plan):
    check_stability(plan, constants_of(plan, 50.0), 50.0)
