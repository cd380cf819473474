"""Records of a Vtiger as parts of a customer."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, strategies as st

from crm_bridge.contact import Money, Order, Touch
from crm_bridge.vtiger_about import any_of, held_event, incident_of, mail_of, order_of


def test_a_condition_has_those_who_are_there() -> None:
    assert any_of(("12x1", "11x2"), "contact_id", "account_id") == "contact_id = '12x1' or account_id = '11x2'"
    assert any_of(("", "11x2"), "contact_id", "parent_id") == "parent_id = '11x2'"
    assert any_of(("", ""), "contact_id", "parent_id") == ""


def test_an_order() -> None:
    record = {"salesorder_no": "SO1", "subject": "Desks", "sostatus": "Approved", "duedate": "2026-12-01"}
    assert order_of({**record, "hdnGrandTotal": "12.50000000", "createdtime": "2026-11-02 08:00:00"}) == Order(
        reference="SO1", title="Desks", state="Approved", placed_on=date(2026, 11, 2), due_on=date(2026, 12, 1),
        total=Money(1250),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "is_open"), [("Created", True), ("Approved", True), ("Delivered", False), ("Cancelled", False)]
)
def test_which_orders_are_open(state: str, is_open: bool) -> None:
    assert order_of({"sostatus": state}).is_open is is_open


@pytest.mark.parametrize(
    ("state", "is_open"), [("Open", True), ("In Progress", True), ("Wait For Response", True), ("Closed", False)]
)
def test_which_tickets_are_open(state: str, is_open: bool) -> None:
    ticket = incident_of({"ticketstatus": state, "assigned_user_id": "19x5"}, {"19x5": "Dana"})
    assert (ticket.is_open, ticket.owner) == (is_open, "Dana")


def test_an_event_without_a_day_is_none() -> None:
    assert [*held_event({"date_start": "", "activitytype": "Meeting"}, {})] == []
    assert [*held_event({"date_start": "2026-06-03", "activitytype": "Visit", "subject": "Fair"}, {})] == [
        Touch(on=date(2026, 6, 3), kind="Visit", title="Fair")
    ]


def test_a_draft_is_no_e_mail_and_without_an_address_none_came_from_the_customer() -> None:
    mail = {"date_start": "2026-06-03", "subject": "Hello", "from_email": ""}
    assert [*mail_of({**mail, "email_flag": "SAVED"}, {}, "")] == []
    [touch] = mail_of(mail, {}, "")
    assert (touch.kind, touch.direction) == ("e-mail", "")


ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()))
FIELDS = st.sampled_from(["sostatus", "hdnGrandTotal", "createdtime", "date_start", "email_flag", "assigned_user_id"])


@given(st.dictionaries(FIELDS, ANYTHING))
def test_whatever_comes_nothing_breaks(one: dict[str, object]) -> None:
    assert isinstance(order_of(one).is_open, bool)
    assert isinstance(incident_of(one, {}).is_open, bool)
    for touch in (*held_event(one, {}), *mail_of(one, {}, "a@example.com")):
        assert touch.kind
