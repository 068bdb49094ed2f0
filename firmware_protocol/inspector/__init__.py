"""Words by hand: encode containers, decode what lies at an address, compare, check files of words.

Everything is computed from the tables (:mod:`firmware_protocol.registers`), the coordinates and the
functions that build programs; the inspector adds only how people and the vendor's tests spell
things.  It reads no files: text and configurations in, values and lines out.
"""

from .check import Report, check, check_entry
from .difference import lines, n_words
from .encode import Encoded, encode
from .entries import entries_of
from .errors import InspectError, NotCovered
from .lookup import TO_FPGA, Decoded, decode, decode_messages, parse_number

__all__ = [
    "TO_FPGA",
    "Decoded",
    "Encoded",
    "InspectError",
    "NotCovered",
    "Report",
    "check",
    "check_entry",
    "decode",
    "decode_messages",
    "encode",
    "entries_of",
    "lines",
    "n_words",
    "parse_number",
]
