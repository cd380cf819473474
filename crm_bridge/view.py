"""From a pop to the card on the page: what an agent reads in one second, in the order that matters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from crm_bridge.contact import PastCall
from crm_bridge.number import Number, NumberKind, format_number
from crm_bridge.pop import CallerFile, Card, Phase, Pop
from cti.model import Call, Direction

#: calls of the last days that are counted as "the third call in five days"
LATELY: Final = timedelta(days=5)
_NO_NUMBER: Final = Number(kind=NumberKind.ANONYMOUS, written="", why="no number was sent")
_ORDER: Final = {Phase.OFFERED: 0, Phase.TALKING: 1, Phase.HELD: 2, Phase.DIALLING: 3, Phase.CLOSED: 4}

Name = Callable[[str], str]


def make_card(pop: Pop, now: datetime, region: str, name_of: Name) -> Card:
    """The card of ``pop`` as of ``now``. ``name_of`` gives an extension's words, numbers are shown as in ``region``."""
    file, call = pop.file, pop.file.call
    number = file.number or _NO_NUMBER
    shown = format_number(number, region)
    until = pop.closed_at or now
    waiting = call.waiting
    return Card(
        pop_id=pop.pop_id,
        phase=pop.phase,
        closing=pop.closing,
        direction=call.direction.value,
        headline=_headline(file, pop, shown, name_of),
        shown_number=shown,
        number=number,
        pbx_name=_pbx_name(call),
        queue=pop.queue or (call.queue if pop.phase is not Phase.CLOSED else None),
        dialled=call.dialled if call.direction is Direction.INBOUND else None,
        match=file.match,
        past_calls=_named(file.past_calls, name_of),
        times_lately=_times_lately(file, now),
        offered_at=pop.offered_at,
        closed_at=pop.closed_at,
        waited_s=_waited_s(call, until),
        waits=waiting is not None or (pop.phase is Phase.OFFERED and call.answered_at is None),
        phase_s=max(0.0, (until - pop.since).total_seconds()),
        talked_s=_talked_s(call, pop.desk.agent),
        other=_other(pop, name_of),
        seen=pop.shown_after_s is not None,
    )


def order_cards(cards: Sequence[Card]) -> tuple[Card, ...]:
    """Ringing calls first, the longest first, then the one that is talked on, then held and dialled ones."""
    return tuple(sorted(cards, key=lambda card: (_ORDER[card.phase], card.offered_at)))


def _headline(file: CallerFile, pop: Pop, shown: str, name_of: Name) -> str:
    match, call = file.match, file.call
    if call.direction is Direction.INTERNAL:
        own = call.caller.number == pop.desk.agent
        return "Your own call" if own else name_of(call.caller.number or "") or shown
    if match is not None and match.contact is not None and not match.on_behalf:
        return match.contact.name
    return _pbx_name(call) or shown


def _pbx_name(call: Call) -> str | None:
    """The name that came with an inbound call; None where it only repeats the number."""
    name = (call.caller.name or "").strip() if call.direction is Direction.INBOUND else ""
    return name if name and name != call.caller.number else None


def _waited_s(call: Call, until: datetime) -> float | None:
    """Seconds the caller waited for a person, in queues and while it rang; None on calls of our own."""
    if call.direction is not Direction.INBOUND:
        return None
    if call.stays and call.waiting is None and call.wait_s is not None and call.answered_at is not None:
        return call.wait_s
    began_at = call.queued_at or call.offered_at
    return max(0.0, ((call.answered_at or until) - began_at).total_seconds())


def _named(calls: Sequence[PastCall] | None, name_of: Name) -> Sequence[PastCall] | None:
    """The earlier calls with the agents' names for their extensions."""
    if calls is None:
        return None
    return [msgspec.structs.replace(call, agents=tuple(name_of(agent) for agent in call.agents)) for call in calls]


def _talked_s(call: Call, agent: str) -> float | None:
    talks = [talk.talk_s for talk in call.talks if talk.agent == agent and talk.talk_s is not None]
    return sum(talks) if talks else None


def _times_lately(file: CallerFile, now: datetime) -> int:
    earlier: Sequence[PastCall] = file.past_calls or ()
    if file.call.direction is not Direction.INBOUND:
        return 0
    return 1 + sum(past.direction == Direction.INBOUND and now - past.at <= LATELY for past in earlier)


def _other(pop: Pop, name_of: Name) -> str | None:
    return None if pop.other is None else name_of(pop.other)
