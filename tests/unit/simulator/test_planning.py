"""Whole plans, run statement by statement, against what NEST's documentation and papers say.

Oracles: the propagators of Rotter & Diesmann (1999), closed-form membrane traces, NEST's order of
a step (integrate, add inputs, threshold, reset), and scipy's integrators at tight tolerance.
"""

import math

import pytest

from simulator.planning import plan_current, plan_neuron, plan_synapse
from simulator.statements import Statement
from tests.support.models import (
    DC,
    IF_COND_EXP,
    IF_CURR_DELTA,
    IF_CURR_EXP,
    STATIC,
    STDP,
    izhikevich,
)
from tests.support.plans import Cell, constants_of, run

DT = 0.1


def test_exponential_currents_follow_the_published_propagators():
    cell = Cell(plan_neuron(IF_CURR_EXP), DT, tau_syn_E=2.0, tau_syn_I=8.0, cm=0.25, i_offset=0.1)
    v, i_exc, i_inh = -65.0, 0.0, 0.0
    p22, p11e, p11i = math.exp(-DT / 20), math.exp(-DT / 2), math.exp(-DT / 8)
    p21e = (p22 - p11e) / 0.25 / (1 / 2 - 1 / 20)
    p21i = (p22 - p11i) / 0.25 / (1 / 8 - 1 / 20)
    for step in range(200):
        cell.step(excitatory=0.2 * (step == 3), inhibitory=-0.5 * (step == 50))
        v = -65 + (v + 65) * p22 + p21e * i_exc + p21i * i_inh + 0.1 * 20 / 0.25 * (1 - p22)
        i_exc = p11e * i_exc + 0.2 * (step == 3)
        i_inh = p11i * i_inh - 0.5 * (step == 50)
        assert cell["v"] == pytest.approx(v, rel=1e-13)
        assert cell["i_exc"] == pytest.approx(i_exc, rel=1e-13)


def test_a_spike_is_followed_by_21_samples_at_reset_and_an_interval_of_two_milliseconds():
    cell = Cell(plan_neuron(IF_CURR_EXP), DT, i_offset=1.0)
    spikes, at_reset = [], []
    for step in range(1, 700):
        if cell.step():
            spikes.append(step)
        if cell["v"] == -65.0:
            at_reset.append(step)
    # v reaches -50 at 20 ln 4 = 27.7259 ms; NEST on a grid and NEURON say 27.8
    assert spikes == [278, 278 + 20 + 278]
    assert at_reset[:21] == list(range(278, 299))
    assert 299 not in at_reset


def test_an_arriving_weight_steps_the_membrane_unless_it_is_refractory():
    cell = Cell(plan_neuron(IF_CURR_DELTA), DT)
    cell.step(excitatory=3.5, inhibitory=-1.0)
    assert cell["v"] == pytest.approx(-62.5, abs=1e-12)
    assert cell.step(excitatory=40.0)
    cell.step(excitatory=3.5)
    assert cell["v"] == -65.0


def test_conductances_decay_exactly_beside_runge_kutta():
    cell = Cell(plan_neuron(IF_COND_EXP), DT)
    cell.step(excitatory=0.002)
    for _ in range(100):
        cell.step()
    assert cell["g_exc"] == pytest.approx(0.002 * math.exp(-2.0), rel=1e-13)
    assert cell["v"] > -65.0


def test_euler_uses_values_at_the_beginning_of_the_step_for_all_slopes():
    cell = Cell(plan_neuron(izhikevich(method="euler")), DT)
    cell.step(i_inj=0.01)
    v, u = -70.0, -14.0
    assert cell["v"] == pytest.approx(v + DT * (0.04 * v * v + 5 * v + 140 - u + 10), rel=1e-14)
    assert cell["u"] == pytest.approx(u + DT * 0.02 * (0.2 * v - u), rel=1e-14)


def test_a_static_synapse_is_recognised_and_touches_nothing():
    plan = plan_synapse(STATIC)
    assert plan.is_static
    assert plan.on_both == (Statement("output", "weight"),)
    assert [one.name for one in plan.states] == ["weight"]


def test_pairs_at_the_same_time_count_neither_way():
    plan = plan_synapse(STDP)
    names = constants_of(plan, DT) | {"weight": 0.5, "r": 0.0, "o": 0.0}
    names["o_before"] = names["o"]
    run(plan.on_post, names)
    run(plan.on_both, names)
    assert names["output"] == names["weight"] == 0.5
    assert names["r"] == names["o"] == 1.0


def test_a_current_has_the_value_of_the_beginning_of_the_step():
    source = Cell(plan_current(DC), DT)
    amplitudes = []
    for _ in range(300):
        source.step()
        amplitudes.append(source["amplitude"])
    assert amplitudes == [0.0] * 100 + [1.0] * 100 + [0.0] * 100
