"""Which device `pynn_hx.sim` takes when a script does not name one; light enough for everybody."""

from __future__ import annotations

DEVICES = ("auto", "cpu", "cuda")
_default = "auto"


def set_default_device(device: str) -> None:
    """Say what ``setup(device="auto")`` of `pynn_hx.sim` means from now on, in this process.

    device  one of `DEVICES`; ``auto`` leaves the choice to the engine again
    Raises  ValueError for another word
    """
    global _default
    if device not in DEVICES:
        raise ValueError(
            f"set_default_device({device!r}): no such device; take one of {', '.join(DEVICES)}"
        )
    _default = device


def default_device() -> str:
    """The device that ``setup(device="auto")`` takes; ``auto`` if nobody has said."""
    return _default
