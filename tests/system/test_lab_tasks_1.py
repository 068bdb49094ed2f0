"""Lab tasks as a student would hand them in, on two emulated chips.

Oracles: closed forms (leaky integrate-and-fire, linear synapses), the targets that cells were
calibrated to, and published figures of the course; tolerances are a few sigmas of the documented
mismatch between circuits (docs/explanation/emulator.md), because the calibration is nominal.
"""

import importlib.util
import os
from itertools import pairwise

import numpy as np
import pytest

from tests.support.sources import ROOT

CHIPS = {"default": None, "another": "emulator:?chip_seed=3"}


def module(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="module", params=CHIPS)
def lab(request, tmp_path_factory):
    """Run a task, once per chip: its module, and the numbers of its `main`."""
    done = {}

    def run(name):
        if name not in done:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("MPLBACKEND", "Agg")
                patch.chdir(tmp_path_factory.mktemp(name))
                patch.delenv("PYNN_HX_TARGET", raising=False)
                if CHIPS[request.param] is not None:
                    patch.setenv("PYNN_HX_TARGET", CHIPS[request.param])
                task = module(name)
                done[name] = task, task.main(), os.path.getsize(f"{name}.png")
        return done[name][:2]

    run.done = done
    return run


# --- f-I curve ------------------------------------------------------------------------------------


def test_more_current_makes_neurons_fire_faster(lab):
    task, seen = lab("fi_curve")
    linear = seen["codes"] <= task.LINEAR
    assert seen["rates"].shape[1] >= 6, "defective neurons are rare"
    assert np.all(seen["rates"][0] == 0), "without current they are silent"
    assert np.diff(seen["rates"][linear], axis=0).min() > -0.5  # kHz; jitter of intervals
    assert np.all(seen["rates"] < 1e3 / task.TAU_REFRACTORY)


def test_the_rheobase_is_where_the_leak_balances_the_current(lab):
    """I = g (V_thresh - V_rest), g = C / tau, at 0.085 nA per code."""
    task, seen = lab("fi_curve")
    capacitance = 63 * 36.5e-15 + 0.16e-12  # F
    current = capacitance / (task.TAU_M * 1e-6) * (task.THRESHOLD - task.REST) * 4.5e-3
    assert seen["rheobase"].mean() == pytest.approx(current / 0.085e-9, rel=0.25)
    assert np.ptp(seen["rheobase"]) < 0.8 * seen["rheobase"].mean()


def test_above_it_rates_are_those_of_a_leaky_integrate_and_fire_neuron(lab):
    task, seen = lab("fi_curve")
    rheobase = seen["rheobase"][seen["shown"]]
    chosen = (seen["codes"] > 1.2 * rheobase) & (seen["codes"] <= task.LINEAR)
    drive = 45 * seen["codes"][chosen] / rheobase  # CADC LSB above rest; the reset is 10 below it
    theory = 1e3 / (2 + 20 * np.log((drive + 10) / (drive - 45)))
    assert seen["rates"][chosen, seen["shown"]] == pytest.approx(theory, rel=0.25)


# --- PSP shape ------------------------------------------------------------------------------------


@pytest.mark.parametrize("strength", [250, 500])
def test_the_height_of_a_psp_is_proportional_to_the_weight(lab, strength):
    task, seen = lab("psp_shape")
    heights, slope = seen["heights"][strength], seen["slopes"][strength]
    assert heights[-1] > 5
    assert np.abs(heights - slope * task.WEIGHTS).max() < 0.04 * heights[-1] + 0.2  # LSB of noise


def test_twice_the_amplifier_bias_gives_twice_the_height(lab):
    _, seen = lab("psp_shape")
    assert seen["slopes"][500] / seen["slopes"][250] == pytest.approx(2, rel=0.1)


def test_it_rises_with_the_membrane_and_decays_with_the_synapse(lab):
    task, seen = lab("psp_shape")
    targets = np.array(task.TAUS_SYN)
    assert seen["tau_rise"] == pytest.approx(task.TAU_M, rel=0.35)
    assert seen["tau_decay"] == pytest.approx(targets, rel=0.45)
    of_this_input = seen["tau_decay"] / targets  # its mismatch, whatever the target
    assert of_this_input / of_this_input.mean() == pytest.approx(np.ones(targets.size), abs=0.15)


