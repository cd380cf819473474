"""What Tryton's records say of a party, row by row; a real Tryton gives them in ``test_adapters_tryton.py``."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crm_bridge.contact import Incident, Order, SourceRefusedError, Touch
from crm_bridge.rows import MAX_VALUE
from crm_bridge.tryton_about import COMPLAINTS, ORDERS, incident_of, order_of, product_of, touches_of, untold

DAY = {"__class__": "date", "year": 2026, "month": 11, "day": 2}
INSTANT = {"__class__": "datetime", "year": 2026, "month": 11, "day": 1, "hour": 23, "minute": 1, "second": 0}


@pytest.mark.parametrize(
    ("state", "shipment", "is_open", "words"),
    [
        ("quotation", "none", True, "quotation"),
        ("confirmed", "none", True, "confirmed"),
        ("processing", "waiting", True, "processing, not shipped"),
        ("processing", "partially shipped", True, "processing, partially shipped"),
        ("processing", "sent", True, "processing, shipped"),
        ("processing", "exception", True, "processing, shipping failed"),
        ("done", "sent", False, "done, shipped"),
        ("cancelled", "none", False, "cancelled"),
    ],
)
def test_an_order_is_open_until_it_is_done_or_cancelled(state: str, shipment: str, is_open: bool, words: str) -> None:
    order = order_of({"id": 7, "state": state, "shipment_state": shipment})
    assert (order.is_open, order.state) == (is_open, words)


@pytest.mark.parametrize(
    ("state", "is_open"),
    [
        ("draft", True),
        ("waiting", True),
        ("approved", True),
        ("rejected", False),
        ("done", False),
        ("cancelled", False),
    ],
)
def test_a_complaint_is_open_until_it_is_done_rejected_or_cancelled(state: str, is_open: bool) -> None:
    assert incident_of({"id": 7, "state": state}).is_open is is_open


def test_an_order_without_a_number_or_a_sale_date_has_its_own_id_and_the_day_it_was_made() -> None:
    row = {"id": 7, "number": None, "create_date": INSTANT, "sale_date": None, "state": "draft"}
    assert order_of(row) == Order(reference="7", state="draft", placed_on=date(2026, 11, 1))
    sold = row | {"number": "S1", "sale_date": DAY, "total_amount": {"__class__": "Decimal", "decimal": "12.50"}}
    order = order_of(sold | {"currency.": {"id": 1, "code": "EUR"}})
    assert (order.reference, order.placed_on, str(order.total)) == ("S1", date(2026, 11, 2), "12.50 EUR")


def test_a_complaint_without_words_is_called_by_its_type() -> None:
    row = {"id": 7, "number": "C1", "state": "waiting", "date": DAY, "type.": {"name": "Late"}, "description": None}
    told = Incident(reference="C1", title="Late", state="waiting", opened_on=date(2026, 11, 2))
    assert incident_of(row | {"submitted_by.": None}) == told
    owned = incident_of(row | {"description": "Still\nnot here", "submitted_by.": {"rec_name": "Dana"}})
    assert (owned.title, owned.owner) == ("Still not here", "Dana")


def test_a_mail_was_sent_and_one_without_a_day_is_none() -> None:
    [mail] = touches_of({"create_date": INSTANT, "subject": "Hello", "user": "Dana"})
    assert mail == Touch(on=date(2026, 11, 1), kind="e-mail", title="Hello", direction="out", by="Dana")
    assert list(touches_of({"create_date": None, "subject": "Hello"})) == []


@pytest.mark.parametrize("wild", [None, 1, "x" * 100_000, [], {}, {"year": 2026, "month": 13, "day": 1}, {"year": "x"}])
def test_wild_values_give_bounded_texts(wild: Any) -> None:
    fields = {name.partition(".")[0] for name in (*ORDERS.fields, *COMPLAINTS.fields)}
    row = dict.fromkeys(fields, wild) | {f"{name}.": wild for name in fields}
    order, incident = order_of(row), incident_of(row)
    assert (order.placed_on, order.total, incident.opened_on, product_of({"product.": wild})) == (None, None, None, "")
    assert all(len(text) <= MAX_VALUE for text in (order.reference, order.title, order.state, incident.title))


def test_why_something_is_not_told() -> None:
    assert isinstance(untold(ORDERS, "UserError"), SourceRefusedError)
    assert "module sale_complaint" in untold(COMPLAINTS, "'sale.complaint'").what
    assert untold(ORDERS, "'sale.complaint'").why == "'sale.complaint'"
