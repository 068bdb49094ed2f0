"""Round robin.  Oracle: the definition, worked out by hand."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol import ProtocolError
from firmware_protocol.server.scheduler import QueueFullError, Scheduler


def scheduler(depth=8, **queued):
    made = Scheduler(depth=depth)
    for client, items in queued.items():
        made.add(client)
        for item in items:
            made.offer(client, item)
    return made


def drained(made):
    taken = []
    while (turn := made.next()) is not None:
        taken.append(turn)
    return taken


def test_a_client_that_queues_many_does_not_delay_one_that_queues_few():
    made = scheduler(a="123456", b="12", c="")
    order = [client + item for client, item in drained(made)]
    assert order == ["a1", "b1", "a2", "b2", "a3", "a4", "a5", "a6"]


def test_a_client_that_comes_late_waits_for_one_round_at_most():
    made = scheduler(a="1234", b="1234")
    assert made.next() == ("a", "1")
    made.add("c")
    made.offer("c", "1")
    assert [made.next()[0] for _ in range(3)] == ["b", "a", "c"]


@given(st.lists(st.integers(0, 6), min_size=1, max_size=5))
def test_between_two_turns_of_a_client_nobody_has_more_than_one(counts):
    made = scheduler(**{f"c{k}": range(n) for k, n in enumerate(counts)})
    order = drained(made)
    assert sorted(order) == [(f"c{k}", i) for k, n in enumerate(counts) for i in range(n)]
    for client in {client for client, _ in order}:
        places = [i for i, (name, _) in enumerate(order) if name == client]
        for a, b in itertools.pairwise(places):
            between = [name for name, _ in order[a + 1 : b]]
            assert len(between) == len(set(between))


def test_a_client_has_room_for_so_many_programs_and_no_more():
    made = scheduler(depth=2, a="12")
    with pytest.raises(QueueFullError, match="2 programs of this client wait already, the limit"):
        made.offer("a", "3")
    assert made.waiting("a") == len(made) == 2
    assert issubclass(QueueFullError, ProtocolError)


def test_a_client_that_leaves_takes_its_programs_with_it():
    made = scheduler(a="12", b="1")
    assert made.remove("a") == ["1", "2"]
    assert drained(made) == [("b", "1")]
    assert made.remove("a") == []
    assert "a" not in made and "b" in made
    assert made.waiting("a") == 0


def test_a_client_on_hold_is_passed_over_until_it_is_released():
    made = scheduler(a="12", b="1")
    made.hold("a")
    assert drained(made) == [("b", "1")]
    made.release("a")
    assert drained(made) == [("a", "1"), ("a", "2")]


def test_who_has_left_can_neither_be_held_nor_released_nor_come_back_on_hold():
    made = scheduler(a="1")
    made.hold("a")
    made.remove("a")
    made.hold("a")
    made.release("b")
    made.add("a")
    made.offer("a", "9")
    assert made.next() == ("a", "9")


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="depth = 0: a client needs room"):
        Scheduler(depth=0)
    with pytest.raises(ValueError, match="client 'a' takes part already"):
        scheduler(a="").add("a")
