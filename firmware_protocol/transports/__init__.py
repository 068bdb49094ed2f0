"""Ways to a chip: in the same process, over a serial line, TCP or UDP.

`open` opens what a target URL names; each module says which options it takes.
"""

from __future__ import annotations

import secrets
import time

from .. import hostarq
from ..connection import Target
from ..link import HostLink
from ..pump import LINGER_S, DatagramPort, RemoteChip
from . import options, serial, tcp, udp
from .in_process import InProcess
from .stream import StreamPort

__all__ = ["SCHEMES", "InProcess", "check", "open"]

SCHEMES = ("serial", "tcp", "udp")


def open(target: Target) -> RemoteChip:
    """Connect to the chip at the other end of a line.

    Raises ValueError for a target that cannot mean anything, LinkError if there is no chip of ours.
    """
    check(target)
    port: DatagramPort
    if target.scheme == "udp":
        port, parameters = udp.open_port(target), hostarq.UDP_HOST
    elif target.scheme == "tcp":
        port, parameters = StreamPort(tcp.open_channel(target)), hostarq.TCP
    else:
        port, parameters = StreamPort(serial.open_channel(target)), serial.parameters(target)
    link = HostLink(
        parameters,
        magic=secrets.randbits(64),
        response_timeout_s=options.response_timeout_s(target),
    )
    linger_s = 0.0 if target.scheme == "tcp" else max(LINGER_S, 2 * parameters.rto_s)
    name = f"{target.scheme}:{target.location}"
    chip = RemoteChip(port, link, time.monotonic, name, linger_s=linger_s)
    chip.connect()
    return chip


def check(target: Target) -> None:
    """ValueError if a target cannot be opened whatever is at its other end; nothing is opened."""
    if target.scheme == "udp":
        udp.check(target)
    elif target.scheme == "tcp":
        tcp.check(target)
    elif target.scheme == "serial":
        serial.check(target)
    else:
        raise ValueError(
            f"target {target.scheme}:{target.location}: no scheme {target.scheme!r}; links have "
            + ", ".join(SCHEMES)
        )
