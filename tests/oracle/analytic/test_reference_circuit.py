"""The reference circuit solves its equations, each term alone against a closed form.

Oracles: solutions by hand (docstring of each test) and the matrix exponential of the linear system.
Tolerances are those of Runge-Kutta at 1 ns, unless a reason is given.
"""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.linalg import expm

from tests.support.reference_circuit import (
    LINE_REST_V,
    NO_RAILS,
    Adaptation,
    Backend,
    Circuit,
    Exponential,
    Ota,
    Rails,
    SynapticInput,
    saturate,
    simulate,
)

C = 2.4e-12
OFF = Ota(0.0, 0.0)
TIGHT = {"rel": 1e-9, "abs": 1e-12}
GRID = np.arange(0, 40_001, 500)
SECONDS = GRID * 1e-9


def circuit(**terms):
    """A capacitor without anything but `terms`."""
    return Circuit(**({"leak": OFF, "reset": OFF, "capacitance": C, "rails": NO_RAILS} | terms))


def test_a_linear_leak_is_an_exponential():
    leak = Ota(0.5, 2.4e-7)
    v = simulate(circuit(leak=leak, offset_current=1.2e-8), GRID, start=(0.2, 0.0)).v
    final = 0.5 + 1.2e-8 / 2.4e-7
    # V_lin is 1000 V, so the cubic term is a relative 1e-8.
    assert v == pytest.approx(final - (final - 0.2) * np.exp(-SECONDS / 10e-6), rel=1e-7)


def test_a_saturating_leak_follows_the_bernoulli_equation():
    """du/dt = -(u - 4/27 u^3) / tau has 1/u^2 = 4/27 + (1/u_0^2 - 4/27) exp(2 t / tau)."""
    v = simulate(circuit(leak=Ota(0.5, 2.4e-7, 0.35)), GRID, start=(0.1, 0.0)).v
    u_0 = 0.4 / 0.35
    u = 1 / np.sqrt(4 / 27 + (1 / u_0**2 - 4 / 27) * np.exp(2 * SECONDS / 10e-6))
    assert v == pytest.approx(0.5 - 0.35 * u, **TIGHT)


def test_a_leak_far_away_slews_at_its_limit():
    v = simulate(circuit(leak=Ota(0.0, 2.4e-7, 0.05)), [0, 1000], start=(0.9, 0.0)).v
    assert v[1] == pytest.approx(0.9 - 2.4e-7 * 0.05 / C * 1e-6, **TIGHT)


@pytest.mark.parametrize(("u", "expected"), [(0.75, 0.6875), (1.5, 1.0), (2.0, 1.0), (-9.0, -1.0)])
def test_saturation_is_the_clipped_cubic(u, expected):
    assert saturate(u) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(("line", "sign"), [("exc", 1), ("inh", -1)])
def test_a_psp_is_a_difference_of_exponentials(line, sign):
    """Linear amplifier: V = I/C tau_m tau_s / (tau_m - tau_s) (exp(-t/tau_m) - exp(-t/tau_s))."""
    tau_m, tau_s, at = 10e-6, 4e-6, 5_000
    source = SynapticInput(i_max=1e-3, tau=tau_s, v_lin=1000.0)
    event = (at, 0.01, 0.0) if line == "exc" else (at, 0.0, 0.01)
    v = simulate(circuit(leak=Ota(0.5, C / tau_m), **{line: source}), GRID, events=[event]).v
    t = np.maximum(SECONDS - at * 1e-9, 0.0)
    slope = 1e-3 * 0.01 / 1000.0 / C
    psp = slope * tau_m * tau_s / (tau_m - tau_s) * (np.exp(-t / tau_m) - np.exp(-t / tau_s))
    assert v == pytest.approx(0.5 + sign * psp, abs=1e-9)


def test_lines_decay_and_stop_at_their_supply():
    source = SynapticInput(tau=8e-6)
    r = simulate(circuit(exc=source), [0, 1000, 9000, 9001], events=[(1000, 5.0, 0.1)])
    assert r.exc == pytest.approx(
        [0, 0, LINE_REST_V / math.e, LINE_REST_V * math.exp(-8001 / 8000)]
    )
    assert r.inh[2] == pytest.approx(0.1 * math.exp(-8 / 10))


