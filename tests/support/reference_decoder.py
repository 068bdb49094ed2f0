"""A slow decoder of responses in plain Python: one long integer, one bit after the other.

Written from the message table and the time rules of ``docs/reference/words.md`` alone.  Times are
modulo 2**43, as the rules give them.
"""

from collections import namedtuple

from firmware_protocol.instructions import FromFpga as F

PAYLOAD_BITS = {
    F.JTAG_DATA: 33,
    F.OMNIBUS_DATA: 32,
    F.LOOPBACK: 1,
    F.HIGHSPEED_LINK_NOTIFICATION: 8,
    F.TIMEOUT_NOTIFICATION: 45,
    F.SYSTIME: 43,
    F.SYSDELTA: 8,
    **dict(zip((F.MADC_PACK_1, F.MADC_PACK_2, F.MADC_PACK_3), (24, 48, 72), strict=True)),
    **dict(zip((F.SPIKE_PACK_1, F.SPIKE_PACK_2, F.SPIKE_PACK_3), (24, 48, 72), strict=True)),
}
PERIOD = 1 << 43

Result = namedtuple("Result", "spikes samples reads ticks jtag links timeouts halted")


class Bad(Exception):
    """The stream is not what the table allows, at this word."""


def messages(words):
    """(header, payload) of every message up to and with the halt."""
    bits = "".join(f"{int(word):064b}" for word in words)
    at, found = 0, []
    while at < len(bits):
        if bits[at] == "1":
            at = (at // 64 + 1) * 64
            continue
        header = int(bits[at : at + 8], 2)
        if header not in PAYLOAD_BITS:
            raise Bad(at // 64)
        size = max(64, -(-(8 + PAYLOAD_BITS[header]) // 8) * 8)
        if at + size > len(bits):
            raise Bad(at // 64)
        payload = int(bits[at + size - PAYLOAD_BITS[header] : at + size], 2)
        found.append((F(header), payload))
        if found[-1] == (F.LOOPBACK, 0):
            return found
        at += size
    return found


def chip_time(counter, timestamp):
    """The latest time that has the timestamp's upper 7 bits in its lowest 7, up to `counter`."""
    return next(
        time % PERIOD for time in range(counter, counter - 128, -1) if time % 128 == timestamp // 2
    )


def decode(words):
    """Everything a response says; events as (time, value)."""
    result = Result([], [], [], [], [], [], [], [])
    counter = 0
    for header, payload in messages(words):
        counter = (counter + 1) % PERIOD
        name = header.name
        if name.startswith(("SPIKE", "MADC")):
            events = result.spikes if name.startswith("SPIKE") else result.samples
            for k in reversed(range(int(name[-1]))):
                event = payload >> 24 * k & 0xFFFFFF
                events.append((chip_time(counter, event >> 16), event & 0xFFFF))
        elif header == F.SYSTIME:
            counter = payload
        elif header == F.SYSDELTA:
            counter = (counter + payload) % PERIOD
        elif header == F.OMNIBUS_DATA:
            result.reads.append(payload)
        elif header == F.JTAG_DATA:
            result.jtag.append(payload)
        elif header == F.HIGHSPEED_LINK_NOTIFICATION:
            flags = tuple(payload >> k & 1 for k in (4, 3, 2, 1, 0))
            result.links.append((counter, payload >> 5, *flags))
        elif header == F.TIMEOUT_NOTIFICATION:
            parts = payload % 2**32, payload // 2**32 % 2**7, payload // 2**39
            result.timeouts.append((counter, *parts))
        elif payload:
            result.ticks.append(counter)
        else:
            result.halted.append(True)
    return result
