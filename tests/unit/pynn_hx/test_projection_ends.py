"""Ends of projections: assemblies, compartments, circuits.

Oracle: cells numbered by hand in the order of an assembly; circuits counted.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pynn_hx as pynn
from pynn_hx.projection_ends import End
from pynn_hx.standardmodels.base import CompartmentLayout


@pytest.fixture(autouse=True)
def session():
    pynn.setup()


def neurons(n, cell=pynn.cells.HXNeuron):
    return pynn.Population(n, cell())


def sources(n):
    return pynn.Population(n, pynn.cells.SpikeSourceArray())


def synapse(weight=1):
    return pynn.synapses.StaticSynapse(weight=weight)


class TwoPlaces(pynn.cells.HXNeuron):
    """A neuron with two names for its circuit, and one name for two compartments."""

    layout = (
        CompartmentLayout("soma", (0,)),
        CompartmentLayout("dendrite", (0,)),
        CompartmentLayout("twin", (0,)),
        CompartmentLayout("twin", (0,)),
    )


# --- assemblies ---------------------------------------------------------------------------------


def test_an_assembly_numbers_its_cells_member_by_member():
    a, b, s = neurons(4), neurons(3), sources(2)
    pre, post = pynn.Assembly(s, b[1:], a[[0, 3]]), pynn.Assembly(b, a[2:])
    projection = pynn.Projection(pre, post, pynn.AllToAllConnector(), synapse())
    arrays = projection.as_connections()
    assert arrays.pre.reshape(6, 5)[:, 0].tolist() == [7, 8, 5, 6, 0, 3]  # sources after neurons
    assert arrays.post.reshape(6, 5)[0].tolist() == [4, 5, 6, 2, 3]
    assert projection.get("weight", "array").shape == (6, 5)
    assert (projection[0].source, projection[-1].target) == (s[0], a[3])
    assert [(c.pop_pre_index, c.pop_post_index) for c in projection[10:15]] == [
        (1, 0), (1, 1), (1, 2), (1, 2), (1, 3)
    ]  # fmt: skip


def test_an_assembly_connects_to_itself_without_its_own_synapses():
    cells = pynn.Assembly(neurons(2), neurons(3))
    connector = pynn.AllToAllConnector(allow_self_connections=False)
    projection = pynn.Projection(cells, cells, connector)
    found = [(c.presynaptic_index, c.postsynaptic_index) for c in projection]
    assert found == [(i, j) for i in range(5) for j in range(5) if i != j]


def test_weights_between_assemblies_are_set_and_read_like_others():
    projection = pynn.Projection(
        pynn.Assembly(sources(1), neurons(1)),
        pynn.Assembly(neurons(2), neurons(1)),
        pynn.AllToAllConnector(),
    )
    wanted = np.arange(6).reshape(2, 3)
    projection.set(weight=wanted)
    assert projection.get("weight", "array").tolist() == wanted.tolist()
    assert "AllToAllConnector" in projection.describe()


def test_a_source_in_an_assembly_of_targets_is_named():
    targets = pynn.Assembly(
        neurons(1), pynn.Population(1, pynn.cells.SpikeSourceArray(), label="s")
    )
    with pytest.raises(pynn.errors.ConnectionError, match=r"population 's' of assembly .* cannot"):
        pynn.Projection(neurons(1), targets, pynn.AllToAllConnector())
    assert pynn.simulator.state.projections == []


def test_a_member_of_an_earlier_session_is_refused():
    old, old_source = neurons(1), sources(1)
    pynn.setup()
    new = neurons(1)
    for pre, post in [(pynn.Assembly(new, old_source), new), (new, pynn.Assembly(new, old))]:
        with pytest.raises(RuntimeError, match="belongs to an earlier session"):
            pynn.Projection(pre, post, pynn.AllToAllConnector())
    assert pynn.simulator.state.projections == []


# --- compartments -------------------------------------------------------------------------------


def test_connectors_choose_compartments_by_their_labels():
    cells = neurons(2, TwoPlaces)
    connector = pynn.AllToAllConnector(
        location_selector="dendrite", source_location_selector=["soma"]
    )
    projection = pynn.Projection(cells, cells, connector)
    assert (projection.pre_compartment, projection.post_compartment) == (0, 1)
    default = pynn.Projection(sources(1), neurons(2), pynn.OneToOneConnector())
    assert (default.pre_compartment, default.post_compartment) == (0, 0)
    mixed = pynn.Projection(cells, pynn.Assembly(cells, neurons(1)), pynn.OneToOneConnector())
    assert mixed.post_compartment == [0, 0]


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("axon", "'axon' names no compartment of 'cells'; they are called soma, dendrite, twin"),
        ("twin", "'twin' names several compartments of 'cells'"),
        (["soma", "dendrite"], "names several compartments"),
        (["soma", "axon"], "names several compartments|names no compartment"),
        ([], "names no compartment"),
        (3, "3 is not the label of a compartment"),
    ],
)
@pytest.mark.parametrize("which", ["location_selector", "source_location_selector"])
def test_labels_that_do_not_name_one_compartment_are_refused(location, message, which):
    cells = pynn.Population(2, TwoPlaces(), label="cells")
    with pytest.raises(ValueError, match=message):
        pynn.Projection(cells, cells, pynn.AllToAllConnector(**{which: location}))
    assert pynn.simulator.state.projections == []


def test_every_member_of_an_assembly_must_have_the_compartment():
    mixed = pynn.Assembly(neurons(1, TwoPlaces), neurons(1))
    with pytest.raises(ValueError, match="a point neuron has no locations"):
        pynn.Projection(neurons(1), mixed, pynn.AllToAllConnector(location_selector="soma"))


# --- circuits -----------------------------------------------------------------------------------


class Cells:
    """A population of cells of several circuits each, numbered from `first` on."""

    celltype = SimpleNamespace(conductance_based=False)

    def __init__(self, n_cells, n_circuits, first=0):
        self._root, self._indices = self, np.arange(n_cells)
        self._numbers = first + np.arange(n_cells * n_circuits).reshape(n_cells, n_circuits)

    def target_slots(self, indices, location):
        assert location is None
        return self._numbers[indices]


@given(
    n_circuits=st.integers(1, 5),
    cell=st.lists(st.integers(0, 2), max_size=40),
    first=st.integers(0, 9),
)
def test_connections_are_dealt_out_evenly_to_the_circuits_of_each_cell(n_circuits, cell, first):
    end = End(Cells(3, n_circuits), None, "here")
    cells = np.array(cell, dtype=np.int64)
    slots = end.slots(cells, np.ones(cells.size, dtype=np.int64), first)
    assert np.array_equal(slots // n_circuits, cells)
    load = np.bincount(slots, minlength=3 * n_circuits).reshape(3, n_circuits)
    assert np.all(load.max(axis=1) - load.min(axis=1) <= 1)


def test_connections_of_many_synapses_do_not_meet_in_one_circuit():
    end = End(Cells(1, 2), None, "here")
    n_synapses = np.array([1, 5, 1, 5, 1, 1])
    slots = end.slots(np.zeros(6, dtype=np.int64), n_synapses, 0)
    assert np.bincount(slots, weights=n_synapses).tolist() == [7, 7]


def test_several_small_projections_begin_with_different_circuits():
    end = End(Cells(4, 3), None, "here")
    one_each, one = np.arange(4), np.ones(4, dtype=np.int64)
    slots = np.concatenate([end.slots(one_each, one, first) for first in range(3)])
    assert np.array_equal(np.sort(slots), np.arange(12))
