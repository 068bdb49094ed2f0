"""Events made of two refractory states.

Oracle: the operations' definitions (lola, AtomicNeuron::Bayesian), evaluated on the states tick by
tick.
"""

import itertools

import numpy as np
import pytest

from emulator.kernels import fire
from emulator.kernels import lanes as ln
from emulator.linkage import Record

OWN, OTHER = 7, 300
TICKS = 400


def turned_into_events(net, lanes, spikes, events, start, end):
    records = (
        Record(net, fire.NETWORK_TYPE),
        Record(lanes, ln.LANES_TYPE),
        Record(spikes, fire.LOG_TYPE),
        Record(events, fire.LOG_TYPE),
    )
    return fire.outputs(*records, spikes.tick.size, start, end - 1)


def network(operation):
    """Neuron OWN makes its events of its own state and of that of OTHER, its master."""
    first = np.zeros(513, np.int64)
    first[OWN + 1 :] += 1
    first[OTHER + 1 :] += 1
    lane = np.full(512, -1)
    lane[[OWN, OTHER]] = 0, 1
    operations = np.zeros(512, np.int64)
    operations[OWN] = operation
    return fire.Network(
        slave_first=np.zeros(513, np.int64),
        slave=np.zeros(0, np.int64),
        ear_first=first,
        ear=np.array([OWN, OWN]),
        state_of_ear=np.array([fire.OWN, fire.WIRE]),
        logic=np.array([OWN]),
        lane=lane,
        operation=operations,
        state=np.zeros((fire.N_STATE, 512), np.int64),
    )


def lanes(refractory):
    digital = np.zeros((len(ln.DIGITAL), 16), np.int64)
    digital[ln.NEURON] = -1
    digital[ln.NEURON, :2] = OWN, OTHER
    digital[ln.REFRACTORY_TICKS, :2] = refractory
    none = np.zeros(0, np.float32)
    return ln.Lanes(none, digital, np.zeros((0, 0), np.float32), none, none,
                    np.zeros((3, 1), np.int64), none)  # fmt: skip


def events(operation, spikes, refractory, borders):
    """Ticks of events of (lane, events) by window."""
    net, own = network(operation), lanes(refractory)
    log = fire.Log(np.zeros(1000, np.int64), np.zeros(1000, np.int64), own.digital[ln.NEURON], 0)
    n = 0
    for start, end in itertools.pairwise(borders):
        inside = (spikes[0] >= start) & (spikes[0] < end)
        window = fire.Log(spikes[0][inside], spikes[1][inside], own.digital[ln.NEURON], 0)
        n = turned_into_events(net, own, window, log._replace(first=n), start, end)
    return log.tick[:n], log.lane[:n]


def expected(operation, high):
    """Ticks of events of the states (2, tick)."""
    own, wire = high
    both, none, differ = own & wire, ~own & ~wire, own != wire
    if operation == fire.AND:
        return np.nonzero(both[1:] & ~both[:-1])[0] + 1
    if operation == fire.XNOR:
        return np.nonzero(~differ[1:] & differ[:-1])[0] + 1
    output, ticks = False, []
    for k in range(both.size):
        if both[k] and not output:
            ticks.append(k)
        output = bool(both[k]) or (output and not none[k])
    return np.array(ticks, np.int64)


@pytest.mark.parametrize("operation", [fire.AND, fire.XNOR, fire.MULLER_C])
@pytest.mark.parametrize("borders", [(0, TICKS), (0, 60, 61, 180, 240, TICKS)])
def test_events_are_those_of_the_definitions(operation, borders):
    rng = np.random.default_rng(operation)
    for _ in range(100):
        refractory = rng.integers(2, 60, 2)
        high, parts = np.zeros((2, TICKS + 70), bool), []
        for k in range(2):
            ticks, tick = [], 1 + int(rng.integers(60))
            while tick < TICKS:
                ticks.append(tick)
                high[k, tick : tick + refractory[k]] = True
                tick += int(refractory[k]) + 1 + int(rng.integers(60))
            parts.append((np.array(ticks, np.int64), np.full(len(ticks), k)))
        tick, lane = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((np.array([OWN, OTHER])[lane], tick))
        spikes = tick[order], lane[order]
        at, who = events(operation, spikes, refractory, borders)
        own = at[who == 0]
        due = expected(operation, high)
        assert np.array_equal(own, due[due < TICKS])
        assert np.array_equal(at[who == 1], parts[1][0])  # its master's own stay what they are
        assert np.all(np.diff(at) >= 0)


@pytest.mark.parametrize("operation", [fire.AND, fire.XNOR, fire.MULLER_C])
def test_states_that_change_together_differ_at_no_time(operation):
    spikes = np.array([10, 10]), np.array([0, 1])
    at, who = events(operation, spikes, [20, 20], (0, 100))
    assert np.array_equal(at[who == 0], [] if operation == fire.XNOR else [10])


def test_what_fell_while_nobody_looked_is_no_event():
    """Own state from 10 to 30, master's from 20 to 50; then time goes on at 100."""
    spikes = np.array([10, 20]), np.array([0, 1])
    net, own = network(fire.XNOR), lanes([20, 30])
    neuron = own.digital[ln.NEURON]
    log = fire.Log(np.zeros(10, np.int64), np.zeros(10, np.int64), neuron, 0)
    n = turned_into_events(net, own, fire.Log(*spikes, neuron, 0), log, 0, 25)
    assert np.array_equal(log.tick[:n], [20, 20])
    none = np.zeros(0, np.int64)
    later = turned_into_events(
        net, own, fire.Log(none, none, neuron, 0), log._replace(first=n), 100, 200
    )
    assert later == n
    assert not net.state[[fire.OWN, fire.WIRE, fire.LATCH], OWN].any()
