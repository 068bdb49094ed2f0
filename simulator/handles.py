"""What a user of `Network` holds: populations, sources, pathways and current sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .connectivity import Procedural
from .specification import Range

if TYPE_CHECKING:
    from .network import Network

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


class Members:
    """Consecutive members of a group of neurons or of a set of sources; slices are views."""

    is_source = False

    def __init__(self, network: Network, emitter: int, first: int, n: int) -> None:
        self.network, self.emitter, self.first, self.n = network, emitter, first, n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, part: slice) -> Members:
        start, stop, stride = part.indices(self.n)
        if stride != 1 or stop < start:
            raise IndexError(f"a slice of {self.n} members has to be start:stop, not {part}")
        return type(self)(self.network, self.emitter, self.first + start, stop - start)

    @property
    def range(self) -> Range:
        """The same for a specification."""
        return Range(self.emitter, self.first, self.n, self.is_source)

    def chosen(self, indices: npt.ArrayLike | None) -> I64:
        """Numbers within the group of all members, or of those with `indices` in this view.

        Raises IndexError for an index that is not in 0..n-1.
        """
        if indices is None:
            return np.arange(self.first, self.first + self.n, dtype=np.int64)
        chosen = np.atleast_1d(np.asarray(indices, np.int64))
        if chosen.size and (chosen.min() < 0 or chosen.max() >= self.n):
            wrong = chosen[(chosen < 0) | (chosen >= self.n)][0]
            raise IndexError(f"index {wrong} is not among the {self.n} members (0..{self.n - 1})")
        return chosen + self.first


class Neurons(Members):
    """Neurons of one model."""

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters, states and algebraic variables."""
        plan = self.network.spec.groups[self.emitter].plan
        return (
            *(p.name for p in plan.parameters),
            *(s.name for s in plan.states),
            *(a.target for a in plan.algebraic),
        )

    def get(self, name: str) -> F64:
        """A parameter, state or algebraic variable as it is now, (n,), in its declared unit."""
        return self.network.read(self, name)

    def set(self, name: str, values: npt.ArrayLike, indices: npt.ArrayLike | None = None) -> None:
        """Change a parameter or a state; values: one number, or one per chosen neuron."""
        self.network.write(self, name, values, self.chosen(indices))

    def set_initial(
        self, name: str, values: npt.ArrayLike, indices: npt.ArrayLike | None = None
    ) -> None:
        """Change what a state starts from after a reset, and the state itself if t = 0."""
        self.network.write_initial(self, name, values, self.chosen(indices))


class Sources(Members):
    """Spike sources of one kind."""

    is_source = True

    def get(self, name: str) -> F64:
        """A parameter of the sources, (n,): rate [Hz], start, stop, dead_time [ms], alpha, beta."""
        column = self.network.source_column(self.emitter, name)
        return column[self.first : self.first + self.n].copy()

    def set(self, name: str, values: npt.ArrayLike, indices: npt.ArrayLike | None = None) -> None:
        """Change a parameter from now on."""
        self.network.write_source(self.emitter, name, values, self.chosen(indices))

    def set_times(
        self, times_ms: Sequence[npt.ArrayLike], indices: npt.ArrayLike | None = None
    ) -> None:
        """Replace the spike times [ms] of all or of the chosen sources; those before now stay."""
        self.network.write_times(self.emitter, times_ms, self.chosen(indices))

    def times(self, index: int) -> F64:
        """The spike times [ms] of one source of kind ``times``, exactly as given, ascending."""
        return self.network.source_times(self.emitter, self.first + index)


class Pathway:
    """Synapses of one kind between two populations."""

    def __init__(self, network: Network, number: int) -> None:
        self._network, self._number = network, number

    @property
    def n_synapses(self) -> int:
        """How many; procedural ones are drawn and counted."""
        connectivity = self._network.spec.pathways[self._number].connectivity
        if isinstance(connectivity, Procedural):
            return int(self.get("weight").size)
        return connectivity.n_synapses

    def get(self, name: str) -> F64:
        """``weight``, ``delay`` [ms], a parameter or a state; (synapse,) in stored order."""
        return self._network.read_pathway(self._number, name)

    def set(self, name: str, values: npt.ArrayLike) -> None:
        """Change the same: one number, or one per synapse."""
        self._network.write_pathway(self._number, name, values)


class Current:
    """A current source and everything it flows into: one entry per group of neurons."""

    def __init__(self, network: Network, numbers: list[int]) -> None:
        self._network, self._numbers = network, numbers

    def get(self, name: str) -> F64:
        """A parameter: one value, or one per target for a model with ``per_target``."""
        return np.concatenate([self._network.read_current(k, name) for k in self._numbers])

    def set(self, name: str, values: npt.ArrayLike) -> None:
        """Change a parameter from now on: one value, or one per target with ``per_target``."""
        given = np.asarray(values, np.float64)
        first = 0
        for k in self._numbers:
            n = self._network.spec.currents[k].targets.size
            self._network.write_current(
                k, name, given if given.ndim == 0 else given[first : first + n]
            )
            first += n

    def __iter__(self) -> Any:
        return iter(self._numbers)
