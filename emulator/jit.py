"""How this package compiles: three decorators around Numba's `njit`.

Division by zero gives infinity as in C, or loops would not vectorise.  fastmath stays off, so that
no CPU may fuse or reorder operations: results are the same bits everywhere.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def _source_digest() -> str:
    """Changes with any source file of this package."""
    digest = 0
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest = zlib.crc32(path.read_bytes(), digest)
    return f"{digest:08x}"


_DIGEST = _source_digest()


def compiled(function: F) -> F:
    """Compile a function that Python calls, and keep the machine code on disk.

    Numba renews a cached function when *its* file changes, but not when a function or a number that
    it took in from another file does.  Hence the digest of all files in the cached function's name.
    """
    function.__qualname__ += f"_{_DIGEST}"
    return cast(F, njit(cache=True, error_model="numpy")(function))


def helper(function: F) -> F:
    """Compile a function that only compiled code calls."""
    return cast(F, njit(error_model="numpy")(function))


def inlined(function: F) -> F:
    """Compile a small function into each of its callers."""
    return cast(F, njit(inline="always", error_model="numpy")(function))
