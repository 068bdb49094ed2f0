"""One client's session: visits, holding back, farewell, and what a defect costs.

The link, the line and the dispatcher are stand-ins that note what they are told.
"""

import asyncio
import itertools

import pytest

from firmware_protocol.hostarq import Datagram, Port
from firmware_protocol.server.limits import Limits
from firmware_protocol.server.session import Session
from tests.support.scenario import scenario, until
from tests.support.stand_ins import GARBAGE, PROGRAM, RESET, WORDS, Dispatcher, Line, Link


class Stage:
    """A session between stand-ins."""

    def __init__(self, *, permanent=False, **limits):
        self.link, self.line, self.dispatcher = Link(), Line(), Dispatcher()
        self.ended = []
        self.session = Session(
            "peer", self.link, self.line, self.dispatcher, Limits(**limits), itertools.count(1),
            permanent=permanent, ended=self.ended.append,
        )  # fmt: skip

    def hear(self, *datagrams):
        self.session.incoming(list(datagrams))

    @property
    def visit(self):
        (member,) = self.dispatcher.members
        return member


@scenario
async def test_a_program_goes_in_and_its_response_comes_back():
    stage = Stage()
    stage.hear(RESET, PROGRAM)
    assert stage.dispatcher.submitted == [stage.visit]
    stage.visit.deliver(WORDS)
    assert stage.line.sent == ["response"]


@scenario
async def test_the_next_program_waits_until_the_response_has_arrived():
    stage = Stage()
    stage.hear(RESET, PROGRAM)
    stage.link.acknowledged = False
    stage.visit.deliver(WORDS)
    assert stage.dispatcher.held == {stage.visit}
    stage.link.acknowledged = True
    stage.hear(GARBAGE)
    assert stage.dispatcher.held == set()


@scenario
async def test_a_reset_begins_a_new_visit_and_the_old_ones_response_is_dropped():
    stage = Stage()
    stage.hear(RESET, RESET)
    old = stage.visit
    stage.hear(RESET, PROGRAM)
    assert stage.visit is old, "a reset may be repeated before anything has happened"
    stage.hear(RESET, PROGRAM)
    assert stage.visit is not old and stage.visit.name != old.name
    old.deliver(WORDS)
    old.fail("too late")
    assert stage.line.sent == []


@scenario
async def test_a_program_without_a_reset_is_a_visit_too():
    stage = Stage()
    stage.hear(PROGRAM)
    assert stage.dispatcher.submitted == [stage.visit]


@scenario
async def test_after_an_error_the_client_is_told_and_the_session_ends():
    stage = Stage()
    stage.hear(RESET, PROGRAM)
    stage.link.acknowledged = False
    stage.visit.fail("no such register")
    assert stage.line.sent == ["no such register"] and not stage.session.over
    stage.hear(PROGRAM)
    assert len(stage.dispatcher.submitted) == 1, "nothing runs any more"
    stage.link.acknowledged = True
    stage.hear(GARBAGE)
    assert stage.session.over and stage.line.closed and stage.ended == [stage.session]


@scenario
async def test_an_error_that_the_link_finds_by_itself_ends_the_session_too():
    stage = Stage()
    stage.hear(RESET, Datagram(Port.DATA, b"too long"))
    assert stage.line.sent == ["too long a program"] and stage.session.over


@scenario
async def test_who_does_not_read_why_it_was_sent_away_is_not_waited_for():
    stage = Stage(farewell_s=0.01)
    stage.hear(RESET)
    stage.link.acknowledged = False
    stage.session.dismiss("enough")
    await until(lambda: stage.session.over)


@scenario
async def test_a_permanent_line_stays_and_its_next_reset_begins_anew():
    stage = Stage(permanent=True)
    stage.hear(RESET, PROGRAM)
    stage.visit.fail("no such register")
    stage.hear(PROGRAM)
    assert not stage.session.over and not stage.line.closed
    assert len(stage.dispatcher.submitted) == 1 and stage.dispatcher.members == []
    stage.hear(RESET, PROGRAM)
    assert len(stage.dispatcher.submitted) == 2


@scenario
async def test_a_permanent_line_outlives_a_client_that_vanishes():
    stage = Stage(permanent=True)
    stage.hear(RESET, PROGRAM)
    stage.hear(Datagram(Port.DATA, b"lost"))
    assert stage.dispatcher.members == [] and not stage.session.over
    stage.hear(RESET, PROGRAM)
    assert len(stage.dispatcher.submitted) == 2


@pytest.mark.parametrize(("data", "logged"), [(b"lost", "resent too"), (b"defect", "a defect of")])
@scenario
async def test_what_goes_wrong_with_one_client_ends_its_session_only(data, logged, caplog):
    caplog.set_level("INFO")
    stage, other = Stage(), Stage()
    stage.hear(RESET)
    stage.hear(Datagram(Port.DATA, data))
    assert stage.session.over and stage.dispatcher.members == []
    stage.hear(PROGRAM)
    assert stage.dispatcher.submitted == [] and not other.session.over
    assert logged in caplog.text


@scenario
async def test_who_queues_too_much_is_told_and_sent_away():
    stage = Stage()
    stage.hear(RESET)
    stage.dispatcher.full = True
    stage.hear(PROGRAM)
    assert stage.line.sent == ["too much waits"]


@scenario
async def test_nothing_is_sent_into_a_full_line_and_it_is_tried_again():
    stage = Stage()
    stage.hear(RESET, PROGRAM)
    stage.line.room = False
    stage.visit.deliver(WORDS)
    assert stage.line.sent == []
    stage.line.room = True
    await until(lambda: stage.line.sent)
    assert stage.line.sent == ["response"]


@scenario
async def test_a_link_gets_its_deadlines():
    stage = Stage()
    stage.link.due = asyncio.get_running_loop().time() + 0.01
    stage.hear(RESET)
    stage.link.due = None
    stage.link.said = [Datagram(Port.DATA, b"again")]
    await until(lambda: stage.line.sent)
    assert stage.line.sent == ["again"]


@scenario
async def test_an_idle_client_is_sent_away_but_not_before_its_time():
    stage = Stage(idle_s=100.0)
    stage.hear(RESET)
    now = asyncio.get_running_loop().time()
    stage.session.check_idle(now + 99.0)
    assert stage.line.sent == []
    stage.session.check_idle(now + 101.0)
    assert stage.line.sent == ["idle for 100 s; connect again"]


@scenario
async def test_without_a_limit_nobody_is_idle():
    stage = Stage(idle_s=0.0)
    stage.hear(RESET)
    stage.session.check_idle(asyncio.get_running_loop().time() + 1e9)
    assert stage.line.sent == [] and not stage.session.over


@scenario
async def test_a_client_that_waits_for_its_program_is_not_idle():
    stage = Stage(idle_s=1.0)
    stage.dispatcher.busy = lambda member: True
    stage.hear(RESET)
    stage.session.check_idle(asyncio.get_running_loop().time() + 100.0)
    assert not stage.session.over and stage.line.sent == []
