"""Checked models: names, units, flags; every refusal names the model, the line and a way out.

Oracle: the language as docs and docstrings of `simulator.models` describe it.
"""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simulator.errors import EquationError, SimulatorError, UnitError, UnknownNameError
from simulator.models import CurrentModel, NeuronModel
from simulator.planning import plan_current, plan_neuron
from simulator.units import UNITS
from tests.support.plans import Cell

GOOD = {
    "name": "lif",
    "parameters": "tau = 10 : ms; cm = 1 : nF; v_rest = -65 : mV; v_thresh = -50 : mV",
    "equations": "dv/dt = (v_rest - v)/tau + i/cm : mV (unless refractory); di/dt = -i/tau : nA",
    "initial": "v = v_rest",
    "threshold": "v > v_thresh",
    "reset": "v = v_rest",
    "refractory": "2*ms",
    "receptors": {"excitatory": "i += weight"},
}


def plan(**changes):
    return plan_neuron(NeuronModel(**{**GOOD, **changes}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parameters": "tau = 10"}, "parameters: 'tau = 10': no unit is given; end the line with"),
        ({"parameters": "tau : ms"}, "this is not a parameter; write 'name = default : unit'"),
        ({"parameters": "tau = 10 : mss"}, "'mss' in 'mss' is not a unit; known are ms,"),
        ({"parameters": "tau = x : ms"}, "unknown name 'x'"),
        ({"parameters": "tau = 1 > 2 : ms"}, "'1 > 2' is not a number; give a default"),
        ({"parameters": "t = 1 : ms"}, "'t' has a meaning of its own in the language; choose"),
        ({"parameters": "lambda = 1 : ms"}, "'lambda' has a meaning of its own"),
        ({"parameters": "a = 1 : ms; a = 2 : ms"}, "'a' is declared twice; remove one of them"),
        ({"parameters": "a = 1 : ms (global)"}, "is not known here; possible: \\(shared\\)"),
        ({"equations": "v' = 1 : mV"}, "this is not an equation; write 'dx/dt = ... : unit'"),
        ({"equations": "x = 1 : 1 (unless refractory)"}, "an algebraic quantity cannot rest; put"),
        ({"equations": "dv/dt = -v : mV"},
         "the right-hand side has unit mV where mV/ms is needed; divide .* by something in ms"),
        ({"equations": "dv/dt = 3 : mV"}, "give the number its unit: 3\\*mV/ms"),
        ({"equations": "dv/dt = v > 1*mV : mV"}, "right-hand side is a condition; give a number"),
        ({"equations": "x = y : 1; y = 2*x : 1"}, "form a circle: x -> y -> x; make one of them"),
        ({"equations": "dv/dt = (v_rst - v)/tau : mV"}, "'v_rst'; did you mean 'v_rest'"),
        ({"initial": "u = 1"}, "initial: 'u = 1': unknown name 'u'; possible here: v, i"),
        ({"initial": "v = -65"}, "1 where mV is needed; give the number its unit: -65\\*mV"),
        ({"initial": "v = t*mV/ms"}, "the initial value of 'v' contains 't'; give it in terms"),
        ({"initial": "v = i*tau/cm; i = v*cm/tau"}, "the initial value of 'v' depends on itself"),
        ({"initial": "v = normal()*mV"}, "normal\\(\\) cannot stand here"),
        ({"reset": "v == 1*mV"}, "reset: 'v == 1\\*mV': this is not a statement; write 'x = ...'"),
        ({"reset": "tau = 3*ms"}, "'tau' is a parameter and cannot be assigned; possible"),
        ({"reset": "vv = v_rest"}, "unknown name 'vv'; did you mean 'v'"),
        ({"reset": "v *= 2*mV"}, "has unit mV where 1 is needed"),
        ({"threshold": "v"}, "threshold: 'v': this is a number, not a condition; compare it"),
        ({"threshold": ""}, "the model has no threshold; set threshold= to a condition"),
        ({"refractory": ""}, "the model has no refractory time; set refractory= or remove"),
        ({"refractory": "2"}, "the refractory time has unit 1 where ms is needed"),
        ({"update": "i = i_inj + v"}, "'v' has unit mV and 'i_inj' has unit nA"),
        ({"receptors": {"excitatory": "i = weight"}}, "this adds nothing to a state; write"),
        ({"receptors": {"excitatory": ""}}, "receptor 'excitatory': it has no statement"),
        ({"receptors": {"excitatory": "i += weight**2"}}, "'weight\\*weight' is not linear"),
        ({"receptors": {"excitatory": "i += weight + 1"}}, "'1' has unit 1 and 'weight' has unit"),
        ({"receptors": {"excitatory": "i += weight > 0"}}, "this is a condition"),
        ({"receptors": {"excitatory": "tau += weight"}}, "'tau' is a parameter and cannot be"),
        ({"receptors": {"excitatory": "v += weight; i += weight"}}, "unit nA here and mV before"),
    ],
)  # fmt: skip
def test_every_refusal_says_where_what_and_the_way_out(changes, message):
    with pytest.raises(EquationError, match=message) as raised:
        plan(**changes)
    assert str(raised.value).startswith("model 'lif', ")
    assert isinstance(raised.value, SimulatorError)


