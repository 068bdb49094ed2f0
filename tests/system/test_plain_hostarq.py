"""A HostARQ host that knows nothing of our code drives the server's emulator over UDP.

Oracle: the frames of ``docs/reference/link.md``, packed and parsed here with `struct` alone, and
the emulator in this process for the response.
"""

import socket
import struct
from urllib.parse import parse_qs, urlsplit

import numpy as np

from emulator import Emulator
from tests.support.served import serving

UDP = "udp://127.0.0.1?data_port=0&reset_port=0"
READ, DNA = 0x0B00001F << 32, 0x88000003
SETUP, TICK, HALT = 0x04 << 56, 0x0A << 56 | 1, 0x0A << 56
PROGRAM = [SETUP, TICK, READ | DNA, READ | DNA + 1, HALT]
PLAYBACK, CONFIG, LOOPBACK = 0x0010, 0x8002, 0x8001


class PlainHost:
    """A window of one frame is enough here: send, wait for the answer, acknowledge."""

    def __init__(self, url):
        ports = {k: int(v[0]) for k, v in parse_qs(urlsplit(url).query).items()}
        self.line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.line.settimeout(5.0)
        self.data = ("127.0.0.1", ports["data_port"])
        self.line.sendto(bytes.fromhex("abababab"), ("127.0.0.1", ports["reset_port"]))
        self.seq, self.received = 0, 255

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.line.close()

    def send(self, packet_type, words):
        header = struct.pack(">IIHH", self.received, self.seq, packet_type, len(words))
        self.line.sendto(header + struct.pack(f">{len(words)}Q", *words), self.data)
        self.seq = (self.seq + 1) % 256

    def receive(self):
        """Packet type and words of the next data frame."""
        while len(frame := self.line.recv(2000)) == 4:
            assert struct.unpack(">I", frame)[0] < 256
        _, seq, packet_type, n_words = struct.unpack_from(">IIHH", frame)
        assert seq == (self.received + 1) % 256
        self.received = seq
        self.line.sendto(struct.pack(">I", seq), self.data)
        return packet_type, list(struct.unpack_from(f">{n_words}Q", frame, 12))


def test_a_host_written_from_the_specification_gets_the_emulators_bytes(tmp_path):
    expected = Emulator(chip_seed=5).execute(np.array(PROGRAM, np.uint64)).tolist()
    target = ("--target", "emulator:?chip_seed=5")
    with serving(tmp_path, *target, listen=(UDP,)) as server:
        with PlainHost(server.urls[0]) as host:
            packet_type, config = host.receive()
            assert (packet_type, config[:3]) == (CONFIG, [256, 128, 180])
            host.send(PLAYBACK, PROGRAM)
            assert host.receive() == (PLAYBACK, expected)


def test_the_same_host_may_ask_for_an_echo_first_as_the_vendors_does(tmp_path):
    with serving(tmp_path, listen=(UDP,)) as server:
        with PlainHost(server.urls[0]) as host:
            assert host.receive()[0] == CONFIG
            host.send(LOOPBACK, [0xC0FFEE])
            assert host.receive() == (LOOPBACK, [0xC0FFEE])
            for _ in range(2):
                host.send(PLAYBACK, PROGRAM)
                assert host.receive()[0] == PLAYBACK
