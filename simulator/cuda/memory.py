"""Arrays on the device, and the one stream that works on them.

A device has no use for arrays without elements, so each has at least one in every dimension.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .launch import cuda

Array = npt.NDArray[Any]


class Memory:
    """Copies to and from the device, in the order in which kernels are launched.

    stream  everything goes through it, so that nothing has to wait but the host
    """

    def __init__(self) -> None:
        self.stream = cuda.stream()

    def put(self, values: npt.ArrayLike, kind: npt.DTypeLike) -> Any:
        """A copy on the device."""
        array = np.ascontiguousarray(values, kind)
        if array.size == 0:
            array = np.zeros([max(1, n) for n in array.shape], kind)
        return cuda.to_device(array, stream=self.stream)

    def zeros(self, shape: tuple[int, ...], kind: npt.DTypeLike) -> Any:
        """Zeros on the device."""
        return self.put(np.zeros([max(1, n) for n in shape], kind), kind)

    def get(self, array: Any) -> Array:
        """A copy on the host, after everything that was launched."""
        copy = np.empty(array.shape, array.dtype)
        array.copy_to_host(copy, stream=self.stream)
        self.stream.synchronize()
        return copy

    def change(self, array: Any, values: npt.ArrayLike) -> None:
        """Overwrite all of an array."""
        new = np.empty(array.shape, array.dtype)  # what is broadcast may have strides of 0
        new[...] = values
        array.copy_to_device(new, stream=self.stream)
        self.stream.synchronize()

    def wait(self) -> None:
        """Until everything that was launched is done."""
        self.stream.synchronize()


def power_of_two(n: int) -> int:
    """The smallest that is not below n."""
    return 1 << max(0, int(n) - 1).bit_length()


def word(seed: int) -> np.uint64:
    """A seed as kernels take it."""
    return np.uint64(seed & (2**64 - 1))
