"""The reference circuit shows the firing patterns that the course's AdEx notebook publishes.

Oracle: figures of the course's notebook, read off by eye; tests/support/patterns.py has the
numbers.  That the codes lie where the notebook's sliders do is part of the claim.  The emulator is
held against the same assertions in tests/unit/emulator/test_published_figures.py.
"""

import numpy as np
import pytest

from tests.support import patterns
from tests.support.reference_scenarios import SCENARIOS, madc

GRID_NS = np.arange(0, 1_000_001, 40)
T_US = GRID_NS * 1e-3
SLIDERS = {
    "leak_v_leak": (400, 1000),
    "leak_i_bias": (20, 500),
    "reset_v_reset": (300, 1000),
    "adaptation_i_bias_tau": (20, 600),
    "adaptation_i_bias_a": (0, 300),
    "adaptation_i_bias_b": (0, 500),
    "adaptation_v_ref": (200, 1000),
    "exponential_v_exp": (300, 1000),
    "exponential_i_bias": (100, 1000),
    "constant_current_i_offset": (0, 1000),
}


@pytest.fixture(scope="module")
def results():
    return {name: SCENARIOS[name].simulate(GRID_NS) for name in patterns.CHECKS}


def spikes_us(result):
    return result.spike_ticks * 4e-3


@pytest.mark.parametrize("name", patterns.CHECKS)
def test_codes_lie_within_the_sliders_of_the_notebook(name):
    codes = SCENARIOS[name].codes
    for key, (low, high) in SLIDERS.items():
        assert low <= codes[key] <= high
    assert codes["adaptation_v_leak"] == codes["leak_v_leak"] - 200


@pytest.mark.parametrize("name", patterns.CHECKS)
def test_the_named_pattern_appears(results, name):
    spikes = spikes_us(results[name])
    patterns.CHECKS[name](spikes)
    patterns.check_silent_without_stimulus(spikes)


@pytest.mark.parametrize("name", patterns.CHECKS)
def test_neurons_rest_where_the_figures_do_and_return_there(results, name):
    v = madc(results[name].v)
    assert 325 < v[0] < 400
    assert v[-1] == pytest.approx(v[0], abs=8)


def test_subthreshold_adaptation_overshoots_on_both_edges(results):
    patterns.check_step_response(T_US, madc(results["subthreshold"].v))
    assert madc(results["subthreshold"].w.max()) == pytest.approx(470, abs=10)


def test_the_adaptation_voltage_decays_as_published(results):
    patterns.check_adaptation_decay(T_US, madc(results["adaptation"].w))


@pytest.mark.parametrize("name", ["adaptation", "initial_bursting", "regular_bursting"])
def test_a_spike_lifts_the_adaptation_by_50_to_60_lsb(results, name):
    patterns.check_adaptation_steps(T_US, madc(results[name].w), spikes_us(results[name]))


def test_without_spike_triggered_adaptation_some_spikes_mark_the_onset():
    """The notebook's exercise: about three spikes first, then b is raised until one is left."""
    scenario = SCENARIOS["transient"]
    count = [
        scenario.simulate(adaptation_i_bias_b=b, exponential_v_exp=830).spike_ticks.size
        for b in (0, 100, 220)
    ]
    assert count == [3, 2, 1]


def test_raising_the_reset_potential_turns_adaptation_into_bursts():
    """The notebook's way to bursts: nothing but the reset potential moves."""
    scenario = SCENARIOS["regular_bursting"]
    codes = (500, scenario.codes["reset_v_reset"])
    low, high = (np.diff(scenario.simulate(reset_v_reset=c).spike_ticks) for c in codes)
    assert low.min() > 0.5 * low.max()
    assert high.min() < 0.2 * high.max()


@pytest.mark.parametrize(("name", "sign"), [("linear_psp", 1), ("inhibitory_psp", -1)])
def test_psp_gain_is_the_published_one(name, sign):
    """0.73 to 0.79 MADC LSB per weight unit on a calibrated neuron (7.7); 32 units."""
    v = madc(SCENARIOS[name].simulate().v)
    height = (v - v[0])[np.abs(v - v[0]).argmax()]
    assert sign * height / 32 == pytest.approx(0.79, abs=0.15)


def test_inhibition_compresses_as_published():
    """Troughs for 32 to 288 weight units (1.6); as minima of a noisy trace up to 8 LSB too low."""
    published = [231.5, 205, 181, 164, 148, 138, 128, 122, 117]
    scenario = SCENARIOS["inhibitory_psp"]
    troughs = [
        madc(scenario.with_events(((10_000, 0.0, weight),)).simulate(leak_v_leak=549).v.min())
        for weight in range(32, 289, 32)
    ]
    assert np.array(troughs) - published == pytest.approx(-2, abs=10)