@pytest.mark.parametrize(("line", "sign"), [("exc", 1), ("inh", -1)])
def test_a_conductance_based_input_relaxes_to_where_its_modulation_ends(line, sign):
    """Constant drop: dV/dt = k sign (1 + sign c (V_c - V)), so V -> V_c + sign / c, tau 1 / k c."""
    source = SynapticInput(1e-7, 0.0, math.inf, 0.07, coba=2.0, v_coba=0.4)
    drops = (0, 0.2, 0.0) if line == "exc" else (0, 0.0, 0.2)
    v = simulate(circuit(**{line: source}), GRID, events=[drops], start=(0.5, 0.0)).v
    final, rate = 0.4 + sign / 2.0, 2.0 * 1e-7 / C
    assert v == pytest.approx(final + (0.5 - final) * np.exp(-rate * SECONDS), **TIGHT)


def test_modulation_never_turns_a_current_round():
    source = SynapticInput(1e-7, 0.02, math.inf, 0.07, coba=4.0, v_coba=0.3)
    v = simulate(circuit(exc=source), [0, 5000], start=(0.6, 0.0)).v
    assert v[1] == 0.6


def test_currents_fade_towards_the_rails_and_stop_there():
    """With the drop constant, dV/dt = k (V_supply - V) / headroom."""
    source = SynapticInput(1e-7, 0.2, math.inf)
    rails = Rails(0.0, 1.2, 0.85, 0.3)
    v = simulate(circuit(exc=source, rails=rails), GRID, start=(0.5, 0.0)).v
    assert v == pytest.approx(1.2 - 0.7 * np.exp(-1e-7 / C / 0.85 * SECONDS), **TIGHT)
    v = simulate(circuit(inh=source, rails=rails), GRID, start=(0.25, 0.0)).v
    assert v == pytest.approx(0.25 * np.exp(-1e-7 / C / 0.3 * SECONDS), **TIGHT)
    for current, rail in ((1e-6, 1.2), (-1e-6, 0.0)):
        pushed = circuit(offset_current=current, rails=rails)
        assert simulate(pushed, [0, 9000], start=(0.5, 0.0)).v[1] == rail


def test_an_exponential_current_alone_escapes_in_finite_time():
    """V = V_T - delta ln(exp(-(V_0 - V_T) / delta) - I_s t / (C delta)), up to its limit."""
    i_s, v_t, delta = 1e-9, 0.5, 0.03
    v_0 = 0.45
    escape = math.exp((v_t - v_0) / delta) * C * delta / i_s
    grid = np.arange(0, int(0.99 * escape * 1e9), 1000)
    v = simulate(circuit(exponential=Exponential(i_s, v_t, delta)), grid, start=(v_0, 0.0)).v
    exact = v_t - delta * np.log(np.exp((v_t - v_0) / delta) - i_s / (C * delta) * grid * 1e-9)
    assert v == pytest.approx(exact, abs=1e-8)


def test_the_exponential_current_is_limited():
    term = Exponential(1e-9, 0.5, 0.03, 1e-7)
    v = simulate(circuit(exponential=term), [0, 1000], start=(0.7, 0.0)).v
    assert v[1] - v[0] == pytest.approx(1e-7 / C * 1e-6, **TIGHT)


ADAPTATION = Adaptation(
    capacitance=2.2e-12, g_w=6e-8, v_ref=0.5, g_tau=2e-8, g_a=1.5e-8, v_leak=0.45, i_b=1.6e-7
)


@pytest.mark.parametrize("sign", [1, -1])
def test_membrane_and_adaptation_are_a_linear_system(sign):
    """The matrix exponential solves it; an inverted a only turns a sign round."""
    term = ADAPTATION._replace(g_a=sign * ADAPTATION.g_a)
    grid = np.arange(0, 200_001, 20_000)
    r = simulate(circuit(leak=Ota(0.45, 1e-7), adaptation=term), grid, start=(0.6, 0.52))
    matrix = np.array([[-1e-7 / C, -6e-8 / C], [sign * 1.5e-8 / 2.2e-12, -2e-8 / 2.2e-12]])
    exact = np.array([expm(matrix * t * 1e-9) @ [0.15, 0.02] for t in grid])
    assert r.v == pytest.approx(0.45 + exact[:, 0], abs=1e-7)
    assert r.w == pytest.approx(0.5 + exact[:, 1], abs=1e-7)


