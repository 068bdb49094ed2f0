"""Arrays that the neuron kernel works on: one lane per active neuron, sixteen lanes to a block.

A block keeps its fields together, field after field of 16 float32, so that the inner loop runs at
constant offsets from one base: it vectorises without alias checks, and the few blocks of a group
stay in the first-level cache while a window of steps passes over them.

Slopes are per integration step, and voltages that enter a saturating amplifier are in units of its
linear range: both save multiplications in the innermost loop.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import types

from ..linkage import named_tuple
from ..physics.coefficients import NAMES

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]

F1, F2, I1, I2, I3 = (
    types.Array(number, n, "C")
    for number, n in (
        (types.float32, 1), (types.float32, 2), (types.int64, 1), (types.int64, 2), (types.int64, 3)
    )
)  # fmt: skip
"""Numba's types of arrays in float32 and int64 with one to three dimensions."""

_CACHE_LINE = 64  # bytes
LANES = 16
STATE_FIELDS = ("v", "exc", "inh")
"""V membrane; drops of the two lines in units of the synaptic amplifier's range: those of a gentle
lane at the end of the present interval while no event has come in it, else at the present step."""
FIELDS = (
    *STATE_FIELDS,
    "v_old",  # V  at the beginning of the last step
    "slope",  # V/step  mean of the last step, and of the one before
    "slope_old",
    "synaptic",  # V/step  what the synaptic inputs give in this step, or in the whole interval
    "ota_b",  # 1/V  u = ota_b v + ota_a is (target - v) / v_lin of the leak or reset OTA
    "ota_a",  # 1
    "ota_max",  # V/step  its I_max / C
    "ota_cubic",  # V/step  -4/27 of that
    "ota_stiff",  # 1/step  its conductance / C
    "ota_steep",  # 1/step  -12/27 of that
    "offset",  # V/step  constant currents / C: offset current minus adaptation
    "exc_decay",  # 1  over a step
    "exc_half",  # 1  over half of one
    "exc_slope",  # V/step  I_max / C of the synaptic OTA
    "exc_cubic",  # V/step  -4/27 of that
    "exc_bias",  # 1  its offset, plus the mean additional drop by events inside this step
    "exc_add",  # 1  what these events leave on the line at the end of the step
    "inh_decay",
    "inh_half",
    "inh_slope",
    "inh_cubic",
    "inh_bias",
    "inh_add",
    "exc_long",  # 1  decay over an interval, mean over it, and growth over a step backwards
    "exc_mean",
    "exc_rise",
    "inh_long",
    "inh_mean",
    "inh_rise",
    "threshold",  # V  infinite while disarmed
    # -- the following are used by blocks of the adaptive kind and up
    "exp_b",  # 1/V  exponential current / C = 2^(exp_b v + exp_a) [V/step], at most 2^exp_max
    "exp_a",  # 1
    "exp_max",  # 1
    "exp_stiff",  # 1/V  derivative of the exponential current in units of itself, negative
    "exp_top",  # V/step  5/6 of 2^exp_max
    "w",  # 1  deviation of the adaptation node from its reference, in units of its amplifier's
    # range, at the beginning of the present interval
    "w_next",  # 1  and at its end
    "bent",  # 1  the amplifier's mean output during this interval
    "plain_offset",  # V/step  offset current / C alone
    "adapt_slope",  # V/step  full current of the adaptation amplifier / C
    "a_b",  # 1/V  u = a_b v + a_a is (v - v_adapt_leak) / v_lin of the OTA that drives w
    "a_a",  # 1
    "a_slope",  # 1  where that OTA drives w to
    "drive",  # 1  where the adaptation pulse drives w to, while it lasts
    "pulse_left",  # 1  intervals that it still lasts after the present one
    "w_decay",  # 1  over an interval
    "w_half",  # 1  over half of one
    # -- and these in conductance mode
    "exc_coba_b",  # 1/V  strength is multiplied by max(0, coba_b v + coba_a)
    "exc_coba_a",  # 1
    "inh_coba_b",
    "inh_coba_a",
)
OTA_FIELDS = ("ota_b", "ota_a", "ota_max", "ota_cubic", "ota_stiff", "ota_steep")
N_FIELDS = len(FIELDS)
AT = {name: LANES * k for k, name in enumerate(FIELDS)}
"""Offset of a field within a block."""
BLOCK = LANES * N_FIELDS
"""float32 per block."""
(V, EXC, INH) = (LANES * k for k in range(3))

INTERVAL = 8
"""Steps in which what changes slowly advances once: the adaptation node, whose time constant is
10 us and more, and the synaptic inputs of gentle lanes while no event comes."""

NO_DROP = 1e-24
"""Added to a line per step when no event came: invisible, but it keeps a line that has decayed for
a millisecond from becoming a subnormal number, which costs a hundred times a normal one."""
EXP_OFF = -126.0
"""exp_max of a neuron without exponential term: 2^-126 V/step."""

ARMED, PENDING, RESET, REFRACTORY, BLOCKED, STUCK = range(6)
"""What a neuron's backend does: waits for a crossing, which counts from tick `end` on; has seen one
and waits for its clock edge; resets; has released the membrane but not re-armed; would re-arm but
the membrane is still above threshold; hangs in its reset until somebody resets the neuron."""

