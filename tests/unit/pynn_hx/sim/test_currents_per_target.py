"""Sources of current from equations with a value for each neuron they flow into.

Oracle: a leaky membrane under a constant current I rests at v_rest + I tau_m / C.
"""

import numpy as np
import pytest
from pyNN.errors import InvalidDimensionsError, NonExistentParameterError

import pynn_hx.sim as sim

Each = sim.current_type(
    "each", parameters="height = 0 : nA; times = 1 : 1", amplitude="height*times", per_target=True
)


@pytest.fixture
def neurons():
    sim.setup(timestep=0.1, device="cpu")
    cells = sim.Population(3, sim.IF_curr_exp(tau_m=5.0, cm=1.0, v_rest=-65.0, v_thresh=0.0))
    cells.initialize(v=-65.0)
    return cells


def rest(cells):
    """Potentials after twenty membrane time constants, relative to v_rest, over tau_m/C."""
    sim.run(100.0)
    return (cells.get_state("v") + 65.0) / 5.0


def test_each_neuron_gets_its_own_current(neurons):
    Each(height=[0.1, 0.2, 0.4], times=2.0).inject_into(neurons)
    assert rest(neurons) == pytest.approx([0.2, 0.4, 0.8], abs=1e-8)


def test_values_change_from_now_on(neurons):
    current = Each(height=0.3)
    current.inject_into(neurons)
    assert rest(neurons) == pytest.approx([0.3, 0.3, 0.3], abs=1e-8)
    current.height = np.array([0.0, 0.1, 0.2])
    assert rest(neurons) == pytest.approx([0.0, 0.1, 0.2], abs=1e-8)


def test_values_are_in_the_order_of_the_cells(neurons):
    current = Each(height=[0.1, 0.4])
    current.inject_into([neurons[2], neurons[0]])
    assert rest(neurons) == pytest.approx([0.4, 0.0, 0.1], abs=1e-8)


def test_a_reset_keeps_what_was_set(neurons):
    current = Each(height=0.0)
    current.inject_into(neurons)
    sim.run(1.0)
    sim.reset()
    current.height = [0.1, 0.2, 0.3]
    assert rest(neurons) == pytest.approx([0.1, 0.2, 0.3], abs=1e-8)


def test_a_wrong_number_of_values_is_refused_and_changes_nothing(neurons):
    current = Each(height=[0.1, 0.2])
    with pytest.raises(InvalidDimensionsError, match=r"each.height.*\(2,\) for 3 target cells"):
        current.inject_into(neurons)
    current = Each(height=0.1)
    current.inject_into(neurons)
    with pytest.raises(InvalidDimensionsError, match=r"give one number, or one per target"):
        current.height = [0.1, 0.2]
    assert rest(neurons) == pytest.approx(0.1, abs=1e-8)


def test_an_unknown_parameter_is_named(neurons):
    with pytest.raises(NonExistentParameterError, match="width"):
        Each(width=1.0)


def test_a_second_injection_is_refused_with_a_way_out(neurons):
    current = Each(height=0.1)
    current.inject_into(neurons[:2])
    with pytest.raises(ValueError, match=r"each of 2 cells .* make another source"):
        current.inject_into(neurons[2:])


def test_many_amplitudes_are_not_recorded(neurons):
    with pytest.raises(NotImplementedError, match="record a variable of the cells"):
        Each(height=0.1).record()
