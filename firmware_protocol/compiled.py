"""Machine code that outlives the process."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from numba import njit

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def on_disk(compile_: Callable[[bool], T]) -> T:
    """What ``compile_(cache)`` gives: with Numba's cache, if there is a folder to write to.

    There may be none where neither the package's folder nor the user's can be written, as in
    containers.  That is said once.
    """
    try:
        return compile_(True)
    except RuntimeError as error:
        if "no locator available" not in str(error):
            raise
        _warn()
        return compile_(False)


@cache
def _warn() -> None:
    warnings.warn(
        "machine code cannot be kept on disk, so every process compiles its own, which takes "
        "seconds; set NUMBA_CACHE_DIR to a folder that can be written",
        stacklevel=5,
    )


def compiled(**options: Any) -> Callable[[F], F]:
    """`numba.njit` with its machine code on disk."""

    def decorate(function: F) -> F:
        dispatcher: F = on_disk(lambda cache: njit(cache=cache, **options)(function))
        return dispatcher

    return decorate
