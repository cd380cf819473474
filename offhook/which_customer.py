"""Which customer of the book a person means on the command line: by telephone number, own number or the book's id."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.book import CustomerBook
from crm_bridge.contact import Contact
from crm_bridge.number import parse_number
from crm_bridge.settings import CrmSettings
from cti.errors import OffhookError

SHOWN = 10  # of several who may be meant


async def which_customer(engine: AsyncEngine, crm: CrmSettings, text: str) -> Contact:
    """The one customer whom ``text`` names: a telephone number, his own number, or ``id:12`` for the book's id.

    Raises:
        OffhookError: ``customer-not-found``, ``customer-ambiguous``, or the book cannot be read.
    """
    found = await _found(CustomerBook(engine), crm, text)
    if len(found) == 1:
        return found[0]
    if not found:
        hint = "look for him with: offhook customers find NUMBER; the book's own id is written id:12"
        raise OffhookError("customer-not-found", f'no customer of the book is "{text[:60]}"', "", hint)
    several = "; ".join(customer_line(one) for one in found[:SHOWN])
    hint = "name one by the book's id, as in id:" + found[0].contact_id
    raise OffhookError("customer-ambiguous", f'{len(found)} customers of the book are "{text[:60]}"', several, hint)


def customer_line(contact: Contact) -> str:
    """A customer in one line: ``id:12 Anna Rossi, No. A1, 335 1234567``."""
    own = f"No. {contact.external_id}" if contact.external_id else ""
    numbers = " / ".join(number.written for number in contact.numbers[:3])
    parts = (f"id:{contact.contact_id} {contact.name}", contact.company or "", own, numbers)
    return ", ".join(part for part in parts if part)


async def _found(book: CustomerBook, crm: CrmSettings, text: str) -> Sequence[Contact]:
    if text.startswith("id:"):
        one = await book.get(text.removeprefix("id:"))
        return [] if one is None else [one]
    number = parse_number(text, crm.default_region, crm.dial_prefixes)
    by_number = [one for one in await book.find(number) if any(each.key == number.key for each in one.numbers)]
    own = await book.find_own(text)
    return list({one.contact_id: one for one in (*own, *by_number)}.values())
