"""Calls in the words of Zammad's generic CTI interface: newCall, answer and hangup of each conversation.

https://docs.zammad.org/en/latest/api/generic-cti/index.html. Zammad keeps one entry of its caller log for each
``callId``, with one agent. So a call that is handed over ends there with the cause "forwarded", and goes on as another
entry, whose id has a number more. Internal calls, and callers who hang up before anybody is called, are not told.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final

import msgspec

from crm_bridge.call_record import safe_id
from crm_bridge.number import parse_number
from crm_bridge.text_file import clean_text
from cti.model import (
    AboutCall,
    AgentChanged,
    Call,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallMerged,
    CallOffered,
    CallOutcome,
    CallQueued,
    CallStarted,
    CallTransferred,
    Direction,
)

#: calls and agents that are kept in mind; more than any site has at a time
MOST_CALLS: Final = 20_000
MOST_NAMES: Final = 20_000
MAX_TEXT: Final = 200
ANONYMOUS: Final = "anonymous"
#: Q.850: the number does not exist
_UNALLOCATED: Final = frozenset({1, 28})
_CAUSES: Final = {
    CallOutcome.ANSWERED: "normalClearing",
    CallOutcome.ABANDONED: "cancel",
    CallOutcome.EXIT_KEY: "cancel",
    CallOutcome.IVR_HANGUP: "cancel",
    CallOutcome.TIMEOUT: "noAnswer",
    CallOutcome.NO_ANSWER: "noAnswer",
    CallOutcome.BUSY: "busy",
    CallOutcome.EXIT_EMPTY: "congestion",
    CallOutcome.FULL: "congestion",
    CallOutcome.REFUSED: "congestion",
    CallOutcome.FAILED: "congestion",
}


class Step(StrEnum):
    """Zammad's words for what happened."""

    NEW_CALL = "newCall"
    ANSWER = "answer"
    HANGUP = "hangup"


class CtiMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message. ``session`` is its ``callId``; ``lane`` is the same for all messages of one call."""

    step: Step
    session: str
    lane: str
    body: dict[str, Any]


class _Entry(msgspec.Struct):
    """What Zammad has been told of one call: how many entries, and the one that is open."""

    entries: int = 0
    is_open: bool = False
    answered_by: str | None = None


class CtiStory:
    """Gives the messages for each event. ``region`` and ``dial_prefixes`` are how the PBX's numbers are read."""

    def __init__(self, region: str, dial_prefixes: tuple[str, ...] = ()) -> None:
        self._region, self._dial_prefixes = region, dial_prefixes
        self._calls: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._names: OrderedDict[tuple[str, str], str] = OrderedDict()

    def apply(self, event: CallEvent) -> list[CtiMessage]:
        """What Zammad is to be told of this event, in order; mostly nothing."""
        if isinstance(event, AgentChanged):
            self._learn(event)
            return []
        if not isinstance(event, AboutCall) or event.call.direction is Direction.INTERNAL:
            return []
        key = (event.call.pbx, event.call.call_id)
        entry = self._calls.get(key) or self._begun(key)
        told = list(self._tell(event, entry))
        if isinstance(event, CallEnded | CallMerged):
            self._calls.pop(key, None)
        return told

    def _tell(self, event: AboutCall, entry: _Entry) -> Iterator[CtiMessage]:
        call = event.call
        match event:
            case CallStarted() if call.direction is Direction.OUTBOUND:
                yield from self._open(call, entry, call.caller.number)
            case CallQueued():
                yield from self._open(call, entry, None, event.stay.queue)
            case CallOffered() if not event.ring.consult:
                yield from self._open(call, entry, event.agent, event.ring.queue)
            case CallAnswered():
                yield from self._answer(call, entry, event.agent)
            case CallTransferred():
                yield from self._hand_over(call, entry, event.transfer.by)
            case CallEnded():
                yield from self._close(call, entry, _cause(call))
            case CallMerged():
                yield from self._close(call, entry, "forwarded")

    def _open(self, call: Call, entry: _Entry, agent: str | None, queue: str | None = None) -> Iterator[CtiMessage]:
        if entry.is_open or call.ended_at is not None:
            return
        entry.entries += 1
        entry.is_open, entry.answered_by = True, None
        yield self._message(Step.NEW_CALL, call, entry, agent, {"queue": _text(queue)} if queue else {})

    def _answer(self, call: Call, entry: _Entry, agent: str) -> Iterator[CtiMessage]:
        yield from self._open(call, entry, agent, call.queue)
        if entry.is_open and entry.answered_by is None:
            entry.answered_by = agent
            yield self._message(Step.ANSWER, call, entry, agent, {"answeringNumber": _text(agent)})

    def _hand_over(self, call: Call, entry: _Entry, by: str) -> Iterator[CtiMessage]:
        """The part of who hands over is over. Whom he has asked before may be talking by now."""
        if entry.answered_by is None:
            return
        yield from self._close(call, entry, "forwarded")
        others = [talk.agent for talk in call.talks if talk.ended_at is None and talk.agent != by]
        for agent in others[-1:]:
            yield from self._answer(call, entry, agent)

    def _close(self, call: Call, entry: _Entry, cause: str) -> Iterator[CtiMessage]:
        if not entry.is_open:
            return
        by = entry.answered_by
        more = {"cause": cause} | ({"answeringNumber": _text(by)} if by is not None else {})
        yield self._message(Step.HANGUP, call, entry, by, more)
        entry.is_open, entry.answered_by = False, None

    def _message(self, step: Step, call: Call, entry: _Entry, agent: str | None, more: dict[str, Any]) -> CtiMessage:
        lane = safe_id(f"{call.pbx}:{call.call_id}")
        session = lane if entry.entries == 1 else f"{lane}/{entry.entries}"
        outbound = call.direction is Direction.OUTBOUND
        user = self._name(call, agent)
        body = {
            "event": step.value,
            "callId": session,
            "direction": "out" if outbound else "in",
            "from": self._number(call.caller.number),
            "to": self._number(call.dialled) if call.dialled else _text(call.queue) or ANONYMOUS,
        }
        return CtiMessage(step=step, session=session, lane=lane, body=body | ({"user": user} if user else {}) | more)

    def _number(self, written: str | None) -> str:
        """A public number in E.164 without its plus, as Zammad's documentation writes it; others as they are."""
        if not written:
            return ANONYMOUS
        e164 = parse_number(written, self._region, self._dial_prefixes).e164
        return (e164 or _text(written)).removeprefix("+") or ANONYMOUS

    def _name(self, call: Call, agent: str | None) -> str:
        return "" if agent is None else self._names.get((call.pbx, agent), _text(agent))

    def _begun(self, key: tuple[str, str]) -> _Entry:
        entry = self._calls[key] = _Entry()
        if len(self._calls) > MOST_CALLS:
            self._calls.popitem(last=False)
        return entry

    def _learn(self, event: AgentChanged) -> None:
        name = _text(event.agent.name)
        if name:
            self._names[event.agent.pbx, event.agent.agent] = name
        if len(self._names) > MOST_NAMES:
            self._names.popitem(last=False)


def _cause(call: Call) -> str:
    """Zammad's word for how it ended (hangup-event: cause)."""
    if call.outcome is CallOutcome.FAILED and any(leg.cause in _UNALLOCATED for leg in call.legs):
        return "notFound"
    return _CAUSES.get(call.outcome or CallOutcome.ANSWERED, "normalClearing")


def _text(text: str | None) -> str:
    return clean_text((text or "")[: MAX_TEXT * 2])[:MAX_TEXT]
