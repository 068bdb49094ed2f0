"""Rows, drivers, synapses and quads.

Oracle: the formulas of ``docs/reference/coordinates.md`` evaluated case by case; where there are
more than ten thousand places, a stride of 61 visits every row, column and half of them.
"""

import pytest

from firmware_protocol import coordinates as c


def some(kind):
    return map(kind, range(0, kind.size, 61))


def test_analog_parameters_of_a_driver_come_from_west_if_it_is_even():
    assert c.SynapseDriver(42).capmem_block(c.Synram(1)) == 2
    assert c.SynapseDriver(43).capmem_block(c.Synram(0)) == 1
    assert c.SynapseDriverOnChip.at(1, 43).capmem_block == 3


def test_drivers_are_found_by_bus_and_index():
    for driver in c.SynapseDriver.all():
        assert c.SynapseDriver.on_bus(driver.bus_on_block, driver.index_on_bus) == driver
        assert driver.padi_bus(c.Synram(1)) == 4 + driver % 4
    driver = c.SynapseRow(47).driver
    assert (driver, driver.bus_on_block, driver.index_on_bus) == (23, 3, 5)


def test_drivers_of_the_chip_are_found_by_bus_and_index():
    found = [
        c.SynapseDriverOnChip.on_bus(bus, index) for bus in c.PADIBus.all() for index in range(32)
    ]
    assert len(set(found)) == 256
    for driver in found:
        index = driver.driver.index_on_bus
        assert c.SynapseDriverOnChip.on_bus(driver.padi_bus, index) == driver


@pytest.mark.parametrize(("bus", "index"), [(4, 0), (0, 32), (-1, 0)])
def test_a_bus_has_32_drivers_and_a_half_four_buses(bus, index):
    with pytest.raises(c.CoordinateError, match=r"SynapseDriver\.on_bus: (bus|index) = "):
        c.SynapseDriver.on_bus(bus, index)


def test_rows_and_drivers_belong_together():
    for row in c.SynapseRow.all():
        rows = (row.driver.bottom_row, row.driver.top_row)
        assert rows[row.is_top_of_driver] == row
    for driver in c.SynapseDriverOnChip.all():
        assert [row.driver for row in driver.rows] == [driver, driver]
        assert c.SynapseDriverOnChip.at(driver.synram, driver.driver) == driver


def test_rows_of_the_chip_are_numbered_half_by_half():
    for row in c.SynapseRowOnChip.all():
        assert c.SynapseRowOnChip.at(row.synram, row.row) == row == 256 * row.synram + row.row


def test_a_row_is_two_vectors():
    assert c.SynapseRow(5).vectors == (10, 11)


def test_a_synapse_is_where_its_parts_say():
    for synapse in some(c.Synapse):
        assert c.Synapse.at(synapse.synram, synapse.row, synapse.column) == synapse
        assert synapse == 65536 * synapse.synram + 256 * synapse.row + synapse.column
        assert synapse.on_synram == c.SynapseOnSynram.at(synapse.row, synapse.column)


def test_a_synapse_is_an_entry_of_its_quad():
    for synapse in some(c.Synapse):
        assert synapse.quad.synapse(synapse.column.entry_on_quad) == synapse


def test_a_synapse_feeds_the_circuit_of_its_column_from_the_driver_of_its_row():
    for synapse in some(c.Synapse):
        assert synapse.atomic_neuron == 256 * synapse.synram + synapse.column
        assert synapse.driver == 128 * synapse.synram + synapse.row // 2


def test_a_quad_is_where_its_parts_say():
    for quad in some(c.SynapseQuad):
        assert c.SynapseQuad.at(quad.synram, quad.row, quad.quad_column) == quad
        assert quad == 16384 * quad.synram + 64 * quad.row + quad.quad_column
        assert quad.quadrant == quad.synapse(2).atomic_neuron.quadrant
