"""Asterisk's events about queues as signals: callers who wait, members who are rung, come, go and pause.

Sources: ``apps/app_queue.c`` and the XML documentation of each event; what they do not say was read off the recordings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from cti import signals as s
from cti.model import Origin
from cti.pbx.asterisk_names import whole_number
from cti.pbx.dialect import Frame

if TYPE_CHECKING:
    from cti.pbx.asterisk_events import AsteriskEvents, Handler

_QUEUE_STATUS = {  # apps/app_queue.c, QUEUESTATUS
    "TIMEOUT": "timeout",
    "FULL": "full",
    "JOINEMPTY": "empty",
    "JOINUNAVAIL": "empty",
    "LEAVEEMPTY": "empty",
    "LEAVEUNAVAIL": "empty",
    "CONTINUE": "continue",
}


def _newexten(_: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    if b"\r\nApplication: Queue\r\n" not in frame.raw:
        return ()
    leg, data = frame.get(b"Uniqueid"), frame.get(b"AppData")
    if leg is None or not data:
        return ()
    return (s.QueueReached(at, origin, leg, frame.get(b"Linkedid"), data.partition(",")[0]),)


def _var_set(_: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    if b"\r\nVariable: QUEUESTATUS\r\n" not in frame.raw:
        return ()
    leg, why = frame.get(b"Uniqueid"), _QUEUE_STATUS.get(frame.get(b"Value") or "")
    return () if leg is None or why is None else (s.QueueRefused(at, origin, leg, frame.get(b"Linkedid"), why),)


def _queue_join(events: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg, queue = frame.get(b"Uniqueid"), frame.get(b"Queue")
    if leg is None or queue is None:
        return ()
    position = whole_number(frame.get(b"Position"))
    events.waits_at[leg] = frame.get(b"Context"), frame.get(b"Exten")
    return (s.QueueJoined(at, origin, leg, frame.get(b"Linkedid"), queue, position),)


def _queue(kind: Callable[[datetime, Origin, str, str | None, str], s.Signal]) -> Handler:
    """A handler for an event that says no more than the caller's leg and the queue."""

    def handler(_: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
        leg, queue = frame.get(b"Uniqueid"), frame.get(b"Queue")
        return () if leg is None or queue is None else (kind(at, origin, leg, frame.get(b"Linkedid"), queue),)

    return handler


def _queue_abandon(events: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    """Sent when the caller leaves, when the queue gives up, and when he is redirected: then he is elsewhere already."""
    leg, queue = frame.get(b"Uniqueid"), frame.get(b"Queue")
    if leg is None or queue is None:
        return ()
    here = frame.get(b"Context"), frame.get(b"Exten")
    sent_on = events.waits_at.pop(leg, here) != here
    return (s.QueueGaveUp(at, origin, leg, frame.get(b"Linkedid"), queue, sent_on),)


def _agent_called(events: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg, queue, interface = frame.get(b"Uniqueid"), frame.get(b"Queue"), frame.get(b"Interface")
    if leg is None or queue is None or not interface:
        return ()
    agent, group = events.member(frame, interface), frame.get(b"Linkedid")
    return (s.AgentTried(at, origin, leg, group, queue, agent, frame.get(b"MemberName"), frame.get(b"DestUniqueid")),)


def _agent(kind: Callable[[datetime, Origin, str, str | None, str, str], s.Signal]) -> Handler:
    """A handler for an event about a caller, a queue and an agent."""

    def handler(events: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
        leg, queue, interface = frame.get(b"Uniqueid"), frame.get(b"Queue"), frame.get(b"Interface")
        if leg is None or queue is None or not interface:
            return ()
        return (kind(at, origin, leg, frame.get(b"Linkedid"), queue, events.member(frame, interface)),)

    return handler


def _agent_complete(events: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg, queue, interface = frame.get(b"Uniqueid"), frame.get(b"Queue"), frame.get(b"Interface")
    if leg is None or queue is None or not interface:
        return ()
    talk_s = whole_number(frame.get(b"TalkTime"))
    return (s.AgentDone(at, origin, leg, frame.get(b"Linkedid"), queue, events.member(frame, interface), talk_s),)


Member = tuple[datetime, Origin, str, str, str | None, str | None]


def _member_of(events: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Member | None:
    queue, interface = frame.get(b"Queue"), frame.get(b"Interface")
    if queue is None or not interface:
        return None
    return at, origin, queue, events.member(frame, interface), frame.get(b"MemberName"), interface


def _reason(frame: Frame) -> str | None:
    return frame.get(b"PausedReason") or frame.get(b"Reason") or None


def _member_added(events: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    member = _member_of(events, frame, at, origin)
    if member is not None:
        yield s.MemberAdded(*member)
        if frame.get(b"Paused") == "1":
            yield s.MemberPaused(*member, _reason(frame))
        yield from _wrap_up(events, frame, member)


def _wrap_up(events: AsteriskEvents, frame: Frame, member: Member) -> Iterable[s.Signal]:
    """The member's wrap-up, when it is another than was told last."""
    seconds = events.wrap_ups.of(member[2], whole_number(frame.get(b"Wrapuptime")))
    if events.wrap_ups.tell(member[2], member[3], seconds):
        yield s.WrapUpSet(*member, seconds)


def _member_removed(events: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    events.forget_places()
    member = _member_of(events, frame, at, origin)
    return () if member is None else (s.MemberRemoved(*member),)


def _member_pause(events: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    member = _member_of(events, frame, at, origin)
    if member is None:
        return ()
    if frame.get(b"Paused") == "1":
        return (s.MemberPaused(*member, _reason(frame)),)
    return (s.MemberResumed(*member),)


def _member_status(events: AsteriskEvents, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    """Sent at each change of a phone's state: it is only read for members whose log-in was not seen."""
    if not events.first_sight_of(frame):
        return
    member = _member_of(events, frame, at, origin)
    if member is not None:
        yield s.MemberSeen(*member, frame.get(b"Paused") == "1", _reason(frame))
        yield from _wrap_up(events, frame, member)


QUEUE_HANDLERS: dict[str, Handler] = {
    "Newexten": _newexten,
    "VarSet": _var_set,
    "QueueCallerJoin": _queue_join,
    "QueueCallerLeave": _queue(s.QueueLeft),
    "QueueCallerAbandon": _queue_abandon,
    "AgentCalled": _agent_called,
    "AgentConnect": _agent(s.AgentTook),
    "AgentRingNoAnswer": _agent(s.AgentMissed),
    "AgentComplete": _agent_complete,
    "QueueMemberAdded": _member_added,
    "QueueMemberRemoved": _member_removed,
    "QueueMemberPause": _member_pause,
    "QueueMemberStatus": _member_status,
}
