"""Coordinates by the vendor's names.

Oracle: sizes and enumeration rules of ``docs/reference/coordinates.md``, and the register tables:
a container has as many instances as its type of coordinate.
"""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol import coordinates as c
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.coordinates import CoordinateError
from pynn_hx.vendor import halco
from pynn_hx.vendor.coordinate import KINDS, READS_AS


def test_every_type_enumerates_all_instances_of_its_container():
    for kind, name in READS_AS.items():
        if name in CONTAINERS and name != "ReadoutSourceSelection":
            assert getattr(halco, kind).size == CONTAINERS[name].n_instances, kind


def test_the_types_that_scripts_use_have_the_chips_sizes():
    # fmt: off
    sizes = {
        "AtomicNeuronOnDLS": 512, "NeuronColumnOnDLS": 256, "NeuronRowOnDLS": 2,
        "SynapseOnDLS": 131072, "SynapseRowOnDLS": 512, "SynapseRowOnSynram": 256,
        "SynapseOnSynapseRow": 256, "SynapseDriverOnDLS": 256, "SynapseDriverOnPADIBus": 32,
        "SynapseRowOnSynapseDriver": 2, "PADIBusOnDLS": 8, "PADIBusOnPADIBusBlock": 4,
        "SynramOnDLS": 2, "HemisphereOnDLS": 2, "CrossbarOutputOnDLS": 12, "CrossbarNodeOnDLS": 76,
        "CrossbarOutputConfigOnDLS": 1, "BackgroundSpikeSourceOnDLS": 8, "CapMemBlockOnDLS": 4,
        "SynapseWeightRowOnDLS": 512, "CapMemCellOnDLS": 12480, "ReadoutSourceSelectionOnDLS": 1,
        "PadMultiplexerConfigOnDLS": 2, "NeuronConfigOnDLS": 512, "NeuronBackendConfigOnDLS": 512,
        "CommonNeuronBackendConfigOnDLS": 2, "SynapseDriverBlockOnDLS": 2, "SpikeLabel": 65536,
        "SourceMultiplexerOnReadoutSourceSelection": 2, "EventRecordingConfigOnFPGA": 1,
    }
    # fmt: on
    assert {name: getattr(halco, name).size for name in sizes} == sizes
    assert {name: getattr(halco, name).max + 1 for name in sizes} == sizes


def test_a_coordinate_is_made_of_nothing_a_number_or_its_parts_inner_first():
    place = halco.AtomicNeuronOnDLS(halco.NeuronColumnOnDLS(3), halco.NeuronRowOnDLS.bottom)
    assert place == halco.AtomicNeuronOnDLS(halco.Enum(259))
    assert place == halco.AtomicNeuronOnDLS(halco.common.Enum(259))
    assert place == halco.AtomicNeuronOnDLS(3, 1)
    assert (place.x(), place.y()) == (halco.NeuronColumnOnDLS(3), halco.NeuronRowOnDLS(1))
    assert place.toEnum() == 259 and int(halco.AtomicNeuronOnDLS()) == 0
    row = halco.SynapseRowOnDLS(halco.SynapseRowOnSynram(5), halco.SynramOnDLS(1))
    assert int(row) == 261
    cell = halco.CapMemCellOnCapMemBlock(
        halco.CapMemColumnOnCapMemBlock(7), halco.CapMemRowOnCapMemBlock(2)
    )
    assert int(halco.CapMemCellOnDLS(cell, halco.CapMemBlockOnDLS(3))) == 3 * 3120 + 2 * 130 + 7


def test_a_crossbar_node_is_made_of_output_and_input():
    output, input_ = halco.CrossbarOutputOnDLS(9), halco.CrossbarInputOnDLS(13)
    node = halco.CrossbarNodeOnDLS(output, input_)
    assert node == halco.CrossbarNodeOnDLS(9, 13)
    assert (node.toCrossbarOutputOnDLS(), node.toCrossbarInputOnDLS()) == (output, input_)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: halco.AtomicNeuronOnDLS(512), r"the chip has 0\.\.511"),
        (lambda: halco.SynapseRowOnDLS(halco.SynramOnDLS(1), 5), "give row .of 256., synram"),
        (lambda: halco.SynapseRowOnDLS(300, 0), r"must be 0\.\.255"),
        (lambda: halco.SynapseOnDLS(3, 4), "a part is missing"),
        (lambda: halco.AtomicNeuronOnDLS(halco.SynramOnDLS(1)), "use a conversion"),
        (lambda: halco.CrossbarOutputConfigOnDLS().toNeuronColumnOnDLS(), "does not convert"),
        (lambda: halco.SynapseRowOnSynram().toAtomicNeuronOnDLS(), "does not convert"),
    ],
)
def test_what_does_not_exist_is_refused(make, message):
    with pytest.raises(CoordinateError, match=message):
        make()


def test_places_of_different_kinds_are_different_keys():
    keys = {halco.SynramOnDLS(): 1, halco.HemisphereOnDLS(): 2, halco.CrossbarOutputOnDLS(): 3}
    assert len(keys) == 3 and keys[halco.HemisphereOnDLS.top] == 2
    assert halco.SynramOnDLS(1) != halco.HemisphereOnDLS(1)
    assert halco.AtomicNeuronOnDLS(4) == c.AtomicNeuron(4)


@given(st.integers(0, 131071))
def test_a_placed_synapse_leads_to_its_row_and_its_place_there(number):
    synapse = halco.SynapseOnDLS(number)
    row = halco.SynapseRowOnDLS(
        synapse.toSynapseOnSynram().toSynapseRowOnSynram(), synapse.toSynramOnDLS()
    )
    assert row == synapse.synapse_row == synapse.toSynapseRowOnDLS()
    assert int(row.toSynapseWeightRowOnDLS()) == number // 256
    assert synapse.synapse_on_row == synapse.toSynapseOnSynapseRow()
    assert int(synapse.synapse_on_row) == number % 256
    assert int(synapse.toAtomicNeuronOnDLS()) == number // 65536 * 256 + number % 256


def test_a_driver_has_a_top_and_a_bottom_row():
    rows = halco.SynapseDriverOnSynapseDriverBlock(21).toSynapseRowOnSynram()
    assert rows == {
        halco.SynapseRowOnSynapseDriver.top: halco.SynapseRowOnSynram(43),
        halco.SynapseRowOnSynapseDriver.bottom: halco.SynapseRowOnSynram(42),
    }


def test_coordinates_index_arrays_and_survive_pickling():
    assert np.arange(512)[halco.AtomicNeuronOnDLS(7)] == 7
    restored = pickle.loads(pickle.dumps(halco.SynapseRowOnDLS(300)))
    assert restored == halco.SynapseRowOnDLS(300) and type(restored) is halco.SynapseRowOnDLS
    assert [int(s) for s in halco.iter_all(halco.SynramOnDLS)] == [0, 1]


def test_a_logical_neuron_says_which_circuits_it_has():
    shape = halco.LogicalNeuronCompartments.of([[0, 1], [128 + 1]])
    neuron = halco.LogicalNeuronOnDLS(shape, halco.AtomicNeuronOnDLS(10))
    assert neuron.get_atomic_neurons() == [halco.AtomicNeuronOnDLS(n) for n in (10, 11, 267)]
    placed = neuron.get_placed_compartments()
    assert placed[halco.CompartmentOnLogicalNeuron(1)] == [halco.AtomicNeuronOnDLS(267)]


def test_the_module_lists_its_types_and_knows_no_others():
    assert set(KINDS) <= set(dir(halco))
    with pytest.raises(AttributeError, match="halco has no 'Neuron'"):
        _ = halco.Neuron
