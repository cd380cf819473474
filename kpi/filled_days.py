"""What agents did in a gap: as the PBX's own log and the calls tell it, between what was seen before and after. Pure.

Each slot of an agent (his place in a queue, his pause there, what he does) is a line of values over time. Before the
gap and after it stands what was seen. Within, it goes on from the value at its beginning, by the lines of the log; what
he does follows from his places and from the legs of the calls, by the rule of ``cti.roster``. A snapshot comes a moment
after the return: until then what was seen is the knowledge of before the gap, and the log knows better.

The same again changes nothing: what is outside the gap stays, and what is within is made anew from the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from cti.model import AgentChange, AgentChanged, AgentState
from kpi.batch import Span
from kpi.completing import SNAPSHOT
from kpi.gaps import Gap
from kpi.schema import CallSource, SpanKind
from kpi.spans import Slot

CLOCKS = timedelta(seconds=2)  #: so far apart may two clocks and whole seconds be: a line of then may be of the gap
KNOWN_STILL = timedelta(seconds=15)  #: so much before a gap may the last sign of an agent be that a crash has left
_AT_ONCE = timedelta(seconds=2)
_SECOND, _CLOCK = timedelta(seconds=1), timedelta(seconds=0.5)
_DOING: Slot = (SpanKind.STATE, "")


class Fact(NamedTuple):
    """What is true in a slot: of a log-in nothing more, of a pause its reason, of what he does both."""

    state: AgentState | None = None
    reason: str | None = None


class Step(NamedTuple):
    """From ``at`` on this is true; None: he is not there, not paused, does nothing."""

    at: datetime
    fact: Fact | None


class OnPhone(NamedTuple):
    """An agent's phone rings, or he talks, from and to; None while it lasts."""

    agent: str
    started_at: datetime
    ended_at: datetime | None
    state: AgentState

    def is_on(self, at: datetime) -> bool:
        """Whether it is at about that time."""
        return self.started_at - CLOCKS <= at and (self.ended_at is None or at < self.ended_at + CLOCKS)


class Refilled(NamedTuple):
    """The spans to be taken away, and those to be written, some in the place of one with the same key."""

    gone: list[Span]
    come: list[Span]


def refilled(gap: Gap, spans: Iterable[Span], changes: Iterable[AgentChanged], on_phone: Iterable[OnPhone]) -> Refilled:
    """What has to be done to ``spans``, all that touch the gap or begin soon after it, so that they tell its time.

    ``changes`` are the log-ins, log-outs and pauses of the log, in order; those of other times are passed over.
    """
    days: dict[str, _Day] = {}

    def day_of(agent: str) -> _Day:
        return days.setdefault(agent, _Day(gap, agent))

    for span in sorted(spans, key=lambda span: span.started_at):
        day_of(span.agent).take(span)
    for change in changes:
        day_of(change.agent.agent).changes.append(change)
    for phone in on_phone:
        day_of(phone.agent).on_phone.append(phone)
    done = Refilled([], [])
    for day in days.values():
        old, new = ({span.key: span for span in spans} for spans in (day.spans(), day.filled()))
        done.gone.extend(span for key, span in old.items() if key not in new)
        done.come.extend(span for key, span in new.items() if old.get(key) != span)
    return done


