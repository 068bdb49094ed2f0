"""Events on the PADI buses: who gets a bus cycle, which drivers fire, which drops that causes.

Each bus serves the events that are due on it first come, first served: those from outside the chip
before those of neurons due in the same cycle.  An event that would have to wait for too long, that
is behind too many others, is dropped and counted.  Nothing here depends on how time is cut into
windows, as long as neurons' events are due at or after the end of the window in which they were
sent.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import from_dtype, types

from ..jit import compiled, helper, inlined, larger, merged, smaller
from ..linkage import apart, named_tuple, record_at
from ..numbers.synapses import NUMBERS
from ..physics.stp import recovered, relative_width, utilized
from .lanes import F1, I1, I2

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Records = npt.NDArray[np.void]

LABELS = 2048
"""Labels that a bus can carry: 5 bits row select, 6 bits synapse label."""
N_BUSES, DRIVERS_PER_BUS, N_DRIVERS = 8, 32, 256
N_CROSSBAR_INPUTS = 20
REGISTER = 20
"""Source of events from a PADI event register, next to the 20 crossbar inputs."""

NO_ROW, UNKNOWN = -1, -2
"""In `Routes.row_of`: an event without effect; a label for which rows have not been built."""
PLAIN, PLASTIC, HAGEN = range(3)
"""What decides the pulse width of a driver: nothing, its STP voltage, the event's address."""

NEXT_EVENT, ARRIVED_UNTIL, UNKNOWN_KEY, N_CURSOR = 3, 4, 5, 9
"""Entries of the cursor after those of kernels.neurons: earliest cycle in which an event can act;
first cycle that `arrive` has not completely processed; key for which it needs rows, or -1."""

MOST_PULSES = N_BUSES * DRIVERS_PER_BUS
MOST_ROWS = MOST_PULSES
"""Most arrivals in a cycle: a row per driver, or fewer rows that stand for several."""

_NEVER = np.iinfo(np.int64).max
_EARLY = NUMBERS["stp_early_utilization"].value
_HAGEN_ADDRESS = 31
_FULL = np.float32(1)


def _record(**fields: type) -> np.dtype[np.void]:
    return np.dtype(list(fields.items()))


EVENT = _record(due=np.int64, label=np.int64, source=np.int64)
"""An event on its way: cycle in which its bus may serve it, 11-bit label, crossbar input."""

BUS_SETTINGS = _record(
    first_input=np.int64,  # where its events begin in Routes.inputs
    end_input=np.int64,
    spacing=np.int64,  # cycles from an event to the next
    takes_spl1=np.int64,  # 1: events from the crossbar, 0: those from the PADI event register
    longest_wait=np.int64,  # cycles that an event may wait; one that would wait longer is dropped
)

BUS_STATE = _record(
    n_inputs=np.int64,  # how many of its events in Routes.inputs have been served
    oldest=np.int64,  # running numbers of the oldest and the next entry of its ring
    next=np.int64,
    free=np.int64,  # first cycle in which it can serve its next event
    slot=np.int64,  # scratch: when it could serve its next event
)

CIRCUIT = _record(
    v=np.float64,  # V, state of STP at cycle `since`
    since=np.int64,
    kind=np.int64,  # PLAIN, PLASTIC or HAGEN
    forwarded=np.int64,  # the address bits that go to the synapses
    v_charge=np.float64,  # V
    v_recover=np.float64,  # V
    utilization=np.float64,
    rate=np.float64,  # 1/cycle, 1 / tau_rec; 0 where nothing recovers
    offset=np.float64,  # V, of the comparator
    start=np.float64,  # see physics.stp.relative_width
    per_volt=np.float64,  # 1/V
    dac_zero=np.float64,  # V, hagen DAC at address 0
    dac_step=np.float64,  # V per address
)


class Drivers(NamedTuple):
    """The 256 synapse drivers, number 128 * half + d: what they hold and how they react."""

    circuits: Records  # (256,) CIRCUIT
    listening: I64  # (8, 32 row selects) bit k: the bus's driver k fires
    modulated: I64  # (8, 32) those of them that are not PLAIN


