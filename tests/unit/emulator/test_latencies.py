"""Latencies: their values before they could be chosen, and what is refused.

Oracle: the constants of emulator/parameters.py at commit d95bff6, copied here.
"""

import pytest

from emulator import EmulatorError
from emulator.latencies import Latencies


def test_defaults_are_the_latencies_that_the_emulator_always_had():
    chosen = Latencies()
    assert (chosen.fpga_to_synapse, chosen.neuron_to_synapse) == (62, 12)
    assert (chosen.chip_to_fpga, chosen.fpga_to_fpga, chosen.read) == (37, 62, 100)


def test_a_background_event_is_no_later_than_a_neurons():
    assert 0 < Latencies().background_to_synapse <= Latencies().neuron_to_synapse


@pytest.mark.parametrize(
    "name",
    [
        "fpga_to_synapse",
        "neuron_to_synapse",
        "background_to_synapse",
        "chip_to_fpga",
        "fpga_to_fpga",
        "read",
    ],
)
def test_a_negative_latency_is_refused_by_name(name):
    with pytest.raises(EmulatorError, match=rf"latency {name} = -1 cycles is too short"):
        Latencies(**{name: -1})


@pytest.mark.parametrize("value", [12.0, "12", True, None])
def test_only_whole_cycles_are_taken(value):
    with pytest.raises(EmulatorError, match=r"latency chip_to_fpga = .* is no int"):
        Latencies(chip_to_fpga=value)


def test_only_a_neurons_spike_needs_time_to_its_synapse():
    assert Latencies(fpga_to_synapse=0, background_to_synapse=0, read=0).read == 0
    assert Latencies(neuron_to_synapse=1).neuron_to_synapse == 1
    with pytest.raises(EmulatorError, match=r"neuron_to_synapse = 0 cycles .* choose 1 or more"):
        Latencies(neuron_to_synapse=0)