class _Day:
    """One agent's."""

    def __init__(self, gap: Gap, agent: str) -> None:
        self._pbx, self._agent = gap.pbx, agent
        self._begin, self._end = gap.began_at, gap.ended_at or gap.began_at
        self._slots: dict[Slot, _SlotSeen] = {}
        self.changes: list[AgentChanged] = []
        self.on_phone: list[OnPhone] = []

    def take(self, span: Span) -> None:
        if span.ended_at is None or span.ended_at > span.started_at:  # what lasted no time is in nobody's way
            self._seen((span.kind, span.queue)).spans.append(span)

    def spans(self) -> list[Span]:
        return [span for seen in self._slots.values() for span in seen.spans]

    def filled(self) -> list[Span]:
        steps = self._places()
        steps[_DOING] = self._doings(steps)
        return [span for slot, of_slot in steps.items() for span in self._filled(slot, of_slot)]

    def _seen(self, slot: Slot) -> _SlotSeen:
        if slot not in self._slots:
            self._slots[slot] = _SlotSeen(self._begin, self._end)
        return self._slots[slot]

    def _places(self) -> dict[Slot, list[Step]]:
        """Log-ins and pauses through the gap. Who is gone at its end without a word of the log: nobody knows when."""
        steps = {slot: [Step(self._begin, seen.before)] for slot, seen in self._slots.items() if slot != _DOING}
        for change in self.changes:
            for slot, fact in _moved(change, steps):
                if change.at > self._end:
                    self._seen(slot).turns.append(change.at)
                    self._seen(_DOING).turns.append(change.at)
                elif change.at >= self._begin - CLOCKS:
                    _step(steps.setdefault(slot, [Step(self._begin, None)]), max(change.at, self._begin), fact)
        for slot, of_slot in steps.items():
            if len(of_slot) == 1 and self._seen(slot).is_lost(of_slot[0].fact):
                of_slot[:] = [Step(self._begin, None)]
        return steps

    def _doings(self, places: Mapping[Slot, Sequence[Step]]) -> list[Step]:
        """What he does through the gap."""
        turns = _turns([*self.on_phone, *self._still_on_phone()], self._begin)
        wraps_until = self._wraps_until()
        moments = {self._begin, wraps_until, *turns, *(step.at for steps in places.values() for step in steps)}
        phones, doing = Counter[AgentState](), list[Step]()
        for at in sorted(at for at in moments if self._begin <= at <= self._end):
            phones.update(turns.get(at, {}))
            busy = next((state for state in (AgentState.TALKING, AgentState.RINGING) if phones[state]), None)
            _step(doing, at, Fact(busy) if busy is not None else _at_rest(places, at, wraps_up=at < wraps_until))
        return doing

    def _still_on_phone(self) -> Iterator[OnPhone]:
        """He was on the phone when the gap began, with a call that is not over, or not known: as far as was seen."""
        head = self._seen(_DOING).head
        if head is None or head.state not in (AgentState.TALKING, AgentState.RINGING):
            return
        if not any(phone.is_on(self._begin) for phone in self.on_phone):
            yield OnPhone(self._agent, self._begin, min(head.ended_at or self._end, self._end), head.state)

    def _wraps_until(self) -> datetime:
        """Until when he had peace after a call that was seen: that is known when it begins."""
        head = self._seen(_DOING).head
        if head is None or head.state is not AgentState.WRAP_UP or head.cut:
            return self._begin
        return min(head.ended_at or self._end, self._end)

    def _filled(self, slot: Slot, steps: Sequence[Step]) -> list[Span]:
        """The slot's spans: those of the gap between those that were seen."""
        seen = self._seen(slot)
        until = seen.known_again(steps[-1].fact)
        ends = [*(step.at for step in steps[1:]), until]
        pieces = [
            self._piece(slot, step, end) for step, end in zip(steps, ends, strict=True) if step.fact and step.at < end
        ]
        if pieces and steps[-1].fact is not None and seen.at(until) is None:
            pieces[-1] = msgspec.structs.replace(pieces[-1], cut=True)
        return seen.around(pieces, until, goes_on=steps[0].fact is not None)

    def _piece(self, slot: Slot, step: Step, end: datetime) -> Span:
        fact = step.fact or Fact()
        return Span(
            pbx=self._pbx,
            agent=self._agent,
            kind=slot[0],
            queue=slot[1],
            started_at=step.at,
            ended_at=end,
            state=fact.state,
            reason=fact.reason,
            source=CallSource.FILLED,
        )


class _SlotSeen:
    """What was seen in a slot: ``spans`` in order, ``head`` what was so when the gap began.

    ``turns`` are the instants at which the log tells of it after the return: what was seen to change then did so.
    """

    def __init__(self, begin: datetime, end: datetime) -> None:
        self._begin, self._end = begin, end
        self.spans: list[Span] = []
        self.turns: list[datetime] = []

    @property
    def head(self) -> Span | None:
        head = next((span for span in reversed(self.spans) if span.started_at <= self._begin), None)
        if head is None or not _is_over(head, self._begin):
            return head
        still = head.cut and head.ended_at is not None and self._begin - head.ended_at <= KNOWN_STILL
        return head if still else None

    @property
    def before(self) -> Fact | None:
        return None if self.head is None else _fact(self.head)

    def at(self, at: datetime) -> Fact | None:
        latest = next((span for span in reversed(self.spans) if span.started_at <= at), None)
        return None if latest is None or _is_over(latest, at) else _fact(latest)

    def known_again(self, logged: Fact | None) -> datetime:
        """From when on it is right: from the return, or from the snapshot that puts it right a moment later."""
        if self.at(self._end) == logged:
            return self._end
        turns = (at for span in self.spans for at in (span.started_at, span.ended_at) if at is not None)
        turn = min((at for at in turns if at > self._end), default=self._end)
        if any(-_CLOCK <= turn - at <= _SECOND + _CLOCK for at in self.turns):
            return self._end
        return turn if turn - self._end <= (SNAPSHOT if self.at(turn) == logged else _AT_ONCE) else self._end

    def is_lost(self, fact: Fact | None) -> bool:
        """Whether a crash or a long gap ended what went on, and he was not there when all was seen again."""
        head = self.head
        if head is None or not head.cut or head.source is CallSource.FILLED or fact is None:
            return False
        return self.at(self.known_again(fact)) is None

    def around(self, pieces: Sequence[Span], until: datetime, *, goes_on: bool) -> list[Span]:
        """The spans with these in the gap, joined to what they go on with."""
        head = self.head
        before = [span for span in self.spans if span is not head and _is_over(span, self._begin)]
        link: list[Span] = []
        if head is not None:
            link.append(_heard(head, ended_at=self._begin, cut=False) if goes_on or not head.cut else head)
        after = [_heard(one, started_at=max(one.started_at, until)) for one in self.spans if not _is_over(one, until)]
        seen = {span.started_at: span for span in self.spans}
        return [*before, *(_as_it_was(span, seen.get(span.started_at)) for span in _joined([*link, *pieces, *after]))]


