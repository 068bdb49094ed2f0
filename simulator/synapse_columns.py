"""How weights and delays of synapses are stored: one for all, one each, or codes of few bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .specification import F64, I64, Precision

MAX_SPREAD = 2**16 - 1
"""Steps between the longest and the shortest delay of a pathway: they are stored in 16 bits."""
CODES: dict[int, type[np.unsignedinteger[Any]]] = {8: np.uint8, 16: np.uint16}


def real_of(precision: Precision) -> type[np.floating[Any]]:
    """The type of numbers in kernels."""
    return np.float32 if precision == "float32" else np.float64


def column(place: str, values: npt.ArrayLike, n: int) -> F64:
    """Numbers for `n` synapses: () if one for all, or (n,).

    Raises  ValueError if there are more or fewer, or one is not finite
    """
    result = np.asarray(values, dtype=np.float64)
    if result.ndim == 1 and result.size == 1 and n != 1:
        result = result[0]
    if result.shape not in ((), (n,)):
        raise ValueError(
            f"{place}: values of shape {result.shape} for {n} synapses; give one number, or one for"
            " each synapse in the order of the connectivity"
        )
    if not np.isfinite(result).all():
        wrong = int(np.flatnonzero(~np.isfinite(np.atleast_1d(result)))[0])
        value = np.atleast_1d(result)[wrong]
        raise ValueError(f"{place}: value {value} of synapse {wrong} is not finite; give a number")
    return result


@dataclass(frozen=True)
class Weights:
    """Weights as a kernel reads them.

    stored  (1,) or (synapse,): numbers, or codes with value = code[0] + code[1]*stored
    code    (2,) of the kernel's type
    one     the only weight, exactly as it was given, if there is but one
    error   largest difference between a weight and what is stored, in the unit of the weights
    """

    stored: npt.NDArray[Any]
    code: npt.NDArray[Any]
    one: float | None
    error: float

    @property
    def kind(self) -> type | None:
        """Type of a stored weight; None if there is but one."""
        return None if self.one is not None else self.stored.dtype.type

    def values(self, n: int) -> F64:
        """Weights of `n` synapses; those that are stored in 32 bits or fewer are rounded so."""
        if self.one is not None:
            return np.broadcast_to(np.float64(self.one), n)
        if self.stored.dtype.kind == "u":
            return (self.code[0] + self.code[1] * self.stored.astype(self.code.dtype)).astype(float)
        return self.stored.astype(np.float64)

    @property
    def memory_bytes(self) -> int:
        """Bytes of the stored weights."""
        return self.stored.nbytes


def store_weights(values: F64, precision: Precision, bits: int) -> Weights:
    """Store a column of weights.

    bits  0, or 8 or 16: the codes of 2**bits equal steps from the smallest weight to the largest
          one; a weight is off by half a step at most (and the rounding of the kernel's numbers)
    """
    real: Any = real_of(precision)
    code = np.array([0, 1], real)
    if values.ndim == 0:
        return Weights(values.astype(real).reshape(1), code, float(values), 0.0)
    if bits == 0:
        stored = values.astype(real)
        return Weights(stored, code, None, _error(values, stored))
    if bits not in CODES:
        raise ValueError(f"pathway: weight_bits {bits} is not one of 0, 8, 16; use one of them")
    low, high = (values.min(), values.max()) if values.size else (0.0, 0.0)
    code[:] = low, (high - low) / (2**bits - 1)
    code[1] = code[1] or 1
    codes = np.clip(np.rint((values - float(code[0])) / float(code[1])), 0, 2**bits - 1)
    result = Weights(codes.astype(CODES[bits]), code, None, 0.0)
    return Weights(result.stored, code, None, _error(values, result.values(values.size)))


def _error(values: F64, stored: npt.NDArray[Any]) -> float:
    """Largest difference."""
    return float(np.abs(values - stored).max()) if values.size else 0.0


@dataclass(frozen=True)
class Delays:
    """Delays in steps as a kernel reads them.

    beyond   (synapse,) uint8 or uint16: steps beyond the shortest; (1,) if all are equal
    """

    minimal: int
    maximal: int
    beyond: npt.NDArray[Any]
    one: bool

    @property
    def kind(self) -> type | None:
        """Type of a stored delay; None if there is but one."""
        return None if self.one else self.beyond.dtype.type

    def steps(self, n: int) -> I64:
        """Delays of `n` synapses [steps]."""
        if self.one:
            return np.broadcast_to(np.int64(self.minimal), n)
        return self.minimal + self.beyond.astype(np.int64)


def store_delays(place: str, steps: I64 | int, n: int, *, shortest: int = 1) -> Delays:
    """Store delays.

    steps     one number, or (n,) int64
    Raises    ValueError if a delay is below `shortest`, or they are too far apart
    """
    given = np.asarray(steps)
    if given.shape not in ((), (n,)) or given.dtype.kind not in "iu":
        raise ValueError(
            f"{place}: steps of shape {given.shape} and type {given.dtype} for {n} synapses; give"
            " one integer, or one for each synapse in the order of the connectivity"
        )
    if given.size == 0:
        return Delays(shortest, shortest, np.zeros(1, np.uint8), True)
    low, high = int(given.min()), int(given.max())
    if low < shortest:
        raise ValueError(
            f"{place}: {low} steps; the shortest possible is {shortest}: use a longer one, or"
            " shorter time steps"
        )
    if high - low > MAX_SPREAD:
        raise ValueError(
            f"{place}: from {low} to {high} steps; they may differ by {MAX_SPREAD}:"
            " make two pathways of it"
        )
    if low == high:
        return Delays(low, high, np.zeros(1, np.uint8), True)
    return Delays(
        low, high, (given - low).astype(np.uint8 if high - low < 256 else np.uint16), False
    )


def steps_of(place: str, delay_ms: F64, dt_ms: float) -> I64:
    """Delays [ms] as steps, rounded to the nearest."""
    steps = np.rint(delay_ms / dt_ms)
    if steps.size and steps.min() < 1:
        raise ValueError(
            f"{place}: delay {float(np.min(delay_ms))} ms is shorter than half a step of {dt_ms}"
            f" ms; use at least {dt_ms} ms"
        )
    return steps.astype(np.int64)
