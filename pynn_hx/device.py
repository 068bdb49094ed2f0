"""Which device `pynn_hx.sim` takes when a script does not name one; light enough for everybody."""

from __future__ import annotations

from typing import Literal, get_args

Device = Literal["auto", "cpu", "cuda"]
DEVICES: tuple[Device, ...] = get_args(Device)
_default: Device = "auto"


def set_default_device(device: Device) -> None:
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


def default_device() -> Device:
    """The device that ``setup(device="auto")`` takes; ``auto`` if nobody has said."""
    return _default
