"""Sums of tallies, made where the rows are: the database adds the numbers, packed mappings are added here.

Only the columns that are asked for are read. Of histograms that a report cuts at thresholds, only those are looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Label, Subquery, cast, func, or_, select, type_coerce, union_all
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import NullType

from kpi import rows, schema
from kpi.columns import unpack_times
from kpi.histogram import sum_cut, unpack
from kpi.tally import Tally, merged

GroupKey = tuple[Any, ...]
Conditions = Sequence[ColumnElement[bool]]
Adder = Callable[[Iterable[bytes]], dict[Any, int]]
_tallies = schema.tallies.c


async def fetch_sums(
    connection: AsyncConnection,
    places: Sequence[Conditions],
    group: Sequence[ColumnElement[Any]],
    only: Collection[str] | None = None,
    cuts: Mapping[str, Sequence[int]] | None = None,
) -> dict[GroupKey, Tally]:
    """The sums of the rows that meet all conditions of one of ``places``, by the values of ``group``.

    No row may meet those of two places. ``only``: of these fields of a Tally. ``cuts``: histograms of which no more is
    wanted than how many took at most each of these rising seconds, and the longest.
    """
    named = [column.label(f"by_{n}") for n, column in enumerate(group)]
    packed = await _fetch_packed(connection, places, named, _adders(only, cuts or {}))
    fields = [one for one in rows.NUMBERS if _is_in(one, only)]
    columns = [_tallies[name] for field in fields for name in rows.columns_of(field)]
    found = _rows_of(places, named, columns)
    by = [found.c[one.name] for one in named]
    sums = [cast(func.sum(found.c[one.name]), BigInteger).label(one.name) for one in columns]
    summed = await connection.execute(select(*by, func.count().label("rows"), *sums).group_by(*by))
    return {
        key: rows.sum_from(row, fields, packed.get(key, {}))
        for row in summed.mappings()
        if row["rows"]  # no group: one row of NULLs when nothing was found
        for key in [tuple(row[one.name] for one in named)]
    }


def _is_in(field: str, only: Collection[str] | None) -> bool:
    return only is None or field in only


def _adders(only: Collection[str] | None, cuts: Mapping[str, Sequence[int]]) -> dict[str, Adder]:
    """How what is packed in each column that is asked for is added up."""
    adders: dict[str, Adder] = {name: _add_histograms for name in rows.PACKED if _is_in(name, only)}
    adders |= {name: partial(sum_cut, limits_s=cuts[name]) for name in cuts if name in adders}
    return adders | ({"pauses": _add_times} if "pauses" in adders else {})


def _add_histograms(packed: Iterable[bytes]) -> dict[Any, int]:
    return merged(map(unpack, packed))


def _add_times(packed: Iterable[bytes]) -> dict[Any, int]:
    return merged(map(unpack_times, packed))


def _rows_of(
    places: Sequence[Conditions], named: Sequence[Label[Any]], columns: Iterable[ColumnElement[Any]]
) -> Subquery:
    """The rows of all places, one behind the other: each is a stretch of the primary key."""
    of_places = [select(*named, _tallies.span, *columns).where(*conditions) for conditions in places]
    return (of_places[0] if len(of_places) == 1 else union_all(*of_places)).subquery()


async def _fetch_packed(
    connection: AsyncConnection,
    places: Sequence[Conditions],
    named: Sequence[Label[Any]],
    adders: Mapping[str, Adder],
) -> dict[GroupKey, dict[str, Any]]:
    if not adders:
        return {}
    filled = or_(*(_tallies[name].is_not(None) for name in adders))
    as_stored = [type_coerce(_tallies[name], NullType).label(name) for name in adders]
    found = _rows_of([(*conditions, filled) for conditions in places], named, as_stored)
    wanted = select(*(found.c[one.name] for one in (*named, *as_stored)))
    groups: dict[GroupKey, list[tuple[bytes | None, ...]]] = {}
    width = len(named)
    for row in (await connection.execute(wanted)).all():
        groups.setdefault(row[:width], []).append(row[width:])
    return {
        key: {
            name: add(filter(None, column))
            for (name, add), column in zip(adders.items(), zip(*parts, strict=True), strict=True)
        }
        for key, parts in groups.items()
    }
