"""What can be imported from where.

Oracle: the names that scripts written for the chip's other PyNN backend use.
"""

import importlib

import pyNN.descriptions
import pyNN.serialization
import pytest

import pynn_hx
import pynn_hx as pynn

PYNN_MODULES = (
    "common random recording errors space descriptions standardmodels parameters core serialization"
).split()
FUNCTIONS = (
    "setup end run run_for run_until reset preprocess initialize record set create connect "
    "get_current_time get_time_step get_min_delay get_max_delay num_processes rank "
    "list_standard_models get_pre_realtime_read get_post_realtime_read get_backend_statistics "
    "get_post_realtime_read_ppu_symbols get_execution_instance_data get_io"
).split()
CLASSES = (
    "Population PopulationView Assembly Projection Timer PlasticityRule InjectedConfiguration "
    "InjectedReadout RunCommand SpikingCalibTarget SpikingCalibOptions AllToAllConnector "
    "OneToOneConnector FromListConnector StaticSynapse NumpyRNG RandomDistribution Space"
).split()
MODULES = (
    "cells synapses standardmodels populations projections plasticity_rules connectors simulator "
    "helper logger common space errors recording recording_data lola hal halco sta morphology plot"
).split()


@pytest.mark.parametrize("name", PYNN_MODULES)
def test_modules_of_pynn_can_be_taken_from_here(name):
    namespace = {}
    exec(f"from pynn_hx import {name}", namespace)
    assert namespace[name] is getattr(pynn_hx, name)


def test_modules_without_a_counterpart_here_are_pynns():
    assert pynn_hx.descriptions is pyNN.descriptions
    assert pynn_hx.serialization is pyNN.serialization
    assert pynn_hx.parameters.Sequence([1]) == pyNN.parameters.Sequence([1])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_there(name):
    assert callable(getattr(pynn, name))


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_there(name):
    assert isinstance(getattr(pynn, name), type)


@pytest.mark.parametrize("name", MODULES)
def test_modules_are_there_and_listed(name):
    assert getattr(pynn, name).__name__
    assert name in dir(pynn)


def test_the_three_spellings_of_cells_and_synapses_mean_the_same():
    assert pynn.cells is pynn.standardmodels.cells
    assert pynn.synapses is pynn.standardmodels.synapses
    assert importlib.import_module("pynn_hx.standardmodels.cells") is pynn.cells
    assert importlib.import_module("pynn_hx.morphology") is pynn.morphology


def test_what_morphology_and_plotting_offer():
    for name in (
        "create_mc_neuron Compartment SharedLineConnection McNeuronBase McCircuitParameters"
    ).split():
        assert getattr(pynn.morphology, name).__name__ == name
    plotter = importlib.import_module("pynn_hx.utils.chip_plotter")
    assert plotter.ChipPlotter and plotter.PlotTypes


def test_every_public_name_exists():
    for name in pynn.__all__:
        assert getattr(pynn, name) is not None


@pytest.mark.parametrize("name", ["grenade", "grenade_common", "hxcomm"])
def test_layers_below_another_backend_are_named_as_absent_with_a_way_out(name):
    with pytest.raises(AttributeError, match=f"{name}: the software below .* see get_backend_stat"):
        getattr(pynn, name)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = pynn.nonsense


def test_the_names_of_cell_types():
    for name in (
        "HXNeuron CalibHXNeuronCuba CalibHXNeuronCoba SpikeSourceArray SpikeSourcePoisson "
        "SpikeSourcePoissonOnChip OffChipSource SpikeIOCell ExternalNeuron"
    ).split():
        assert isinstance(getattr(pynn.cells, name), type)
    for name in ("StaticSynapse", "PlasticSynapse", "StaticRecordingSynapse"):
        assert isinstance(getattr(pynn.synapses, name), type)


def test_external_neurons_are_told_by_their_base_class():
    external = [
        pynn.cells.SpikeSourceArray(),
        pynn.cells.SpikeSourcePoisson(start=0, rate=1, duration=1),
        pynn.cells.SpikeSourcePoissonOnChip(rate=1, seed=1),
    ]
    assert all(isinstance(cell, pynn.cells.ExternalNeuron) for cell in external)
    for cell in (pynn.cells.HXNeuron(), pynn.cells.CalibHXNeuronCuba()):
        assert not isinstance(cell, pynn.cells.ExternalNeuron)
