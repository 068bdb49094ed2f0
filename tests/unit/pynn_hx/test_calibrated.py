"""Neurons given by targets: defaults, limits, and what they write into a configuration.

Oracle: the documented parameters, defaults, units and ranges of the backend whose scripts are to
run here; that codes reach their targets is for ``tests/system/test_calibrated_cells.py``.
"""

import dataclasses
import logging

import numpy as np
import pytest
from pyNN.errors import NonExistentParameterError

import pynn_hx as pynn
from firmware_protocol import ChipConfig
from pynn_hx.standardmodels.calibrated import SHARED, check_uniform, write_shared

Cuba, Coba = pynn.cells.CalibHXNeuronCuba, pynn.cells.CalibHXNeuronCoba

# parameter: (unit, default of Cuba, of Coba, documented range)
DOCUMENTED = {
    "v_rest": ("CADC LSB", 80, 110, (50, 160)),
    "v_reset": ("CADC LSB", 70, 100, (50, 160)),
    "v_thresh": ("CADC LSB", 125, 160, (50, 220)),
    "tau_m": ("us", 10, 10, (0.5, 60)),
    "tau_syn_E": ("us", 10, 10, (0.3, 30)),
    "tau_syn_I": ("us", 10, 10, (0.3, 30)),
    "cm": ("LSB", 63, 63, (0, 63)),
    "tau_refrac": ("us", 2, 2, (0.04, 32)),
    "i_synin_gm_E": ("CapMem LSB", 500, 180, (30, 800)),
    "i_synin_gm_I": ("CapMem LSB", 500, 250, (30, 800)),
    "synapse_dac_bias": ("CapMem LSB", 600, 400, (30, 1022)),
    "plasticity_rule_readout_source": ("dimensionless", 0, 0, (0, 3)),
    "plasticity_rule_enable_readout_source": ("dimensionless", False, False, (0, 1)),
}
REVERSALS = {"e_rev_E": 300, "e_rev_I": 30}


@pytest.fixture(autouse=True)
def session():
    pynn.setup()


def values_of(cell=Cuba, n=1, **changed):
    """Parameters of n cells by name, as a population keeps them."""
    kind, cells = cell(), np.arange(n)
    every = kind.default_parameters | changed
    return {
        name: kind.checked(name, np.broadcast_to(np.asarray(value), n).copy(), "p", cells)
        for name, value in every.items()
    }


@pytest.mark.parametrize(("cell", "column"), [(Cuba, 1), (Coba, 2)])
def test_parameters_defaults_and_units_are_the_documented_ones(cell, column):
    expected = {name: row[column] for name, row in DOCUMENTED.items()}
    assert cell.default_parameters == expected | (REVERSALS if cell is Coba else {})
    for name, row in DOCUMENTED.items():
        assert cell.units[name] == row[0], name
    assert cell.units.keys() == {*cell.default_parameters, *cell.recordable}
    population = pynn.Population(1, cell())
    assert population.find_units("tau_refrac") == "us"
    assert population.get("v_thresh") == expected["v_thresh"]


def test_recordables_and_receptors_are_those_of_the_raw_neuron():
    for cell in (Cuba, Coba):
        assert cell.recordable == pynn.cells.HXNeuron.recordable
        assert cell.receptor_types == ["excitatory", "inhibitory"]
    assert (Cuba.conductance_based, Coba.conductance_based) == (False, True)


def test_reversal_potentials_belong_to_conductances_and_other_names_to_nobody():
    for cell, name in ((Cuba, "e_rev_E"), (Coba, "leak_v_leak")):
        with pytest.raises(NonExistentParameterError):
            cell(**{name: 100})


def test_an_initial_configuration_does_not_change_targets():
    pynn.setup(initial_config=ChipConfig())
    population = pynn.Population(1, Cuba(v_rest=90))
    population.set(v_thresh=130)
    assert population.get(["v_rest", "v_thresh"]) == [90, 130]


