"""Helpers.  Oracle: the table of AtomicNeuron fields, and files that `ChipConfig.save` wrote."""

import pytest

import pynn_hx as pynn
from calibration.nominal import nominal_chip
from firmware_protocol import ChipConfig, ConfigFileError
from pynn_hx import helper
from pynn_hx.vendor import halco, lola


@pytest.fixture
def calibrations(monkeypatch, tmp_path):
    """An empty directory of calibrations."""
    monkeypatch.setenv(helper.ENVIRONMENT, str(tmp_path))
    return tmp_path


def test_the_nightly_chip_is_a_fresh_nominal_one(calibrations):
    a, b = helper.chip_from_nightly(), helper.chip_from_nightly()
    assert a == b == nominal_chip() and a is not b
    assert a.neuron_block.atomic_neurons[halco.AtomicNeuronOnDLS(3)].leak.v_leak == 606


def test_a_stored_calibration_takes_its_place(calibrations):
    path = helper.nightly_calib_path()
    assert path.parts[-4:] == ("emulator-0", "stable", "latest", "spiking_cocolist.pbin")
    assert path.is_relative_to(calibrations)
    assert helper.nightly_calib_url() == path.as_uri()
    stored = ChipConfig()
    stored.neurons.leak_v_leak[7] = 77
    path.parent.mkdir(parents=True)
    stored.save(path)
    assert helper.chip_from_nightly() == stored


def test_calibrations_lie_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.delenv(helper.ENVIRONMENT, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert helper.nightly_calib_path().is_relative_to(tmp_path / "pynn-hx" / "calibrations")


def test_a_chip_comes_from_a_file_and_from_its_bytes(tmp_path):
    chip, path = ChipConfig(), tmp_path / "chip.cfg"
    chip.neurons.reset_v_reset[9] = 5
    chip.save(path)
    for found in (
        helper.chip_from_file(path),
        helper.chip_from_file(str(path)),
        helper.chip_from_portable_binary(path.read_bytes()),
    ):
        assert found == chip and isinstance(found, lola.Chip)
    (tmp_path / "vendor.pbin").write_bytes(b"\x01\x00serialised")
    for read in (
        lambda: helper.chip_from_file(tmp_path / "vendor.pbin"),
        lambda: helper.chip_from_portable_binary(b"\x01\x00serialised"),
    ):
        with pytest.raises(ConfigFileError, match=r"portable binaries .* cannot be read\.  Start"):
            read()
    with pytest.raises(FileNotFoundError):
        helper.chip_from_file(tmp_path / "missing")


def test_the_setup_has_a_name_with_and_without_a_session():
    assert helper.get_unique_identifier() == ["emulator-0"]
    pynn.setup(target="emulator:?chip_seed=5")
    assert helper.get_unique_identifier() == ["emulator-5"]
    pynn.end()


def test_names_split_at_their_member():
    assert helper.decompose_in_member_names("leak_v_leak") == ("leak", "v_leak")
    assert helper.decompose_in_member_names("refractory_period_input_clock") == (
        "refractory_period",
        "input_clock",
    )
    with pytest.raises(ValueError, match="begins with none of leak, reset"):
        helper.decompose_in_member_names("v_leak")


def test_values_of_a_circuit_are_parameters_of_the_cell_type():
    chip = helper.chip_from_nightly()
    values = helper.get_values_of_atomic_neuron(chip.atomic_neuron(3))
    names = pynn.cells.HXNeuron.get_parameter_names()
    assert list(values) == [name for name in names if "plasticity" not in name]
    assert (values["leak_v_leak"], values["threshold_enable"]) == (606.0, True)
    fewer = helper.get_values_of_atomic_neuron(chip.atomic_neuron(3), exclude=["leak_v_leak"])
    assert len(fewer) == 69
    assert helper.get_values_of_atomic_neuron(lola.AtomicNeuron.on(chip, 3)) == values
    assert len(helper.ATOMIC_NEURON_MEMBERS) == 14
