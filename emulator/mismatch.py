"""Fixed-pattern mismatch: each circuit's deviation, a function of the chip seed and its name.

A draw depends on (chip seed, CRC-32 of "circuit.parameter", index) alone.  Adding a parameter,
asking in another order or asking for fewer circuits changes no other draw.  Knows nothing of
sizes: what one sigma means stands in :mod:`emulator.parameters`.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

from . import random

_PURPOSE = 0xC41B0000
"""Keeps chip draws apart from run draws (whose purposes are small) when both seeds are equal."""


class Mismatch:
    """The fixed pattern of one chip."""

    def __init__(self, chip_seed: int) -> None:
        self._seed = chip_seed
        self._cache: dict[tuple[str, tuple[int, ...]], npt.NDArray[np.float64]] = {}

    def draw(self, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """Standard normal deviates (read-only) for all circuits of one kind.

        name   "circuit.parameter", e.g. ``"leak.gm"``
        shape  shape of the circuit's coordinate; the flat index identifies a circuit
        """
        key = (name, shape)
        if key not in self._cache:
            values = random.normals(
                self._seed, _PURPOSE, zlib.crc32(name.encode()), int(np.prod(shape))
            ).reshape(shape)
            values.setflags(write=False)
            self._cache[key] = values
        return self._cache[key]

    def stream(self, name: str) -> tuple[np.uint64, int, int]:
        """(key, purpose, place) of `random.normal`, whose counter is the flat index of a circuit.

        For circuits of which few are ever looked at: ``draw`` computes all of a kind.
        """
        return np.uint64(self._seed), _PURPOSE, zlib.crc32(name.encode())
