"""What the emulator refuses, and why."""


class EmulatorError(Exception):
    """A program asks for what the emulator cannot do (yet); the message says what and where."""
