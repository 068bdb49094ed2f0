"""CapMem cells and CADC channels.

Oracle: enumeration column + width * row on a grid, inner + size * outer when nested.
"""

import pytest

from firmware_protocol import coordinates as c


def test_capmem_cells_are_numbered_block_row_column():
    assert c.CapMemCell.at(block=2, column=5, row=7) == (2 * 24 + 7) * 130 + 5
    for cell in c.CapMemCell.all():
        assert c.CapMemCell.at(cell.block, cell.column, cell.row) == cell


def test_every_circuit_has_24_cells_and_they_know_it():
    owned = {cell for cell in c.CapMemCell.all() if not cell.is_shared}
    found = set()
    for neuron in c.AtomicNeuron.all():
        for row in range(24):
            cell = c.CapMemCell.of_neuron(neuron, row)
            assert (cell.atomic_neuron, cell.row) == (neuron, row)
            found.add(cell)
    assert found == owned


def test_two_columns_of_a_block_are_shared():
    assert [int(column) for column in c.CapMemColumn.all() if column.is_shared] == [128, 129]
    with pytest.raises(c.CoordinateError, match=r"is shared \(column 129 of Quadrant\(3\)\); the"):
        _ = c.CapMemCell.at(3, 129, 0).atomic_neuron


def test_cadc_channels_are_numbered_half_type_column():
    assert c.CADCChannel.at(synram=1, column=9, channel_type=1) == 512 + 256 + 9
    for channel in c.CADCChannel.all():
        parts = (channel.synram, channel.column, channel.channel_type)
        assert c.CADCChannel.at(*parts) == channel
        assert c.CADCChannel.of_neuron(channel.atomic_neuron, channel.channel_type) == channel
        assert channel.quadrant == 2 * channel.synram + channel.column // 128


def test_channel_and_readout_types_have_the_vendors_numbers():
    assert c.CADCChannelType.named("causal") == 0
    assert c.CADCChannelType.named("acausal") == 1
    assert c.CADCReadoutType.named("trigger_read") == 0
    assert c.CADCReadoutType.named("buffered") == 1


def test_cadc_sample_quads_are_numbered_half_readout_type_quad():
    for number in range(0, c.CADCSampleQuad.size, 61):
        samples = c.CADCSampleQuad(number)
        kinds = {"channel_type": samples.channel_type, "readout_type": samples.readout_type}
        assert c.CADCSampleQuad.at(samples.quad, **kinds) == samples
        nested = (2 * samples.quad.synram + samples.readout_type) * 2 + samples.channel_type
        assert number == nested * 16384 + 64 * samples.quad.row + samples.quad.quad_column
