"""The errors of this package; all derive from :class:`ProtocolError`."""


class ProtocolError(Exception):
    """Base of everything this package raises on purpose; anything else is a defect of ours."""


class FieldRangeError(ProtocolError, OverflowError):
    """A value does not fit the register field it is meant for.

    place   which field and which instance, e.g. ``"neurons.leak_v_leak[3]"``
    value   the offending value
    limit   largest value the field holds (the smallest is 0 unless `low` says otherwise)
    """

    def __init__(self, place: str, value: int, limit: int, remedy: str, *, low: int = 0) -> None:
        super().__init__(f"{place} = {value} is outside {low}..{limit}; {remedy}")
        self.place, self.value, self.low, self.limit = place, value, low, limit


class ProgramError(ProtocolError, ValueError):
    """A playback program was built in a way the FPGA could not execute."""


class DecodeError(ProtocolError):
    """A word stream is not what the message dictionary allows; carries the word's index."""

    def __init__(self, message: str, *, word_index: int) -> None:
        super().__init__(f"word {word_index}: {message}")
        self.word_index = word_index


class ConfigFileError(ProtocolError, ValueError):
    """A configuration file is damaged, newer than this software, or something else entirely."""


class LinkError(ProtocolError):
    """The connection to the chip (or emulator) failed or was used after it was closed."""
