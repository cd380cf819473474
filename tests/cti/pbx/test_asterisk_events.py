"""What each of Asterisk's events means, event by event; and that none with something missing means anything else."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from cti import signals as s
from cti.model import LegRole, Origin
from cti.pbx.asterisk_events import HANDLERS, WANTED, AsteriskEvents
from cti.signals import DialResult, Signal
from cti.tracker import MOVES
from tests.cti.playbook import ami, at

LEG = {"Uniqueid": "1.1", "Linkedid": "1.0"}
CALLER = {**LEG, "Queue": "sales"}
AGENT = {**CALLER, "MemberName": "Žofia Kováčová", "Interface": "PJSIP/103"}
PLACE = {"Queue": "sales", "MemberName": "Elio", "Interface": "Local/105@agents/n", "StateInterface": "PJSIP/105"}
TRANSFER = {"Result": "Success", "TransfererUniqueid": "2", "TransfereeUniqueid": "1", "Extension": "102"}
ATTENDED = {"Result": "Success", "OrigTransfererUniqueid": "2", "SecondTransfererUniqueid": "3"}
BRIDGE = {**LEG, "BridgeUniqueid": "b"}
DIAL = {**LEG, "DestUniqueid": "1.2", "DestLinkedid": "1.0"}
WHERE = ("1.1", "1.0")

#: Each event with its headers, and what it means: the signal's kind and the fields after instant and origin.
MEANINGS: dict[str, tuple[str, dict[str, str], list[tuple[object, ...]]]] = {
    "a caller": (
        "Newchannel",
        {**LEG, "Channel": "PJSIP/trunk-1", "CallerIDNum": "+39333", "CallerIDName": "O\\'Hara", "Exten": "200"},
        [(s.LegSeen, *WHERE, "PJSIP/trunk-1", LegRole.CUSTOMER, "+39333", "O'Hara", "200", False)],
    ),
    "a caller who withholds": (
        "Newchannel",
        {**LEG, "Channel": "PJSIP/trunk-1", "CallerIDNum": "anonymous", "CallerIDName": "<unknown>", "Exten": "s"},
        [(s.LegSeen, *WHERE, "PJSIP/trunk-1", LegRole.CUSTOMER, None, None, None, False)],
    ),
    "an agent is known by the phone, not by the caller ID": (
        "Newchannel",
        {**LEG, "Channel": "PJSIP/101-0000003d", "CallerIDNum": "+390221000100", "CallerIDName": "x", "Exten": "9061"},
        [(s.LegSeen, *WHERE, "PJSIP/101-0000003d", LegRole.AGENT, "101", None, "9061", False)],
    ),
    "a half of a Local channel is nobody": (
        "Newchannel",
        {**LEG, "Channel": "Local/103@agents-0000003d;1", "CallerIDNum": "+39333", "Exten": "103"},
        [(s.LegSeen, *WHERE, "Local/103@agents-0000003d;1", LegRole.VIRTUAL, None, None, None, False)],
    ),
    "a channel that is made ringing": (
        "Newchannel",
        {**LEG, "Channel": "PJSIP/101-1", "ChannelState": "5"},
        [(s.LegSeen, *WHERE, "PJSIP/101-1", LegRole.AGENT, "101", None, None, False), (s.LegRang, *WHERE)],
    ),
    "a channel that is made up": (
        "Newchannel",
        {**LEG, "Channel": "PJSIP/101-1", "ChannelState": "6"},
        [(s.LegSeen, *WHERE, "PJSIP/101-1", LegRole.AGENT, "101", None, None, False), (s.LegAnswered, *WHERE)],
    ),
    "a channel that the PBX makes to call somebody": (
        "Newchannel",
        {**LEG, "Channel": "PJSIP/101-1", "Exten": "s", "ChannelState": "0"},
        [(s.LegSeen, *WHERE, "PJSIP/101-1", LegRole.AGENT, "101", None, None, True)],
    ),
    "ringing": ("Newstate", {**LEG, "ChannelState": "5"}, [(s.LegRang, *WHERE)]),
    "up": ("Newstate", {**LEG, "ChannelState": "6"}, [(s.LegAnswered, *WHERE)]),
    "dialling is no news": ("Newstate", {**LEG, "ChannelState": "4"}, []),
    "the end": ("Hangup", {**LEG, "Cause": "16"}, [(s.LegEnded, *WHERE, 16)]),
    "the end, cause unsaid": ("Hangup", LEG, [(s.LegEnded, *WHERE, None)]),
    "the end, cause nonsense": ("Hangup", {**LEG, "Cause": "-1"}, [(s.LegEnded, *WHERE, None)]),
    "hung up": ("HangupRequest", LEG, [(s.LegHungUp, *WHERE)]),
    "refused by the PBX": ("Newstate", {**LEG, "ChannelState": "7"}, [(s.LegTurnedAway, *WHERE)]),
    "killed": ("SoftHangupRequest", LEG, [(s.LegKilled, *WHERE)]),
    "dialled": (
        "DialBegin",
        {**DIAL, "DialString": "trunk/sip:0612@10.0.0.1"},
        [(s.LegDialled, "1.2", "1.0", "1.1", "0612", None)],
    ),
    "dialled by the PBX itself": (
        "DialBegin",
        {"DestUniqueid": "1.2", "DestLinkedid": "1.0", "DialString": "alice"},
        [(s.LegDialled, "1.2", "1.0", None, None, None)],
    ),
    "rings, though only something is played": (
        "DialState",
        {**DIAL, "DialStatus": "PROGRESS"},
        [(s.LegRang, "1.2", "1.0")],
    ),
    "rings, as its channel says itself": ("DialState", {**DIAL, "DialStatus": "RINGING"}, []),
    "sent on by the phone": (
        "DialEnd",
        {**DIAL, "DialStatus": "CANCEL", "Forward": "102"},
        [(s.DialEnded, "1.2", "1.0", DialResult.FORWARDED)],
    ),
    **{
        f"dialled, {word or 'nothing said'}": (
            "DialEnd",
            {**DIAL, "DialStatus": word},
            [(s.DialEnded, "1.2", "1.0", end)],
        )
        for word, end in {
            "ANSWER": DialResult.ANSWERED,
            "NOANSWER": DialResult.NO_ANSWER,
            "CANCEL": DialResult.CANCELLED,
            "BUSY": DialResult.BUSY,
            "CHANUNAVAIL": DialResult.FAILED,
            "CONGESTION": DialResult.FAILED,
            "": DialResult.FAILED,
        }.items()
    },
    "a pair": ("LocalBridge", {"LocalOneUniqueid": "1.1", "LocalTwoUniqueid": "1.2"}, [(s.LegsPaired, "1.1", "1.2")]),
    "into a bridge": ("BridgeEnter", BRIDGE, [(s.BridgeEntered, *WHERE, "b", None, False, False)]),
    "into a room's bridge": ("BridgeEnter", {**BRIDGE, "BridgeCreator": "ConfBridge", "BridgeName": "800"}, []),
    "into a room": (
        "ConfbridgeJoin",
        {**BRIDGE, "BridgeCreator": "ConfBridge", "Muted": "No"},
        [(s.BridgeEntered, *WHERE, "b", None, True, False)],
    ),
    "into a room, muted": (
        "ConfbridgeJoin",
        {**BRIDGE, "BridgeCreator": "ConfBridge", "Muted": "Yes"},
        [(s.BridgeEntered, *WHERE, "b", None, True, True)],
    ),
    "unmuted": ("ConfbridgeUnmute", BRIDGE, [(s.LegSpeaks, *WHERE)]),
    "into another's place": (
        "BridgeEnter",
        {**BRIDGE, "SwapUniqueid": "9"},
        [(s.BridgeEntered, *WHERE, "b", "9", False, False)],
    ),
    "out of a bridge": ("BridgeLeave", BRIDGE, [(s.BridgeLeft, *WHERE, "b")]),
    "hold": ("Hold", LEG, [(s.LegHeld, *WHERE)]),
    "resume": ("Unhold", LEG, [(s.LegResumed, *WHERE)]),
    "a key": ("DTMFEnd", {**LEG, "Digit": "1", "Direction": "Received"}, [(s.KeyPressed, *WHERE, "1")]),
    "a key that the PBX sends": ("DTMFEnd", {**LEG, "Digit": "1", "Direction": "Sent"}, []),
    "about to wait": (
        "Newexten",
        {**LEG, "Application": "Queue", "AppData": "sales,tc,,,20"},
        [(s.QueueReached, *WHERE, "sales")],
    ),
    "another step of the dialplan": ("Newexten", {**LEG, "Application": "Playback", "AppData": "Queue"}, []),
    "a queue without a name": ("Newexten", {**LEG, "Application": "Queue", "AppData": ""}, []),
    **{
        f"the queue says {word}": (
            "VarSet",
            {"Channel": "PJSIP/trunk-1", **LEG, "Variable": "QUEUESTATUS", "Value": word},
            [(s.QueueRefused, *WHERE, why)] if why else [],
        )
        for word, why in {
            "TIMEOUT": "timeout",
            "FULL": "full",
            "JOINEMPTY": "empty",
            "LEAVEEMPTY": "empty",
            "JOINUNAVAIL": "empty",
            "LEAVEUNAVAIL": "empty",
            "CONTINUE": "continue",
            "SOMETHING": None,
            "": None,
        }.items()
    },
    "another variable": ("VarSet", {**LEG, "Variable": "QUEUESTATUSES", "Value": "FULL"}, []),
    "joined": ("QueueCallerJoin", {**CALLER, "Position": "3"}, [(s.QueueJoined, *WHERE, "sales", 3)]),
    "joined, who knows where": ("QueueCallerJoin", CALLER, [(s.QueueJoined, *WHERE, "sales", None)]),
    "left": ("QueueCallerLeave", CALLER, [(s.QueueLeft, *WHERE, "sales", None)]),
    "gave up": ("QueueCallerAbandon", CALLER, [(s.QueueGaveUp, *WHERE, "sales", False)]),
    "tried": (
        "AgentCalled",
        {**AGENT, "DestUniqueid": "1.2"},
        [(s.AgentTried, *WHERE, "sales", "103", "Žofia Kováčová", "1.2")],
    ),
    "took": ("AgentConnect", AGENT, [(s.AgentTook, *WHERE, "sales", "103")]),
    "missed": ("AgentRingNoAnswer", AGENT, [(s.AgentMissed, *WHERE, "sales", "103")]),
    "done": ("AgentComplete", {**AGENT, "TalkTime": "12"}, [(s.AgentDone, *WHERE, "sales", "103", 12)]),
    "done, time unsaid": ("AgentComplete", AGENT, [(s.AgentDone, *WHERE, "sales", "103", None)]),
    "handed over": ("BlindTransfer", TRANSFER, [(s.BlindTransferred, "2", "1", "102")]),
    "handed over in vain": ("BlindTransfer", {**TRANSFER, "Result": "Fail"}, []),
    "handed over after a consultation": (
        "AttendedTransfer",
        {**ATTENDED, "TransfereeUniqueid": "1", "TransferTargetUniqueid": "4"},
        [(s.AttendedTransferred, "2", "3", "1", "4")],
    ),
    "handed over to a queue that was asked": (
        "AttendedTransfer",
        ATTENDED,
        [(s.AttendedTransferred, "2", "3", None, None)],
    ),
    "all three talk after a consultation": (
        "AttendedTransfer",
        {**ATTENDED, "DestType": "Threeway", "OrigTransfererLinkedid": "1"},
        [(s.LegResumed, "2", "1")],
    ),
    "handed over after a consultation in vain": ("AttendedTransfer", {**ATTENDED, "Result": "Fail"}, []),
    "picked up": (
        "Pickup",
        {"Uniqueid": "5", "TargetUniqueid": "2", "TargetLinkedid": "1"},
        [(s.PickedUp, "2", "1", "5")],
    ),
    "parked": ("ParkedCall", {"ParkeeUniqueid": "1", "ParkingSpace": "701"}, [(s.Parked, "1", "701")]),
    "taken up": ("UnParkedCall", {"ParkeeUniqueid": "1", "RetrieverUniqueid": "5"}, [(s.Unparked, "1", "5")]),
    "not taken up": ("ParkedCallTimeOut", {"ParkeeUniqueid": "1"}, [(s.Unparked, "1", None)]),
    "logged in": (
        "QueueMemberAdded",
        {**PLACE, "Paused": "0"},
        [(s.MemberAdded, "sales", "105", "Elio", "Local/105@agents/n")],
    ),
    "logged in paused": (
        "QueueMemberAdded",
        {**PLACE, "Paused": "1", "PausedReason": "Pausa caffè"},
        [
            (s.MemberAdded, "sales", "105", "Elio", "Local/105@agents/n"),
            (s.MemberPaused, "sales", "105", "Elio", "Local/105@agents/n", "Pausa caffè"),
        ],
    ),
    "logged out": ("QueueMemberRemoved", PLACE, [(s.MemberRemoved, "sales", "105", "Elio", "Local/105@agents/n")]),
    "pause, as 16 says it": (
        "QueueMemberPause",
        {**PLACE, "Paused": "1", "Reason": "lunch"},
        [(s.MemberPaused, "sales", "105", "Elio", "Local/105@agents/n", "lunch")],
    ),
    "pause without a reason": (
        "QueueMemberPause",
        {**PLACE, "Paused": "1", "PausedReason": ""},
        [(s.MemberPaused, "sales", "105", "Elio", "Local/105@agents/n", None)],
    ),
    "back": (
        "QueueMemberPause",
        {**PLACE, "Paused": "0"},
        [(s.MemberResumed, "sales", "105", "Elio", "Local/105@agents/n")],
    ),
    "there": (
        "QueueMemberStatus",
        {**PLACE, "Paused": "1", "PausedReason": "lunch"},
        [(s.MemberSeen, "sales", "105", "Elio", "Local/105@agents/n", True, "lunch")],
    ),
    "there, with a wrap-up of his own": (
        "QueueMemberStatus",
        {**PLACE, "Paused": "0", "Wrapuptime": "7"},
        [
            (s.MemberSeen, "sales", "105", "Elio", "Local/105@agents/n", False, None),
            (s.WrapUpSet, "sales", "105", "Elio", "Local/105@agents/n", 7.0),
        ],
    ),
}
NEEDED = {
    "Newchannel": ("Uniqueid", "Channel"),
    "Newstate": ("Uniqueid", "ChannelState"),
    "DialBegin": ("DestUniqueid",),
    "DialState": ("DestUniqueid", "DialStatus"),
    "DialEnd": ("DestUniqueid",),
    "LocalBridge": ("LocalOneUniqueid", "LocalTwoUniqueid"),
    "BridgeEnter": ("Uniqueid", "BridgeUniqueid"),
    "BridgeLeave": ("Uniqueid", "BridgeUniqueid"),
    "ConfbridgeJoin": ("Uniqueid", "BridgeUniqueid"),
    "ConfbridgeUnmute": ("Uniqueid",),
    "DTMFEnd": ("Uniqueid", "Digit", "Direction"),
    "Newexten": ("Uniqueid", "AppData"),
    "VarSet": ("Uniqueid", "Value"),
    "AgentCalled": ("Uniqueid", "Queue", "Interface"),
    "AgentConnect": ("Uniqueid", "Queue", "Interface"),
    "AgentRingNoAnswer": ("Uniqueid", "Queue", "Interface"),
    "AgentComplete": ("Uniqueid", "Queue", "Interface"),
    "BlindTransfer": ("TransfererUniqueid", "TransfereeUniqueid", "Result"),
    "AttendedTransfer": ("OrigTransfererUniqueid", "SecondTransfererUniqueid", "Result"),
    "Pickup": ("Uniqueid", "TargetUniqueid"),
    "ParkedCall": ("ParkeeUniqueid",),
    "UnParkedCall": ("ParkeeUniqueid",),
    "ParkedCallTimeOut": ("ParkeeUniqueid",),
    "QueueMemberAdded": ("Queue", "Interface"),
    "QueueMemberRemoved": ("Queue", "Interface"),
    "QueueMemberPause": ("Queue", "Interface"),
    "QueueMemberStatus": ("Queue", "Interface"),
    "QueueCallerJoin": ("Uniqueid", "Queue"),
    "QueueCallerLeave": ("Uniqueid", "Queue"),
    "QueueCallerAbandon": ("Uniqueid", "Queue"),
    "Hangup": ("Uniqueid",),
    "HangupRequest": ("Uniqueid",),
    "SoftHangupRequest": ("Uniqueid",),
    "Hold": ("Uniqueid",),
    "Unhold": ("Uniqueid",),
}
LISTS = {"Status", "StatusComplete", "QueueParams", "QueueMember", "QueueEntry", "QueueStatusComplete"}
HEADERS = sorted({header for _, headers, _ in MEANINGS.values() for header in headers} | {"Event", "Response", "Value"})


def meaning(name: str, headers: dict[str, str], events: AsteriskEvents | None = None) -> list[Signal]:
    return list((events or AsteriskEvents("pbx")).normalise(ami(name, **headers), at(5), "session"))


def told(signal: Signal) -> tuple[object, ...]:
    """A signal as its kind and the fields after instant and origin."""
    return type(signal), *list(msgspec.structs.asdict(signal).values())[2:]


@pytest.mark.parametrize("case", MEANINGS)
def test_an_event_means(case: str) -> None:
    name, headers, expected = MEANINGS[case]
    assert [told(signal) for signal in meaning(name, headers)] == expected


def test_every_event_that_is_wanted_is_tried_here() -> None:
    assert {name for name, _, _ in MEANINGS.values()} == set(NEEDED) == WANTED - LISTS
    assert set(HANDLERS) == WANTED


def test_every_signal_can_be_said_by_asterisk_but_of_agents_as_a_whole_and_on_the_line() -> None:
    said = {kind for _, _, expected in MEANINGS.values() for kind, *_ in expected}
    assert said == set(MOVES) - {s.AgentStatus, s.AgentFreed}


@pytest.mark.parametrize(("name", "header"), [(name, header) for name, needed in NEEDED.items() for header in needed])
def test_an_event_without_what_it_needs_means_nothing(name: str, header: str) -> None:
    (headers, *_) = [given for other, given, expected in MEANINGS.values() if other == name and expected]
    assert meaning(name, headers) != []
    assert meaning(name, {key: value for key, value in headers.items() if key != header}) == []


def test_an_event_that_nobody_knows_means_nothing() -> None:
    assert meaning("RTCPSent", LEG) == []


def test_a_signal_tells_where_it_was_read() -> None:
    frame = ami("Hold", **LEG)
    frame.offset = 4711
    (signal,) = AsteriskEvents("milan").normalise(frame, at(5), "2026-03-02")
    assert (signal.at, signal.origin) == (at(5), Origin("milan", "2026-03-02", 4711, "Hold"))


@pytest.mark.parametrize(
    ("trunks", "channel", "role"),
    [
        ((), "PJSIP/101-1", LegRole.AGENT),
        ((), "PJSIP/1-1", LegRole.CUSTOMER),
        ((), "PJSIP/1234567-1", LegRole.CUSTOMER),
        ((), "PJSIP/trunk-1", LegRole.CUSTOMER),
        ((), "DAHDI/i1/0612-1", LegRole.CUSTOMER),
        (("trunk",), "PJSIP/trunk-1", LegRole.CUSTOMER),
        (("trunk",), "PJSIP/alice-1", LegRole.AGENT),
        (("900",), "PJSIP/900-1", LegRole.CUSTOMER),
        (("i1",), "DAHDI/i1/0612-1", LegRole.CUSTOMER),
        (("i1",), "DAHDI/i10/0612-1", LegRole.AGENT),
        ((), "Local/103@agents-1;1", LegRole.VIRTUAL),
        (("trunk",), "Local/trunk@agents-1;1", LegRole.VIRTUAL),
        ((), "Message/ast_msg_queue", LegRole.VIRTUAL),
        ((), "CBAnn/conf-1-1;2", LegRole.VIRTUAL),
        ((), "Snoop/1-1", LegRole.VIRTUAL),
    ],
)
def test_who_is_at_a_channel(trunks: tuple[str, ...], channel: str, role: LegRole) -> None:
    assert AsteriskEvents("pbx", trunks).role_of(channel) is role


@pytest.mark.parametrize("said", ["PJSIP/alice", "hint:alice@ext-local"])
def test_the_phone_of_a_queues_member_is_no_trunk(said: str) -> None:
    events = AsteriskEvents("pbx")
    assert events.role_of("PJSIP/alice-1") is LegRole.CUSTOMER
    meaning("QueueMemberStatus", {"Queue": "sales", "Interface": "Local/alice@x/n", "StateInterface": said}, events)
    assert events.role_of("PJSIP/alice-1") is LegRole.AGENT
    assert events.role_of("PJSIP/bob-1") is LegRole.CUSTOMER


def test_a_member_behind_a_local_channel_is_known_by_his_phone() -> None:
    place = {"Queue": "sales", "Interface": "Local/103@from-queue/n", "StateInterface": "hint:103@ext-local"}
    (signal,) = meaning("QueueMemberStatus", {**place, "MemberName": "Elio"})
    assert isinstance(signal, s.MemberSeen)
    assert (signal.agent, signal.interface) == ("103", "Local/103@from-queue/n")


def test_a_header_that_comes_twice_counts_once() -> None:
    frame = ami("Hold", **LEG)
    frame.raw += b"\r\nUniqueid: 9.9"
    (signal,) = AsteriskEvents("pbx").normalise(frame, at(0), "session")
    assert told(signal) == (s.LegHeld, *WHERE)


@settings(
    derandomize=True, database=None, deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow]
)
@given(
    name=st.sampled_from(sorted(WANTED)),
    headers=st.dictionaries(
        st.sampled_from(HEADERS),
        st.one_of(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=12),
            st.sampled_from(
                ["", "0", "5", "6", "Success", "Received", "Queue", "QUEUESTATUS", "Local/1@x-1;1", "9" * 40]
            ),
        ),
        max_size=8,
    ),
)
def test_no_event_is_too_odd(name: str, headers: dict[str, str]) -> None:
    for signal in meaning(name, headers):
        assert isinstance(signal, Signal)
