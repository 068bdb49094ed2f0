"""`i_shift_reference`: a CapMem cell whose deviation belongs to the synaptic amplifier.

Oracle: exp(-t / 3 ms); -0.5 mV of offset per code (docs/explanation/emulator.md).
"""

import math

import numpy as np
import pytest

from emulator.capmem import CapMem
from emulator.effects import Effects
from emulator.memory import Memory, power_on_image
from emulator.mismatch import Mismatch
from firmware_protocol import memory_map
from firmware_protocol.registers.capmem import NEURON_ROWS
from tests.support import emulated

TAU_CYCLES = 375_000  # 3 ms
WAIT_CYCLES = 2_500_000  # 20 ms
LONG = 1 << 40
ALL = np.arange(512)


@pytest.mark.parametrize("name", ["excitatory", "inhibitory"])
def test_the_shift_counts_as_its_code_but_settles_and_floats_like_every_cell(name):
    """Its deviation is part of the synaptic amplifier's offset (decision 0010)."""
    field = f"{name}_input_i_shift_reference"
    number = NEURON_ROWS[field]
    memory = Memory(power_on_image())
    effects = {"mismatch": True, "capmem_crosstalk": True, "capmem_settling": True}
    cells = CapMem(Mismatch(4), Effects.of(ideal=True, overrides=effects))

    def write(cycle, neurons, code):
        quadrant, column = np.divmod(neurons, 128)
        addresses = 0x140000 + 0x8000 * quadrant + 32 * column + number
        memory.write(addresses.astype(np.uint32), np.full(neurons.size, code, np.uint32))
        cells.follow(memory, cycle)

    write(0, ALL, 310)
    assert np.all(cells.levels(LONG).neurons[field] == 310)
    write(LONG, ALL, 410)
    after = cells.levels(LONG + TAU_CYCLES).neurons[field]
    assert after == pytest.approx(np.full(512, 310 + 100 * (1 - math.exp(-1))), rel=1e-6)
    write(2 * LONG, ALL[:128], 1023)
    write(2 * LONG, ALL[128:256], 0)
    floating = cells.levels(3 * LONG).neurons[field]
    assert floating[:128] == pytest.approx(410, abs=0.1)
    assert np.all(floating[128:256] == 0)
    assert np.all(floating[256:] == 410)


def test_a_synaptic_amplifier_sees_the_level_of_its_shift_not_the_code():
    config = emulated.add_inputs(emulated.chip(0), 0)
    config.neurons.excitatory_input_i_shift_reference[0] = 310
    core, memory = emulated.core_of(config, mismatch=False, capmem_crosstalk=False)
    nominal = core.circuits(memory, LONG).exc.offset[0]
    config.neurons.excitatory_input_i_shift_reference[0] = 1023
    memory.write(memory_map.ADDRESSES, config.image())
    core.circuits(memory, LONG)
    floating = core.circuits(memory, LONG + WAIT_CYCLES).exc.offset[0]
    assert floating == pytest.approx(nominal, abs=1e-6)
    config.neurons.excitatory_input_i_shift_reference[0] = 410
    memory.write(memory_map.ADDRESSES, config.image())
    core.circuits(memory, 2 * LONG)
    moved = core.circuits(memory, 3 * LONG).exc.offset[0]
    assert moved - nominal == pytest.approx(-0.05, rel=1e-3)
