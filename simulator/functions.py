"""The functions of the language as symbols of computer algebra that nothing rewrites.

SymPy's own ``Min``, ``Piecewise`` and the like look for simplifications at length; these do not.
They are differentiated where a method needs it.
"""

from __future__ import annotations

from typing import Any

import sympy


class Opaque(sympy.Function):
    """A function that is printed by its name."""

    spelling = ""
    numbers_from = 0
    """Arguments before this one are conditions."""

    def _eval_derivative(self, symbol: Any) -> Any:
        total = sympy.Integer(0)
        for position, argument in enumerate(self.args, 1):
            if position > self.numbers_from and symbol in argument.free_symbols:
                total += self._slope(position) * argument.diff(symbol)
        return total

    def _slope(self, position: int) -> Any:
        """The derivative by the argument at `position`, from 1."""
        raise NotImplementedError(type(self).__name__)


class Where(Opaque):
    """``a if condition else b``."""

    nargs = 3
    numbers_from = 1

    @classmethod
    def eval(cls, condition: Any, yes: Any, no: Any) -> Any:
        """Nothing to choose where both are the same."""
        return yes if yes == no else None

    def _slope(self, position: int) -> Any:
        return Where(self.args[0], int(position == 2), int(position == 3))


class Minimum(Opaque):
    """The smaller of two."""

    nargs = 2
    spelling = "min"

    def _slope(self, position: int) -> Any:
        a, b = self.args
        return Where(sympy.Le(a, b), int(position == 1), int(position == 2))


class Maximum(Opaque):
    """The larger of two."""

    nargs = 2
    spelling = "max"

    def _slope(self, position: int) -> Any:
        a, b = self.args
        return Where(sympy.Ge(a, b), int(position == 1), int(position == 2))


class _Steps(Opaque):
    """What is constant but for jumps."""

    nargs = 1

    def _slope(self, position: int) -> Any:
        return sympy.Integer(0)


class Floor(_Steps):
    """The largest integer that is not larger."""

    spelling = "floor"


class Ceiling(_Steps):
    """The smallest integer that is not smaller."""

    spelling = "ceil"


class Sign(_Steps):
    """-1, 0 or 1."""

    spelling = "sign"


class Absolute(Opaque):
    """The distance from zero."""

    nargs = 1
    spelling = "abs"

    @classmethod
    def eval(cls, x: Any) -> Any:
        """The value of a number."""
        return abs(x) if x.is_Number else None

    def _slope(self, position: int) -> Any:
        return Sign(self.args[0])


class RelativeExponential(Opaque):
    """``exprel(x)`` = (exp(x) - 1)/x, 1 at x = 0."""

    nargs = 1
    spelling = "exprel"

    @classmethod
    def eval(cls, x: Any) -> Any:
        """The limit at zero."""
        return sympy.Integer(1) if x == 0 else None

    def _slope(self, position: int) -> Any:
        (x,) = self.args
        return (sympy.exp(x) - self) / x


class Log10(Opaque):
    """The logarithm to base 10."""

    nargs = 1
    spelling = "log10"

    def _slope(self, position: int) -> Any:
        return 1 / (self.args[0] * sympy.log(10))


class Propagator(Opaque):
    """One entry of a matrix exponential; see `propagators.propagator`."""

    spelling = "propagator"
