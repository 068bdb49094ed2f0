"""What populations and their views share: parameters of some cells of a whole population.

Shared by the populations of the chip and of software models: nothing here knows either.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pyNN.parameters import ParameterSpace, Sequence

from .spike_trains import as_trains

Ints = npt.NDArray[np.int64]


def per_cell(values: Any, size: int) -> npt.NDArray[Any]:
    """(size,) array of values; PyNN evaluates a list of one value to that value."""
    if isinstance(values, np.ndarray) and values.shape == (size,):
        return values.copy()
    out = np.empty(size, dtype=object if isinstance(values, Sequence) else np.asarray(values).dtype)
    out[:] = values if isinstance(values, np.ndarray) else [values] * size
    return out


def cell_ids(first: int, size: int, kind: type[int]) -> npt.NDArray[Any]:
    """(size,) IDs of a population: consecutive integers of a class of their own."""
    return np.array([kind(n) for n in range(first, first + size)], dtype=kind)


class SelectedCells:
    """Cells `_indices` of the population `_root`.

    The root answers `parameter_values(names)`, (cell,) of all its cells by name, and
    `change_parameters(values, indices)`.
    """

    @property
    def _root(self) -> Any:
        raise NotImplementedError

    @property
    def _indices(self) -> Ints:
        raise NotImplementedError

    @staticmethod
    def _simplified(values: npt.NDArray[Any]) -> Any:
        """One value if all cells agree."""
        return values[0].item() if np.all(values == values[0]) else values

    def _get_parameters(self, *names: str) -> ParameterSpace:
        values = self._root.parameter_values(self._known(names))
        shown = {n: self._simplified(v[self._indices]) for n, v in values.items()}
        return ParameterSpace(shown, self._root.celltype.get_schema(), shape=(len(self._indices),))

    def _known(self, names: tuple[str, ...]) -> list[str]:
        """Those names that are parameters; PyNN says what is wrong with the others."""
        return [n for n in names if n in self._root.celltype.default_parameters]

    def set(self, **parameters: Any) -> None:
        """Set parameters: scalars, one value per cell, or what PyNN's own `set` takes."""
        if "spike_times" in parameters:
            parameters["spike_times"] = as_trains(parameters["spike_times"])
        super().set(**parameters)  # type: ignore[misc]

    def _set_parameters(self, parameter_space: ParameterSpace) -> None:
        parameter_space.evaluate(simplify=False)
        indices = self._indices
        values = {n: per_cell(v, indices.size) for n, v in parameter_space.items()}
        self._root.change_parameters(values, indices)

    def find_units(self, variable: Any) -> str:
        """Unit of a recordable variable or a parameter."""
        return str(self._root.celltype.units[getattr(variable, "name", variable)])


class WholePopulation:
    """That a population is its own root."""

    size: int

    @property
    def _root(self) -> Any:
        return self

    @property
    def _indices(self) -> Ints:
        return np.arange(self.size)


class ViewOfPopulation:
    """That the root of a view is the population at the root of the tree of views."""

    grandparent: Any
    size: int

    @property
    def _root(self) -> Any:
        return self.grandparent

    @property
    def _indices(self) -> Ints:
        return np.atleast_1d(self.index_in_grandparent(np.arange(self.size)))  # type: ignore[attr-defined]
