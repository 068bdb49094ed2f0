"""Loops over correlation sensors: which synapses they touch, and what they leave out.

Oracle: coordinates of :mod:`firmware_protocol`, and the same sums in float64 without shortcuts.
"""

import math

import numpy as np
import pytest

from emulator.kernels import correlation as kernel
from firmware_protocol.coordinates import column_of_quad

SHAPE = (2, 2, 256, 256)


def pulses(*events):
    """Pulses from (kind, tick, place, detail, retain) rows."""
    kind, tick, place, detail, retain = zip(*events, strict=True)
    return kernel.Pulses(
        *(np.array(c, np.int64) for c in (kind, tick, place, detail)), np.array(retain, float)
    )


def fresh(volts=1.85):
    memories = kernel.Memories(
        np.full((2, 256, 256), kernel.NEVER),
        np.full((2, 128, 64), kernel.NEVER),
        np.full((2, 256), kernel.NEVER),
    )
    sensors = kernel.Sensors(np.full(SHAPE, volts, np.float32), np.zeros((2, 256, 64), np.int64))
    return memories, sensors


def labelled(by_row, driven=None):
    driven = np.ones((2, 256), bool) if driven is None else driven
    by_row = np.ascontiguousarray(by_row, np.uint8)
    return kernel.Labels(by_row, np.ascontiguousarray(by_row.transpose(0, 2, 1)), driven)


def tuning(rate=1e-3, packet=2e-3, floor=0.95, per_headroom=1 / 0.18):
    return kernel.Tuning(
        np.full(SHAPE, rate, np.float32), np.full(SHAPE, packet, np.float32), floor,
        per_headroom, 1.85,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("half", "row", "quad"), [(0, 0, 0), (0, 255, 63), (1, 7, 34), (1, 128, 16)]
)
def test_a_reset_charges_both_capacitors_of_its_four_synapses(half, row, quad):
    memories, sensors = fresh(volts=1.0)
    place = (half * 256 + row) * 64 + quad
    reset = pulses((kernel.RESET, 10, place, 500, 0.5))
    kernel.replay(reset, labelled(np.zeros((2, 256, 256))), memories, sensors, tuning())
    expected = np.full((2, 256, 256), 1.0)
    expected[half, row, [column_of_quad(quad, entry) for entry in range(4)]] = 1.85 - 0.85 * 0.5
    assert sensors.voltage[kernel.ACAUSAL] == pytest.approx(expected)
    assert sensors.voltage[kernel.CAUSAL].transpose(0, 2, 1) == pytest.approx(expected)
    assert np.argwhere(sensors.held).tolist() == [[half, row, quad]]
    assert sensors.held[half, row, quad] == 500


def test_a_presynaptic_pulse_walks_its_rows_and_a_postsynaptic_one_its_column():
    rng = np.random.default_rng(3)
    label = rng.integers(0, 3, (2, 256, 256))
    memories, sensors = fresh()
    before = sensors.voltage.copy()
    kernel.replay(
        pulses((kernel.POST, 0, 256 + 9, 0, 0), (kernel.PRE, 1, 128 + 5, 2, 0)),
        labelled(label), memories, sensors, tuning(),
    )  # fmt: skip
    touched = np.argwhere(sensors.voltage != before).tolist()
    assert touched == [[kernel.ACAUSAL, 1, row, 9] for row in (10, 11) if label[1, row, 9] == 2]

    before = sensors.voltage.copy()
    kernel.replay(
        pulses(*((kernel.POST, 2, 256 + c, 0, 0) for c in range(256))),
        labelled(label), memories, sensors, tuning(),
    )  # fmt: skip
    touched = np.argwhere(sensors.voltage != before)
    assert np.all(touched[:, 0] == kernel.CAUSAL)
    heard = np.argwhere(label[1, 10:12].T == 2) + np.array([0, 10])
    assert touched[:, 2:].tolist() == heard.tolist()


def test_pairs_that_are_left_out_would_move_no_voltage():
    """At 20 tau even the largest step is lost in float32, from the reset voltage to the floor."""
    step = 0.9 * math.exp(-kernel.NEGLIGIBLE_TIMES)
    for volts in np.linspace(0.95, 1.85, 1001, dtype=np.float32):
        assert np.float32(float(volts) - step) == volts


