"""The emulator as a whole: what it refuses, and that it repeats itself.

Oracle: the promises in `Emulator`'s docstring.
"""

import logging

import numpy as np
import pytest

from emulator import Emulator, EmulatorError
from firmware_protocol import DecodeError, Program, decode, memory_map
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
    ("program", "text"),
    [
        (message(ToFpga.TIMER_SETUP), "has no halt: append Program.halt"),
        (np.concatenate([HALT, HALT]), "word 0: halt ends a program, but 1 words follow"),
        (words(message(ToFpga.OMNIBUS_DATA, 1)), "word 0: omnibus data without an address"),
        (
            words(message(ToFpga.OMNIBUS_ADDRESS, 0xF_0000_0001)),
            "word 0: omnibus write without data",
        ),
    ],
)
def test_programs_that_cannot_be_played_are_refused(program, text):
    with pytest.raises(EmulatorError, match=text):
        Emulator().execute(program)


def test_words_that_are_no_messages_name_their_index():
    with pytest.raises(DecodeError, match="word 1"):
        Emulator().execute(np.array([0x0400000000000000, 0x7F00000000000000], np.uint64))


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (int(memory_map.spike_counter_address(0)), "spike counters are not emulated yet"),
    ],
)
def test_registers_without_a_circuit_behind_them_are_refused(address, text):
    program = Program()
    program.read([address])
    program.halt()
    with pytest.raises(EmulatorError, match=text):
        Emulator().execute(program.words())


@pytest.mark.parametrize("seeds", [{"chip_seed": -1}, {"run_seed": 1 << 64}])
def test_seeds_have_64_bits(seeds):
    with pytest.raises(EmulatorError, match=r"outside 0\.\.2\*\*64-1"):
        Emulator(**seeds)


def test_step_must_be_a_power_of_two():
    with pytest.raises(EmulatorError, match="step_cycles = 3; choose"):
        Emulator(step_cycles=3)


def test_a_refused_program_changes_nothing():
    config = emulated.read_out(emulated.chip(), 0)
    bad = config.copy()
    bad.madc.active_mux_input_select_length = 1
    emulator, untouched = Emulator(), Emulator()
    with pytest.raises(EmulatorError, match="active_mux_input_select_length = 1 alternates"):
        emulator.execute(emulated.experiment(bad, 10))
    program = emulated.experiment(config, 50)
    assert np.array_equal(emulator.execute(program), untouched.execute(program))


def test_circuits_that_are_on_but_not_emulated_are_named_once(caplog):
    config = emulated.chip([4, 5], exponential_enable=1)
    with caplog.at_level(logging.WARNING, "emulator"):
        emulated.run(config, 20)
    (record,) = caplog.records
    assert record.getMessage().startswith("exponential term enabled at neuron(s) 4, 5, but not")


def test_short_term_plasticity_is_named(caplog):
    config = emulated.chip()
    config.synapse_drivers.enable_receiver[1, 2] = config.synapse_drivers.enable_stp[1, 2] = 1
    with caplog.at_level(logging.WARNING, "emulator"):
        emulated.run(config, 20)
    assert "short-term plasticity enabled at synapse driver(s) 130, but not" in caplog.text


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
