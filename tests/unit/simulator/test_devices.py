"""Whether there is a CUDA device, on machines that are made up.

Oracle: what Numba says about each of them, and what a user has to do.
"""

import importlib
from types import SimpleNamespace

import pytest

from simulator import devices
from simulator.devices import DeviceUnavailableError, cuda_available, require_cuda
from simulator.errors import NetworkError


def machine(monkeypatch, *, available, driver=True):
    """Numba as it would answer; asking for anything else fails."""
    modules = {
        "numba.cuda": SimpleNamespace(is_available=lambda: available),
        "numba.cuda.cudadrv.driver": SimpleNamespace(driver=SimpleNamespace(is_available=driver)),
    }
    monkeypatch.setattr(devices, "importlib", SimpleNamespace(import_module=modules.__getitem__))


def test_a_machine_with_a_device_is_ready(monkeypatch):
    machine(monkeypatch, available=True)
    assert cuda_available()
    require_cuda()


@pytest.mark.parametrize(
    ("driver", "reason"),
    [(False, "no CUDA driver is found"), (True, r"the CUDA compiler's library \(NVVM\)")],
)
def test_what_is_missing_and_what_to_install_is_said(monkeypatch, driver, reason):
    machine(monkeypatch, available=False, driver=driver)
    assert not cuda_available()
    with pytest.raises(
        DeviceUnavailableError, match=rf"'cuda': {reason}.*pynn-hx\[cuda\]"
    ) as error:
        require_cuda()
    assert isinstance(error.value, NetworkError)
    assert error.value.device == "cuda"


def test_numba_without_its_cuda_part_is_no_device(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(devices, "importlib", SimpleNamespace(import_module=missing))
    with pytest.raises(DeviceUnavailableError, match=r"numba\.cuda cannot be imported"):
        require_cuda()


def test_asking_makes_no_device_necessary():
    assert cuda_available() == importlib.import_module("numba.cuda").is_available()
