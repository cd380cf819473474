"""What rows of a query tell about one customer: orders, incidents, what he bought, earlier contacts.

Columns are called as in an import of orders or incidents; a value that makes no sense is left out, the row is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal

from crm_bridge.cells import CellError, parse_date, parse_open
from crm_bridge.contact import Incident, Order, Touch
from crm_bridge.found import date_of, money_of, text_of, touch_of
from crm_bridge.headers import ImportKind, field_of
from crm_bridge.rows import MAX_REFERENCE, MAX_VALUE

Row = Mapping[str, object]


def orders_of(rows: Iterable[Row], region: str) -> Iterator[Order]:
    """An order for each row that has a reference."""
    for one in _named(rows, ImportKind.ORDERS):
        state = text_of(one.get("state"), 60)
        yield Order(
            reference=text_of(one.get("reference"), MAX_REFERENCE),
            title=text_of(one.get("title"), MAX_VALUE),
            state=state,
            is_open=_is_open(one, state),
            placed_on=_day(one.get("placed_on"), region),
            due_on=_day(one.get("due_on"), region),
            total=money_of(one.get("total"), text_of(one.get("currency"), 3)),
        )


def incidents_of(rows: Iterable[Row], region: str) -> Iterator[Incident]:
    """An incident for each row that has a reference."""
    for one in _named(rows, ImportKind.INCIDENTS):
        state = text_of(one.get("state"), 60)
        yield Incident(
            reference=text_of(one.get("reference"), MAX_REFERENCE),
            title=text_of(one.get("title"), MAX_VALUE),
            state=state,
            is_open=_is_open(one, state),
            severity=text_of(one.get("severity"), 40),
            owner=text_of(one.get("owner"), 100) or None,
            opened_on=_day(one.get("opened_on"), region),
        )


def products_of(rows: Iterable[Row]) -> Iterator[object]:
    """The first column of each row."""
    for row in rows:
        yield next(iter(row.values()), None)


def touches_of(rows: Iterable[Row], region: str) -> Iterator[Touch]:
    """An earlier contact for each row whose column ``date`` is one; the others are kind, title, direction and by."""
    for row in rows:
        one = {column.casefold(): value for column, value in row.items()}
        day = _day(one.get("date"), region)
        direction = text_of(one.get("direction"), 20)
        yield from touch_of(str(day), one.get("kind"), one.get("title"), direction=direction, by=one.get("by"))


def _named(rows: Iterable[Row], kind: ImportKind) -> Iterator[dict[str, object]]:
    for row in rows:
        one: dict[str, object] = {}
        for column, value in row.items():
            field = field_of(column, kind)
            if field is not None and value is not None:
                one.setdefault(field, str(value) if isinstance(value, Decimal) else value)
        if text_of(one.get("reference"), MAX_REFERENCE):
            yield one


def _is_open(one: Row, state: str) -> bool:
    given = one.get("open")
    if isinstance(given, bool | int):
        return bool(given)
    try:
        return parse_open(text_of(given), state)
    except CellError:
        return True


def _day(value: object, region: str) -> date | None:
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    try:
        return parse_date(text_of(value, 40), region)
    except CellError:
        return date_of(text_of(value, 40))
