"""Loggers as the vendor's software has them, on top of Python's: ``logger.get("mine").INFO(...)``.

Nothing is shown until :func:`default_config` is called, which concerns the loggers that were, or
will be, made by :func:`get`, and those of this package; Python's root logger stays as it is.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

FORMAT: Final = "%(levelname)-5s %(asctime)s,%(msecs)03d  %(name)s %(message)s"
_LOCATION: Final = " (%(filename)s:%(lineno)d)"
_OWN: Final = ("pynn_hx", "firmware_protocol", "emulator", "calibration", "simulator")


class LogLevel(IntEnum):
    """How important a message is; Python's numbers, with TRACE below DEBUG."""

    TRACE = 5
    DEBUG = logging.DEBUG
    INFO = logging.INFO
    WARN = logging.WARNING
    ERROR = logging.ERROR
    FATAL = logging.CRITICAL


class Logger:
    """A logger of Python's with the vendor's methods beside its own.

    Upper-case methods put all their arguments together; lower-case ones are Python's, whose further
    arguments fill in a format.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self.logger = logger

    def __getattr__(self, name: str) -> Any:
        return getattr(self.logger, name)

    def _put(self, level: int, parts: tuple[object, ...]) -> None:
        if self.logger.isEnabledFor(level):
            self.logger.log(level, "%s", "".join(map(str, parts)), stacklevel=3)

    def TRACE(self, *parts: object) -> None:
        """Log at level TRACE."""
        self._put(LogLevel.TRACE, parts)

    def DEBUG(self, *parts: object) -> None:
        """Log at level DEBUG."""
        self._put(LogLevel.DEBUG, parts)

    def INFO(self, *parts: object) -> None:
        """Log at level INFO."""
        self._put(LogLevel.INFO, parts)

    def WARN(self, *parts: object) -> None:
        """Log at level WARN."""
        self._put(LogLevel.WARN, parts)

    def ERROR(self, *parts: object) -> None:
        """Log at level ERROR."""
        self._put(LogLevel.ERROR, parts)

    def FATAL(self, *parts: object) -> None:
        """Log at level FATAL."""
        self._put(LogLevel.FATAL, parts)

    def trace(self, message: object, *arguments: object) -> None:
        """Log at level TRACE, as Python's methods do."""
        self.logger.log(LogLevel.TRACE, message, *arguments, stacklevel=2)

    def warn(self, message: object, *arguments: object) -> None:
        """Log at level WARN, as Python's methods do."""
        self.logger.warning(message, *arguments, stacklevel=2)


@dataclass
class _Shown:
    """What default_config has installed."""

    level: int
    handlers: tuple[logging.Handler, ...]


_known: set[str] = set(_OWN)
_shown: _Shown | None = None


def get(name: str = "") -> Logger:
    """The logger of a name, always the same one; parts of names are separated by dots."""
    _known.add(name)
    if _shown is not None:
        _attach(name, _shown)
    return Logger(logging.getLogger(name or "pynn_hx"))


def default_config(
    level: int = LogLevel.WARN,
    fname: str = "",
    dual: bool = False,
    print_location: bool = False,
    date_format: str = "%H:%M:%S",
) -> None:
    """Show messages of `level` and above, on standard error or in a file.

    fname  file to write to, instead of the screen; with `dual`, both
    Called again, it replaces what the call before has set.
    """
    global _shown
    reset()
    layout = logging.Formatter(FORMAT + _LOCATION * print_location, date_format)
    handlers: list[logging.Handler] = [logging.FileHandler(fname)] if fname else []
    if dual or not fname:
        handlers.append(logging.StreamHandler(sys.stderr))
    for handler in handlers:
        handler.setFormatter(layout)
    logging.addLevelName(LogLevel.TRACE, "TRACE")
    _shown = _Shown(int(level), tuple(handlers))
    for name in _known:
        _attach(name, _shown)


def set_loglevel(logger: Logger | logging.Logger, level: int) -> None:
    """Let a logger pass messages of `level` and above."""
    logger.setLevel(int(level))


def reset() -> None:
    """Undo what :func:`default_config` has set."""
    global _shown
    if _shown is None:
        return
    for name in _known:
        top = _top(name)
        for handler in _shown.handlers:
            top.removeHandler(handler)
        top.setLevel(logging.NOTSET)
    for handler in _shown.handlers:
        handler.close()
    _shown = None


def _attach(name: str, shown: _Shown) -> None:
    """Show what the logger of a name, and those of its family, say."""
    top = _top(name)
    if shown.handlers[0] not in top.handlers:
        top.setLevel(shown.level)
        for handler in shown.handlers:
            top.addHandler(handler)


def _top(name: str) -> logging.Logger:
    """The logger from which that of a name inherits."""
    return logging.getLogger(name.partition(".")[0] or "pynn_hx")
