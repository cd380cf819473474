"""What a Tryton knows of a party, from its records as JSON-RPC gives them.

- Orders: ``sale.sale`` of the party, but drafts and what was cancelled (``sale/sale.py`` of trytond-sale 8.2). Open is
  what is not ``done``, so quotations too; behind ``state`` stands ``shipment_state``. An order without a sale date has
  the day when it was made; due is the day when its shipping shall start.
- Incidents: ``sale.complaint`` (``complaint.py`` of trytond-sale-complaint 8.2), open until ``done``, ``rejected`` or
  ``cancelled``; the owner is who submitted it.
- Products: those on the lines of orders that were confirmed.
- Contacts: the e-mails that were sent from the form of the party, or of one of its orders where orders are told
  (``ir/email_.py`` of trytond 8.2). Tryton keeps no e-mails that came in, and no visits.

What another party ordered for this one is not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

import msgspec

from crm_bridge.contact import Incident, Order, SourceError, SourceRefusedError, Touch
from crm_bridge.found import Record, first_text, money_of, text_of, touch_of
from crm_bridge.rows import MAX_REFERENCE, MAX_VALUE

NEWEST: Final = (("create_date", "DESC"),)
MAIL_FIELDS: Final = ("create_date", "subject", "user")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Records of ``model``, which comes with ``module``, whose field ``party`` names the customer."""

    model: str
    module: str
    party: str
    fields: tuple[str, ...]
    others: tuple[tuple[str, str, object], ...] = ()


ORDERS: Final = Asked(
    model="sale.sale",
    module="sale",
    party="party",
    fields=(
        *("number", "reference", "description", "state", "shipment_state", "total_amount", "currency.code"),
        *("sale_date", "create_date", "shipping_date"),
    ),
    others=(("state", "not in", ("draft", "cancelled")),),
)
BOUGHT: Final = Asked(
    model="sale.line",
    module="sale",
    party="sale.party",
    fields=("product.rec_name",),
    others=(("sale.state", "in", ("confirmed", "processing", "done")), ("product", "!=", None)),
)
COMPLAINTS: Final = Asked(
    model="sale.complaint",
    module="sale_complaint",
    party="customer",
    fields=("number", "date", "type.name", "description", "state", "submitted_by.rec_name"),
)
_OVER: Final = ("done", "rejected", "cancelled")
_SHIPPING: Final = {"none": "", "waiting": "not shipped", "sent": "shipped", "exception": "shipping failed"}


def order_of(row: Record) -> Order:
    """A row of ``ORDERS`` as an order."""
    state, shipping = text_of(row.get("state"), 40), text_of(row.get("shipment_state"), 40)
    words = (state, _SHIPPING.get(shipping, shipping))
    return Order(
        reference=first_text(row, "number", "reference", "id")[:MAX_REFERENCE],
        title=text_of(row.get("description"), MAX_VALUE),
        state=", ".join(word for word in words if word),
        is_open=state not in _OVER,
        placed_on=_day(row.get("sale_date")) or _day(row.get("create_date")),
        due_on=_day(row.get("shipping_date")),
        total=money_of(_part(row.get("total_amount"), "decimal"), _within(row, "currency", "code")),
    )


def incident_of(row: Record) -> Incident:
    """A row of ``COMPLAINTS`` as an incident: its title is what was written, else its type."""
    state = text_of(row.get("state"), 40)
    return Incident(
        reference=first_text(row, "number", "id")[:MAX_REFERENCE],
        title=text_of(row.get("description"), MAX_VALUE) or _within(row, "type", "name"),
        state=state,
        is_open=state not in _OVER,
        owner=_within(row, "submitted_by", "rec_name") or None,
        opened_on=_day(row.get("date")),
    )


def product_of(row: Record) -> str:
    """The product of a row of ``BOUGHT``, with its code."""
    return _within(row, "product", "rec_name")


def touches_of(row: Record) -> Iterator[Touch]:
    """A row of ``MAIL_FIELDS`` as an e-mail that was sent; none where its day cannot be read."""
    day = _day(row.get("create_date"))
    return touch_of(day and day.isoformat(), "e-mail", row.get("subject"), direction="out", by=row.get("user"))


def untold(asked: Asked, why: str) -> SourceError:
    """Why records cannot be read, by the class of Tryton's error, or by the name that it does not know."""
    if why == "UserError":
        hint = "give this user the permission that docs/crm names"
        return SourceRefusedError("crm-refused", "Tryton does not permit the question", asked.model, hint)
    if why == repr(asked.model):
        what, hint = f"Tryton's module {asked.module} is not activated", "activate it, or take this part out of about"
        return SourceError("crm-failed", what, "", hint)
    return SourceError("crm-failed", "Tryton answered with an error", why, "is it of a version that docs/crm names?")


def _within(row: Record, name: str, field: str) -> str:
    """A field of a record that this one names: ``{"party.": {"name": ...}}``."""
    return text_of(_part(row.get(f"{name}."), field))


def _part(value: object, field: str) -> object:
    return value.get(field) if isinstance(value, Mapping) else None


def _day(value: Any) -> date | None:
    """The day of a date or instant as ``trytond/protocols/jsonrpc.py`` writes them."""
    try:
        return date(value["year"], value["month"], value["day"])
    except (TypeError, KeyError, ValueError, OverflowError):
        return None