@pytest.mark.parametrize(
    ("name", "value", "limit"),
    [
        ("v_rest", 256, 255),
        ("v_reset", -1, 255),
        ("v_thresh", 300, 255),
        ("cm", 64, 63),
        ("i_synin_gm_E", 1023, 1022),
        ("i_synin_gm_I", -1, 1022),
        ("synapse_dac_bias", 1023, 1022),
        ("v_rest", float("nan"), 255),
        ("plasticity_rule_readout_source", 4, 3),
    ],
)
def test_targets_that_no_code_holds_are_refused_when_they_are_said(name, value, limit):
    with pytest.raises(OverflowError, match=rf"'p': {name} of cell 0 = .* is outside 0\.\.{limit}"):
        pynn.Population(1, Cuba(**{name: value}), label="p")
    assert pynn.simulator.state.populations == []
    population = pynn.Population(2, Cuba(), label="p")
    with pytest.raises(OverflowError, match=rf"{name} of cell 1"):
        population[1:2].set(**{name: value})
    assert population.get(name) == Cuba.default_parameters[name]


@pytest.mark.parametrize(
    ("name", "value", "limits"),
    [
        ("tau_m", 0.09, r"0\.1\.\.2000"),
        ("tau_m", 2001, r"0\.1\.\.2000"),
        ("tau_syn_E", 0.09, r"0\.1\.\.100"),
        ("tau_syn_I", 101, r"0\.1\.\.100"),
        ("tau_syn_I", float("nan"), r"0\.1\.\.100"),
        ("tau_refrac", 0, r"0\.008\.\.66584"),
        ("e_rev_E", float("nan"), r"-inf\.\.inf"),
    ],
)
def test_times_beyond_what_can_be_fitted_are_refused(name, value, limits):
    with pytest.raises(ValueError, match=rf"{name} of cell 0 = .* is outside {limits}"):
        pynn.Population(1, Coba(**{name: value}))


WARNED = {
    "v_rest": (49, 161),
    "v_reset": (49, 161),
    "v_thresh": (49, 221),
    "tau_m": (0.4, 61),
    "tau_syn_E": (0.2, 31),
    "tau_syn_I": (0.2, 31),
    "tau_refrac": (0.03, 33),
    "i_synin_gm_E": (29, 801),
    "i_synin_gm_I": (29, 801),
    "synapse_dac_bias": (29,),
}


@pytest.mark.parametrize("name", WARNED)
def test_outside_the_documented_range_there_is_one_warning_and_inside_none(name, caplog):
    low, high = DOCUMENTED[name][3]
    population = pynn.Population(3, Cuba(**{name: [low, low, high]}), label="p")
    assert caplog.records == []
    for value in WARNED[name]:
        caplog.clear()
        population.set(**{name: [low, value, value]})
        (record,) = caplog.records
        assert record.name == "pynn_hx.calibration"
        assert record.levelno == logging.WARNING
        place = f"population 'p': {name} of cell 1 and of 1 more = {value:g} "
        assert record.getMessage().startswith(place)
        assert f"range of {low:g}..{high:g} " in record.getMessage()


@pytest.mark.parametrize("cell", [Cuba, Coba])
def test_default_targets_give_no_warning(cell, caplog):
    values = values_of(cell, 2)
    cell().write(ChipConfig(), np.array([[0], [1]]), values, {}, "p")
    assert caplog.records == []


def test_a_reference_potential_outside_its_range_is_remarked(caplog):
    chip, values = ChipConfig(), values_of(Coba, v_rest=160, v_thresh=200)
    write_shared(chip, [("p", values)])
    Coba().write(chip, np.array([[0]]), values, {}, "p")
    assert "p: coba reference of cell 0 = 180 CADC LSB is outside" in caplog.text


def test_voltages_and_biases_are_truncated_and_times_are_not():
    values = values_of(Coba, v_rest=80.9, i_synin_gm_E=400.7, cm=62.9, tau_m=9.7, e_rev_E=250.5)
    names = ("v_rest", "i_synin_gm_E", "cm", "tau_m", "e_rev_E")
    assert [float(values[name][0]) for name in names] == [80, 400, 62, 9.7, 250]


def test_each_cell_may_have_targets_of_its_own():
    values = values_of(n=3, v_rest=[60, 80, 100], tau_m=[5, 10, 40])
    codes = Cuba().codes(values)
    assert np.all(np.diff(codes["leak_v_leak"]) == round(20 * 4.5 / 1.54 / 0.79))
    assert codes["leak_i_bias"][:2] == pytest.approx([328, 164], abs=1)
    assert codes["leak_enable_division"].tolist() == [0, 0, 1]


