"""The doors of a server, on real sockets of loopback and on a serial line that is a stand-in.

Oracle: a chip that remembers registers answers the clients' reads.
"""

import asyncio
import contextlib
import queue
import socket

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol import LinkError, Target, decode, framing, hostarq, transports
from firmware_protocol.handshake import ClientHandshake
from firmware_protocol.hostarq import RESET_FRAME
from firmware_protocol.link import HostLink
from firmware_protocol.pump import RemoteChip
from firmware_protocol.server import Limits, PrivateChips, Security, endpoints, place, serve
from firmware_protocol.server.session import ServerLink, Session
from firmware_protocol.transports import serial, stream
from tests.support.fake_chip import FakeChip, program
from tests.support.scenario import scenario, until

NEURON = 0x160002
READ = program(reads=[NEURON])
TCP = "tcp://127.0.0.1:0"
UDP = "udp://127.0.0.1?data_port=0&reset_port=0"


@pytest.fixture(autouse=True)
def _no_secret_from_outside(monkeypatch):
    monkeypatch.delenv("PYNN_HX_SECRET_FILE", raising=False)


@contextlib.asynccontextmanager
async def serving(url=TCP, chip=FakeChip, **limits):
    """A server in this event loop; yields the URL by which it is reached."""
    stop, urls = asyncio.Event(), []
    backend = PrivateChips(chip, identifier="fake-0")
    task = asyncio.create_task(
        serve(
            backend,
            [place(url)],
            safety=Security(),
            limits=Limits(**limits),
            stop=stop,
            ready=urls.extend,
        )
    )
    await until(lambda: urls or task.done())
    try:
        if urls:
            yield urls[0]
    finally:
        stop.set()
        await task


async def connect(url):
    return await asyncio.to_thread(transports.open, Target.parse(url))


async def reads(chip, words=READ):
    return decode(await asyncio.to_thread(chip.execute, words)).reads.tolist()


async def stranger(url):
    """A connection that has not said anything."""
    host, _, port = url.removeprefix("tcp://").rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def guest(url):
    """A connection past the handshake."""
    reader, writer = await stranger(url)
    handshake = ClientHandshake(server="test", secret=None)
    while not handshake.finished:
        writer.write(handshake.outgoing())
        handshake.incoming(await reader.read(4096))
    return reader, writer


@pytest.mark.parametrize("url", [TCP, UDP])
@scenario
async def test_two_clients_have_a_chip_each(url):
    async with serving(url) as reached:
        a, b = await connect(reached), await connect(reached)
        assert await reads(a, program((NEURON, 7), reads=[NEURON])) == [7]
        assert await reads(b) == [0]
        assert await reads(a) == [7]
        assert a.identifier == "fake-0"
        a.close()
        b.close()


@scenario
async def test_connecting_again_gives_a_fresh_chip():
    async with serving() as url:
        for _ in range(2):
            chip = await connect(url)
            assert await reads(chip) == [0]
            await reads(chip, program((NEURON, 7)))
            chip.close()


@scenario
async def test_a_stranger_that_says_nothing_is_shown_the_door():
    async with serving(handshake_s=0.05) as url:
        reader, writer = await stranger(url)
        assert await reader.read() == b""
        writer.close()


@scenario
async def test_too_many_strangers_are_turned_away_but_guests_stay(caplog):
    async with serving(strangers=1) as url:
        chip = await connect(url)
        _, first = await stranger(url)
        await asyncio.sleep(0.05)
        reader, second = await stranger(url)
        assert await reader.read() == b""
        assert await reads(chip) == [0]
        for writer in (first, second):
            writer.close()
        chip.close()
    assert "turned away, 1 handshakes are under way" in caplog.text


@scenario
async def test_a_client_that_sends_damaged_frames_has_to_go(caplog):
    caplog.set_level("INFO")
    async with serving() as url:
        chip = await connect(url)
        reader, writer = await guest(url)
        writer.write(b"nonsense\0" * 100)
        assert await reader.read() == b""
        assert await reads(chip) == [0]
        writer.close()
        chip.close()
    assert "sent 100 damaged frames" in caplog.text


class LargeAnswers(FakeChip):
    """A chip with much to tell of long programs; `told` counts them."""

    told = 0

    def execute(self, words):
        answer = super().execute(words)
        if words.size < 100:
            return answer
        LargeAnswers.told += 1
        return np.concatenate([np.tile(answer[:1], 200_000), answer])


@scenario
async def test_a_client_that_does_not_read_delays_nobody(monkeypatch):
    monkeypatch.setattr(endpoints, "MAX_BUFFERED", 10_000)
    async with serving(chip=LargeAnswers, farewell_s=0.1) as url:
        _, writer = await guest(url)
        deaf = HostLink(hostarq.TCP, magic=1)
        writer.write(stream.encode(deaf.outgoing(now=0.0)))
        long = np.append(np.repeat(READ[:1], 200), READ[-1:])
        frame = hostarq.data_frame(255, 0, hostarq.PacketType.LOOPBACK, bytes(8))
        writer.write(framing.encode(b"\0" + frame))
        for seq, part in enumerate(np.array_split(long, 2), start=1):
            raw = hostarq.to_bytes(part)
            frame = hostarq.data_frame(0, seq, hostarq.PacketType.PLAYBACK, raw)
            writer.write(framing.encode(b"\0" + frame))
        chip = await connect(url)
        await until(lambda: LargeAnswers.told)
        for _ in range(10):
            assert await reads(chip) == [0]
        writer.transport.abort()
        chip.close()


