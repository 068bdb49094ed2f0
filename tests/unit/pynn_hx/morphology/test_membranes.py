"""Neurons of several circuits on the emulator: what their membranes do.

Oracle: Kirchhoff.  Joined membranes are one node, whose time constant is the sum of capacitances
over the sum of leaks; a current that has to pass resistors gets less on its way.
"""

import numpy as np
import pytest

from firmware_protocol import ChipConfig
from pynn_hx.morphology import Compartment, SharedLineConnection, create_mc_neuron
from tests.support import emulated
from tests.support.cells import write_to

ORIGIN, INPUT_US = 12_500_000, 10
PASSIVE = {
    "leak_v_leak": 600,
    "leak_i_bias": 150,
    "membrane_capacitance_capacitance": 63,
    "reset_v_reset": 400,
    "reset_i_bias": 1022,
}


def chain(length, conductance=750):
    """Compartments of two circuits: the first on the line, the second behind its resistor."""
    parts = [
        Compartment(
            positions=[2 * k, 2 * k + 1],
            label=f"c{k}",
            connect_shared_line=[2 * k] if k else None,
            connect_conductance=[(2 * k + 1, conductance)] if k < length - 1 else None,
            **PASSIVE,
        )
        for k in range(length)
    ]
    lines = [SharedLineConnection(2 * k + 1, 2 * k + 2, 0) for k in range(length - 1)]
    return create_mc_neuron("Chain", parts, lines, single_active_circuit=True)


def potentials(celltype, compartments, *, stimulated=0, duration_us=120):
    """Change of some compartments' membranes [V] after an input to one, (step,) each."""
    config = ChipConfig()
    circuits = write_to(config, celltype)[0]
    config.neurons.event_routing_analog_output[circuits] = 1
    first = [int(circuits[celltype.layout[k].circuits[0]]) for k in compartments]
    target = int(circuits[celltype.layout[stimulated].circuits[0]])
    emulated.add_inputs(config, [target])
    config.neurons.excitatory_input_i_bias_tau[target] = 400  # short beside the membrane's
    emulated.connect(config, target, [63])
    events = emulated.on_bus([ORIGIN + INPUT_US * emulated.CYCLES_PER_US], [1])
    core, memory = emulated.ideal_core(config, events)
    end = ORIGIN + duration_us * emulated.CYCLES_PER_US
    pieces = core.integrate(memory, emulated.watch(first), ORIGIN, end)
    traces = [emulated.trace_of(pieces, k).astype(float) for k in range(len(first))]
    return [v - v[0] for v in traces]


def time_constant(v):
    """Of the decay [steps], from 0.7 to 0.4 of the peak."""
    peak = int(v.argmax())
    begin, end = (peak + int(np.argmax(v[peak:] < f * v[peak])) for f in (0.7, 0.4))
    return (end - begin) / np.log(v[begin] / v[end])


def single(n_circuits, **parameters):
    part = Compartment(positions=range(n_circuits), label="soma", **PASSIVE | parameters)
    return create_mc_neuron("Single", [part])()


def test_a_potential_gets_lower_and_later_along_a_chain():
    traces = potentials(chain(3)(), range(3))
    peaks = [v.max() for v in traces]
    assert peaks[0] > 1.1 * peaks[1] > 1.1**2 * peaks[2] > 0.002
    assert traces[0].argmax() < traces[1].argmax() < traces[2].argmax()


def test_the_converter_sees_the_attenuation_of_a_chain():
    """The same through words, on a chip with mismatch and noise."""
    celltype, peaks = chain(3)(threshold_enable=False), []
    for part in celltype.layout:
        config = ChipConfig()
        config.common_backend.enable_event_registers = 1
        circuits = write_to(config, celltype)[0]
        config.neurons.event_routing_analog_output[circuits] = 1
        emulated.add_inputs(config, [int(circuits[0])])
        emulated.connect(config, int(circuits[0]), [63] * 4)
        emulated.read_out(config, int(circuits[part.circuits[0]]))
        due = np.full(4, 30 * emulated.CYCLES_PER_US)
        seen = emulated.run(config, 80, (due, np.arange(1, 5)))
        smooth = np.convolve(seen.v - seen.v[seen.t < 30].mean(), np.full(50, 1 / 50), "valid")
        peaks.append(smooth.max())
    assert peaks[0] > 1.1 * peaks[1] > 1.1**2 * peaks[2] > 5


def test_a_chain_stimulated_at_its_other_end_is_the_mirror_image():
    forth = [v.max() for v in potentials(chain(3)(), (0, 1, 2))]
    back = [v.max() for v in potentials(chain(3)(), (2, 1, 0), stimulated=2)]
    assert np.allclose(forth, back, rtol=0.05)  # the synaptic input loads only one end


def test_what_is_joined_is_one_membrane():
    both = create_mc_neuron("Both", [Compartment(positions=[0, 128], label="a", **PASSIVE)])
    config = ChipConfig()
    circuits = write_to(config, both())[0]
    config.neurons.leak_v_leak[circuits[1]] = 700
    core, memory = emulated.ideal_core(config)
    pieces = core.integrate(memory, emulated.watch(circuits), ORIGIN, ORIGIN + 1250)
    one, other = (emulated.trace_of(pieces, k) for k in range(2))
    assert np.array_equal(one, other)


@pytest.mark.parametrize("n_circuits", [2, 3])
def test_capacitors_of_joined_circuits_add(n_circuits):
    alone = potentials(single(1), [0])[0]
    joined = potentials(single(n_circuits), [0])[0]
    one_leak = single(
        n_circuits,
        leak_i_bias=[150] + [0] * (n_circuits - 1),
        leak_enable_division=[False] + [True] * (n_circuits - 1),
    )
    slower = potentials(one_leak, [0], duration_us=200)[0]
    assert time_constant(joined) == pytest.approx(time_constant(alone), rel=0.02)
    assert time_constant(slower) == pytest.approx(n_circuits * time_constant(alone), rel=0.02)
    assert alone.max() > slower.max() > joined.max()


def test_one_active_circuit_keeps_the_time_constant_of_one():
    parts = [Compartment(positions=[0, 1, 2], label="soma", **PASSIVE)]
    active = create_mc_neuron("Active", parts, single_active_circuit=True)
    alone, joined = (potentials(cell, [0])[0] for cell in (single(1), active()))
    # A capacitor of code 0 leaves the wires.
    assert 1 < time_constant(joined) / time_constant(alone) < 1.2


def test_a_resistor_couples_less_than_a_switch_and_a_better_one_more():
    ratios = []
    for conductance in (100, 400, 1000):
        near, far = potentials(chain(2, conductance)(), range(2))
        ratios.append(far.max() / near.max())
    assert 0.1 < ratios[0] < ratios[1] < ratios[2] < 1  # 1 is what a switch gives


def test_a_bridge_conducts_and_takes_no_part():
    def pair(distance):
        parts = [
            Compartment(positions=[0], label="a", connect_shared_line=[0], **PASSIVE),
            Compartment(
                positions=[distance], label="b", connect_conductance=[(distance, 500)], **PASSIVE
            ),
        ]
        return create_mc_neuron("Pair", parts, [SharedLineConnection(0, distance, 0)])()

    near, far = (potentials(pair(distance), range(2)) for distance in (1, 4))
    for one, other in zip(near, far, strict=True):
        assert other.max() == pytest.approx(one.max(), rel=0.2)  # lines have 0.1 pF a piece
    assert far[1].max() < 0.9 * far[0].max()
