"""Which devices this machine has, asked without starting anything on them.

`numba.cuda` is imported when somebody asks, because most users never do.  Numba's CUDA simulator
(``NUMBA_ENABLE_CUDASIM=1`` before Numba is imported) counts as a device.
"""

from __future__ import annotations

import importlib

from .errors import NetworkError


class DeviceUnavailableError(NetworkError):
    """A network was to run on a device that is not here.

    device  what was asked for
    reason  what is missing
    """

    def __init__(self, device: str, reason: str) -> None:
        self.device, self.reason = device, reason
        super().__init__(
            f"network: device {device!r}: {reason}; install an NVIDIA driver and `pip install "
            "pynn-hx[cuda]`, or use device='cpu'"
        )


def cuda_problem() -> str | None:
    """What keeps networks from running on a CUDA device, or None.

    Loads the driver's library if there is one, and creates no context.
    """
    try:
        cuda = importlib.import_module("numba.cuda")
    except ImportError as error:
        return f"numba.cuda cannot be imported ({error})"
    if cuda.is_available():
        return None
    # Numba answers no as well where the compiler's library is missing, so ask for the driver.
    driver = importlib.import_module("numba.cuda.cudadrv.driver").driver
    if not driver.is_available:
        return "no CUDA driver is found on this machine"
    return "the CUDA compiler's library (NVVM) is not found"


def cuda_available() -> bool:
    """Whether ``device="cuda"`` works here; asking creates no context."""
    return cuda_problem() is None


def require_cuda() -> None:
    """Raise DeviceUnavailableError, which says what to install, unless there is a CUDA device."""
    problem = cuda_problem()
    if problem is not None:
        raise DeviceUnavailableError("cuda", problem)
