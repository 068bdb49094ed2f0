"""Background populations: labels, masks and nodes of on-chip generators.

Oracle: every label that a generator can draw is walked through the written configuration
(`tests.support.routing`); an event that reaches the host must name its cell.  The emulator runs
the registers that rates become.
"""

import numpy as np
import pytest

from firmware_protocol import decode
from pynn_hx import compile as compiler
from pynn_hx.mapping.background import write_background
from pynn_hx.mapping.configure import identify_events
from pynn_hx.mapping.errors import MappingError
from pynn_hx.mapping.graph import Background
from pynn_hx.mapping.readout import Readout
from pynn_hx.targets import connect
from tests.support.routed import all_to_all, assert_routed_exactly, configured, network_of
from tests.support.routing import lacking, open_outputs


def from_background(n_neurons, background, pre, post, n_external=0, weight=20, inhibitory=False):
    """`pre` counts background cells."""
    first = n_neurons + n_external
    return network_of(
        n_neurons, n_external, first + pre, post, weight, inhibitory, background=background
    )


@pytest.mark.parametrize("size", [1, 2, 3, 33, 64, 65, 128, 200, 256])
@pytest.mark.parametrize("recorded", [False, True])
def test_cells_of_every_population_size_find_their_targets_in_both_halves(size, recorded):
    n = np.arange(size)
    network = from_background(512, [Background(size, recorded)], n, n * 511 // max(size - 1, 1))
    assert_routed_exactly(network, *configured(network))


def test_the_permutation_says_which_bus_a_population_is_on():
    n = np.arange(8)
    network = from_background(8, [Background(4), Background(4)], n, n)
    circuit, routing, chip = configured(network, generators=[2, 0])
    assert routing.generator.tolist() == [2, 0]
    assert np.flatnonzero(chip.background_sources.enable).tolist() == [0, 2]  # targets above only
    assert_routed_exactly(network, circuit, routing, chip)


def test_both_halves_hear_generators_with_equal_settings():
    network = from_background(512, [Background(1)], np.zeros(2, int), np.array([0, 511]))
    circuit, routing, chip = configured(network, generators=[3])
    sources = chip.background_sources
    assert np.flatnonzero(sources.enable).tolist() == [3, 7]
    for field in sources:
        assert sources[field][3] == sources[field][7]
    assert_routed_exactly(network, circuit, routing, chip)


def test_only_one_of_two_generators_sends_events_to_the_host():
    network = from_background(512, [Background(1, True)], np.zeros(2, int), np.array([0, 511]))
    _, routing, chip = configured(network)
    label = int(routing.background_label[0])
    assert open_outputs(chip, 12, label) == [0, 8]
    assert open_outputs(chip, 16, label) == [4]


def test_a_recorded_population_without_targets_sends_to_the_host_alone():
    network = from_background(3, [Background(1), Background(200, True)], np.zeros(1, int), [0])
    circuit, routing, chip = configured(network)
    assert np.flatnonzero(chip.background_sources.enable).tolist() == [0, 1]
    for cell in (0, 77, 199):
        label = int(routing.background_label[1]) | cell
        assert open_outputs(chip, 13, label) == [9]
        assert identify_events(routing, [1 << 14 | label]) == [3 + 1 + cell]
    assert_routed_exactly(network, circuit, routing, chip)


def test_neurons_and_background_are_told_apart_on_the_host():
    network = from_background(512, [Background(256, True)] * 4, np.zeros(1, int), [0])
    _, routing, _ = configured(network)
    output = np.arange(512) % 256 // 32
    neurons = output % 4 << 14 | output << 8 | routing.address
    cells = np.add.outer(np.arange(4) << 14 | routing.background_label, np.arange(256)).reshape(-1)
    both = np.append(neurons, cells)
    assert np.array_equal(identify_events(routing, both), np.arange(512 + 4 * 256))


def test_unused_labels_of_a_rounded_up_block_fire_nobody_elses_synapses():
    # 33 cells take 64 labels: neurons and external sources on the bus need another group
    cells, pre = np.arange(33), np.arange(300)
    network = network_of(
        100,
        200,
        np.concatenate([pre, 300 + cells]),
        np.concatenate([pre % 100, cells]),
        20,
        False,
        background=[Background(33)],
    )
    circuit, routing, chip = configured(network)
    assert_routed_exactly(network, circuit, routing, chip)


def test_256_cells_share_a_bus_with_128_neurons_and_external_sources():
    pre = np.arange(512 + 300)
    cells = np.arange(256)
    network = network_of(
        512,
        300,
        np.concatenate([pre, 812 + cells]),
        np.concatenate([pre * 7 % 512, cells * 5 % 512]),
        20,
        False,
        background=[Background(256, True)],
    )
    assert_routed_exactly(network, *configured(network))


def test_all_cells_onto_all_neurons_use_all_rows_of_a_bus():
    pre, post, weight = all_to_all(64, 512)
    network = from_background(512, [Background(64)], pre, post, weight=weight)
    circuit, routing, chip = configured(network)
    assert np.count_nonzero(routing.row_mode) == 128
    assert_routed_exactly(network, circuit, routing, chip)


def test_cells_that_only_row_select_bits_tell_apart_cannot_share_rows():
    pre, post, weight = all_to_all(33, 1)
    fits = from_background(1, [Background(65)], pre[:32], post[:32], weight=weight[:32])
    assert_routed_exactly(fits, *configured(fits))
    too_many = from_background(1, [Background(65)], pre, post, weight=weight)
    assert lacking(too_many, np.arange(1), range(4)) == ["rows for cells 1..64"]
    with pytest.raises(MappingError, match=r"PADI bus 0: .* cannot be divided into \[17, 0\]"):
        configured(too_many)


def test_a_fifth_population_is_refused():
    with pytest.raises(MappingError, match=r"5 populations of background .* has 4 generators"):
        configured(network_of(1, 0, [], [], 0, False, background=[Background(1)] * 5))
    with pytest.raises(MappingError, match=r"backgroundPermutation names 1"):
        configured(
            network_of(1, 0, [], [], 0, False, background=[Background(1)] * 2), generators=[2]
        )


def test_257_cells_are_refused():
    with pytest.raises(MappingError, match=r"population 1 has 257 cells.* for 256 of them"):
        configured(network_of(1, 0, [], [], 0, False, background=[Background(9), Background(257)]))


def test_on_the_emulator_every_cell_has_its_rate_and_reaches_the_host_under_its_number():
    cells, others, runtime_s = np.arange(16), np.arange(100), 5e-3
    network = network_of(
        512,
        0,
        np.append(512 + cells, 528 + others),
        np.append(cells * 31, others * 5),  # in both halves
        20,
        False,
        recorded=np.zeros(512, bool),
        background=[Background(16, True), Background(100, True)],
    )
    _, routing, chip = configured(network)
    write_background(chip, routing, [1e5, 2e4], [3, 5])
    none = np.empty(0, np.int64)
    stage = compiler.Stage(chip.image(), Readout(), 0, int(compiler.cycles(1e3 * runtime_s)))
    run = compiler.Run((stage,), none, none)
    built = compiler.build(run, None)
    seen = compiler.observe(built, decode(connect().execute(built.program.words())))
    who = identify_events(routing, seen.spike_label)
    n = np.bincount(who[who >= 0], minlength=network.n_sources)
    for counts, rate in ((n[512:528], 1e5), (n[528:], 2e4)):
        mean = rate * runtime_s
        assert counts.mean() == pytest.approx(mean, rel=0.05)
        assert np.all(np.abs(counts - mean) < 5 * np.sqrt(mean))  # Poisson, 5 sigma
    assert not n[:512].any()
    assert np.count_nonzero(who < 0) == pytest.approx(28 * 2e4 * runtime_s, rel=0.1)  # 128 - 100
