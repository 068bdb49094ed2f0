"""Pictures are drawn on the axes that are passed in.

Oracle: the data that go in, read off the artists; a network that was placed by hand.
"""

import subprocess
import sys
from itertools import pairwise
from types import SimpleNamespace

import neo
import numpy as np
import pytest
import quantities as pq
from matplotlib.figure import Figure

import pynn_hx as pynn
from pynn_hx import plot
from pynn_hx.plot.colours import PALETTE, ink_on


def test_membrane_trace_draws_data_inputs_and_spikes_in_microseconds():
    axes = Figure().add_subplot()
    signal = neo.IrregularlySampledSignal(
        [0.0, 0.1] * pq.ms, [[1.0], [3.0]], units="dimensionless", name="v"
    )
    train = neo.SpikeTrain([0.05] * pq.ms, t_stop=0.1)
    plot.membrane_trace(axes, signal, spikes=train, inputs=[0.02])
    lines = {line.get_label(): line for line in axes.lines}
    assert np.allclose(lines["recorded"].get_xdata(), [0, 100])
    assert lines["recorded"].get_ydata().tolist() == [1, 3]
    assert np.allclose(lines["output spikes"].get_xdata(), [50])
    assert np.allclose(lines["input spikes"].get_xdata(), 20)
    assert axes.get_ylabel() == "membrane potential [MADC LSB]"


def test_raster_draws_one_row_per_train():
    axes = Figure().add_subplot()
    trains = [neo.SpikeTrain([0.01 * k] * pq.ms, t_stop=0.1, source_index=k) for k in (2, 5)]
    plot.raster(axes, trains)
    assert [c.get_lineoffset() for c in axes.collections] == [2, 5]
    assert np.allclose([c.get_positions()[0] for c in axes.collections], [20, 50])


def test_trains_of_several_populations_are_stacked_and_snippets_of_one_cell_share_a_row():
    axes = Figure().add_subplot()
    cells = [("a", 0), ("a", 3), ("b", 0), ("a", 0), ("b", 0)]
    trains = [
        neo.SpikeTrain([0.01] * pq.ms, t_stop=0.1, source_population=name, source_index=index)
        for name, index in cells
    ]
    plot.raster(axes, trains)
    assert [c.get_lineoffset() for c in axes.collections] == [0, 1, 2, 0, 2]


def test_rasters_of_nothing_and_of_silent_neurons_are_empty():
    axes = Figure().add_subplot()
    plot.raster(axes, [])
    assert not axes.collections and axes.get_xlabel() == "hardware time [µs]"
    plot.raster(axes, [neo.SpikeTrain([] * pq.ms, t_stop=0.1)])
    assert len(axes.collections[0].get_positions()) == 0


def test_signals_of_the_slow_converter_are_labelled_so():
    axes = Figure().add_subplot()
    signal = neo.IrregularlySampledSignal(
        [0.0, 0.1] * pq.ms, [[1.0], [3.0]], units="dimensionless", name="exc_synin", device="cadc"
    )
    plot.membrane_trace(axes, signal)
    assert axes.get_ylabel() == "excitatory synaptic input [CADC LSB]"


