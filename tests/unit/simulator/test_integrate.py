"""What statements for one step do, by method.

Oracles: scipy.linalg.expm and closed forms for linear systems, scipy.integrate.solve_ivp at tight
tolerance for others, orders of convergence, and moments of the Ornstein-Uhlenbeck process.
"""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from simulator.errors import EquationError
from simulator.models import CurrentModel, NeuronModel
from simulator.planning import plan_current, plan_neuron
from tests.support.models import ADEX, HODGKIN_HUXLEY, IF_COND_EXP, IF_CURR_ALPHA, IF_CURR_EXP
from tests.support.plans import Cell


def free(equations, parameters="", **options):
    """A cell without units and spikes."""
    model = NeuronModel("m", parameters, equations, check_units=False, **options)
    return plan_neuron(model)


def after(plan, dt, n, names, **values):
    """States of a plan after n steps."""
    cell = Cell(plan, dt, **values)
    for _ in range(n):
        cell.step()
    return np.array([cell[name] for name in names])


sparse_matrices = st.integers(1, 5).flatmap(
    lambda side: st.tuples(
        arrays(np.float64, (side, side), elements=st.sampled_from([0, 0, 0, -1, -1, 0.5, -2.5])),
        arrays(np.float64, side, elements=st.sampled_from([0.0, 1.0, -0.3])),
    )
)