class Routes(NamedTuple):
    """Where events go.  A label on a bus is its low 11 bits: row select and synapse label."""

    buses: Records  # (8,) BUS_SETTINGS
    inputs: Records  # (event,) EVENT from outside the chip, by bus and due cycle
    row_of: I32  # (8 * 2048,) row that stands for all plain drivers; by bus * 2048 + label
    driver_row: I32  # (256, 64) row of a modulated driver and the address it forwards
    drops: F32  # (row, block, 2, 16) V, drops of the exc and inh lines for a full pulse
    blocks: I64  # (row,) bit b: whether any line of block b drops
    neuron_bus: I64  # (2, lane) the two buses a neuron's event reaches, -1 where it does not
    neuron_label: I64  # (lane,) 11 bits: event output and address
    neuron_delay: int  # cycles from a neuron's spike to its bus


class Queues(NamedTuple):
    """Events on their way; survive from one call to the next."""

    buses: Records  # (8,) BUS_STATE
    ring: Records  # (8, capacity) EVENT of neurons and registers, in order of the due cycle
    dropped: I64  # (20,) events lost per crossbar input


class Prelog(NamedTuple):
    """Pulses that drivers sent to their synapses, for the correlation sensors; no room: off."""

    tick: I64  # (capacity,)
    driver: I64  # (capacity,) 128 * half + d
    address: I64  # (capacity,) as forwarded
    n: I64  # (1,) how many


class Arrivals(NamedTuple):
    """Line drops to apply, in order of the cycle."""

    cycle: I64  # (capacity,)
    row: I64  # (capacity,) of Routes.drops
    gain: F32  # (capacity,) pulse width, 1 is full
    prelog: Prelog


class Traffic(NamedTuple):
    """What `serve` works on: where events go, those on their way, and what they cause."""

    routes: Routes
    queues: Queues
    drivers: Drivers
    cursor: I64  # (N_CURSOR,)
    arrivals: Arrivals


def _records(kind: np.dtype[np.void], n_dimensions: int = 1) -> types.Array:
    return types.Array(from_dtype(kind), n_dimensions, "C", aligned=False)


DRIVERS_TYPE = named_tuple(Drivers, _records(CIRCUIT), I2, I2)
ROUTES_TYPE = named_tuple(
    Routes,
    _records(BUS_SETTINGS), _records(EVENT), types.Array(types.int32, 1, "C"),
    types.Array(types.int32, 2, "C"), types.Array(types.float32, 4, "C"), I1, I2, I1, types.int64,
)  # fmt: skip
QUEUES_TYPE = named_tuple(Queues, _records(BUS_STATE), _records(EVENT, 2), I1)
ARRIVALS_TYPE = named_tuple(Arrivals, I1, I1, F1, named_tuple(Prelog, I1, I1, I1, I1))
TRAFFIC_TYPE = named_tuple(Traffic, ROUTES_TYPE, QUEUES_TYPE, DRIVERS_TYPE, I1, ARRIVALS_TYPE)


def new_queues(capacity: int = 1 << 16) -> Queues:
    """Empty queues for `capacity` events (a power of two) on each bus.

    The default is half a millisecond of traffic: without event loss it is as good as unbounded.
    """
    assert capacity & (capacity - 1) == 0
    return Queues(
        buses=np.zeros(N_BUSES, BUS_STATE),
        ring=np.zeros((N_BUSES, capacity), EVENT),
        dropped=np.zeros(N_CROSSBAR_INPUTS, np.int64),
    )


def new_arrivals(capacity: int = 4096, prelog: int = 0) -> Arrivals:
    """Room for `capacity` arrivals and `prelog` pulses; a cycle may need 256 of each."""
    assert capacity >= MOST_ROWS
    assert prelog == 0 or prelog >= MOST_PULSES
    tick, driver, address = np.zeros((3, prelog), np.int64)
    return Arrivals(
        cycle=np.zeros(capacity, np.int64),
        row=np.zeros(capacity, np.int64),
        gain=np.zeros(capacity, np.float32),
        prelog=Prelog(tick, driver, address, n=np.zeros(1, np.int64)),
    )


