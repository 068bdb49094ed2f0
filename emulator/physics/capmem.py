"""From a CapMem code to the quantity its cell supplies; arrays in, arrays out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def soft_limit(v: Array, low: float, high: float, width: float) -> Array:
    """`v`, bent smoothly into low..high over some `width` at either end (all in one unit).

    softplus(x) = (x + sqrt(x^2 + width^2)) / 2 at both ends: a source follower that runs out of
    headroom.  Form and width are estimated.
    """
    from_low = v - low
    lifted = (from_low + np.sqrt(from_low**2 + width**2)) / 2
    from_high = high - low - lifted
    return high - (from_high + np.sqrt(from_high**2 + width**2)) / 2


def cell_current(code: Array, gain: Array, offset_code: Array) -> Array:
    """What a current cell supplies, in codes of the nominal cell; code 0 is off, never negative."""
    return np.where(code > 0, np.maximum(code * gain + offset_code, 0.0), 0.0)
