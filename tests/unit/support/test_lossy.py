"""The bad line does what it is told, the same each time, and notices a host that hangs.

Oracle: counting what arrives.
"""

import itertools

import pytest

from firmware_protocol import LinkError
from firmware_protocol.hostarq import Datagram, Port
from firmware_protocol.link import FpgaLink
from tests.support.lossy import Bytes, Datagrams, Faults, LossyLink


class Ear:
    """A stand-in for the FPGA's end that notes what arrives when."""

    reset_count = 0

    def __init__(self, line=None):
        self.heard = []

    def incoming(self, datagram, *, now):
        self.heard.append((round(now, 9), int.from_bytes(datagram.data[:2], "big")))

    def outgoing(self, *, now):
        return []

    def programs(self):
        return []

    def deadline(self):
        return None


def carried(kind, faults, *, seed=0, n=1000):
    """(time, number) of what arrives of numbered datagrams sent 1 ms apart."""
    ear = Ear()
    line = LossyLink(ear, None, kind=kind, faults=faults, seed=seed)
    for k in range(n):
        line.write([Datagram(Port.DATA, k.to_bytes(2, "big") * 50)])
        line.read(1e-3)
    line.read(10.0)
    return ear.heard


@pytest.mark.parametrize("kind", [Datagrams, Bytes])
def test_a_good_line_carries_everything_in_order_and_soon(kind):
    heard = carried(kind, Faults())
    assert [k for _, k in heard] == list(range(1000))
    assert all(0 < when - 1e-3 * k < 5e-4 for when, k in heard)


@pytest.mark.parametrize("kind", [Datagrams, Bytes])
def test_the_same_seed_gives_the_same_faults(kind):
    faults = Faults(loss=0.1, duplicate=0.1, reorder=0.1, late_s=0.01, flip=0.1, noise=0.1)
    assert carried(kind, faults, seed=5) == carried(kind, faults, seed=5)
    assert carried(kind, faults, seed=5) != carried(kind, faults, seed=6)


def test_a_fifth_of_the_datagrams_is_lost():
    assert 750 < len(carried(Datagrams, Faults(loss=0.2))) < 850


def test_damaged_datagrams_are_lost():
    assert len(carried(Datagrams, Faults(flip=1.0))) == 0
    assert len(carried(Datagrams, Faults(truncate=1.0))) == 0


def test_datagrams_are_doubled_and_overtake_each_other():
    heard = [k for _, k in carried(Datagrams, Faults(duplicate=0.5, reorder=0.5, late_s=0.01))]
    assert 1400 < len(heard) < 1600
    assert heard != sorted(heard)
    assert set(heard) == set(range(1000))


@pytest.mark.parametrize("faults", [Faults(loss=0.1), Faults(flip=0.1), Faults(truncate=0.1)])
def test_damaged_bytes_cost_frames_but_never_change_one(faults):
    heard = [k for _, k in carried(Bytes, faults)]
    assert 500 < len(heard) < 1000
    assert heard == sorted(set(heard))


def test_nothing_arrives_in_a_pause_and_everything_after_it():
    heard = carried(Datagrams, Faults(pauses=((0.2, 0.5),)))
    assert len(heard) == 1000
    assert not any(0.2 <= when < 0.5 for when, _ in heard)


def test_a_line_is_cut_after_its_bytes():
    with pytest.raises(LinkError, match="the line was cut"):
        carried(Datagrams, Faults(cut_after_bytes=5000))


def test_a_line_that_is_full_loses_what_comes_beyond():
    ear = Ear()
    line = LossyLink(ear, None, seed=0, capacity=1000, faults=Faults(pauses=((0, 1),)))
    line.write([Datagram(Port.DATA, bytes(100))] * 50)
    line.read(2.0)
    assert len(ear.heard) == 11


def test_a_host_that_waits_for_ever_is_noticed():
    line = LossyLink(FpgaLink(), None, seed=0, limit_s=5.0)
    with pytest.raises(AssertionError, match="the host hangs"):
        for _ in itertools.repeat(None):
            line.read(0.1)


def test_a_host_that_spins_is_noticed():
    line = LossyLink(FpgaLink(), None, seed=0)
    with pytest.raises(AssertionError, match="the host spins"):
        for _ in itertools.repeat(None):
            line.read(0.0)
