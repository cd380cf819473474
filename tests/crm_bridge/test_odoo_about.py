"""What Odoo's records say, read one by one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crm_bridge.contact import Money
from crm_bridge.odoo_about import (
    OUR_MESSAGES,
    company_of,
    incident_of,
    name_of,
    order_of,
    product_of,
    touches_of_meeting,
    touches_of_message,
)
from tests.crm_bridge.stubborn import someone

ANNA = someone("Anna", "+393351234567", "crm")
ORDER = {
    "name": "S00017",
    "client_order_ref": "PO 4711",
    "state": "sale",
    "date_order": "2026-11-02 09:30:00",
    "commitment_date": False,
    "amount_total": 1250.5,
    "currency_id": [1, "EUR"],
    "invoice_status": "to invoice",
    "delivery_status": "pending",
}


@pytest.mark.parametrize(
    ("changes", "is_open", "state"),
    [
        ({}, True, "not delivered"),
        ({"delivery_status": "started"}, True, "delivery started"),
        ({"delivery_status": "partial", "invoice_status": "invoiced"}, True, "partly delivered, invoiced"),
        ({"delivery_status": "full"}, False, "delivered"),
        ({"delivery_status": "full", "state": "done", "invoice_status": "invoiced"}, False, "delivered, invoiced"),
        ({"delivery_status": False}, True, "confirmed"),
        ({"delivery_status": False, "invoice_status": "invoiced"}, False, "confirmed, invoiced"),
        ({"delivery_status": False, "invoice_status": "upselling"}, False, "confirmed, invoiced"),
        ({"delivery_status": "on the moon", "invoice_status": "no"}, True, "confirmed"),
        ({"state": "sent", "delivery_status": False, "invoice_status": "no"}, True, "quotation sent"),
        ({"state": "cancel", "invoice_status": "no"}, False, "cancelled"),
    ],
)
def test_an_order_is_open_until_all_is_delivered_or_without_deliveries_invoiced(
    changes: dict[str, Any], is_open: bool, state: str
) -> None:
    order = order_of(ORDER | changes)
    assert (order.is_open, order.state) == (is_open, state)


def test_without_the_field_of_sale_stock_the_invoice_decides() -> None:
    older = {key: value for key, value in ORDER.items() if key != "delivery_status"}
    assert order_of(older).is_open
    assert not order_of(older | {"invoice_status": "invoiced"}).is_open


def test_the_customers_own_reference_is_no_product_he_bought() -> None:
    now, old = order_of(ORDER), order_of(ORDER | {"delivery_status": "full"})
    assert (now.reference, now.title, old.reference, old.title) == ("S00017", "PO 4711", "S00017", "")
    assert (now.placed_on, now.due_on, now.total) == (date(2026, 11, 2), None, Money(125_050, "EUR"))


def test_a_ticket_is_closed_by_its_stage_or_in_an_older_odoo_by_its_day() -> None:
    ticket = {"id": 31, "name": "Router down", "stage_id": [1, "New"], "priority": "3", "user_id": False}
    now = incident_of(ticket | {"ticket_ref": "00031", "fold": False, "close_date": "2026-11-01 08:00:00"})
    assert (now.reference, now.is_open, now.severity, now.owner, now.state) == ("00031", True, "urgent", None, "New")
    assert not incident_of(ticket | {"fold": True, "close_date": False}).is_open
    older = incident_of(ticket | {"close_date": False, "priority": "0"})
    assert (older.reference, older.is_open, older.severity) == ("31", True, "")
    assert not incident_of(ticket | {"close_date": "2026-11-01 08:00:00"}).is_open


def test_who_wrote_a_message_makes_its_direction() -> None:
    own = int(ANNA.contact_id)
    mail = {"date": "2026-11-18 09:30:00", "message_type": "email", "subject": "Re: offer", "record_name": "S00017"}
    [came] = touches_of_message(mail | {"author_id": [own, "Anna"], "partner_ids": [3]}, ANNA)
    [went] = touches_of_message(
        mail | {"author_id": [3, "Dana O'Neill"], "partner_ids": [own, 3], "message_type": "comment", "subject": False},
        ANNA,
    )
    [near] = touches_of_message(mail | {"author_id": False, "partner_ids": [], "subject": ""}, ANNA)
    assert (came.direction, came.by, came.kind, came.title) == ("in", None, "e-mail", "Re: offer")
    assert (went.direction, went.by, went.kind, went.title) == ("out", "Dana O'Neill", "message", "S00017")
    assert (near.direction, near.by) == ("", None)


def test_a_message_on_his_own_page_is_not_called_by_his_name() -> None:
    mail = {"date": "2026-11-18 09:30:00", "message_type": "comment", "subject": False, "record_name": ANNA.name}
    assert [one.title for one in touches_of_message(mail, ANNA)] == [""]


def test_a_meeting_names_its_organiser() -> None:
    [met] = touches_of_meeting({"start": "2026-06-03 14:00:00", "name": "Visit", "user_id": [3, "Bruno"]})
    assert (met.on, met.kind, met.title, met.direction, met.by) == (date(2026, 6, 3), "meeting", "Visit", "", "Bruno")
    assert list(touches_of_meeting({"start": False, "name": "Visit", "user_id": False})) == []


@pytest.mark.parametrize("link", [None, False, [], [1], 7, "EUR", {"1": 2}, [1, None], [1, ["x"]]])
def test_what_is_no_link_has_no_name(link: object) -> None:
    assert name_of(link) == product_of({"product_id": link}) == ""


@pytest.mark.parametrize("link", [None, False, [], [1], ["1; DROP", "x"], [None, "x"]])
def test_without_a_company_a_partner_is_his_own(link: object) -> None:
    assert company_of({"id": 4, "commercial_partner_id": link}) == "4"
    assert company_of({"id": 4, "commercial_partner_id": [7, "Rossi Srl"]}) == "7"


def test_our_notes_are_known_by_the_end_of_their_message_id() -> None:
    assert f"<offhook.{'0' * 32}@offhook>".endswith(OUR_MESSAGES)
