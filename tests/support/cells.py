"""Cells of a type on a configuration, without a population or a session."""

import numpy as np

from pynn_hx.mapping.place import Footprint, place_cells


def place_on(celltype, n_cells=1, permutation=None):
    """(cell, n_circuits) the circuits that the first population of a network gets."""
    footprint = Footprint(n_cells, celltype.n_circuits, celltype.columns, celltype.rows)
    order = np.arange(512) if permutation is None else np.asarray(permutation)
    return place_cells([footprint], order).reshape(n_cells, celltype.n_circuits)


def stored_values(celltype, n_cells=1):
    """What a population of this type keeps, (cell,) by parameter."""
    space, cells = celltype.parameter_space, np.arange(n_cells)
    space.shape = (n_cells,)
    stored = {}
    for name, lazy in space.items():
        values = np.empty(n_cells, dtype=object)
        values[:] = list(np.atleast_1d(lazy.evaluate(simplify=False)))
        stored[name] = celltype.checked(name, values, "population 'p'", cells)
    return stored


def write_to(chip, celltype, n_cells=1, *, only_given=False, permutation=None):
    """Put cells onto a configuration; returns their circuits.

    only_given  as under an initial configuration: leave what the constructor was not given
    """
    circuits = place_on(celltype, n_cells, permutation)
    values = stored_values(celltype, n_cells)
    chosen = {n: np.full(n_cells, not only_given or n in celltype.given) for n in values}
    celltype.write(chip, circuits, values, chosen, "population 'p'")
    return circuits
