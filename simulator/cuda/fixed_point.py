"""How weights become integers, so that sums of them do not depend on an order.

Integer addition is associative, floating-point addition is not.  Each event of a receptor is
multiplied by a power of two and rounded once to an int64.  The scale is chosen so that a sum can
never overflow: at most `in_degree` events reach a neuron in one step (a synapse brings one, however
often its source fired), and one that exceeds ``2**62 / in_degree`` is refused and reported.

Error bound: half of 1/scale for each event, and none where weights are multiples of 1/scale.  With
in-degree 1000 and no headroom 1/scale is below 2**-51 of the largest weight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_LARGEST_SUM = 2.0**62


@dataclass(frozen=True)
class Scaling:
    """The scale of one receptor.

    scale    integer units per unit of weight, a power of two
    inverse  1 / scale, exact
    limit    the largest event, in integer units
    """

    scale: float
    inverse: float
    limit: float

    @property
    def largest_event(self) -> float:
        """The largest event, in the unit of the weight."""
        return self.limit * self.inverse


def scaling_for(largest_weight: float, in_degree: int, *, headroom: float = 1.0) -> Scaling:
    """The finest scale at which sums of events cannot overflow.

    largest_weight  largest magnitude of a weight [its unit]
    in_degree       most synapses onto one neuron
    headroom        how many times larger than `largest_weight` an event may be: synapses that
                    learn, and sources that fire several times in a step
    Raises ValueError if the largest weight is not finite.
    """
    if not math.isfinite(largest_weight):
        raise ValueError(f"a weight is {largest_weight}; weights have to be finite numbers")
    limit = math.floor(_LARGEST_SUM / max(1, in_degree))
    largest = abs(largest_weight) * max(1.0, headroom)
    exponent = 0 if largest == 0.0 else math.frexp(limit / largest)[1] - 1
    # Above 2**1000 the inverse would be subnormal; such weights are zero to any neuron.
    exponent = min(exponent, 1000)
    return Scaling(math.ldexp(1.0, exponent), math.ldexp(1.0, -exponent), float(limit))


def needs_new_scale(scaling: Scaling, largest_weight: float) -> bool:
    """Whether a weight that was just set would be refused at this scale."""
    return not abs(largest_weight) <= scaling.largest_event
