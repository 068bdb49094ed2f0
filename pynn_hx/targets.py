"""Open what a target URL names; the one module that may know every package."""

from __future__ import annotations

import os

from emulator import Emulator
from firmware_protocol import Connection, Target
from firmware_protocol.transports import InProcess

ENVIRONMENT = "PYNN_HX_TARGET"
DEFAULT = "emulator:"
_EMULATOR_OPTIONS = ("chip_seed", "run_seed")
_LATER = ("serial", "tcp", "udp")
_MAX_SEED = (1 << 64) - 1


def connect(url: str | None = None) -> Connection:
    """Open a chip or the emulator.

    url      e.g. ``"emulator:?chip_seed=3&run_seed=0"``; None takes the environment variable
             PYNN_HX_TARGET, and without that ``"emulator:"`` (both seeds 0)
    Raises   ValueError for an unknown scheme, option or seed
    """
    seeds = _emulator_seeds(resolve(url))
    emulator = Emulator(**seeds)
    return InProcess(emulator.execute, identifier=f"emulator-{seeds['chip_seed']}")


def resolve(url: str | None = None) -> str:
    """The URL that `connect` would open, checked but not opened; raises what `connect` raises."""
    if url is None:
        url = os.environ.get(ENVIRONMENT) or DEFAULT
    _emulator_seeds(url)
    return url


def _emulator_seeds(url: str) -> dict[str, int]:
    target = Target.parse(url)
    if target.scheme != "emulator":
        hint = " (links to real chips come with a later version)" if target.scheme in _LATER else ""
        raise ValueError(
            f"target {url!r}: no scheme {target.scheme!r}{hint}; "
            "use 'emulator:?chip_seed=0&run_seed=0'"
        )
    unknown = sorted(set(target.options) - set(_EMULATOR_OPTIONS))
    if unknown or target.location:
        what = f"options {unknown}" if unknown else f"location {target.location!r}"
        raise ValueError(
            f"target {url!r}: the emulator takes no {what}; it takes chip_seed, run_seed"
        )
    return {name: _seed(url, name, target.options.get(name, "0")) for name in _EMULATOR_OPTIONS}


def _seed(url: str, name: str, text: str) -> int:
    if not text.isdecimal() or int(text) > _MAX_SEED:
        raise ValueError(f"target {url!r}: {name}={text!r} is not an integer 0..2**64-1")
    return int(text)
