"""Networks larger than a chip, as a sequence of executions of parts.

A part can run on its own if all spikes that reach it are known: from its own neurons, or from
parts that ran before, whose recorded spikes external sources then replay.  Hence neurons that
reach each other in a circle stay together, and everything else follows the direction of the
connections.
"""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol.coordinates import N_NEURONS

from .errors import MappingError
from .graph import Connections, Ints, Network


class Subnetwork(NamedTuple):
    """One part as a network of its own.

    network     numbers are local: slots of the part, external sources, background cells.  All
                background populations are there, so that they keep their generators.  Neurons whose
                spikes later parts replay are recorded.
    origin      (external,) global number of what each external source plays: an external source,
                or a slot of an earlier part whose spikes are to be replayed
    connection  (connection,) index of each connection in the whole network
    """

    network: Network
    origin: Ints
    connection: Ints


def partition(
    network: Network, atom_starts: npt.ArrayLike | None = None, *, limit: int = N_NEURONS
) -> list[Ints]:
    """Divide a network into parts that run one after the other.

    Parts are filled greedily, in the direction of the connections, each cell into the first part
    that has room and does not come before its inputs.

    atom_starts  (cell,) first slot of every cell, rising from 0: slots of a cell stay together.
                 None: every slot is a cell.
    limit        slots of a part
    Returns      slots (n,) of each part, rising, in order of execution; all presynaptic neurons of
                 a part are in it or in an earlier one.  One part if the network fits.
    Raises       MappingError if a cell, or cells that reach each other in a circle, exceed a part
    """
    n = network.n_neurons
    if n <= limit:
        return [np.arange(n)]
    # Not before it is needed: loading it takes a tenth of a second.
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    starts = np.arange(n) if atom_starts is None else np.asarray(atom_starts, dtype=np.int64)
    _check_starts(starts, n)
    atom = np.repeat(np.arange(starts.size), np.diff(np.append(starts, n)))
    c = network.connections
    internal = c.pre < n
    edges = np.unique(atom[c.pre[internal]] * starts.size + atom[c.post[internal]])
    pre, post = np.divmod(edges, starts.size)
    graph = csr_array((np.ones(pre.size, np.int8), (pre, post)), shape=(starts.size,) * 2)
    n_knots, labels = connected_components(graph, directed=True, connection="strong")
    knot_of_atom = labels.astype(np.int64)
    knot = knot_of_atom[atom]
    size = np.bincount(knot, minlength=n_knots)
    worst = int(size.argmax())
    if size[worst] > limit:
        raise _too_large(knot, worst, atom, int(size[worst]), limit)
    part = _fill(knot_of_atom[pre], knot_of_atom[post], size, _first_slots(knot, n_knots), limit)
    part_of_slot = part[knot]
    return [np.flatnonzero(part_of_slot == k) for k in range(int(part.max()) + 1)]


def _check_starts(starts: Ints, n: int) -> None:
    if not starts.size or starts[0] != 0 or starts[-1] >= n or (np.diff(starts) <= 0).any():
        raise ValueError(
            f"atom_starts must rise from 0 to a slot below {n}, the first slots of all cells"
        )


def _too_large(knot: Ints, worst: int, atom: Ints, size: int, limit: int) -> MappingError:
    slots = np.flatnonzero(knot == worst)
    first = int(slots[0])
    if (atom[slots] == atom[first]).all():
        return MappingError(
            f"the cell at slot {first} needs {size} neuron circuits, but the chip has {limit}; "
            "use fewer circuits per compartment"
        )
    return MappingError(
        f"{size} neuron circuits (of slot {first} and others) are connected in a circle and must "
        f"run together, but the chip has {limit}; use fewer neurons, or no connections back to "
        "earlier populations, so that the network can be split"
    )


def _first_slots(knot: Ints, n_knots: int) -> Ints:
    first = np.empty(n_knots, dtype=np.int64)
    first[knot[::-1]] = np.arange(knot.size)[::-1]
    return first


def _fill(pre: Ints, post: Ints, size: Ints, first_slot: Ints, limit: int) -> Ints:
    """Part of each knot: topologically, earlier slots first, into the first part with room.

    pre, post  (edge,) knots; edges from a knot to itself do not count
    """
    apart = pre != post
    order = np.argsort(pre[apart], kind="stable")
    pre, post = pre[apart][order], post[apart][order]
    begin = np.searchsorted(pre, np.arange(size.size + 1)).tolist()
    missing = np.bincount(post, minlength=size.size)
    earliest, part = np.zeros(size.size, dtype=np.int64), np.full(size.size, -1)
    ready = [(int(first_slot[k]), int(k)) for k in np.flatnonzero(missing == 0)]
    heapq.heapify(ready)
    room: list[int] = []
    while ready:
        _, knot = heapq.heappop(ready)
        need, k = int(size[knot]), int(earliest[knot])
        while k < len(room) and room[k] < need:
            k += 1
        if k >= len(room):
            room.append(limit)
            k = len(room) - 1
        room[k] -= need
        part[knot] = k
        targets = post[begin[knot] : begin[knot + 1]]
        np.maximum.at(earliest, targets, k)
        np.subtract.at(missing, targets, 1)
        for target in np.unique(targets[missing[targets] == 0]).tolist():
            heapq.heappush(ready, (int(first_slot[target]), target))
    return part


def subnetwork(network: Network, part: Ints) -> Subnetwork:
    """A part of a network, with what reaches it from outside as external sources.

    part  slots, as :func:`partition` returns them
    """
    n, c = network.n_neurons, network.connections
    inside = np.zeros(n, dtype=bool)
    inside[part] = True
    connection = np.flatnonzero(inside[c.post])
    pre = c.pre[connection]
    first_background = n + network.n_external
    played = np.zeros(first_background, dtype=bool)
    played[pre[pre < first_background]] = True
    played[part] = False
    origin = np.flatnonzero(played)
    local = np.full(network.n_sources, -1)
    local[part] = np.arange(part.size)
    local[origin] = part.size + np.arange(origin.size)
    local[first_background:] = (
        part.size + origin.size + np.arange(network.n_sources - first_background)
    )
    leaves = np.zeros(network.n_sources, dtype=bool)
    leaves[c.pre[~inside[c.post]]] = True
    return Subnetwork(
        Network(
            part.size,
            origin.size,
            Connections(
                local[pre],
                local[c.post[connection]],
                c.weight[connection],
                c.inhibitory[connection],
            ),
            network.recorded[part] | leaves[part],
            network.background,
        ),
        origin,
        connection,
    )
