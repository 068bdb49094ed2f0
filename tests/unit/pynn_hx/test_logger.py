"""Loggers by the vendor's names.  Oracle: Python's logging, and what is written to a file."""

import logging

import pytest

from pynn_hx import logger


@pytest.fixture(autouse=True)
def undo():
    yield
    logger.reset()


def test_messages_of_the_level_and_above_are_written(tmp_path):
    file = tmp_path / "log"
    log = logger.get("vendor_script.part")
    log.ERROR("before anything is configured")
    logger.default_config(level=logger.LogLevel.INFO, fname=str(file))
    log.INFO("rate ", 3, " Hz")
    log.info("rate %d Hz", 4)
    log.DEBUG("quiet")
    logger.get("vendor_later").WARN("joined")
    lines = [line.split(maxsplit=2) for line in file.read_text().splitlines()]
    assert [(level, text) for level, _, text in lines] == [
        ("INFO", "vendor_script.part rate 3 Hz"),
        ("INFO", "vendor_script.part rate 4 Hz"),
        ("WARNING", "vendor_later joined"),
    ]


def test_every_level_has_both_methods(caplog):
    log = logger.get("vendor_levels")
    logger.set_loglevel(log, logger.LogLevel.TRACE)
    for name in ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"):
        getattr(log, name)("upper ", name)
        getattr(log, name.lower())("lower %s", name)
    assert [record.levelno for record in caplog.records] == [
        int(level) for level in logger.LogLevel for _ in range(2)
    ]
    assert caplog.messages[:2] == ["upper TRACE", "lower TRACE"]
    assert {record.filename for record in caplog.records} == {"test_logger.py"}
    logger.set_loglevel(log, logger.LogLevel.ERROR)
    log.WARN("not this")
    assert len(caplog.records) == 12
    log.setLevel(logging.NOTSET)


def test_nothing_is_installed_before_it_is_asked_for_nor_after_reset(tmp_path):
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    top = logging.getLogger("vendor_scripts")
    logger.get("vendor_scripts")
    assert not top.handlers
    logger.default_config(logger.LogLevel.DEBUG, fname=str(tmp_path / "log"), dual=True)
    logger.default_config(logger.LogLevel.WARN, fname=str(tmp_path / "log"), dual=True)
    assert len(top.handlers) == 2 and top.level == logger.LogLevel.WARN
    logger.reset()
    logger.reset()
    assert not top.handlers and top.level == logging.NOTSET
    assert (list(root.handlers), root.level) == before


def test_places_of_messages_are_printed_if_wanted(tmp_path):
    logger.default_config(fname=str(tmp_path / "log"), print_location=True)
    logger.get("vendor_place").ERROR("here")
    assert "here (test_logger.py:" in (tmp_path / "log").read_text()