# Small functions get arrays, not the tuples that hold them: a tuple's reference counts cost more
# than the work.


@inlined
def _next_due(settings, inputs, state, ring, bus):  # type: ignore[no-untyped-def]
    """(due cycle of a bus's next event, whether it comes from the ring); NEVER if there is none."""
    at = settings[bus].first_input + state[bus].n_inputs
    outside = inputs[at].due if at < settings[bus].end_input else _NEVER
    inside = _NEVER
    if state[bus].oldest < state[bus].next:
        inside = ring[bus, state[bus].oldest & (ring.shape[1] - 1)].due
    return smaller(outside, inside), inside < outside


@inlined
def _next_event(settings, inputs, state, ring, bus, from_ring):  # type: ignore[no-untyped-def]
    """(label, source) of a bus's next event."""
    if from_ring:
        at = state[bus].oldest & (ring.shape[1] - 1)
        label, source = ring[bus, at].label, ring[bus, at].source
    else:
        at = settings[bus].first_input + state[bus].n_inputs
        label, source = inputs[at].label, inputs[at].source
    return label, source


@inlined
def _forget(state, bus, from_ring):  # type: ignore[no-untyped-def]
    """Remove a bus's next event."""
    if from_ring:
        state[bus].oldest += 1
        if state[bus].oldest == state[bus].next:
            # keeps to the same few pages of a large ring
            state[bus].oldest = 0
            state[bus].next = 0
    else:
        state[bus].n_inputs += 1


@inlined
def _seek(settings, inputs, state, ring, bus):  # type: ignore[no-untyped-def]
    """Note when a bus could serve its next event."""
    due, _ = _next_due(settings, inputs, state, ring, bus)
    state[bus].slot = larger(due, state[bus].free)


@merged
def _purge(settings, inputs, state, ring, dropped, bus, cycle):  # type: ignore[no-untyped-def]
    """Remove what a bus would not serve in `cycle`: the wrong kind of event, or one too many."""
    while state[bus].slot <= cycle:
        due, from_ring = _next_due(settings, inputs, state, ring, bus)
        _, source = _next_event(settings, inputs, state, ring, bus, from_ring)
        right_kind = (settings[bus].takes_spl1 != 0) == (source < REGISTER)
        in_time = state[bus].slot - due <= settings[bus].longest_wait
        if right_kind and in_time:
            break
        if right_kind and source < REGISTER:
            dropped[source] += 1
        _forget(state, bus, from_ring)
        _seek(settings, inputs, state, ring, bus)


@merged
def _width(circuits, d, label, cycle):  # type: ignore[no-untyped-def]
    """Relative width of the pulse that an event releases in a modulated driver; moves its state."""
    c = circuits[d]
    if c.kind == HAGEN:
        v = c.dac_zero + c.dac_step * (label & _HAGEN_ADDRESS)
    else:
        v = recovered(c.v, c.v_recover, (cycle - c.since) * c.rate)
        v = utilized(v, c.v_charge, _EARLY)
        c.v = utilized(v, c.v_charge, c.utilization)
        c.since = cycle
    return relative_width(v + c.offset, c.start, c.per_volt)


@merged
def _missing(settings, inputs, state, ring, row_of, bus, cycle):  # type: ignore[no-untyped-def]
    """Key of the event that a bus serves in `cycle` if no rows have been built for it, or -1."""
    missing = -1
    if state[bus].slot <= cycle:
        _, from_ring = _next_due(settings, inputs, state, ring, bus)
        label, _ = _next_event(settings, inputs, state, ring, bus, from_ring)
        if row_of[bus * LABELS + label] == UNKNOWN:
            missing = bus * LABELS + label
    return missing