@settings(max_examples=60, deadline=None)
@given(sparse_matrices)
@example((np.array([[-1.0, 1, 0], [0, -1, 1], [0, 0, -1]]), np.zeros(3)))
def test_any_linear_system_is_solved_as_by_the_matrix_exponential(system):
    matrix, drive = system
    side = len(drive)
    lines = [
        f"dx{i}/dt = {' + '.join(f'a{i}{j}*x{j}' for j in range(side) if matrix[i, j])} + b{i}"
        for i in range(side)
    ]
    parameters = [f"a{i}{j} = {matrix[i, j]}" for i in range(side) for j in range(side)]
    parameters += [f"b{i} = {drive[i]}" for i in range(side)]
    initial = "; ".join(f"x{i} = {i + 1}" for i in range(side))
    plan = free(
        "\n".join(line.replace("=  +", "=") for line in lines),
        "\n".join(parameters),
        initial=initial,
        method="exact",
    )
    whole = np.zeros((side + 1, side + 1))
    whole[:side, :side], whole[:side, side] = matrix, drive
    expected = expm(whole * 1.5) @ np.append(np.arange(side) + 1.0, 1.0)
    found = after(plan, 0.5, 3, [f"x{i}" for i in range(side)])
    assert found == pytest.approx(expected[:side], rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("tau_syn", [5.0, 20.0, 20.0 * (1 + 1e-9), 20.0001, 0.01, 1e4])
@pytest.mark.parametrize("model", [IF_CURR_EXP, IF_CURR_ALPHA])
def test_synaptic_time_constants_near_that_of_the_membrane_are_not_special(model, tau_syn):
    cell = Cell(plan_neuron(model), 0.1, tau_syn_E=tau_syn, v_thresh=1e9)
    cell.step(excitatory=1.0)
    for _ in range(300):
        cell.step()
    alpha = model is IF_CURR_ALPHA

    def slope(t, y):
        current = np.e * t / tau_syn * np.exp(-t / tau_syn) if alpha else np.exp(-t / tau_syn)
        return -y / 20.0 + current

    solved = solve_ivp(slope, (0, 30), [0.0], rtol=1e-12, atol=1e-14, method="DOP853", max_step=1)
    assert cell["v"] + 65.0 == pytest.approx(solved.y[0, -1], rel=1e-9, abs=1e-11)


def test_an_alpha_current_matches_nests_closed_form():
    # iaf_psc_alpha: P31 and P32 for tau_m != tau_syn
    tau, tau_m, h, n = 2.0, 20.0, 0.1, 50
    cell = Cell(plan_neuron(IF_CURR_ALPHA), h, tau_syn_E=tau)
    cell.step(excitatory=0.3)
    for _ in range(n):
        cell.step()
    beta, t = tau * tau_m / (tau_m - tau), n * h
    e_m, e_s = np.exp(-t / tau_m), np.exp(-t / tau)
    expected = 0.3 * np.e / tau * (beta * (beta * (e_m - e_s) - t * e_s))
    assert cell["v"] + 65.0 == pytest.approx(expected, rel=1e-11)


def test_what_rests_is_held_and_what_follows_it_sees_it_held():
    # v rests for 3 ms after each spike; w is driven by v exactly, whether v rests or not
    model = NeuronModel(
        "m",
        "tau = 10; v_reset = -2",
        """
        dv/dt = (1 - v - w)/tau (unless refractory)
        dw/dt = (v - w)/5
        """,
        initial="v = 0.99",
        threshold="v > 0.98",
        reset="v = v_reset; w += 0.5",
        refractory="3",
        method="exact",
        check_units=False,
    )
    cell = Cell(plan_neuron(model), 0.5)
    assert cell.step()
    w = cell["w"]
    for step in range(1, 7):
        assert not cell.step()
        assert cell["v"] == -2.0
        assert cell["w"] == pytest.approx(-2 + (w + 2) * np.exp(-0.1 * step), rel=1e-12)
    w = cell["w"]
    cell.step()
    matrix = np.array([[-0.1, -0.1, 0.1], [0.2, -0.2, 0], [0, 0, 0]])
    assert [cell["v"], cell["w"]] == pytest.approx((expm(0.5 * matrix) @ [-2.0, w, 1])[:2])


NONLINEAR = "dx/dt = y*cos(t) - x**3; dy/dt = -sin(x) + 0.5*t*y"


def _orders(method, **options):
    plan = free(NONLINEAR, initial="x = 1; y = 0.5", method=method, **options)
    solved = solve_ivp(
        lambda t, y: [y[1] * np.cos(t) - y[0] ** 3, -np.sin(y[0]) + 0.5 * t * y[1]],
        (0, 2), [1.0, 0.5], rtol=1e-12, atol=1e-13, method="DOP853",
    )  # fmt: skip
    errors = [
        np.abs(after(plan, 2 / n, n, ["x", "y"]) - solved.y[:, -1]).max() for n in (20, 40, 80)
    ]
    return np.log2(np.array(errors[:-1]) / errors[1:])


@pytest.mark.parametrize(
    ("method", "order"), [("rk4", 4), ("auto", 4), ("euler", 1), ("exponential_euler", 1)]
)
def test_methods_converge_with_their_order(method, order):
    assert _orders(method) == pytest.approx([order, order], abs=0.25)


def test_exact_values_within_a_step_keep_runge_kutta_at_order_four():
    # x is driven by an alpha function that is solved exactly
    plan = free("dx/dt = g*(2 - x) - x**2; dg/dt = h - g/0.7; dh/dt = -h/0.7", initial="h = 3")
    solved = solve_ivp(
        lambda t, y: [3 * t * np.exp(-t / 0.7) * (2 - y[0]) - y[0] ** 2],
        (0, 2), [0.0], rtol=1e-12, atol=1e-13, method="DOP853",
    )  # fmt: skip
    errors = [abs(after(plan, 2 / n, n, ["x"])[0] - solved.y[0, -1]) for n in (10, 20, 40)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.3)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(4, abs=0.3)
    exact = after(plan, 0.1, 20, ["g"])[0]
    assert exact == pytest.approx(3 * 2 * np.exp(-2 / 0.7), rel=1e-12)


@pytest.mark.parametrize("method", ["rk4", "euler", "exponential_euler", "auto"])
def test_substeps_are_small_steps(method):
    names = ["x", "y"]
    fine = after(free(NONLINEAR, initial="x = 1", method=method), 0.05, 20, names)
    coarse = after(free(NONLINEAR, initial="x = 1", method=method, substeps=4), 0.2, 5, names)
    assert coarse == pytest.approx(fine, rel=1e-12)


def test_exponential_euler_is_exact_where_a_variable_is_linear_in_itself():
    plan = free("dx/dt = (3 - x)/a", "a = 0.1", method="exponential_euler")
    assert after(plan, 1.0, 1, ["x"]) == pytest.approx([3 * (1 - np.exp(-10))], rel=1e-14)


def test_exponential_euler_differentiates_choices():
    plan = free(
        "dx/dt = where(x < 2, 1, -x) + min(x, 0) + abs(x) - max(x, 0)",
        method="exponential_euler",
        initial="x = 5",
    )
    # there x' = -x, with which the method is exact
    assert after(plan, 0.5, 1, ["x"]) == pytest.approx([5 * np.exp(-0.5)], rel=1e-14)


def test_runge_kutta_agrees_with_a_tight_solver_on_the_adaptive_exponential_neuron():
    parameters = {"i_offset": 0.5, "v_spike": 0.0, "delta_T": 2.0}
    cell = Cell(plan_neuron(ADEX), 0.01, **parameters)

    def slope(t, y):
        v, w = y
        exponential = 2.0 * np.exp((v + 50.4) / 2.0)
        return [(-70.6 - v + exponential) / 9.3667 + (0.5 - w) / 0.281,
                (0.004 * (v + 70.6) - w) / 144.0]  # fmt: skip

    for _ in range(800):
        assert not cell.step()
    solved = solve_ivp(slope, (0, 8), [-70.6, 0.0], rtol=1e-11, atol=1e-12, method="DOP853")
    assert [cell["v"], cell["w"]] == pytest.approx(solved.y[:, -1], rel=1e-8)


def test_hodgkin_and_huxley_agree_with_a_tight_solver_over_a_spike():
    dt, steps = 0.01, 400
    cell = Cell(plan_neuron(HODGKIN_HUXLEY), dt, i_offset=1.0)
    spikes = 0
    for _ in range(steps):
        spikes += cell.step()

    def slope(t, y):
        v, m, h, n = y
        x = v + 63.0
        a_m, b_m = (
            0.32 * (13 - x) / (np.exp((13 - x) / 4) - 1),
            0.28 * (x - 40) / (np.exp((x - 40) / 5) - 1),
        )
        a_h, b_h = 0.128 * np.exp((17 - x) / 18), 4 / (1 + np.exp((40 - x) / 5))
        a_n, b_n = 0.032 * (15 - x) / (np.exp((15 - x) / 5) - 1), 0.5 * np.exp((10 - x) / 40)
        current = 20 * m**3 * h * (50 - v) + 6 * n**4 * (-90 - v) + 0.01 * (-65 - v) + 1.0
        return [current / 0.2, a_m * (1 - m) - b_m * m, a_h * (1 - h) - b_h * h,
                a_n * (1 - n) - b_n * n]  # fmt: skip

    solved = solve_ivp(
        slope, (0, steps * dt), [-65.0, 0, 1, 0], rtol=1e-11, atol=1e-12, method="DOP853"
    )
    assert spikes >= 1
    found = [cell[name] for name in ("v", "m", "h", "n")]
    assert found == pytest.approx(solved.y[:, -1], rel=2e-5, abs=1e-5)


def test_a_conductance_neuron_agrees_with_a_tight_solver():
    cell = Cell(plan_neuron(IF_COND_EXP), 0.1, tau_syn_E=2.0)
    cell.step(excitatory=0.02)
    for _ in range(100):
        cell.step()
    solved = solve_ivp(
        lambda t, y: [-(y[0] + 65) / 20 - 0.02 * np.exp(-t / 2) * y[0]],
        (0, 10), [-65.0], rtol=1e-12, atol=1e-12,
    )  # fmt: skip
    assert cell["v"] == pytest.approx(solved.y[0, -1], rel=1e-8)


def test_white_noise_gives_the_moments_of_the_ornstein_uhlenbeck_process():
    current = CurrentModel(
        "ou",
        "mu = 0.5 : nA; sigma = 0.2 : nA; tau = 5 : ms",
        "dx/dt = (mu - x)/tau + sigma*sqrt(2/tau)*xi : nA",
        amplitude="x",
        initial="x = mu",
        substeps=2,
    )
    source = Cell(plan_current(current), 1.0, seed=4)
    samples = []
    for _ in range(20000):
        source.step()
        samples.append(source["amplitude"])
    samples = np.array(samples[100:])
    # Euler-Maruyama: variance sigma**2/(1 - h/(2 tau)); 20000 ms are 2000 correlation times
    assert samples.mean() == pytest.approx(0.5, abs=4 * 0.2 * np.sqrt(2 * 5 / 20000))
    assert samples.var() == pytest.approx(0.04 / 0.95, rel=0.15)
    lagged = np.corrcoef(samples[:-5], samples[5:])[0, 1]
    assert lagged == pytest.approx(0.9**10, abs=0.08)


def test_what_has_noise_follows_exact_variables_by_eulers_method():
    plan = free("dx/dt = (g - x)/2 + s*xi; dg/dt = -g/3", "s = 0", initial="g = 1", substeps=2)
    cell = Cell(plan, 0.5)
    cell.step()
    first = 0.25 * 0.5
    assert cell["x"] == pytest.approx(first + 0.25 * (np.exp(-0.25 / 3) - first) / 2, rel=1e-14)
    assert cell["g"] == pytest.approx(np.exp(-0.5 / 3), rel=1e-14)
    assert [one.name for one in plan.draws] == ["normal_0", "normal_1"]


def test_names_of_noises_tell_which_are_the_same():
    plan = free("dx/dt = xi; dy/dt = xi; dz/dt = xi_other")
    cell = Cell(plan, 0.25)
    cell.step()
    assert cell["x"] == cell["y"] != cell["z"]
    assert [one.distribution for one in plan.draws] == ["normal", "normal"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"equations": "dx/dt = x**2", "method": "exact"},
         "'x' has no exact solution: 'x\\*x' is not linear with a constant factor; choose"),
        ({"equations": "dx/dt = -x + t", "method": "exact"}, "'t' changes in a way that is not"),
        ({"equations": "dx/dt = xi*xi"}, "noise does not enter linearly; write the slope as"),
        ({"equations": "dx/dt = xi", "method": "rk4"}, "method 'rk4' cannot integrate white noise"),
        ({"equations": "dx/dt = 1", "method": "heun"}, "method 'heun' is unknown; choose one of"),
        ({"equations": "dx/dt = 1", "substeps": 0}, "substeps=0 is not in 1..64; choose a smaller"),
        ({"equations": "dx/dt = 1", "substeps": 1.5}, "substeps=1.5 is not an integer"),
    ],
)  # fmt: skip
def test_what_a_method_cannot_do_is_refused(options, message):
    with pytest.raises(EquationError, match=message):
        free(**options)
