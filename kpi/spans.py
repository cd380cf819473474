"""An agent's day as spans: logged in to a queue, paused there, idle, ringing or talking; each from and to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from cti.model import Agent, AgentChanged, AgentState, CallReleased, Direction
from kpi.batch import Span
from kpi.schema import CallSource, SpanKind

Slot = tuple[SpanKind, str]
ON_THE_PHONE = (AgentState.RINGING, AgentState.TALKING, AgentState.WRAP_UP)


class Carried(msgspec.Struct, frozen=True):
    """What a run of the program leaves to the next of a PBX's agents: the spans that are open in the store, and when
    each agent last changed there.
    """

    spans: Sequence[Span] = ()
    changed_at: Mapping[str, datetime] = {}

    @property
    def places(self) -> list[tuple[datetime, str, str, bool, str | None]]:
        """Who is logged in where: since when, agent, queue, whether he is paused there, and why."""
        pauses = {(span.agent, span.queue): span for span in self.spans if span.kind is SpanKind.PAUSE}
        found = []
        for span in self.spans:
            if span.kind is SpanKind.LOGIN:
                pause = pauses.get((span.agent, span.queue))
                paused, reason = pause is not None, pause.reason if pause is not None else None
                found.append((span.started_at, span.agent, span.queue, paused, reason))
        return found


class SpanBook:
    """The spans that are open now. Pure: what changed is told from the agent as the event shows him.

    So it does not matter whether a log-in was seen or only its result, as after a reconnect.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], dict[Slot, Span]] = {}
        self._talked: dict[tuple[str, str], _Conversation] = {}
        self._changed_at: dict[tuple[str, str], datetime] = {}

    def carry_on(self, pbx: str, carried: Carried) -> None:
        """Go on where another run was: what it has told is not told again, though the journal tells it again."""
        for span in carried.spans:
            heard_at = span.heard_at or span.started_at
            heard = msgspec.structs.replace(span, started_at=heard_at, heard_at=None, source=CallSource.LIVE)
            self._open.setdefault((pbx, span.agent), {})[_slot(span)] = heard
        self._changed_at |= {(pbx, agent): at for agent, at in carried.changed_at.items()}

    def part(self, pbx: str, lost_at: datetime | None, back_at: datetime) -> list[Span]:
        """End all spans of a PBX at the last time known, marked as cut, and begin them anew with its return.

        Where nothing is known of what went on before, nobody is taken to be on the phone still.
        """
        told: list[Span] = []
        for (of_pbx, _), spans in self._open.items():
            if of_pbx != pbx:
                continue
            for slot, span in list(spans.items()):
                ended_at = span.started_at if lost_at is None else max(span.started_at, lost_at)
                told.append(msgspec.structs.replace(span, ended_at=ended_at, cut=True))
                if lost_at is None and span.state in ON_THE_PHONE:
                    del spans[slot]
                    continue
                spans[slot] = msgspec.structs.replace(span, started_at=max(back_at, ended_at))
                told.append(spans[slot])
        return told

    def release(self, event: CallReleased) -> None:
        """Remember the conversation that a wrap-up may follow."""
        talk, call = event.talk, event.call
        if talk.queue is None:  # only a queue leaves its agent in peace
            return
        talk_s = ((talk.ended_at or event.at) - talk.started_at).total_seconds()
        self._talked[call.pbx, event.agent] = _Conversation(talk.queue, call.direction, talk.started_at, talk_s)

    def apply(self, event: AgentChanged) -> list[Span]:
        """The spans that ended and those that began, in this order; nothing when all goes on."""
        who = event.agent.pbx, event.agent.agent
        if (known_at := self._changed_at.get(who)) is not None:
            if event.at < known_at:
                return []
            del self._changed_at[who]
        before = self._open.get(who, {})
        after: dict[Slot, Span] = {}
        begun: list[Span] = []
        for slot, span in _spans_of(event.agent, event.at):
            going_on = before.get(slot)
            if going_on is not None and (going_on.state, going_on.reason) == (span.state, span.reason):
                after[slot] = going_on
            else:
                after[slot] = span
                begun.append(span)
        self._open[who] = after
        over = (span for slot, span in before.items() if after.get(slot) is not span)
        return [self._ended(span, max(span.started_at, event.at)) for span in over] + begun

    def _ended(self, span: Span, at: datetime) -> Span:
        """A wrap-up tells what it followed; a phone that rang in between parts it in two, one after the other."""
        talked = self._talked.get((span.pbx, span.agent))
        if span.state is not AgentState.WRAP_UP or talked is None:
            return msgspec.structs.replace(span, ended_at=at)
        length_s = (at - span.started_at).total_seconds()
        self._talked[span.pbx, span.agent] = talked._replace(talk_s=talked.talk_s + length_s)
        return msgspec.structs.replace(span, ended_at=at, **talked._asdict())


class _Conversation(NamedTuple):
    """One that is over, as the fields of the span that follows it."""

    talk_queue: str | None
    talk_direction: Direction
    talk_at: datetime
    talk_s: float


def _slot(span: Span) -> Slot:
    return span.kind, span.queue


def _spans_of(agent: Agent, at: datetime) -> Iterator[tuple[Slot, Span]]:
    """All that is true of him now, as spans that begin now."""
    base = Span(pbx=agent.pbx, agent=agent.agent, kind=SpanKind.STATE, started_at=at)
    for place in agent.memberships:
        yield (SpanKind.LOGIN, place.queue), msgspec.structs.replace(base, kind=SpanKind.LOGIN, queue=place.queue)
        if place.paused:
            pause = msgspec.structs.replace(base, kind=SpanKind.PAUSE, queue=place.queue, reason=place.reason)
            yield (SpanKind.PAUSE, place.queue), pause
    if agent.state is not AgentState.OFFLINE:
        reason = agent.pause_reason if agent.state is AgentState.PAUSED else None
        yield (SpanKind.STATE, ""), msgspec.structs.replace(base, state=agent.state, reason=reason)
