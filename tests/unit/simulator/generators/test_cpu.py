"""Kernels generated for the CPU.

Oracle: `simulator.reference`, which walks the same plan with NumPy.  In float64 they differ by
rounding of functions; float32 is compared over a short time, before rounding grows.
"""

import re
from dataclasses import replace

import numpy as np
import pytest
from numba import cfunc

from simulator import build, tables
from simulator.generators import cpu
from simulator.reference import Currents, Neurons
from simulator.statements import Statement
from tests.support.simulator_plans import (
    ADEX,
    ALL_NEURONS,
    HODGKIN_HUXLEY,
    LIF,
    NOISE,
    NOISY,
    RING,
    Group,
    values_of,
)

DT_MS = {HODGKIN_HUXLEY: 0.02}


def name(plan):
    return plan.name


def some_values(plan, n, rng):
    """Values of which some parameters vary between neurons, so that many fire in 40 steps."""
    changed = {}
    if plan is NOISY:
        changed = {"a": rng.uniform(0.02, 0.1, n), "lane": rng.uniform(-50, -40, n)}
    elif plan is LIF:
        changed = {"i_offset": rng.uniform(0, 20, n), "tau_refrac": rng.uniform(0.1, 2, n)}
    else:
        changed = {"i_offset": rng.uniform(0, 20, n)}
    return values_of(plan, DT_MS.get(plan, 0.1), **changed)


def both_run(plan, n, n_steps, **options):
    """A kernel and the reference with random input: both groups and both spikes after each step."""
    rng = np.random.default_rng(7)
    values, dt_ms = some_values(plan, n, rng), DT_MS.get(plan, 0.1)
    group = Group(plan, n, values, dt_ms=dt_ms, seed=2**63 + 11, stream=3, **options)
    reference = Neurons(plan, n, values, dt_ms=dt_ms, seed=2**63 + 11, stream=3)
    for step in range(1, n_steps + 1):
        weights = {}
        for receptor, ring in zip(plan.receptors, group.inputs, strict=True):
            weights[receptor.name] = rng.integers(0, 3, n) / 4  # exact in float32
            ring.values[step & (RING - 1), :n] = weights[receptor.name]
        current = rng.integers(0, 4, n) / 8
        group.current[:n] = current
        fired = reference.advance(weights, current)
        yield group, reference, group.advance(step), np.flatnonzero(fired).tolist()


@pytest.mark.parametrize("plan", ALL_NEURONS, ids=name)
@pytest.mark.parametrize(
    ("precision", "n_steps", "tolerance"), [("float64", 200, 1e-9), ("float32", 10, 2e-4)]
)
def test_a_kernel_does_what_its_plan_says(plan, precision, n_steps, tolerance):
    steps = list(both_run(plan, 53, n_steps, precision=precision))
    assert [got for *_, got, _ in steps] == [expected for *_, expected in steps]
    assert sum(len(got) for *_, got, _ in steps) > 20 or precision == "float32"
    group, reference, *_ = steps[-1]
    for state in plan.states:
        value = reference.values[state.name]
        np.testing.assert_allclose(
            group.get(state.name), value, rtol=tolerance, atol=tolerance, err_msg=state.name
        )


@pytest.mark.parametrize("plan", ALL_NEURONS, ids=name)
def test_results_do_not_depend_on_the_partition(plan):
    whole = list(both_run(plan, 100, 30))
    parts = list(both_run(plan, 100, 30, partition=(0, 1, 1, 4, 7)))
    assert [got for _, _, got, _ in whole] == [got for _, _, got, _ in parts]
    assert whole[-1][0].lanes.tobytes() == parts[-1][0].lanes.tobytes()


def test_input_is_cleared_where_it_was_read_and_only_there():
    group = Group(LIF, 20, values_of(LIF, 0.1))
    group.inputs[0].values[:] = 2
    group.current[:] = 3
    group.advance(5)
    assert group.inputs[0].values[5].tolist() == [0] * 32
    assert (np.delete(group.inputs[0].values, 5, axis=0) == 2).all()
    assert (group.current == 3).all()


