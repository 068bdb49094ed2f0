"""The switches of the emulator's imperfections.

Oracle: the list of names that the parts of the emulator agreed on, written out here.
"""

from dataclasses import FrozenInstanceError, asdict, fields

import pytest

from emulator.effects import EFFECTS, Effects
from emulator.errors import EmulatorError

AGREED = """
mismatch defects comparator_noise madc_noise cadc_noise capmem_settling capmem_crosstalk dead_biases
saturation rails parasitic_capacitance slow_reset holdoff_glitch edge_triggering event_loss
madc_settling madc_loss
mux_leak readout_shorts correlation_saturation correlation_disturbs_cadc broken_fire_from_right
stuck_reset ramp_nonlinearity code_nonlinearity
""".split()


def test_the_effects_are_those_agreed_on_and_each_has_a_sentence():
    assert [f.name for f in fields(Effects)] == AGREED == list(EFFECTS)
    assert all(sentence.endswith(".") and len(sentence) > 30 for sentence in EFFECTS.values())


def test_a_chip_has_all_effects_and_an_ideal_one_has_none():
    assert asdict(Effects()) == asdict(Effects.of()) == dict.fromkeys(AGREED, True)
    assert asdict(Effects.of(ideal=True)) == dict.fromkeys(AGREED, False)


@pytest.mark.parametrize("ideal", [False, True])
@pytest.mark.parametrize("name", AGREED)
def test_an_override_wins_and_touches_no_other_effect(name, ideal):
    chosen = asdict(Effects.of(ideal=ideal, overrides={name: ideal}))
    assert chosen == dict.fromkeys(AGREED, not ideal) | {name: ideal}


def test_a_misspelt_name_is_refused_with_the_nearest_one():
    with pytest.raises(EmulatorError, match=r"no 'missmatch'; did you mean 'mismatch'\?") as caught:
        Effects.of(overrides={"missmatch": False})
    assert all(name in str(caught.value) for name in AGREED)


def test_a_name_like_no_other_is_refused_without_a_guess():
    with pytest.raises(EmulatorError, match="there is no 'qq'; known are mismatch, defects"):
        Effects.of(ideal=True, overrides={"qq": True})


@pytest.mark.parametrize("value", [1, 0, None, "off"])
def test_what_is_neither_true_nor_false_is_refused(value):
    with pytest.raises(EmulatorError, match=r"defects = .* is neither True nor False"):
        Effects.of(overrides={"defects": value})
    with pytest.raises(EmulatorError, match="defects"):
        Effects(defects=value)


def test_effects_cannot_be_changed_behind_the_emulators_back():
    with pytest.raises(FrozenInstanceError):
        Effects().mismatch = False


@pytest.mark.parametrize(
    ("effects", "text"),
    [
        (Effects(), "all effects"),
        (Effects.of(ideal=True), "no effects"),
        (Effects(mismatch=False, rails=False), "all effects but mismatch, rails"),
        (Effects.of(ideal=True, overrides={"rails": True}), "no effect but rails"),
    ],
)
def test_effects_print_as_what_is_unusual(effects, text):
    assert str(effects) == text
