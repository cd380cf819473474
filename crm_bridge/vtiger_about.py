"""What Vtiger's records tell of a customer: sales orders, tickets, events that were held, e-mails.

By the fields and pick lists of modules/Users/DefaultDataPopulator.php in Vtiger's source. Instants are UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from crm_bridge.contact import Incident, Order, Touch
from crm_bridge.found import Record, date_of, money_of, text_of, touch_of
from crm_bridge.rows import MAX_REFERENCE, MAX_VALUE

ORDER_FIELDS: Final = "salesorder_no,subject,sostatus,duedate,hdnGrandTotal,createdtime"
TICKET_FIELDS: Final = "ticket_no,ticket_title,ticketstatus,ticketpriorities,assigned_user_id,createdtime"
EVENT_FIELDS: Final = "subject,activitytype,date_start,assigned_user_id"
#: which events are earlier contacts: calls are Offhook's to tell
HELD: Final = "eventstatus = 'Held' and activitytype != 'Call'"


def any_of(ids: tuple[str, str], person: str, company: str) -> str:
    """A condition for records of either; "" where there is neither."""
    return " or ".join(f"{field} = '{own}'" for field, own in zip((person, company), ids, strict=True) if own)


def user_of(one: Record) -> str:
    """The id of the user whom a record is assigned to; "" for none."""
    return text_of(one.get("assigned_user_id"), 40)


def order_of(one: Record) -> Order:
    """A SalesOrder with the fields ``ORDER_FIELDS``."""
    state = text_of(one.get("sostatus"), 60)
    return Order(
        reference=text_of(one.get("salesorder_no"), MAX_REFERENCE),
        title=text_of(one.get("subject"), MAX_VALUE),
        state=state,
        is_open=state not in ("Delivered", "Cancelled"),
        placed_on=date_of(one.get("createdtime")),
        due_on=date_of(one.get("duedate")),
        total=money_of(one.get("hdnGrandTotal")),
    )


def incident_of(one: Record, names: dict[str, str]) -> Incident:
    """A ticket with the fields ``TICKET_FIELDS``; ``names`` are those of users by their ids."""
    state = text_of(one.get("ticketstatus"), 60)
    return Incident(
        reference=text_of(one.get("ticket_no"), MAX_REFERENCE),
        title=text_of(one.get("ticket_title"), MAX_VALUE),
        state=state,
        is_open=state != "Closed",
        severity=text_of(one.get("ticketpriorities"), 40),
        owner=names.get(user_of(one)),
        opened_on=date_of(one.get("createdtime")),
    )


def held_event(one: Record, names: dict[str, str]) -> Iterator[Touch]:
    """An event with the fields ``EVENT_FIELDS``."""
    kind = text_of(one.get("activitytype"), 40).replace("Meeting", "meeting")
    yield from touch_of(one.get("date_start"), kind, one.get("subject"), by=names.get(user_of(one)))


def mail_of(one: Record, names: dict[str, str], customers: str) -> Iterator[Touch]:
    """An e-mail, but no draft: it went out by Vtiger, or came from ``customers``, the customer's own address."""
    flag, sender = text_of(one.get("email_flag"), 20).upper(), text_of(one.get("from_email"))
    if flag == "SAVED":
        return
    came = bool(customers) and sender.casefold() == customers.casefold()
    way = "in" if came else "out" if flag == "SENT" else ""
    yield from touch_of(one.get("date_start"), "e-mail", one.get("subject"), direction=way, by=names.get(user_of(one)))
