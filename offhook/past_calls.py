"""The card's last calls, out of the store: the one place where ``crm_bridge`` and ``kpi`` meet."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from crm_bridge.call_note import CallNote
from crm_bridge.call_notes import CallNotes, NotesError
from crm_bridge.contact import LastCalls, PastCall, PastNote
from crm_bridge.number import parse_number
from crm_bridge.settings import CrmSettings
from cti.model import Call
from kpi.store import Store

CALLS_OF_A_NUMBER = 50
NOTED_CALLS = 50  # of the newest calls the notes are read too


def last_calls_from(store: Store, notes: CallNotes | None = None) -> LastCalls:
    """What the card asks for: the calls with any of these numbers, newest first, with what agents noted about them."""
    return partial(_fetch, store, notes)


def e164_of(settings: CrmSettings, number: str) -> str | None:
    """The number in E.164 as this site reads it; None where it is no public number."""
    return parse_number(number, settings.default_region, settings.dial_prefixes).e164


def past_call(call: Call, notes: Sequence[CallNote] = ()) -> PastCall:
    """A stored call as the card shows it."""
    return PastCall(
        at=call.offered_at,
        direction=call.direction.value,
        outcome=call.outcome.value if call.outcome else "",
        queue=call.queue,
        agents=call.answered_by,
        wait_s=call.wait_s,
        talk_s=call.talk_s,
        notes=tuple(_past_note(note) for note in notes if note.text.said or note.customer.on_behalf),
    )


def _past_note(note: CallNote) -> PastNote:
    on_behalf_of = note.customer.name if note.customer.on_behalf else None
    return PastNote(
        agent=note.key.agent, note=note.text.note, disposition=note.text.disposition, on_behalf_of=on_behalf_of
    )


async def _fetch(store: Store, notes: CallNotes | None, numbers: Sequence[str]) -> list[PastCall]:
    known = [number for number in numbers if number.startswith("+")]
    found = await asyncio.gather(*(store.fetch_last_calls(number, CALLS_OF_A_NUMBER) for number in known))
    calls = sorted((call for some in found for call in some), key=lambda call: call.offered_at, reverse=True)
    noted = {} if notes is None else await _fetch_notes(notes, calls[:NOTED_CALLS])
    return [past_call(call, noted.get((call.pbx, call.call_id), ())) for call in calls]


async def _fetch_notes(notes: CallNotes, calls: Sequence[Call]) -> Mapping[tuple[str, str], Sequence[CallNote]]:
    """Of the newest calls; none when they cannot be read: the calls are shown all the same."""
    try:
        return await notes.fetch_of((call.pbx, call.call_id) for call in calls)
    except NotesError:
        return {}
