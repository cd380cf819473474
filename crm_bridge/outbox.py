"""What has yet to be told to CRMs and webhooks, kept in the database until it has arrived.

Told at least once: what was accepted in the moment of a crash is told again under the same key, by which whoever takes
it knows it. Several programs may work on one database: what one has claimed is left alone by the others for a while.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crm_bridge.schema import outbox
from cti.errors import OffhookError, driver_words

#: characters of what is told, as JSON
MAX_PAYLOAD: Final = 64_000
MAX_KEY: Final = 250
MAX_TARGET: Final = 120
MAX_ERROR: Final = 500
MAX_REMOTE_ID: Final = 255
#: how long what is being delivered is left alone by others; longer than any delivery takes
LEASE: Final = timedelta(seconds=90)

_COLUMN: Final = outbox.c
_KEYS_AT_ONCE: Final = 500
_UPSERT: Final[dict[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class State(StrEnum):
    """What became of a matter."""

    WAITING = "waiting"  #: to be told, now or later
    DONE = "done"  #: it has arrived
    DEAD = "dead"  #: given up: somebody has to look into it
    DROPPED = "dropped"  #: somebody said that it need not be told


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Something to tell. ``key`` is its own name for ever: the same again changes nothing, another payload replaces.

    ``match_key`` is the customer's number as the book has it: by it a person's rows are found and erased.
    """

    target: str
    kind: str
    key: str
    payload: str
    due_at: datetime
    match_key: str | None = None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it is stored. Instants are aware; ``claim`` is the mark of who delivers it now."""

    id: int
    target: str
    kind: str
    key: str
    payload: str
    match_key: str | None
    version: int
    state: State
    created_at: datetime
    waiting_since: datetime
    due_at: datetime
    attempts: int
    last_error: str | None
    done_at: datetime | None
    noted_at: datetime | None
    remote_id: str | None
    claim: str | None


class Backlog(msgspec.Struct, frozen=True):
    """What one target has in one state: how many, and since when the oldest waits."""

    target: str
    state: State
    count: int
    oldest_at: datetime


class OutboxError(OffhookError):
    """The database cannot be used now; the same may succeed later."""


def safe_key(text: str) -> str:
    r"""A key as the database takes it: without NUL and lone surrogates; what is too long ends in its digest.

    >>> safe_key("milan:17.0"), len(safe_key("x" * 400))
    ('milan:17.0', 250)
    """
    clean = text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    if len(clean) <= MAX_KEY:
        return clean
    return f"{clean[: MAX_KEY - 33]}~{hashlib.sha256(clean.encode()).hexdigest()[:32]}"


async def store_entries(connection: AsyncConnection, entries: Iterable[Entry], now: datetime) -> int:
    """Keep these, in a transaction that somebody has begun and commits; how many are new or were changed by it.

    What was told and is another now is told again; what somebody has dropped stays dropped.
    """
    latest = {(one.target, one.key): one for one in entries}
    known = await _fetch_known(connection, list(latest.values()))
    new = [_new_row(one, now) for key, one in latest.items() if key not in known]
    if new:
        insert = _UPSERT[connection.dialect.name](outbox).on_conflict_do_nothing(index_elements=["target", "key"])
        await connection.execute(insert, new)
    changed = [one for key, one in latest.items() if key in known and known[key] != (one.payload, one.match_key)]
    for one in changed:
        await connection.execute(_changed(one, now))
    return len(new) + len(changed)


class Outbox:
    """The table of what is to be told. Every method raises OutboxError ``outbox-unreachable``."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def store(self, entries: Iterable[Entry], now: datetime) -> int:
        """``store_entries`` in a transaction of its own."""
        async with self._writing() as connection:
            return await store_entries(connection, entries, now)

    async def claim(self, target: str, most: int, now: datetime) -> list[Row]:
        """At most ``most`` rows of a target that are due, the longest due first; nobody else gets them for a while."""
        free = or_(_COLUMN.claimed_until.is_(None), _COLUMN.claimed_until <= now)
        due = [_COLUMN.target == target, _COLUMN.state == State.WAITING, _COLUMN.due_at <= now, free]
        async with self._reading() as connection:
            asked = select(_COLUMN.id).where(*due).order_by(_COLUMN.due_at, _COLUMN.id).limit(most)
            ids = list((await connection.execute(asked)).scalars())
        if not ids:
            return []
        mine = {"claim": secrets.token_hex(16), "claimed_until": now + LEASE}
        async with self._writing() as connection:  # by the same conditions: another may have been quicker
            taken = update(outbox).where(_COLUMN.id.in_(ids), *due).values(mine).returning(outbox)
            rows = [_row(found) for found in (await connection.execute(taken)).mappings()]
        return sorted(rows, key=lambda row: (row.due_at, row.id))

    async def release(self) -> None:
        """At a start: what a killed program had claimed is free. On SQLite only, where no other program can be."""
        if self._engine.dialect.name == "sqlite":
            async with self._writing() as connection:
                claimed = update(outbox).where(_COLUMN.claim.is_not(None))
                await connection.execute(claimed.values(claim=None, claimed_until=None))

    async def finish(self, row: Row, now: datetime, remote_id: str = "", noted_at: datetime | None = None) -> None:
        """It has arrived. Should it be another by now, that waits on."""
        arrived = case((_COLUMN.version == row.version, State.DONE.value), else_=_COLUMN.state)
        values = {
            "state": arrived,
            "told_version": row.version,
            "attempts": 0,
            "last_error": None,
            "done_at": now,
            "noted_at": noted_at,
            "remote_id": remote_id[:MAX_REMOTE_ID],
        }
        await self._put_back(row, values)

    async def postpone(self, row: Row, due_at: datetime, error: str, *, tried: bool = True) -> None:
        """It did not arrive: again at ``due_at``. ``tried`` False: it was not even attempted."""
        attempts = row.attempts + 1 if tried else row.attempts
        await self._put_back(row, {"due_at": due_at, "attempts": attempts, "last_error": storable(error)})

    async def bury(self, row: Row, error: str) -> None:
        """Give it up, unless it is another by now."""
        given_up = case((_COLUMN.version == row.version, State.DEAD.value), else_=_COLUMN.state)
        values = {"state": given_up, "attempts": row.attempts + 1, "last_error": storable(error)}
        await self._put_back(row, values)

    async def tell_again(self, noted: Mapping[str, datetime], now: datetime, due_at: datetime) -> int:
        """Calls that were told before their last note are to be told again; ``noted`` has its instant by key."""
        told = (_COLUMN.kind == "call", _COLUMN.state == State.DONE)
        async with self._reading() as connection:
            asked = select(_COLUMN.id, _COLUMN.key, _COLUMN.noted_at).where(*told, _COLUMN.key.in_(noted))
            rows = (await connection.execute(asked)).all()
        older = [row.id for row in rows if row.noted_at is None or row.noted_at < noted[row.key]]
        if not older:
            return 0
        async with self._writing() as connection:
            again = update(outbox).where(*told, _COLUMN.id.in_(older)).values(_reopened(now, due_at))
            return (await connection.execute(again)).rowcount

    async def fetch(self, state: State | None = None, target: str | None = None, limit: int = 100) -> list[Row]:
        """At most ``limit`` rows of this state and target, the newest first."""
        conditions = _chosen(state=state, target=target)
        order = (_COLUMN.created_at.desc(), _COLUMN.id.desc())
        async with self._reading() as connection:
            found = await connection.execute(select(outbox).where(*conditions).order_by(*order).limit(limit))
            return [_row(row) for row in found.mappings()]

    async def fetch_backlog(self, *states: State) -> list[Backlog]:
        """Of each target how much is in each of these states, in all if none is named; by target and state."""
        wanted = states or tuple(State)
        since = func.min(_COLUMN.waiting_since)
        group = (_COLUMN.target, _COLUMN.state)
        counted = select(*group, func.count(), since).where(_COLUMN.state.in_(wanted)).group_by(*group).order_by(*group)
        async with self._reading() as connection:
            found = await connection.execute(counted)
            return [Backlog(target, State(state), count, oldest) for target, state, count, oldest in found]

    async def retry(self, now: datetime, *, target: str | None = None, row_id: int | None = None) -> int:
        """Have what is dead, or waits for its next attempt, told now; of one target or one row only; how many."""
        unfinished = _COLUMN.state.in_((State.DEAD, State.WAITING) if row_id is not None else (State.DEAD,))
        conditions = [unfinished, *_chosen(target=target, row_id=row_id)]
        values = {"state": State.WAITING, "due_at": now, "waiting_since": now, "attempts": 0}
        async with self._writing() as connection:
            return (await connection.execute(update(outbox).where(*conditions).values(values))).rowcount

    async def drop(self, row_id: int, now: datetime) -> bool:
        """Never tell this one; False if there is no such row, or it has arrived."""
        unfinished = _COLUMN.state.in_((State.DEAD, State.WAITING))
        values = {"state": State.DROPPED, "done_at": now}
        async with self._writing() as connection:
            dropped = update(outbox).where(_COLUMN.id == row_id, unfinished).values(values)
            return (await connection.execute(dropped)).rowcount > 0

    async def forget(self, before: datetime) -> int:
        """Delete what arrived, or was dropped, before then; how many."""
        over = _COLUMN.state.in_((State.DONE, State.DROPPED))
        async with self._writing() as connection:
            return (await connection.execute(delete(outbox).where(over, _COLUMN.done_at < before))).rowcount

    async def _put_back(self, row: Row, values: dict[str, Any]) -> None:
        mine = (_COLUMN.id == row.id, _COLUMN.claim == row.claim)
        async with self._writing() as connection:
            await connection.execute(update(outbox).where(*mine).values(claim=None, claimed_until=None, **values))

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise _unreachable(error) from None

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.connect() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise _unreachable(error) from None


