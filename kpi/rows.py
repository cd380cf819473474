"""Calls and tallies to rows and back. Pure; a column is named as the field it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import RowMapping, Table

from cti.model import Call, Leg, Origin, Party, Ring, Stay, Talk, Transfer
from kpi import schema
from kpi.batch import Span
from kpi.columns import cut_key
from kpi.schema import CallSource
from kpi.tally import Tally, TallyKey, merged

PARTS: dict[Table, type[msgspec.Struct]] = {
    schema.stays: Stay,
    schema.rings: Ring,
    schema.talks: Talk,
    schema.transfers: Transfer,
    schema.legs: Leg,
}
_SAME = ("direction", "dialled", "queue", "offered_at", "queued_at", "answered_at", "ended_at", "outcome", "ended_by")
_COUNTED: dict[str, dict[Any, str]] = {
    "calls": schema.CALL_COUNTS,
    "stays": schema.STAY_COUNTS,
    "rings": schema.RING_COUNTS,
    "transfers": schema.TRANSFER_COUNTS,
}
_PLAIN = (*schema.COUNTS, *schema.SUMS_MS)
NUMBERS = (*_PLAIN, *_COUNTED)  #: the fields of a Tally that the database can add
PACKED = ("pauses", *schema.HISTOGRAMS)  #: mappings that it cannot
_COLUMNS = (
    *TallyKey._fields,
    *_PLAIN,
    *(column for columns in _COUNTED.values() for column in columns.values()),
    *PACKED,
)
ADDED = _COLUMNS[len(TallyKey._fields) : -len(PACKED)]  #: the columns that the database can add
_PLAIN_OF, _COUNTED_OF, _PACKED_OF = attrgetter(*_PLAIN), attrgetter(*_COUNTED), attrgetter(*PACKED)
_WORDS = [(tuple(columns), (0,) * len(columns)) for columns in _COUNTED.values()]


def call_row(call: Call, customer_e164: str | None, source: CallSource = CallSource.LIVE) -> dict[str, Any]:
    row = {name: getattr(call, name) for name in _SAME}
    return row | {
        "pbx": call.pbx,
        "call_id": call.call_id,
        "caller_number": call.caller.number,
        "caller_name": call.caller.name,
        "customer_e164": customer_e164,
        "click_to_dial": call.click_to_dial,
        "source": source,
        "session": call.origin.session,
        "byte_offset": call.origin.offset,
        "event": call.origin.event,
    }


def part_rows(table: Table, calls: Iterable[Call]) -> list[dict[str, Any]]:
    """The rows of one kind of part of all ``calls``, in their order."""
    return [
        {"pbx": call.pbx, "call_id": call.call_id, "n": n} | msgspec.structs.asdict(part)
        for call in calls
        for n, part in enumerate(getattr(call, table.name))
    ]


def part_from(table: Table, row: RowMapping) -> msgspec.Struct:
    kind = PARTS[table]
    return kind(**{name: row[name] for name in kind.__struct_fields__})


def call_from(row: RowMapping, parts: Mapping[Table, Sequence[msgspec.Struct]]) -> Call:
    """The call as it was stored; ``parts`` holds its stays, rings and so on, in order."""
    fields: dict[str, Any] = {name: row[name] for name in _SAME}
    return Call(
        **fields | {table.name: tuple(of_table) for table, of_table in parts.items()},
        pbx=row["pbx"],
        call_id=row["call_id"],
        caller=Party(row["caller_number"], row["caller_name"]),
        click_to_dial=row["click_to_dial"],
        origin=Origin(row["pbx"], row["session"], row["byte_offset"], row["event"]),
    )


def tally_row(key: TallyKey, tally: Tally) -> dict[str, Any]:
    return dict(zip(_COLUMNS, (*key, *_numbers_of(tally), *_PACKED_OF(tally)), strict=True))


def added_row(key: TallyKey, tally: Tally, stored: Iterable[dict[Any, int]]) -> dict[str, Any]:
    """The row that adds ``tally`` to one that has these mappings: their sums, and numbers for the database to add."""
    row = tally_row(key, tally)
    return row | {name: merged((before, row[name])) for name, before in zip(PACKED, stored, strict=False) if before}


def _numbers_of(tally: Tally) -> Iterator[int]:
    """In the order of their columns."""
    yield from _PLAIN_OF(tally)
    for counted, (words, zeros) in zip(_COUNTED_OF(tally), _WORDS, strict=True):
        yield from (map(counted.get, words, zeros) if counted else zeros)


def tally_from(row: RowMapping) -> Tally:
    return sum_from(row, NUMBERS, {name: row[name] for name in PACKED})


def sum_from(row: RowMapping, fields: Sequence[str], packed: Mapping[str, Any]) -> Tally:
    """The tally of a row that has the columns of these ``fields``, with the mappings that go with it."""
    values: dict[str, Any] = {
        field: _counted(row, _COUNTED[field]) if field in _COUNTED else row[field] for field in fields
    }
    return Tally(**values, **packed)


def columns_of(field: str) -> Iterable[str]:
    """The columns of a field of Tally."""
    return _COUNTED[field].values() if field in _COUNTED else (field,)


def tally_key_from(row: RowMapping) -> TallyKey:
    return TallyKey(*(row[name] for name in TallyKey._fields))


def storable_key(key: TallyKey) -> TallyKey:
    """The key as it comes back from the database: names cut and cleaned by their columns."""
    pbx, queue, agent = _storable_name(key.pbx), _storable_name(key.queue), _storable_name(key.agent)
    return TallyKey(key.span, key.starts_at, pbx, queue, agent, key.direction, cut_key(key.did, schema.NUMBER_CHARS))


@lru_cache(maxsize=4_096)  # the same few names come with every call
def _storable_name(name: str) -> str:
    return cut_key(name, schema.NAME_CHARS)


def call_key(call: Call) -> tuple[str, str]:
    """``(pbx, call_id)`` as they come back from the database."""
    return stored_key(call.pbx, call.call_id)


def span_slot(span: Span) -> tuple[str, ...]:
    """Whose span it is, and of what, as the database has it: PBX, agent, queue, kind."""
    names = (cut_key(name, schema.NAME_CHARS) for name in (span.pbx, span.agent, span.queue))
    return (*names, span.kind.value)


def stored_key(pbx: str, call_id: str) -> tuple[str, str]:
    """The two as they come back from the database: cut where they are too long for it."""
    return cut_key(pbx, schema.NAME_CHARS), cut_key(call_id, schema.ID_CHARS)


def _counted(row: RowMapping, columns: Mapping[StrEnum, str]) -> dict[StrEnum, int]:
    return {word: row[column] for word, column in columns.items() if row[column]}
