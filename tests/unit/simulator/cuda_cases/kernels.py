"""Generated kernels and random numbers on CUDA, one population at a time.

Oracles: `simulator.reference`, which evaluates plans with NumPy in float64 and knows no generator;
closed forms.
"""

import numpy as np
import pytest

from simulator.build import constants, plan_of
from simulator.cuda.launch import Launch, cuda
from simulator.cuda.philox import words
from simulator.kernels import philox
from simulator.models import NeuronModel
from simulator.network import Network
from simulator.reference import Neurons
from simulator.statements import (
    Draw,
    NeuronPlan,
    Parameter,
    Receptor,
    State,
    Statement,
)
from tests.support.cuda_engines import engine_of, run

IZHIKEVICH = NeuronModel(
    name="izhikevich",
    parameters="""
        a = 0.02 : 1
        b = 0.2 : 1
        c = -65.0 : mV
        d = 2.0 : mV/ms
        drive = 10.0 : mV/ms
        sigma = 1.0 : mV/ms**0.5
    """,
    equations="""
        dv/dt = 0.04/ms/mV*v**2 + 5/ms*v + 140*mV/ms - u + drive + sigma*xi : mV
        du/dt = a*(b*v/ms - u)/ms : mV/ms
    """,
    initial="v = c; u = b*c/ms",
    threshold="v >= 30*mV",
    reset="v = c; u += d",
)
EXPRESSIONS = {
    "exp": "exp(x)", "log": "log(x)", "log10": "log10(x)", "sqrt": "sqrt(x)", "sin": "sin(x)",
    "cos": "cos(x)", "tan": "tan(x)", "sinh": "sinh(x)", "cosh": "cosh(x)", "tanh": "tanh(x)",
    "exprel": "exprel(x - 1.0)", "abs": "abs(x - 2.0)", "sign": "sign(x - 1.0)",
    "floor": "floor(3.0*x)", "ceil": "ceil(3.0*x)", "min": "min(x, 1.0, p)",
    "max": "max(x, 1.0, p)", "pow": "pow(x, p)", "square": "(x - 1.0)**2", "cube": "(x - 1)**3",
    "inverse": "(x + 1)**-3", "root": "x**0.5", "logic": "1.0 if x < 1 and not p > x else -x",
    "either": "x if 0.5 < x < 1.5 or x > 2.5 else p",
}  # fmt: skip


@cuda.jit
def draw_words(members, step, out):
    for k in range(cuda.grid(1), members.shape[0], cuda.gridsize(1)):
        four = words(members[k], step, 9, 3, np.uint64(0xFEDCBA9876543210))
        for place in range(4):
            out[k, place] = four[place]


def test_random_words_are_those_of_the_cpu():
    members = np.array([0, 1, 77, 2**31, 2**32 - 1], np.int64)
    on_device = cuda.to_device(np.zeros((members.size, 4), np.uint64))
    arguments = [cuda.to_device(members), 2**33 + 5, on_device]
    Launch("draw_words", draw_words, (1, 2), cuda.stream(), arguments)()
    cuda.synchronize()
    out = on_device.copy_to_host()
    counters = [np.full(members.size, c, np.uint64) for c in (5, 9, 3)]
    key = [np.uint64(word) for word in philox.key_of(0xFEDCBA9876543210)]
    assert np.array_equal(
        out, np.stack(philox.words(members.astype(np.uint64), *counters, *key), 1)
    )


def plan_of_expressions():
    """A state for each of the expressions, and x, which grows."""
    states = [State("x", "1"), *(State(f"of_{name}", "1") for name in EXPRESSIONS)]
    body = [Statement(f"of_{name}", text) for name, text in EXPRESSIONS.items()]
    return NeuronPlan(
        "expressions", (Parameter("p", 1.3, "1"),), tuple(states), (), (), (),
        (*body, Statement("x", "x + dt")), spikes=False,
    )  # fmt: skip


@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-14), ("float32", 1e-6)])
def test_every_function_of_the_language_gives_its_value(precision, tolerance):
    x = np.array([0.001, 0.4, 1.0, 1.4999, 2.0, 3.1])
    network = Network(dt_ms=0.125, device="cuda", precision=precision)
    neurons = network.add_neurons(plan_of_expressions(), x.size, initial={"x": x})
    network.run(2)
    reference = Neurons(
        plan_of_expressions(), x.size,
        {"p": 1.3, **dict.fromkeys([f"of_{n}" for n in EXPRESSIONS], 0.0), "x": x}, dt_ms=0.125,
    )  # fmt: skip
    reference.advance()
    reference.advance()
    for name in EXPRESSIONS:
        wanted = reference.values[f"of_{name}"]
        assert neurons.get(f"of_{name}") == pytest.approx(wanted, rel=tolerance, abs=tolerance), (
            name
        )


