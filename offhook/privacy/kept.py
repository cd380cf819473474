"""All that Offhook keeps about the person with one number: in the book, the calls, what CRMs are told, the journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import phonenumbers
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crm_bridge.number import NumberKind, parse_number, written_forms
from crm_bridge.person_rows import HeldRows, Row, customers_in, fetch_customers_of, fetch_keys_of, fetch_rows_of
from crm_bridge.schema import metadata as book_tables
from crm_bridge.settings import CrmSettings
from cti.errors import OffhookError
from cti.journal_person import Looked, find_person
from cti.model import LegRole
from cti.written_number import WrittenNumber
from kpi.person_calls import KnownCall, OddRow, fetch_calls_of, fetch_oddities_of
from kpi.rows import call_key
from offhook.database import unreachable
from offhook.settings import Settings


class PersonError(OffhookError):
    """It cannot be said who is meant, or that number is nobody's whom this is about."""


class Place(NamedTuple):
    """One place that was looked through, and how much was found there."""

    name: str
    found: int
    searched: str


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about the person with ``number``; ``other_numbers`` are those his customers have besides.

    ``customers`` are all with this number, ``meant`` the ids of those among them whom this is about.
    """

    number: WrittenNumber
    customers: list[Row]
    meant: frozenset[int]
    other_numbers: tuple[str, ...]
    rows: HeldRows
    calls: list[KnownCall]
    oddities: list[OddRow]
    journal: dict[str, Looked]

    @property
    def is_empty(self) -> bool:
        return not any(place.found for place in self.places())

    @property
    def shared_with(self) -> list[Row]:
        """The customers who have this number and are not meant."""
        return [row for row in self.customers if row["id"] not in self.meant]

    def places(self) -> list[Place]:
        """Every place that was looked through, those too in which nothing was found."""
        places = [Place("calls", len(self.calls), "by the customer's number, and every number that was written")]
        places.append(Place("oddities", len(self.oddities), "the text"))
        for table in book_tables.sorted_tables:
            own, naming = (len(rows.get(table.name, ())) for rows in (self.rows.own, self.rows.naming))
            places.append(
                Place(str(table.name), own + naming, f"{own} of this person, {naming} of others name the number")
            )
        for pbx, looked in self.journal.items():
            unread = f", {len(looked.unreadable)} of them not to their end" if looked.unreadable else ""
            places.append(Place(f"journal of {pbx}", len(looked.messages), f"{looked.files} files{unread}"))
        return places


#: What no command of Offhook's reaches.
NOT_SEARCHED = (
    "the PBX's own logs, call detail records, voice mail and recordings of conversations",
    "the CRMs themselves, and CSV, vCard and LDAP sources of customers",
    "backups, and recordings that somebody made with `offhook record` or copied from the journal",
    "reports that were sent by mail or saved as files",
)


def find_number(text: str, settings: CrmSettings) -> WrittenNumber:
    """The public number in ``text``, as this site reads it, in every form in which it may stand somewhere.

    Raises:
        PersonError: it is an agent's extension, or no public number.
    """
    number = parse_number(text, settings.default_region, settings.dial_prefixes)
    if number.kind is NumberKind.EXTENSION:
        raise PersonError(
            "person-is-agent",
            f"{text} is an extension of the house",
            "agents are no customers: what they did stands in the reports under their extension",
            "give the public number of the person who called or was called",
        )
    if number.e164 is None:
        hint = "write it with its country, as in +39 02 2100 0100"
        raise PersonError("person-no-number", f"{text!r} is no public number", number.why, hint)
    try:
        return WrittenNumber(number.e164, _forms(number.e164, settings))
    except ValueError as error:
        raise PersonError("person-no-number", f"{text!r} cannot be searched for", str(error)) from error


def _forms(e164: str, settings: CrmSettings) -> set[str]:
    """As PBXs write it: with what is dialled for abroad or for a line, and with a zero after the country."""
    country = str(phonenumbers.parse(e164, None).country_code)
    forms = {*written_forms(e164, settings.default_region), f"011{e164[1:]}"}
    forms.add(f"{country}0{e164.removeprefix(f'+{country}')}")
    return forms | {prefix + form.removeprefix("+") for prefix in settings.dial_prefixes for form in forms}


async def fetch_kept(
    settings: Settings,
    folder: Path,
    engine: AsyncEngine,
    number: WrittenNumber,
    only: Collection[int] = (),
    *,
    with_customers: bool = True,
) -> Kept:
    """Look everywhere; with ``only`` these of the customers who share the number.

    ``with_customers`` False: what is known by the number alone, without the customers' own rows.

    Raises:
        OffhookError: the store cannot be used.
    """
    async with reading(engine) as connection:
        customers = await fetch_customers_of(connection, number)
        meant = frozenset(row["id"] for row in customers if not only or row["id"] in only)
        calls = await fetch_calls_of(connection, number)
        rows = await fetch_rows_of(connection, number, meant, {call_key(one.call) for one in calls})
        others = await fetch_keys_of(connection, meant) - {number.key}
        oddities = await fetch_oddities_of(connection, number)
    return Kept(
        number=number,
        customers=customers,
        meant=meant,
        other_numbers=tuple(sorted(others)),
        rows=rows if with_customers else _without(meant, rows),
        calls=calls,
        oddities=oddities,
        journal=await asyncio.to_thread(_look_through, journal_places(settings, folder), number, ids_of(calls)),
    )


def _without(customers: frozenset[int], held: HeldRows) -> HeldRows:
    """The rows that are about none of these customers."""
    own: dict[str, list[Row]] = {}
    for name, rows in held.own.items():
        others = [row for row in rows if customers.isdisjoint(customers_in(name, row))]
        own |= {name: others} if others else {}
    return HeldRows(own, held.naming)


def journal_places(settings: Settings, folder: Path) -> dict[str, Path]:
    """The journal's folder of each PBX that has one, those too that are not in the settings any more."""
    journal = folder / settings.journal.folder
    return {path.name: path for path in sorted(journal.iterdir()) if path.is_dir()} if journal.is_dir() else {}


