"""PADI buses: arbitration, losses, the log of pulses, and that windows do not matter.

Oracle: a queue per bus served cycle by cycle in plain Python; a few cases counted by hand.
"""

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.kernels import arrivals as ar
from firmware_protocol import ChipConfig
from tests.support.synapses import Bench, effects, label_of, listen

OUTSIDE = 8
"""A crossbar input from the FPGA."""


def open_buses():
    config = ChipConfig()
    config.padi.enable_spl1 = 1
    return config


def eight_drivers(**settings_):
    """Driver 4 k + b % 4 of half b // 4 answers on bus b to label 64 k, k = 0."""
    config = open_buses()
    for bus in range(8):
        listen(config, bus // 4, bus % 4, **settings_)
    return config


def served_one_by_one(events, spacing, depth):
    """[(cycle, bus, label)] and drops per source: a cycle at a time, first come, first served."""
    in_time = sorted(events, key=lambda event: event[0])
    waiting = {bus: deque(e for e in in_time if e[1] == bus) for bus in range(8)}
    queue, free, served, dropped = {b: deque() for b in range(8)}, [0] * 8, [], [0] * 20
    for cycle in range(2000):
        for bus in range(8):
            if queue[bus] and free[bus] <= cycle:
                served.append((cycle, bus, queue[bus].popleft()))
                free[bus] = cycle + spacing[bus]
            while waiting[bus] and waiting[bus][0][0] == cycle:
                _, _, label, source = waiting[bus].popleft()
                if free[bus] <= cycle and not queue[bus]:
                    served.append((cycle, bus, label))
                    free[bus] = cycle + spacing[bus]
                elif len(queue[bus]) < depth:
                    queue[bus].append(label)
                else:
                    dropped[source] += 1
    return served, dropped


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 800),
    st.lists(st.booleans(), min_size=8, max_size=8),
)
def test_a_bus_serves_first_come_first_served_and_loses_what_overflows(seed, n, extended):
    rng = np.random.default_rng(seed)
    columns = rng.integers(0, [[60], [8], [3], [20]], (4, n))
    columns[2] *= 64
    events = [tuple(row) for row in columns.T.tolist()]
    config = open_buses()
    for bus in range(8):
        for k in range(3):
            listen(config, bus // 4, 4 * k + bus % 4)
    config.padi.enable_extended_timing = np.reshape(extended, (2, 4))
    bench = Bench(config, events, prelog=1024, keys=range(8 * 2048))
    depth = 5
    bench.routes.buses["longest_wait"] = depth * bench.routes.buses["spacing"]
    bench.play(2000)
    found = [(tick // 2, 4 * (d // 128) + d % 4, d % 128 // 4 << 6) for tick, d, _ in bench.log]
    spacing = np.where(extended, 2, 1).tolist()
    served, dropped = served_one_by_one(events, spacing, depth)
    assert sorted(found) == sorted(served)
    assert [cycle for cycle, _, _ in found] == sorted(cycle for cycle, _, _ in found)
    assert bench.queues.dropped.tolist() == dropped


def test_back_to_back_events_take_every_cycle_or_with_extended_timing_every_other():
    config = eight_drivers()
    config.padi.enable_extended_timing[0, 1] = 1
    bench = Bench(config, [(10, b, 0, OUTSIDE) for b in (0, 0, 0, 1, 1, 1)])
    cycles = [cycle for cycle, _, _ in bench.play(100)]
    assert cycles == [10, 10, 11, 12, 12, 14]


@pytest.mark.parametrize("spacing", [1, 2])
@pytest.mark.parametrize(("loss", "served"), [(True, 65), (False, 300)])
def test_of_300_simultaneous_events_64_wait_and_the_rest_is_lost_and_counted(loss, served, spacing):
    config = eight_drivers()
    config.padi.enable_extended_timing[0, 3] = spacing - 1
    events = [(10, 3, 0, OUTSIDE + k % 4) for k in range(300)]
    bench = Bench(config, events, switches=effects(event_loss=loss))
    cycles = [cycle for cycle, _, _ in bench.play(1000)]
    assert cycles == list(range(10, 10 + spacing * served, spacing))
    lost = {8: 75 - 17, 9: 75 - 16, 10: 75 - 16, 11: 75 - 16} if loss else {}
    assert {k: int(n) for k, n in enumerate(bench.queues.dropped) if n} == lost


def test_the_crossbar_and_the_event_register_exclude_each_other():
    config = eight_drivers()
    config.padi.enable_spl1[0, 2] = 0
    events = [(5, b, 0, source) for b in (1, 2) for source in (OUTSIDE, ar.REGISTER)]
    bench = Bench(config, events, prelog=256)
    bench.play(100)
    assert bench.log == [(10, 1, 0), (10, 2, 0)]
    assert not bench.queues.dropped.any()


def test_events_from_outside_precede_neurons_events_of_the_same_cycle():
    config = open_buses()
    config.synapse_drivers.enable_receiver[0, 0] = 1
    config.synapse_drivers.row_address_compare_mask[0, 0] = 0
    bench = Bench(config, [(20, 0, 1, OUTSIDE)], prelog=256, keys=range(2048))
    for due, label, source in ((20, 2, 7), (20, 3, 12), (19, 4, 0), (20, 5, 19)):
        ar.push(bench.queues, bench.cursor, due, 0, label, source)
    bench.play(100)
    assert [(tick // 2, label) for tick, _, label in bench.log] == [
        (19, 4), (20, 1), (21, 3), (22, 5), (23, 2),
    ]  # fmt: skip


def test_a_spike_reaches_its_two_buses_after_the_delay():
    config = eight_drivers(row_address_compare_mask=0)
    neuron_bus = np.full((2, 16), -1)
    neuron_bus[:, 3] = 2, 6
    bench = Bench(config, neuron_bus=neuron_bus, prelog=256, keys=range(8 * 2048))
    bench.routes.neuron_label[3] = 2 << 8 | 0x45
    bench.cursor[ar.NEXT_EVENT] = 10_000
    ar.dispatch(bench.routes, bench.queues, bench.cursor, 2001, 3)
    assert bench.cursor[ar.NEXT_EVENT] == 1012
    bench.play(2000)
    assert bench.log == [(2024, 2, 5), (2024, 130, 5)]


def test_a_neurons_lost_events_count_for_its_event_output():
    neuron_bus = np.full((2, 16), -1)
    neuron_bus[0] = 2
    bench = Bench(open_buses(), neuron_bus=neuron_bus, keys=range(8 * 2048))
    bench.routes.neuron_label[:] = 6 << 8
    for lane in range(16):
        for _ in range(10):
            ar.dispatch(bench.routes, bench.queues, bench.cursor, 0, lane)
    bench.play(1000)
    assert bench.queues.dropped[6] == bench.queues.dropped.sum() == 160 - 65


def test_next_event_tells_which_windows_can_be_skipped():
    events = [(100, 0, 0, OUTSIDE), (100, 0, 0, OUTSIDE), (500, 4, 0, OUTSIDE)]
    bench = Bench(eight_drivers(), events)
    seen = []
    for end in (50, 101, 200, 501):
        bench.arrive(0, end)
        seen.append(int(bench.cursor[ar.NEXT_EVENT]))
    assert seen == [100, 101, 500, np.iinfo(np.int64).max]


@pytest.mark.parametrize(("known", "other"), [(0, 5), (5, 0)])
def test_an_event_without_rows_stops_the_kernel_before_its_cycle(known, other):
    """Another bus serves a known label in that cycle; it must come neither twice nor never."""
    events = [(7, known, 0, OUTSIDE), (9, known, 0, OUTSIDE), (9, other, 0, OUTSIDE)]
    neurons = np.array([*range(8), *range(256, 264)])
    bench = Bench(eight_drivers(), events, keys=[known * 2048], neurons=neurons)
    assert [cycle for cycle, _, _ in bench.arrive(0, 100)] == [7]
    assert bench.cursor[ar.ARRIVED_UNTIL] == 9
    assert bench.cursor[ar.UNKNOWN_KEY] == other * 2048
    bench.routes.row_of[other * 2048] = ar.NO_ROW
    assert [cycle for cycle, _, _ in bench.arrive(9, 100)] == [9]
    assert bench.cursor[ar.UNKNOWN_KEY] == -1


def test_events_that_reach_no_synapse_of_an_active_lane_are_not_reported():
    config = listen(open_buses(), 0, 0)
    config.synapses.weight[0, 0, :16] = 0
    events = [(1, 0, 0, OUTSIDE), (2, 0, 1, OUTSIDE), (3, 4, 0, OUTSIDE), (4, 0, 64, OUTSIDE)]
    assert Bench(config, events).play(10) == []
    assert len(Bench(config, events, neurons=np.arange(16, 32)).play(10)) == 1


def modulated_chip():
    """Plain, plastic and hagen drivers side by side on every bus."""
    config = open_buses()
    for bus in range(8):
        for k in range(32):
            driver, half = 4 * k + bus % 4, bus // 4
            listen(config, half, driver, row_address_compare_mask=0b11100)
            if k % 3:
                config.synapse_drivers.enable_stp[half, driver] = 1
                config.synapse_drivers.enable_recovery[half, driver] = 1
                config.synapse_drivers.utilization[half, driver] = k % 16
            if k % 3 == 2:
                for name in ("enable_hagen_modulation", "enable_hagen_dac"):
                    config.synapse_drivers[name][half, driver] = 1
                config.synapse_drivers.enable_address_out[half, driver] = 0
    config.stp.enable_recovery_clock = 1
    config.stp.recovery_clock_speed = 3
    return config


MODULATED = modulated_chip()


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 1999), max_size=12))
def test_the_cut_into_windows_changes_nothing(seed, cuts):
    rng = np.random.default_rng(seed)
    events = [
        (int(rng.integers(0, 600)), int(rng.integers(0, 8)), int(rng.choice([0, 5, 32, 2016])), 9)
        for _ in range(400)
    ]
    keys = [bus * 2048 + label for bus in range(8) for label in (0, 5, 32, 2016)]
    whole = Bench(MODULATED, events, capacity=1 << 16, prelog=1 << 16, keys=keys)
    pieces = Bench(MODULATED, events, capacity=300, prelog=300, keys=keys)
    assert pieces.play(2000, cuts=cuts) == whole.play(2000)
    assert pieces.log == whole.log
    assert pieces.queues.dropped.tolist() == whole.queues.dropped.tolist()
    assert pieces.model.voltages(2000).tolist() == whole.model.voltages(2000).tolist()


def test_a_cycle_comes_whole_or_not_at_all():
    """All 256 drivers vary and fire in each of three cycles: as much as there is room for."""
    config = open_buses()
    for half in range(2):
        for driver in range(128):
            listen(config, half, driver, row_address_compare_mask=0, enable_stp=1)
    events = [(cycle, bus, 0, OUTSIDE) for cycle in (5, 6, 7) for bus in range(8)]
    neurons = np.array([*range(8), *range(256, 264)])
    bench = Bench(config, events, neurons=neurons, capacity=ar.MOST_ROWS)
    for cycle in (5, 6, 7):
        found = bench.arrive(0, 100)
        assert [at for at, _, _ in found] == [cycle] * 256
        assert bench.cursor[ar.ARRIVED_UNTIL] == (100 if cycle == 7 else cycle + 1)


def test_the_log_holds_what_each_driver_forwards():
    config = listen(open_buses(), 1, 6)
    listen(config, 1, 10, row_address_compare_mask=0, enable_address_out=0)
    config.synapse_drivers.row_mode_bottom[1, 10] = 0
    bench = Bench(config, [(50, 6, label_of(6, 45), OUTSIDE)], prelog=256)
    bench.play(100)
    assert bench.log == [(100, 128 + 6, 45), (100, 128 + 10, 32)]
