"""What mod_callcenter and valet parking tell, as signals.

Source: ``mod_callcenter.c``, ``mod_valet_parking.c``. A caller's place in a queue has an id of its own, new at each
join (``CC-Member-UUID``); his channel is ``CC-Member-Session-UUID``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from cti import signals as s
from cti.model import Origin, StayOutcome
from cti.pbx import freeswitch_handovers as handovers, freeswitch_names as names
from cti.pbx.dialect import Frame
from cti.pbx.freeswitch_memory import FreeswitchMemory, Joined, Taken

Handler = Callable[[FreeswitchMemory, Frame, datetime, Origin], Iterable[s.Signal]]
NO_WAIT_S = 5  # whom a queue without agents sends away that soon, it did not let in
_CANCELLED = {
    "BREAK_OUT": StayOutcome.ABANDONED,
    "TIMEOUT": StayOutcome.TIMEOUT,
    "NO_AGENT_TIMEOUT": StayOutcome.EXIT_EMPTY,
    "EXIT_WITH_KEY": StayOutcome.EXIT_KEY,
}
_SENT_ON = {StayOutcome.TRANSFERRED_OUT}


def callcenter(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    handler = CALLCENTER.get(frame.get(b"CC-Action") or "")
    return () if handler is None else handler(memory, frame, at, origin)


def _join(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg, queue = frame.get(b"CC-Member-Session-UUID"), frame.get(b"CC-Queue")
    if leg is None or queue is None:
        return ()
    member = frame.get(b"CC-Member-UUID") or ""
    known = memory.joined.get(leg)
    if known is not None and known.member == member:
        return ()  # found there when the present was asked for
    memory.joined[leg] = Joined(member, queue)
    memory.undecided.pop(leg, None)
    memory.note_queue(frame.get(b"Caller-Destination-Number"), queue)
    return (s.QueueJoined(at, origin, leg, None, queue, None),)


def _offer(memory: FreeswitchMemory, frame: Frame, _at: datetime, _origin: Origin) -> Iterable[s.Signal]:
    joined = memory.joined.get(frame.get(b"CC-Member-Session-UUID") or "")
    if joined is not None:
        joined.tried = True
    return ()


def _take(memory: FreeswitchMemory, frame: Frame, _at: datetime, _origin: Origin) -> Iterable[s.Signal]:
    """The agent's phone is up; the caller, who may hang up this moment, is his with the bridge."""
    leg, caller = frame.get(b"CC-Agent-UUID"), frame.get(b"CC-Member-Session-UUID")
    queue, agent = frame.get(b"CC-Queue"), frame.get(b"CC-Agent")
    if leg is not None and caller is not None and queue is not None and agent is not None:
        memory.taken[leg] = Taken(caller, queue, memory.agent(agent))
    return ()


def _done(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg = frame.get(b"CC-Agent-UUID") or ""
    memory.taken.pop(leg, None)
    caller, queue, agent = frame.get(b"CC-Member-Session-UUID"), frame.get(b"CC-Queue"), frame.get(b"CC-Agent")
    if caller is None or queue is None or agent is None:
        return
    began = names.whole_number(frame.get(b"CC-Agent-Answered-Time"))
    ended = names.whole_number(frame.get(b"CC-Bridge-Terminated-Time"))
    talk_s = max(ended - began, 0) if began and ended else None
    yield s.AgentDone(at, origin, caller, None, queue, memory.agent(agent), talk_s)
    if leg in memory.agent_legs and leg not in memory.sources:
        yield s.AgentFreed(at, origin, leg, None)  # one of type uuid-standby: he called, and stays on the line


def _leave(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    """The wait is over, or long after an answer the place in the queue is given up: then there may be a new one."""
    leg, queue = frame.get(b"CC-Member-Session-UUID"), frame.get(b"CC-Queue")
    if leg is None or queue is None:
        return ()
    joined = memory.joined.get(leg)
    if joined is not None and joined.member != frame.get(b"CC-Member-UUID"):
        return ()
    memory.joined.pop(leg, None)
    outcome = _left_how(frame, tried=joined is None or joined.tried)
    picked = list(handovers.taken_out_of_queue(memory, frame, at, origin, leg)) if outcome in _SENT_ON else []
    return [*picked, s.QueueLeft(at, origin, leg, None, queue, StayOutcome.ANSWERED if picked else outcome)]


def _left_how(frame: Frame, *, tried: bool) -> StayOutcome:
    if frame.get(b"CC-Cause") != "Cancel":
        return StayOutcome.ANSWERED
    reason = frame.get(b"CC-Cancel-Reason") or ""
    if reason == "BREAK_OUT" and frame.get(b"Answer-State") != "hangup":
        return StayOutcome.TRANSFERRED_OUT
    if reason == "NO_AGENT_TIMEOUT" and not tried and _waited_s(frame) < NO_WAIT_S:
        return StayOutcome.REFUSED
    return _CANCELLED.get(reason, StayOutcome.TRANSFERRED_OUT)


def _waited_s(frame: Frame) -> int:
    joined = names.whole_number(frame.get(b"CC-Member-Joined-Time"))
    left = names.whole_number(frame.get(b"CC-Member-Leaving-Time"))
    return left - joined if joined and left else 0


def _status(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    agent, status = frame.get(b"CC-Agent"), frame.get(b"CC-Agent-Status")
    if agent is None or status is None:
        return ()
    here, on_break = names.presence(status)
    return (s.AgentStatus(at, origin, agent=memory.agent(agent), name=None, here=here, on_break=on_break),)


def valet(_: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg, action = frame.get(b"Unique-ID"), frame.get(b"Action")
    if leg is None:
        return ()
    if action == "hold":
        return (s.Parked(at, origin, leg, frame.get(b"Valet-Extension") or ""),)
    retriever = frame.get(b"Bridge-To-UUID")
    return (s.Unparked(at, origin, leg, retriever),) if action == "bridge" and retriever is not None else ()


def api(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    """Somebody gives the queues a command, the dialplan asks after one: the only sign of some things."""
    if frame.get(b"API-Command") != "callcenter_config":
        return ()
    words = (frame.get(b"API-Command-Argument") or "").split()
    if words[:2] in (["tier", "add"], ["tier", "del"]) and len(words) > 3:
        kind = s.MemberAdded if words[1] == "add" else s.MemberRemoved
        return (kind(at, origin, words[2], memory.agent(words[3]), None, None),)
    if words[:3] == ["queue", "count", "agents"] and len(words) > 3 and len(memory.undecided) == 1:
        (leg,) = memory.undecided
        return (s.QueueReached(at, origin, leg, None, words[3]),)
    return ()


CALLCENTER: dict[str, Handler] = {
    "member-queue-start": _join,
    "member-queue-end": _leave,
    "agent-offering": _offer,
    "bridge-agent-start": _take,
    "bridge-agent-end": _done,
    "agent-status-change": _status,
}
