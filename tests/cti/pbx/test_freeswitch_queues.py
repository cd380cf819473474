"""What several events of a queue mean together; each alone is held in ``test_freeswitch_events``."""

from __future__ import annotations

import pytest

from cti import signals as s
from cti.model import StayOutcome
from cti.pbx.freeswitch_events import FreeswitchEvents
from tests.cti.pbx.freeswitch_meanings import (
    BRIDGE,
    BY_QUEUE,
    CALLER,
    CC,
    ENDED,
    INBOUND,
    MEMBER,
    PHONE,
    all_told,
    meaning,
)


def test_the_queue_gives_the_caller_to_the_agent_with_the_bridge() -> None:
    events = FreeswitchEvents("pbx")
    start = MEMBER | {"CC-Action": "bridge-agent-start", "CC-Agent": "101", "CC-Agent-UUID": "u2"}
    assert all_told(events, (CC, start), ("CHANNEL_BRIDGE", BRIDGE))[0] == (s.AgentTook, "u1", None, "sales", "101")
    assert s.AgentTook not in [kind for kind, *_ in all_told(events, ("CHANNEL_BRIDGE", BRIDGE))], "once"
    gone = all_told(events, (CC, start), ("CHANNEL_HANGUP_COMPLETE", ENDED), ("CHANNEL_BRIDGE", BRIDGE))
    assert s.AgentTook not in [kind for kind, *_ in gone]


def test_the_end_of_an_earlier_place_is_not_that_of_the_present_one() -> None:
    events = FreeswitchEvents("pbx")
    again = MEMBER | {"CC-Member-UUID": "m2"}
    start, end = {"CC-Action": "member-queue-start"}, {"CC-Action": "member-queue-end", "CC-Cause": "Terminated"}
    kinds = [kind for kind, *_ in all_told(events, (CC, MEMBER | start), (CC, again | start), (CC, MEMBER | end))]
    assert kinds == [s.QueueJoined, s.QueueJoined]
    assert all_told(events, (CC, again | end)) == [(s.QueueLeft, "u1", None, "sales", StayOutcome.ANSWERED)]


@pytest.mark.parametrize(
    ("waited", "offered", "outcome"),
    [
        ("1795288941", False, StayOutcome.REFUSED),
        ("1795288941", True, StayOutcome.EXIT_EMPTY),
        ("1795288970", False, StayOutcome.EXIT_EMPTY),
    ],
)
def test_a_queue_that_has_nobody_refuses_who_never_waited(waited: str, offered: bool, outcome: StayOutcome) -> None:
    events = FreeswitchEvents("pbx")
    meaning(CC, MEMBER | {"CC-Action": "member-queue-start"}, events)
    if offered:
        meaning(CC, MEMBER | {"CC-Action": "agent-offering", "CC-Agent": "101"}, events)
    end = {"CC-Action": "member-queue-end", "CC-Cause": "Cancel", "CC-Cancel-Reason": "NO_AGENT_TIMEOUT",
           "CC-Member-Joined-Time": "1795288940", "CC-Member-Leaving-Time": waited}  # fmt: skip
    assert all_told(events, (CC, MEMBER | end)) == [(s.QueueLeft, "u1", None, "sales", outcome)]


ASKS = ("API", {"API-Command": "callcenter_config", "API-Command-Argument": "queue count agents support Available"})


def test_a_dialplan_that_asks_after_a_queue_is_about_to_put_its_caller_there() -> None:
    events = FreeswitchEvents("pbx")
    assert all_told(events, ("CHANNEL_CREATE", CALLER), ASKS)[1:] == [(s.QueueReached, "u1", None, "support")]
    assert all_told(events, ("CHANNEL_ANSWER", INBOUND), ASKS)[1:] == [], "he is served"


def test_of_two_callers_on_their_way_nobody_says_who_is_meant() -> None:
    events = FreeswitchEvents("pbx")
    both = (("CHANNEL_CREATE", CALLER), ("CHANNEL_CREATE", CALLER | {"Unique-ID": "u2"}))
    assert [kind for kind, *_ in all_told(events, *both, ASKS)] == [s.LegSeen, s.LegSeen]


def test_a_caller_refused_at_an_extension_that_led_to_a_queue_before_was_on_his_way_there() -> None:
    events = FreeswitchEvents("pbx")
    meaning(CC, MEMBER | {"CC-Action": "member-queue-start", "Caller-Destination-Number": "7002"}, events)
    refused = {"Unique-ID": "u5", "Call-Direction": "inbound", "Caller-Destination-Number": "7002"}
    assert all_told(events, ("CHANNEL_HANGUP_COMPLETE", refused))[0] == (s.QueueReached, "u5", None, "sales")
    gave_up = refused | {"variable_sip_hangup_disposition": "recv_cancel"}
    assert s.QueueReached not in [kind for kind, *_ in all_told(events, ("CHANNEL_HANGUP_COMPLETE", gave_up))]


@pytest.mark.parametrize(("phone", "freed"), [(PHONE, True), (BY_QUEUE, False)])
def test_an_agent_who_called_in_and_stays_on_the_line_is_freed(phone: dict[str, str], freed: bool) -> None:
    """Type uuid-standby; the leg of any other was made by the queue, and ends."""
    events = FreeswitchEvents("pbx")
    meaning("CHANNEL_CREATE", phone | {"Unique-ID": "u2"}, events)
    done = MEMBER | {"CC-Action": "bridge-agent-end", "CC-Agent": "101", "CC-Agent-UUID": "u2"}
    expected = [(s.AgentDone, "u1", None, "sales", "101", None)]
    assert all_told(events, (CC, done)) == expected + ([(s.AgentFreed, "u2", None)] if freed else [])
