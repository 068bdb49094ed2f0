"""CapMem cells by their names.

Oracle: the arrays of ChipConfig, whose words are compared with the vendor's elsewhere: writing to a
name changes the word at the address of its cell.
"""

import pytest

from firmware_protocol import ChipConfig, capmem_cells
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.coordinates import AtomicNeuron, CapMemCell, CoordinateError, Quadrant
from firmware_protocol.registers.capmem import NEURON_ROWS, QUADRANT_CELLS, READOUT_CELLS


def address(cell):
    index = (int(cell.block), int(cell.column), int(cell.row))
    return int(CONTAINERS["CapMemCell"].addresses(*index)[0])


def changed_addresses(chip):
    return chip.changes_from(ChipConfig()).addresses.tolist()


@pytest.mark.parametrize("name", NEURON_ROWS)
def test_a_circuits_cell_is_where_the_configuration_writes(name):
    chip, neuron = ChipConfig(), AtomicNeuron(300)
    chip.neurons[name][neuron] = 77
    cell = capmem_cells.neuron_cell(neuron, name)
    assert changed_addresses(chip) == [address(cell)]
    assert capmem_cells.content_of(cell) == (name, neuron)


@pytest.mark.parametrize("name", QUADRANT_CELLS)
def test_a_quadrants_cell_is_where_the_configuration_writes(name):
    chip = ChipConfig()
    chip.quadrants[name][2] = 77
    cell = capmem_cells.quadrant_cell(2, name)
    assert changed_addresses(chip) == [address(cell)]
    assert capmem_cells.content_of(cell) == (name, Quadrant(2))


@pytest.mark.parametrize("name", READOUT_CELLS)
def test_a_cell_of_the_readout_chain_is_where_the_configuration_writes(name):
    chip = ChipConfig()
    chip.readout_chain[name][...] = 77
    cell = capmem_cells.readout_cell(name)
    assert changed_addresses(chip) == [address(cell)]
    assert capmem_cells.content_of(cell) == (name, None)


def test_90_cells_of_the_shared_columns_are_unused():
    assert len(set(capmem_cells.UNUSED_CELLS)) == 90
    assert all(cell.is_shared for cell in capmem_cells.UNUSED_CELLS)
    for cell in capmem_cells.UNUSED_CELLS:
        with pytest.raises(CoordinateError, match=r"holds nothing; UNUSED_CELLS lists the 90 like"):
            capmem_cells.content_of(cell)


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(
        CoordinateError, match="no CapMem cell holds 'v_leak' of a circuit; there a"
    ):
        capmem_cells.neuron_cell(0, "v_leak")
    with pytest.raises(CoordinateError, match=r"of a quadrant; there are .*syn_i_bias_dac"):
        capmem_cells.quadrant_cell(0, "leak_v_leak")
    with pytest.raises(CoordinateError, match="of the readout chain; there are ac_mux_i_bias"):
        capmem_cells.readout_cell("leak_v_leak")


def test_every_cell_is_named_or_unused():
    named = sum(cell not in capmem_cells.UNUSED_CELLS for cell in CapMemCell.all())
    assert named == 512 * 24 + 4 * len(QUADRANT_CELLS) + len(READOUT_CELLS)
