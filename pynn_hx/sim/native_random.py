"""Random numbers of this backend's own, for building networks fast.

`NumpyRNG` gives the same networks on all PyNN backends; this one draws whole blocks at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from pyNN import random

from . import session

_NAMES: dict[str, dict[str, str]] = {
    "binomial": {"n": "n", "p": "p"},
    "gamma": {"k": "shape", "theta": "scale"},
    "exponential": {"beta": "scale"},
    "lognormal": {"mu": "mean", "sigma": "sigma"},
    "normal": {"mu": "loc", "sigma": "scale"},
    "normal_clipped": {"mu": "loc", "sigma": "scale", "low": "low", "high": "high"},
    "normal_clipped_to_boundary": {"mu": "loc", "sigma": "scale", "low": "low", "high": "high"},
    "poisson": {"lambda_": "lam"},
    "uniform": {"low": "low", "high": "high"},
    "uniform_int": {"low": "low", "high": "high"},
    "vonmises": {"mu": "mu", "kappa": "kappa"},
}
_MAX_REDRAWS = 1000


class NativeRNG(random.NativeRNG):
    """A counter-based generator (Philox) of all distributions that PyNN knows.

    seed  an integer; None for that of `setup`.  The same seed gives the same numbers on every
          machine and with any number of threads.
    """

    parallel_safe = True

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(seed)
        chosen = session.state.settings.seed if seed is None else seed
        self.generator = np.random.Generator(np.random.Philox(chosen))

    def next(
        self,
        n: int | None = None,
        distribution: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        mask: npt.NDArray[Any] | None = None,
    ) -> Any:
        """`n` numbers of a distribution; one, as a number, if `n` is None.

        mask  boolean or indices: which of the numbers to return
        Raises  ValueError for a negative `n`, KeyError for an unknown distribution or parameters
        """
        if distribution is None:
            distribution, parameters = "uniform", parameters or {"low": 0.0, "high": 1.0}
        if n is not None and n < 0:
            raise ValueError(f"NativeRNG.next(n={n}): n must be at least 0")
        drawn = self._draw(distribution, dict(parameters or {}), 1 if n is None else int(n))
        if n is None:
            return drawn[0]
        return drawn if mask is None else drawn[mask]

    def _draw(self, name: str, parameters: dict[str, Any], n: int) -> npt.NDArray[Any]:
        if name not in _NAMES:
            raise KeyError(f"NativeRNG: unknown distribution {name!r}; known are {sorted(_NAMES)}")
        if parameters.keys() != _NAMES[name].keys():
            raise KeyError(
                f"NativeRNG: {name!r} takes parameters {sorted(_NAMES[name])}, "
                f"not {sorted(parameters)}"
            )
        given = {_NAMES[name][key]: value for key, value in parameters.items()}
        if name == "uniform_int":
            return self.generator.integers(size=n, **given)
        if name.startswith("normal_clipped"):
            low, high = given.pop("low"), given.pop("high")
            drawn = self.generator.normal(size=n, **given)
            if name == "normal_clipped_to_boundary":
                return np.clip(drawn, low, high)
            return self._within(drawn, low, high, given)
        return np.asarray(getattr(self.generator, name)(size=n, **given))

    def _within(
        self, drawn: npt.NDArray[Any], low: float, high: float, given: dict[str, Any]
    ) -> npt.NDArray[Any]:
        """Draw again what is outside."""
        for _ in range(_MAX_REDRAWS):
            outside = np.nonzero((drawn < low) | (drawn > high))[0]
            if not outside.size:
                return drawn
            drawn[outside] = self.generator.normal(size=outside.size, **given)
        raise ValueError(
            f"NativeRNG: 'normal_clipped' with mu = {given['loc']}, sigma = {given['scale']} gave "
            f"no number within {low}..{high} in {_MAX_REDRAWS} draws; widen the limits"
        )

    def permutation(self, values: Any) -> npt.NDArray[Any]:
        """The values in random order."""
        return self.generator.permutation(values)

    def __deepcopy__(self, memo: Any) -> NativeRNG:
        copied = NativeRNG.__new__(NativeRNG)
        random.NativeRNG.__init__(copied, self.seed)
        copied.generator = np.random.Generator(np.random.Philox())
        copied.generator.bit_generator.state = self.generator.bit_generator.state
        return copied
