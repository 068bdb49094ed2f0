"""Offers a chip, or something that answers like one, to clients on other lines or machines.

`serve` runs a server; a :class:`Backend` says what it offers (:class:`PrivateChips`: one for each
client; :class:`SharedChip`: one for all, restored for each); `place` and `security` say where and
to whom.  Knows no emulator.
"""

from .backend import Backend, PrivateChips
from .limits import Limits
from .listen import ListenError, Place, Security, check, place, security
from .restore import SharedChip
from .server import serve

__all__ = [
    "Backend",
    "Limits",
    "ListenError",
    "Place",
    "PrivateChips",
    "Security",
    "SharedChip",
    "check",
    "place",
    "security",
    "serve",
]
