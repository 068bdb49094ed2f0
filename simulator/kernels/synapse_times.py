"""Which spikes of their targets plastic synapses still need."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .memory import compiled

I64 = npt.NDArray[np.int64]


@compiled
def lower_needed(needed: I64, targets: npt.NDArray[np.int32], touched: I64, dendritic: I64) -> None:
    """Lower ``needed[target]`` to the first step whose spike reaches a synapse after `touched`.

    touched    (synapse,) half steps; a spike of step s arrives at 2(s + dendritic), and half a
               step later if `dendritic` is 0
    """
    for k in range(targets.size):
        late = 1 if dendritic[k] == 0 else 0
        first = ((touched[k] - late) >> 1) - dendritic[k] + 1
        target = np.uint64(targets[k])
        if first < needed[target]:
            needed[target] = first
