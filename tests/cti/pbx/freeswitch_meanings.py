"""What each of FreeSWITCH's events means: its headers, the signals that come of them, and what it cannot do without."""

from __future__ import annotations

import msgspec

from cti import signals as s
from cti.model import LegRole, StayOutcome
from cti.pbx.freeswitch_events import FreeswitchEvents
from cti.signals import DialResult, Signal
from tests.cti.esl_events import esl
from tests.cti.playbook import at

Headers = dict[str, str]
Meaning = list[tuple[object, ...]]

INBOUND = {"Unique-ID": "u1", "Call-Direction": "inbound"}
OUTBOUND = {"Unique-ID": "u2", "Call-Direction": "outbound"}
TRUNK = "sofia/internal/+39333@carrier.example"
CALLER = {
    **INBOUND,
    "Channel-Name": TRUNK,
    "Caller-Context": "public",
    "Caller-Caller-ID-Number": "+39333",
    "Caller-Caller-ID-Name": "Žofia",
    "Caller-Destination-Number": "+3902100",
}
PHONE = {
    **INBOUND,
    "Channel-Name": "sofia/internal/101@pbx.example",
    "Caller-Context": "default",
    "Caller-Caller-ID-Number": "101",
    "Caller-Destination-Number": "9061",
    "variable_user_name": "101",
}
CALLED = {
    **OUTBOUND,
    "Channel-Name": "sofia/internal/101@10.0.0.4",
    "Caller-Destination-Number": "101",
    "variable_dialed_user": "101",
    "variable_originating_leg_uuid": "u1",
}
BY_QUEUE = {
    **OUTBOUND,
    "Channel-Name": "sofia/internal/101@10.0.0.4",
    "Caller-Destination-Number": "101",
    "variable_dialed_user": "101",
    "variable_cc_side": "agent",
    "variable_cc_agent": "Anna",
    "variable_cc_member_session_uuid": "u1",
}
BY_GATEWAY = {
    **OUTBOUND,
    "Channel-Name": "sofia/internal/+39061",
    "Caller-Destination-Number": "+39061",
    "variable_sip_gateway_name": "trunk",
    "variable_originator": "u1",
}
BRIDGE = {"Bridge-A-Unique-ID": "u1", "Bridge-B-Unique-ID": "u2"}
MEMBER = {"CC-Queue": "sales", "CC-Member-UUID": "m1", "CC-Member-Session-UUID": "u1"}
ENDED = {**OUTBOUND, "Caller-Channel-Answered-Time": "1", "variable_hangup_cause_q850": "16"}
REPLACED = {**OUTBOUND, "variable_transfer_disposition": "recv_replace"}
PARKING = {"Unique-ID": "u1", "Valet-Extension": "5901"}
CC, VALET = "callcenter::info", "valet_parking::info"
ROOM, FIFO = "conference::maintenance", "fifo::info"
PUSHED = {**INBOUND, "FIFO-Action": "push", "FIFO-Name": "orders"}
CONSUMER = {**OUTBOUND, "FIFO-Name": "orders", "variable_dialed_user": "101"}


def seen(leg: str, group: str, channel: str, role: LegRole, number: str | None, *rest: object) -> tuple[object, ...]:
    name, dialled, outgoing = rest if rest else (None, None, True)
    return (s.LegSeen, leg, group, channel, role, number, name, dialled, outgoing)