@merged
def _modulated(fires, circuits, driver_row, bus, label, cycle, out_cycle, out_row, out_gain, n):  # type: ignore[no-untyped-def]
    """Let the modulated drivers of a bus react to an event; return the number of arrivals."""
    for k in range(DRIVERS_PER_BUS):
        if fires >> k & 1:
            d = 128 * (bus // 4) + 4 * k + bus % 4
            width = _width(circuits, d, label, cycle)
            row = driver_row[d, label & circuits[d].forwarded]
            if row >= 0 and width > 0.0:
                out_cycle[n], out_row[n], out_gain[n] = cycle, row, np.float32(width)
                n += 1
    return n


@merged
def _log(fires, circuits, bus, label, cycle, log_tick, log_driver, log_address, n):  # type: ignore[no-untyped-def]
    """Write the address that each driver forwards to the log; return the number of entries."""
    for k in range(DRIVERS_PER_BUS):
        if fires >> k & 1:
            d = 128 * (bus // 4) + 4 * k + bus % 4
            log_tick[n], log_driver[n] = 2 * cycle, d
            log_address[n] = label & circuits[d].forwarded
            n += 1
    return n


@apart
def serve(traffic_at, held, start_cycle, end_cycle):  # type: ignore[no-untyped-def]
    """Serve the buses from `start_cycle` up to `end_cycle`; return the number of arrivals.

    Writes to queues, the state of drivers, cursor and arrivals.  Ends early, before the cycle
    cursor[ARRIVED_UNTIL], if the next cycle may not fit into `arrivals` or its log, or needs rows
    of cursor[UNKNOWN_KEY].

    traffic_at  reference to TRAFFIC_TYPE
    held        number of arrivals to keep: new ones come behind them
    """
    traffic = record_at(traffic_at, TRAFFIC_TYPE)
    routes, queues, drivers, cursor = (
        traffic.routes, traffic.queues, traffic.drivers, traffic.cursor,
    )  # fmt: skip
    arrivals = traffic.arrivals
    settings, inputs, row_of = routes.buses, routes.inputs, routes.row_of
    driver_row, state, ring, dropped = routes.driver_row, queues.buses, queues.ring, queues.dropped
    circuits, listening, modulated = drivers.circuits, drivers.listening, drivers.modulated
    out_cycle, out_row, out_gain = (
        arrivals.cycle[held:], arrivals.row[held:], arrivals.gain[held:],
    )  # fmt: skip
    tick, driver, address = arrivals.prelog.tick, arrivals.prelog.driver, arrivals.prelog.address
    n, n_logged, until, missing = 0, arrivals.prelog.n[0], end_cycle, -1
    for bus in range(N_BUSES):
        _seek(settings, inputs, state, ring, bus)
    while True:
        earliest = _NEVER
        for bus in range(N_BUSES):
            earliest = smaller(earliest, state[bus].slot)
        cycle = larger(earliest, start_cycle)
        if cycle >= end_cycle:
            break
        for bus in range(N_BUSES):
            if state[bus].slot <= cycle:
                _purge(settings, inputs, state, ring, dropped, bus, cycle)
                missing = larger(
                    missing, _missing(settings, inputs, state, ring, row_of, bus, cycle)
                )
        log_full = tick.size > 0 and n_logged + MOST_PULSES > tick.size
        if missing >= 0 or log_full or n + MOST_ROWS > out_cycle.size:
            until = cycle
            break
        for bus in range(N_BUSES):
            if state[bus].slot > cycle:
                continue
            _, from_ring = _next_due(settings, inputs, state, ring, bus)
            label, _ = _next_event(settings, inputs, state, ring, bus, from_ring)
            _forget(state, bus, from_ring)
            state[bus].free = cycle + settings[bus].spacing
            _seek(settings, inputs, state, ring, bus)
            row, fires = row_of[bus * LABELS + label], modulated[bus, label >> 6]
            if row >= 0:
                out_cycle[n], out_row[n], out_gain[n] = cycle, row, _FULL
                n += 1
            if fires != 0:
                n = _modulated(
                    fires, circuits, driver_row, bus, label, cycle, out_cycle, out_row, out_gain, n
                )
            if tick.size > 0:
                n_logged = _log(
                    listening[bus, label >> 6], circuits, bus, label, cycle, tick, driver, address,
                    n_logged,
                )  # fmt: skip
    cursor[ARRIVED_UNTIL], cursor[NEXT_EVENT], cursor[UNKNOWN_KEY] = until, earliest, missing
    arrivals.prelog.n[0] = n_logged
    return n


@helper
def enqueue(queues, cursor, due, bus, label, source):  # type: ignore[no-untyped-def]
    """Put an event on its way to a bus, where it is due at cycle `due`.

    label  11 bits; source: crossbar input or REGISTER
    Of events due together, those of neurons give way to others; apart from that, first come first.
    """
    state, ring, wrap = queues.buses, queues.ring, queues.ring.shape[1] - 1
    if state[bus].next - state[bus].oldest > wrap:
        if source < REGISTER:
            queues.dropped[source] += 1
        return
    at = state[bus].next
    while at > state[bus].oldest:
        before = ring[bus, (at - 1) & wrap]
        gives_way = before.source < N_BUSES and source >= N_BUSES
        if before.due < due or (before.due == due and not gives_way):
            break
        event = ring[bus, at & wrap]
        event.due, event.label, event.source = before.due, before.label, before.source
        at -= 1
    event = ring[bus, at & wrap]
    event.due, event.label, event.source = due, label, source
    state[bus].next += 1
    cursor[NEXT_EVENT] = smaller(cursor[NEXT_EVENT], due)


@helper
def send(routes, queues, cursor, tick, lane):  # type: ignore[no-untyped-def]
    """Put a neuron's event on its way to the PADI buses that the crossbar lets it reach."""
    for k in range(2):
        bus = routes.neuron_bus[k, lane]
        if bus >= 0:
            label = routes.neuron_label[lane]
            enqueue(queues, cursor, tick // 2 + routes.neuron_delay, bus, label, label >> 8 & 7)


@compiled
def recover(circuits, stale, cycle):  # type: ignore[no-untyped-def]
    """Let the STP voltages of the `stale` drivers recover up to `cycle`."""
    for d in range(circuits.size):
        if stale[d]:
            c = circuits[d]
            c.v = recovered(c.v, c.v_recover, (cycle - c.since) * c.rate)
            c.since = cycle


@compiled
def follow_drivers(circuits, driver, tick, pulsed, first_step, step_cycles, volts):  # type: ignore[no-untyped-def]
    """Write the STP voltages [V] of some drivers at the boundaries of steps to volts[row, step].

    circuits      (256,) as they were before the first of the pulses, and at most at `first_step`
    driver        (row,) which of them
    tick, pulsed  (pulse,) when drivers pulsed, in order, and which; one acts after its own tick
    """
    for row in range(driver.size):
        c, k = circuits[driver[row]], 0
        v, since = c.v, c.since
        for point in range(volts.shape[1]):
            cycle = (first_step + point) * step_cycles
            while k < tick.size and tick[k] < 2 * cycle:
                if pulsed[k] == driver[row] and c.kind == PLASTIC:
                    at = tick[k] // 2
                    v = recovered(v, c.v_recover, (at - since) * c.rate)
                    v = utilized(utilized(v, c.v_charge, _EARLY), c.v_charge, c.utilization)
                    since = at
                k += 1
            volts[row, point] = recovered(v, c.v_recover, (cycle - since) * c.rate)


@compiled
def push(queues, cursor, due, bus, label, source):  # type: ignore[no-untyped-def]
    """`enqueue`, called from Python."""
    enqueue(queues, cursor, due, bus, label, source)


@compiled
def dispatch(routes, queues, cursor, tick, lane):  # type: ignore[no-untyped-def]
    """`send`, called from Python."""
    send(routes, queues, cursor, tick, lane)
