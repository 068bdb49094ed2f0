"""Targets.  Oracle: docs/how_to/choose_a_target.md."""

import pytest

import pynn_hx as pynn
from firmware_protocol import Connection
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
        ("quiggeldy://host", "no scheme 'quiggeldy'; use 'emulator:"),
        ("serial:///dev/ttyUSB0", "links to real chips come with a later version"),
        ("emulator:?seed=1", r"takes no options \['seed'\]; it takes chip_seed, run_seed"),
        ("emulator://host", "takes no location 'host'"),
        ("emulator:?chip_seed=-1", "chip_seed='-1' is not an integer"),
        ("emulator:?chip_seed=1.5", "is not an integer"),
        (f"emulator:?run_seed={2**64}", "is not an integer"),
    ],
)
def test_targets_that_cannot_be_opened_say_what_can(url, message):
    with pytest.raises(ValueError, match=message):
        targets.connect(url)
