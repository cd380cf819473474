"""Rows about one customer, as any database may give them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given, strategies as st

from crm_bridge.contact import Incident, Money, Order, Touch
from crm_bridge.rows_about import incidents_of, orders_of, products_of, touches_of


def test_columns_are_called_as_in_an_import() -> None:
    row = {"Bestellnummer": 17, "Betreff": "Pump", "Status": "shipped", "Date": date(2026, 11, 3), "Due": "24/11/2026"}
    assert [*orders_of([{**row, "Total": Decimal("49.90"), "currency": "eur"}], "IT")] == [
        Order(
            reference="17", title="Pump", state="shipped", placed_on=date(2026, 11, 3), due_on=date(2026, 11, 24),
            total=Money(4990, "EUR"),
        )
    ]  # fmt: skip
    ticket = {"ticket": "T-1", "state": "closed", "priority": "high", "assignee": "Dana", "created": "2026-11-12 09:00"}
    assert [*incidents_of([ticket], "IT")] == [
        Incident(
            reference="T-1", state="closed", is_open=False, severity="high", owner="Dana", opened_on=date(2026, 11, 12)
        )
    ]


def test_whether_it_is_open_may_be_said() -> None:
    rows = [{"id": "1", "state": "closed", "open": True}, {"id": "2", "open": 0}, {"id": "3", "open": "perhaps"}]
    assert [one.is_open for one in orders_of(rows, "IT")] == [True, False, True]


def test_a_value_without_sense_is_left_out_and_the_row_is_not() -> None:
    assert [*orders_of([{"id": "1", "due": "soon", "total": "much"}, {"title": "of nothing"}], "IT")] == [
        Order(reference="1")
    ]


def test_contacts_and_purchases() -> None:
    at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    rows = [{"DATE": at, "Kind": "visit", "BY": "Anna"}, {"date": None, "kind": "visit"}]
    assert [*touches_of(rows, "IT")] == [Touch(on=date(2026, 11, 20), kind="visit", by="Anna")]
    assert [*products_of([{"name": "Pump", "n": 2}, {}])] == ["Pump", None]


ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.dates())
COLUMNS = st.sampled_from(
    ["id", "title", "state", "open", "date", "due", "total", "currency", "kind", "direction", "by"]
)


@given(st.lists(st.dictionaries(COLUMNS, ANYTHING), max_size=4))
def test_whatever_a_database_gives_nothing_breaks(rows: list[dict[str, object]]) -> None:
    for one in (*orders_of(rows, "US"), *incidents_of(rows, "IT")):
        assert one.reference
    for touch in touches_of(rows, "IT"):
        assert touch.kind
    assert len([*products_of(rows)]) == len(rows)
