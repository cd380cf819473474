"""One client's conversation: logging in, subscribing, filtering, asking, leaving."""

from __future__ import annotations

import pytest

from cti.wire.esl import GREETING as WIRE_GREETING, EslFrame, EslWire
from offhook.simulator.freeswitch.answers import Answers
from offhook.simulator.freeswitch.session import GOODBYE, GREETING, Session
from tests.offhook.simulator.freeswitch import fs_twins
from tests.offhook.simulator.twins import SALES, queue

PASSWORD = "correct horse"


def a_session(*, logged_in: bool = True) -> Session:
    session = Session(Answers(fs_twins.plant()), PASSWORD, {"101@pbx.lab": "phone's own"})
    if logged_in:
        session.obey(f"auth {PASSWORD}", {})
    return session


def frames(data: bytes) -> list[EslFrame]:
    wire = EslWire()
    wire.feed(GREETING)
    return list(wire.feed(data))


def reply(session: Session, line: str) -> str | None:
    return frames(session.obey(line, {}))[0].get(b"Reply-Text")


def heard(session: Session) -> list[str]:
    """The names of the events that a call of three seconds makes for this client."""
    plant = session._answers.plant
    plant.tell(queue(SALES, patience_s=2.0, answers={"101": None, "102": None}))
    events = [event for _, told in plant.advance(plant.timeline.now + 3.0) for event in told]
    return [frame.name for event in events for frame in frames(session.told(event))]


def test_it_greets_as_the_wire_expects() -> None:
    assert GREETING == WIRE_GREETING


@pytest.mark.parametrize("line", ["auth wrong", "userauth 101@pbx.lab:wrong", "userauth nobody:x"])
def test_who_is_not_let_in_is_shown_out(line: str) -> None:
    session = a_session(logged_in=False)
    said = frames(session.obey(line, {}))
    assert said[0].get(b"Reply-Text") == "-ERR invalid"
    assert said[1].name == "text/disconnect-notice"
    assert session.over


def test_a_user_of_the_directory_may_log_in() -> None:
    session = a_session(logged_in=False)
    assert reply(session, "api status") == "-ERR command not found"
    assert reply(session, "userauth 101@pbx.lab:phone's own") == "+OK accepted"
    assert session.logged_in


def test_only_what_was_asked_for_is_told() -> None:
    session = a_session()
    assert heard(session) == []
    assert (
        reply(session, "event plain CHANNEL_CREATE DTMF CUSTOM callcenter::info") == "+OK event listener enabled plain"
    )
    assert set(heard(session)) == {"CHANNEL_CREATE", "callcenter::info"}
    assert reply(session, "nixevent CUSTOM callcenter::info") == "+OK events nixed"
    assert set(heard(session)) == {"CHANNEL_CREATE"}
    assert reply(session, "event json ALL") == "+OK event listener enabled json"
    assert {"CHANNEL_ANSWER", "callcenter::info", "CHANNEL_DESTROY"} <= set(heard(session))
    assert reply(session, "noevents") == "+OK no longer listening for events"
    assert reply(session, "noevents") == "-ERR not listening for events"
    assert heard(session) == []
    assert reply(session, "event plain") == "-ERR no keywords supplied"


def test_filters_let_pass_what_fits_one_of_them() -> None:
    session = a_session()
    session.obey("event plain ALL", {})
    assert reply(session, "filter CC-Action agent-offering") == "+OK filter added. [CC-Action]=[agent-offering]"
    assert set(heard(session)) == {"callcenter::info"}
    assert reply(session, "filter Event-Name CHANNEL_CREATE") == "+OK filter added. [Event-Name]=[CHANNEL_CREATE]"
    assert set(heard(session)) == {"callcenter::info", "CHANNEL_CREATE"}
    assert reply(session, "filter delete CC-Action") == "+OK filter deleted. [CC-Action][]"
    assert set(heard(session)) == {"CHANNEL_CREATE"}
    session.obey("filter delete all", {})
    assert len(set(heard(session))) > 5
    assert reply(session, "filter alone") == "-ERR invalid syntax"


def test_an_api_command_is_answered_with_its_body() -> None:
    (said,) = frames(a_session().obey("api echo žluť", {}))
    assert (said.name, said.get(b"_body")) == ("api/response", "žluť")


def test_a_command_in_the_background_is_told_when_it_is_done() -> None:
    session = a_session()
    session.obey("event plain BACKGROUND_JOB", {})
    (said,) = frames(session.obey("bgapi version", {"job-uuid": "my-own"}))
    assert said.get(b"Reply-Text") == "+OK Job-UUID: my-own"
    assert said.get(b"Job-UUID") == "my-own"
    told = [session.told(event) for event in session._answers.plant.core.take_events()]
    (done,) = frames(b"".join(told))
    assert done.get(b"Job-UUID") == "my-own"
    assert (done.get(b"_body") or "").startswith("FreeSWITCH Version")


def test_a_call_in_the_background_is_done_when_the_agent_answers() -> None:
    session = a_session()
    (said,) = frames(session.obey("bgapi originate user/101 9+39331", {}))
    plant = session._answers.plant
    found = [frame for frame in fs_twins.frames_of(plant, 60.0) if frame.name == "BACKGROUND_JOB"]
    assert [frame.get(b"Job-UUID") for frame in found] == [said.get(b"Job-UUID")]
    assert (found[0].get(b"_body") or "").startswith(("+OK ", "-ERR "))


def test_it_takes_leave() -> None:
    session = a_session()
    assert reply(session, "linger") == "+OK will linger"
    assert session.lingers
    assert reply(session, "nolinger") == "+OK not going to linger"
    assert session.obey("exit", {}).endswith(GOODBYE)
    assert session.over
    assert reply(a_session(), "moon") == "-ERR command not found"
