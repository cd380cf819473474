"""What SuiteCRM's records say, read one by one."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from crm_bridge.contact import Money
from crm_bridge.suitecrm_about import ASKED, LINKS, incident_of, order_of, touches_of_email, touches_of_meeting
from tests.crm_bridge.stubborn import someone

ANNA = msgspec.structs.replace(someone("Anna", "+393351234567", "crm"), email="Anna@Example.com")


@pytest.mark.parametrize(
    ("stage", "is_open", "title"),
    [("Prospecting", True, ""), ("Our own stage", True, ""), ("Closed Won", False, "Ten desks")],
)
def test_an_opportunity_is_open_until_it_is_won(stage: str, is_open: bool, title: str) -> None:
    order = order_of({"name": "Ten desks", "sales_stage": stage, "amount": "99.500000", "date_closed": "2026-12-01"})
    assert (order.reference, order.title, order.is_open, order.state) == ("Ten desks", title, is_open, stage)
    assert (order.due_on, order.placed_on, order.total) == (date(2026, 12, 1), None, Money(9_950))


@pytest.mark.parametrize(
    ("state", "status", "is_open", "shown"),
    [
        ("Open", "Open_New", True, "New"),
        ("Open", "Open_Pending Input", True, "Pending Input"),
        ("Closed", "Closed_Rejected", False, "Rejected"),
        ("", "Closed_Duplicate", False, "Duplicate"),
        ("", "Waiting", True, "Waiting"),
    ],
)
def test_a_case_is_open_by_its_state_or_else_by_how_its_status_begins(
    state: str, status: str, is_open: bool, shown: str
) -> None:
    incident = incident_of({"case_number": 31, "name": "Router down", "state": state, "status": status})
    assert (incident.reference, incident.is_open, incident.state) == ("31", is_open, shown)


@pytest.mark.parametrize(("priority", "severity"), [("P1", "high"), ("P2", ""), ("P3", "low"), (None, "")])
def test_a_usual_priority_says_nothing(priority: object, severity: str) -> None:
    assert incident_of({"name": "Router down", "priority": priority}).severity == severity


@pytest.mark.parametrize(
    ("kind", "sender", "directions"),
    [
        ("inbound", "", ["in"]),
        ("out", "anna@example.com", ["out"]),
        ("archived", "Anna <anna@example.com>", ["in"]),
        ("archived", "us@example.org", [""]),
        ("draft", "", []),
        ("campaign", "", []),
    ],
)
def test_an_email_has_a_direction_by_its_type_or_its_sender(kind: str, sender: str, directions: list[str]) -> None:
    mail = {"name": "Offer", "date_entered": "2026-11-18T09:30:00+00:00", "type": kind, "from_addr_name": sender}
    assert [one.direction for one in touches_of_email(mail, ANNA)] == directions


def test_an_older_suitecrm_calls_the_day_of_an_email_otherwise() -> None:
    mail = {"name": "Offer", "type": "out", "assigned_user_name": "Dana", "date_entered": "2026-11-20T00:00:00+00:00"}
    [older] = touches_of_email(mail | {"date_sent": "2026-11-18T09:30:00+00:00"}, ANNA)
    [newer] = touches_of_email(mail | {"date_sent_received": "2026-11-19T09:30:00+00:00"}, ANNA)
    assert (older.on, newer.on, newer.by) == (date(2026, 11, 18), date(2026, 11, 19), "Dana")


def test_a_meeting_names_whom_it_is_assigned_to() -> None:
    [met] = touches_of_meeting({"name": "Visit", "date_start": "2026-06-03T14:00:00+00:00", "assigned_user_name": "B"})
    assert (met.on, met.kind, met.title, met.by) == (date(2026, 6, 3), "meeting", "Visit", "B")


def test_each_link_is_asked_for_newest_first_and_in_bounds() -> None:
    assert {link for links in LINKS.values() for link in links} == set(ASKED)
    assert all(asked["sort"].startswith("-") and int(asked["page[size]"]) <= 20 for asked in ASKED.values())
