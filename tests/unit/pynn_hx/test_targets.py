"""Targets.  Oracle: docs/how_to/choose_a_target.md."""

import socket

import pytest

import pynn_hx as pynn
from firmware_protocol import Connection, LinkError, Program, decode
from pynn_hx import targets


def test_the_default_is_an_emulator_with_seed_0():
    connection = targets.connect()
    assert isinstance(connection, Connection)
    assert connection.identifier == "emulator-0"


def test_the_environment_names_the_target_and_an_argument_wins(monkeypatch):
    monkeypatch.setenv(targets.ENVIRONMENT, "emulator:?chip_seed=5")
    assert targets.connect().identifier == "emulator-5"
    assert targets.connect("emulator:?chip_seed=6").identifier == "emulator-6"
    pynn.setup()
    assert pynn.simulator.state.connection.identifier == "emulator-5"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nowhere", "has no scheme"),
        ("quiggeldy://host", "no scheme 'quiggeldy'; there are emulator, serial, tcp, udp, e.g."),
        ("serial:///dev/ttyUSB0?speed=9600", r"unknown options \['speed'\]"),
        ("tcp://127.0.0.1", "not of the form host:port"),
        ("tcp://127.0.0.1:5000?tls=maybe", "write tls=1 to encrypt"),
        ("udp://", "write the FPGA's name or IP address"),
        ("emulator:?seed=1", r"takes no options \['seed'\]; it takes chip_seed, run_seed, ideal, "),
        ("emulator://host", "takes no location 'host'"),
        ("emulator:?chip_seed=-1", "chip_seed='-1' is not an integer"),
        ("emulator:?chip_seed=1.5", "is not an integer"),
        (f"emulator:?run_seed={2**64}", "is not an integer"),
        ("emulator:?ideal=2", "ideal='2' is not an integer 0..1"),
        ("emulator:?threads=65", "threads='65' is not an integer 0..64"),
        ("emulator:?without=madc_nose", "madc_noise"),
    ],
)
def test_targets_that_cannot_be_opened_say_what_can(url, message):
    with pytest.raises(ValueError, match=message):
        targets.connect(url)


@pytest.mark.parametrize("connecting", [targets.connect, targets.resolve])
def test_links_are_checked_before_they_are_opened(connecting):
    with pytest.raises(ValueError, match="baudrate"):
        connecting("serial:///dev/ttyUSB0?baudrate=fast")


def test_nobody_at_the_other_end_is_a_link_error_that_names_it():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(LinkError, match=rf"tcp://127\.0\.0\.1:{port}: no connection"):
        targets.connect(f"tcp://127.0.0.1:{port}")
    with pytest.raises(LinkError, match="no such port"):
        targets.connect("serial:///no such port")


def test_every_client_of_an_emulator_gets_a_chip_of_its_own():
    backend = targets.backend("emulator:?chip_seed=5")
    first, second = backend.open("first"), backend.open("second")
    assert backend.identifier == first.identifier == second.identifier == "emulator-5"
    writing, reading = Program(), Program()
    writing.write(0x140060, 77)
    reading.read(0x140060)
    for program in (writing, reading):
        program.halt()
    first.execute(writing.words())
    assert decode(first.execute(reading.words())).reads.tolist() == [77]
    assert decode(second.execute(reading.words())).reads.tolist() == [0]


class LostChip:
    """A connection that is lost in the middle of its first program."""

    identifier = "lost"

    def execute(self, words):
        raise LinkError("the cable is out")

    def close(self):
        self.closed = True


def test_after_a_lost_link_the_next_run_connects_again(monkeypatch):
    lost = LostChip()
    chips = iter([lost, targets.connect("emulator:")])
    monkeypatch.setattr(targets, "connect", lambda url: next(chips))
    pynn.setup(initial_config=pynn.helper.chip_from_nightly())
    pynn.Population(1, pynn.cells.HXNeuron())
    with pytest.raises(LinkError, match="the cable is out"):
        pynn.run(0.01)
    assert lost.closed
    pynn.run(0.01)
    assert pynn.simulator.state.connection.identifier == "emulator-0"
