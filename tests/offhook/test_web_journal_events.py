"""The events of one call, out of the bytes that the PBX sent."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cti.errors import OffhookError
from cti.model import Call, CallEnded, Origin
from cti.pbx.settings import PbxSettings
from offhook.replay import replay
from offhook.web.journal_events import MOST_EVENTS, fetch_events
from tests.cti.journaled import fill, recorded

PBX = PbxSettings(name="main", username="offhook", trunks=["trunk"])


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    fill(tmp_path / "journal", recorded("asterisk-22/S07"), recorded("asterisk-22/S01"), pbx="main")
    return tmp_path / "journal"


def ended(journal: Path, place: int) -> list[Call]:
    """The calls of one connection of the journal, as the store has them."""
    session = sorted((journal / "main").glob("2*"))[place]
    calls = [event.call for event in replay(session, ("trunk",)) if isinstance(event, CallEnded)]
    return [msgspec.structs.replace(one, pbx="main", origin=at_session(one, session.name)) for one in calls]


def at_session(call: Call, session: str) -> Origin:
    return Origin("main", session, call.origin.offset, call.origin.event)


def test_the_first_event_is_the_one_that_the_call_names(journal: Path) -> None:
    for place in (0, 1):
        for call in ended(journal, place):
            events = fetch_events(journal, PBX, call)
            assert (events[0].offset, events[0].name) == (call.origin.offset, call.origin.event)
            assert {"Newchannel", "Hangup"} <= {event.name for event in events}
            assert len(events) <= MOST_EVENTS


def test_each_event_names_a_channel_of_the_call(journal: Path) -> None:
    (call,) = ended(journal, 1)
    names = {leg.leg_id for leg in call.legs} | {call.call_id}
    for event in fetch_events(journal, PBX, call):
        assert names & {value for _, value in event.headers}


@pytest.mark.parametrize("session", ["../../etc", "", "/etc", "20261122T000000.000000Z/..", "imported"])
def test_nothing_leads_out_of_the_journal(journal: Path, session: str) -> None:
    (call,) = ended(journal, 1)
    with pytest.raises(OffhookError) as refused:
        fetch_events(journal, PBX, msgspec.structs.replace(call, origin=at_session(call, session)))
    assert refused.value.ref == "recording-missing"


def test_a_connection_whose_time_is_over_is_told(journal: Path) -> None:
    (call,) = ended(journal, 1)
    with pytest.raises(OffhookError):
        fetch_events(journal, PBX, msgspec.structs.replace(call, origin=at_session(call, "20200101T000000.000000Z")))
