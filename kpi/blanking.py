"""People taken out of stored calls so that every sum stays.

A call stays, with its times, queues, agents and outcome: it is the site's own figure. The number, the name and whatever
else holds the number go. In place of the number by which a customer's calls are put together each of them gets a token
of its own: it is still a call of somebody known, and nobody knows that two of them were of the same.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypeGuard

import msgspec
from sqlalchemy import Table, bindparam, false, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.model import Call, Direction, Leg, Party, Transfer
from kpi import rows, schema
from kpi.person_calls import KnownCall, OddRow, SoughtNumber, fetch_customers, house_number
from kpi.reading import CallKey

ERASED = "erased:"  #: how the token begins that stands for a customer's number
LONGEST_EXTENSION = 6  #: digits; a longer number is a public one


async def begin_writing(connection: AsyncConnection) -> None:
    """Take SQLite's write lock before anything is read: there a reader that turns writer is refused, not queued."""
    await connection.execute(update(schema.journal_marks).where(false()).values(pbx=""))


async def blank_person(connection: AsyncConnection, found: Iterable[KnownCall], number: SoughtNumber) -> int:
    """Take the one with this number out of these calls; how many calls changed."""
    pairs = [(known, _without_person(known, number)) for known in found]
    return await _write(connection, [(known, left, _token(known, left, number)) for known, left in pairs])


async def blank_customers(connection: AsyncConnection, found: Iterable[KnownCall]) -> int:
    """Take the customer, whoever he was, out of these calls; how many calls changed."""
    pairs = [(known, without_customer(known.call)) for known in found]
    return await _write(connection, [(known, left, _token(known, left)) for known, left in pairs])


async def blank_oddities(connection: AsyncConnection, found: Iterable[OddRow], number: SoughtNumber) -> None:
    """Put ``0`` for each digit of the number in these texts."""
    odd = schema.oddities.c
    for one in found:
        origin = one.oddity.origin
        row = update(schema.oddities).where(
            odd.pbx == origin.pbx, odd.session == origin.session, odd.byte_offset == origin.offset, odd.n == one.n
        )
        await connection.execute(row.values(detail=number.blank(one.oddity.detail)))


def without_customer(call: Call) -> Call:
    """The same call, of nobody knows whom. A number that is no extension goes wherever it is not the house's own.

    Inside the house there is no customer: extensions and their agents' names stay.
    """
    inbound, outbound = call.direction is Direction.INBOUND, call.direction is Direction.OUTBOUND
    house = house_number(call)
    return msgspec.structs.replace(
        call,
        caller=Party() if inbound else call.caller,
        dialled=None if outbound else call.dialled,
        legs=tuple(_without_number(leg) if leg.number != house else leg for leg in call.legs),
        transfers=tuple(_to_nobody(one) if _is_public(one.to) else one for one in call.transfers),
    )


def _without_number(leg: Leg) -> Leg:
    if leg.number is None or not _is_public(leg.number):
        return leg
    channel = leg.channel.replace(leg.number, "0" * len(leg.number))
    return msgspec.structs.replace(leg, number=None, channel=channel)


def _to_nobody(transfer: Transfer) -> Transfer:
    return msgspec.structs.replace(transfer, to=None)


def _without_person(known: KnownCall, number: SoughtNumber) -> Call:
    call, his = known.call, known.customer_e164 == number.key
    inbound, outbound = call.direction is Direction.INBOUND, call.direction is Direction.OUTBOUND
    called = not outbound and (number.holds(call.caller.number) or number.holds(call.caller.name))
    return msgspec.structs.replace(
        call,
        caller=Party() if called or (his and inbound) else call.caller,
        dialled=None
        if not inbound and (number.holds(call.dialled, prefixed=True) or (his and outbound))
        else call.dialled,
        legs=tuple(_without_this(leg, number) for leg in call.legs),
        transfers=tuple(_to_nobody(one) if number.holds(one.to, prefixed=True) else one for one in call.transfers),
    )


def _without_this(leg: Leg, number: SoughtNumber) -> Leg:
    left = None if number.holds(leg.number, prefixed=True) else leg.number
    return msgspec.structs.replace(leg, number=left, channel=number.blank(leg.channel, prefixed=True))


def _is_public(number: str | None) -> bool:
    return number is not None and sum(mark.isdecimal() for mark in number) > LONGEST_EXTENSION


def _token(known: KnownCall, without: Call, number: SoughtNumber | None = None) -> str | None:
    """What stands for the customer from now on: what did before, where he is still there or was erased already."""
    before = known.customer_e164
    his = before is not None if number is None else before == number.key
    gone = his or known.call.customer != without.customer
    return ERASED + secrets.token_hex(8) if gone and not is_erased(before) else before


def is_erased(customer: str | None) -> TypeGuard[str]:
    """Whether a call's customer is a token that stands for nobody knows whom."""
    return customer is not None and customer.startswith(ERASED)


async def fetch_erased(connection: AsyncConnection, keys: Iterable[CallKey]) -> dict[CallKey, str]:
    """Of these calls those whose customer was taken out, each with its token: told again they stay so."""
    customers = await fetch_customers(connection, keys)
    return {key: customer for key, customer in customers.items() if is_erased(customer)}


async def _write(connection: AsyncConnection, found: Iterable[tuple[KnownCall, Call, str | None]]) -> int:
    """Write what has changed of these calls; how many have."""
    changes: defaultdict[Table, list[dict[str, Any]]] = defaultdict(list)
    changed = 0
    for known, without, customer in found:
        if without != known.call or customer != known.customer_e164:
            changed += 1
            _note_changes(changes, known.call, without, customer)
    for table, values in changes.items():
        keys = [name for name in values[0] if name.startswith("of_")]
        row = update(table).where(*(table.c[name.removeprefix("of_")] == bindparam(name) for name in keys))
        await connection.execute(row, values)
    return changed


def _note_changes(
    changes: defaultdict[Table, list[dict[str, Any]]], call: Call, without: Call, customer: str | None
) -> None:
    key = dict(zip(("of_pbx", "of_call_id"), rows.call_key(call), strict=True))
    party = {"caller_number": without.caller.number, "caller_name": without.caller.name}
    changes[schema.calls].append(key | party | {"dialled": without.dialled, "customer_e164": customer})
    for n, (leg, left) in enumerate(zip(call.legs, without.legs, strict=True)):
        if leg != left:
            changes[schema.legs].append(key | {"of_n": n, "number": left.number, "channel": left.channel})
    for n, (transfer, kept) in enumerate(zip(call.transfers, without.transfers, strict=True)):
        if transfer != kept:
            changes[schema.transfers].append(key | {"of_n": n, "to": kept.to})
