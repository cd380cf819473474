"""From a pop to the card on the page: what an agent reads in one second, in the order that matters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Sequence
from datetime import datetime, timedelta
from textwrap import shorten
from typing import Any, Final

import msgspec

from crm_bridge.contact import Heard, Match, PastCall, SourceState
from crm_bridge.desk_settings import DeskSettings
from crm_bridge.found import safe_url
from crm_bridge.number import Number, NumberKind, format_number
from crm_bridge.pop import CallerFile, Card, Closing, ColleagueNote, Phase, Pop, SourceLine
from crm_bridge.pop_url import call_values, fill_template, may_frame
from crm_bridge.settings import CrmSettings
from cti.model import Call, Direction

_ABOUT_CHARS: Final = 60
_TALKED: Final = frozenset({Closing.TALKED, Closing.TRANSFERRED, Closing.NOT_ANSWERED})
_NO_NUMBER: Final = Number(kind=NumberKind.ANONYMOUS, written="", why="no number was sent")
_ORDER: Final = {Phase.OFFERED: 0, Phase.TALKING: 1, Phase.HELD: 2, Phase.DIALLING: 3, Phase.CLOSED: 4}

_USUAL_DESK: Final = DeskSettings()

Name = Callable[[str], str]


def make_card(pop: Pop, now: datetime, settings: CrmSettings, name_of: Name, desk: DeskSettings = _USUAL_DESK) -> Card:
    """The card of ``pop`` as of ``now``. ``name_of`` gives an extension's words."""
    file, call = pop.file, pop.file.call
    number = file.number or _NO_NUMBER
    shown = format_number(number, settings.default_region)
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
        times_lately=_times_lately(file, now, timedelta(days=desk.counted_days)),
        days=desk.counted_days,
        offered_at=pop.offered_at,
        closed_at=pop.closed_at,
        waited_s=_waited_s(call, until),
        waits=waiting is not None or (pop.phase is Phase.OFFERED and call.answered_at is None),
        phase_s=max(0.0, (until - pop.since).total_seconds()),
        talked_s=_talked_s(call, pop.desk.agent),
        other=_other(pop, name_of),
        seen=pop.shown_after_s is not None,
        about=_about(file, now, timedelta(days=desk.counted_days)),
        preferred=_preferred(file, name_of, desk),
        lines=source_lines(file.match, now),
        **_pages(pop, number, settings),
        **_noted(pop, now, name_of, desk),
    )


def wrap_up_card(
    cards: Sequence[Card], past: Sequence[Card], open_to_write: Container[str], desk: DeskSettings
) -> Card | None:
    """The ended call to write about: the agent's last talk, until he puts it away, talks again or much time is over."""
    if any(card.phase is not Phase.OFFERED for card in cards):
        return None
    last = next((card for card in past if card.closing in _TALKED), None)
    if last is None or last.pop_id not in open_to_write or last.ended_s > 60 * desk.wrap_up_minutes:
        return None
    return last


def source_lines(match: Match | None, now: datetime) -> tuple[SourceLine, ...]:
    """Of each source that gave something, or should have: when, and what is wrong with it."""
    return tuple(_source_line(heard, now) for heard in match.heard) if match is not None else ()


def age_words(seconds: float) -> str:
    """An age in its largest unit.

    >>> [age_words(seconds) for seconds in (5, 90, 7200, 200000)]
    ['5 s', '1 min', '2 h', '2 days']
    """
    for size_s, unit in ((172_800, "days"), (3_600, "h"), (60, "min")):
        if seconds >= size_s:
            return f"{int(seconds // (86_400 if unit == 'days' else size_s))} {unit}"
    return f"{max(0, int(seconds))} s"


def order_cards(cards: Sequence[Card]) -> tuple[Card, ...]:
    """Ringing calls first, the longest first, then the one that is talked on, then held and dialled ones."""
    return tuple(sorted(cards, key=lambda card: (_ORDER[card.phase], card.offered_at)))


def _source_line(heard: Heard, now: datetime) -> SourceLine:
    age = "" if heard.read_at is None else f"{age_words((now - heard.read_at).total_seconds())} old"
    problem = heard.problem or "asked again"
    words = {
        SourceState.ASKED: "asking …",
        SourceState.ANSWERED: "",
        SourceState.LATE: "came late",
        SourceState.KEPT: age,
        SourceState.STALE: f"{age}: {problem}",
        SourceState.SILENT: problem,
        SourceState.FAILED: problem,
    }[heard.state]
    trouble = heard.state in (SourceState.STALE, SourceState.SILENT, SourceState.FAILED)
    return SourceLine(heard.source, heard.read_at, words, trouble)


