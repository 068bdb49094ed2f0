"""Helpers around chip configurations."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from calibration.nominal import nominal_chip
from firmware_protocol import ChipConfig, ConfigFileError
from firmware_protocol.atomic_neuron import FIELDS, MEMBERS
from firmware_protocol.config_file import MAGIC

from . import session, targets
from .vendor.chip import Chip

ATOMIC_NEURON_MEMBERS = MEMBERS
"""Names of the 14 parts of a neuron circuit's settings."""
ENVIRONMENT = "PYNN_HX_CALIBRATIONS"
"""Environment variable: the directory of stored calibrations."""
_FILE = Path("stable", "latest", "spiking_cocolist.pbin")


def chip_from_file(path: str | os.PathLike[str]) -> Chip:
    """The configuration in a file written by :meth:`firmware_protocol.ChipConfig.save`.

    The vendor's portable binaries cannot be read: they hold objects of the vendor's software.
    Raises ConfigFileError (a ValueError) for these and for damaged files, OSError if there is none.
    """
    with open(path, "rb") as file:
        start = file.read(len(MAGIC))
    if start != MAGIC:
        raise ConfigFileError(
            f"{path}: not a configuration saved by this software; the vendor's portable binaries "
            "(.pbin) and native pickles cannot be read.  Start from chip_from_nightly(), or set "
            "the codes by name (chip.neurons.leak_v_leak[n] = ...) and keep them with chip.save()"
        )
    return Chip.of(ChipConfig.load(path))


def chip_from_portable_binary(data: bytes) -> Chip:
    """The configuration that a file's contents mean; see :func:`chip_from_file`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bytes")
        path.write_bytes(data)
        return chip_from_file(path)


def nightly_calib_path() -> Path:
    """Where the calibration of the connected setup is kept; the file need not be there.

    ``<directory>/<setup>/stable/latest/spiking_cocolist.pbin``, the vendor's name for it, although
    the contents are those of ``chip.save``.  The directory is that of the environment variable
    PYNN_HX_CALIBRATIONS, else one in the user's cache.  Asks the setup for its name, see
    :func:`get_unique_identifier`.
    """
    return _calibrations() / get_unique_identifier()[0] / _FILE


def nightly_calib_url() -> str:
    """:func:`nightly_calib_path` as a ``file://`` URL: nothing is offered for download."""
    return nightly_calib_path().absolute().as_uri()


def _calibrations() -> Path:
    chosen = os.environ.get(ENVIRONMENT)
    if chosen:
        return Path(chosen)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "pynn-hx" / "calibrations"


def chip_from_nightly() -> Chip:
    """A configuration to start experiments from.

    What :func:`nightly_calib_path` holds, if somebody has put a file there; nothing is downloaded.
    Else the nominal configuration: typical codes for the targets of the vendor's deployed
    "spiking" calibration, the same for every chip.  A chip misses the targets by its mismatch.
    """
    if _calibrations().is_dir():
        path = nightly_calib_path()
        if path.is_file():
            return chip_from_file(path)
    return Chip.of(nominal_chip())


def get_unique_identifier() -> list[str]:
    """The name of the connected setup, in a list.

    Without a session, a connection to the default target is opened for the question; LinkError if
    nothing answers.
    """
    if session.state is not None:
        return [session.state.connection.identifier]
    connection = targets.connect()
    try:
        return [connection.identifier]
    finally:
        connection.close()


def decompose_in_member_names(name: str) -> tuple[str, str]:
    """Split ``"leak_v_leak"`` into ``("leak", "v_leak")``; ValueError for a name of no member."""
    for member in MEMBERS:
        if name.startswith(f"{member}_"):
            return member, name.removeprefix(f"{member}_")
    raise ValueError(f"{name!r} begins with none of {', '.join(MEMBERS)}")


def get_values_of_atomic_neuron(
    atomic_neuron: Any, exclude: Iterable[str] | None = None
) -> dict[str, float | bool]:
    """Settings of one circuit by flat name, hidden ones left out.

    atomic_neuron  a ``lola.AtomicNeuron`` or ``chip.atomic_neuron(n)``
    exclude        flat names to leave out
    """
    skipped = frozenset(exclude or ())
    return {
        f.name: _plain(getattr(getattr(atomic_neuron, f.member), f.field))
        for f in FIELDS
        if not f.hidden and f.name not in skipped
    }


def _plain(value: int | bool) -> float | bool:
    return value if isinstance(value, bool) else float(value)