def test_remembering_leaves_the_same_traces_as_replaying():
    rng = np.random.default_rng(8)
    events = pulses(
        *((kernel.PRE + i % 2, i, rng.integers(256), rng.integers(64), 0.0) for i in range(500))
    )
    a, sensors = fresh(volts=0.0)
    b, _ = fresh()
    kernel.replay(events, labelled(np.zeros((2, 256, 256))), a, sensors, tuning())
    kernel.remember(events, b)
    assert not sensors.voltage.any()
    assert np.array_equal(a.recent, b.recent)
    assert np.array_equal(a.post, b.post)


def test_settling_gives_each_synapse_what_its_label_and_row_let_through():
    rng = np.random.default_rng(4)
    label, driven = rng.integers(0, 64, (2, 256, 256)), rng.random((2, 256)) < 0.5
    memories, _ = fresh()
    memories.own[...] = rng.integers(0, 100, (2, 256, 256))
    memories.recent[...] = rng.integers(0, 100, (2, 128, 64))
    own, recent = memories.own.copy(), memories.recent.copy()
    kernel.settle(labelled(label, driven), memories)
    half, row, _ = np.indices((2, 256, 256))
    sent = np.where(driven[half, row], recent[half, row // 2, label], -1)
    assert np.array_equal(memories.own.transpose(0, 2, 1), np.maximum(own.transpose(0, 2, 1), sent))
    assert np.all(memories.recent == kernel.NEVER)


def test_currents_of_a_quadrant_and_trims_of_a_synapse_reach_both_branches():
    time_calib, amp_calib = np.zeros((2, 256, 256), np.uint8), np.zeros((2, 256, 256), np.uint8)
    time_calib[1, 200, 3], amp_calib[0, 17, 255] = 2, 1
    ones, rate, size = (
        np.ones(SHAPE, np.float32),
        np.empty(SHAPE, np.float32),
        np.empty(SHAPE, np.float32),
    )
    ramp, store = np.array([80.0, 40, 160, 20]), np.array([70.0, 35, 140, 7])
    kernel.tune(ramp, store, 1.0, time_calib, amp_calib, ones, ones, rate, size)
    quadrant = 2 * np.arange(2)[:, None, None] + np.arange(256) // 128
    expected_rate = 4e-9 * ramp[quadrant] / 400e-6 / 0.8 ** time_calib.astype(float)
    expected_size = 0.1575 / store[quadrant] * 0.8 ** amp_calib.astype(float)
    for got, expected in ((rate, expected_rate), (size, expected_size)):
        assert got[kernel.CAUSAL].transpose(0, 2, 1) == pytest.approx(expected, rel=1e-6)
        assert got[kernel.ACAUSAL] == pytest.approx(expected, rel=1e-6)


def test_a_row_is_read_from_both_arrangements():
    rng = np.random.default_rng(1)
    voltage = rng.uniform(1.2, 1.6, SHAPE).astype(np.float32)
    offset, out = rng.normal(0, 0.01, (2, 2, 256)), np.empty((2, 256))
    store = np.array([70.0, 35, 140, 70])
    kernel.read_row(voltage, 1, 77, store, offset, out)
    droop = np.repeat([22.5e-3 / 4, 22.5e-3], 128)
    assert out[0] == pytest.approx(voltage[0, 1, :, 77] - 0.8 - droop + offset[0, 1])
    assert out[1] == pytest.approx(voltage[1, 1, 77] - 0.8 - droop + offset[1, 1])
    kernel.disturb_row(voltage, 1, 77, out)
    assert out[0] == pytest.approx(0.02 * (voltage[0, 1, :, 77] - 1.2), abs=1e-7)
    assert out[1] == pytest.approx(0.02 * (voltage[1, 1, 77] - 1.2), abs=1e-7)


def test_factors_are_exponentials_of_their_logarithms():
    logarithm, factor = np.linspace(-2, 2, 41), np.empty(41, np.float32)
    kernel.exponentials(logarithm, factor)
    assert factor == pytest.approx(np.exp(logarithm), rel=1e-6)
