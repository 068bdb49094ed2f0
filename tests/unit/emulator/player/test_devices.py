"""Registers of the FPGA and the chip that act: recording, timer, neuron resets, processors.

Oracle: chip reference 2.4, 2.14 and 2.15, by hand.
"""

import numpy as np
import pytest

from emulator.device import Context
from emulator.log import Log
from emulator.memory import Memory, power_on_image
from emulator.player.devices import EventRecording, NeuronResets, PlasticityProcessors, Timer
from firmware_protocol import memory_map
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.coordinates import N_NEURONS

RECORDING, TIMER = 0x88000005, 0x8800000C


def context():
    return Context(Memory(power_on_image()), lambda: np.zeros(512), Log())


def test_recording_follows_bit_0_and_no_reset():
    recording = EventRecording()
    assert recording.claims(np.array([RECORDING, RECORDING + 1])).tolist() == [True, False]
    for value, enabled in ((1, True), (2, False), (3, True)):
        recording.write(RECORDING, value, 0, context())
        assert recording.enabled is enabled
    recording.reset()
    assert recording.enabled
    assert recording.read(RECORDING, 0, context()) is None


def test_the_timer_shows_its_low_32_bits_and_cannot_be_written():
    timer, there = Timer(), context()
    timer.now = lambda cycle: cycle + (1 << 32)
    assert timer.claims(np.array([TIMER - 1, TIMER])).tolist() == [False, True]
    assert timer.read(TIMER, 17, there) == 17
    timer.write(TIMER, 0, 5, there)
    timer.reset()
    assert str(there.log).startswith("cycle 5: timer: write ignored")


def resets():
    fired = []
    return fired, NeuronResets(lambda n, cycle: fired.append((n, cycle)))


def test_every_neuron_has_its_reset():
    fired, device = resets()
    addresses = memory_map.neuron_reset_address(np.arange(N_NEURONS))
    assert device.claims(addresses).all()
    for address in addresses.tolist():
        device.write(address, 0, 9, context())
    assert fired == [(n, 9) for n in range(N_NEURONS)]


@pytest.mark.parametrize(
    ("half", "quad", "columns"),
    [(0, 0, [0, 2, 4, 6]), (1, 10, [80, 82, 84, 86]), (0, 34, [17, 19, 21, 23])],
)
def test_a_quad_resets_its_four_columns_neurons(half, quad, columns):
    """Column 23 is quad 34, entry 3; column 86 quad 10, entry 3 (chip reference 1.4)."""
    fired, device = resets()
    address = (0x02C94000, 0x03C94000)[half] + quad
    assert device.claims(np.array([address])).all()
    device.write(address, 1, 5, context())
    assert [n for n, _ in fired] == [256 * half + column for column in columns]


def test_the_quads_of_the_table_are_claimed_and_their_neighbours_are_not():
    _, device = resets()
    table = CONTAINERS["NeuronResetQuad"].all_addresses().astype(np.int64)
    assert device.claims(table.reshape(-1)).all()
    outside = np.array([0x02C93FFF, 0x02C94040, 0x121FFF, 0x122400, 0x122001, 0x0])
    assert not device.claims(outside).any()


def test_resets_are_write_only():
    _, device = resets()
    device.reset()
    assert device.read(0x122000, 0, context()) is None


def test_starting_a_processor_says_that_no_program_runs():
    device, there = PlasticityProcessors(), context()
    assert device.claims(np.array([0x02A00000, 0x03A00000, 0x02A00001])).tolist() == [
        True,
        True,
        False,
    ]
    device.write(0x03A00000, 0b1000, 1, there)  # held in reset, cache enabled
    assert len(there.log) == 0
    device.write(0x03A00000, 0b1001, 2, there)
    device.reset()
    assert str(there.log).startswith("cycle 2: processor bottom: is started, but programs")
    assert device.read(0x03A00000, 3, there) is None
