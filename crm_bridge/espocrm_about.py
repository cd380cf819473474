"""What EspoCRM knows of a customer besides who he is: which records are asked for, and how each is read.

Orders: EspoCRM has none of its own, so its opportunities are told, those that are open or won, as its own filters say
(application/Espo/Modules/Crm/Classes/Select/Opportunity/PrimaryFilters): of the contact and of his account. With the
extension Sales Pack its sales orders may be told instead, "actual" ones as open, completed ones as not; cancelled ones
are neither. https://docs.espocrm.com/extensions/sales-pack/api/ (entity ``SalesOrder``).

Incidents: cases of the record itself; open are those of Espo's own filter "open", which leaves out every status that
the site marks as not actual (application/Espo/Modules/Crm/Classes/Select/CaseObj/PrimaryFilters/Open.php).

Contacts: what the panel History lists, e-mails sent and received and meetings held, without calls
(application/Espo/Modules/Crm/Tools/Activities/Service.php). An e-mail came in where its sender is the customer's first
address, and went out where it was sent from EspoCRM; of others the direction is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from crm_bridge.contact import Contact, Incident, Order, Touch
from crm_bridge.found import Record, date_of, first_text, money_of, text_of, touch_of
from crm_bridge.rows import MAX_REFERENCE, MAX_VALUE

Params = dict[str, str]


class Sales(msgspec.Struct, frozen=True):
    """Records that stand for orders: their entity, what is selected, newest first by what, and Espo's filters.

    ``of_contact`` are the conditions that a record is a contact's, as pairs of type and attribute.
    """

    entity: str
    select: str
    newest: str
    of_contact: tuple[tuple[str, str], ...]
    is_open: str
    is_done: str
    read: Callable[[Record, bool], Order]


def opportunity_of(one: Record, is_open: bool) -> Order:
    """An opportunity, which has no number: its name is its reference, and once it is won what was bought."""
    name = text_of(one.get("name"), MAX_REFERENCE)
    return Order(
        reference=name,
        title="" if is_open else name,
        state=text_of(one.get("stage"), 60),
        is_open=is_open,
        placed_on=date_of(one.get("createdAt")),
        due_on=date_of(one.get("closeDate")),
        total=money_of(one.get("amount"), text_of(one.get("amountCurrency"), 3)),
    )


def sales_order_of(one: Record, is_open: bool) -> Order:
    """A sales order of the Sales Pack. Its name says something only where it is not its number."""
    number, name = first_text(one, "numberA", "number")[:MAX_REFERENCE], text_of(one.get("name"), MAX_VALUE)
    delivery = ", delivery created" if is_open and one.get("isDeliveryCreated") is True else ""
    return Order(
        reference=number or name[:MAX_REFERENCE],
        title="" if name == number else name,
        state=text_of(one.get("status"), 40) + delivery,
        is_open=is_open,
        placed_on=date_of(one.get("dateOrdered")),
        total=money_of(one.get("grandTotalAmount"), text_of(one.get("grandTotalAmountCurrency"), 3)),
    )


OPPORTUNITIES: Final = Sales(
    "Opportunity",
    "name,stage,amount,amountCurrency,createdAt,closeDate",
    "createdAt",
    (("linkedWith", "contacts"),),
    "open",
    "won",
    opportunity_of,
)
SALES_ORDERS: Final = Sales(
    "SalesOrder",
    "name,number,numberA,status,dateOrdered,grandTotalAmount,grandTotalAmountCurrency,isDeliveryCreated",
    "dateOrdered",
    (("equals", "billingContactId"), ("equals", "shippingContactId")),
    "actual",
    "completed",
    sales_order_of,
)
CASES: Final = {
    "select": "number,name,status,priority,assignedUserName,createdAt",
    "orderBy": "createdAt",
    "order": "desc",
}
EMAILS: Final = {
    "select": "name,dateSent,status,fromEmailAddressName,sentByName",
    "orderBy": "dateSent",
    "order": "desc",
}
MEETINGS: Final = {
    "select": "name,dateStart,dateStartDate,status,assignedUserName",
    "orderBy": "dateStart",
    "order": "desc",
}


def whose(sales: Sales, contact: str, account: str) -> Params:
    """The condition that a record is of this contact or of this account, each "" for none; Espo's ids.

    >>> whose(OPPORTUNITIES, "", "a1")["where[0][value][0][attribute]"]
    'accountId'
    """
    terms = [(kind, attribute, contact) for kind, attribute in sales.of_contact if contact]
    terms += [("equals", "accountId", account)] if account else []
    where = {"where[0][type]": "or"}
    for i, (kind, attribute, value) in enumerate(terms):
        place = f"where[0][value][{i}]"
        many = "[]" if kind == "linkedWith" else ""
        where |= {f"{place}[type]": kind, f"{place}[attribute]": attribute, f"{place}[value]{many}": value}
    return where


def incident_of(one: Record, is_open: bool) -> Incident:
    """A case with its number."""
    priority = text_of(one.get("priority"), 40)
    return Incident(
        reference=text_of(one.get("number"), MAX_REFERENCE),
        title=text_of(one.get("name"), MAX_VALUE),
        state=text_of(one.get("status"), 60),
        is_open=is_open,
        severity="" if priority == "Normal" else priority.lower(),
        owner=text_of(one.get("assignedUserName"), 100) or None,
        opened_on=date_of(one.get("createdAt")),
    )


def touches_of_email(one: Record, contact: Contact) -> Iterator[Touch]:
    """An e-mail with who sent it from EspoCRM."""
    sender = text_of(one.get("fromEmailAddressName")).lower()
    is_in = bool(sender) and sender == (contact.email or "").lower()
    is_out = one.get("status") == "Sent"
    yield from touch_of(
        one.get("dateSent"),
        "e-mail",
        one.get("name"),
        direction="in" if is_in else "out" if is_out else "",
        by=one.get("sentByName") if is_out else "",
    )


def touches_of_meeting(one: Record) -> Iterator[Touch]:
    """A meeting that was held, with whom it was assigned to; one that lasts whole days has no time."""
    if one.get("status") == "Held":
        day = first_text(one, "dateStartDate", "dateStart")
        yield from touch_of(day, "meeting", one.get("name"), by=one.get("assignedUserName"))
