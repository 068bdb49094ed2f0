"""What a chip does whose operator forgot a bias, through words.

Oracle: :data:`emulator.biases.BIASES` says in words what dies; the same chip with the bias.
"""

import numpy as np
import pytest

from emulator import Emulator
from emulator import parameters as p
from firmware_protocol import Program, decode, memory_map
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.registers.capmem import READOUT_CELLS
from tests.support import emulated
from tests.support.emulated import add_inputs, chip, ideal_core, read_out, watch

ORIGIN = 1_280_000
SETTLED = p.CHUNK_CYCLES * 5  # 20 ms


def test_without_its_cascode_a_neuron_gets_no_current_at_all():
    config = chip(
        [0, 300], leak_v_leak=800, constant_current_enable=1, constant_current_i_offset=500,
        exponential_enable=1, exponential_i_bias=500, adaptation_enable=1, threshold_enable=0,
    )  # fmt: skip
    add_inputs(config, [0, 300])
    config.quadrants.neuron_v_bias_casc_n[0] = 0
    core, memory = ideal_core(config)
    circuits = core.circuits(memory, ORIGIN)
    for current in (
        circuits.leak.conductance, circuits.reset.conductance, circuits.exc.i_max,
        circuits.inh.i_max, circuits.offset_current, circuits.exponential.current,
        circuits.adaptation.i_w,
    ):  # fmt: skip
        assert current[0] == 0
        assert current[300] > 0
    (piece,) = core.integrate(memory, watch([0, 300]), ORIGIN, ORIGIN + 2000)
    assert np.all(piece.trace[0] == piece.trace[0, 0])
    assert piece.trace[1].min() > 1.0, "an exponential term that runs away"


@pytest.mark.parametrize(("dead_biases", "told"), [(True, 1), (False, 0)])
def test_a_dead_block_of_neurons_in_use_is_told_once(dead_biases, told):
    config = chip(300)
    config.quadrants.neuron_v_bias_casc_n[[0, 2]] = 0  # nobody uses quadrant 0
    emulator = Emulator(effects={"dead_biases": dead_biases})
    for fresh in (True, False):
        emulator.execute(emulated.experiment(config, 20, madc=False, fresh=fresh))
    said = [(e.place, e.text) for e in emulator.log if "neuron_v_bias_casc_n" in e.text]
    assert [place for place, _ in said] == ["quadrant SW"] * told
    assert all("250 is usual" in text for _, text in said)


def test_without_its_source_follower_a_neurons_potentials_are_ground():
    config = add_inputs(chip([0, 300], exponential_enable=1, exponential_i_bias=500), [0, 300])
    config.neurons.excitatory_input_enable_coba_mode[[0, 300]] = 1
    config.neurons.excitatory_input_v_rev_coba[[0, 300]] = 600
    config.neurons.adaptation_v_leak[[0, 300]] = config.neurons.adaptation_v_ref[[0, 300]] = 700
    config.quadrants.neuron_i_bias_leak_source_follower[0] = 0
    core, memory = ideal_core(config)
    c = core.circuits(memory, ORIGIN)
    for potential in (
        c.leak.target, c.reset.target, c.exc.coba_v, c.adaptation.v_leak, c.adaptation.v_ref
    ):  # fmt: skip
        assert potential[0] == 0
        assert potential[300] > 0.01
    assert c.leak.conductance[0] == c.leak.conductance[300] > 0
    assert c.exponential.current[0] == 0 < c.exponential.current[300]


def test_synapses_without_the_internal_bias_take_no_charge():
    config = emulated.connect(add_inputs(chip([0, 300]), [0, 300]), 0, [40])
    config.synapse_bias.int_dac_bias[0] = 0
    core, memory = ideal_core(config)
    drop = core.circuits(memory, ORIGIN).exc.drop
    assert drop[0] == 0 < drop[300]
    config.synapse_bias.int_dac_bias[0] = 1
    memory.write(memory_map.ADDRESSES, config.image())
    assert core.circuits(memory, ORIGIN).exc.drop[0] == drop[300]


def silent_neuron(cell, code):
    """MADC samples of a resting neuron 20 ms after a chip-wide bias cell has been set to a code."""
    config = read_out(chip(0, threshold_enable=0, leak_v_leak=700), 0)
    emulator = Emulator(chip_seed=2)
    emulator.execute(emulated.experiment(config, 10))
    config.capmem_shared.value[READOUT_CELLS[cell][:3]] = code
    words = emulated.experiment(config, 50, fresh=False)
    return emulated.Result(emulator.execute(words)).v.mean(), emulator


@pytest.mark.parametrize(
    "cell", ["ac_mux_i_bias", "madc_in_500na", "sc_amp_i_bias", "readout_sc_amp_v_ref"]
)
def test_20_ms_after_it_lost_a_bias_the_madc_sees_ground_and_says_so_once(cell):
    with_bias, _ = silent_neuron(cell, 500)
    without, emulator = silent_neuron(cell, 0)
    assert with_bias > 300
    assert without == pytest.approx(-p.MADC_ZERO_V / p.MADC_LSB_V, abs=15)
    emulator.execute(emulated.experiment(None, 50, fresh=False))
    said = [entry.text for entry in emulator.log if cell in entry.text]
    assert len(said) == 1
    assert "0 V" in said[0]


@pytest.mark.parametrize("chip_seed", range(4))
def test_without_its_ramp_buffer_every_channel_of_the_cadc_counts_to_its_end(chip_seed):
    config = chip(0)
    config.cadc.enable = 1
    config.quadrants.cadc_v_ramp_offset, config.quadrants.cadc_i_ramp_slope = 60, 350
    config.quadrants.cadc_i_bias_comp = config.quadrants.cadc_i_bias_vreset_buf = 1022
    config.quadrants.cadc_v_bias_ramp_buf = 0
    program = Program()
    emulated.write_chip(program, config)
    quads = CONTAINERS["CADCSampleQuad"]
    for half in range(2):
        program.read(quads.addresses(half, 0, 0, 0, 0))
        program.wait(300)
        program.read(quads.addresses(half, 0, np.arange(64), 0, 1)[:, 0])
    program.halt()
    emulator = Emulator(chip_seed=chip_seed)
    reads = decode(emulator.execute(program.words())).reads.reshape(2, 65)[:, 1:]
    assert np.all(reads == 0xFFFFFFFF)
    said = [e.place for e in emulator.log if "cadc_v_bias_ramp_buf" in e.text]
    assert sorted(said) == [f"quadrant {name}" for name in ("NE", "NW", "SE", "SW")]