def storable(error: str) -> str:
    """An error on one line, as long as its column."""
    clean = error.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    return " ".join(clean.split())[:MAX_ERROR]


async def _fetch_known(
    connection: AsyncConnection, entries: Sequence[Entry]
) -> dict[tuple[str, str], tuple[str, str | None]]:
    """Payload and match key of those that are there already, by target and key."""
    known: dict[tuple[str, str], tuple[str, str | None]] = {}
    columns = (_COLUMN.target, _COLUMN.key, _COLUMN.payload, _COLUMN.match_key)
    for start in range(0, len(entries), _KEYS_AT_ONCE):
        keys = {one.key for one in entries[start : start + _KEYS_AT_ONCE]}
        for target, key, payload, match_key in await connection.execute(select(*columns).where(_COLUMN.key.in_(keys))):
            known[target, key] = (payload, match_key)
    return known


def _new_row(entry: Entry, now: datetime) -> dict[str, Any]:
    instants = {"created_at": now, "waiting_since": now, "due_at": entry.due_at}
    names = ("target", "kind", "key", "payload", "match_key")
    return {name: getattr(entry, name) for name in names} | instants | {"state": State.WAITING}


def _changed(entry: Entry, now: datetime) -> Any:
    same = (_COLUMN.target == entry.target, _COLUMN.key == entry.key)
    told = {"payload": entry.payload, "match_key": entry.match_key, **_reopened(now, entry.due_at)}
    dropped = case((_COLUMN.state == State.DROPPED, State.DROPPED.value), else_=State.WAITING.value)
    return update(outbox).where(*same).values(told | {"state": dropped})


def _reopened(now: datetime, due_at: datetime) -> dict[str, Any]:
    return {
        "version": _COLUMN.version + 1,
        "state": State.WAITING,
        "waiting_since": now,
        "due_at": due_at,
        "attempts": 0,
        "last_error": None,
    }


def _chosen(
    *, state: State | None = None, target: str | None = None, row_id: int | None = None
) -> list[ColumnElement[bool]]:
    wanted = ((_COLUMN.state, state), (_COLUMN.target, target), (_COLUMN.id, row_id))
    return [column == value for column, value in wanted if value is not None]


def _row(found: Any) -> Row:
    values = {name: found[name] for name in Row.__struct_fields__}
    return Row(**values | {"state": State(found["state"])})


def _unreachable(error: BaseException) -> OutboxError:
    """Without its cause: SQLAlchemy's text holds the parameters, and so customers' numbers."""
    hint = "check that the database runs, has room, and that Offhook may write to it"
    return OutboxError("outbox-unreachable", "the outbox cannot be read or written", driver_words(error), hint)
