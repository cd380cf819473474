"""Calls into one CRM: which of them are written, what the CRM is told, and whose they are there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final, Protocol

import msgspec

from crm_bridge.activity import CallActivity
from crm_bridge.call_note import CallNote
from crm_bridge.contact import Choice, MatchKind
from crm_bridge.delivery import Receipt
from crm_bridge.guard import GuardedSource
from crm_bridge.matching import decide, fold
from crm_bridge.number import Number, parse_number
from crm_bridge.outbox import MAX_TARGET, Entry, Row, safe_key
from crm_bridge.settings import CrmSettings, SourceSettings
from cti.model import Call, Direction

MAX_AGENTS: Final = 20
MAX_NOTE: Final = 6_000
KIND: Final = "call"

#: the notes on a call, the oldest first
FetchNotes = Callable[[str, str], Awaitable[Sequence[CallNote]]]
#: how an agent of a PBX is called: ``Anna Rossi (101)``
NameOf = Callable[[str, str], str]


class Choices(Protocol):
    """Where it is kept whom an agent once chose for a number."""

    async def chosen(self, key: str) -> Choice | None: ...


class WrittenCall(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept in the outbox: the call without its customer and notes, which are looked up as it is delivered."""

    pbx: str
    call_id: str
    activity: CallActivity


def target_of(source: str) -> str:
    """How a CRM is called in the outbox."""
    return f"crm:{source}"[:MAX_TARGET]


def key_of(pbx: str, call_id: str) -> str:
    """The name of a call in the outbox, and in the CRM: unique over all PBXs."""
    return safe_key(f"{pbx}:{call_id}")


def is_wanted(source: SourceSettings, call: Call) -> bool:
    """Whether this call is written into this source."""
    directions = source.write_directions or (Direction.INBOUND, Direction.OUTBOUND)
    return (
        source.write_calls
        and call.ended_at is not None
        and call.direction in directions
        and (not source.write_outcomes or call.outcome in source.write_outcomes)
        and (not source.write_queues or call.was_in(source.write_queues))
    )


def customer_number(call: Call, settings: CrmSettings) -> Number:
    """The customer's number as this site reads it."""
    customer = call.customer
    return parse_number(customer.number if customer else None, settings.default_region, settings.dial_prefixes)


def call_entry(source: SourceSettings, settings: CrmSettings, call: Call, recording_url: str | None) -> Entry:
    """The call as it goes into the outbox for one source; ``call`` has ended."""
    number = customer_number(call, settings)
    written = WrittenCall(pbx=call.pbx, call_id=call.call_id, activity=_activity(call, number, recording_url))
    ended_at = call.ended_at or call.offered_at
    return Entry(
        target=target_of(source.name),
        kind=KIND,
        key=key_of(call.pbx, call.call_id),
        payload=msgspec.json.encode(written).decode(),
        due_at=ended_at + timedelta(seconds=source.write_after_s),
        match_key=number.key,
    )


def _activity(call: Call, number: Number, recording_url: str | None) -> CallActivity:
    return CallActivity(
        call_id=key_of(call.pbx, call.call_id),
        direction=call.direction.value,
        outcome=call.outcome.value if call.outcome else "",
        number=number.e164 or number.written,
        started_at=call.offered_at,
        ended_at=call.ended_at or call.offered_at,
        answered_at=call.answered_at,
        wait_s=call.wait_s,
        talk_s=call.talk_s,
        queue=call.queue,
        agents=call.answered_by[:MAX_AGENTS],
        recording_url=recording_url,
    )


class CrmTarget:
    """A source as a target of the outbox. A call whose customer it does not know for certain names no customer."""

    at_once = 4

    def __init__(
        self,
        settings: SourceSettings,
        crm: CrmSettings,
        source: GuardedSource,
        notes: FetchNotes,
        name_of: NameOf,
        choices: Choices | None = None,
    ) -> None:
        self.name = target_of(settings.name)
        self._settings, self._crm, self._source = settings, crm, source
        self._notes, self._name_of, self._choices = notes, name_of, choices

    def rest_left_s(self) -> float:
        """Seconds for which the source is left alone after it failed."""
        return self._source.rest_left_s()

    async def send(self, row: Row) -> Receipt:
        """Write the call with what was noted on it by now; not at all where its customer is unknown and to be skipped.

        Raises SourceError, ActivityRefusedError, TimeoutError.
        """
        written = msgspec.json.decode(row.payload, type=WrittenCall)
        notes = await self._notes(written.pbx, written.call_id)
        noted_at = max((note.updated_at for note in notes), default=None)
        activity = await self._with_customer(self._with_notes(written, notes), notes)
        if activity.contact_id is None and self._settings.unknown_callers == "skip":
            return Receipt("", noted_at)
        return Receipt(await self._source.write_call(activity), noted_at)

    def _with_notes(self, written: WrittenCall, notes: Sequence[CallNote]) -> CallActivity:
        agents = tuple(self._name_of(written.pbx, agent) for agent in written.activity.agents)
        texts = [note for note in notes if note.text.note]
        lines = [note.text.note for note in texts]
        if len(texts) > 1:
            lines = [f"{self._name_of(note.key.pbx, note.key.agent)}: {note.text.note}" for note in texts]
        disposition = next((note.text.disposition for note in reversed(notes) if note.text.disposition), "")
        return msgspec.structs.replace(
            written.activity, agents=agents, note="\n".join(lines)[:MAX_NOTE], disposition=disposition
        )

    async def _with_customer(self, activity: CallActivity, notes: Sequence[CallNote]) -> CallActivity:
        """Whom an agent named on the card, else whom this source alone knows for certain by the number."""
        named = next((note.customer for note in reversed(notes) if note.customer.contact_id), None)
        if named is not None and named.source == self._settings.name:
            return msgspec.structs.replace(
                activity, contact_id=named.contact_id, contact_name=named.name, on_behalf=named.on_behalf
            )
        if named is not None and named.on_behalf:  # of a customer of another source: the number is somebody else's
            return msgspec.structs.replace(activity, contact_name=named.name, on_behalf=True)
        number = parse_number(activity.number, self._crm.default_region, self._crm.dial_prefixes)
        if number.key is None:
            return activity
        choice = await self._choices.chosen(number.key) if self._choices is not None else None
        match = decide(number, await self._source.find(number), choice)
        if match.kind is not MatchKind.EXACT or match.contact is None or not match.contact.contact_id:
            return activity
        if named is not None and fold(named.name or "") != fold(match.contact.name):
            return activity  # the agent named somebody else of another source
        return msgspec.structs.replace(activity, contact_id=match.contact.contact_id, contact_name=match.contact.name)
