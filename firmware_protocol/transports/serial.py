"""Serial lines, and whatever else pyserial opens by a URL, as byte channels.

Target: ``serial:///dev/ttyUSB0?baudrate=3000000``, ``serial://COM3``, or with a URL of pyserial
behind the colon, ``serial:socket://host:port``, ``serial:rfc2217://host:port``.

baudrate            symbols/s; both ends must agree
parity              N, E or O
stopbits            1 or 2
rtscts              1: hardware flow control; both ends and the cable must have it
response_timeout_s  how long a response may be silent, see `link.HostLink`

A byte has eight bits; there is no software flow control, for frames contain all byte values.
Further options of a pyserial URL are passed on to it.
"""

from __future__ import annotations

import os
import queue
import select
import time
from typing import Any
from urllib.parse import urlencode

import serial

from ..connection import Target
from ..errors import LinkError
from ..hostarq import ArqParameters
from . import options

OPTIONS = ("baudrate", "parity", "stopbits", "rtscts", options.RESPONSE_TIMEOUT)
BAUDRATE = 115_200
STALL_S = 10.0
"""How long a line may take no bytes at all before it counts as lost."""
_POLL_S = 0.002
"""How often a port is asked that cannot be waited for with a time limit of its own."""
_CHUNK = 1 << 16


class SerialChannel:
    """Bytes to and from an open port of pyserial.

    name  how errors name it
    """

    def __init__(self, port: serial.Serial, name: str) -> None:
        self._port, self.name = port, name
        self._closed = False
        try:
            self._descriptor: int | None = None if os.name == "nt" else port.fileno()
        except (AttributeError, OSError):  # io.UnsupportedOperation is one
            self._descriptor = None

    def write(self, data: bytes) -> None:
        """Hand all of `data` to the line; LinkError if it is lost or takes nothing."""
        self._check()
        try:
            self._port.write(data)
        except (serial.SerialTimeoutException, queue.Full) as error:
            raise LinkError(
                f"{self.name}: the line has taken no bytes for {STALL_S:g} s; is flow control "
                "(rtscts) set as at the other end?"
            ) from error
        except (OSError, serial.SerialException, TypeError) as error:
            raise self._lost(error) from error

    def read(self, timeout_s: float) -> bytes:
        """Bytes that have come, b"" if none did for `timeout_s`; LinkError if the line is lost."""
        self._check()
        try:
            self._wait(timeout_s)
            data = b""
            while len(data) < _CHUNK and (piece := self._port.read(self._readable)):
                data += piece
            return data
        except (OSError, serial.SerialException, TypeError) as error:
            raise self._lost(error) from error

    def close(self) -> None:
        """Release the line; closing twice is harmless."""
        if not self._closed:
            self._closed = True
            self._port.close()

    @property
    def _readable(self) -> int:
        """How many bytes a `read` should ask for, which returns what there is."""
        return _CHUNK if self._descriptor is not None else max(1, int(self._port.in_waiting))

    def _wait(self, timeout_s: float) -> None:
        """Return when bytes have come or the time is over."""
        if self._descriptor is not None:
            select.select([self._descriptor], [], [], max(timeout_s, 0.0))
            return
        deadline = time.monotonic() + timeout_s
        while not self._port.in_waiting and (left_s := deadline - time.monotonic()) > 0:
            time.sleep(min(_POLL_S, left_s))

    def _check(self) -> None:
        if self._closed:
            raise LinkError(f"{self.name}: this line is closed; open it again")

    def _lost(self, error: Exception) -> LinkError:
        self.close()
        return LinkError(
            f"{self.name}: the line is lost ({error}); check the cable, and that no other program "
            "has it open"
        )


def check(target: Target) -> None:
    """ValueError if a serial target cannot be opened whatever is attached; nothing is opened."""
    if "://" not in target.location:
        options.known(target, OPTIONS)
    if not target.location:
        raise ValueError(
            "target serial: names no line; write e.g. serial:///dev/ttyUSB0?baudrate=3000000, "
            "or serial://COM3 on Windows"
        )
    _settings(target)
    options.response_timeout_s(target)


def parameters(target: Target) -> ArqParameters:
    """How the link behaves on this line: its time-out follows from the baud rate."""
    settings = _settings(target)
    bits = 1 + 8 + (settings["parity"] != serial.PARITY_NONE) + int(settings["stopbits"])
    return ArqParameters.for_line_rate(settings["baudrate"] / bits)


def open_channel(target: Target) -> SerialChannel:
    """Open the line of a target; ValueError if it means nothing, LinkError if it fails."""
    check(target)
    name = f"serial:{target.location}"
    location = target.location
    passed_on = {k: v for k, v in target.options.items() if k not in OPTIONS}
    if passed_on:
        location += "?" + urlencode(passed_on)
    try:
        port = serial.serial_for_url(
            location, timeout=0, write_timeout=STALL_S, exclusive=True, **_settings(target)
        )
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"target {name}: pyserial does not take it ({error}); see the URL handlers in its "
            "manual"
        ) from error
    except (OSError, serial.SerialException) as error:
        raise LinkError(
            f"{name}: cannot be opened ({error}); check its name, your rights, and that no other "
            "program has it open"
        ) from error
    return SerialChannel(port, name)


def _settings(target: Target) -> dict[str, Any]:
    """What pyserial is told."""
    parity = target.options.get("parity", serial.PARITY_NONE)
    if parity not in (serial.PARITY_NONE, serial.PARITY_EVEN, serial.PARITY_ODD):
        raise ValueError(f"target serial:{target.location}: parity={parity!r} is not N, E or O")
    return {
        "baudrate": options.integer(target, "baudrate", BAUDRATE, low=300, high=100_000_000),
        "parity": parity,
        "stopbits": options.integer(target, "stopbits", 1, low=1, high=2),
        "rtscts": bool(options.integer(target, "rtscts", 0, low=0, high=1)),
    }
