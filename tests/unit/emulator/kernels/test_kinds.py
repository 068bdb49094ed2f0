"""Kernels that know only the kinds of blocks that are there.

Oracle: the kernel for blocks of any kind.
"""

import numpy as np
import pytest

from emulator import Emulator, integration
from emulator.kernels import lanes as ln
from emulator.kernels.kinds import Adaptive, Mixed, Simple, kinds_of
from firmware_protocol import decode
from tests.support import emulated
from tests.support.reference_scenarios import SCENARIOS

EVENTS = np.arange(10, 250, 3) * emulated.CYCLES_PER_US, np.arange(80) % 2 + 1


def simple_chip():
    """A neuron that fires by itself, with inputs."""
    return emulated.add_inputs(emulated.chip())


def adaptive_chip():
    """One that adapts as well."""
    scenario = SCENARIOS["adaptation"]
    codes = dict(scenario.codes) | {"constant_current_enable": 1}
    config = emulated.add_inputs(emulated.chip(**codes))
    for name, value in scenario.common.items():
        setattr(config.common_backend, name, value)
    return config


@pytest.mark.parametrize(("chip", "kind"), [(simple_chip, Simple), (adaptive_chip, Adaptive)])
@pytest.mark.parametrize("threads", [1, 2])
def test_the_kernel_for_one_kind_answers_what_that_for_all_does(monkeypatch, chip, kind, threads):
    config = emulated.connect(emulated.read_out(chip(), 0), 0, [20, 40])
    words = emulated.experiment(config, 300, EVENTS)
    used, answers = [], []
    for choose in (kinds_of, lambda _: Mixed()):

        def spy(kinds, choose=choose):
            used.append(type(choose(kinds)))
            return choose(kinds)

        monkeypatch.setattr(integration, "kinds_of", spy)
        answers.append(Emulator(threads=threads).execute(words))
        assert used[-1] is (kind if choose is kinds_of else Mixed)
    assert np.array_equal(*answers)
    assert decode(answers[0]).spike_time.size > 3
    assert decode(answers[0]).madc_time.size > 1000


def test_one_kind_has_a_kernel_of_its_own_and_several_share_one():
    assert isinstance(kinds_of(np.array([ln.SIMPLE, ln.SIMPLE])), Simple)
    assert isinstance(kinds_of(np.array([], np.int64)), Simple)
    assert isinstance(kinds_of(np.array([ln.ADAPTIVE])), Adaptive)
    for several in ([ln.SIMPLE, ln.ADAPTIVE], [ln.FULL], [ln.CLUSTER]):
        assert isinstance(kinds_of(np.array(several)), Mixed)