#: Each event with its headers, and what it means: the signal's kind and the fields after instant and origin.
MEANINGS: dict[str, tuple[str, Headers, Meaning]] = {
    "a caller": (
        "CHANNEL_CREATE", CALLER, [seen("u1", "u1", TRUNK, LegRole.CUSTOMER, "+39333", "Žofia", "+3902100", False)],
    ),
    "a caller who withholds": (
        "CHANNEL_CREATE",
        CALLER | {"Caller-Privacy-Hide-Number": "true", "Caller-Privacy-Hide-Name": "true"},
        [seen("u1", "u1", TRUNK, LegRole.CUSTOMER, None, None, "+3902100", False)],
    ),
    "a caller without a name": (
        "CHANNEL_CREATE",
        CALLER | {"Caller-Caller-ID-Name": "+39333"},
        [seen("u1", "u1", TRUNK, LegRole.CUSTOMER, "+39333", None, "+3902100", False)],
    ),
    "an agent is known by the user, not by the caller ID": (
        "CHANNEL_CREATE",
        PHONE | {"Caller-Caller-ID-Number": "+390221000100"},
        [seen("u1", "u1", PHONE["Channel-Name"], LegRole.AGENT, "101", None, "9061", False)],
    ),
    "a phone that is let in without a password": (
        "CHANNEL_CREATE",
        {key: value for key, value in PHONE.items() if key != "variable_user_name"},
        [seen("u1", "u1", PHONE["Channel-Name"], LegRole.AGENT, "101", None, "9061", False)],
    ),
    "a phone that is called": (
        "CHANNEL_CREATE",
        CALLED,
        [seen("u2", "u1", CALLED["Channel-Name"], LegRole.AGENT, "101"), (s.LegDialled, "u2", None, "u1", "101")],
    ),
    "a phone that a queue calls": (
        "CHANNEL_CREATE",
        BY_QUEUE,
        [seen("u2", "u1", CALLED["Channel-Name"], LegRole.AGENT, "101"), (s.LegDialled, "u2", None, "u1", "101")],
    ),
    "an agent outside, whom a queue calls": (
        "CHANNEL_CREATE",
        {**BY_GATEWAY, **{key: BY_QUEUE[key] for key in BY_QUEUE if "cc_" in key}, "variable_cc_agent": "105@x"},
        [seen("u2", "u1", "sofia/internal/+39061", LegRole.AGENT, "105"), (s.LegDialled, "u2", None, "u1", "+39061")],
    ),
    "the public, called": (
        "CHANNEL_CREATE",
        BY_GATEWAY,
        [seen("u2", "u1", "sofia/internal/+39061", LegRole.CUSTOMER, None), (s.LegDialled, "u2", None, "u1", "+39061")],
    ),
    "the public, called without a gateway": (
        "CHANNEL_CREATE",
        {**OUTBOUND, "Channel-Name": "sofia/external/0612345", "Caller-Destination-Number": "0612345@10.0.0.9",
         "Other-Type": "originator", "Other-Leg-Unique-ID": "u1"},
        [seen("u2", "u1", "sofia/external/0612345", LegRole.CUSTOMER, None),
         (s.LegDialled, "u2", None, "u1", "0612345")],
    ),
    "a phone that the PBX calls by itself": (
        "CHANNEL_CREATE",
        {key: value for key, value in CALLED.items() if "leg_uuid" not in key},
        [seen("u2", "u2", CALLED["Channel-Name"], LegRole.AGENT, "101"), (s.LegDialled, "u2", None, None, "101")],
    ),
    "an end of a loopback": (
        "CHANNEL_CREATE",
        {**OUTBOUND, "Channel-Name": "loopback/101-b", "variable_other_loopback_leg_uuid": "u3"},
        [seen("u2", "u2", "loopback/101-b", LegRole.VIRTUAL, None), (s.LegDialled, "u2", None, None, None)],
    ),
    "a group that waits to be picked up from": (
        "CHANNEL_CREATE",
        {**OUTBOUND, "Channel-Name": "pickup/team@pbx.example"},
        [seen("u2", "u2", "pickup/team@pbx.example", LegRole.VIRTUAL, None), (s.LegDialled, "u2", None, None, None)],
    ),
    "a phone that a fifo calls": (
        "CHANNEL_CREATE",
        {**{key: value for key, value in CALLED.items() if "leg_uuid" not in key},
         "variable_fifo_name": "orders", "variable_fifo_bridge_uuid": "u1"},
        [seen("u2", "u1", CALLED["Channel-Name"], LegRole.AGENT, "101"), (s.LegDialled, "u2", None, "u1", "101")],
    ),
    "an agent outside, whom a fifo calls": (
        "CHANNEL_CREATE",
        {**BY_GATEWAY, "variable_fifo_name": "orders", "variable_fifo_bridge_uuid": "u1"},
        [seen("u2", "u1", "sofia/internal/+39061", LegRole.AGENT, "+39061"),
         (s.LegDialled, "u2", None, "u1", "+39061")],
    ),
    "a phone rings": ("CHANNEL_PROGRESS", OUTBOUND, [(s.LegRang, "u2", None)]),
    "a phone rings with a tone of its own": ("CHANNEL_PROGRESS_MEDIA", OUTBOUND, [(s.LegRang, "u2", None)]),
    "a caller is told that it rings": ("CHANNEL_PROGRESS", INBOUND, []),
    "a phone is up": (
        "CHANNEL_ANSWER",
        {**OUTBOUND, "variable_originator": "u1"},
        [(s.LegAnswered, "u2", None), (s.DialEnded, "u2", None, DialResult.ANSWERED)],
    ),
    "a phone is up that the PBX called by itself": ("CHANNEL_ANSWER", OUTBOUND, [(s.LegAnswered, "u2", None)]),
    "the PBX answers": ("CHANNEL_ANSWER", INBOUND, [(s.LegAnswered, "u1", None)]),
    "two meet": (
        "CHANNEL_BRIDGE",
        BRIDGE,
        [(s.BridgeEntered, "u1", None, "u1/u2", None), (s.BridgeEntered, "u2", None, "u1/u2", None)],
    ),
    "two part": (
        "CHANNEL_UNBRIDGE", BRIDGE, [(s.BridgeLeft, "u1", None, "u1/u2"), (s.BridgeLeft, "u2", None, "u1/u2")],
    ),
    "hold": ("CHANNEL_HOLD", OUTBOUND, [(s.LegHeld, "u2", None)]),
    "back": ("CHANNEL_UNHOLD", OUTBOUND, [(s.LegResumed, "u2", None)]),
    "a key": ("DTMF", INBOUND | {"DTMF-Digit": "1"}, [(s.KeyPressed, "u1", None, "1")]),
    "into a room": (
        ROOM, {"Unique-ID": "u1", "Conference-Unique-ID": "r1", "Action": "add-member"},
        [(s.BridgeEntered, "u1", None, "conference/r1", None, True)],
    ),
    "out of a room": (
        ROOM, {"Unique-ID": "u1", "Conference-Unique-ID": "r1", "Action": "del-member"},
        [(s.BridgeLeft, "u1", None, "conference/r1")],
    ),
    "somebody in a room speaks": (
        ROOM, {"Unique-ID": "u1", "Conference-Unique-ID": "r1", "Action": "start-talking"}, [],
    ),
    "into a fifo": (FIFO, PUSHED, [(s.QueueJoined, "u1", None, "orders", None)]),
    "to be connected by a fifo": (
        FIFO, CONSUMER | {"FIFO-Action": "consumer_pop", "FIFO-Caller-UUID": "u1"}, [],
    ),
    "a fifo's end of a talk": (
        FIFO,
        CONSUMER | {"FIFO-Action": "channel-consumer-stop", "variable_fifo_target": "u1",
                    "FIFO-Consumer-Talk-Time-s": "5"},
        [(s.AgentDone, "u1", None, "orders", "101", 5)],
    ),
    "an agent who stays on a fifo's line": (
        FIFO,
        CONSUMER | {"FIFO-Action": "bridge-consumer-stop", "variable_current_application_data": "orders out wait"},
        [(s.AgentFreed, "u2", None)],
    ),
    "an agent who does not stay": (
        FIFO,
        CONSUMER | {"FIFO-Action": "bridge-consumer-stop", "variable_current_application_data": "orders out nowait"},
        [],
    ),
    "calls that a fifo only counts": (FIFO, PUSHED | {"FIFO-Name": "manual_calls"}, []),
    "about to end": ("CHANNEL_HANGUP", OUTBOUND, []),
    "sent on": (
        "CHANNEL_HANGUP",
        REPLACED | {"variable_transfer_to": "blind:u1", "variable_transfer_destination": "blind:102"},
        [(s.BlindTransferred, "u2", "u1", "102")],
    ),
    "handed over": (
        "CHANNEL_HANGUP",
        REPLACED | {"variable_transfer_to": "att:u4", "Other-Leg-Unique-ID": "u1"},
        [(s.AttendedTransferred, "u2", None, "u1", "u4")],
    ),
    "handed over to nobody known": ("CHANNEL_HANGUP", REPLACED | {"variable_transfer_to": "who:u4"}, []),
    "the PBX hung up": ("CHANNEL_HANGUP_COMPLETE", ENDED, [(s.LegEnded, "u2", None, 16)]),
    "the party hung up": (
        "CHANNEL_HANGUP_COMPLETE",
        ENDED | {"variable_sip_hangup_disposition": "recv_bye"},
        [(s.LegHungUp, "u2", None), (s.LegEnded, "u2", None, 16)],
    ),
    "nobody took the call": (
        "CHANNEL_HANGUP_COMPLETE",
        OUTBOUND | {"Hangup-Cause": "NO_ANSWER", "Caller-Channel-Answered-Time": "0"},
        [(s.DialEnded, "u2", None, DialResult.NO_ANSWER), (s.LegEnded, "u2", None, None)],
    ),
    "the phone refused": (
        "CHANNEL_HANGUP_COMPLETE",
        OUTBOUND | {"Hangup-Cause": "USER_BUSY", "variable_sip_hangup_disposition": "recv_refuse"},
        [(s.LegHungUp, "u2", None), (s.DialEnded, "u2", None, DialResult.BUSY), (s.LegEnded, "u2", None, None)],
    ),
    "the caller gave up": (
        "CHANNEL_HANGUP_COMPLETE",
        INBOUND | {"variable_sip_hangup_disposition": "recv_cancel"},
        [(s.LegHungUp, "u1", None), (s.LegEnded, "u1", None, None)],
    ),
    "joined": (CC, MEMBER | {"CC-Action": "member-queue-start"}, [(s.QueueJoined, "u1", None, "sales", None)]),
    "offered": (CC, MEMBER | {"CC-Action": "agent-offering", "CC-Agent": "101"}, []),
    "to be connected": (
        CC, MEMBER | {"CC-Action": "bridge-agent-start", "CC-Agent": "101", "CC-Agent-UUID": "u2"}, [],
    ),
    "the queue's end of a talk": (
        CC,
        MEMBER | {"CC-Action": "bridge-agent-end", "CC-Agent": "101@x", "CC-Agent-Answered-Time": "1795288943",
                  "CC-Bridge-Terminated-Time": "1795288948"},
        [(s.AgentDone, "u1", None, "sales", "101", 5)],
    ),
    "the queue's end of a talk of which it kept no time": (
        CC, MEMBER | {"CC-Action": "bridge-agent-end", "CC-Agent": "101"},
        [(s.AgentDone, "u1", None, "sales", "101", None)],
    ),
    "a pause": (
        CC, {"CC-Action": "agent-status-change", "CC-Agent": "101", "CC-Agent-Status": "On Break"},
        [(s.AgentStatus, "101", None, True, True, False)],
    ),
    "a log-out": (
        CC, {"CC-Action": "agent-status-change", "CC-Agent": "101", "CC-Agent-Status": "Logged Out"},
        [(s.AgentStatus, "101", None, False, False, False)],
    ),
    "a log-in": (
        CC, {"CC-Action": "agent-status-change", "CC-Agent": "101", "CC-Agent-Status": "Available (On Demand)"},
        [(s.AgentStatus, "101", None, True, False, False)],
    ),
    "a state, which says less than the legs": (CC, {"CC-Action": "agent-state-change", "CC-Agent": "101"}, []),
    "parked": (VALET, PARKING | {"Action": "hold"}, [(s.Parked, "u1", "5901")]),
    "picked up": (VALET, PARKING | {"Action": "bridge", "Bridge-To-UUID": "u3"}, [(s.Unparked, "u1", "u3")]),
    "out of the lot": (VALET, PARKING | {"Action": "exit"}, []),
    "a place in a queue": (
        "API", {"API-Command": "callcenter_config", "API-Command-Argument": "tier add sales 103 1 3"},
        [(s.MemberAdded, "sales", "103", None, None)],
    ),
    "a place no more": (
        "API", {"API-Command": "callcenter_config", "API-Command-Argument": "tier del sales 103"},
        [(s.MemberRemoved, "sales", "103", None, None)],
    ),
    "a question after the queue": (
        "API", {"API-Command": "callcenter_config", "API-Command-Argument": "queue count agents sales Available"}, [],
    ),
    "another command": ("API", {"API-Command": "show", "API-Command-Argument": "tier add sales 103"}, []),
    "the heart beats": ("HEARTBEAT", {"Event-Info": "System Ready"}, []),
}  # fmt: skip
for reason, answered, outcome in (
    ("BREAK_OUT", "hangup", StayOutcome.ABANDONED),
    ("BREAK_OUT", "answered", StayOutcome.TRANSFERRED_OUT),
    ("TIMEOUT", "answered", StayOutcome.TIMEOUT),
    ("EXIT_WITH_KEY", "answered", StayOutcome.EXIT_KEY),
    ("NO_AGENT_TIMEOUT", "answered", StayOutcome.EXIT_EMPTY),
    ("A_REASON_OF_TOMORROW", "answered", StayOutcome.TRANSFERRED_OUT),
):
    MEANINGS[f"left: {reason}, {answered}"] = (
        CC,
        MEMBER
        | {
            "CC-Action": "member-queue-end",
            "CC-Cause": "Cancel",
            "CC-Cancel-Reason": reason,
            "Answer-State": answered,
        },
        [(s.QueueLeft, "u1", None, "sales", outcome)],
    )
