"""What agents wrote about calls: a note, a disposition, and which customer it was about. Stored as it is typed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, and_, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crm_bridge.call_note import (
    MAX_NOTE,
    CallNote as CallNote,
    NotedCustomer as NotedCustomer,
    NotedText as NotedText,
    NoteKey as NoteKey,
)
from crm_bridge.schema import call_notes
from cti.errors import OffhookError, driver_words

#: calls whose notes are read by one question: databases bound the number of values in one
CALLS_AT_ONCE: Final = 100
_COLUMN: Final = call_notes.c


class NotesError(OffhookError):
    """The notes cannot be read or written now."""


class CallNotes:
    """The table of notes. Every method raises NotesError ``notes-unreachable`` when the database cannot answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def store(
        self, key: NoteKey, at: datetime, text: NotedText | None = None, customer: NotedCustomer | None = None
    ) -> None:
        """Keep one part of a note or both; the part that is None stays as it was."""
        values = {**_text_values(text), **_customer_values(customer), "updated_at": at}
        try:
            async with self._engine.begin() as connection:
                insert_or = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
                row = insert_or(call_notes).values(**key._asdict(), **values)
                await connection.execute(row.on_conflict_do_update(index_elements=[*NoteKey._fields], set_=values))
        except (SQLAlchemyError, OSError) as error:
            raise _unreachable(error) from error

    async def fetch(self, pbx: str, call_id: str) -> list[CallNote]:
        """All agents' notes on one call, the oldest first."""
        return await self._read(select(call_notes).where(_COLUMN.pbx == pbx, _COLUMN.call_id == call_id))

    async def fetch_of(self, calls: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], list[CallNote]]:
        """The notes on these calls, by PBX and call id; a call without one is left out."""
        asked, found = list(dict.fromkeys(calls)), defaultdict[tuple[str, str], list[CallNote]](list)
        for start in range(0, len(asked), CALLS_AT_ONCE):
            some = [and_(_COLUMN.pbx == pbx, _COLUMN.call_id == one) for pbx, one in asked[start:][:CALLS_AT_ONCE]]
            for note in await self._read(select(call_notes).where(or_(*some))):
                found[note.key.pbx, note.key.call_id].append(note)
        return dict(found)

    async def fetch_changed(self, since: datetime, limit: int = 1_000) -> list[CallNote]:
        """At most ``limit`` notes that were changed at ``since`` or later, the oldest change first."""
        return await self._read(select(call_notes).where(_COLUMN.updated_at >= since).limit(limit))

    async def move(self, key: NoteKey, into: NoteKey) -> None:
        """What was a call of its own is part of another: the note goes there, behind what that one has."""
        try:
            async with self._engine.begin() as connection:
                await _move(connection, key, into)
        except (SQLAlchemyError, OSError) as error:
            raise _unreachable(error) from error

    async def _read(self, question: Select[Any]) -> list[CallNote]:
        order = (_COLUMN.updated_at, *(_COLUMN[name] for name in NoteKey._fields))
        try:
            async with self._engine.connect() as connection:
                return [_note(row) for row in await connection.execute(question.order_by(*order))]
        except (SQLAlchemyError, OSError) as error:
            raise _unreachable(error) from error


async def _move(connection: AsyncConnection, key: NoteKey, into: NoteKey) -> None:
    moved = (await connection.execute(select(call_notes).where(*_is(key)))).first()
    if moved is None or key == into:
        return
    there = (await connection.execute(select(call_notes).where(*_is(into)))).first()
    await connection.execute(delete(call_notes).where(*_is(key)))
    if there is None:
        await connection.execute(insert(call_notes).values(moved._asdict() | into._asdict()))
        return
    joined = {
        "note": "\n".join(filter(None, (there.note, moved.note)))[:MAX_NOTE],
        "disposition": there.disposition or moved.disposition,
        "updated_at": max(there.updated_at, moved.updated_at),
    }
    await connection.execute(update(call_notes).where(*_is(into)).values(joined))


def _is(key: NoteKey) -> Sequence[Any]:
    return [_COLUMN[name] == value for name, value in key._asdict().items()]


def _text_values(text: NotedText | None) -> dict[str, Any]:
    return {} if text is None else {"note": text.note, "disposition": text.disposition}


def _customer_values(customer: NotedCustomer | None) -> dict[str, Any]:
    if customer is None:
        return {}
    return {
        "source": customer.source,
        "contact_id": customer.contact_id,
        "contact_name": customer.name,
        "on_behalf": customer.on_behalf,
        "match_key": customer.match_key,
    }


def _note(row: Row[Any]) -> CallNote:
    customer = NotedCustomer(
        source=row.source,
        contact_id=row.contact_id,
        name=row.contact_name,
        on_behalf=row.on_behalf,
        match_key=row.match_key,
    )
    key = NoteKey(row.pbx, row.call_id, row.agent)
    return CallNote(key=key, text=NotedText(row.note, row.disposition), customer=customer, updated_at=row.updated_at)


def _unreachable(error: BaseException) -> NotesError:
    return NotesError(
        "notes-unreachable",
        "the notes on calls cannot be read or written",
        driver_words(error),
        "check that the database runs and that offhook may write to it",
    )