def test_an_error_carries_its_parts():
    with pytest.raises(UnknownNameError) as raised:
        plan(threshold="v > v_tresh")
    error = raised.value
    assert error.name == "v_tresh"
    assert error.place.part == "threshold"
    assert (error.problem, error.way_out) == ("unknown name 'v_tresh'", "did you mean 'v_thresh'?")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["tau", "cm", "v_rest", "v_thresh", "v", "i"]), st.sampled_from(sorted(UNITS))
)
def test_a_wrong_unit_anywhere_is_found(name, unit):
    right = {"tau": "ms", "cm": "nF", "v_rest": "mV", "v_thresh": "mV", "v": "mV", "i": "nA"}
    assume(UNITS[unit].dimension != UNITS[right[name]].dimension)
    changes = dict(GOOD)
    for field in ("parameters", "equations"):
        parts = changes[field].split(";")
        marks = (f"{name} =", f"d{name}/dt")
        changes[field] = ";".join(
            part.replace(f": {right[name]}", f": {unit}")
            if part.strip().startswith(marks)
            else part
            for part in parts
        )
    assert changes != GOOD
    with pytest.raises(UnitError, match="model 'lif'"):
        plan(**changes)


@settings(max_examples=40, deadline=None)
@given(
    tau=st.sampled_from(["10 : ms", "0.01 : s", "10000 : us"]),
    cm=st.sampled_from(["1 : nF", "1000 : pF", "0.001 : uF"]),
    v=st.sampled_from([("mV", 1.0), ("V", 1e-3), ("uV", 1e3)]),
    i=st.sampled_from([("nA", 1.0), ("pA", 1e3), ("uA", 1e-3)]),
    rest=st.sampled_from(["-65 : mV", "-0.065 : V"]),
)
def test_the_choice_of_units_does_not_change_what_happens(tau, cm, v, i, rest):
    cell = Cell(
        plan(
            parameters=f"tau = {tau}; cm = {cm}; v_rest = {rest}; v_thresh = -50 : mV",
            equations=f"dv/dt = (v_rest - v)/tau + (i + i_inj)/cm : {v[0]} (unless refractory)\n"
            f"di/dt = -i/tau : {i[0]}",
        ),
        0.1,
    )
    reference = Cell(plan(equations=GOOD["equations"].replace("i/cm", "(i + i_inj)/cm")), 0.1)
    spikes = []
    for step in range(100):
        spikes.append((cell.step(1.0, excitatory=i[1] * 3 * (step == 5)),
                       reference.step(1.0, excitatory=3.0 * (step == 5))))  # fmt: skip
    assert all(a == b for a, b in spikes)
    assert any(a for a, _ in spikes)
    assert cell["v"] == pytest.approx(reference["v"] * v[1], rel=1e-12)
    assert cell["i"] == pytest.approx(reference["i"] * i[1], rel=1e-12)


def test_rates_in_hertz_are_rates():
    cell = Cell(
        plan_neuron(NeuronModel("m", "rate = 20 : Hz", "dx/dt = rate : 1", method="exact")), 0.1
    )
    cell.step()
    assert cell["x"] == pytest.approx(0.1e-3 * 20, rel=1e-14)


def test_without_units_numbers_are_as_they_are():
    model = NeuronModel("m", "tau = 10 : s", "dv/dt = (3 - v)/tau + mV", check_units=False)
    cell = Cell(plan_neuron(model), 1e-3)
    cell.step()
    assert cell["v"] == pytest.approx(1e-3 * 1.3, rel=1e-3)


def test_parameters_carry_default_unit_and_whether_they_are_shared():
    found = plan(parameters=GOOD["parameters"] + "; noise = 1/4 : mV (shared); far = inf : ms")
    *_, noise, far = found.parameters
    assert (noise.name, noise.default, noise.unit, noise.shared) == ("noise", 0.25, "mV", True)
    assert far.default == float("inf")
    assert not found.parameters[0].shared


def test_a_name_of_the_model_hides_a_unit_or_number_of_that_name():
    model = NeuronModel("m", "e = 2.0 : 1; s = 3.0 : 1", "x = e*s + mS/uS : 1")
    assert Cell(plan_neuron(model), 0.1)["x"] == 1006.0


def test_initial_values_may_build_on_each_other():
    found = plan(initial="i = (v - v_rest)*cm/tau; v = v_rest + 10*mV")
    assert Cell(found, 0.1)["i"] == pytest.approx(1.0)


def test_names_of_locals_and_draws_give_way_to_those_of_the_model():
    model = NeuronModel(
        "m",
        "free = 1 : 1; normal_0 = 5 : 1; x_next = 7 : 1; x_from_x = 9 : 1; tau = 10 : ms",
        "dx/dt = (free + normal_0 + x_next + x_from_x - x)/tau : 1; y = normal() : 1",
        threshold="x > 22",
        refractory="1*ms",
    )
    found = plan_neuron(model)
    cell = Cell(found, 10.0)
    cell.step()
    assert cell["x"] == pytest.approx(22 * (1 - 0.36787944117144233))
    assert [one.name for one in found.draws] == ["normal_1"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"amplitude": "3"}, "amplitude: '3': the amplitude has unit 1 where nA is needed"),
        ({"amplitude": "i_inj"}, "unknown name 'i_inj'"),
        ({"amplitude": "level", "parameters": "level = 1 : mV"}, "the amplitude has unit mV"),
        ({"equations": "dx/dt = 1/ms : 1 (unless refractory)"}, "possible: none"),
        ({"amplitude": "xi*nA"}, "unknown name 'xi'; white noise can stand in the equation"),
    ],
)
def test_currents_are_checked_too(changes, message):
    with pytest.raises(EquationError, match=message):
        plan_current(CurrentModel(**{"name": "c", **changes}))
