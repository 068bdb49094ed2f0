"""What a bit of the chip means and how words travel; knows no network and no circuit.

Registers are tables (:mod:`firmware_protocol.registers`), a chip's settings are one NumPy array per
register field (:class:`ChipConfig`), a run is a list of 64-bit words (:class:`Program`), and what
comes back is decoded into arrays (:func:`decode`).  Source of every bit:
``docs/reference/words.md``.
"""

from .chip_config import ChipConfig
from .connection import Connection, Target
from .decoder import Trace, decode
from .errors import DecodeError, FieldRangeError, LinkError, ProgramError, ProtocolError
from .program import Program, Ticket

__all__ = [
    "ChipConfig",
    "Connection",
    "DecodeError",
    "FieldRangeError",
    "LinkError",
    "Program",
    "ProgramError",
    "ProtocolError",
    "Target",
    "Ticket",
    "Trace",
    "decode",
]
