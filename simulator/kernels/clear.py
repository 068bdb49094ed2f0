"""Setting to zero what is summed anew in every step."""

from __future__ import annotations

from typing import Any

import numpy as np

from .memory import kernel, pointer

VALUES, BOUNDS = range(2)  # P real (n_pad,); P int64 (T + 1,): first entry of every thread
N_CLEAR = 2


def clear_kernel(real: type) -> Any:
    """Set the entries of a thread to zero."""

    @kernel
    def clear(arguments: int, step: int, thread: int) -> None:
        table = pointer(arguments, np.int64)
        values, bounds = pointer(table[VALUES], real), pointer(table[BOUNDS], np.int64)
        for k in range(bounds[thread], bounds[thread + 1]):
            values[k] = real(0.0)

    return clear
