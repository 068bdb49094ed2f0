"""A projection as the engine sees it: pathways between pairs of whole populations.

The ends of a projection may be views and assemblies; the engine connects populations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pyNN import common

from simulator.connectivity import Dense, Sparse, pairs
from simulator.handles import Pathway
from simulator.models import SynapseModel
from simulator.network import Network

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Members:
    """The cells of one population among those of one end of a projection.

    population  the whole one
    indices     (cell,) their indices in it; None if they are all of it, in order
    first       what their indices in the end begin with
    """

    population: Any
    indices: Ints | None
    first: int
    size: int

    @property
    def part(self) -> slice:
        """The indices as a slice, if they are consecutive."""
        first = 0 if self.indices is None else int(self.indices[0])
        return slice(first, first + self.size)

    @property
    def is_consecutive(self) -> bool:
        """Whether the indices ascend without a gap."""
        return self.indices is None or bool(np.all(np.diff(self.indices) == 1))

    def in_population(self, indices: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Indices in the population of cells of this end."""
        own = indices - self.first if self.first else indices
        return own if self.indices is None else self.indices[own]

    def in_end(self, indices: npt.NDArray[Any]) -> Ints:
        """The other way round."""
        if self.indices is None:
            return indices.astype(np.int64) + self.first
        back = np.zeros(self.population.size, dtype=np.int64)
        back[self.indices] = np.arange(self.size)
        return back[indices] + self.first


def members_of(cells: Any) -> list[Members]:
    """The populations that an end is made of."""
    members = []
    first = 0
    for part in cells.populations if isinstance(cells, common.Assembly) else [cells]:
        root, indices = part._root, np.asarray(part._indices, dtype=np.int64)
        whole = indices.size == root.size and np.array_equal(indices, np.arange(root.size))
        members.append(Members(root, None if whole else indices, first, indices.size))
        first += indices.size
    return members


@dataclass
class PathwayPart:
    """The connections of a projection between two populations.

    connectivity  rows of whole populations, or Dense between consecutive ranges of them
    where   which of the projection's connections they are, in the order of `connectivity`
    handle  what the engine calls them; None until it has been told
    """

    pre: Members
    post: Members
    connectivity: Sparse | Dense
    where: Any
    handle: Pathway | None = None

    @property
    def n_synapses(self) -> int:
        """How many."""
        return self.connectivity.n_synapses

    def of(self, column: Any) -> Any:
        """A number as it is, or the values of these connections out of (connection,) ones."""
        return column if np.ndim(column) == 0 else np.asarray(column)[self.where]

    def _of_target(self, column: Floats) -> Any:
        """One number if all targets agree, else (synapse,) ones."""
        if np.all(column == column[0]):
            return float(column[0])
        return column[self.post.in_population(self.indices()[1])]

    def indices(self) -> tuple[Ints, Ints]:
        """Indices of both ends in the ends of the projection, in the order of `connectivity`."""
        pre, post = pairs(self.connectivity)
        if isinstance(self.connectivity, Dense):
            return pre + self.pre.first, post + self.post.first
        return self.pre.in_end(pre), self.post.in_end(post)

    def build(
        self,
        network: Network,
        *,
        receptor: str,
        model: SynapseModel,
        parameters: dict[str, Any],
        of_targets: dict[str, Floats],
        initial: dict[str, Any],
        weight: Any,
        delay_ms: Any,
        dendritic_fraction: float,
        weight_bits: int,
    ) -> None:
        """Tell the engine.

        of_targets  parameters that belong to the postsynaptic population, (cell,) each; others are
                    those of the whole projection
        """
        pre, post = self.pre.population.handle, self.post.population.handle
        if isinstance(self.connectivity, Dense):
            pre, post = pre[self.pre.part], post[self.post.part]
        self.handle = network.connect(
            pre,
            post,
            receptor,
            self.connectivity,
            model,
            weight=self.of(weight),
            delay_ms=self.of(delay_ms),
            parameters={name: self.of(value) for name, value in parameters.items()}
            | {name: self._of_target(column) for name, column in of_targets.items()},
            initial={name: self.of(value) for name, value in initial.items()},
            dendritic_fraction=dendritic_fraction,
            weight_bits=weight_bits,
        )


def all_to_all(pre_members: list[Members], post_members: list[Members]) -> PathwayPart | None:
    """All pairs of two consecutive ranges of cells; None if the ends are made of others."""
    members = (*pre_members, *post_members)
    if len(members) != 2 or not all(member.is_consecutive for member in members):
        return None
    one, other = members
    return PathwayPart(one, other, Dense(one.size, other.size), slice(None))


def parts_of(
    pre_members: list[Members], post_members: list[Members], pre: Ints, post: Ints
) -> tuple[list[PathwayPart], Ints | None]:
    """Divide connections among pairs of populations, and sort them.

    pre, post  (connection,) indices in the ends, in any order
    Returns    the parts that have connections, and (connection,) `order`: ``values[order]`` are
               sorted by (pre, post)
    """
    if len(pre_members) == len(post_members) == 1:
        one, other = pre_members[0], post_members[0]
        if _ascends(one) and _ascends(other):
            rows, order = Sparse.from_pairs(
                one.in_population(pre),
                other.in_population(post),
                one.population.size,
                other.population.size,
            )
            return [PathwayPart(one, other, rows, slice(None))], order
    n_post = sum(member.size for member in post_members)
    order = np.argsort(pre * n_post + post, kind="stable")
    pre, post = pre[order], post[order]
    parts = []
    for one in pre_members:
        from_one = (pre >= one.first) & (pre < one.first + one.size)
        for other in post_members:
            chosen = np.nonzero(
                from_one & (post >= other.first) & (post < other.first + other.size)
            )
            where = chosen[0]
            if not where.size:
                continue
            rows, inner = Sparse.from_pairs(
                one.in_population(pre[where]),
                other.in_population(post[where]),
                one.population.size,
                other.population.size,
            )
            parts.append(PathwayPart(one, other, rows, where[inner]))
    return parts, order


def _ascends(member: Members) -> bool:
    return member.indices is None or bool(np.all(np.diff(member.indices) > 0))
