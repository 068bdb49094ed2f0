"""Arrays that the neuron kernel works on: one lane per active neuron, sixteen lanes to a block.

A block keeps its fields together, field after field of 16 float32, so that the inner loop runs at
constant offsets from one base: it vectorises without alias checks and a neuron's whole state shares
a page.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]

LANES = 16
FIELDS = (
    "v",  # V  membrane
    "exc",  # V  drop of the excitatory line
    "inh",  # V  drop of the inhibitory line
    "v_old",  # V  the three at the start of the step
    "exc_old",
    "inh_old",
    "target",  # V  leak or reset potential, whichever OTA is switched on
    "slope",  # V/s  its I_max / C
    "per_v_lin",  # 1/V
    "exc_decay",  # 1  over a step
    "exc_half",  # 1  over half a step
    "exc_slope",  # V/s  I_max / C of the synaptic OTA
    "exc_offset",  # V
    "inh_decay",
    "inh_half",
    "inh_slope",
    "inh_offset",
    "offset",  # V/s  offset current / C, positive raises the membrane
    "exc_extra",  # V  mean additional drop during this step by events inside it
    "inh_extra",
    "exc_add",  # V  what these events leave on the line at the end of the step
    "inh_add",
    "threshold",  # V  infinite while disarmed
)
N_FIELDS = len(FIELDS)
(V, EXC, INH, V_OLD, EXC_OLD, INH_OLD, TARGET, SLOPE, PER_V_LIN, EXC_DECAY, EXC_HALF, EXC_SLOPE,
 EXC_OFFSET, INH_DECAY, INH_HALF, INH_SLOPE, INH_OFFSET, OFFSET, EXC_EXTRA, INH_EXTRA, EXC_ADD,
 INH_ADD, THRESHOLD) = (LANES * k for k in range(N_FIELDS))  # fmt: skip
BLOCK = LANES * N_FIELDS
"""float32 per block; a field's constant is its offset within one."""

NO_DROP_V = 1e-25
"""Added to a line per step when no event came: invisible, but it keeps a line that has decayed for
a millisecond from becoming a subnormal number, which costs a hundred times a normal one."""

ARMED, PENDING, RESET, REFRACTORY, BLOCKED = range(5)
"""What a neuron's backend does: waits for a crossing; has seen one and waits for its clock edge;
resets; has released the membrane but not re-armed; would re-arm but the membrane is still above
threshold."""

NEVER = np.iinfo(np.int64).max


class Lanes(NamedTuple):
    """All active neurons.  Ticks are 4 ns, counted since power-on."""

    state: F32  # (block * BLOCK,) see FIELDS
    leak: F32  # (3, lane) target, slope, per_v_lin of the leak OTA
    reset: F32  # (3, lane) the same of the reset OTA
    rate: F32  # (2, lane) 1 / tau of the exc and inh line [1/tick]
    partial: (
        F32  # (block * position * 4 * LANES,) weights of an event in a step; see `event_weights`
    )
    arrived: F32  # (position, 2 * lane) V, scratch: drops by the events of a step; zero between
    threshold: F32  # (lane,) V, without noise; infinite where the neuron cannot fire
    mode: I64  # (lane,) ARMED ...
    timer: I64  # (lane,) tick of the next change of mode
    due: I64  # (block,) the earliest timer of each block
    end: I64  # (lane,) tick at which the running refractory period ends
    clock: I64  # (lane,) ticks per edge of the refractory clock
    refractory: I64  # (lane,) duration in ticks
    hold: I64  # (lane,) ticks before the end at which the reset is released
    spikes: I64  # (lane,) number of spikes so far
    neuron: I64  # (lane,) AtomicNeuron, -1 for a padding lane


class Routes(NamedTuple):
    """Where events go.  A label on a bus is its low 11 bits: row select and synapse label."""

    input_cycle: I64  # (event,) not falling: when an FPGA event is due on its bus
    input_bus: I64  # (event,) 0..7
    input_label: I64  # (event,)
    row_of: npt.NDArray[np.int32]  # (8 * 2048,) row of `drops` for bus * 2048 + label, -1 none
    drops: F32  # (row * 2 * lane,) line drop [V] per lane: exc lanes, then inh lanes
    neuron_bus: I64  # (2, lane) the two buses a neuron's event reaches, -1 where it does not
    neuron_label: I64  # (lane,)


class Queues(NamedTuple):
    """Events on their way; survive from one call to the next."""

    delayed: I64  # (capacity, 3) ring: cycle due, bus, label of neuron events
    delayed_ends: I64  # (2,) running numbers of the oldest and the next entry
    fifo: I64  # (8, capacity, 2) rings per bus: cycle granted, label
    fifo_ends: I64  # (8, 2)
    bus_free: I64  # (8,) first cycle at which a bus has no event granted


class Output(NamedTuple):
    """What a call produces."""

    spike_tick: I64  # (capacity,)
    spike_lane: I64  # (capacity,)
    trace: F32  # (step + 1,) V on the readout line at the chunk's start and after each step


def new_queues(capacity: int) -> Queues:
    """Empty queues of `capacity` (a power of two) entries each."""
    return Queues(
        delayed=np.zeros((2 * capacity, 3), np.int64),
        delayed_ends=np.zeros(2, np.int64),
        fifo=np.zeros((8, capacity, 2), np.int64),
        fifo_ends=np.zeros((8, 2), np.int64),
        bus_free=np.zeros(8, np.int64),
    )
