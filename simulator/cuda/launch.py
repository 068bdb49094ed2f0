"""How many threads a kernel gets: a matter of speed only, never of results.

Every kernel walks its items in strides of the whole grid, so any shape of a launch is right.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numba
import numba.cuda

from ..digest import ENGINE_DIGEST

cuda: Any = numba.cuda
"""The module, without types: it has none for what stands in kernels."""
_settings: Any = numba.config
SIMULATED = bool(_settings.ENABLE_CUDASIM)
"""Whether kernels run as Python threads in Numba's simulator."""


def kernel(function: Callable[..., Any]) -> Any:
    """Make a function a kernel, whose machine code Numba keeps on disk.

    Its name changes with the sources of this package, as it may call functions of other files.
    """
    if SIMULATED:
        return cuda.jit(function)
    function.__qualname__ += f"_{ENGINE_DIGEST}"
    return cuda.jit(function, cache=True)


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
    """Warps on a device; one thread in the simulator, where each costs 0.1 ms."""
    return Shape(threads=1, most_blocks=1, lanes=1) if SIMULATED else Shape()


@dataclass
class Launch:
    """A kernel with its shape and its arguments, to be launched as often as one likes.

    size  (blocks, threads)
    """

    name: str
    kernel: Any
    size: tuple[int, int]
    stream: Any
    arguments: Sequence[Any]
    _configured: Any = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        if not SIMULATED:  # the simulator keeps the shape of the last launch in the kernel
            with warnings.catch_warnings():
                # Numba warns of small grids, but small networks have no more work.
                warnings.filterwarnings("ignore", message="Grid size")
                self._configured = self.kernel[*self.size, self.stream]

    def __call__(self) -> None:
        """Launch it; the device does it after everything else on the stream."""
        configured = self._configured or self.kernel[*self.size, self.stream]
        configured(*self.arguments)