@pytest.mark.parametrize("n", [1, 15, 16, 17])
def test_lanes_beyond_the_last_neuron_never_fire(n):
    group = Group(LIF, n, values_of(LIF, 0.1) | {"v_thresh": -1000.0})
    group.lanes[:] = np.nan
    group.lanes[:, 2] = 0
    group.lanes[:, 0] = 100
    group.lanes[:, 1] = 0
    assert group.advance(1) == list(range(n))


def test_a_silent_model_writes_no_spikes():
    plan = replace(NOISY, spikes=False)
    group = Group(plan, 20, values_of(plan, 0.1) | {"lane": -1000.0})
    group.advance(1)
    assert (group.ring.ids == -1).all() and (group.ring.counts == 0).all()


def test_truth_values_and_numbers_may_stand_for_themselves():
    body = [Statement("armed", "True"), Statement("v", "v + 1 if armed else 0")]
    plan = replace(LIF, body=(*body, Statement("i_syn", "2"), Statement("spike", "armed")))
    for precision in ("float32", "float64"):
        group = Group(plan, 3, values_of(plan, 0.1), precision=precision)
        assert group.advance(1) == [0, 1, 2]
        assert group.get("v").tolist() == [-64] * 3 and group.get("i_syn").tolist() == [2] * 3


def test_an_empty_group_does_nothing():
    assert Group(LIF, 0, values_of(LIF, 0.1)).advance(1) == []


def test_draws_do_not_depend_on_when_a_run_begins():
    """A new table (another run) in the middle of four steps that share their random words."""
    groups = [Group(NOISY, 40, values_of(NOISY, 0.1)) for _ in range(2)]
    for step in range(1, 12):
        if step in (3, 6, 9):
            groups[1].restart()
        fired = [group.advance(step) for group in groups]
        assert fired[0] == fired[1]
    assert groups[0].lanes.tobytes() == groups[1].lanes.tobytes()


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_time_is_the_beginning_of_the_step_and_exact(precision):
    plan = replace(LIF, body=(Statement("v", "t"),), receptors=())
    group = Group(plan, 3, values_of(plan, 0.1), precision=precision)
    group.advance(12_345_678)
    assert group.get("v").tolist() == [np.dtype(precision).type(12_345_677 * 0.1)] * 3


def optimised(source):
    """What LLVM makes of a generated module."""
    space = {}
    exec(compile(source, "generated", "exec"), space)
    code = cfunc("void(int64,int64,int64)", error_model="numpy", _nrt=False)(space["kernel"])
    return code._library.get_llvm_str()


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("plan", ALL_NEURONS, ids=name)
def test_the_loop_over_lanes_becomes_vectors(plan, precision):
    numbers = {x.name for x in plan.parameters}
    text = optimised(cpu.neuron_source(plan, numbers & {"i_offset", "a"}, precision))
    kind = {"float32": "float", "float64": "double"}[precision]
    operations = re.findall(r"= f(?:add|sub|mul|div) (<\d+ x )?(\w+)", text)
    packed = [number for vector, number in operations if vector]
    scalar = [number for vector, number in operations if not vector]
    assert packed.count(kind) >= 8
    assert len(scalar) <= (60 if plan is NOISY else 4)  # before the loop: the sine of the time


def test_a_float32_kernel_computes_in_float32():
    text = optimised(cpu.neuron_source(ADEX, {"i_offset"}, "float32"))
    assert "double" not in text


