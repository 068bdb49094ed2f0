"""Connectors that are told every connection: lists, files, connection sets."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyNN import connectors as _pynn
from pyNN.errors import ConnectionError as PyNNConnectionError

from .base import Floats, Ints, Located, MapConnector, SynapseValues


class FromListConnector(Located, _pynn.FromListConnector):
    """Connections (pre, post, values ...) of a list; see PyNN.

    Unlike PyNN 0.13 it leaves its list as it is, refuses postsynaptic cells that do not exist
    instead of leaving them out, and takes parameters that are not in the list from any value of
    the synapse type: a number, an array, an expression of the distance, a distribution (of which
    PyNN gives every postsynaptic cell the same numbers).
    """

    conn_list: Floats
    column_names: Any
    callback: Any

    def connect(self, projection: Any) -> None:
        """Connect; ConnectionError for cells that do not exist, ValueError for unknown columns."""
        known = projection.synapse_type.get_parameter_names()
        for name in self.column_names:
            if name not in known:
                raise ValueError(
                    f"projection {projection.label!r}: column {name!r} is not a parameter of "
                    f"{type(projection.synapse_type).__name__}; it has {', '.join(known)}"
                )
        if not self.conn_list.size:
            projection.receive(np.empty(0, np.int64), np.empty(0, np.int64), {})
            return
        table = self.conn_list[np.argsort(self.conn_list[:, 1], kind="stable")]
        pre = _checked(table[:, 0], projection.pre.size, "source", projection)
        post = _checked(table[:, 1], projection.post.size, "target", projection)
        listed = {name: table[:, 2 + k] for k, name in enumerate(self.column_names)}
        values = SynapseValues(projection)
        for name in listed:
            for kind in (values.known, values.listed, values.lazy):
                kind.pop(name, None)
        drawn = self._drawn(pre, post, values)
        projection.receive(pre, post, {**values.of(pre, post), **drawn, **listed})

    def _drawn(self, pre: Ints, post: Ints, values: SynapseValues) -> dict[str, Floats]:
        """Lazy values, drawn target by target; `post` is sorted."""
        drawn = {name: np.empty(pre.size) for name in values.lazy}
        if drawn:
            starts = np.nonzero(np.diff(post, prepend=-1))[0]
            for start, end in zip(starts, [*starts[1:], pre.size], strict=True):
                column = values.column(pre[start:end], int(post[start]))
                for name, value in column.items():
                    drawn[name][start:end] = value
        return drawn


def _checked(column: Floats, size: int, role: str, projection: Any) -> Ints:
    """Indices of one end; ConnectionError where there is no such cell."""
    wrong = ~((column >= 0) & (column < size) & (column == np.trunc(column)))
    if wrong.any():
        raise PyNNConnectionError(
            f"projection {projection.label!r}: {role} index out of range: {column[wrong][0]:g} "
            f"is not one of 0..{size - 1}"
        )
    return column.astype(np.int64)


class FromFileConnector(FromListConnector, _pynn.FromFileConnector):
    """Connections of a file; see PyNN.

    The file is read when it is first needed.  PyNN 0.13 fails on a file of one connection, on
    column names in a tuple, and when a connector is used twice.
    """

    file: Any
    distributed: bool

    def connect(self, projection: Any) -> None:
        """Read the file unless this has been done, and connect."""
        if not hasattr(self, "conn_list"):
            if self.distributed:
                self.file.rename(f"{self.file.name}.{projection._simulator.state.mpi_rank}")
            columns = self.file.get_metadata().get("columns", ("weight", "delay"))
            self.column_names = [name for name in columns if name not in ("i", "j")]
            self.conn_list = np.atleast_2d(self.file.read())
        FromListConnector.connect(self, projection)


class CSAConnector(MapConnector, _pynn.CSAConnector):
    """A connection set of the Connection Set Algebra; RuntimeError if `csa` is not installed.

    PyNN 0.13 hands over the numbers of cells instead of indices if the set has weights.
    """

    cset: Any

    def connect(self, projection: Any) -> None:
        """Connect the finite part of the set."""
        csa = _pynn.csa
        n_pre, n_post = projection.shape
        finite = csa.cross((0, n_pre - 1), (0, n_post - 1)) * self.cset
        rows = np.array(list(finite), dtype=np.float64).reshape(-1, 2 + csa.arity(self.cset))
        pre, post = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
        if rows.shape[1] == 2:
            matrix = np.zeros(projection.shape, dtype=bool)
            matrix[pre, post] = True
            self.connect_matrix(projection, matrix)
        else:
            projection.receive(pre, post, {"weight": rows[:, 2], "delay": rows[:, 3]})
