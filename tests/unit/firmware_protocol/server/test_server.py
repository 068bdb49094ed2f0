"""A server from its opening to its end, on real sockets of loopback."""

import asyncio
import threading

import pytest

from firmware_protocol import LinkError, Target, transports
from firmware_protocol.server import Limits, ListenError, PrivateChips, Security, place, serve
from firmware_protocol.server.listen import TcpPlace
from tests.support.fake_chip import FakeChip, program
from tests.support.scenario import scenario, until

TCP = "tcp://127.0.0.1:0"


class Offer(PrivateChips):
    """Chips for everybody, and a note when the offer ends."""

    def __init__(self, chip=FakeChip):
        super().__init__(chip, identifier="fake-0")
        self.closed = False

    def close(self):
        self.closed = True


def start(offer, *places, stop, urls, **options):
    return asyncio.create_task(
        serve(
            offer,
            places,
            safety=Security(),
            limits=Limits(),
            stop=stop,
            ready=urls.extend,
            **options,
        )
    )


@scenario
async def test_it_opens_every_place_says_where_and_closes_everything_in_the_end():
    offer, stop, urls = Offer(), asyncio.Event(), []
    udp = place("udp://127.0.0.1?data_port=0&reset_port=0")
    task = start(offer, place(TCP), udp, stop=stop, urls=urls)
    await until(lambda: urls)
    assert [url.split("://")[0] for url in urls] == ["tcp", "udp"] and ":0" not in urls[0][-2:]
    chip = await asyncio.to_thread(transports.open, Target.parse(urls[0]))
    stop.set()
    await task
    assert offer.closed
    with pytest.raises(LinkError, match="the server has been stopped; connect again later"):
        await asyncio.to_thread(chip.execute, program())


@scenario
async def test_what_may_not_be_listened_on_is_refused_before_anything_is_opened():
    offer, stop, urls = Offer(), asyncio.Event(), []
    outside = TcpPlace("0.0.0.0", 0, ("0.0.0.0",))
    with pytest.raises(ListenError, match="needs a secret"):
        await start(offer, place(TCP), outside, stop=stop, urls=urls)
    assert urls == [] and not offer.closed


@scenario
async def test_a_place_that_cannot_be_opened_closes_those_that_were():
    offer, stop, urls = Offer(), asyncio.Event(), []
    twice = TcpPlace("127.0.0.1", 0, ("127.0.0.1",))
    nowhere = TcpPlace("127.0.0.1", 0, ("192.0.2.1",))  # no address of this machine
    assert not nowhere.loopback
    with pytest.raises(LinkError, match="cannot be listened on"):
        await asyncio.create_task(
            serve(
                offer,
                [twice, nowhere],
                safety=_with_secret(),
                limits=Limits(),
                stop=stop,
                ready=urls.extend,
            )
        )
    assert urls == [] and offer.closed


def _with_secret():
    return Security(credentials=object())


@scenario
async def test_a_program_that_does_not_end_is_abandoned(caplog):
    gate, began = threading.Event(), threading.Event()

    class Endless(FakeChip):
        def execute(self, words):
            began.set()
            gate.wait(10)
            return super().execute(words)

    stop, urls = asyncio.Event(), []
    task = start(Offer(Endless), place(TCP), stop=stop, urls=urls, grace_s=0.05)
    await until(lambda: urls)
    chip = await asyncio.to_thread(transports.open, Target.parse(urls[0]))
    running = asyncio.create_task(asyncio.to_thread(chip.execute, program()))
    await until(began.is_set)
    stop.set()
    await task
    with pytest.raises(LinkError, match="the server has been stopped"):
        await running
    gate.set()
    assert "a program was still running after 0.05 s and is abandoned" in caplog.text
