"""Lab tasks as a student hands them in: gates, firing patterns, a chain of compartments, training.

Oracle: truth tables; published features of the firing patterns (tests/support/patterns.py has those
of a typical neuron, here it is one of a chip with mismatch, so bands are wider); Kirchhoff, and
published peaks along a chain; the target that the training was given.
"""

import contextlib
import importlib
import io
from functools import cache
from typing import Any, NamedTuple

import matplotlib.image
import numpy as np
import pytest

from tests.support.markdown import blocks
from tests.support.sources import ROOT
from tests.support.texts import masked

TASKS = ("logic_gates", "adex_patterns", "compartment_chain", "in_the_loop")
CHIPS = pytest.mark.parametrize("chip_seed", [0, 3])


class HandedIn(NamedTuple):
    """What `main` returns and prints, and its picture (row, column, channel)."""

    result: Any
    printed: str
    picture: np.ndarray


@pytest.fixture(scope="module")
def hand_in(tmp_path_factory):
    """Run the `main` of an example on an emulated chip; once for all tests."""

    @cache
    def run(name, chip_seed):
        folder = tmp_path_factory.mktemp(name)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            patch.setenv("MPLBACKEND", "Agg")
            patch.setenv("PYNN_HX_TARGET", f"emulator:?chip_seed={chip_seed}")
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                result = importlib.import_module(f"examples.{name}").main()
        picture = matplotlib.image.imread(folder / f"{name}.png")
        return HandedIn(result, printed.getvalue(), picture)

    return run


@pytest.mark.parametrize("name", TASKS)
def test_the_page_shows_what_the_script_prints(name, hand_in):
    """Numbers depend on the machine in their last digits; the tests below say what they must be."""
    page = (ROOT / "docs" / "how_to" / f"lab_{name}.md").read_text(encoding="utf-8")
    assert f"python examples/{name}.py" in page
    shown = next(block.text for block in blocks(page) if block.language == "text")
    assert masked(shown) == masked(hand_in(name, 0).printed)


@pytest.mark.parametrize("name", TASKS)
def test_the_picture_has_lines_in_several_colours(name, hand_in):
    picture = hand_in(name, 0).picture
    assert min(picture.shape[:2]) >= 600
    coloured = np.ptp(picture[..., :3], axis=-1) > 0.3
    assert coloured.sum() > 1000


# --- gates --------------------------------------------------------------------------------------


@CHIPS
def test_gates_of_neurons_keep_their_truth_tables(chip_seed, hand_in):
    a, b = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]).T
    outputs = {name: np.array(bits) for name, bits in hand_in("logic_gates", chip_seed)[0].items()}
    assert set(outputs) == {"OR", "AND", "NOT B", "XOR"}
    assert np.array_equal(outputs["OR"], a | b)
    assert np.array_equal(outputs["AND"], a & b)
    assert np.array_equal(outputs["NOT B"], 1 - b)
    assert np.array_equal(outputs["XOR"], a ^ b)


# --- firing patterns ----------------------------------------------------------------------------

ON_US, OFF_US = 100, 700


@CHIPS
def test_neurons_spike_only_during_the_current_and_begin_soon(chip_seed, hand_in):
    for spikes in hand_in("adex_patterns", chip_seed).result.values():
        assert ON_US + 10 < spikes[0] < ON_US + 150
        assert spikes[-1] < OFF_US + 10


@CHIPS
def test_an_adapting_neuron_slows_down(chip_seed, hand_in):
    intervals = np.diff(hand_in("adex_patterns", chip_seed).result["adaptation"])
    assert 5 <= intervals.size <= 25
    assert intervals[-1] > 1.2 * intervals[0]
    assert intervals.min() > 0.4 * intervals.max(), "no bursts"


@CHIPS
def test_a_transient_neuron_spikes_at_the_onset_only(chip_seed, hand_in):
    spikes = hand_in("adex_patterns", chip_seed).result["transient"]
    assert 1 <= spikes.size <= 3
    assert spikes[-1] < ON_US + 150


@CHIPS
def test_a_neuron_bursts_initially_and_goes_on_with_single_spikes(chip_seed, hand_in):
    intervals = np.diff(hand_in("adex_patterns", chip_seed).result["initial bursting"])
    assert intervals[:2].max() < 0.5 * intervals.max()
    singles = intervals[5:]
    assert singles.size >= 2
    assert singles.min() > 0.5 * singles.max()


@CHIPS
def test_a_neuron_bursts_again_and_again(chip_seed, hand_in):
    intervals = np.diff(hand_in("adex_patterns", chip_seed).result["regular bursting"])
    pause = intervals > 0.5 * intervals.max()
    assert pause.sum() >= 3 and (~pause).sum() >= 4
    assert not np.any(pause[:-1] & pause[1:]), "a pause is always followed by a burst"


# --- a chain of compartments --------------------------------------------------------------------


@CHIPS
def test_a_potential_fades_along_the_chain_faster_the_less_its_parts_conduct(chip_seed, hand_in):
    heights = hand_in("compartment_chain", chip_seed).result
    well, badly = heights[800], heights[200]
    for height in (well, badly):
        assert np.all(height[1:] < 0.95 * height[:-1])
        assert height[-1] > 3, "far above the noise of the mean of ten"
    assert badly[0] > 1.2 * well[0], "less of the charge leaves"
    assert np.all(badly[1:] / badly[:-1] < 0.9 * well[1:] / well[:-1])


@CHIPS
def test_a_potential_fades_along_the_chain_as_published(chip_seed, hand_in):
    """Peaks on hardware: 78.9, 48.5, 36.3, 28.1; resistors differ by a fifth."""
    height = hand_in("compartment_chain", chip_seed).result[800]
    assert height / height[0] == pytest.approx([1, 0.61, 0.46, 0.36], rel=0.3)


# --- training -----------------------------------------------------------------------------------


@CHIPS
def test_training_brings_the_output_to_the_target(chip_seed, hand_in):
    losses, spikes = hand_in("in_the_loop", chip_seed).result
    assert len(losses) <= 60
    assert np.mean(losses[-5:]) < 0.4 * losses[0]
    assert spikes.size == 4
    assert np.abs(spikes - [70, 130, 175, 240]).max() < 5


def test_the_distance_is_zero_for_equal_trains_and_one_for_a_missing_spike():
    distance = importlib.import_module("examples.in_the_loop").distance
    spikes = np.array([10.0, 60.0, 110.0])
    assert distance(spikes, spikes) == pytest.approx(0)
    assert distance(spikes, spikes[:2]) == pytest.approx(1, abs=0.02)
    assert distance(spikes[:1], spikes[:1] + 1e4) == pytest.approx(2)
    assert distance(np.empty(0), np.empty(0)) == 0


def test_the_weight_change_is_steepest_for_inputs_just_before_a_missing_spike():
    task = importlib.import_module("examples.in_the_loop")
    before = task.TARGETS_US[0] - np.array([200.0, 60.0, task.TAU_US + task.DELAY_US, -5.0])
    change = task.weight_change(before[:, None], np.array(task.TARGETS_US[1:]))
    assert change.argmax() == 2 and change[2] == pytest.approx(1, abs=0.01)
    assert abs(change[3]) < 1e-12, "what comes later has no part in it"