def _pages(pop: Pop, number: Number, settings: CrmSettings) -> dict[str, Any]:
    """The CRM's pages for this call. Without a customer on the other side there is none."""
    call, match = pop.file.call, pop.file.match
    contact = match.contact if match is not None else None
    template = settings.pop_url_of(pop.queue or call.queue) if call.customer is not None else None
    page_url = safe_url(contact.url) if contact is not None and contact.url else None
    pop_url = None
    if template is not None and (number.key is not None or contact is not None):
        queue = pop.queue or call.queue
        values = call_values(call, number, queue, pop.desk.agent, contact, settings.default_region)
        pop_url = fill_template(template, values)
    return {"pop_url": pop_url, "page_url": page_url, "framed": may_frame(page_url, settings.frame_origins)}


def _noted(pop: Pop, now: datetime, name_of: Name, desk: DeskSettings) -> dict[str, Any]:
    """What this agent and others wrote about the call, and what there is to choose from."""
    file, own = pop.file, pop.file.notes.get(pop.desk.agent)
    others = [note for agent, note in file.notes.items() if agent != pop.desk.agent and note.text.said]
    noted = {} if own is None else {"noted": own.text, "noted_at": own.updated_at if own.text.said else None}
    return noted | {
        "call_id": file.call.call_id,
        "dispositions": desk.dispositions_of(pop.queue or file.call.queue),
        "colleagues": tuple(ColleagueNote(name_of(note.key.agent), note.text) for note in others),
        "ended_s": 0.0 if pop.closed_at is None else max(0.0, (now - pop.closed_at).total_seconds()),
    }


def _headline(file: CallerFile, pop: Pop, shown: str, name_of: Name) -> str:
    match, call = file.match, file.call
    if call.direction is Direction.INTERNAL:
        own = call.caller.number == pop.desk.agent
        return "Your own call" if own else name_of(call.caller.number or "") or shown
    if match is not None and (who := match.caller if match.on_behalf else match.contact) is not None:
        return who.name
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
    return [
        msgspec.structs.replace(
            call,
            agents=tuple(name_of(agent) for agent in call.agents),
            notes=tuple(msgspec.structs.replace(note, agent=name_of(note.agent)) for note in call.notes),
        )
        for call in calls
    ]


def _talked_s(call: Call, agent: str) -> float | None:
    talks = [talk.talk_s for talk in call.talks if talk.agent == agent and talk.talk_s is not None]
    return sum(talks) if talks else None


def _times_lately(file: CallerFile, now: datetime, lately: timedelta) -> int:
    earlier: Sequence[PastCall] = file.past_calls or ()
    if file.call.direction is not Direction.INBOUND:
        return 0
    return 1 + sum(past.direction == Direction.INBOUND and now - past.at <= lately for past in earlier)


def _about(file: CallerFile, now: datetime, lately: timedelta) -> str | None:
    """In a few words what the last noted call of these days was about."""
    noted = (note for past in file.past_calls or () if now - past.at <= lately for note in past.notes)
    words = next((note.disposition or note.note for note in noted if note.disposition or note.note), None)
    return None if words is None else shorten(words, _ABOUT_CHARS, placeholder=" …")


def _preferred(file: CallerFile, name_of: Name, desk: DeskSettings) -> str | None:
    """Who looks after the customer as his source says, else who talked to him longest in the last calls."""
    contact = file.match.contact if file.match is not None and not file.match.on_behalf else None
    own = {name.casefold(): value for name, value in contact.fields} if contact is not None else {}
    if desk.agent_field and (named := own.get(desk.agent_field.casefold())):
        return named
    talked: Counter[str] = Counter()
    for past in file.past_calls or ():
        talked.update(dict.fromkeys(past.agents, round(past.talk_s or 0)))
    longest = talked.most_common(1)
    return name_of(longest[0][0]) if longest and longest[0][1] > 0 else None


def _other(pop: Pop, name_of: Name) -> str | None:
    return None if pop.other is None else name_of(pop.other)
