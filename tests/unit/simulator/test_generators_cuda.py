"""Source of CUDA kernels as text: what cannot be seen by running it on this machine.

Oracle: the rules of types of the device's compiler (a number without type is float64), and the
conventions that `simulator.statements` and `simulator.cuda` state.
"""

import ast

import pytest

from simulator.build import plan_of
from simulator.generators.cuda import current_source, neuron_source, sampler_source
from simulator.generators.synapses_cuda import settle_source, touch_source
from simulator.models import CurrentModel, SynapseModel
from tests.support.neuron_models import LIF

STDP = SynapseModel(
    name="stdp",
    parameters="a_plus = 0.01 : weight\n a_minus = 0.01 : weight\n tau = 20.0 : ms",
    equations="dr/dt = -r/tau : 1\n do/dt = -o/tau : 1",
    on_pre="output = weight; weight = weight - a_minus*o*uniform(); r = r + 1",
    on_post="weight = weight + a_plus*r; o = o + 1",
)
RAMP = CurrentModel(
    name="ramp", parameters="slope = 0.1 : nA/ms", amplitude="slope*t", per_target=True
)


def every_source(precision="float32", *, exact=True):
    neuron, synapse, current = plan_of(LIF), plan_of(STDP), plan_of(RAMP)
    some = frozenset({"v_thresh"})
    return {
        "update": neuron_source(neuron, some, precision, exact=exact, history=True),
        "sample": sampler_source(neuron, some, precision, "v"),
        "touch": touch_source(synapse, frozenset({"a_plus"}), precision, exact=exact),
        "settle": settle_source(synapse, frozenset(), precision),
        "compute": current_source(current, frozenset({"slope"}), precision),
    }


def untyped_numbers(text):
    """Floats that stand in a kernel without being an argument of ``_real``."""
    nodes = list(ast.walk(ast.parse(text)))
    typed = set()
    for node in nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "_real":
            typed |= {id(argument) for argument in ast.walk(node)}
    numbers = [n for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, float)]
    return [node.value for node in numbers if id(node) not in typed]


@pytest.mark.parametrize("name", ["update", "sample", "touch", "settle", "compute"])
def test_every_number_has_the_precision_of_the_kernel(name):
    source = every_source()[name]
    assert source.name == name
    assert "_real = _np.float32" in source.text
    assert untyped_numbers(source.text) == []


def test_an_untyped_number_would_be_found():
    assert untyped_numbers("x = _real(1.0) + 2.0*_real(f(3.0))") == [2.0]


def test_states_come_first_and_what_is_equal_is_shared():
    update = every_source()["update"]
    states = [s.name for s in plan_of(LIF).states]
    assert update.fields == (*states, "v_thresh")
    assert update.shared[0] == "dt"
    assert "v_thresh" not in update.shared
    assert every_source()["touch"].fields == ("weight", "r", "o", "a_plus")


@pytest.mark.parametrize("exact", [True, False])
def test_only_exact_kernels_scale_and_report(exact):
    for name in ("update", "touch"):
        assert ("_scaling[" in every_source(exact=exact)[name].text) == exact
    assert ("_status[0]" in every_source(exact=exact)["touch"].text) == exact


def test_kernels_name_no_step_that_the_host_would_have_to_give():
    for source in every_source().values():
        function = ast.parse(source.text).body[-1]
        names = [argument.arg for argument in function.args.args]
        assert names[0] == "_clock"
        assert "_step" not in names
