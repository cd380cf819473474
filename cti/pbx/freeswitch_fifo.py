"""What mod_fifo tells of its queues, as signals.

Source: ``mod_fifo.c`` (``fifo_function``, ``ringall_thread_run``, ``o_thread_run``). A caller is pushed, and popped for
a consumer: a member whose phone the fifo rang, or an agent who stays on the line between his callers. A caller whose
consumer was gone at the last moment is pushed again, and waits on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cti import signals as s
from cti.model import Origin, StayOutcome
from cti.pbx import freeswitch_names as names
from cti.pbx.dialect import Frame
from cti.pbx.freeswitch_memory import FreeswitchMemory, Joined, Taken
from cti.pbx.freeswitch_queues import Handler

NO_FIFO = "manual_calls"  # what fifo_track_call counts: no queue


def fifo(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    handler = _ACTIONS.get(frame.get(b"FIFO-Action") or "")
    return () if handler is None or frame.get(b"FIFO-Name") == NO_FIFO else handler(memory, frame, at, origin)


def for_whom(memory: FreeswitchMemory, frame: Frame) -> str | None:
    """The caller for whom a member's phone is called by the strategy ``enterprise``, which names none.

    It calls one phone for each who waits; who has waited longest is popped first.
    """
    queue, phone = frame.get(b"variable_fifo_name"), frame.get(b"Unique-ID")
    waiting = [leg for leg, joined in memory.joined.items() if queue is not None and joined.member == queue]
    called_for = set(memory.called_for.values())
    leg = next((leg for leg in waiting if leg not in called_for), waiting[0] if waiting else None)
    if leg is not None and phone is not None:
        memory.called_for[phone] = leg
    return leg


def _push(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg, queue = frame.get(b"Unique-ID"), frame.get(b"FIFO-Name")
    if leg is None or queue is None:
        return ()
    before = memory.joined.get(leg)
    if before is not None and before.member == queue:
        return ()
    memory.joined[leg] = Joined(queue, queue)
    memory.undecided.pop(leg, None)
    memory.note_queue(frame.get(b"Caller-Destination-Number"), queue)
    return (s.QueueJoined(at, origin, leg, None, queue, None),)


def _pop(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    """The caller is his with the bridge; he may hang up this moment."""
    leg, caller, queue = frame.get(b"Unique-ID"), frame.get(b"FIFO-Caller-UUID"), frame.get(b"FIFO-Name")
    agent = _agent(frame)
    if leg is not None and caller is not None and queue is not None and agent is not None:
        memory.taken[leg] = Taken(caller, queue, agent)
        if memory.called_for.pop(leg, caller) != caller:
            return (s.AgentFreed(at, origin, leg, None),)  # his phone was taken to ring for another
    return ()


def _talk(memory: FreeswitchMemory, frame: Frame, _at: datetime, _origin: Origin) -> Iterable[s.Signal]:
    memory.joined.pop(frame.get(b"Unique-ID") or "", None)
    return ()


def _abort(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    """He hung up, pressed the key, or was sent elsewhere; only the first is told apart by the fifo itself."""
    leg, queue = frame.get(b"Unique-ID"), frame.get(b"FIFO-Name")
    if leg is None or queue is None or memory.joined.pop(leg, None) is None:
        return ()
    outcome: StayOutcome | None = StayOutcome.TRANSFERRED_OUT
    if frame.get(b"Answer-State") == "hangup":
        outcome = StayOutcome.ABANDONED
    elif frame.get(b"variable_fifo_caller_exit_key"):
        outcome = None  # the key that he pressed, if any, tells
    return (s.QueueLeft(at, origin, leg, None, queue, outcome),)


def _timeout(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg, queue = frame.get(b"Unique-ID"), frame.get(b"FIFO-Name")
    if leg is None or queue is None or memory.joined.pop(leg, None) is None:
        return ()
    return (s.QueueLeft(at, origin, leg, None, queue, StayOutcome.TIMEOUT),)


def _done(_: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    caller, queue, agent = frame.get(b"variable_fifo_target"), frame.get(b"FIFO-Name"), _agent(frame)
    if caller is None or queue is None or agent is None:
        return ()
    talk_s = names.whole_number(frame.get(b"FIFO-Consumer-Talk-Time-s"))
    return (s.AgentDone(at, origin, caller, None, queue, agent, talk_s),)


def _free(_: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    """A consumer who waits (``fifo <name> out wait``) stays on the line, any other is hung up now."""
    leg, waits = frame.get(b"Unique-ID"), "wait" in (frame.get(b"variable_current_application_data") or "").split()
    stays = waits and frame.get(b"Answer-State") != "hangup"
    return (s.AgentFreed(at, origin, leg, None),) if leg is not None and stays else ()


def _agent(frame: Frame) -> str | None:
    """The extension of the consumer whose channel the event is about."""
    if frame.get(b"Call-Direction") == "outbound":
        return frame.get(b"variable_dialed_user") or names.user_of(frame.get(b"Caller-Destination-Number"))
    return frame.get(b"variable_user_name") or frame.get(b"variable_sip_auth_username")


_ACTIONS: dict[str, Handler] = {
    "push": _push,
    "consumer_pop": _pop,
    "bridge-caller-start": _talk,
    "abort": _abort,
    "timeout": _timeout,
    "channel-consumer-stop": _done,
    "bridge-consumer-stop": _free,
}