def ids_of(calls: Collection[KnownCall]) -> dict[str, set[str]]:
    """By PBX, what it calls these calls and the customer's channels in them."""
    ids: dict[str, set[str]] = {}
    for one in calls:
        his = {leg.leg_id for leg in one.call.legs if leg.role is LegRole.CUSTOMER}
        ids.setdefault(one.call.pbx, set()).update({one.call.call_id, *his})
    return ids


def _look_through(places: dict[str, Path], number: WrittenNumber, ids: dict[str, set[str]]) -> dict[str, Looked]:
    return {pbx: find_person(place, number, ids.get(pbx, ())) for pbx, place in places.items()}


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection to look with. Raises StoreError."""
    try:
        async with engine.connect() as connection:
            yield connection
    except (SQLAlchemyError, OSError) as error:
        raise unreachable(engine, error) from error


@asynccontextmanager
async def changing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction; SQLite overwrites what is deleted in it. Raises StoreError: nothing of it was done."""
    try:
        async with engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                await connection.exec_driver_sql("PRAGMA secure_delete = ON")
            yield connection
    except (SQLAlchemyError, OSError) as error:
        raise unreachable(engine, error) from error


def plain(kept: Kept) -> dict[str, Any]:
    """What was found, as JSON has it: each table by its name, each call with all of its parts."""
    return {
        "number": kept.number.key,
        "other_numbers": list(kept.other_numbers),
        "searched": [place._asdict() for place in kept.places()],
        "not_searched": list(NOT_SEARCHED),
        "of_this_person": kept.rows.own,
        "of_others_naming_the_number": kept.rows.naming,
        "calls": [
            msgspec.to_builtins(one.call) | {"told_by": one.source.value, "customer_e164": one.customer_e164}
            for one in kept.calls
        ],
        "oddities": [msgspec.to_builtins(one.oddity) for one in kept.oddities],
        "journal": [
            {"pbx": pbx, **message._asdict()} for pbx, looked in kept.journal.items() for message in looked.messages
        ],
    }