def test_the_target_of_a_cell_is_a_copy_of_its_parameters():
    values = values_of(Coba, 2, v_rest=[100, 120])
    target = Coba().target(values, 1)
    values["v_rest"][1] = 90
    names = {n: default for n, default in Coba.default_parameters.items() if "rule" not in n}
    assert dataclasses.asdict(target) == names | {"v_rest": 120}
    assert Cuba().target(values_of(), 0).e_rev_E is None


@pytest.mark.parametrize("cell", [Cuba, Coba])
def test_all_settings_of_chosen_circuits_are_written_and_of_no_other(cell):
    chip, values = ChipConfig(), values_of(cell, 2)
    chip.neurons.leak_v_leak = 1
    chip.neurons.adaptation_enable = 1
    write_shared(chip, [("p", values)])
    cell().write(chip, np.array([[7], [400]]), values, {}, "p")
    chip.check()
    codes = cell().codes(values)
    assert len(codes) == 70
    for name, code in codes.items():
        assert chip.neurons[name][[7, 400]].tolist() == code.tolist(), name
    assert chip.neurons.excitatory_input_enable_coba_mode.sum() == (2 if cell is Coba else 0)
    assert chip.neurons.leak_v_leak[8] == 1
    assert chip.neurons.adaptation_enable.sum() == 510
    assert cell().learn(chip, np.array([[7]])) == {}


def test_codes_may_be_changed_before_they_are_written():
    chip, codes = ChipConfig(), Cuba().codes(values_of(Cuba, 2))
    codes["leak_v_leak"][1] = 1022
    Cuba.write_codes(chip, np.array([[7], [400]]), codes)
    assert chip.neurons.leak_v_leak[[7, 400]].tolist() == [606, 1022]
    assert chip.neurons.threshold_enable.sum() == 2


def test_a_reversal_potential_on_the_wrong_side_is_refused_and_writes_nothing():
    chip, before = ChipConfig(), ChipConfig()
    with pytest.raises(ValueError, match=r"p: neuron 1: inhibitory reversal .* below that"):
        Coba().write(chip, np.array([[0], [1]]), values_of(Coba, 2, e_rev_I=[30, 140]), {}, "p")
    assert np.array_equal(chip.image(), before.image())


def test_neurons_written_before_what_they_share_are_refused_if_clocks_are_too_fast():
    with pytest.raises(OverflowError, match=r"clock scales \(0, 0\)"):
        Cuba().write(ChipConfig(), np.array([[0]]), values_of(tau_refrac=30), {}, "p")


def test_clocks_suit_all_populations_together():
    chip = ChipConfig()
    short, long = values_of(tau_refrac=0.04), values_of(Cuba, 2, tau_refrac=32)
    write_shared(chip, [("short", short), ("long", long)])
    Cuba().write(chip, np.array([[0]]), short, {}, "short")
    Cuba().write(chip, np.array([[1], [2]]), long, {}, "long")
    assert chip.neurons.refractory_period_input_clock[:3].tolist() == [1, 0, 0]
    assert chip.common_backend.clock_scale_fast.tolist() == [0, 0]
    assert chip.common_backend.clock_scale_slow.tolist() == [4, 4]


def test_without_calibrated_populations_nothing_is_shared():
    chip = ChipConfig()
    write_shared(chip, [])
    assert np.array_equal(chip.image(), ChipConfig().image())


@pytest.mark.parametrize("name", SHARED)
def test_what_a_chip_has_once_must_be_the_same_for_all(name):
    assert name in Cuba.shared and name in Coba.shared
    one, other = values_of(**{name: 400}), values_of(Cuba, 3, **{name: 401})
    check_uniform([("one", one), ("two", values_of(Cuba, 2, **{name: 400}))])
    message = f"{name} is 400 .* in population 'one', but 401 in population 'other'"
    with pytest.raises(RuntimeError, match=message):
        check_uniform([("one", one), ("other", other)])
    chip = ChipConfig()
    with pytest.raises(RuntimeError, match=message):
        write_shared(chip, [("one", one), ("other", other)])
    assert np.array_equal(chip.image(), ChipConfig().image())
    inside = values_of(Cuba, 2, **{name: [400, 500]})
    with pytest.raises(RuntimeError, match="400 CapMem LSB in population 'p', but 500 in"):
        check_uniform([("p", inside)])
