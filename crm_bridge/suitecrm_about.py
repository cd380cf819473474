"""What SuiteCRM knows of a customer besides who he is: which relationships are asked for, and how each is read.

All by ``GET module/{module}/{id}/relationships/{link}`` with ``sort``, ``filter`` and ``page[size]``; it gives whole
records and knows no choice of fields (Api/V8/Service/RelationshipService.php, Api/V8/Param/GetRelationshipParams.php).

Orders: SuiteCRM has none, so opportunities are told, of the customer and of his account: those that are not "Closed
Lost", open until "Closed Won", as the stages are shipped (``sales_stage_dom`` in include/language/en_us.lang.php).
Their currency has no code there.

Incidents: cases of the record itself; open is their state "Open" (``case_state_dom``, modules/Cases/vardefs.php).

Contacts: the latest e-mails, few, as each comes with its whole text (``dom_email_types``: drafts and mailings are left
out), and meetings that were held (``meeting_status_dom``). Calls are not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from crm_bridge.contact import Contact, Incident, Order, Touch
from crm_bridge.found import Record, date_of, first_text, money_of, text_of, touch_of
from crm_bridge.rows import MAX_NUMBERS, MAX_REFERENCE, MAX_VALUE

#: e-mails that are asked for: their texts may be as long as people write, and a reply is bounded
MOST_EMAILS: Final = 5
#: which links each module has (modules/*/vardefs.php)
LINKS: Final = {
    "Contacts": ("opportunities", "cases", "emails", "meetings"),
    "Accounts": ("opportunities", "cases", "emails", "meetings"),
    "Leads": ("emails", "meetings"),
}
ASKED: Final = {
    "opportunities": {
        "filter[sales_stage][neq]": "Closed Lost",
        "sort": "-date_entered",
        "page[size]": str(MAX_NUMBERS),
    },
    "cases": {"sort": "-date_entered", "page[size]": str(MAX_NUMBERS)},
    "emails": {"sort": "-date_entered", "page[size]": str(MOST_EMAILS)},
    "meetings": {"filter[status][eq]": "Held", "sort": "-date_start", "page[size]": str(MAX_NUMBERS)},
}
_PRIORITIES: Final = {"P1": "high", "P3": "low"}
_DIRECTIONS: Final = {"inbound": "in", "out": "out"}
_NO_CONTACT: Final = ("draft", "campaign")


def order_of(one: Record) -> Order:
    """An opportunity, which has no number: its name is its reference, and once it is won what was bought."""
    name, stage = text_of(one.get("name"), MAX_REFERENCE), text_of(one.get("sales_stage"), 60)
    is_open = stage != "Closed Won"
    return Order(
        reference=name,
        title="" if is_open else name,
        state=stage,
        is_open=is_open,
        placed_on=date_of(one.get("date_entered")),
        due_on=date_of(one.get("date_closed")),
        total=money_of(one.get("amount")),
    )


def incident_of(one: Record) -> Incident:
    """A case. Its status is a key that begins with its state, ``Open_Pending Input``."""
    state, _, rest = text_of(one.get("status"), 60).partition("_")
    return Incident(
        reference=text_of(one.get("case_number"), MAX_REFERENCE),
        title=text_of(one.get("name"), MAX_VALUE),
        state=rest or state,
        is_open=(text_of(one.get("state")) or state) != "Closed",
        severity=_PRIORITIES.get(text_of(one.get("priority")), ""),
        owner=text_of(one.get("assigned_user_name"), 100) or None,
        opened_on=date_of(one.get("date_entered")),
    )


def touches_of_email(one: Record, contact: Contact) -> Iterator[Touch]:
    """An e-mail. One that was archived by hand came in where the customer's first address is its sender's."""
    kind = text_of(one.get("type"))
    if kind in _NO_CONTACT:
        return
    sender = text_of(one.get("from_addr_name")).lower()
    archived = "in" if contact.email and contact.email.lower() in sender else ""
    yield from touch_of(
        first_text(one, "date_sent_received", "date_sent", "date_entered"),
        "e-mail",
        one.get("name"),
        direction=_DIRECTIONS.get(kind, archived),
        by=one.get("assigned_user_name"),
    )


def touches_of_meeting(one: Record) -> Iterator[Touch]:
    """A meeting, with whom it was assigned to."""
    yield from touch_of(one.get("date_start"), "meeting", one.get("name"), by=one.get("assigned_user_name"))
