"""The emulator as a whole: what it refuses, and that it repeats itself.

Oracle: the promises in `Emulator`'s docstring.
"""

import logging

import numpy as np
import pytest

from emulator import Emulator, EmulatorError
from firmware_protocol import Program, decode, memory_map
from firmware_protocol.instructions import ToFpga, message
from tests.support import emulated

HALT = Program()
HALT.halt()
HALT = HALT.words()


def words(*parts):
    return np.concatenate([*parts, HALT])


def test_same_seeds_and_words_give_the_same_bytes():
    program = emulated.experiment(emulated.read_out(emulated.chip([0, 1, 2]), 0), 100)
    first, second = (Emulator(chip_seed=3, run_seed=4).execute(program) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    "seeds", [{"chip_seed": 4, "run_seed": 4}, {"chip_seed": 3, "run_seed": 5}]
)
def test_another_seed_gives_other_bytes(seeds):
    program = emulated.experiment(emulated.read_out(emulated.chip(), 0), 100)
    base = Emulator(chip_seed=3, run_seed=4).execute(program)
    assert not np.array_equal(base, Emulator(**seeds).execute(program))


def test_runs_of_one_emulator_differ_by_their_temporal_noise():
    emulator = Emulator()
    config = emulated.chip()
    first = emulated.Result(emulator.execute(emulated.experiment(config, 200)))
    second = emulated.Result(emulator.execute(emulated.experiment(None, 200, fresh=False)))
    rates = [1 / np.diff(r.spike_cycles).mean() for r in (first, second)]
    assert rates[0] == pytest.approx(rates[1], rel=0.01)
    assert not np.array_equal(np.diff(first.spike_cycles), np.diff(second.spike_cycles))


@pytest.mark.parametrize(
    "program",
    [
        np.concatenate([HALT, HALT]),
        words(message(ToFpga.OMNIBUS_DATA, 1)),
        words(message(ToFpga.OMNIBUS_ADDRESS, 0xF_0000_0001)),
        words(np.array([0x7F << 56], np.uint64)),
        words(np.array([0xFF << 56], np.uint64)),
    ],
)
def test_what_means_nothing_is_ignored_and_noted(program):
    emulator = Emulator()
    trace = decode(emulator.execute(program))
    assert trace.halted
    assert trace.reads.size == trace.ticks.size == trace.timeouts.size == 0
    assert [entry.place for entry in emulator.log] == ["program"]


def test_without_a_halt_the_response_has_none():
    emulator = Emulator()
    trace = decode(emulator.execute(message(ToFpga.LOOPBACK, 1)))
    assert trace.ticks.tolist() == [0]
    assert not trace.halted
    assert "it has no halt" in str(emulator.log)
    assert emulator.execute([]).size == 0
    assert decode(emulator.execute(words(message(ToFpga.LOOPBACK, 1)))).ticks.tolist() == [1]


def test_what_is_no_list_of_words_is_refused():
    with pytest.raises(EmulatorError, match="shape"):
        Emulator().execute(np.zeros((2, 2), np.uint64))
    with pytest.raises(EmulatorError, match="pass a list of 64-bit words"):
        Emulator().stream("halt")


def test_the_log_tells_python_s_logging(caplog):
    with caplog.at_level(logging.WARNING, "emulator"):
        Emulator().execute(message(ToFpga.LOOPBACK, 1))
    (record,) = caplog.records
    assert record.name == "emulator"
    assert "it has no halt" in record.getMessage()


@pytest.mark.parametrize("seeds", [{"chip_seed": -1}, {"run_seed": 1 << 64}])
def test_seeds_have_64_bits(seeds):
    with pytest.raises(EmulatorError, match=r"outside 0\.\.2\*\*64-1"):
        Emulator(**seeds)


def test_step_must_be_a_power_of_two():
    with pytest.raises(EmulatorError, match="step_cycles = 3; choose"):
        Emulator(step_cycles=3)


def test_a_stream_has_the_same_words_as_a_response():
    program = emulated.experiment(emulated.read_out(emulated.chip([0, 1]), 0), 9000)
    whole = Emulator().execute(program)
    chunks = list(Emulator().stream(program))
    assert np.array_equal(np.concatenate(chunks), whole)
    assert max(chunk.size for chunk in chunks) < whole.size / 2


def test_a_stream_is_played_as_far_as_it_is_read():
    program = emulated.experiment(emulated.read_out(emulated.chip(), 0), 3000)
    emulator, whole = Emulator(), Emulator().execute(program)
    stream = emulator.stream(program)
    first = next(stream)
    assert np.array_equal(first, whole[: first.size])
    tick = decode(emulator.execute(words(message(ToFpga.LOOPBACK, 1)))).ticks[0]
    begin = decode(whole).ticks[0]
    assert begin < tick < begin + 3000 * emulated.CYCLES_PER_US
    assert list(stream) == [], "another program has ended it"


def test_a_stream_that_nobody_reads_does_nothing():
    emulator = Emulator()
    emulator.stream(words(message(ToFpga.LOOPBACK, 1)))
    assert decode(emulator.execute(words(message(ToFpga.LOOPBACK, 1)))).ticks.tolist() == [0]


def test_a_program_that_is_cut_in_two_leaves_the_same_spikes():
    """The halt and what follows it take a cycle each, and the events between come with neither."""
    config = emulated.chip([0, 300])
    whole = Emulator().execute(emulated.experiment(config, 2000, madc=False))
    program = Program()
    emulated.start_up(program)
    emulated.write_chip(program, config)
    program.halt()
    parts = Emulator()
    parts.execute(program.words())
    rest = parts.execute(emulated.experiment(None, 2000, madc=False, fresh=False))
    counts = [emulated.Result(r).labels.size for r in (whole, rest)]
    assert counts[0] == pytest.approx(counts[1], abs=2)


def test_jtag_is_ignored():
    program = words(message(ToFpga.JTAG_INIT), message(ToFpga.LOOPBACK, 1))
    assert decode(Emulator().execute(program)).ticks.tolist() == [1]


def test_a_neuron_reset_makes_a_quiet_neuron_spike():
    program = Program()
    emulated.write_chip(program, emulated.chip(3, threshold_v_threshold=1022))
    program.write(memory_map.EVENT_RECORDING_CONFIG, 1)
    program.wait(1250)
    program.write(memory_map.neuron_reset_address(3), 0)
    program.wait(1250)
    program.halt()
    trace = decode(Emulator().execute(program.words()))
    assert trace.spike_time.size == 1
