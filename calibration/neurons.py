"""From targets to codes, by whatever method there is: the one place that chooses it."""

from __future__ import annotations

from collections.abc import Callable

from .nominal import Codes, nominal_codes
from .refractory import RefractoryClocks
from .targets import NeuronTargets

METHODS: dict[str, Callable[[NeuronTargets, RefractoryClocks], Codes]] = {"nominal": nominal_codes}
"""How codes can be found."""


def neuron_codes(
    targets: NeuronTargets, clocks: RefractoryClocks, *, method: str = "nominal"
) -> Codes:
    """Codes (n,) of all settings of a circuit that users see, by name.

    targets  of n neurons
    clocks   of the refractory counters, as the chip has them
    method   "nominal": codes of a typical chip, the same for every neuron with equal targets
    Raises   ValueError for an unknown method, and what the method raises
    """
    if method not in METHODS:
        raise ValueError(f"method {method!r}: there is no such one; choose of {sorted(METHODS)}")
    return METHODS[method](targets, clocks)
