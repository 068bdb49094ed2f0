"""A list of pictures, by number.

Oracle: the network that is drawn; the names of the chip's own PyNN backend.
"""

import numpy as np
import pytest
from matplotlib.figure import Figure

import pynn_hx as pynn
from pynn_hx.utils.chip_plotter import ChipPlotter, PlotTypes


@pytest.fixture
def network():
    """Two inputs to both of "a", one of which goes to "b"."""
    pynn.setup()
    a = pynn.Population(2, pynn.cells.HXNeuron(), label="a")
    b = pynn.Population(1, pynn.cells.HXNeuron(), label="b")
    inputs = pynn.Population(2, pynn.cells.SpikeSourceArray(spike_times=[0.1]), label="in")
    weights = pynn.synapses.StaticSynapse(weight=10)
    pynn.Projection(inputs, a, pynn.AllToAllConnector(), synapse_type=weights)
    pynn.Projection(a, b, pynn.OneToOneConnector(), synapse_type=weights)
    pynn.run(None, pynn.RunCommand.PREPARE)
    yield
    pynn.end()


@pytest.fixture
def plotter(network):
    plotter = ChipPlotter(custom_title="chip", population_contrast_groups={"neurons": [0, 1]})
    assert plotter.add_plot_chip_map() == 0
    assert plotter.add_plot_matrix(custom_title="matrix") == 1
    return plotter


def titles(figures):
    return [figure.get_suptitle() for figure in figures]


def test_every_picture_is_drawn_with_the_defaults_or_its_own_options(plotter):
    figures = plotter.plot_all()
    assert all(isinstance(figure, Figure) for figure in figures)
    assert titles(figures) == ["chip", "matrix"]
    assert figures[0].axes[0].get_xlabel() == "column of circuits and synapses"
    assert figures[1].axes[0].get_xlabel() == "to"


def test_halves_are_drawn_side_by_side(plotter):
    number = plotter.add_plot_chip_map(separate_view=True)
    assert len(plotter.plot_by_id(number).axes) == 2


def test_pictures_are_saved_under_their_kind_and_number(plotter, tmp_path):
    folder = tmp_path / "new"
    paths = plotter.save_all(folder=str(folder), name="net", formats=["png"], dpi=20)
    assert paths == [folder / "net_chip_map_0.png", folder / "net_matrix_1.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    (page,) = plotter.save_by_id(1, folder=f"{folder}/", formats=("pdf",), dpi=20)
    assert page.name == "matrix_1.pdf" and page.read_bytes().startswith(b"%PDF")


def test_what_was_drawn_is_saved_as_it_was_drawn(plotter, tmp_path):
    figure = plotter.plot_by_id(1)
    figure.suptitle("changed")
    plotter.save_by_id(1, folder=str(tmp_path), formats=["png"], dpi=20)
    assert titles([figure]) == ["changed"]
    plotter.clear_plot(1)
    assert titles([plotter.plot_by_id(1)]) == ["matrix"]


def test_pictures_can_be_changed_and_removed(plotter):
    plotter.modify_plot(1, custom_title="other", plot_each_neuron=True)
    assert titles(plotter.plot_all()) == ["chip", "other"]
    plotter.clear_all_plots()
    plotter.remove_plot(0)
    assert titles(plotter.plot_all()) == ["other"]
    with pytest.raises(TypeError, match="a matrix has no center; it has do_label_synapses"):
        plotter.modify_plot(0, center=(1, 2))
    with pytest.raises(IndexError, match="there is no picture 1; 1 were added, numbered from 0"):
        plotter.plot_by_id(1)


def test_views_of_a_part_are_not_there(plotter):
    with pytest.raises(NotImplementedError, match="no view of a part"):
        plotter.add_plot_chip_map(center=(3, 4))


def test_data_are_those_of_the_network(plotter):
    plotter.retrieve_data(True, True, True, True)
    assert plotter.neuron_map[0, :4].tolist() == [0, 0, 1, -1]
    assert np.count_nonzero(plotter.synapse_map >= 0) == 5
    assert plotter.pop_matrix.tolist() == [[0, 1, 0], [0, 0, 0], [4, 0, 0]]
    assert plotter.neuron_matrix.sum(axis=0).tolist() == [2, 2, 1]


def test_only_the_data_that_are_wanted_are_retrieved(plotter):
    plotter.retrieve_data(neuron_map=False, synapse_map=False, neuron_matrix=False)
    assert plotter.neuron_map is plotter.synapse_map is plotter.neuron_matrix is None
    assert plotter.pop_matrix is not None


def test_rows_of_buses_are_counted_by_kind_of_source(plotter):
    counts = plotter.get_padibus_pop_counts()
    assert len(counts["external"]) == len(counts["onChip"]) == 8
    assert sum(counts["external"]) == 2 and sum(counts["onChip"]) == 1


def test_the_circuit_with_most_synapses_is_found(plotter):
    assert plotter.get_most_often_postneuron() == (0, 0, 2)


def test_without_a_mapping_there_is_nothing_to_draw():
    pynn.setup()
    plotter = ChipPlotter()
    plotter.add_plot_chip_map()
    with pytest.raises(RuntimeError, match="nothing is mapped yet"):
        plotter.plot_all()
    pynn.Population(1, pynn.cells.HXNeuron())
    pynn.run(None, pynn.RunCommand.PREPARE)
    with pytest.raises(RuntimeError, match="no synapses; make a Projection first"):
        plotter.get_most_often_postneuron()
    pynn.end()


def test_kinds_of_pictures_have_names():
    assert {kind.value for kind in PlotTypes} == {"chip_map", "matrix"}