# --- fixed-pattern noise --------------------------------------------------------------------------


def test_synapses_of_one_weight_differ_by_some_percent(lab):
    task, seen = lab("fixed_pattern_noise")
    assert seen["heights"].shape == (task.N_TRIALS, task.N_SYNAPSES)
    assert 0.04 < seen["fixed_pattern"] / seen["mean"] < 0.1, "published: 5-8 %"


def test_the_pattern_is_fixed_and_what_is_left_is_noise_of_trials(lab):
    _, seen = lab("fixed_pattern_noise")
    first, second = np.split(seen["heights"], 2)
    assert np.corrcoef(first.mean(axis=0), second.mean(axis=0))[0, 1] > 0.9
    residual = seen["heights"] - seen["heights"].mean(axis=0)
    between_trials = [np.corrcoef(a, b)[0, 1] for a, b in pairwise(residual)]
    assert abs(np.mean(between_trials)) < 0.15, "it does not repeat"
    assert 0.4 < seen["trial_to_trial"] < 2.0  # MADC LSB; a sample alone has 1.3 to 1.65


# --- synfire chain --------------------------------------------------------------------------------


def test_a_strong_kick_runs_through_all_groups_as_one_volley(lab):
    task, seen = lab("synfire_chain")
    volley = seen["strong kick"]
    assert np.all(volley["counts"] >= task.GROUP_SIZE / 2)
    assert np.all(volley["counts"] <= 2 * task.GROUP_SIZE)
    steps = np.diff(volley["median"])
    assert np.all((steps > 0.5) & (steps < 5)), "one rise of a membrane per group [us]"
    assert volley["width"][-1] < 5


def test_a_weak_kick_dies_out(lab):
    _, seen = lab("synfire_chain")
    counts = seen["weak kick"]["counts"]
    assert counts[0] < 10
    assert np.all(counts[4:] == 0)


def test_without_inhibition_the_volley_grows_and_spreads(lab):
    _, seen = lab("synfire_chain")
    free, volley = seen["without inhibition"], seen["strong kick"]
    assert np.all(np.diff(free["counts"]) > 0)
    assert free["counts"][-1] > 4 * volley["counts"][-1]
    assert free["width"][-1] > 3 * volley["width"][-1]


# --- winner-take-all ------------------------------------------------------------------------------


def test_the_winner_is_the_population_with_more_input(lab):
    task, seen = lab("winner_take_all")
    rates, contrasts = seen["rates"], np.array(task.CONTRASTS)
    assert np.all(rates[contrasts >= 0.2, 0] > 2 * rates[contrasts >= 0.2, 1])
    assert np.all(rates[contrasts <= -0.4, 1] > 2 * rates[contrasts <= -0.4, 0])
    assert np.all(rates[contrasts <= -0.2, 1] > rates[contrasts <= -0.2, 0])
    assert np.all(np.diff(rates[:, 0]) > -1), "A gains with the contrast [kHz]"
    assert np.all(np.diff(rates[:, 1]) < 1), "and B loses"


def test_competition_sharpens_the_difference(lab):
    _, seen = lab("winner_take_all")
    sharp, plain = seen["selectivity"], seen["alone"]
    assert np.abs(sharp[[0, -1]]).min() > 0.9
    assert np.all(np.abs(sharp[[0, -1]]) > np.abs(plain[[0, -1]]))
    assert sharp[5] - sharp[1] > 1.2 * (plain[5] - plain[1])
    assert sharp[4] - sharp[2] > 1.5 * (plain[4] - plain[2])


# --- all ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["fi_curve", "psp_shape", "fixed_pattern_noise", "synfire_chain", "winner_take_all"],
)
def test_each_task_draws_its_picture(lab, name):
    lab(name)
    assert lab.done[name][2] > 20_000, "bytes; an empty figure has fewer"
