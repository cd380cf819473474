"""What the store holds of one person, found by number: the calls he took part in, and the oddities that name him."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

import msgspec
from sqlalchemy import Column, ColumnElement, Table, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.model import Call, Direction, Oddity, Origin
from kpi import reading, schema
from kpi.reading import CallKey
from kpi.schema import CallSource

_SEPARATORS = " ().-/\u00a0"

#: The tables that may hold a customer's number or name, and by what they are reached.
HOLD_A_PERSON: Mapping[Table, str] = {
    schema.calls: "the number and the name of the caller, the number dialled",
    schema.legs: "the number and the channel's name",
    schema.transfers: "to whom the call was handed over",
    schema.oddities: "what the PBX said that was not expected",
}
#: All the others, and why they do not.
HOLD_NO_PERSON: Mapping[Table, str] = {
    schema.stays: "a queue and its agent",
    schema.rings: "an agent",
    schema.talks: "an agent",
    schema.agent_spans: "what an agent did",
    schema.gaps: "when a PBX was not seen",
    schema.imports: "how far a log was read",
    schema.journal_marks: "how far the journal was read",
    schema.mailed_reports: "which reports were sent",
    schema.parameter_sets: "how the site counts",
    schema.tallies: "sums",
    schema.removed_tallies: "sums",
    schema.removed_calls: "digests of calls' ids",
    schema.retained: "up to when old data was removed",
}


class SoughtNumber(Protocol):
    """A number to be found in any form; ``tail`` are digits that each form ends with.

    ``prefixed``: behind the digits, too, that a PBX dials for a line; that is for what is known to be about him.
    """

    key: str
    tail: str

    def holds(self, text: str | None, *, prefixed: bool = False) -> bool: ...
    def blank(self, text: str, *, prefixed: bool = False) -> str: ...


class KnownCall(msgspec.Struct, frozen=True):
    """A stored call, who told it, and the number by which it is put together with others of the same customer."""

    call: Call
    source: CallSource
    customer_e164: str | None


class OddRow(msgspec.Struct, frozen=True):
    """An oddity whose text names the number; ``n`` tells it from others of the same event."""

    oddity: Oddity
    n: int


def bare(column: Column[Any]) -> ColumnElement[str]:
    """The column without what people write between digits."""
    text: ColumnElement[Any] = column
    for mark in _SEPARATORS:
        text = func.replace(text, mark, "")
    return text


async def fetch_calls_of(connection: AsyncConnection, number: SoughtNumber) -> list[KnownCall]:
    """The calls with this customer, in the order of their beginnings, and those that were handed over to him."""
    keys = {tuple(row) for query in _candidates(number) for row in await connection.execute(query)}
    found = await reading.fetch_calls_by_key(connection, keys)
    told_by = await reading.fetch_sources(connection, found)
    customers = await fetch_customers(connection, found)
    known = [KnownCall(call, told_by[key], customers[key]) for key, call in found.items()]
    return sorted((one for one in known if is_of(one, number)), key=lambda one: (one.call.offered_at, one.call.call_id))


def _candidates(number: SoughtNumber) -> Iterator[Any]:
    calls, tail = schema.calls.c, number.tail
    written = (calls.caller_number, calls.caller_name, calls.dialled)
    own = or_(calls.customer_e164 == number.key, *(bare(one).contains(tail) for one in written))
    yield select(calls.pbx, calls.call_id).where(own)
    for table, names in _PLACES.items():
        yield select(table.c.pbx, table.c.call_id).where(or_(*(bare(table.c[name]).contains(tail) for name in names)))


_PLACES = {schema.legs: ("number", "channel"), schema.transfers: ("to",)}


async def fetch_customers(connection: AsyncConnection, keys: Iterable[CallKey]) -> dict[CallKey, str | None]:
    """By which number each of these calls is put together with others, None where the customer's is not known."""
    calls, found = schema.calls.c, dict[CallKey, str | None]()
    for some in reading.among(schema.calls, keys):
        asked = await connection.execute(select(calls.pbx, calls.call_id, calls.customer_e164).where(some))
        found |= {(pbx, call_id): customer for pbx, call_id, customer in asked}
    return found


def is_of(known: KnownCall, number: SoughtNumber) -> bool:
    """Whether he took part. The number that an inbound caller dialled is the house's, an outbound caller's too."""
    call = known.call
    if known.customer_e164 == number.key or any(number.holds(transfer.to) for transfer in call.transfers):
        return True
    texts = [] if call.direction is Direction.OUTBOUND else [call.caller.number, call.caller.name]
    texts += [] if call.direction is Direction.INBOUND else [call.dialled]
    texts += [leg.number for leg in call.legs if leg.number not in (None, house_number(call))]
    return any(number.holds(text) for text in texts)


def house_number(call: Call) -> str | None:
    """The number on this side of a call with the public."""
    if call.direction is Direction.INBOUND:
        return call.dialled
    return call.caller.number if call.direction is Direction.OUTBOUND else None


async def fetch_oddities_of(connection: AsyncConnection, number: SoughtNumber) -> list[OddRow]:
    """The oddities whose text names the number, in order."""
    odd = schema.oddities.c
    asked = select(schema.oddities).where(bare(odd.detail).contains(number.tail)).order_by(odd.at, odd.n)
    return [
        OddRow(Oddity(row.kind, row.detail, row.at, Origin(row.pbx, row.session, row.byte_offset, row.event)), row.n)
        for row in await connection.execute(asked)
        if number.holds(row.detail)
    ]
