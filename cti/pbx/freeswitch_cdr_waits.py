"""Waits in mod_callcenter's queues, out of the caller's record and those of the phones that were rung for him.

The caller's variables know his last wait only; earlier ones are told by the applications that he was sent to, and by
the phones that rang.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from cti.pbx import freeswitch_cdr_events as order
from cti.pbx.freeswitch_cdr_bridges import Bridged
from cti.pbx.freeswitch_cdr_events import CdrEvents, answered_at, profile_at
from cti.pbx.freeswitch_cdr_legs import CdrLeg
from cti.pbx.freeswitch_names import whole_number

_SECOND_US = 1_000_000
_STEP_US = 50_000
_AT_THE_END_US = 100_000  # what ends so near to the leg's end ended with it
_QUEUE_APP = "callcenter"
_HOLD_APPS = frozenset({"playback", "displace_session", "record_session"})  # run beside the wait, not after it


class Wait(msgspec.Struct, kw_only=True):
    """One wait of ``caller``; ``ends_us`` is when the next one began, or the leg ended."""

    caller: CdrLeg
    queue: str
    joined_us: int
    member: str = ""
    ends_us: int = 0
    is_last: bool = False


def tell_waits(events: CdrEvents, legs: Mapping[str, CdrLeg], bridges: Sequence[Bridged]) -> None:
    """All waits of all callers."""
    for leg in legs.values():
        phones = [one for one in legs.values() if one.variables.get("cc_member_session_uuid") == leg.uuid]
        for wait in _waits(leg, phones):
            _tell_wait(events, wait, _phones_of(wait, phones), bridges)


def _waits(leg: CdrLeg, phones: Sequence[CdrLeg]) -> list[Wait]:
    waits = [
        Wait(caller=leg, queue=step.data.split()[0], joined_us=step.at_us)
        for step in leg.steps
        if step.app == _QUEUE_APP and step.data.strip()
    ]
    if not waits:
        waits = _waits_out_of_seconds(leg, phones)
    for i, wait in enumerate(waits):
        wait.is_last = i + 1 == len(waits)
        wait.ends_us = leg.ended_us if wait.is_last else waits[i + 1].joined_us
        same = [one for one in phones if _queue(one) == wait.queue and _rung_in(wait, one)]
        wait.joined_us = min([wait.joined_us, *(one.began_us for one in same)])
        wait.member = wait.member or (same[0].variables.get("cc_member_uuid", "") if same else "") or f"{i}"
    if waits and leg.variables.get("cc_queue") == waits[-1].queue:
        waits[-1].member = leg.variables.get("cc_member_uuid", waits[-1].member)
    return waits


def _rung_in(wait: Wait, phone: CdrLeg) -> bool:
    """FreeSWITCH's clock of legs goes in steps, that of applications does not: a phone may seem to ring too early."""
    return wait.joined_us - _STEP_US <= phone.began_us <= wait.ends_us


def _waits_out_of_seconds(leg: CdrLeg, phones: Sequence[CdrLeg]) -> list[Wait]:
    """From the whole seconds in the variables of the caller and of the phones rung for him."""
    joined = {
        one.variables.get("cc_member_uuid", ""): (_joined_us(one, leg), _queue(one))
        for one in (leg, *phones)
        if _queue(one) and (one is not leg or leg.variables.get("cc_side") == "member")
    }
    waits = [Wait(caller=leg, queue=queue, joined_us=at, member=member) for member, (at, queue) in joined.items()]
    return sorted(waits, key=lambda wait: wait.joined_us)


def _joined_us(one: CdrLeg, caller: CdrLeg) -> int:
    """callcenter answers the caller as he joins: if that was in this second, then it was that instant."""
    at_us = (whole_number(one.variables.get("cc_queue_joined_epoch")) or 0) * _SECOND_US
    answered_us = answered_at(caller)
    if at_us <= answered_us < at_us + _SECOND_US:
        return answered_us
    return max(at_us, caller.began_us)


def _phones_of(wait: Wait, phones: Sequence[CdrLeg]) -> list[CdrLeg]:
    return [
        one
        for one in phones
        if _queue(one) == wait.queue and one.variables.get("cc_member_uuid", wait.member) == wait.member
    ]


