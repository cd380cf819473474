"""Agents' notes beside the calls that go on: written at once, read after a restart, moved with a merged call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from crm_bridge.call_note import CallNote, NotedCustomer, NotedText, NoteKey
from crm_bridge.call_notes import CallNotes, NotesError
from crm_bridge.desk_settings import DeskSettings
from cti.errors import OffhookError

#: questions to the table that may be open; past this a note from before a restart is not shown
MOST_OPEN: Final = 500

OnNotes = Callable[[Sequence[CallNote]], None]

_log = structlog.get_logger(__name__)


class Notebook:
    """Writes and reads notes for the desk. ``settings`` say which dispositions there are."""

    def __init__(
        self,
        notes: CallNotes,
        settings: DeskSettings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self._notes = notes
        self._now = now
        self._open: set[asyncio.Task[None]] = set()
        self._failed = 0

    async def store(
        self,
        key: NoteKey,
        before: CallNote | None,
        *,
        text: NotedText | None = None,
        customer: NotedCustomer | None = None,
    ) -> CallNote:
        """Keep what changed of a note, and return it whole; ``before`` is what was known of it.

        Raises NotesError ``notes-unreachable``.
        """
        known = before or CallNote(key=key, updated_at=self._now())
        note = CallNote(key=key, text=text or known.text, customer=customer or known.customer, updated_at=self._now())
        if before is None or (note.text, note.customer) != (before.text, before.customer):
            await self._notes.store(key, note.updated_at, text, customer)
        return note

    def check(self, text: NotedText, queue: str | None, before: NotedText) -> None:
        """Raises OffhookError ``desk-no-such-disposition`` where there is a choice and this is none of it."""
        allowed = self.settings.dispositions_of(queue)
        if text.disposition and allowed and text.disposition not in (*allowed, before.disposition):
            raise OffhookError(
                "desk-no-such-disposition",
                "this disposition is not one of the list",
                f"there are {len(allowed)} for this queue",
                "reload the page: the list was changed",
            )

    def begin_fetch(self, pbx: str, call_id: str, on_notes: OnNotes) -> None:
        """Read what was written about a call before we were there; ``on_notes`` is called unless it was nothing."""
        self._start(self._fetch(pbx, call_id, on_notes))

    def begin_move(self, key: NoteKey, into: NoteKey) -> None:
        """Let a note go with its call into another one."""
        self._start(self._notes.move(key, into))

    async def close(self) -> None:
        """Wait for what is under way: a second or two, the database's own limits hold."""
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _fetch(self, pbx: str, call_id: str, on_notes: OnNotes) -> None:
        if notes := await self._notes.fetch(pbx, call_id):
            on_notes(notes)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        if len(self._open) >= MOST_OPEN:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(self._told(work))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except NotesError as error:
            self._failed += 1
            if self._failed == 10 ** (len(str(self._failed)) - 1):
                _log.warning("notes on a call cannot be read or moved", hint=error.hint, count=self._failed)
