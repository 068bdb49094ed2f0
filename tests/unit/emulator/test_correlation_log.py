"""The log of correlation sensors: when it is replayed, and that this changes nothing.

Oracles: closed forms for settings that change between pulses; for random trains a replay in plain
Python with `math.exp`, which knows no log.
"""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import correlation
from firmware_protocol import memory_map
from tests.support.correlation import (
    ACAUSAL,
    ADDRESS,
    AMPLITUDE_V,
    CAUSAL,
    RESET_TICKS,
    START,
    TAU_US,
    US,
    Bench,
    pair,
    supply,
)


def set_words(memory, block, config):
    span = memory_map.BLOCKS[block]
    memory.write(span.addresses.reshape(-1), config.image()[span.span])


@pytest.mark.parametrize("in_use", [False, True])
def test_a_label_written_between_two_pulses_counts_from_then_on(in_use):
    """A synapse keeps what it saw under its old label, and hears only its new one."""
    bench, config = Bench(), Bench.config()
    if in_use:
        bench.reset(rows=[0])
    bench.pulse(pre=[START])
    config.synapses.label[0, 0, 0] = 40
    bench.sensors.flush((START + 2) // 2)
    set_words(bench.memory, "synapses", config)
    bench.reset(rows=[0], cycle=(START + 4) // 2)
    bench.pulse(pre=[START + 2 * US])  # the old label: the synapse does not hear it
    bench.pulse(post=[START + 4 * US], neuron=0)
    bench.pulse(post=[START + 4 * US], neuron=1)
    assert bench.drop(column=0)[CAUSAL] == pytest.approx(pair(4), abs=1e-6)
    assert bench.drop(column=1)[CAUSAL] == pytest.approx(pair(2), abs=1e-6)
    bench.pulse(pre=[START + 5 * US], address=40)
    assert bench.drop(column=0)[ACAUSAL] == pytest.approx(pair(1), abs=1e-6)
    assert bench.drop(column=1)[ACAUSAL] == pytest.approx(0, abs=1e-6)


def test_trims_and_voltages_count_from_their_change_on():
    bench, config = Bench(), Bench.config()
    bench.reset(rows=[0])
    bench.pulse(pre=[START], post=[START])
    bench.sensors.flush(START)
    config.synapses.amp_calib[...] = 3
    set_words(bench.memory, "synapses", config)
    bench.given = supply(v_res_meas=0.95)
    later = 4 * START
    bench.pulse(pre=[later], post=[later])
    expected = AMPLITUDE_V * (1 + 0.8**3 * math.e)
    assert bench.drop()[CAUSAL] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "factor"),
    [({"v_res_meas": 0.95}, math.e), ({"store": 140}, 0.5), ({"ramp": 0}, math.exp(1 / 5))],
)
def test_supplies_count_from_their_change_on(change, factor):
    bench = Bench()
    bench.reset(rows=[0])
    bench.pulse(pre=[START], post=[START + US])
    bench.sensors.flush(START)
    bench.given = supply()._replace(**{k: getattr(supply(**change), k) for k in change})
    before = bench.sensors.read(0, 0, START)[CAUSAL, 0]
    bench.pulse(pre=[4 * START], post=[4 * START + US])
    drop = before - bench.sensors.read(0, 0, 10**9)[CAUSAL, 0]
    assert drop == pytest.approx(factor * pair(1), abs=1e-6)


def test_a_reset_charges_to_the_v_reset_of_its_moment():
    bench = Bench()
    bench.reset(rows=[0])
    bench.pulse(pre=[START])
    bench.drop()
    bench.sensors.flush(START)
    bench.given = supply(v_reset=1.65)
    assert bench.drop() == pytest.approx([0, 0], abs=1e-6)
    bench.reset(rows=[0], cycle=2 * START)
    assert bench.drop() == pytest.approx([0.2, 0.2], abs=1e-6)


def test_supplies_are_followed_while_they_settle():
    """They are looked up at each millisecond with pulses, but not before their last change."""
    bench = Bench()
    bench.reset(rows=[0])
    bench.pulse(pre=[START, 10**6], post=[START + US, 10**6 + US])
    bench.sensors.flush(501_000)
    assert bench.asked == [0, 500_000]
    bench.pulse(pre=[1_003_000])
    bench.sensors.flush(502_000)
    assert bench.asked[2:] == [501_000]


def test_nothing_is_computed_before_somebody_asks(monkeypatch):
    bench = Bench()
    monkeypatch.setattr(correlation.kernel, "replay", lambda *_: pytest.fail("replayed"))
    monkeypatch.setattr(correlation.kernel, "remember", lambda *_: pytest.fail("remembered"))
    bench.reset()
    bench.pulse(pre=range(START, START + 10_000), post=range(START, START + 10_000))


def test_within_a_tick_resets_come_first_and_pre_before_post_however_they_were_logged():
    bench = Bench()
    bench.reset()
    bench.pulse(post=[START])
    bench.pulse(pre=[START])
    assert bench.drop() == pytest.approx([pair(0), 0], abs=1e-6)
    bench.pulse(post=[2 * START])
    bench.pulse(pre=[2 * START])
    bench.reset(cycle=START)
    assert bench.drop() == pytest.approx([0, 0], abs=1e-6)


