"""Steps of a group of blocks by their kind; only kinds that are there are compiled.

Compiling the step of a kind takes a second.  A kernel that is given the type `Simple` or `Adaptive`
knows no other kind; more combinations would cost more, each its own kernel, than they save.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba.extending import overload

from ..jit import HELPER_OPTIONS
from . import lanes as ln
from .coupling import step_coupled
from .stepping import adapt, step_adaptive, step_full, step_simple

_OPTIONS: Any = HELPER_OPTIONS | {"forceinline": True}


class Simple(NamedTuple):
    """All blocks are of the kind SIMPLE."""


class Adaptive(NamedTuple):
    """All blocks are of the kind ADAPTIVE."""


class Mixed(NamedTuple):
    """Blocks may be of any kind."""


Kinds = Simple | Adaptive | Mixed


def kinds_of(kind: ln.I64) -> Kinds:
    """The type for blocks of these kinds."""
    if np.all(kind == ln.SIMPLE):
        return Simple()
    return Adaptive() if np.all(kind == ln.ADAPTIVE) else Mixed()


def adapt_kind(kinds, kind, s, first, last, rails):  # type: ignore[no-untyped-def]
    """Take the adaptation nodes of a group through the coming interval; for compiled code only."""
    raise NotImplementedError("called from compiled code only")


@overload(adapt_kind, jit_options=_OPTIONS)
def _adapt_kind(
    kinds: Any, kind: Any, s: Any, first: Any, last: Any, rails: Any
) -> Callable[..., None]:
    def nothing(kinds: Any, kind: Any, s: Any, first: Any, last: Any, rails: Any) -> None:
        pass

    def unless_simple(kinds: Any, kind: Any, s: Any, first: Any, last: Any, rails: Any) -> None:
        if kind != ln.SIMPLE:
            adapt(s, first, last, rails)

    return nothing if kinds.instance_class is Simple else unless_simple


def step_kind(kinds, kind, lanes, coupling, first, last, n, crossed):  # type: ignore[no-untyped-def]
    """Advance a group by up to `n` steps; for compiled code only.

    Returns  the steps taken, negative if lanes have crossed their thresholds in the last of them
    """
    raise NotImplementedError("called from compiled code only")


@overload(step_kind, jit_options=_OPTIONS)
def _step_kind(
    kinds: Any, kind: Any, lanes: Any, coupling: Any, first: Any, last: Any, n: Any, crossed: Any
) -> Callable[..., int]:
    def simple(
        kinds: Any, kind: Any, lanes: Any, coupling: Any, first: Any, last: Any, n: Any,
        crossed: Any,
    ) -> Any:  # fmt: skip
        return step_simple(lanes.state, first, last, n, lanes.constants, crossed)

    def adaptive(
        kinds: Any, kind: Any, lanes: Any, coupling: Any, first: Any, last: Any, n: Any,
        crossed: Any,
    ) -> Any:  # fmt: skip
        return step_adaptive(lanes.state, first, last, n, lanes.constants, crossed)

    def mixed(
        kinds: Any, kind: Any, lanes: Any, coupling: Any, first: Any, last: Any, n: Any,
        crossed: Any,
    ) -> Any:  # fmt: skip
        s, rails = lanes.state, lanes.constants
        if kind == ln.SIMPLE:
            taken = step_simple(s, first, last, n, rails, crossed)
        elif kind == ln.ADAPTIVE:
            taken = step_adaptive(s, first, last, n, rails, crossed)
        elif kind == ln.FULL:
            taken = step_full(s, first, last, rails, crossed)
        else:
            step_coupled(lanes, coupling, first, last)
            for b in range(first, last):
                crossed[b] = 1
            taken = -1
        return taken

    return {Simple: simple, Adaptive: adaptive, Mixed: mixed}[kinds.instance_class]
