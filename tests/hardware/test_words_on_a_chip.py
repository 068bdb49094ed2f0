"""Words against whatever answers at a target URL: ``pytest tests/hardware --hardware URL``.

Oracle: what was written must be read, the chip must say that it is a HICANN-X v3, and time must
pass as the program says.  The same numbers hold for a chip and for the emulator behind a server
(``pynn-hx serve``), which is how these tests were tried; no chip was at hand.
"""

import contextlib

import numpy as np
import pytest

from firmware_protocol import ChipConfig, Program, SystemConfig, decode, initialise, jtag
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.jtag import IdCode
from firmware_protocol.memory_map import BLOCKS
from pynn_hx import targets

pytestmark = pytest.mark.hardware

READ_BACK = ("neuron_config", "neuron_backend", "synapses", "synapse_drivers", "crossbar_nodes")
"""Blocks of memory whose words a chip keeps as they were written."""


@pytest.fixture(scope="module")
def chip(request):
    """A connection to the chip."""
    url = request.config.getoption("--hardware")
    with contextlib.closing(targets.connect(url)) as connection:
        yield connection


def fresh():
    """A program that begins with the chip's reset and initialisation, and records nothing."""
    system, program = SystemConfig(), Program()
    system.event_recording.enable_event_recording = 0
    initialise(program, system)
    return program


def run(chip, program):
    program.halt()
    trace = decode(chip.execute(program.words()))
    assert trace.halted
    assert trace.timeouts.size == 0, f"instruction {trace.timeouts} timed out"
    return trace


def test_the_chip_says_that_it_is_a_hicann_x_v3(chip):
    program = fresh()
    ticket = jtag.read_id_code(program)
    IdCode.of(int(run(chip, program).redeem(ticket)[0])).check()


@pytest.mark.parametrize("name", READ_BACK)
def test_memory_reads_back_what_was_written(chip, name):
    """Random legal settings, seed 0; nothing is recorded, so what fires is nobody's."""
    rng, config, block = np.random.default_rng(0), ChipConfig(), BLOCKS[name]
    for field in block.register.fields:
        array = getattr(config, name)[field.name]
        array[...] = rng.integers(field.low, field.limit, array.shape, endpoint=True)
    words = config.image()[block.span]
    addresses = block.addresses.reshape(-1)
    some = rng.choice(addresses.size, min(addresses.size, 4000), replace=False)
    program = fresh()
    program.write(addresses[some], words[some])
    ticket = program.read(addresses[some])
    assert np.array_equal(run(chip, program).redeem(ticket), words[some])


def test_registers_that_were_initialised_read_back(chip):
    names = ("ADPLL", "PhyConfigFPGA", "CapMemSRAMTimingConfig", "NeuronSRAMTimingConfig")
    program, tickets = fresh(), {}
    for name in names:
        tickets[name] = program.read(CONTAINERS[name].all_addresses().reshape(-1))
    trace = run(chip, program)
    for name, ticket in tickets.items():
        register, shape = CONTAINERS[name].register, CONTAINERS[name].shape
        expected = register.encode(register.defaults(shape)).reshape(-1)
        assert np.array_equal(trace.redeem(ticket), expected), name


def test_time_passes_as_the_program_says(chip):
    program = fresh()
    program.setup_timer()
    first = program.loopback()
    program.wait_until(12_500)
    second = program.loopback()
    trace = run(chip, program)
    assert trace.redeem(second)[0] - trace.redeem(first)[0] == 12_500


def test_spikes_sent_through_the_crossbar_come_back(chip):
    """A default crossbar passes events from each link to itself; hardware may lose one in ten."""
    program = fresh()
    program.write(CONTAINERS["CrossbarNode"].all_addresses().reshape(-1), np.zeros(76, np.uint32))
    program.write(CONTAINERS["EventRecordingConfig"].addresses(), [1])
    program.setup_timer()
    labels = np.arange(400) * 37 % (1 << 16)
    program.events(1000 + 100 * np.arange(400), labels)
    program.wait_until(1000 + 100 * 400 + 2000)
    program.write(CONTAINERS["EventRecordingConfig"].addresses(), [0])
    came = run(chip, program).spike_label
    assert came.size >= 360
    assert np.isin(came, labels).all()
