"""Which entry of a delivery's argument table holds what; P: the address of an array.

Entries up to `THREADS` are the same for all ways of being connected.
"""

from __future__ import annotations

from typing import Any

from .memory import helper

IDS = 0  # P int32 [R][IDS_STRIDE]: who fired, see SpikeRing
IDS_STRIDE = 1
COUNTS = 2  # P int64 [R][SEGMENTS]
SEGMENTS = 3  # threads that write spikes
FIRST = 4  # P int64 (SEGMENTS + 1,)
RING_MASK = 5  # R - 1
TIMES = 6  # P int32 like IDS, or 0: how often each fired
PRE_FIRST = 7  # members PRE_FIRST .. PRE_STOP - 1 of the emitter
PRE_STOP = 8
MINIMAL_DELAY = 9  # steps
INPUTS = 10  # P real [D][INPUTS_STRIDE], from the first target neuron on
INPUTS_STRIDE = 11
INPUTS_MASK = 12  # D - 1
BOUNDS = 13  # P int64 (THREADS + 1,): targets of thread th are BOUNDS[th] .. BOUNDS[th + 1] - 1
THREADS = 14

POSITIONS = 15  # P int64: row i, thread th begins at [i * THREADS + th] (Sparse)
TARGETS = 16  # P int32 (Sparse)
WEIGHTS = 17  # P: one, or one per synapse: real, or codes of 8 or 16 bits
CODE = 18  # P real (2,): value of code 0, and what a code adds
DELAYS = 19  # P uint8 or uint16: steps beyond the minimal delay, one per synapse
N_POST = 20  # columns (Dense, Procedural)
NO_SELF = 21  # 1: without i -> i (Dense)

SEED = 22  # of the draws (Procedural, plastic)
STREAM = 23  # of the draws (plastic)
DRAWING = 24  # P float64 (3,): 1/log(1 - probability), smallest weight, range (Procedural)
N_DRAWS = 25  # targets of each member; -1: each with a probability (Procedural)
SCRATCH = 26  # P: SCRATCH_STRIDE bytes for each thread (Procedural)
SCRATCH_STRIDE = 27
WIDTH = 28  # columns, or draws, of a piece (Procedural)
SINCE = 29  # spikes of earlier steps are none of this pathway's business

LENGTH = 32
"""Entries of a table of static synapses; those of plastic ones go on."""

VISITS = 32  # in how many parts the synapses are visited, each so many steps after the spike:
VISIT_STEPS = 33  # P int64 (VISITS,)
PART_STRIDE = 34  # POSITIONS has so many entries for each part
ORDER = 35  # P int64: numbers of synapses, where POSITIONS does not count them
DELAY = 36  # steps: one for all, or P uint16
AXONAL = 37  # steps: one for all, or P uint16
TOUCHED = 38  # P int64: when states were brought up to date last [half steps]
HISTORY = 39  # P int64: a HISTORY_TABLE of the target group
POST_FIRST = 40  # first target neuron
SHARED = 41  # P real: dt [ms], then what is equal for all synapses
N_PRE = 42
COLUMNS = 43  # and on: P real, one per synapse: states, then what else differs

STEPS, STEPS_MASK, SPIKES, SETTLED, FULL = range(5)
"""HISTORY_TABLE: P int64 steps [n][STEPS_MASK + 1] | H - 1 | P counts | P settled | P full."""


@helper
def first_spike(ids: Any, count: int, member: int) -> int:
    """Place of the first of `count` ascending ids that is not below `member`."""
    low, high = 0, count
    while low < high:
        middle = (low + high) >> 1
        if ids[middle] < member:
            low = middle + 1
        else:
            high = middle
    return low
