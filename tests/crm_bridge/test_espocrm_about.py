"""What EspoCRM's records say, read one by one."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from crm_bridge.contact import Money
from crm_bridge.espocrm_about import (
    OPPORTUNITIES,
    SALES_ORDERS,
    incident_of,
    opportunity_of,
    sales_order_of,
    touches_of_email,
    touches_of_meeting,
    whose,
)
from tests.crm_bridge.stubborn import someone

ANNA = msgspec.structs.replace(someone("Anna", "+393351234567", "crm"), email="Anna@Example.com")


def test_a_contacts_records_are_his_own_or_his_accounts() -> None:
    assert whose(OPPORTUNITIES, "e1", "a1") == {
        "where[0][type]": "or",
        "where[0][value][0][type]": "linkedWith",
        "where[0][value][0][attribute]": "contacts",
        "where[0][value][0][value][]": "e1",
        "where[0][value][1][type]": "equals",
        "where[0][value][1][attribute]": "accountId",
        "where[0][value][1][value]": "a1",
    }
    of_an_account = whose(SALES_ORDERS, "", "a1")
    assert [value for key, value in of_an_account.items() if key.endswith("[attribute]")] == ["accountId"]
    of_one_alone = whose(SALES_ORDERS, "e1", "")
    attributes = [value for key, value in of_one_alone.items() if key.endswith("[attribute]")]
    assert attributes == ["billingContactId", "shippingContactId"]


def test_what_was_bought_is_named_by_the_opportunity_that_was_won() -> None:
    deal = {"name": "Ten desks", "stage": "Proposal", "amount": 99, "amountCurrency": "USD", "closeDate": "2026-12-01"}
    now, won = opportunity_of(deal, is_open=True), opportunity_of(deal, is_open=False)
    assert (now.reference, now.title, won.reference, won.title) == ("Ten desks", "", "Ten desks", "Ten desks")
    assert (now.state, now.due_on, now.placed_on, now.total) == (
        "Proposal",
        date(2026, 12, 1),
        None,
        Money(9_900, "USD"),
    )


@pytest.mark.parametrize(
    ("changes", "reference", "title"),
    [
        ({}, "SO-7", ""),
        ({"name": "Desks"}, "SO-7", "Desks"),
        ({"numberA": None}, "7", "SO-7"),
        ({"numberA": "", "number": None}, "SO-7", "SO-7"),
    ],
)
def test_a_sales_order_is_called_by_its_number(changes: dict[str, Any], reference: str, title: str) -> None:
    order = sales_order_of({"name": "SO-7", "number": 7, "numberA": "SO-7", "status": "Draft"} | changes, is_open=True)
    assert (order.reference, order.title, order.state) == (reference, title, "Draft")


def test_a_delivery_is_told_while_the_order_is_open() -> None:
    order = {"numberA": "SO-7", "status": "In Progress", "isDeliveryCreated": True}
    assert sales_order_of(order, is_open=True).state == "In Progress, delivery created"
    assert sales_order_of(order | {"status": "Completed"}, is_open=False).state == "Completed"


def test_a_case_of_the_usual_priority_says_nothing_of_it() -> None:
    case = {"number": 31, "name": "Router down", "status": "New", "createdAt": "2026-11-19 08:00:00"}
    urgent = incident_of(case | {"priority": "High", "assignedUserName": "Dana"}, is_open=True)
    usual = incident_of(case | {"priority": "Normal"}, is_open=False)
    assert (urgent.reference, urgent.severity, urgent.owner, urgent.opened_on) == (
        "31",
        "high",
        "Dana",
        date(2026, 11, 19),
    )
    assert (usual.severity, usual.owner, usual.is_open) == ("", None, False)


@pytest.mark.parametrize(
    ("sender", "status", "direction", "by"),
    [
        ("anna@example.com", "Archived", "in", None),
        ("us@example.org", "Sent", "out", "Dana"),
        ("us@example.org", "Archived", "", None),
        (None, "Archived", "", None),
    ],
)
def test_who_sent_an_email_makes_its_direction(sender: str | None, status: str, direction: str, by: str | None) -> None:
    mail = {"name": "Offer", "dateSent": "2026-11-18 09:30:00", "status": status, "sentByName": "Dana"}
    [touch] = touches_of_email(mail | {"fromEmailAddressName": sender}, ANNA)
    assert (touch.direction, touch.by, touch.kind, touch.title) == (direction, by, "e-mail", "Offer")


def test_without_an_address_of_the_customer_no_email_is_his() -> None:
    mail = {"name": "Offer", "dateSent": "2026-11-18 09:30:00", "status": "Archived", "fromEmailAddressName": ""}
    [touch] = touches_of_email(mail, someone("Anna", "+393351234567", "crm"))
    assert touch.direction == ""


def test_a_meeting_counts_when_it_was_held() -> None:
    meeting = {"name": "Visit", "dateStart": "2026-06-03 14:00:00", "status": "Held", "assignedUserName": "Bruno"}
    assert [(one.on, one.by) for one in touches_of_meeting(meeting)] == [(date(2026, 6, 3), "Bruno")]
    assert [one.on for one in touches_of_meeting(meeting | {"dateStartDate": "2026-06-02"})] == [date(2026, 6, 2)]
    assert list(touches_of_meeting(meeting | {"status": "Not Held"})) == []
