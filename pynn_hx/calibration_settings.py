"""Names for settings of an automatic calibration.

Cells that are described by targets get nominal codes (`calibration`), which have nothing to set
beside the cells' own parameters.  So both types have one value, the defaults, which `setup` takes
as if it were left out; whatever else a script asks of them is refused.
"""

from __future__ import annotations

from typing import Any, ClassVar


class _Defaults:
    """A value that says "as usual"."""

    _setup_keyword: ClassVar[str]
    _instead: ClassVar[str]

    def __init__(self, *values: Any, **settings: Any) -> None:
        if values or settings:
            named = ", ".join(settings) or f"{len(values)} values"
            raise NotImplementedError(self._refusal(named))

    def __setattr__(self, name: str, value: Any) -> None:
        raise NotImplementedError(self._refusal(name))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copy and pickle ask for what may not be there
            raise AttributeError(name)
        raise NotImplementedError(self._refusal(name))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def _refusal(self, what: str) -> str:
        return (
            f"{type(self).__name__}: {what}: the calibration of single chips comes with a later "
            f"version; {self._instead}, and leave setup({self._setup_keyword}=...) out"
        )


class SpikingCalibTarget(_Defaults):
    """What neurons are calibrated to; NotImplementedError for anything but the defaults."""

    _setup_keyword = "injected_calib_target"
    _instead = "give targets to the cell type, e.g. CalibHXNeuronCuba(v_rest=80)"


class SpikingCalibOptions(_Defaults):
    """How it is done; NotImplementedError for anything but the defaults."""

    _setup_keyword = "injected_calib_options"
    _instead = "nominal codes need no options"
