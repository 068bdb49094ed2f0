"""Open what a target URL names; the one module that may know every package."""

from __future__ import annotations

import os
from typing import NamedTuple

from emulator import Effects, Emulator, EmulatorError
from emulator.chip import MOST_THREADS
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
_EMULATOR_OPTIONS = ("chip_seed", "run_seed", "ideal", "without", "threads")
_MAX_SEED = (1 << 64) - 1


def connect(url: str | None = None) -> Connection:
    """Open a chip or the emulator.

    url      e.g. ``"emulator:?chip_seed=3&run_seed=0"``, ``"emulator:?ideal=1"``,
             ``"emulator:?without=madc_noise,defects&threads=2"``, ``"serial:///dev/ttyUSB0?baudrate=3000000"``,
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
        _emulator_options(url)
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
        name = f"emulator-{_emulator_options(url).chip_seed}"
        return PrivateChips(lambda: connect(url), identifier=name)
    return SharedChip(lambda: connect(url), initialise=_initialisation())


def _initialisation() -> Words:
    """What brings a shared chip to its initial state: the vendor's order, recording nothing."""
    system, program = SystemConfig(), Program()
    system.event_recording.enable_event_recording = 0
    initialise(program, system)
    return program.words()


def _emulator(url: str) -> Connection:
    options = _emulator_options(url)
    emulator = Emulator(
        chip_seed=options.chip_seed,
        run_seed=options.run_seed,
        effects=options.effects,
        threads=options.threads,
    )
    name = f"emulator-{options.chip_seed}"
    return InProcess(emulator.execute, identifier=name, stream=emulator.stream)


class _Options(NamedTuple):
    """What a URL asks of the emulator."""

    chip_seed: int
    run_seed: int
    effects: Effects
    threads: int


def _emulator_options(url: str) -> _Options:
    target = Target.parse(url)
    unknown = sorted(set(target.options) - set(_EMULATOR_OPTIONS))
    if unknown or target.location:
        what = f"options {unknown}" if unknown else f"location {target.location!r}"
        raise ValueError(
            f"target {url!r}: the emulator takes no {what}; it takes {', '.join(_EMULATOR_OPTIONS)}"
        )
    chip_seed, run_seed, ideal, threads = (
        _integer(url, name, target.options.get(name, default), largest)
        for name, default, largest in (
            ("chip_seed", "0", _MAX_SEED),
            ("run_seed", "0", _MAX_SEED),
            ("ideal", "0", 1),
            ("threads", "1", MOST_THREADS),
        )
    )
    off = [name for name in target.options.get("without", "").split(",") if name]
    try:
        effects = Effects.of(ideal=bool(ideal), overrides=dict.fromkeys(off, False))
    except EmulatorError as error:
        raise ValueError(f"target {url!r}: {error}") from None
    return _Options(chip_seed, run_seed, effects, max(threads, 1))


def _integer(url: str, name: str, text: str, largest: int) -> int:
    if not text.isdecimal() or int(text) > largest:
        limit = "2**64-1" if largest == _MAX_SEED else str(largest)
        raise ValueError(f"target {url!r}: {name}={text!r} is not an integer 0..{limit}")
    return int(text)