def test_matplotlib_is_loaded_by_who_draws_and_pyplot_by_nobody():
    code = """
import sys
from pynn_hx import plot
from pynn_hx.utils import chip_plotter
print("matplotlib" in sys.modules)
from matplotlib.figure import Figure
plot.raster(Figure().add_subplot(), [])
print("matplotlib.pyplot" in sys.modules)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "False"]


# --- colours ------------------------------------------------------------------------------------


def test_eight_populations_have_the_colours_of_the_palette():
    assert plot.population_colours(8) == list(PALETTE)


def test_further_populations_have_lighter_shades():
    colours = plot.population_colours(20)
    assert len(set(colours)) == 20
    for darker, lighter in ((0, 8), (8, 16), (3, 11)):
        assert np.all(np.subtract(colours[lighter], colours[darker]) >= 0)


def test_populations_of_a_group_are_shades_of_one_colour():
    colours = plot.population_colours(5, {"exc": [0, 2, 4], "inh": [1]})
    assert colours[0] == PALETTE[0] and colours[1] == PALETTE[1] and colours[3] == PALETTE[2]
    assert all(sum(one) < sum(next_) for one, next_ in pairwise([colours[k] for k in (0, 2, 4)]))


def test_ink_can_be_read():
    assert [ink_on(colour) for colour in ((0, 0, 0.5), (1, 1, 0), PALETTE[0])] == [
        "white", "black", "white"
    ]  # fmt: skip


# --- a network placed by hand -------------------------------------------------------------------


def by_hand():
    """Population "a" on circuits 3 and 4, "b" on circuit 258, "in" outside.

    in[0] and in[1] excite both of a in row 0, of driver 0 and bus 0; a[0] inhibits b in row 7 of
    the bottom half, of driver 3 and bus 3.
    """
    row_mode = np.zeros((2, 256), np.uint8)
    row_mode[0, 0], row_mode[1, 7] = 1, 2
    routing = SimpleNamespace(
        circuit=np.array([3, 4, 258]),
        half=np.array([0, 0, 1]),
        row=np.array([0, 0, 7]),
        column=np.array([3, 4, 2]),
        synapse_label=np.array([5, 6, 9]),
        row_mode=row_mode,
    )
    owner = np.array([0, 0, 1, 2, 2])
    return plot.PlacedNetwork(("a", "b", "in"), owner, 3, np.array([3, 4, 0]), routing)


def test_a_placed_network_says_who_is_where():
    placed = by_hand()
    assert placed.post.tolist() == [0, 1, 2]
    assert np.argwhere(placed.circuits >= 0).tolist() == [[0, 3], [0, 4], [1, 2]]
    assert placed.circuits[0, 3] == 0 and placed.circuits[1, 2] == 1
    synapses = placed.synapses()
    assert np.argwhere(synapses >= 0).tolist() == [[0, 0, 3], [0, 0, 4], [1, 7, 2]]
    assert synapses[0, 0, 3] == 2 and synapses[1, 7, 2] == 0
    assert placed.synapses(by_source=False)[1, 7, 2] == 1
    drivers = placed.labels_of_drivers()
    assert (drivers[0, 0], drivers[1, 3], drivers.sum()) == (2, 1, 3)
    external, neurons = placed.rows_of_buses()
    assert external.tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    assert neurons.tolist() == [0, 0, 0, 0, 0, 0, 0, 1]
    assert placed.population_matrix().tolist() == [[0, 1, 0], [0, 0, 0], [2, 0, 0]]
    assert np.argwhere(placed.neuron_matrix()).tolist() == [[0, 2], [3, 0], [4, 1]]


def pixels(axes):
    """The images of a picture, from top to bottom: arrays and first and last column."""
    found = [(i.get_array(), i.get_extent()) for i in axes.images]
    return sorted(found, key=lambda image: image[1][3])


def test_a_chip_map_shows_rows_in_use_circuits_and_signs():
    axes = Figure().add_subplot()
    plot.chip_map(axes, by_hand(), colours=[(1, 0, 0), (0, 1, 0), (0, 0, 1)])
    blue, red, green, white, black = np.array(
        [(0, 0, 1), (1, 0, 0), (0, 1, 0), (1, 1, 1), (0, 0, 0)]
    )
    (upper, where), (sign, _), (top, _), (bottom, _), (lower, _), (lower_sign, _) = pixels(axes)
    assert where[:2] == [0.5, 8.5]  # columns 1..8
    assert np.array_equal(upper[0, :4], [white, white, blue, blue])
    assert np.array_equal(top[0, :4], [white, white, red, red])
    assert np.array_equal(bottom[0, :4], [white, green, white, white])
    assert np.array_equal(lower[0, :4], [white, red, white, white])
    assert np.array_equal(sign[0, 0], white) and np.array_equal(lower_sign[0, 0], black)
    assert [tick.get_text() for tick in axes.get_yticklabels()] == [
        "top circuits", "bottom circuits", "bus 0, row 0", "bus 3, row 7"
    ]  # fmt: skip
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "a", "b", "in", "excitatory row", "inhibitory row"
    ]  # fmt: skip
    assert axes.get_xlabel() == "column of circuits and synapses"


def test_bars_show_the_labels_of_each_driver():
    axes = Figure().add_subplot()
    plot.chip_map(axes, by_hand())
    (panel,) = axes.child_axes
    assert [bar.get_width() for bar in panel.patches] == [2, 1]
    assert panel.get_xlabel() == "labels\nper driver"


def test_a_chip_map_of_everything_has_both_arrays_and_grey_rows():
    axes = Figure().add_subplot()
    plot.chip_map(axes, by_hand(), only_used=False, sort_by_bus=False, circuit_height=50)
    (upper, where), _, (top, _), _, (lower, _), _ = pixels(axes)
    assert upper.shape == lower.shape == (256, 256, 3) and top.shape == (1, 256, 3)
    assert where == [-0.5, 255.5, 256, 0]
    assert (upper[-1, 3] != upper[-1, 5]).any()  # row 0 is the one beside the circuits
    assert (upper[0] < 1).all() and (lower[7, 100] == 1).all()


def test_one_half_may_be_drawn_alone_and_unused_rows_left_white():
    axes = Figure().add_subplot()
    plot.chip_map(axes, by_hand(), half=1, only_used=False, shade_unused=False)
    (circuits, _), (synapses, _), _ = pixels(axes)
    assert circuits.shape == (1, 256, 3) and (synapses[0] == 1).all()
    assert "top circuits" not in [tick.get_text() for tick in axes.get_yticklabels()]


def test_labels_are_written_into_synapses():
    axes = Figure().add_subplot()
    plot.chip_map(axes, by_hand(), label_synapses=True, by_source=False)
    written = {text.get_text(): text.get_position()[0] for text in axes.texts}
    assert (written["5"], written["6"], written["9"]) == (3, 4, 2)
    assert "that receives" in axes.get_legend().get_title().get_text()


def test_labels_that_nobody_could_read_are_refused():
    placed = by_hand()
    placed.routing.synapse_label = np.zeros(1001, np.int64)
    with pytest.raises(ValueError, match=r"1001 synapses cannot be read \(at most 1000"):
        plot.chip_map(Figure().add_subplot(), placed, label_synapses=True)


def test_many_populations_do_not_fill_the_picture_with_their_names():
    placed = by_hand()
    many = plot.PlacedNetwork(
        tuple(map(str, range(30))), np.arange(30), 3, placed.pre, placed.routing
    )
    axes = Figure().add_subplot()
    plot.chip_map(axes, many)
    assert "and 6 more" in [text.get_text() for text in axes.get_legend().get_texts()]


def test_counts_of_synapses_between_populations_and_between_cells():
    figure = Figure()
    one, each = figure.subplots(2)
    plot.synapse_counts(one, by_hand())
    plot.synapse_counts(each, by_hand(), each_cell=True, grid=False)
    assert one.images[0].get_array().filled(0).tolist() == [[0, 1], [0, 0], [2, 0]]
    assert [tick.get_text() for tick in one.get_yticklabels()] == ["a", "b", "in"]
    assert [tick.get_text() for tick in one.get_xticklabels()] == ["a", "b"]
    assert {text.get_text() for text in one.texts} == {"1", "2"}
    assert each.images[0].get_array().shape == (5, 3)
    assert [tick.get_text() for tick in each.get_xticklabels()] == ["a", "b"]
    assert not each.lines and len(one.lines) == 3


# --- of a session -------------------------------------------------------------------------------


@pytest.fixture
def network():
    pynn.setup()
    neurons = pynn.Population(3, pynn.cells.HXNeuron(), label="neurons")
    inputs = pynn.Population(2, pynn.cells.SpikeSourceArray(spike_times=[0.1]), label="inputs")
    weights = pynn.synapses.StaticSynapse(weight=70)
    forward = pynn.Projection(inputs, neurons, pynn.AllToAllConnector(), synapse_type=weights)
    inhibition = pynn.Projection(
        neurons,
        neurons,
        pynn.FromListConnector([(0, 1, -5, 0)], column_names=["weight", "delay"]),
        receptor_type="inhibitory",
    )
    yield forward, inhibition
    pynn.end()


def test_a_session_is_drawn_after_its_mapping(network):
    axes = Figure().add_subplot()
    with pytest.raises(RuntimeError, match=r"nothing is mapped yet; call run\(\) or run\(None"):
        plot.chip_map(axes, pynn.simulator.state)
    pynn.run(None, pynn.RunCommand.PREPARE)
    plot.chip_map(axes, pynn.simulator.state)
    placed = plot.PlacedNetwork.of(pynn.simulator.state)
    assert placed.labels == ("neurons", "inputs")
    assert placed.population_matrix().tolist() == [[1, 0], [12, 0]]  # 70 takes two synapses


def test_a_weight_matrix_shows_the_digital_weights(network):
    forward, inhibition = network
    figure = Figure()
    one, other = figure.subplots(2)
    plot.weight_matrix(one, forward)
    plot.weight_matrix(other, inhibition)
    assert one.images[0].get_array().tolist() == [[70] * 3] * 2
    assert one.images[0].get_clim() == (0, 70) and other.images[0].get_clim() == (-63, 0)
    assert (one.get_xlabel(), one.get_ylabel()) == ("cell of neurons", "cell of inputs")
    assert [text.get_text() for text in other.texts] == ["-5"]
    assert other.get_title() == "inhibitory, 1 pairs connected"
    assert [axes.get_ylabel() for axes in figure.axes[2:]] == ["weight [LSB]"] * 2


def test_a_map_knows_generators_and_parts_of_large_networks():
    pynn.setup()
    neurons = pynn.Population(520, pynn.cells.HXNeuron(), label="neurons")
    noise = pynn.Population(8, pynn.cells.SpikeSourcePoissonOnChip(rate=1e4, seed=3), label="noise")
    given = pynn.Population(3, pynn.cells.SpikeSourceArray(), label="given")
    synapse = pynn.synapses.StaticSynapse(weight=5)
    for source, target in ((noise, neurons[:4]), (given, neurons[4:6]), (given, neurons[518:])):
        pynn.Projection(source, target, pynn.AllToAllConnector(), synapse)
    pynn.run(None, pynn.RunCommand.PREPARE)
    first, second = (plot.PlacedNetwork.of(pynn.simulator.state, part) for part in range(2))
    assert first.population_matrix().tolist() == [[0, 0, 0], [32, 0, 0], [6, 0, 0]]
    assert second.population_matrix().tolist() == [[0, 0, 0], [0, 0, 0], [6, 0, 0]]
    assert (first.circuits >= 0).sum() == 512 and (second.circuits >= 0).sum() == 8
