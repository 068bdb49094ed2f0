"""What a bit of the chip means and how words travel; knows no network and no circuit.

Registers are tables (:mod:`firmware_protocol.registers`), a chip's settings are one NumPy array per
register field (:class:`ChipConfig`), a run is a list of 64-bit words (:class:`Program`), and what
comes back is decoded into arrays (:func:`decode`).  Source of every bit:
``docs/reference/words.md``.
"""

from .chip_config import ChipConfig
from .connection import Connection, Target
from .decoder import Trace, decode
from .errors import (
    ConfigFileError,
    DecodeError,
    FieldRangeError,
    LinkError,
    ProgramError,
    ProtocolError,
)
from .initialisation import Board, SystemConfig, initialise
from .instructions import Barrier
from .program import Program
from .schedule import Schedule
from .tickets import Ticket

__all__ = [
    "Barrier",
    "Board",
    "ChipConfig",
    "ConfigFileError",
    "Connection",
    "DecodeError",
    "FieldRangeError",
    "LinkError",
    "Program",
    "ProgramError",
    "ProtocolError",
    "Schedule",
    "SystemConfig",
    "Target",
    "Ticket",
    "Trace",
    "decode",
    "initialise",
]