def _as_it_was(span: Span, seen: Span | None) -> Span:
    """What is as it was seen is not marked."""
    if seen is None or seen != msgspec.structs.replace(span, source=seen.source, heard_at=seen.heard_at):
        return span
    return seen


def _turns(on_phone: Iterable[OnPhone], since: datetime) -> dict[datetime, Counter[AgentState]]:
    """How many phones more, or less, ring and are up from each instant on."""
    turns: dict[datetime, Counter[AgentState]] = {}
    for phone in on_phone:
        if phone.ended_at is None or phone.ended_at > since:
            turns.setdefault(max(phone.started_at, since), Counter())[phone.state] += 1
            if phone.ended_at is not None:
                turns.setdefault(max(phone.ended_at, phone.started_at), Counter())[phone.state] -= 1
    return turns


def _moved(change: AgentChanged, steps: Mapping[Slot, Sequence[Step]]) -> Iterator[tuple[Slot, Fact | None]]:
    """What a change says of an agent's place and pause in its queue. Who is not there takes no break."""
    queue = change.queue or ""
    place, pause = (SpanKind.LOGIN, queue), (SpanKind.PAUSE, queue)
    if change.change in (AgentChange.LOGIN, AgentChange.LOGOUT):
        yield place, Fact() if change.change is AgentChange.LOGIN else None
        yield pause, None
    elif change.change is AgentChange.UNPAUSE:
        yield pause, None
    elif change.change is AgentChange.PAUSE and place in steps and steps[place][-1].fact is not None:
        yield pause, Fact(reason=change.reason)


def _step(steps: list[Step], at: datetime, fact: Fact | None) -> None:
    """From ``at`` on, not before the last step, this is true; one that changes nothing is none."""
    if steps and steps[-1].at == at:
        steps.pop()
    if not steps or steps[-1].fact != fact:
        steps.append(Step(at, fact))


def _at_rest(places: Mapping[Slot, Sequence[Step]], at: datetime, *, wraps_up: bool) -> Fact | None:
    """What he does who is not on the phone."""
    here = [slot[1] for slot, steps in places.items() if slot[0] is SpanKind.LOGIN and _fact_at(steps, at) is not None]
    pauses = [_fact_at(places.get((SpanKind.PAUSE, queue), ()), at) for queue in sorted(here)]
    if not here:
        return None
    if all(pause is not None for pause in pauses):
        return Fact(AgentState.PAUSED, next((pause.reason for pause in pauses if pause and pause.reason), None))
    return Fact(AgentState.WRAP_UP if wraps_up else AgentState.IDLE)


def _fact_at(steps: Sequence[Step], at: datetime) -> Fact | None:
    return next((step.fact for step in reversed(steps) if step.at <= at), None)


def _fact(span: Span) -> Fact:
    return Fact(span.state, span.reason)


def _is_over(span: Span, at: datetime) -> bool:
    return span.ended_at is not None and span.ended_at <= at


def _heard(span: Span, **changes: object) -> Span:
    """A part of a span that was seen, from another beginning or to another end: known by when it was heard to begin."""
    if span.source in (CallSource.LIVE, CallSource.COMPLETED):
        changes |= {"source": CallSource.COMPLETED, "heard_at": span.heard_at or span.started_at}
    return msgspec.structs.replace(span, **changes)


def _joined(link: Iterable[Span]) -> list[Span]:
    """One span where the same goes on; nothing that lasted no time."""
    joined: list[Span] = []
    for span in link:
        last = joined[-1] if joined else None
        if last is not None and last.ended_at == span.started_at and _fact(last) == _fact(span):
            joined[-1] = _one(last, span)
        else:
            joined.append(span)
    return [span for span in joined if span.ended_at is None or span.ended_at > span.started_at]


def _one(first: Span, second: Span) -> Span:
    """``first`` that goes on as ``second``. What comes live is of the later one."""
    heard_at = second.heard_at or first.heard_at
    return msgspec.structs.replace(
        second if second.talk_at is not None else first,
        started_at=first.started_at,
        ended_at=second.ended_at,
        cut=second.cut,
        heard_at=heard_at,
        source=CallSource.FILLED if heard_at is None else CallSource.COMPLETED,
    )
