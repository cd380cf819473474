"""Puts each call that has ended into the outbox, in the very transaction that stores the call.

So a call that is stored is told, whatever happens next; and a call that a restart stores again is told once, because
the outbox knows it by its key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from crm_bridge.call_note import CallNote
from crm_bridge.call_writing import call_entry, is_wanted, key_of
from crm_bridge.outbox import Entry, Outbox, store_entries
from crm_bridge.recording_url import recording_url
from crm_bridge.settings import CrmSettings
from cti.model import Call

#: notes this old are looked at after a start: the program may have been down since
LOOK_BACK: Final = timedelta(days=2)
#: a note may be stored a little after the instant that it names
OVERLAP: Final = timedelta(minutes=1)
#: a note is told so long after it was changed: an agent who writes goes on writing
SETTLING: Final = timedelta(seconds=10)


class EndedCalls(Protocol):
    """A webhook, as far as it wants to be told of calls that have ended."""

    def entries(self, call: Call, recording: str | None) -> Iterator[Entry]:
        """What is to be told of this call."""
        ...


class Notes(Protocol):
    """Where agents' notes are."""

    async def fetch_changed(self, since: datetime, limit: int = 1_000) -> Sequence[CallNote]: ...


class CallClerk:
    """Knows who wants to be told of which call. ``recordings`` has the address template of each PBX."""

    def __init__(
        self,
        settings: CrmSettings,
        recordings: Mapping[str, str],
        webhooks: Sequence[EndedCalls] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings, self._recordings, self._webhooks, self._now = settings, recordings, tuple(webhooks), now

    async def note(self, connection: AsyncConnection, calls: Sequence[Call]) -> int:
        """Put these into the outbox, within the transaction on ``connection``; how many are new there, or other now."""
        entries = [entry for call in calls if call.ended_at is not None for entry in self._entries(call)]
        return await store_entries(connection, entries, self._now()) if entries else 0

    def _entries(self, call: Call) -> Iterator[Entry]:
        recording = recording_url(self._recordings, call)
        for source in self._settings.sources:
            if is_wanted(source, call):
                yield call_entry(source, self._settings, call, recording)
        for webhook in self._webhooks:
            yield from webhook.entries(call, recording)


class LateNotes:
    """Has calls told again that were told before an agent's note. ``look`` is one look at the notes."""

    def __init__(self, outbox: Outbox, notes: Notes, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._outbox, self._notes, self._now = outbox, notes, now
        self._since = now() - LOOK_BACK

    async def look(self) -> int:
        """How many calls are to be told again. Raises NotesError, OutboxError."""
        changed = await self._notes.fetch_changed(self._since)
        if not changed:
            return 0
        latest = {key_of(note.key.pbx, note.key.call_id): note.updated_at for note in changed}  # the last one holds
        now = self._now()
        again = await self._outbox.tell_again(latest, now, now + SETTLING)
        self._since = max(self._since, changed[-1].updated_at - OVERLAP)
        return again
