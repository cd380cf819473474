"""An adapter with its vendor's server, for the tests of what only this vendor does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import create_async_engine

from crm_bridge.activity import CallActivity
from crm_bridge.contact import Contact
from crm_bridge.number import Number, parse_number
from crm_bridge.options import parse_options
from crm_bridge.settings import CrmSettings, SourceSettings
from crm_bridge.sources import Surroundings, find_kind
from tests.crm_bridge.scene import HOSTILE
from tests.crm_bridge.vendors.crm_server import ANNA, CrmServer

AT = datetime(2026, 11, 21, 9, 30, 1, tzinfo=UTC)
#: of Anna's, who is known to each vendor's server by an id of its own
CALL = CallActivity(
    call_id="milan:17.0", direction="inbound", outcome="answered", number="+393351234567", started_at=AT, ended_at=AT,
    talk_s=65, queue="sales", agents=("Anna Rossi",), note=HOSTILE, disposition="Offer",
)  # fmt: skip
#: what is no id of a customer, and may not become more than a value in a question
NO_IDS = ("1 OR 1=1", "1]", "1)", "\u0661", "9" * 30, "")


@asynccontextmanager
async def opened(server: CrmServer, **options: object) -> AsyncIterator[Any]:
    """The adapter, named ``crm``, of a server that runs as long; ``options`` besides the server's own."""
    async with server:
        adapter = open_kind(server.kind, server.options() | options)
        try:
            yield adapter
        finally:
            await adapter.close()


def open_kind(kind: str, options: dict[str, Any], give_up_s: float = 10.0) -> Any:
    """An adapter as the settings would open it; ``give_up_s`` bounds its patience."""
    module = find_kind(kind)
    engine = create_async_engine("sqlite+aiosqlite:///:memory:")
    own = parse_options(SourceSettings(name="crm", kind=kind, options=options), module.Options, environ={})
    return module.open_adapter("crm", own, Surroundings(engine, CrmSettings(lookup_give_up_s=give_up_s)))


async def told(crm: Any, phone: str = ANNA.phone) -> Contact:
    """All that the CRM tells of the only customer with this number."""
    [found] = await crm.find(number(phone))
    contact = await crm.details(found)
    assert isinstance(contact, Contact)
    return contact


async def told_whole(crm: Any, phone: str = ANNA.phone) -> Contact:
    """The same, where each part that is asked for could be read."""
    contact = await told(crm, phone)
    assert contact.unread == (), contact.unread
    return contact


async def told_once(kind: str, options: dict[str, Any], phone: str = ANNA.phone, give_up_s: float = 10.0) -> Contact:
    """The same as ``told``, by an adapter that is opened for this question alone."""
    crm = open_kind(kind, options, give_up_s)
    try:
        return await told(crm, phone)
    finally:
        await crm.close()


async def nothing_is_told_of(crm: Any, customers: list[Contact]) -> None:
    """Hold the CRM to it that it adds nothing to these customers, nor to one with an id that is none."""
    nobodies = [msgspec.structs.replace(customers[0], contact_id=own) for own in NO_IDS]
    for one in (*customers, *nobodies):
        assert await crm.details(one) == one, one.contact_id


def number(text: str) -> Number:
    return parse_number(text, "IT")
