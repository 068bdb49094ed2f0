"""Messages from the FPGA put together as Python integers, one bit at a time: an oracle's half."""

import numpy as np

from firmware_protocol.instructions import FROM_FPGA_PAYLOAD_BITS, HALT, TICK, FromFpga

HALT_MESSAGE = (FromFpga.LOOPBACK, HALT)
TICK_MESSAGE = (FromFpga.LOOPBACK, TICK)


def message_bytes(header, payload):
    """A message of the table in ``docs/reference/words.md``: header, payload right aligned."""
    size = max(8, (int(FROM_FPGA_PAYLOAD_BITS[header]) + 8 + 7) // 8)
    return bytes([header]) + payload.to_bytes(size - 1, "big")


def words_of(data):
    """Bytes as big-endian words; a comma follows the last byte where a word is not full."""
    data += b"\x80" * bool(len(data) % 8)
    data += b"\0" * (-len(data) % 8)
    return np.frombuffer(data, ">u8").astype(np.uint64)


def stream(*messages):
    """Words of (header, payload) messages, without gaps."""
    return words_of(b"".join(message_bytes(*m) for m in messages))
