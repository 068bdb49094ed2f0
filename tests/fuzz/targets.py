"""What is fuzzed: functions of bytes that may raise our own errors and nothing else.

Used by ``fuzz.py`` (guided by coverage) and ``test_targets.py`` (the corpus, and random bytes).
"""

import contextlib
from functools import cache
from pathlib import Path

import numpy as np

from emulator import Emulator
from firmware_protocol import config_file, decode, hostarq, instructions
from firmware_protocol.arq import Arq
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.decoder import HaltFinder
from firmware_protocol.errors import ProtocolError
from firmware_protocol.framing import FrameReader
from firmware_protocol.handshake import ClientHandshake, ServerHandshake
from firmware_protocol.hostarq import ArqParameters, Datagram, Port
from firmware_protocol.instructions import ToFpga
from firmware_protocol.link import FpgaLink, HostLink
from firmware_protocol.secret import Credentials

SECRET = "sixteen characters and more"
CREDENTIALS = Credentials.of(SECRET)
_HALT = np.array([0x0A << 56], np.uint64)
_HALT_RESPONSE = np.array([0x02 << 56], np.uint64)
CORPUS = Path(__file__).parent / "corpus"


def words_of(data):
    """Whole 64-bit words of some bytes."""
    return np.frombuffer(data[: len(data) // 8 * 8], ">u8").astype(np.uint64)


def decoder(data):
    """The response decoder, and the finder of its end in two chunks."""
    stream = words_of(data)
    with contextlib.suppress(ProtocolError):
        decode(stream)
    finder, half = HaltFinder(), stream.size // 2
    if finder.feed(stream[:half]) is None:
        finder.feed(stream[half:])


@cache
def _registers():
    """Addresses of all registers, every so many of those that are alike."""
    on_bus = [c for c in CONTAINERS.values() if c.rule is not None and not c.memory]
    parts = [c.all_addresses().reshape(-1)[:: 1 + c.n_instances // 64] for c in on_bus]
    return np.concatenate(parts).astype(np.uint64)


def _without_waits(words):
    """Any words, but none that lets half a minute of hardware time pass."""
    return words[words >> np.uint64(56) != ToFpga.WAIT_UNTIL]


def sensible(words):
    """Words that mean more than random ones: known headers, registers that exist, short waits."""
    words = words & ~np.uint64(0xE0 << 56)
    header = words >> np.uint64(56)
    accesses = header == ToFpga.OMNIBUS_ADDRESS
    found = words[accesses] & np.uint64(0xFFFFFFFF)
    register = _registers()[found % np.uint64(_registers().size)]
    words[accesses] = words[accesses] & ~np.uint64(0xFFFFFFFF) | register
    short = (header == ToFpga.WAIT_UNTIL) | (header == ToFpga.OMNIBUS_DATA)
    words[short] &= np.uint64(0xFF << 56 | 0xFFFF)
    return words


def program(data):
    """Words to the FPGA: the emulator takes all of them, and answers what can be decoded."""
    words = words_of(data)
    emulator = Emulator()
    for part in (_without_waits(words), sensible(words)):
        response = emulator.execute(part)
        try:
            decode(response)
        except ProtocolError as error:
            raise AssertionError("the emulator's response cannot be decoded") from error
    instructions.parse(words)


def configuration_file(data):
    """The loader of configuration files, with and without a right beginning."""
    with contextlib.suppress(ProtocolError):
        config_file.decode(data)
    config_file.decode(config_file.MAGIC + data)


def framing(data):
    """A byte stream in two pieces."""
    reader = FrameReader()
    for piece in (data[: len(data) // 3], data[len(data) // 3 :]):
        reader.feed(piece)


def pack(timeline):
    """Input of a link target: (tenths of a second << 1 | port, datagram) in order."""
    return b"".join(bytes([tag]) + len(d).to_bytes(2, "big") + d for tag, d in timeline)


def _unpack(data):
    """(seconds, port, datagram) of what `pack` made, or of any other bytes."""
    now, at = 0.0, 0
    while at + 3 <= len(data):
        tag, size = data[at], int.from_bytes(data[at + 1 : at + 3], "big")
        now += (tag >> 1) / 10
        yield now, Port(tag & 1), data[at + 3 : at + 3 + size]
        at += 3 + size


def wire(data):
    """A HostARQ frame, and the texts that words may hold."""
    frame = hostarq.parse(data)
    words = hostarq.to_words(frame.payload)
    hostarq.parse_fault(words)
    hostarq.config_info(words)
    hostarq.check_config(words, ArqParameters())


def arq(data):
    """One end of the link, fed with frames that no peer would send."""
    end = Arq(ArqParameters())
    end.send(0x0010, np.arange(5, dtype=np.uint64))
    for now, _, frame in _unpack(data):
        end.incoming(frame, now=now)
        end.outgoing(now=now)
        end.received()


def host_link(data):
    """The host's end of a link: it connects, and submits a program when it can."""
    link, submitted = HostLink(ArqParameters(), magic=1), False
    for now, port, datagram in _unpack(data):
        link.outgoing(now=now)
        link.incoming(Datagram(port, datagram), now=now)
        if link.ready and not submitted:
            link.submit(_HALT)
            submitted = True
        if submitted:
            link.response()


def fpga_link(data):
    """The FPGA's end of a link: garbage is counted, never raised."""
    link = FpgaLink(ArqParameters(), max_program_words=1000)
    for now, port, datagram in _unpack(data):
        link.incoming(Datagram(port, datagram), now=now)
        link.outgoing(now=now)
        for _ in link.programs():
            link.respond(_HALT_RESPONSE)


def _shake(end, data):
    """Feed a handshake in two pieces."""
    for piece in (data[: len(data) // 2], data[len(data) // 2 :]):
        end.incoming(piece)
        end.outgoing()


def server_handshake(data):
    """A server that asks for a secret."""
    _shake(ServerHandshake(credentials=CREDENTIALS), data)


def client_handshake(data):
    """A client that knows a secret."""
    _shake(ClientHandshake(server="server", secret=SECRET), data)


TARGETS = {
    f.__name__: f
    for f in (
        decoder,
        program,
        configuration_file,
        framing,
        wire,
        arq,
        host_link,
        fpga_link,
        server_handshake,
        client_handshake,
    )
}


def run(name, data):
    """Feed one input to a target; anything but a ProtocolError comes through."""
    with contextlib.suppress(ProtocolError):
        TARGETS[name](data)
