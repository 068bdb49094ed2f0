"""When messages execute, and which events are among them.

Oracle: the timing rules of docs/explanation/timing.md and the label's layout (chip reference 1.7),
worked out by hand.
"""

import numpy as np

from emulator.player.schedule import events, schedule
from firmware_protocol import Program
from firmware_protocol.instructions import parse

LATENCY = 100


def cycles(program, start=0, answered=0):
    messages = parse(program.words())
    cycle = np.empty(messages.header.size, np.int64)
    end, zero, answered = schedule(
        messages.header, messages.payload, start, start, answered, LATENCY, cycle
    )
    return cycle.tolist(), end, zero, answered


def test_every_message_takes_one_cycle():
    program = Program()
    program.write([1, 2], [3, 4])
    program.loopback()
    program.halt()
    cycle, end, _, _ = cycles(program, start=100)
    assert cycle == [100, 101, 102, 103, 104, 105]
    assert end == 106


def test_wait_until_completes_at_the_timer_value_and_takes_that_cycle():
    program = Program()
    program.setup_timer()  # cycle 7
    program.loopback()  # 8
    program.wait_until(9)  # completes at 16
    program.loopback()  # 17
    program.wait_until(5)  # late: completes at once, at 18
    program.loopback()  # 19
    cycle, _, zero, _ = cycles(program, start=7)
    assert cycle == [7, 8, 16, 17, 18, 19]
    assert zero == 7


def test_a_barrier_waits_for_the_answers_of_reads():
    program = Program()
    program.read([1])
    program.barrier()
    program.loopback()
    cycle, _, _, answered = cycles(program)
    assert cycle == [0, LATENCY, LATENCY + 1]
    assert answered == LATENCY


def test_a_barrier_waits_for_an_answer_that_was_promised_before():
    program = Program()
    program.barrier()
    program.loopback()
    assert cycles(program, start=10, answered=50)[0] == [50, 51]


def test_labels_of_a_pack_come_first_to_last_at_the_pack_s_cycle():
    program = Program()
    program.setup_timer()
    program.events([5, 5, 5, 9], [0x0001, 0x4002, 0xC003, 0x8FFF])
    messages = parse(program.words())
    cycle = np.empty(messages.header.size, np.int64)
    schedule(messages.header, messages.payload, 0, 0, 0, LATENCY, cycle)
    found = events(messages, cycle)
    assert found.cycle.tolist() == [5, 5, 5, 9]
    assert found.input.tolist() == [8, 9, 11, 10]
    assert found.label.tolist() == [1, 2, 3, 0xFFF]
