"""Builders of programs.

Oracle: :class:`firmware_protocol.Program` with the same commands by address, and what the emulator
reads back from registers that were written.
"""

import numpy as np
import pytest

from emulator import Emulator
from firmware_protocol import FieldRangeError, Program, ProgramError, decode
from firmware_protocol.coordinates import CoordinateError
from firmware_protocol.instructions import Barrier
from firmware_protocol.transports import InProcess
from pynn_hx.vendor import hal, halco, lola, sta
from tests.support.emulated import start_up


def run(*builders):
    """Run builders one after the other; their tickets are redeemed."""
    program = Program()
    start_up(program)
    shifts = [program.extend(builder.program) for builder in builders]
    program.barrier()
    program.halt()
    trace = decode(Emulator(chip_seed=0, run_seed=0).execute(program.words()))
    for builder, shift in zip(builders, shifts, strict=True):
        builder.redeem(trace, shift)
    return trace


def test_a_builder_writes_and_waits_as_a_program_does():
    builder, expected = sta.PlaybackProgramBuilder(), Program()
    builder.write(halco.TimerOnDLS(), hal.Timer())
    builder.write(halco.CapMemCellOnDLS(), hal.CapMemCell(345))
    builder.block_until(halco.TimerOnDLS(), hal.Timer.Value(100))
    builder.wait_until(halco.BarrierOnFPGA(), hal.Barrier.omnibus | hal.Barrier.systime)
    expected.setup_timer()
    expected.write(1310720, 345)
    expected.wait_until(100)
    expected.barrier(Barrier.OMNIBUS | Barrier.SYSTIME)
    assert builder.program == expected
    assert builder.is_write_only() and not builder.empty()


def test_what_was_written_is_read_back_on_the_emulator():
    row = lola.SynapseWeightRow()
    row.values.from_numpy(np.arange(256) % 64)
    neuron = lola.AtomicNeuron(leak_v_leak=321, threshold_enable=1)
    builder = sta.PlaybackProgramBuilder()
    builder.write(halco.SynapseWeightRowOnDLS(300), row)
    builder.write(halco.AtomicNeuronOnDLS(259), neuron)
    tickets = [
        builder.read(halco.SynapseWeightRowOnDLS(300)),
        builder.read(halco.AtomicNeuronOnDLS(259)),
        builder.read(halco.SynramOnDLS.bottom),
    ]
    other = sta.PlaybackProgramBuilder()
    first = other.read(halco.SynapseRowOnDLS(300))
    assert not first.valid
    with pytest.raises(RuntimeError, match="has not been read yet"):
        first.get()
    builder.merge_back(other)
    assert other.empty() and not builder.is_write_only()
    run(sta.PlaybackProgramBuilder(), builder)
    assert [t.get() for t in tickets[:2]] == [row, neuron]
    assert tickets[2].get().weights[44] == row.values == first.get().weights


def test_a_builder_runs_on_a_connection():
    emulator = Emulator(chip_seed=0, run_seed=0)
    builder = sta.PlaybackProgramBuilder()
    builder.write(halco.CapMemCellOnDLS(9), hal.CapMemCell(12))
    ticket = builder.read(halco.CapMemCellOnDLS(9))
    sta.run(InProcess(emulator.execute, identifier="emulator-0"), builder)
    assert ticket.valid and ticket.get() == hal.CapMemCell(12)


def test_copies_are_for_builders_that_do_not_read():
    source, target = sta.PlaybackProgramBuilder(), sta.PlaybackProgramBuilder()
    source.write(halco.CapMemCellOnDLS(), hal.CapMemCell(1))
    target.copy_back(source)
    assert target.program == source.program and not source.empty()
    source.read(halco.CapMemCellOnDLS())
    with pytest.raises(ProgramError, match="use merge_back"):
        target.copy_back(source)


def test_containers_and_coordinates_must_fit():
    builder = sta.PlaybackProgramBuilder()
    with pytest.raises(TypeError, match="is no coordinate; use one of halco"):
        builder.write(3, hal.CapMemCell(1))
    with pytest.raises(TypeError, match="is no container; use one of hal or lola"):
        builder.write(halco.CapMemCellOnDLS(), 1)
    with pytest.raises(TypeError, match=r"CapMemCell belongs to halco\.CapMemCellOnDLS"):
        builder.write(halco.SynramOnDLS(), hal.CapMemCell(1))
    with pytest.raises(TypeError, match="BackgroundSpikeSource can only be written"):
        builder.read(halco.BackgroundSpikeSourceOnDLS(0))
    with pytest.raises(TypeError, match="no container to read"):
        builder.read(halco.NeuronColumnOnDLS(0))
    with pytest.raises(TypeError, match=r"none of halco\.TimerOnDLS"):
        builder.block_until(halco.SynramOnDLS(), 3)
    with pytest.raises(CoordinateError):
        builder.read(halco.CapMemCellOnDLS(99999))
    assert builder.empty()


def test_commands_at_times_run_in_the_order_of_time():
    builder = sta.AbsoluteTimePlaybackProgramBuilder()
    builder.write(hal.Timer.Value(5000), halco.CapMemCellOnDLS(), hal.CapMemCell(2))
    builder.write(1000, halco.CapMemCellOnDLS(), hal.CapMemCell(1))
    early = builder.read(3000, halco.CapMemCellOnDLS())
    other = sta.AbsoluteTimePlaybackProgramBuilder()
    late = other.read(4000, halco.CapMemCellOnDLS())
    other += 3000
    builder.merge(other)
    assert other.empty() and len(builder) == 4
    planned, program = builder.schedule(), Program()
    start_up(program)
    timetable = planned.schedule.add_to(program)
    program.halt()
    trace = decode(Emulator(chip_seed=0, run_seed=0).execute(program.words()))
    found = planned.redeem(trace, timetable)
    assert (early.get().value, late.get().value) == (1, 2)
    assert found == {halco.CapMemCellOnDLS(): hal.CapMemCell(2)}
    assert timetable.planned.tolist() == [1000, 3000, 5000, 7000]


def test_times_move_and_commands_copy():
    builder = sta.AbsoluteTimePlaybackProgramBuilder()
    builder.write(10, halco.CapMemCellOnDLS(), hal.CapMemCell(2))
    both = builder + 5
    both.copy(builder)
    program = Program()
    assert both.schedule().schedule.add_to(program).planned.tolist() == [10, 15]
    builder.read(20, halco.CapMemCellOnDLS())
    with pytest.raises(ProgramError, match="use merge"):
        both.copy(builder)
    with pytest.raises(ProgramError, match="cannot set the timer"):
        builder.write(20, halco.TimerOnDLS(), hal.Timer())
    with pytest.raises(FieldRangeError, match=r"Timer\.Value = -1"):
        builder.write(-1, halco.CapMemCellOnDLS(), hal.CapMemCell(2))
