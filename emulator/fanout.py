"""Where events go: from a label through crossbar, buses, drivers and synapses to line drops.

Follows the words of the registers, not anybody's conventions for using them (chip reference,
"Event path").
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol.coordinates import CROSSBAR_NODES
from firmware_protocol.layout import IntArray

from . import parameters as p
from .circuits import Circuits
from .jit import compiled
from .kernels.events import LABELS
from .kernels.lanes import LANES
from .memory import Memory
from .mismatch import Mismatch

Ints = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]

FIRST_LINK = 8
"""Crossbar inputs and outputs 8..11 are the links from and to the FPGA."""
N_BUSES = 8
_LABEL_MASK = LABELS - 1
_EXCITATORY, _INHIBITORY, _BOTH = 1, 2, 3

_NODE = np.full((20, 12), -1, dtype=np.int64)
_NODE[CROSSBAR_NODES[:, 0], CROSSBAR_NODES[:, 1]] = np.arange(len(CROSSBAR_NODES))


class Crossbar:
    """Which outputs an event reaches."""

    def __init__(self, memory: Memory) -> None:
        nodes, padi = memory.block("crossbar_nodes"), memory.block("padi")
        self._mask, self._target = nodes["mask"].astype(np.int64), nodes["target"].astype(np.int64)
        self._accepts = np.ones(12, dtype=bool)
        self._accepts[:N_BUSES] = padi["enable_spl1"].reshape(-1) != 0

    def passes(self, input_: Ints, label: Ints, output: int) -> npt.NDArray[np.bool_]:
        """Whether events with these 14-bit labels get from their crossbar inputs to an output."""
        node = _NODE[input_, output]
        wired = (node >= 0) & self._accepts[output]
        return wired & ((label & self._mask[node]) == self._target[node])

    def buses(self, input_: Ints, label: Ints) -> npt.NDArray[np.bool_]:
        """(event, 8): which PADI buses the events reach."""
        return np.stack([self.passes(input_, label, bus) for bus in range(N_BUSES)], axis=1)

    def links(self, input_: Ints, label: Ints) -> npt.NDArray[np.bool_]:
        """(event, 4): which links to the FPGA the events reach."""
        return np.stack([self.passes(input_, label, 8 + link) for link in range(4)], axis=1)


class Fanout(NamedTuple):
    """Line drops per event and lane; see `kernels.lanes.Routes`."""

    row_of: npt.NDArray[np.int32]
    drops: F32


@compiled
def _fill_rows(  # type: ignore[no-untyped-def]
    keys,
    compare_mask,
    receiver,
    whole_address,
    row_mode,
    driver_gain,
    bus_gain,
    weights,
    labels,
    synapse_gain,
    half,
    column,
    exc_drop,
    inh_drop,
    share,
    drops,
):
    """Sum line drops [V] into drops (row, 2, lane); a row per key = bus * 2048 + label."""
    n_lanes = half.size
    for row in range(keys.size):
        bus, label = keys[row] // LABELS, keys[row] % LABELS
        h, select, address = bus // 4, label >> 6, label & 63
        for k in range(32):
            d = 4 * k + bus % 4
            mask = compare_mask[h, d]
            if not receiver[h, d] or (select & mask) != (k & mask):
                continue
            sent = address if whole_address[h, d] else address & 32
            for top in range(2):
                mode, synapse_row = row_mode[h, d, top], 2 * d + top
                if mode == 0:
                    continue
                gain = driver_gain[h, d] * bus_gain[bus] * (share if mode == _BOTH else 1.0)
                for lane in range(n_lanes):
                    c = column[lane]
                    if half[lane] != h or labels[h, synapse_row, c] != sent:
                        continue
                    charge = gain * weights[h, synapse_row, c] * synapse_gain[h, synapse_row, c]
                    if mode & _EXCITATORY:
                        drops[row, 0, lane] += charge * exc_drop[lane]
                    if mode & _INHIBITORY:
                        drops[row, 1, lane] += charge * inh_drop[lane]


def build(
    memory: Memory, circuits: Circuits, mismatch: Mismatch, neurons: Ints, keys: Ints
) -> Fanout:
    """Line drops that events cause.

    neurons  (lane,) AtomicNeuron of each lane, -1 for padding
    keys     (event,) bus * 2048 + label of the events that can occur; duplicates are fine
    """
    assert neurons.size % LANES == 0
    wanted = np.unique(keys)
    drops = np.zeros((wanted.size, 2, neurons.size), dtype=np.float32)
    lanes = np.maximum(neurons, 0)
    half, column = np.where(neurons >= 0, lanes // 256, -1), lanes % 256
    switches = memory.block("column_current")
    drivers, padi = memory.block("synapse_drivers"), memory.block("padi")
    synapses = memory.block("synapses")
    connected = (neurons >= 0, half, column)
    shape = synapses["weight"].shape
    _fill_rows(
        wanted,
        drivers["row_address_compare_mask"],
        drivers["enable_receiver"],
        drivers["enable_address_out"],
        np.stack([drivers["row_mode_bottom"], drivers["row_mode_top"]], axis=-1),
        _gain(mismatch, "driver.gain", drivers["enable_receiver"].shape),
        p.pulse_gain(padi["dacen_pulse_extension"].astype(float)).reshape(-1),
        synapses["weight"],
        synapses["label"],
        _gain(mismatch, "synapse.gain", shape),
        half,
        column,
        _unit_drop(circuits.exc.drop, switches["enable_synaptic_current_excitatory"], *connected),
        _unit_drop(circuits.inh.drop, switches["enable_synaptic_current_inhibitory"], *connected),
        p.both_modes_share(),
        drops,
    )
    effective = drops.any(axis=(1, 2))
    row_of = np.full(N_BUSES * LABELS, -1, dtype=np.int32)
    row_of[wanted[effective]] = np.nonzero(effective)[0]
    return Fanout(row_of, drops.reshape(-1))


def _gain(mismatch: Mismatch, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    return 1 + p.sigma(name) * mismatch.draw(name, shape)


def _unit_drop(
    drop: npt.NDArray[np.float64],
    switch: IntArray,
    real: npt.NDArray[np.bool_],
    half: Ints,
    column: Ints,
) -> npt.NDArray[np.float64]:
    """Drop per weight unit on each lane's line; 0 where its column is switched off."""
    closed = switch[np.maximum(half, 0), column] != 0
    return np.where(real & closed, drop[np.maximum(half, 0) * 256 + column], 0.0)


def bus_keys(bus: Ints, label: Ints) -> Ints:
    """Keys of events on PADI buses: what a bus carries is the low 11 bits of a label."""
    return bus * LABELS + (label & _LABEL_MASK)