def climbing(**changes):
    """Fires by a constant current: 10 mV/us, threshold 0.6 V, reset at once and linear."""
    backend = Backend(0.6, 16, 160, 16)._replace(**changes)
    reset = Ota(0.3, C / 0.1e-6)
    return circuit(offset_current=1e-2 * C * 1e6, reset=reset, backend=backend)


def test_a_spike_charges_the_adaptation_by_its_pulse():
    """w rises by I_b / g_tau (1 - exp(-T / tau)) while the pulse lasts, then decays."""
    term = ADAPTATION._replace(g_w=0.0, g_a=0.0, pulse_ticks=256)
    c = climbing()
    charged = Circuit(**(vars(c) | {"adaptation": term}))
    first = 10_048  # 0.1 V at 10 mV/us, then the next edge of 64 ns
    r = simulate(charged, [first, first + 1024, first + 5000], start=(0.5, 0.5))
    assert r.spike_ticks[0] * 4 == first
    step = 1.6e-7 / 2e-8 * (1 - math.exp(-1.024e-6 / 110e-6))
    assert r.w - 0.5 == pytest.approx([0, step, step * math.exp(-3.976e-6 / 110e-6)], abs=1e-8)


def test_spikes_come_at_clock_edges_and_the_membrane_relaxes_between():
    """Climb, crossing, next edge of 64 ns, reset until 64 ns before the end, climb again.

    During the reset V tends to 0.3 V + I tau / C; all times by hand from that, in ns.
    """
    r = simulate(climbing(), np.arange(0, 100_001, 4), start=(0.5, 0.0))
    spike = math.ceil(10_000 / 64) * 64
    expected = []
    while spike <= 100_000:
        expected.append(spike)
        peak = r.v[spike // 4]
        low = 0.301 + (peak - 0.301) * math.exp(-(640 - 64) / 100)
        crossing = spike + 640 - 64 + (0.6 - low) * 1e5
        spike = math.ceil(crossing / 64) * 64
    assert list(r.spike_ticks * 4) == expected
    assert len(expected) == 3
    # V climbs on to the edge: 48 ns of 10 mV/us past the crossing at 10 us.
    assert r.v[expected[0] // 4] == pytest.approx(0.6 + 48e-9 * 1e4, abs=1e-9)


@pytest.mark.parametrize("first_tick", [0, 1, 5, 15])
def test_clock_edges_count_from_power_on(first_tick):
    r = simulate(climbing(), [0, 12_000], start=(0.5, 0.0), first_tick=first_tick)
    assert r.spike_ticks[0] == math.ceil((first_tick + 2500) / 16) * 16


def test_a_membrane_above_threshold_does_not_fire_again_before_it_was_below():
    """The reset is too weak to get below 0.6 V; inhibition does it later, then V climbs again."""
    c = circuit(
        offset_current=1e-2 * C * 1e6,
        backend=Backend(0.6, 16, 160, 16),
        inh=SynapticInput(1e-6, 0.0, 1e-6),
    )
    r = simulate(c, np.arange(0, 100_001, 4), start=(0.5, 0.0), events=[(30_000, 0.0, 0.2)])
    assert r.spike_ticks.size == 2
    assert r.v[29_000 // 4] > 0.6
    below = np.flatnonzero(r.v < 0.6)
    assert r.spike_ticks[1] > below[-1] > 30_000 // 4


@pytest.mark.parametrize(("crossing_ns", "seen_ns"), [(10_238, 10_240), (10_242, 10_304)])
def test_a_crossing_in_the_last_tick_before_an_edge_is_seen_at_that_edge(crossing_ns, seen_ns):
    start = 0.6 - crossing_ns * 1e-5
    spikes = simulate(climbing(), [0, 12_000], start=(start, 0.0)).spike_ticks
    assert spikes[0] * 4 == seen_ns


@pytest.mark.parametrize("start", [0.55, 0.65])
def test_a_membrane_that_climbs_again_within_the_refractory_period_is_not_seen(start):
    """Released at 0.56 V after 0.4 us, above 0.6 V some 4 us later, refractory for 16 us.

    Whether it started below threshold or had to sink there first makes no difference.
    """
    c = climbing(refractory_ticks=4000, hold_ticks=3900)
    reset = Ota(0.56, C / 0.05e-6)
    currents = [(0, -c.offset_current), (10_000, c.offset_current)]
    r = simulate(
        Circuit(**(vars(c) | {"reset": reset})), [0, 60_000], currents=currents, start=(start, 0.0)
    )
    assert r.spike_ticks.size == 1


def test_refractory_period_bounds_the_rate():
    c = climbing(refractory_ticks=4000, hold_ticks=16)
    spikes = simulate(c, [0, 200_000], start=(0.5, 0.0)).spike_ticks
    assert np.all(np.diff(spikes) > 4000)
    assert np.all(spikes % 16 == 0)


def test_a_pause_takes_inputs_and_exponential_from_the_reset():
    """Without reset current and with pause V moves by the offset current alone: 10 mV/us."""
    c = climbing(pause=True, refractory_ticks=1616)
    paused = Circuit(
        **(
            vars(c)
            | {
                "reset": OFF,
                "exponential": Exponential(1e-9, 0.5, 0.05),
                "exc": SynapticInput(1e-7, 0.05, math.inf),
            }
        )
    )
    r = simulate(paused, np.arange(0, 20_001, 4), start=(0.55, 0.0))
    spike = r.spike_ticks[0]
    assert np.diff(r.v[spike : spike + 1600]) == pytest.approx(4e-9 * 1e4, rel=1e-6)
    assert r.v[spike + 1610] - r.v[spike + 1606] > 4 * 16e-9 * 1e4


def test_a_current_switches_at_its_time():
    r = simulate(circuit(), [0, 1000, 3000, 5000], currents=[(1000, 2.4e-8), (3000, 0.0)])
    assert r.v == pytest.approx([0, 0, 0.02, 0.02], abs=1e-12)


def test_halving_the_step_changes_nothing():
    """Everything at once: the trace of 2 ns lies on that of 1 ns but for where a spike falls."""
    c = Circuit(
        leak=Ota(0.54, 1.05e-7, 0.35),
        reset=Ota(0.3, 4.9e-6, 0.35),
        capacitance=2.46e-12,
        offset_current=2.5e-8,
        exc=SynapticInput(2.5e-7, 0.001, 5e-6, 0.07, 1.0, 0.4),
        exponential=Exponential(2e-10, 0.6, 0.02),
        adaptation=ADAPTATION._replace(v_lin_w=0.35, v_lin_a=0.35, pulse_ticks=256),
        backend=Backend(0.99, 16, 480, 16, True),
    )
    events = [(t, 0.004, 0.0) for t in range(2000, 100_000, 7000)]
    fine, coarse = (simulate(c, np.arange(0, 200_001, 4), events=events, step_ns=h) for h in (1, 2))
    assert fine.spike_ticks.size > 3
    assert list(fine.spike_ticks) == list(coarse.spike_ticks)
    assert np.abs(fine.v - coarse.v).max() < 1e-6
    assert np.abs(fine.w - coarse.w).max() < 1e-8


@pytest.mark.parametrize("times", [[0, 3], [4, 0], [-4, 0]])
def test_times_off_the_step_are_refused(times):
    with pytest.raises(ValueError, match="multiples of 4 ns"):
        simulate(circuit(), times, step_ns=4)


def test_other_steps_are_refused():
    with pytest.raises(ValueError, match="1, 2 or 4 ns"):
        simulate(circuit(), [0, 8], step_ns=8)


def test_grid_is_sampled_where_it_says():
    grid = [0, 7, 8, 1000]
    v = simulate(circuit(offset_current=2.4e-9), grid).v
    assert v == pytest.approx([1e3 * t * 1e-9 for t in grid], abs=1e-12)
    assert all(a < b for a, b in pairwise(v))
