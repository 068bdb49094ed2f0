"""Open what a target URL names; the one module that may know every package."""

from __future__ import annotations

import os

from emulator import Emulator
from firmware_protocol import (
    Connection,
    Program,
    SystemConfig,
    Target,
    initialise,
    transports,
)
from firmware_protocol.instructions import Words
from firmware_protocol.server.backend import Backend, PrivateChips
from firmware_protocol.server.restore import SharedChip
from firmware_protocol.transports import InProcess

ENVIRONMENT = "PYNN_HX_TARGET"
DEFAULT = "emulator:"
_EMULATOR = "emulator"
_EMULATOR_OPTIONS = ("chip_seed", "run_seed")
_MAX_SEED = (1 << 64) - 1


def connect(url: str | None = None) -> Connection:
    """Open a chip or the emulator.

    url      e.g. ``"emulator:?chip_seed=3&run_seed=0"``, ``"serial:///dev/ttyUSB0?baudrate=3000000"``,
             ``"tcp://host:5000"`` or ``"udp://192.168.66.1"``; None takes the environment variable
             PYNN_HX_TARGET, and without that ``"emulator:"`` (both seeds 0)
    Raises   ValueError for an unknown scheme, option or seed, LinkError if nothing answers
    """
    url = resolve(url)
    target = Target.parse(url)
    return _emulator(url) if target.scheme == _EMULATOR else transports.open(target)


def resolve(url: str | None = None) -> str:
    """The URL that `connect` would open, checked but not opened; ValueError as there."""
    if url is None:
        url = os.environ.get(ENVIRONMENT) or DEFAULT
    target = Target.parse(url)
    if target.scheme == _EMULATOR:
        _emulator_seeds(url)
    elif target.scheme in transports.SCHEMES:
        transports.check(target)
    else:
        known = ", ".join((_EMULATOR, *transports.SCHEMES))
        raise ValueError(
            f"target {url!r}: no scheme {target.scheme!r}; there are {known}, "
            "e.g. 'emulator:?chip_seed=0&run_seed=0'"
        )
    return url


def backend(url: str | None = None) -> Backend:
    """What a server offers its clients: an emulator for each, or one chip that they share."""
    url = resolve(url)
    if Target.parse(url).scheme == _EMULATOR:
        name = f"emulator-{_emulator_seeds(url)['chip_seed']}"
        return PrivateChips(lambda: connect(url), identifier=name)
    return SharedChip(lambda: connect(url), initialise=_initialisation())


def _initialisation() -> Words:
    """What brings a shared chip to its initial state: the vendor's order, recording nothing."""
    system, program = SystemConfig(), Program()
    system.event_recording.enable_event_recording = 0
    initialise(program, system)
    return program.words()


def _emulator(url: str) -> Connection:
    seeds = _emulator_seeds(url)
    emulator = Emulator(**seeds)
    return InProcess(emulator.execute, identifier=f"emulator-{seeds['chip_seed']}")


def _emulator_seeds(url: str) -> dict[str, int]:
    target = Target.parse(url)
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
