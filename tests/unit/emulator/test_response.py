"""Reports to words: order, times, the end of a run, and the trace memory.

Oracle: the decoder, and the arrays that went in; whatever the response is cut into, its words are
those of one piece.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import response as r
from emulator.log import Log
from firmware_protocol import decode
from firmware_protocol.instructions import FromFpga

SPIKE, MADC = FromFpga.SPIKE_PACK_1, FromFpga.MADC_PACK_1
READ, TICK = FromFpga.OMNIBUS_DATA, FromFpga.LOOPBACK


def ints(*values):
    return np.array(values, np.int64)


def u64(*values):
    return np.array(values, np.uint64)


def joined(response):
    return np.concatenate([np.empty(0, np.uint64), *response.take()])


def finished(response, cycle, *, halted=True):
    response.finish(cycle, halted=halted)
    return decode(joined(response))


def test_reports_come_in_order_of_arrival_whenever_they_were_made():
    response = r.Response(0, Log())
    response.add_events(SPIKE, ints(500, 700), ints(900, 1300), ints(1, 2))
    response.add_answers(READ, ints(300, 600), u64(7, 8))
    response.add_events(MADC, ints(400), ints(730), ints(512))
    trace = finished(response, 1000)
    assert trace.spike_time.tolist() == [450, 650]
    assert trace.madc_time.tolist() == [365]
    assert trace.reads.tolist() == [7, 8]
    assert trace.halted


def test_the_response_lasts_until_the_last_answer_and_no_longer():
    response = r.Response(0, Log())
    response.add_answers(READ, ints(150), u64(7))
    response.add_events(SPIKE, ints(150, 151), ints(226, 228), ints(1, 2))
    trace = finished(response, 100)
    assert trace.reads.tolist() == [7]
    assert trace.spike_label.tolist() == [1]


def test_messages_that_are_forgotten_do_not_arrive_and_others_do():
    response = r.Response(0, Log())
    response.add_events(SPIKE, ints(150, 200, 201), ints(226, 326, 328), ints(1, 2, 3))
    response.add_events(MADC, ints(250), ints(426), ints(512))
    response.forget(SPIKE, 200)
    response.add_events(SPIKE, ints(300), ints(526), ints(4))
    trace = finished(response, 1000)
    assert trace.spike_label.tolist() == [1, 4]
    assert trace.madc_value.tolist() == [512]


def test_without_a_halt_the_end_is_not_reported():
    response = r.Response(0, Log())
    response.add_answers(READ, ints(150), u64(7))
    trace = finished(response, 100, halted=False)
    assert trace.reads.tolist() == [7]
    assert not trace.halted


def test_nothing_but_a_halt_is_two_words_and_nothing_at_all_none():
    response = r.Response(0, Log())
    response.finish(100, halted=True)
    assert joined(response).size == 2  # systime, halt
    response = r.Response(0, Log())
    response.finish(100, halted=False)
    assert joined(response).size == 0


def test_times_count_from_the_last_systime_init_before_an_arrival():
    response = r.Response(1000, Log())
    response.add_events(SPIKE, ints(1500), ints(2940), ints(1))
    response.set_time(2000)
    response.add_events(SPIKE, ints(2030, 2100), ints(3990, 4150), ints(2, 3))
    trace = finished(response, 2200)
    assert trace.spike_time.tolist() == [470, -5, 75]


def test_expected_messages_take_their_place_among_the_others():
    response = r.Response(0, Log())
    response.expect(TICK, ints(100, 300), u64(1, 1))
    response.add_answers(READ, ints(200), u64(5))
    response.expect(TICK, ints(400), u64(1))
    trace = finished(response, 500)
    assert trace.ticks.tolist() == [100, 300, 400]


def report(draw_kind):
    return st.tuples(draw_kind, st.integers(0, 20), st.integers(0, 1000))


@settings(deadline=None)
@given(
    st.lists(report(st.sampled_from([SPIKE, MADC, READ])), max_size=60),
    st.lists(st.integers(0, 1200), max_size=5),
)
def test_settling_early_changes_no_word(items, cuts):
    items = sorted(((kind, 50 + cycle * 7, value) for kind, cycle, value in items),
                   key=lambda item: item[1])  # fmt: skip

    def fill(response, chosen):
        for kind, cycle, value in chosen:
            if kind == READ:
                response.add_answers(kind, ints(cycle), u64(value))
            else:
                response.add_events(kind, ints(cycle), ints(2 * cycle - 74), ints(value))

    whole = r.Response(0, Log())
    fill(whole, items)
    whole.finish(300, halted=True)
    pieces, begin = r.Response(0, Log()), 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(r, "_WORTHWHILE", 1)
        for cut in sorted(cuts):
            fill(pieces, [item for item in items if begin <= item[1] < cut])
            pieces.settle(cut)
            begin = max(begin, cut)
        fill(pieces, [item for item in items if begin <= item[1]])
        pieces.finish(300, halted=True)
    assert np.array_equal(joined(pieces), joined(whole))


def test_words_can_be_taken_while_more_is_to_come():
    response = r.Response(0, Log())
    cycle = 37 + 5 * np.arange(10_000)
    response.add_events(MADC, cycle, 2 * (cycle - 37), np.full(10_000, 500))
    response.settle(int(cycle[-1]) + 1)
    first = joined(response)
    assert first.size > 7000
    response.finish(int(cycle[-1]) + 1, halted=True)
    trace = decode(np.concatenate([first, joined(response)]))
    assert np.array_equal(trace.madc_time, cycle - 37)
    assert response.n_words > first.size


def test_outgrowing_the_trace_memory_is_noted_once(monkeypatch):
    monkeypatch.setattr(r, "TRACE_WORDS", 4)
    log = Log()
    response = r.Response(0, log)
    for cycle in (1000, 2000, 3000):
        response.add_answers(READ, ints(cycle), u64(7))
    response.finish(4000, halted=True)
    assert [entry.place for entry in log] == ["trace memory"]
    assert "longer than its 4 words" in str(log)
