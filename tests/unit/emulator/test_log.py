"""The log of what a program asked for in vain.

Oracle: the promises in its docstrings, worked out by hand.
"""

import logging

import pytest

from emulator.log import Entry, Log


def test_entries_are_kept_in_order_with_a_count_of_repeats():
    log = Log()
    log.note(5, "bus", "lost")
    log.note(6, "timer", "late")
    log.note(9, "bus", "lost")
    assert list(log) == [Entry(5, "bus", "lost", 2), Entry(6, "timer", "late", 1)]
    assert str(log) == "cycle 5: bus: lost (2 times)\ncycle 6: timer: late"
    assert len(log) == 2


def test_the_same_text_at_another_place_is_another_entry():
    log = Log()
    log.note(1, "bus 0", "lost")
    log.note(2, "bus 1", "lost")
    assert [entry.count for entry in log] == [1, 1]


def test_the_oldest_entry_goes_when_there_are_too_many():
    log = Log(n_entries=3)
    for k in range(5):
        log.note(k, "place", f"text {k}")
    assert [entry.text for entry in log] == ["text 2", "text 3", "text 4"]


def test_logging_hears_what_is_new_as_a_warning_and_repeats_as_details(caplog):
    log = Log()
    with caplog.at_level(logging.DEBUG, "emulator"):
        for _ in range(3):
            log.note(7, "bus", "lost")
    assert [r.levelno for r in caplog.records] == [logging.WARNING, logging.DEBUG, logging.DEBUG]
    assert caplog.records[0].getMessage() == "cycle 7: bus: lost"


def test_after_clearing_everything_is_new_again(caplog):
    log = Log()
    log.note(1, "bus", "lost")
    log.clear()
    assert list(log) == []
    log.note(2, "bus", "lost")
    assert list(log) == [Entry(2, "bus", "lost", 1)]
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2


def test_an_entry_cannot_be_changed():
    with pytest.raises(AttributeError):
        Entry(1, "bus", "lost", 1).count = 2
