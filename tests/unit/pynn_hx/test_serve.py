"""The command `pynn-hx serve`: its options, and what it refuses before anything is opened.

Oracle: docs/reference/command_line.md.  Servers that really listen: tests/system/test_server.py.
"""

import argparse
import logging
import signal

import pytest

from firmware_protocol.server import PrivateChips
from pynn_hx import serve, targets
from tests.support.fake_chip import FakeChip

OFFERED = PrivateChips(FakeChip, identifier="fake")


def parsed(*words):
    parser = argparse.ArgumentParser()
    serve.add_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture
def offered(monkeypatch):
    """What was asked to be offered; nothing real is opened."""
    urls = []
    monkeypatch.setattr(
        targets, "backend", lambda url: (urls.append(url), OFFERED)[1], raising=False
    )
    return urls


@pytest.fixture
def called(monkeypatch):
    """How the server would have been started."""
    calls = []

    async def fake(backend, places, *, ready, **options):
        calls.append((backend, places, options))
        ready(["tcp://127.0.0.1:4711"])

    monkeypatch.setattr(serve, "serve", fake)
    return calls


def test_by_default_an_emulator_is_offered_on_loopback(offered, called, capsys):
    assert serve.run(parsed()) == 0
    ((backend, places, options),) = called
    assert backend is OFFERED and offered == ["emulator:"]
    assert [(p.host, p.port) for p in places] == [("127.0.0.1", 5000)]
    assert options["safety"].credentials is None and options["safety"].tls is None
    assert options["limits"] == serve.Limits()
    assert capsys.readouterr().out == "listening on tcp://127.0.0.1:4711\n"


def test_every_option_reaches_the_server(offered, called, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("correct-horse-battery")
    secret.chmod(0o600)
    words = (
        "--listen tcp://127.0.0.1:0 --listen udp://127.0.0.1 --target emulator:?chip_seed=3 "
        f"--secret-file {secret} --max-clients 3 --max-program-words 10 --max-response-words 11 "
        "--idle-timeout 12"
    )
    assert serve.run(parsed(*words.split())) == 0
    ((_, places, options),) = called
    assert len(places) == 2 and offered == ["emulator:?chip_seed=3"]
    limits = options["limits"]
    assert (limits.clients, limits.program_words, limits.response_words) == (3, 10, 11)
    assert limits.idle_s == 12.0
    assert options["safety"].credentials is not None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--listen tcp://0.0.0.0:5000", "can be reached from other machines and needs a secret"),
        ("--listen udp://0.0.0.0", "HostARQ knows no authentication"),
        ("--listen http://127.0.0.1:80", "a server listens on tcp, serial, udp"),
        ("--listen tcp://127.0.0.1", "is not of the form host:port"),
        ("--key key.pem", "--key belongs to a certificate"),
        ("--certificate nowhere.pem", "No such file"),
        ("--secret-file /nowhere", "secret file '/nowhere': No such file"),
        ("--max-clients 0", "limit clients = 0: allow at least one"),
        ("--idle-timeout -1", "limit idle_s = -1.0: use 0 for no limit"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_opened(words, message, offered, capsys):
    assert serve.run(parsed(*words.split())) == 2
    assert message in capsys.readouterr().err
    assert offered == []


def test_a_target_that_does_not_exist_is_an_error_in_one_line(monkeypatch, capsys):
    def refuse(url):
        raise ValueError(f"target {url!r}: no such thing")

    monkeypatch.setattr(targets, "backend", refuse, raising=False)
    assert serve.run(parsed("--target", "moon:")) == 2
    assert capsys.readouterr().err == "pynn-hx serve: target 'moon:': no such thing\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_with_status_0(number, offered, monkeypatch):
    async def fake(backend, places, *, stop, **_):
        signal.raise_signal(number)
        await stop.wait()

    before = signal.getsignal(number)
    monkeypatch.setattr(serve, "serve", fake)
    assert serve.run(parsed()) == 0
    assert signal.getsignal(number) is before


def test_an_interrupt_before_the_server_listens_ends_it_with_status_0(monkeypatch):
    def interrupted(url):
        raise KeyboardInterrupt

    monkeypatch.setattr(targets, "backend", interrupted, raising=False)
    assert serve.run(parsed()) == 0


def test_what_is_offered_is_logged(offered, called, caplog):
    with caplog.at_level(logging.INFO):
        serve.run(parsed())
    assert "offering fake" in caplog.text
