"""Who may come in, and who has to go.  Links, lines and the dispatcher are stand-ins."""

import asyncio

import pytest

from firmware_protocol import LinkError, hostarq
from firmware_protocol.server.limits import Limits
from firmware_protocol.server.lobby import Lobby
from tests.support.scenario import scenario, until
from tests.support.stand_ins import RESET, Dispatcher, Line, Link


@scenario
async def test_the_lobby_admits_up_to_its_limit_and_again_when_somebody_leaves():
    lobby = Lobby(Dispatcher(), Limits(clients=1), identifier="chip")
    first = lobby.admit("a", Link(), Line())
    permanent = lobby.admit("a line of its own", Link(), Line(), permanent=True)
    with pytest.raises(LinkError, match="1 clients are connected, the limit is 1; try again later"):
        lobby.admit("b", Link(), Line())
    first.end("done")
    lobby.admit("b", Link(), Line())
    assert permanent in lobby.sessions and len(lobby.sessions) == 2


@scenario
async def test_the_lobby_sends_everybody_away_in_the_end():
    lobby = Lobby(Dispatcher(), Limits(farewell_s=0.05), identifier="chip")
    lines = [Line(), Line()]
    sessions = [lobby.admit("a", Link(), line) for line in lines]
    deaf = lobby.admit("deaf", Link(), Line())
    deaf._link.acknowledged = False
    await lobby.dismiss_all("closing time")
    assert all(s.over for s in [*sessions, deaf]) and lobby.sessions == set()
    assert [line.sent for line in lines] == [["closing time"]] * 2


@scenario
async def test_the_lobby_looks_for_idle_clients_while_it_watches():
    lobby = Lobby(Dispatcher(), Limits(idle_s=0.001), identifier="chip")
    session = lobby.admit("a", Link(), Line())
    session.incoming([RESET])
    watch = asyncio.create_task(lobby.watch(period_s=0.005))
    await until(lambda: session.over)
    watch.cancel()


def test_a_link_tells_hosts_which_chip_is_on_offer():
    link = Lobby(Dispatcher(), Limits(), identifier="chip-7").link(hostarq.TCP)
    link.incoming(hostarq.Datagram(hostarq.Port.RESET, hostarq.RESET_FRAME), now=0.0)
    (frame,) = link.outgoing(now=0.0)
    words = hostarq.to_words(hostarq.parse(frame.data).payload)
    assert "chip-7" in hostarq.config_info(words)
