"""How many threads a kernel gets: a matter of speed only, never of results.

Every kernel walks its items in strides of the whole grid, so any shape of a launch is right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba.cuda
from numba import config

cuda: Any = numba.cuda
"""The module, without types: it has none for what stands in kernels."""

SIMULATED = bool(config.ENABLE_CUDASIM)
"""Whether kernels run as Python threads in Numba's simulator."""


def device_function(function: Callable[..., Any]) -> Any:
    """Make a function callable from kernels.  It uses nothing of `cuda`.

    In the simulator it stays what it is, as that costs less than the simulator's own wrapper.
    """
    return function if SIMULATED else cuda.jit(function, device=True)


@dataclass(frozen=True)
class Shape:
    """What launches look like.

    threads     in a block
    most_blocks in a grid: enough to fill a large device
    lanes       threads that share one piece of a row of synapses: a warp
    """

    threads: int = 256
    most_blocks: int = 1056  # 8 blocks of 256 on each of 132 multiprocessors
    lanes: int = 32

    def __post_init__(self) -> None:
        if min(self.threads, self.most_blocks, self.lanes) < 1 or self.threads % self.lanes:
            raise ValueError(
                f"{self}: all are at least 1, and threads a multiple of lanes, so that the lanes "
                "of a row are in one block"
            )

    def over(self, n: int) -> tuple[int, int]:
        """(blocks, threads) for n items, one per thread."""
        return max(1, min(self.most_blocks, -(-n // self.threads))), self.threads

    def over_rows(self, n: int) -> tuple[int, int]:
        """(blocks, threads) for n items, `lanes` threads each."""
        return self.over(n * self.lanes)


def default_shape() -> Shape:
    """Warps on a device; a handful of threads in the simulator, where each costs 0.1 ms."""
    return Shape(threads=2, most_blocks=2, lanes=2) if SIMULATED else Shape()
