"""What Odoo knows of a partner besides who he is: which records are asked for, and how each is read.

Orders: ``sale.order`` of the partner, his company and all of its contacts: quotations that were sent, and what was
confirmed or cancelled (addons/sale/models/sale_order.py; ``done`` is what Odoo 16 and earlier call a locked order). An
order is open until all is delivered, by ``delivery_status`` of the module sale_stock
(addons/sale_stock/models/sale_order.py, from Odoo 16 on); where there is nothing to ship or no such field, until all is
invoiced. A quotation is open until it is confirmed or cancelled. ``due_on`` is the delivery date that was promised.

Incidents: ``helpdesk.ticket`` of the same partners, of Odoo Enterprise. A ticket is closed when its stage is folded
(https://www.odoo.com/documentation/19.0/applications/services/helpdesk/overview/stages.html, "Fold a stage").

Products: of the latest confirmed lines, ``sale.order.line``, without down payments.

Contacts: ``mail.message`` (addons/mail/models/mail_message.py) to or from the partner or on his page, as far as a
customer may see them: no notes, ours neither, no mailings; and ``calendar.event`` with him, until now
(addons/calendar/models/calendar_event.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from crm_bridge.call_record import utc_text
from crm_bridge.contact import Contact, Incident, Order, Touch
from crm_bridge.found import Record, date_of, first_text, money_of, text_of, touch_of
from crm_bridge.rows import MAX_REFERENCE, MAX_VALUE

#: the end of the Message-Id of every note that we write
OUR_MESSAGES: Final = "@offhook>"
_DELIVERY: Final = {
    "pending": "not delivered",
    "started": "delivery started",
    "partial": "partly delivered",
    "full": "delivered",
}
_INVOICED: Final = ("invoiced", "upselling")
_PRIORITIES: Final = {"1": "medium", "2": "high", "3": "urgent"}


class Asked(msgspec.Struct, frozen=True):
    """Which records of a model: ``domain`` makes Odoo's search of the ids of the partner and of his company."""

    model: str
    fields: tuple[str, ...]
    order: str
    domain: Callable[[int, int], list[Any]]


def _orders(_: int, company: int) -> list[Any]:
    states = ["sent", "sale", "done", "cancel"]
    return [["partner_id.commercial_partner_id", "=", company], ["state", "in", states]]


def _tickets(_: int, company: int) -> list[Any]:
    return [["partner_id.commercial_partner_id", "=", company]]


def _lines(_: int, company: int) -> list[Any]:
    bought = [["state", "in", ["sale", "done"]], ["product_id", "!=", False], ["is_downpayment", "=", False]]
    return [["order_partner_id.commercial_partner_id", "=", company], *bought]


def _messages(partner: int, _: int) -> list[Any]:
    here = ["&", ["model", "=", "res.partner"], ["res_id", "=", partner]]
    whose = ["|", "|", *here, ["author_id", "=", partner], ["partner_ids", "in", [partner]]]
    shared = [["is_internal", "=", False], ["subtype_id.internal", "=", False]]
    return [*whose, ["message_type", "in", ["email", "comment"]], *shared, ["message_id", "not like", OUR_MESSAGES]]


def _meetings(partner: int, _: int) -> list[Any]:
    return [["partner_ids", "in", [partner]], ["start", "<=", utc_text(datetime.now(UTC))]]


ORDERS: Final = Asked(
    "sale.order",
    (
        "name",
        "state",
        "client_order_ref",
        "date_order",
        "commitment_date",
        "amount_total",
        "currency_id",
        "invoice_status",
        "delivery_status",
    ),
    "date_order desc, id desc",
    _orders,
)
INCIDENTS: Final = Asked(
    "helpdesk.ticket",
    ("name", "ticket_ref", "stage_id", "fold", "close_date", "priority", "user_id", "create_date"),
    "id desc",
    _tickets,
)
PRODUCTS: Final = Asked("sale.order.line", ("product_id",), "id desc", _lines)
MESSAGES: Final = Asked(
    "mail.message",
    ("date", "message_type", "subject", "record_name", "author_id", "partner_ids"),
    "date desc, id desc",
    _messages,
)
MEETINGS: Final = Asked("calendar.event", ("start", "name", "user_id"), "start desc", _meetings)


def order_of(one: Record) -> Order:
    """An order. Its title is the customer's own reference, left out of finished orders: no product is called so."""
    is_open = _is_open(one)
    return Order(
        reference=text_of(one.get("name"), MAX_REFERENCE),
        title=text_of(one.get("client_order_ref"), MAX_VALUE) if is_open else "",
        state=_state(one),
        is_open=is_open,
        placed_on=date_of(one.get("date_order")),
        due_on=date_of(one.get("commitment_date")),
        total=money_of(one.get("amount_total"), name_of(one.get("currency_id"))),
    )


def incident_of(one: Record) -> Incident:
    """A ticket. Without a ``ticket_ref`` its id is its number, and without ``fold`` its closing date counts."""
    closed = one.get("fold") if "fold" in one else one.get("close_date")
    return Incident(
        reference=first_text(one, "ticket_ref", "id"),
        title=text_of(one.get("name"), MAX_VALUE),
        state=name_of(one.get("stage_id"))[:60],
        is_open=not closed,
        severity=_PRIORITIES.get(text_of(one.get("priority")), ""),
        owner=name_of(one.get("user_id")) or None,
        opened_on=date_of(one.get("create_date")),
    )


def product_of(one: Record) -> str:
    """The name of a line's product."""
    return name_of(one.get("product_id"))


def touches_of_message(one: Record, contact: Contact) -> Iterator[Touch]:
    """A message: ``in`` where the partner wrote it, ``out`` where he is among those it was addressed to."""
    to = one.get("partner_ids")
    is_out = isinstance(to, list) and contact.contact_id in map(str, to)
    direction = "in" if _id_of(one.get("author_id")) == contact.contact_id else "out" if is_out else ""
    page = first_text(one, "record_name")
    yield from touch_of(
        one.get("date"),
        "e-mail" if one.get("message_type") == "email" else "message",
        first_text(one, "subject") or (page if page != contact.name else ""),
        direction=direction,
        by=name_of(one.get("author_id")) if direction == "out" else "",
    )


def touches_of_meeting(one: Record) -> Iterator[Touch]:
    """A meeting, with its organiser."""
    yield from touch_of(one.get("start"), "meeting", one.get("name"), by=name_of(one.get("user_id")))


def name_of(link: object) -> str:
    """The name in a link to one record, which Odoo gives as a pair of id and name, or as False."""
    return text_of(link[1]) if isinstance(link, list) and len(link) == 2 else ""


def company_of(one: Record) -> str:
    """The id of a partner's company: his own where he has none."""
    return _id_of(one.get("commercial_partner_id")) or text_of(one.get("id"), 20)


def _id_of(link: object) -> str:
    return text_of(link[0], 20) if isinstance(link, list) and len(link) == 2 and isinstance(link[0], int) else ""


def _is_open(one: Record) -> bool:
    if one.get("state") == "sent":
        return True
    if one.get("state") == "cancel":
        return False
    if (delivery := text_of(one.get("delivery_status"))) in _DELIVERY:
        return delivery != "full"
    return one.get("invoice_status") not in _INVOICED


def _state(one: Record) -> str:
    state = text_of(one.get("state"), 60)
    if state in ("sent", "cancel"):
        return {"sent": "quotation sent", "cancel": "cancelled"}[state]
    delivery = _DELIVERY.get(text_of(one.get("delivery_status")), "confirmed")
    return f"{delivery}, invoiced" if one.get("invoice_status") in _INVOICED else delivery