MEANINGS["left: answered"] = (
    CC,
    MEMBER | {"CC-Action": "member-queue-end", "CC-Cause": "Terminated"},
    [(s.QueueLeft, "u1", None, "sales", StayOutcome.ANSWERED)],
)
#: What each event cannot do without.
NEEDED = {
    "CHANNEL_CREATE": ("Unique-ID", "Channel-Name"),
    "CHANNEL_PROGRESS": ("Unique-ID", "Call-Direction"),
    "CHANNEL_PROGRESS_MEDIA": ("Unique-ID", "Call-Direction"),
    "CHANNEL_ANSWER": ("Unique-ID",),
    "CHANNEL_BRIDGE": ("Bridge-A-Unique-ID", "Bridge-B-Unique-ID"),
    "CHANNEL_UNBRIDGE": ("Bridge-A-Unique-ID", "Bridge-B-Unique-ID"),
    "CHANNEL_HOLD": ("Unique-ID",),
    "CHANNEL_UNHOLD": ("Unique-ID",),
    "CHANNEL_HANGUP": ("Unique-ID", "variable_transfer_disposition", "variable_transfer_to"),
    "CHANNEL_HANGUP_COMPLETE": ("Unique-ID",),
    "DTMF": ("Unique-ID", "DTMF-Digit"),
    VALET: ("Unique-ID", "Action"),
    ROOM: ("Unique-ID", "Conference-Unique-ID", "Action"),
    FIFO: ("Unique-ID", "FIFO-Name", "FIFO-Action"),
    "API": ("API-Command", "API-Command-Argument"),
    "member-queue-start": ("CC-Member-Session-UUID", "CC-Queue", "CC-Action"),
    "member-queue-end": ("CC-Member-Session-UUID", "CC-Queue", "CC-Action"),
    "bridge-agent-end": ("CC-Member-Session-UUID", "CC-Queue", "CC-Agent", "CC-Action"),
    "agent-status-change": ("CC-Agent", "CC-Agent-Status", "CC-Action"),
}


def meaning(name: str, headers: Headers, events: FreeswitchEvents | None = None) -> list[Signal]:
    return list((events or FreeswitchEvents("pbx")).normalise(esl(name, headers), at(5), "session"))


def told(signal: Signal) -> tuple[object, ...]:
    """A signal as its kind and the fields after instant and origin."""
    return shorn((type(signal), *list(msgspec.structs.asdict(signal).values())[2:]))


def shorn(words: tuple[object, ...]) -> tuple[object, ...]:
    """Without the last fields as far as they say nothing: other PBXs have more to say."""
    kind, *values = words
    fields = list(msgspec.structs.fields(kind))[2:]  # type: ignore[arg-type]
    while values and values[-1] == fields[len(values) - 1].default:
        values.pop()
    return kind, *values


def all_told(events: FreeswitchEvents, *story: tuple[str, Headers]) -> Meaning:
    """What a story of several events means."""
    return [told(signal) for name, headers in story for signal in meaning(name, headers, events)]