def test_izhikevich_neurons_with_noise_follow_their_equations():
    plan, n, steps = plan_of(IZHIKEVICH), 6, 120
    given = {p.name: p.default for p in plan.parameters}
    given["a"] = np.linspace(0.02, 0.1, n)
    network = Network(dt_ms=0.25, seed=2**40 + 3, device="cuda")
    neurons = network.add_neurons(IZHIKEVICH, n, {"a": given["a"]})
    v, spikes = network.record(neurons, "v"), network.record_spikes(neurons)
    start = {name: neurons.get(name) for name in ("v", "u")}
    network.run(steps)
    known = given | constants(plan, given, 0.25)
    stream = network.spec.groups[0].stream
    reference = Neurons(plan, n, known | start, dt_ms=0.25, seed=2**40 + 3, stream=stream)
    fired = [np.flatnonzero(reference.advance()) for _ in range(steps)]
    counts = [members.size for members in fired]
    assert sum(counts) > 10
    assert spikes.steps.tolist() == np.repeat(np.arange(1, steps + 1), counts).tolist()
    assert spikes.members.tolist() == np.concatenate(fired).tolist()
    assert v.values[-1] == pytest.approx(reference.values["v"], rel=1e-8)


@pytest.mark.parametrize("distribution", ["uniform", "normal"])
def test_draws_of_every_step_and_neuron_are_those_of_the_cpu(distribution):
    plan = NeuronPlan(
        "draws", (), (State("x", "1"), State("y", "1")), (),
        (Draw("first", distribution), Draw("second", distribution)), (),
        (Statement("x", "first"), Statement("y", "second")), spikes=False,
    )  # fmt: skip
    network = Network(dt_ms=1.0, seed=11, device="cuda")
    neurons = network.add_neurons(plan, 5)
    x, y = network.record(neurons, "x"), network.record(neurons, "y")
    network.run(9)
    for k, recording in enumerate((x, y)):
        for step in range(1, 10):
            wanted = philox.draws(
                distribution, np.arange(5), step, stream=network.spec.groups[0].stream, draw=k,
                seed=11,
            )  # fmt: skip
            assert recording.values[step] == pytest.approx(wanted, rel=1e-14)


def test_names_of_the_kernel_and_of_functions_are_free_for_models():
    states = tuple(State(name, "1") for name in ("real", "exp", "ring", "select", "cuda"))
    body = (Statement("exp", "exp(0.0) + ring"), Statement("select", "real if ring < 1 else 5.0"))
    plan = NeuronPlan("names", (), states, (), (), (Receptor("r", "k", "1"),), body, spikes=False)
    network = Network(device="cuda")
    neurons = network.add_neurons(plan, 2, initial={"real": 3.0, "ring": 0.5})
    network.run(1)
    assert neurons.get("exp").tolist() == [1.5, 1.5]
    assert neurons.get("select").tolist() == [3.0, 3.0]


def test_a_kernel_takes_as_many_threads_as_there_are_or_fewer():
    plan = NeuronPlan(
        "count", (), (State("x", "1"),), (), (), (), (Statement("x", "x + 1.0"),), spikes=False
    )
    network = Network(device="cuda")
    network.add_neurons(plan, 7)
    engine = engine_of(network)
    run(engine, 3)
    assert engine.read_state(0, "x").tolist() == [3.0] * 7


def test_substeps_are_done_as_often_as_the_model_says():
    model = NeuronModel(
        name="oscillator",
        parameters="rate = 0.8 : 1/ms",
        equations="dx/dt = rate*y*cos(y) : 1\n dy/dt = -rate*x : 1",
        initial="x = 1",
        method="rk4",
        substeps=3,
    )
    plan, n = plan_of(model), 4
    rates = np.linspace(0.2, 1.1, n)
    network = Network(dt_ms=0.5, device="cuda")
    neurons = network.add_neurons(model, n, {"rate": rates})
    start = {name: neurons.get(name) for name in ("x", "y")}
    network.run(20)
    given = {"rate": rates}
    reference = Neurons(plan, n, given | constants(plan, given, 0.5) | start, dt_ms=0.5)
    for _ in range(20):
        reference.advance()
    assert plan.substeps == 3
    assert neurons.get("x") == pytest.approx(reference.values["x"], rel=1e-11, abs=1e-12)