@scenario
async def test_datagrams_of_nobody_make_no_client(caplog):
    caplog.set_level("INFO")
    async with serving(UDP, clients=1) as url:
        options = Target.parse(url).options
        ports = [int(options[name]) for name in ("data_port", "reset_port")]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
            for port in ports:
                door.sendto(b"nonsense", ("127.0.0.1", port))
                door.sendto(b"", ("127.0.0.1", port))
        chip = await connect(url)
        assert await reads(chip) == [0]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
            door.sendto(RESET_FRAME, ("127.0.0.1", ports[1]))
            await until(lambda: "turned away: 1 clients are connected" in caplog.text)
        assert await reads(chip) == [0]
        chip.close()


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_a_port_that_is_taken_is_an_error_of_the_link(kind):
    type_ = socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, type_) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == "tcp":
            taken.listen()
        port = taken.getsockname()[1]
        url = f"tcp://127.0.0.1:{port}" if kind == "tcp" else f"udp://127.0.0.1?data_port={port}"

        @scenario
        async def run():
            async with serving(url):
                pass

        with pytest.raises(LinkError, match=f"{port}.* cannot be"):
            run()


class Cable:
    """One end of a serial line; reading from a cut one is an error."""

    def __init__(self, inward, outward):
        self.inward, self.outward, self.cut = inward, outward, False

    def write(self, data):
        self.outward.put(data)

    def read(self, timeout_s):
        if self.cut:
            raise LinkError("the cable was cut")
        with contextlib.suppress(queue.Empty):
            return self.inward.get(timeout=max(timeout_s, 0.0001))
        return b""

    def close(self):
        self.cut = True


@pytest.fixture
def cables(monkeypatch):
    """Ends of serial lines that the server has opened; each has its other end in `far`."""
    opened = []

    def open_channel(target):
        there, back = queue.SimpleQueue(), queue.SimpleQueue()
        cable = Cable(there, back)
        cable.far = Cable(back, there)
        opened.append(cable)
        return cable

    monkeypatch.setattr(serial, "open_channel", open_channel)
    monkeypatch.setattr(endpoints, "_REOPEN_S", 0.01)
    return opened


async def attach(cable):
    """A client at the far end of a line."""
    link = HostLink(serial.parameters(Target.parse(SERIAL)), magic=5)
    clock = asyncio.get_running_loop().time
    chip = RemoteChip(stream.StreamPort(cable.far), link, clock, "", linger_s=0.0)
    await asyncio.to_thread(chip.connect)
    return chip


SERIAL = "serial:///dev/ttyS9?baudrate=4000000"


@scenario
async def _on_a_serial_line(cables):
    async with serving(SERIAL) as url:
        assert url == SERIAL
        (cable,) = cables
        chip = await attach(cable)
        assert await reads(chip, program((NEURON, 7), reads=[NEURON])) == [7]
        again = await attach(cable)
        assert await reads(again) == [0], "a new session finds a fresh chip"
        cable.cut = True
        await until(lambda: len(cables) == 2)
        chip = await attach(cables[1])
        assert await reads(chip) == [0]


def test_a_serial_line_has_one_client_at_a_time_and_is_opened_again_when_lost(cables):
    _on_a_serial_line(cables)


class Deaf:
    def send(self, datagrams):
        pass

    def ready(self):
        return True

    def close(self):
        pass


class Nobody:
    """A dispatcher that takes everything and does nothing."""

    def __getattr__(self, name):
        return lambda *args: None


PIECE = st.one_of(
    st.binary(max_size=60),
    st.binary(max_size=60).map(framing.encode),
    st.builds(lambda port, data: framing.encode(bytes([port]) + data), st.integers(0, 2),
              st.binary(max_size=60)),
    st.just(framing.encode(b"\1" + RESET_FRAME)),
    st.builds(
        lambda ack, seq, pid, words: framing.encode(
            b"\0" + hostarq.data_frame(ack, seq, pid, words * 8)
        ),
        st.integers(0, 256), st.integers(0, 4), st.sampled_from(list(hostarq.PacketType)),
        st.binary(max_size=8),
    ),
)  # fmt: skip


@given(st.lists(PIECE, max_size=20))
def test_whatever_a_client_sends_no_defect_shows(pieces):
    defects = []

    @scenario
    async def run():
        link = ServerLink(hostarq.TCP, max_program_words=100)
        session = Session("fuzz", link, Deaf(), Nobody(), Limits(), iter(range(100)))
        session._guarded = lambda action: _noted(action, defects)
        reader = stream.DatagramReader()
        for piece in pieces:
            session.incoming(reader.feed(piece))
        session.end("done")

    run()
    assert defects == []


def _noted(action, defects):
    try:
        action()
    except LinkError:
        pass
    except Exception as error:
        defects.append(error)
