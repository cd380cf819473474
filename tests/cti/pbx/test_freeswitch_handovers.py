"""Hand-overs that no single event tells: by the PBX's own keys, and pick-ups."""

from __future__ import annotations

import pytest

from cti import signals as s
from cti.model import StayOutcome
from cti.pbx.freeswitch_events import FreeswitchEvents
from cti.signals import DialResult
from tests.cti.pbx.freeswitch_meanings import BRIDGE, BY_QUEUE, CALLED, CALLER, CC, MEMBER, PHONE, Headers, all_told

ASKED = CALLED | {"Unique-ID": "u3", "variable_dialed_user": "102", "variable_originating_leg_uuid": "u2"}
TO_COLLEAGUE = {"Bridge-A-Unique-ID": "u2", "Bridge-B-Unique-ID": "u3"}
HANGS_UP = {"Unique-ID": "u2", "Call-Direction": "outbound", "Answer-State": "hangup"}
PICKER = PHONE | {"Unique-ID": "u5", "variable_user_name": "102"}
TAKES = {"Bridge-A-Unique-ID": "u5", "Bridge-B-Unique-ID": "u1"}
Story = tuple[str, Headers]


@pytest.fixture
def talking() -> FreeswitchEvents:
    """A caller, u1, talks with 101, u2."""
    events = FreeswitchEvents("pbx")
    all_told(events, ("CHANNEL_CREATE", CALLER), ("CHANNEL_CREATE", CALLED), ("CHANNEL_BRIDGE", BRIDGE))
    return events


def kinds(events: FreeswitchEvents, *story: Story) -> list[object]:
    return [kind for kind, *_ in all_told(events, *story)]


def test_a_colleague_is_called_from_the_leg_of_a_conversation(talking: FreeswitchEvents) -> None:
    asks: Story = ("CHANNEL_CREATE", ASKED)
    assert all_told(talking, asks)[0] == (s.LegHeld, "u2", None)
    by_key = HANGS_UP | {"variable_current_application": "att_xfer"}
    told = all_told(talking, ("CHANNEL_BRIDGE", TO_COLLEAGUE), ("CHANNEL_HANGUP", by_key))
    assert told[-1] == (s.AttendedTransferred, "u2", "u2", "u1", "u3")


def test_who_hangs_up_before_his_colleague_answered_handed_nobody_over(talking: FreeswitchEvents) -> None:
    by_key: Story = ("CHANNEL_HANGUP", HANGS_UP | {"variable_current_application": "att_xfer"})
    all_told(talking, ("CHANNEL_CREATE", ASKED))
    assert all_told(talking, by_key) == []


def test_the_colleague_hangs_up_and_the_agent_is_with_his_customer_again(talking: FreeswitchEvents) -> None:
    all_told(talking, ("CHANNEL_CREATE", ASKED), ("CHANNEL_BRIDGE", TO_COLLEAGUE))
    assert all_told(talking, ("CHANNEL_UNBRIDGE", TO_COLLEAGUE | {"Answer-State": "answered"}))[2:] == [
        (s.BridgeEntered, "u2", None, "u1/u2", None),
        (s.LegResumed, "u2", None),
    ]


def test_the_colleague_does_not_answer(talking: FreeswitchEvents) -> None:
    refused = {"Unique-ID": "u3", "Call-Direction": "outbound", "Hangup-Cause": "USER_BUSY"}
    all_told(talking, ("CHANNEL_CREATE", ASKED))
    assert all_told(talking, ("CHANNEL_HANGUP_COMPLETE", refused)) == [
        (s.DialEnded, "u3", None, DialResult.BUSY),
        (s.LegResumed, "u2", None),
        (s.LegEnded, "u3", None, None),
    ]


def test_a_phone_that_the_dialplan_calls_for_a_caller_is_no_question(talking: FreeswitchEvents) -> None:
    next_phone = ASKED | {"variable_originating_leg_uuid": "u1"}
    assert s.LegHeld not in kinds(talking, ("CHANNEL_CREATE", next_phone))


@pytest.mark.parametrize(("data", "told"), [("-bleg 102 XML default", True), ("102 XML default", False), ("", False)])
def test_the_other_leg_is_sent_on_by_key(talking: FreeswitchEvents, data: str, told: bool) -> None:
    application = {"variable_current_application": "transfer", "variable_current_application_data": data}
    expected = [(s.BlindTransferred, "u2", "u1", "102")] if told else []
    assert all_told(talking, ("CHANNEL_HANGUP", HANGS_UP | application)) == expected


@pytest.mark.parametrize("cause", ["PICKED_OFF", "LOSE_RACE"])
def test_a_ringing_phone_is_picked_up_from(cause: str) -> None:
    events = FreeswitchEvents("pbx")
    off = {"Unique-ID": "u2", "Call-Direction": "outbound", "Hangup-Cause": cause}
    all_told(events, ("CHANNEL_CREATE", CALLER), ("CHANNEL_CREATE", CALLED), ("CHANNEL_CREATE", PICKER))
    assert (s.DialEnded, "u2", None, DialResult.TAKEN) in all_told(events, ("CHANNEL_HANGUP_COMPLETE", off))
    assert all_told(events, ("CHANNEL_BRIDGE", TAKES))[0] == (s.PickedUp, "u2", None, "u5")
    assert s.PickedUp not in kinds(events, ("CHANNEL_BRIDGE", TAKES)), "once"


def test_who_won_the_race_picked_nothing_up() -> None:
    events = FreeswitchEvents("pbx")
    lost = {"Unique-ID": "u2", "Call-Direction": "outbound", "Hangup-Cause": "LOSE_RACE"}
    winner = CALLED | {"Unique-ID": "u5", "variable_dialed_user": "102"}
    all_told(events, ("CHANNEL_CREATE", CALLER), ("CHANNEL_CREATE", CALLED), ("CHANNEL_CREATE", winner))
    all_told(events, ("CHANNEL_HANGUP_COMPLETE", lost))
    assert s.PickedUp not in kinds(events, ("CHANNEL_BRIDGE", TAKES))


LEAVES = MEMBER | {"CC-Action": "member-queue-end", "CC-Cause": "Cancel", "CC-Cancel-Reason": "BREAK_OUT",
                   "Answer-State": "answered", "variable_bridge_uuid": "u5"}  # fmt: skip


def test_a_caller_who_waits_in_a_queue_is_picked_up() -> None:
    events = FreeswitchEvents("pbx")
    joins: Story = (CC, MEMBER | {"CC-Action": "member-queue-start"})
    all_told(events, joins, ("CHANNEL_CREATE", BY_QUEUE), ("CHANNEL_CREATE", PICKER))
    assert all_told(events, (CC, LEAVES)) == [
        (s.PickedUp, "u2", None, "u5"),
        (s.QueueLeft, "u1", None, "sales", StayOutcome.ANSWERED),
    ]


@pytest.mark.parametrize("known", [None, CALLED | {"Unique-ID": "u5"}])
def test_a_caller_who_is_sent_elsewhere_is_not_picked_up(known: Headers | None) -> None:
    """``variable_bridge_uuid`` may be an earlier conversation's."""
    events = FreeswitchEvents("pbx")
    all_told(events, (CC, MEMBER | {"CC-Action": "member-queue-start"}))
    if known is not None:
        all_told(events, ("CHANNEL_CREATE", known))
    assert all_told(events, (CC, LEAVES)) == [(s.QueueLeft, "u1", None, "sales", StayOutcome.TRANSFERRED_OUT)]
