"""Links between chip and FPGA: single events, volleys, overload, and cuts in time.

Oracle: a model of the queues in plain Python that lives tick by tick; the vendor's tests (calix:
more than 250 of 512 neurons that fire together arrive; event loops return more than 90 %; single
spikes less than 2 % lost); sums by hand.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import EmulatorError
from emulator.crossbar import Inputs
from emulator.links import Downlinks, Uplinks
from emulator.memory import Memory, power_on_image
from firmware_protocol.coordinates import CROSSBAR_NODES

LOSSY, LOSSLESS = SimpleNamespace(event_loss=True), SimpleNamespace(event_loss=False)
MEMORY = Memory(power_on_image())
DEPTH, NEURONS_PER_OUTPUT = 24, 64
OUTPUT_CONFIG, NODES = 0x130000, 0x130019


def memory_of(words):
    memory = Memory(power_on_image())
    memory.write(np.array(list(words), np.uint32), np.array(list(words.values()), np.uint32))
    return memory


def slow_links(*links):
    return memory_of({OUTPUT_CONFIG: sum(1 << link for link in links)})


def leave(uplinks, events, memory=MEMORY):
    """(tick, link, label) of those of the (tick, input, label) events that get to the FPGA."""
    return out_of(uplinks, events, memory)[0]


def out_of(uplinks, events, memory=MEMORY):
    """(`leave`, how many of each input are lost)."""
    out = uplinks.leave(memory, Inputs(*np.array(events, np.int64).reshape(-1, 3).T.copy()))
    assert np.all(np.diff(out.tick // 2) >= 0)
    columns = out.tick, out.event >> 14, out.event & 0x3FFF
    return list(zip(*(c.tolist() for c in columns), strict=True)), out.lost.tolist()


def cut(uplinks, events, bounds, memory=MEMORY):
    """As `out_of`, in several calls."""
    parts, lost = [], np.zeros(20, np.int64)
    for a, b in zip([0, *bounds], [*bounds, 1 << 40], strict=True):
        left, gone = out_of(uplinks, [e for e in events if a <= e[0] < b], memory)
        parts, lost = parts + left, lost + gone
    return parts, lost.tolist()


class SlowLink:
    """One link, tick by tick: what its five inputs hand on, queue, lose and send."""

    def __init__(self, spacing):
        self.spacing, self.next_cycle, self.sent = spacing, 0, {}
        self.line = []  # events in the order in which they were ready, not yet sent or lost

    def play(self, events):
        """Tick at which each (tick, input, label) leaves, or None; `events` sorted."""
        waiting = {i: [] for i in range(20)}
        handed_on, inside = set(), dict.fromkeys(range(20), 0)
        coming, tick = list(enumerate(events)), 0
        while coming or self.line:
            while coming and coming[0][1][0] == tick:
                number, (_, input_, _) = coming.pop(0)
                if input_ >= 8 or len(waiting[input_]) < NEURONS_PER_OUTPUT:
                    waiting[input_].append(number)
                    self.line.append((number, input_))
            self._send(tick, handed_on, inside)
            for input_, queue in waiting.items():
                if queue:
                    number = queue.pop(0)
                    if inside[input_] < DEPTH:
                        handed_on.add(number)
                        inside[input_] += 1
                        self._send(tick, handed_on, inside)
                    else:
                        self.line.remove((number, input_))
            tick += 1
        return [self.sent.get(number) for number in range(len(events))]

    def _send(self, tick, handed_on, inside):
        """Let the head of the line leave, if the link is free and the event is in its queue."""
        if self.line and tick // 2 >= self.next_cycle and self.line[0][0] in handed_on:
            number, input_ = self.line.pop(0)
            self.sent[number] = tick
            self.next_cycle = tick // 2 + self.spacing
            inside[input_] -= 1


# --- to the FPGA ----------------------------------------------------------------------------------


def test_a_single_event_leaves_at_once_with_all_it_carries():
    events = [(1001, 6, 0x6C3), (1003, 9, 0x3FFF), (1003, 19, 5)]
    assert leave(Uplinks(LOSSY), events) == [(t, i % 4, label) for t, i, label in events]


def test_events_of_one_link_leave_a_cycle_apart_the_lowest_input_first():
    left = leave(Uplinks(LOSSY), [(10, 16, 3), (10, 12, 2), (10, 8, 1), (10, 4, 0), (11, 0, 4)])
    assert [(tick, label) for tick, _, label in left] == [
        (10, 0), (12, 1), (14, 2), (16, 3), (18, 4),
    ]  # fmt: skip


def test_links_do_not_wait_for_each_other():
    left = leave(Uplinks(LOSSY), [(10, i, 0) for i in range(4)])
    assert [tick for tick, *_ in left] == [10] * 4


def test_only_what_a_node_lets_through_leaves_and_the_rest_is_not_lost():
    # Of input 5 labels whose lowest bits are 01, of input 4 nothing, of input 6 everything.
    at = {input_: CROSSBAR_NODES.tolist().index([input_, 8 + input_ % 4]) for input_ in (4, 5)}
    memory = memory_of({NODES + at[5]: 1 << 16 | 3, NODES + at[4]: 1 << 16})
    left, lost = out_of(
        Uplinks(LOSSY), [(4 * k, i, k) for k in range(8) for i in (4, 5, 6)], memory
    )
    assert left == [(4 * k, i % 4, k) for k in range(8) for i in (5, 6) if i == 6 or k in (1, 5)]
    assert not any(lost)


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 19), st.integers(0, 0x3FFF)), max_size=80
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_in_which_events_are_told_matters_for_those_of_one_tick_and_input_only(
    events, random
):
    events = sorted(events, key=lambda event: event[:2])
    expected = out_of(Uplinks(LOSSY), events)
    mixed = [(k, event) for k, event in enumerate(events)]
    random.shuffle(mixed)
    first = {
        key: iter(sorted(k for k, e in mixed if e[:2] == key)) for key in {e[:2] for e in events}
    }
    told = [events[next(first[event[:2]])] for _, event in mixed]
    assert out_of(Uplinks(LOSSY), told) == expected


def test_more_than_250_of_512_neurons_that_fire_at_once_arrive():
    volley = [(2000, column // 32, column // 32) for column in range(256) for _ in range(2)]
    left, lost = out_of(Uplinks(LOSSY), volley)
    # A link first serves the lower of its two event outputs.  That hands on 64 events within 64
    # ticks, in which 32 leave and 24 find room behind them; so do 24 of the upper one.
    arrived = np.bincount([label for _, _, label in left], minlength=8)
    assert arrived.tolist() == [32 + 24] * 4 + [24] * 4
    assert lost == [8] * 4 + [40] * 4 + [0] * 12
    assert 250 < arrived.sum() < 0.7 * 512


@pytest.mark.parametrize(
    ("spread_us", "most_lost"), [(0.1, 0.38), (0.3, 0.35), (0.5, 0.2), (1.5, 0.001)]
)
def test_the_wider_a_volley_the_less_is_lost(spread_us, most_lost):
    random = np.random.default_rng(1)
    ticks = np.round(1000 + random.uniform(0, spread_us * 250, 512)).astype(int)
    left = leave(Uplinks(LOSSY), [(t, n % 8, 0) for n, t in enumerate(ticks.tolist())])
    assert 1 - len(left) / 512 < most_lost


def test_single_spikes_at_a_low_rate_are_not_lost():
    random = np.random.default_rng(2)
    ticks = np.sort(random.integers(0, 2_500_000, 20_000)).tolist()  # 2 MHz for 10 ms
    inputs = random.integers(0, 20, 20_000).tolist()
    left = leave(Uplinks(LOSSY), [(t, i, 0) for t, i in zip(ticks, inputs, strict=True)])
    assert len(left) == 20_000  # the vendor allows 2 %


def test_regular_background_events_of_all_sources_return_as_the_vendor_counts_them():
    ticks = [1000 * k for k in range(1, 200)]
    left = leave(Uplinks(LOSSY), [(t, 12 + s, s) for t in ticks for s in range(8)])
    counts = np.bincount([label for _, _, label in left])
    assert counts.tolist() == [199] * 8


EVENTS = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from([1, 5, 9, 13, 17]), st.integers(1, 40)),
    max_size=12,
)


@given(EVENTS, st.booleans())
@settings(max_examples=60)
def test_queues_do_what_a_model_that_lives_tick_by_tick_does(bursts, slow):
    places = sorted((t, i) for t, i, n in bursts for _ in range(n))
    events = [(t, i, number) for number, (t, i) in enumerate(places)]
    left = leave(Uplinks(LOSSY), events, slow_links(1) if slow else MEMORY)
    sent = {number: tick for tick, _, number in left}
    expected = SlowLink(spacing=1 + slow).play(events)
    assert [sent.get(number) for number in range(len(events))] == expected


@given(EVENTS, st.sets(st.integers(0, 60), max_size=5))
def test_cuts_in_time_change_nothing(bursts, cuts):
    events = [(t, i, n) for t, i, n in bursts for _ in range(n)]
    whole, lost = out_of(Uplinks(LOSSY), events)
    parts, lost_of_parts = cut(Uplinks(LOSSY), events, sorted(cuts))
    # What waits for its link leaves after events of the next call; a link carries one per cycle.
    assert sorted(parts) == sorted(whole)
    assert lost_of_parts == lost


def test_without_event_loss_all_leave_if_late():
    volley = [(0, output, label) for output in range(8) for label in range(64)] * 3
    left = leave(Uplinks(LOSSLESS), volley)
    for link in range(4):
        assert [t for t, at, _ in left if at == link] == [2 * k for k in range(384)]


def test_a_slow_link_sends_every_second_cycle():
    events = [(0, i, 0) for i in (0, 1) for _ in range(4)]
    left = leave(Uplinks(LOSSY), events, slow_links(1))
    assert [tick for tick, link, *_ in left if link == 0] == [0, 2, 4, 6]
    assert [tick for tick, link, *_ in left if link == 1] == [0, 4, 8, 12]


def test_the_reset_line_empties_the_queues():
    uplinks = Uplinks(LOSSY)
    leave(uplinks, [(0, 0, 0)] * 20)
    uplinks.reset()
    assert leave(uplinks, [(1, 0, 7)]) == [(1, 0, 7)]


# --- to the chip ----------------------------------------------------------------------------------


def enter(downlinks, events):
    cycle, input_, label = np.array(events, np.int64).reshape(-1, 3).T
    return downlinks.enter(Inputs(cycle, input_, label))


def test_labels_of_a_pack_enter_together_on_different_channels_and_in_turn_on_one():
    entries = enter(Downlinks(LOSSY), [(5, 8, 1), (5, 9, 2), (5, 8, 3), (6, 8, 4)])
    got = list(zip(*(column.tolist() for column in entries.inputs), strict=True))
    assert got == [(5, 8, 1), (5, 9, 2), (6, 8, 3), (7, 8, 4)]
    assert not entries.dropped.any()


def test_a_channel_overrun_by_packs_of_three_loses_what_its_queue_cannot_take():
    # Two more wait after every cycle, 62 after 31 of them.  An event never waits for 64 cycles, so
    # that of the next three two are taken, and one from then on.
    events = [(cycle, 10, 3 * cycle + k) for cycle in range(200) for k in range(3)]
    entries = enter(Downlinks(LOSSY), events)
    assert entries.inputs.cycle.tolist() == list(range(200 + 63))
    assert entries.dropped.tolist() == [0] * 10 + [600 - 263] + [0] * 9
    assert entries.inputs.label[:95].tolist() == list(range(95))


def test_an_event_loop_at_a_moderate_rate_returns_all_events():
    random = np.random.default_rng(3)
    packs = [(12 * k, 8 + int(a), k) for k, a in enumerate(random.integers(0, 4, 1000))]
    arrived = enter(Downlinks(LOSSY), [event for event in packs for _ in range(3)]).inputs
    back = leave(Uplinks(LOSSY), list(zip((2 * arrived.cycle).tolist(), arrived.input.tolist(),
                                          arrived.label.tolist(), strict=True)))  # fmt: skip
    assert len(back) == 3000  # the vendor wants 90 %


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(8, 11), st.integers(0, 0x3FFF)),
                max_size=400), st.integers(0, 100))  # fmt: skip
def test_a_cut_in_time_changes_nothing_on_the_way_to_the_chip(events, bound):
    events = sorted(events, key=lambda event: event[0])
    whole, halves = Downlinks(LOSSY), Downlinks(LOSSY)
    expected = enter(whole, events)
    parts = [enter(halves, [e for e in events if e[0] < bound]),
             enter(halves, [e for e in events if e[0] >= bound])]  # fmt: skip
    got = [np.concatenate(c) for c in zip(*(p.inputs for p in parts), strict=True)]
    key = np.lexsort((got[1], got[0]))
    wanted = np.lexsort((expected.inputs.input, expected.inputs.cycle))
    for a, b in zip(got, expected.inputs, strict=True):
        assert a[key].tolist() == b[wanted].tolist()


def test_without_event_loss_a_channel_only_delays():
    entries = enter(Downlinks(LOSSLESS), [(0, 11, k) for k in range(1000)])
    assert entries.inputs.cycle.tolist() == list(range(1000))
    assert entries.inputs.label.tolist() == list(range(1000))


def test_the_fpga_has_no_way_to_other_inputs():
    with pytest.raises(EmulatorError, match=r"event 1: the FPGA sends to crossbar inputs 8\.\.11"):
        enter(Downlinks(LOSSY), [(0, 8, 0), (0, 12, 0)])
