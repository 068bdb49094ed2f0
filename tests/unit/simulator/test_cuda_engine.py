"""The cases of cuda_cases/engine.py in Numba's simulator and, with --gpu, on a device.

Oracles: those that the file names.
"""

import pytest

from tests.support.cuda_simulator import names_of, outcomes

FILE = "engine.py"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    return outcomes(FILE, tmp_path_factory.mktemp("cuda"), simulated=True)


@pytest.mark.parametrize("name", names_of(FILE))
def test_in_the_simulator(name, simulated):
    assert simulated[name] == [], "\n".join(simulated[name])


@pytest.mark.gpu
def test_on_a_device(tmp_path):
    failed = {
        name: found for name, found in outcomes(FILE, tmp_path, simulated=False).items() if found
    }
    assert failed == {}