@pytest.mark.parametrize("quantity", ["i_total", "power_density", "is_high"])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_an_algebraic_quantity_is_that_of_the_reference(quantity, precision):
    rng, n = np.random.default_rng(3), 40
    values = values_of(LIF, 0.1, i_offset=rng.integers(0, 9, n) / 8)
    group, reference = (
        Group(LIF, n, values, precision=precision),
        Neurons(LIF, n, values, dt_ms=0.1),
    )
    group.current[:n] = current = rng.integers(0, 9, n) / 8
    kernel = build.algebraic_kernel(LIF, quantity, group.varying, precision)
    neurons, out = np.array([0, 3, 17, 31, 39]), np.full((3, 6), np.nan)
    table, keep = tables.algebraic_table(
        neurons=neurons, split=np.array([0, 3, 5]), lanes=group.lanes, shared=group.shared, out=out,
        current=group.current, every=4, offset=2, stride=6, dt_ms=0.1,
    )  # fmt: skip
    for step in range(1, 9):
        group.advance(step)
        reference.advance({}, current)
        for thread in (0, 1):
            kernel.keep.ctypes(table.ctypes.data, step, thread)
        if step in (2, 6):
            expected = reference.algebraic(quantity, current)[neurons]
            np.testing.assert_allclose(out[(step - 2) // 4, :5], expected, rtol=1e-6)
    assert np.isnan(out[2]).all() and np.isnan(out[:, 5]).all()
    assert (kernel.fields, kernel.shared) == (group.kernel.fields, group.kernel.shared)
    assert len(keep) == 6


def currents(plan, values, targets, split, *, n=40, seed=4, stream=1, precision="float64"):
    """A current source, ready to run: kernel, table, arrays and what keeps them."""
    varying = {x.name for x in (*plan.parameters, *plan.constants) if np.ndim(values[x.name])}
    kernel = build.current_kernel(plan, varying, precision)
    size = tables.n_columns(plan, len(targets), len(split) - 1)
    columns = np.array([np.broadcast_to(values[f], size) for f in kernel.fields], precision)
    shared = np.array([{**values, "dt": 0.1}[name] for name in kernel.shared], precision)
    current, trace = np.zeros(n, precision), np.zeros(size, precision)
    table, keep = tables.current_table(
        plan, targets=targets, split=split, columns=columns, shared=shared, current=current,
        trace=trace, seed=seed, stream=stream, dt_ms=0.1,
    )  # fmt: skip
    return kernel, table, current, trace, columns, keep


@pytest.mark.parametrize("split", [(0, 4), (0, 0, 1, 4)])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_current_flows_into_its_targets(split, precision):
    values, targets = values_of(NOISE, 0.1), np.array([0, 2, 33, 39])
    kernel, table, current, trace, *keep = currents(
        NOISE, values, targets, np.array(split), precision=precision
    )
    reference = Currents(NOISE, 1, values, dt_ms=0.1, seed=4, stream=1)
    for step in range(1, 31):
        for thread in range(len(split) - 1):
            kernel.keep.ctypes(table.ctypes.data, step, thread)
        (amplitude,) = reference.advance()
        expected = np.zeros(40)
        expected[targets] = amplitude
        np.testing.assert_allclose(
            current, expected, rtol=1e-4 if precision == "float32" else 1e-12
        )
        assert trace[0] == current[0]
        current[:] = 0
    assert keep[0][1].reshape(-1, 16)[:, 0].tolist() == [30] * (len(split) - 1)


@pytest.mark.parametrize("split", [(0, 37), (0, 5, 5, 37)])
def test_each_target_has_a_source_of_its_own_if_the_plan_says_so(split):
    plan = replace(NOISE, per_target=True)
    n = 37
    rng = np.random.default_rng(5)
    values = values_of(plan, 0.1, mean=rng.uniform(-0.1, 1, n), tau=rng.uniform(1, 5, n))
    targets = np.sort(rng.permutation(40)[:n])
    kernel, table, current, trace, columns, _ = currents(plan, values, targets, np.array(split))
    reference = Currents(plan, n, values, dt_ms=0.1, seed=4, stream=1)
    for step in range(1, 31):
        current[:] = 1
        for thread in range(len(split) - 1):
            kernel.keep.ctypes(table.ctypes.data, step, thread)
        amplitude = reference.advance()
        np.testing.assert_allclose(current[targets], 1 + amplitude, rtol=1e-12)
        np.testing.assert_allclose(trace, amplitude, rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(columns[0], reference.values["x"], rtol=1e-11)


def test_a_loop_over_targets_becomes_vectors():
    plan = replace(NOISE, per_target=True)
    assert "fmul <" in optimised(cpu.current_source(plan, {"mean", "decay", "kick"}, "float64"))


def test_constants_follow_from_parameters():
    values = values_of(LIF, 0.1, tau_m=np.array([10.0, 20.0]))
    assert values["decay"].tolist() == [np.exp(-0.01), np.exp(-0.005)]
    assert values["refractory_steps"] == 20