def test_a_long_log_is_replayed_by_itself(monkeypatch):
    monkeypatch.setattr(correlation, "MAX_PENDING", 100)
    bench = Bench()
    bench.reset(quads=[0], rows=[0])
    bench.pulse(pre=range(START, START + 150), until=START + 50)
    assert bench.sensors._n_pending == 100  # those that may still have company to come
    bench.pulse(post=[START + 149])
    assert bench.drop()[CAUSAL] == pytest.approx(AMPLITUDE_V, abs=1e-6)


# --- an independent replay ------------------------------------------------------------------------

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["pre", "post", "reset"]),
        st.integers(0, 40),  # gap [us/8]
        st.integers(0, 2),  # driver, neuron or quad
        st.sampled_from([3, 4]),  # address
    ),
    min_size=1,
    max_size=60,
)
COLUMNS, ROWS = (0, 1, 8), range(6)


def plain_replay(events, label):
    """Drops (row, column, branch) of three drivers' rows and three neurons' columns."""
    pre = {}
    post, held, volts = {}, {}, {}
    for kind, tick, which, address in events:
        if kind == "reset":
            for row in ROWS:
                for column in COLUMNS:
                    if column // 8 == which and column % 2 == 0:
                        volts[row, column, 0] = volts[row, column, 1] = 1.85
                        held[row, column] = tick + RESET_TICKS
            continue
        for row in ROWS:
            for column in COLUMNS:
                place, free = (row, column), tick >= held.get((row, column), -1)
                if kind == "pre" and row // 2 == which and label[row, column] == address:
                    if column in post and free and (*place, 1) in volts:
                        step = AMPLITUDE_V * math.exp(-(tick - post[column]) / US / TAU_US)
                        volts[*place, 1] -= step
                    pre[place] = tick
                if kind == "post" and COLUMNS[which] == column:
                    if place in pre and free and (*place, 0) in volts:
                        step = AMPLITUDE_V * math.exp(-(tick - pre[place]) / US / TAU_US)
                        volts[*place, 0] -= step
        if kind == "post":
            post[COLUMNS[which]] = tick
    return volts


@settings(deadline=None, max_examples=60)
@given(EVENTS, st.integers(0, 2**18 - 1), st.sets(st.integers(0, 60)))
def test_random_trains_agree_with_a_plain_replay_however_they_are_cut(events, bits, cuts):
    label = np.array([3 + (bits >> i & 1) for i in range(18)]).reshape(6, 3)
    label = {(r, c): int(label[r, i]) for r in ROWS for i, c in enumerate(COLUMNS)}
    config = Bench.config()
    for (row, column), value in label.items():
        config.synapses.label[0, row, column] = value
    bench, tick, timed = Bench(config), START, []
    for number, (kind, gap, which, address) in enumerate(events):
        tick += 2 * round(gap * US / 16) + 2  # even, and never twice the same
        timed.append((kind, tick, which, address))
        if kind == "pre":
            bench.pulse(pre=[tick], driver=which, address=address)
        elif kind == "post":
            bench.pulse(post=[tick], neuron=COLUMNS[which])
        else:
            bench.reset(rows=ROWS, quads=[which], cycle=tick // 2)
        if number in cuts:
            bench.sensors.read(0, 0, tick // 2 + 1)
    volts = plain_replay(timed, label)
    for row in ROWS:
        got = bench.sensors.read(0, row, 10**9)
        for column in COLUMNS:
            for branch in (CAUSAL, ACAUSAL):
                expected = volts.get((row, column, branch), 0) - 0.8 - 22.5e-3
                assert got[branch, column] == pytest.approx(max(expected, 0), abs=5e-6)


def test_the_cut_changes_no_bit():
    rng = np.random.default_rng(5)
    pre, post = np.sort(rng.integers(START, 10**6, (2, 3000)), axis=1)
    driver, neuron = rng.integers(0, 256, 3000), rng.integers(0, 512, 3000)
    outcomes = []
    for n_parts in (1, 7, 100):
        bench = Bench(mismatch=True)
        bench.reset(rows=range(256), quads=range(0, 64, 7))
        edges = np.linspace(0, 10**6, n_parts + 1).astype(int)
        for a, b in itertools.pairwise(edges):
            p, q = (pre >= a) & (pre < b), (post >= a) & (post < b)
            address = np.full(p.sum(), ADDRESS)
            bench.sensors.add(pre[p], driver[p], address, post[q], neuron[q], until=int(b))
            bench.sensors.read(0, 0, int(b) // 2)
        outcomes.append(np.stack([bench.sensors.read(0, row, 10**6) for row in range(256)]))
    assert np.ptp(outcomes[0]) > 0.01
    assert np.array_equal(outcomes[0], outcomes[1])
    assert np.array_equal(outcomes[0], outcomes[2])