def _tell_wait(events: CdrEvents, wait: Wait, phones: Sequence[CdrLeg], bridges: Sequence[Bridged]) -> None:
    member = {"CC_Queue": wait.queue, "CC_Member_UUID": wait.member, "CC_Member_Session_UUID": wait.caller.uuid}

    def say(at_us: int, rank: int, action: str, **more: str | None) -> None:
        events.add(at_us, rank, "callcenter::info", wait.caller, CC_Action=action, **member, **more)

    destination = profile_at(wait.caller, wait.joined_us).destination
    say(wait.joined_us, order.JOINED, "member-queue-start", Caller_Destination_Number=destination)
    for phone in phones:
        rung = phone.variables.get("cc_agent")
        say(max(phone.began_us, wait.joined_us), order.TRIED, "agent-offering", CC_Agent=rung)
    taken = _taken(wait, phones, bridges)
    if taken is None:
        _tell_left(events, wait, member)
        return
    phone, bridged = taken
    agent = {"CC_Agent": phone.variables.get("cc_agent"), "CC_Agent_UUID": phone.uuid}
    say(max(bridged.began_us, answered_at(phone)), order.TAKEN, "bridge-agent-start", **agent)
    talk = {
        "CC_Agent_Answered_Time": str(answered_at(phone) // _SECOND_US),
        "CC_Bridge_Terminated_Time": str(bridged.ended_us // _SECOND_US),
    }
    say(bridged.ended_us, order.AGENT_DONE, "bridge-agent-end", **agent, **talk)
    say(bridged.ended_us, order.LEFT, "member-queue-end", CC_Cause="Terminated", **agent)


def _taken(wait: Wait, phones: Sequence[CdrLeg], bridges: Sequence[Bridged]) -> tuple[CdrLeg, Bridged] | None:
    """Who answered, and the connection that he had."""
    by_uuid = {phone.uuid: phone for phone in phones}
    for bridged in bridges:
        if wait.caller.uuid in bridged.legs and bridged.partner(wait.caller.uuid) in by_uuid:
            return by_uuid[bridged.partner(wait.caller.uuid)], bridged
    return None


def _tell_left(events: CdrEvents, wait: Wait, member: Mapping[str, str]) -> None:
    """The wait ended without an answer: how, is known of the last one only."""
    leg, variables = wait.caller, wait.caller.variables
    reason = variables.get("cc_cancel_reason") if wait.is_last else None
    left_us = _left_us(wait)
    if reason == "EXIT_WITH_KEY" and variables.get("cc_exit_key"):
        events.add(left_us, order.KEYED, "DTMF", leg, DTMF_Digit=variables["cc_exit_key"])
    hung_up = left_us >= leg.ended_us - _AT_THE_END_US
    events.add(
        left_us, order.LEFT, "callcenter::info", leg, CC_Action="member-queue-end", CC_Cause="Cancel",
        CC_Cancel_Reason=reason or ("BREAK_OUT" if hung_up else "-"),
        Answer_State="hangup" if hung_up else "answered",
        CC_Member_Joined_Time=str(wait.joined_us // _SECOND_US),
        CC_Member_Leaving_Time=str(left_us // _SECOND_US),
        **member,
    )  # fmt: skip


def _left_us(wait: Wait) -> int:
    """When the caller went on from the queue: to another application, another extension, or away."""
    leg, profile = wait.caller, profile_at(wait.caller, wait.joined_us)
    steps = [one.at_us for one in leg.steps if one.at_us > wait.joined_us and one.app not in (_QUEUE_APP, *_HOLD_APPS)]
    ends = [leg.ended_us, wait.ends_us, *steps]
    if profile.transferred_us > wait.joined_us:
        ends.append(profile.transferred_us)
    canceled_us = (whole_number(leg.variables.get("cc_queue_canceled_epoch")) or 0) * _SECOND_US
    if not leg.exact and wait.is_last and canceled_us >= wait.joined_us:
        ends.append(canceled_us)
    return max(min(ends), wait.joined_us)


def _queue(leg: CdrLeg) -> str:
    return leg.variables.get("cc_queue", "")
