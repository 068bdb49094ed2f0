"""A chip for every client."""

from firmware_protocol import decode
from firmware_protocol.server.backend import PrivateChips
from tests.support.fake_chip import FakeChip, program

NEURON = 0x160002


def test_private_chips_are_made_for_each_client():
    backend = PrivateChips(FakeChip, identifier="fake")
    a, b = backend.open("a"), backend.open("b")
    a.execute(program((NEURON, 5)))
    assert decode(b.execute(program(reads=[NEURON]))).reads.tolist() == [0]
    assert backend.identifier == "fake"
    backend.close()
