"""A site with somebody in it: in the book, in the calls, in notes, in what waits for a CRM, and in the journal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Table, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge import schema as book
from crm_bridge.settings import CrmSettings
from cti.journal import list_session_folders
from cti.model import Call, CallEnded, Party
from kpi import schema as kpi
from kpi.store import Store
from offhook.database import make_engine, migrate
from offhook.past_calls import e164_of
from offhook.replay import replay
from offhook.settings import Settings, load_settings
from tests.cti.journaled import START, fill, recorded
from tests.offhook.house import write_settings

MARIO = "+393331234501"  #: who calls in the recording S01
NAME = "Mario Bianchi"
OFFICE = "+390255509999"  #: the other number of his that the book has
ITALY = CrmSettings(default_region="IT")


def site(folder: Path, url: str = "sqlite:///offhook.sqlite") -> tuple[Path, Settings]:
    """Settings as an admin writes them, and the journal of a recorded day."""
    file = write_settings(folder, 5038, more=f'[crm]\ndefault_region = "IT"\n[store]\nurl = "{url}"\n')
    fill(folder / "journal", recorded("asterisk-22/S01"), pbx="main")
    return file, load_settings(file, {})


def journaled_calls(folder: Path) -> list[Call]:
    """The calls of the journal."""
    [session] = list_session_folders(folder / "journal/main")
    return [event.call for event in replay(session) if isinstance(event, CallEnded)]


@asynccontextmanager
async def stored(folder: Path, settings: Settings) -> AsyncIterator[tuple[AsyncEngine, Store]]:
    """The store with Mario in it."""
    engine = make_engine(settings.store.url, beside=folder)
    try:
        await migrate(engine)
        store = Store(engine, partial(e164_of, ITALY))
        await store.store_calls(journaled_calls(folder))
        async with engine.begin() as connection:
            for table, row in rows():
                await connection.execute(insert(table).values(row))
        yield engine, store
    finally:
        await engine.dispose()


def rows() -> list[tuple[Table, dict[str, Any]]]:
    """What else is kept of him, and of somebody who is not he."""
    customers = [
        {"id": 1, "identity_key": "id:1", "name": NAME, "email": "mario@example.org", "updated_at": START},
        {"id": 2, "identity_key": "id:2", "name": "Carla Neri", "updated_at": START},
    ]
    numbers = [
        {"customer_id": 1, "position": 0, "written": "333 1234501", "match_key": MARIO, "tail": MARIO[-8:]},
        {"customer_id": 1, "position": 1, "written": "02 5550 9999", "match_key": OFFICE},
        {"customer_id": 2, "position": 0, "written": "02 5550 8888", "match_key": "+390255508888"},
    ]
    order = {"customer_id": 1, "reference": "A-1", "is_open": True, "title": "<b>a pump</b>"}
    note = {"pbx": "main", "call_id": "x", "agent": "101", "note": "his wife called", "match_key": MARIO}
    told = {
        "target": "odoo",
        "kind": "call",
        "key": "main/x",
        "payload": f'{{"number": "{MARIO}", "name": "{NAME}"}}',
        "match_key": MARIO,
        "state": "done",
        "remote_id": "crm.phonecall,77",
        "created_at": START,
        "waiting_since": START,
        "due_at": START,
    }
    return [
        *((book.customers, row) for row in customers),
        *((book.customer_numbers, row) for row in numbers),
        (book.customer_orders, order),
        (book.call_notes, note | {"updated_at": START}),
        (book.outbox, told),
    ]


def call_from(folder: Path, number: str, name: str, call_id: str, at: datetime = START) -> Call:
    """The call of the journal as if it had come from another number, and then."""
    [call] = journaled_calls(folder)
    was, replace = call.caller.number, msgspec.structs.replace
    his = [replace(leg, number=number) if leg.number == was else leg for leg in call.legs]
    later = at - call.offered_at
    return replace(
        call,
        call_id=call_id,
        caller=Party(number=number, name=name),
        legs=tuple(his),
        offered_at=at,
        ended_at=call.ended_at + later if call.ended_at else None,
    )


async def share(engine: AsyncEngine, number: str) -> None:
    """Give Carla the number, too."""
    shared = {"customer_id": 2, "position": 1, "written": number, "match_key": number}
    async with engine.begin() as connection:
        await connection.execute(insert(book.customer_numbers).values(shared))


async def bring_back(engine: AsyncEngine) -> None:
    """What an import of the old list does."""
    async with engine.begin() as connection:
        for table, row in rows():
            if row.get("id") == 1 or row.get("customer_id") == 1:
                await connection.execute(insert(table).values(row))


async def everything(engine: AsyncEngine) -> str:
    """All that the database holds, as text."""
    async with engine.connect() as connection:
        tables = (*book.metadata.sorted_tables, *kpi.metadata.sorted_tables)
        return repr([(await connection.execute(select(table))).all() for table in tables])


@contextmanager
def interrupted(broken: str) -> Iterator[None]:
    """Whatever runs within is interrupted from the keyboard as soon as it calls this function."""

    async def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(broken, interrupt)
        yield


def journal_text(folder: Path) -> str:
    """All that the journal's plain files hold."""
    return "".join(path.read_text("latin-1") for path in sorted((folder / "journal").rglob("events.ami")))
