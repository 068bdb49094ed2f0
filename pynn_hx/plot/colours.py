"""Colours that people with any colour vision tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Colour = tuple[float, float, float]

PALETTE: tuple[Colour, ...] = tuple(
    (int(code[0:2], 16) / 255, int(code[2:4], 16) / 255, int(code[4:6], 16) / 255)
    for code in ("0072b2", "e69f00", "009e73", "d55e00", "cc79a7", "56b4e9", "f0e442", "5f5f5f")
)
"""Okabe and Ito (2008), "Color Universal Design"; a lighter black is the last."""

_WHITE = np.ones(3)
_LIGHTEST = 0.65
"""How much white is mixed into the lightest shade of a colour."""


def population_colours(
    n_populations: int, groups: Mapping[str, Sequence[int]] | None = None
) -> list[Colour]:
    """A colour for each population.

    groups  by name, populations that get shades of one colour; others get colours of their own
    Beyond eight colours they are repeated in lighter shades.
    """
    colours: list[Colour | None] = [None] * n_populations
    n_used = 0
    for members in (groups or {}).values():
        for number, population in enumerate(members):
            white = _LIGHTEST * number / max(len(members) - 1, 1)
            colours[population] = _shade(PALETTE[n_used % len(PALETTE)], white)
        n_used += 1
    found = []
    for colour in colours:
        if colour is None:
            cycle, number = divmod(n_used, len(PALETTE))
            colour = _shade(PALETTE[number], _LIGHTEST * (1 - 0.5**cycle))
            n_used += 1
        found.append(colour)
    return found


def _shade(colour: Colour, white: float) -> Colour:
    red, green, blue = ((1 - white) * np.array(colour) + white * _WHITE).tolist()
    return red, green, blue


def ink_on(colour: Colour) -> str:
    """Black or white, whichever can be read on a colour (relative luminance of sRGB)."""
    weights: npt.NDArray[np.float64] = np.array([0.2126, 0.7152, 0.0722])
    return "black" if float(weights @ np.array(colour) ** 2.2) > 0.2 else "white"
