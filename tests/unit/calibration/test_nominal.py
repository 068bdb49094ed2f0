"""Nominal codes: they fit the registers and come from the maps that the documentation names.

Oracle: the code-to-volt maps of ``docs/explanation/emulator.md`` (MADC LSB = (V + 0.04 V) / 1.54
mV) and the targets of the deployed "spiking" calibration in CADC LSB (V = 0.06 V + 4.5 mV * LSB).
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.neurons import METHODS, neuron_codes
from calibration.nominal import nominal_chip, nominal_codes, nominal_shared
from calibration.refractory import RefractoryClocks, choose_clocks
from calibration.targets import spiking
from firmware_protocol import ChipConfig
from firmware_protocol.atomic_neuron import BY_NAME, FIELDS

CLOCKS = RefractoryClocks(3, 3)


def codes(**targets):
    """Codes of one neuron with "spiking" targets but for these."""
    changed = {name: np.atleast_1d(np.asarray(value, float)) for name, value in targets.items()}
    found = nominal_codes(replace(spiking(), **changed), CLOCKS)
    return {name: int(code[0]) for name, code in found.items()}


def madc_lsb_of_cadc(cadc):
    return (0.06 + 4.5e-3 * cadc + 0.04) / 1.54e-3


@pytest.mark.parametrize(
    ("name", "slope", "offset", "target_cadc"),
    [
        ("leak_v_leak", 0.79, -180, 80),
        ("reset_v_reset", 0.61, -12, 70),
        ("threshold_v_threshold", 0.99, 60, 125),
    ],
)
def test_potentials_meet_their_targets_within_half_a_code(name, slope, offset, target_cadc):
    assert abs(slope * codes()[name] + offset - madc_lsb_of_cadc(target_cadc)) <= 0.5 * slope + 0.1


def test_the_deployed_targets_give_the_codes_that_earlier_versions_had():
    found = codes()
    assert {name: code for name, code in found.items() if code != BY_NAME[name].default} == {
        "leak_v_leak": 606,
        "leak_i_bias": 164,
        "reset_v_reset": 461,
        "reset_i_bias": 1022,
        "reset_enable_multiplication": 1,
        "threshold_enable": 1,
        "threshold_v_threshold": 374,
        "membrane_capacitance_capacitance": 63,
        "refractory_period_refractory_time": 32,
        **{
            f"{sign}_input_{name}": code
            for sign in ("excitatory", "inhibitory")
            for name, code in {
                "enable": 1,
                "i_bias_tau": 26,
                "i_bias_gm": 500,
                "i_shift_reference": 310,
                "enable_small_capacitance": 0,
            }.items()
        },
    }


def test_all_seventy_settings_that_users_see_get_a_code():
    assert codes().keys() == {f.name for f in FIELDS if not f.hidden}


@given(
    leak=st.floats(0, 255),
    reset=st.floats(0, 255),
    threshold=st.floats(0, 255),
    tau_mem=st.floats(0.1, 2000),
    tau_syn_exc=st.floats(0.1, 100),
    capacitance=st.integers(0, 63),
    synin_gm_exc=st.floats(0, 1022),
)
def test_whatever_is_asked_for_codes_fit_their_fields(**targets):
    for name, code in codes(**targets).items():
        assert 0 <= code <= BY_NAME[name].limit, name


@given(tau=st.floats(0.5, 60), capacitance=st.integers(0, 63))
def test_membrane_time_constants_keep_a_bias_that_can_be_set_finely(tau, capacitance):
    found = codes(tau_mem=tau, capacitance=capacitance)
    assert not (found["leak_enable_division"] and found["leak_enable_multiplication"])
    scale = 8.0 ** (found["leak_enable_multiplication"] - found["leak_enable_division"])
    farad = 36.5e-15 * capacitance + 0.16e-12
    assert farad / (1.5e-9 * found["leak_i_bias"] * scale) == pytest.approx(tau * 1e-6, rel=0.05)


@given(tau=st.floats(0.1, 60))
def test_synaptic_time_constants_are_met_whichever_switches_it_takes(tau):
    found = codes(tau_syn_inh=tau)
    switches = 6.0 ** found["inhibitory_input_enable_high_resistance"]
    switches *= 0.35 ** found["inhibitory_input_enable_small_capacitance"]
    assert 260 * switches / found["inhibitory_input_i_bias_tau"] == pytest.approx(tau, rel=0.03)


@pytest.mark.parametrize(
    ("tau", "high", "small"), [(0.2, 0, 1), (0.3, 0, 0), (10, 0, 0), (10.3, 1, 0), (30, 1, 0)]
)
def test_switches_of_lines_are_used_only_where_they_are_needed(tau, high, small):
    found = codes(tau_syn_exc=tau)
    assert found["excitatory_input_enable_high_resistance"] == high
    assert found["excitatory_input_enable_small_capacitance"] == small


def test_conductances_are_nominal_between_leak_and_threshold_and_vanish_at_the_reversal():
    found = codes(leak=110, threshold=160, reversal_exc=300, reversal_inh=30)
    for sign, reversal in (("excitatory", 300), ("inhibitory", 30)):
        assert found[f"{sign}_input_enable_coba_mode"] == 1
        reference = 0.79 * found[f"{sign}_input_v_rev_coba"] - 180
        assert reference == pytest.approx(madc_lsb_of_cadc(135), abs=0.5)
        distance_v = abs(reversal - 135) * 4.5e-3
        assert found[f"{sign}_input_i_bias_coba"] * 0.03 * distance_v == pytest.approx(1, rel=0.02)


def test_an_infinite_reversal_potential_means_no_modulation():
    found = codes(reversal_exc=np.inf, reversal_inh=-np.inf)
    assert found["excitatory_input_i_bias_coba"] == found["inhibitory_input_i_bias_coba"] == 0
    assert found["excitatory_input_enable_coba_mode"] == 1


def test_a_reversal_potential_next_to_the_reference_takes_the_largest_useful_bias():
    assert codes(reversal_exc=103, reversal_inh=30)["excitatory_input_i_bias_coba"] == 255


@pytest.mark.parametrize(
    ("exc", "inh", "message"),
    [
        (100, 30, "excitatory reversal potential lies 2.5 CADC LSB on the wrong side .* above"),
        (300, 110, "inhibitory reversal potential lies 7.5 CADC LSB on the wrong side .* below"),
    ],
)
def test_a_reversal_potential_on_the_wrong_side_is_refused(exc, inh, message):
    with pytest.raises(ValueError, match=message):
        codes(reversal_exc=exc, reversal_inh=inh)


def test_shared_codes_are_written_to_all_quadrants_and_leave_the_rest():
    chip = ChipConfig()
    chip.quadrants.stp_i_calib = 7
    nominal_shared(444, RefractoryClocks(slow=5, fast=1)).write(chip)
    chip.check()
    assert chip.quadrants.syn_i_bias_dac.tolist() == [444] * 4
    assert chip.common_backend.clock_scale_slow.tolist() == [5, 5]
    assert chip.common_backend.clock_scale_fast.tolist() == [1, 1]
    assert chip.quadrants.stp_i_calib.tolist() == [7] * 4


def test_the_nominal_chip_has_the_codes_of_the_deployed_targets_in_every_neuron():
    chip = nominal_chip()
    chip.check()
    clocks = choose_clocks(spiking().tau_refractory)
    for name, code in nominal_codes(spiking(), clocks).items():
        assert np.all(chip.neurons[name] == code), name
    assert chip.quadrants.syn_i_bias_dac.tolist() == [600] * 4


def test_each_call_returns_an_independent_chip():
    first, second = nominal_chip(), nominal_chip()
    first.neurons.leak_v_leak[3] = 0
    assert second.neurons.leak_v_leak[3] == 606


def test_codes_are_nominal_unless_another_method_is_named():
    targets = spiking(2)
    by_default, named = neuron_codes(targets, CLOCKS), nominal_codes(targets, CLOCKS)
    assert all(np.array_equal(by_default[name], named[name]) for name in named)
    assert list(METHODS) == ["nominal"]


def test_an_unknown_method_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"method 'guess': .*\['nominal'\]"):
        neuron_codes(spiking(), CLOCKS, method="guess")