SIMPLE, ADAPTIVE, FULL, CLUSTER = range(4)
"""Kinds of blocks: gentle lanes (see `packing.gentle`) with leak, offset and current-based inputs
only; gentle ones also with exponential term and adaptation; lanes with every term, however stiff;
and lanes coupled to others by multi-compartment switches."""

NEVER = np.iinfo(np.int64).max


DIGITAL = (
    "mode",  # ARMED ...
    "timer",  # tick of the next change of mode
    "end",  # tick at which the running refractory period ends
    "clock",  # ticks per edge of the refractory clock
    "refractory",  # its duration in ticks
    "hold",  # ticks before its end at which the reset is released; negative: after it
    "paused",  # whether inputs and the exponential term are off during the reset
    "instant",  # whether a reset acts at once (ideal neurons)
    "level",  # whether the comparator fires above threshold, not only when crossing it (ideal ones)
    "spikes",  # number of spikes so far
    "neuron",  # AtomicNeuron, -1 for a padding lane
)
(MODE, TIMER, END, CLOCK, REFRACTORY_TICKS, HOLD, PAUSED, INSTANT, LEVEL, SPIKES,
 NEURON) = range(len(DIGITAL))  # fmt: skip
ANALOG = (
    *(f"leak_{name}" for name in OTA_FIELDS),
    *(f"reset_{name}" for name in OTA_FIELDS),
    "gated_exc",  # V/step  exc_slope while the membrane is not reset
    "gated_exc_cubic",
    "gated_inh",
    "gated_inh_cubic",
    "gated_exp",  # 1  exp_max
    "exc_rate",  # 1/step  1 / tau of the line
    "inh_rate",
    "comparator",  # V  threshold without noise; infinite where the comparator is off
    "pulse",  # 1  intervals that an adaptation pulse lasts, 0 for none
    "exc_bypass",  # V  drop of the line that fires directly; infinite: none
    "inh_bypass",
)
(LEAK, RESET_OTA, GATED, RATE, COMPARATOR, PULSE, BYPASS) = (
    0, 6, 12, 17, 19, 20, 21,
)  # fmt: skip


def aligned(shape: tuple[int, ...], dtype: npt.DTypeLike = np.float32) -> npt.NDArray[Any]:
    """Zeros that begin with a cache line.

    A vector across two lines takes twice the time, and two threads that write to one line wait.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(size + _CACHE_LINE, np.uint8)
    first = -memory.ctypes.data % _CACHE_LINE
    return memory[first : first + size].view(dtype).reshape(shape)


class Lanes(NamedTuple):
    """All active neurons.  Ticks are 4 ns, counted since power-on.

    Few arrays with many rows rather than many arrays: compiled functions pass them on by value.
    """

    state: F32  # (block * BLOCK,) see FIELDS
    digital: I64  # (row, lane) see DIGITAL
    analog: F32  # (row, lane) see ANALOG
    offset: F32  # (2 lane,) 1  of both synaptic amplifiers, in units of their range
    partial: F32  # (block * position * 4 * LANES,) weights of an event inside a step [1/V]
    block: I64  # (3, block) DUE: the earliest timer; KIND; BYPASSED: whether an event may fire
    constants: F32  # see CONSTANTS


LANES_TYPE = named_tuple(Lanes, F1, I2, F2, F1, F1, I2, F1)
DUE, KIND, BYPASSED = range(3)
CONSTANTS = (
    "head_b",  # 1/V  output stages: see physics.membrane.room
    "head_a",  # 1
    "foot_b",
    "foot_a",
    "low",  # V  lowest and highest membrane voltage
    "high",
    "noise",  # V  one sigma of the threshold
    "full_line",  # 1  largest drop of a line, in units of the synaptic amplifier's range
    *NAMES,
)
LOW, HIGH, NOISE, FULL_LINE, COEFFICIENTS = 4, 5, 6, 7, 8


class Readers(NamedTuple):
    """What to record.  Sorted by lane."""

    lane: I64  # (pair,)
    field: I64  # (pair,) offset of the field within a block
    first: I64  # (block + 1,) the first pair of each block
    scale: F32  # (pair, 2) volts = scale[0] + scale[1] * field


READERS_TYPE = named_tuple(Readers, I1, I1, I1, F2)


class Output(NamedTuple):
    """What a call produces."""

    spike_tick: I64  # (capacity,) sorted
    spike_lane: I64  # (capacity,)
    event_tick: I64  # (capacity,) sorted: what leaves the backends, mostly just the spikes
    event_lane: I64  # (capacity,)


class ThreadLog(NamedTuple):
    """Where a thread writes what happens in a window."""

    tick: I64  # (capacity,) of spikes
    lane: I64  # (capacity,)
    crossed: I32  # (block,) whether any lane crossed its threshold in this step


LOG_TYPE = named_tuple(ThreadLog, I1, I1, types.Array(types.int32, 1, "C"))
OUTPUT_TYPE = named_tuple(Output, I1, I1, I1, I1)
