"""What a CRM knows about a customer it has found: orders, incidents, what he bought, earlier contacts.

Asked in a second question, beside the card that shows already who it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import msgspec

from crm_bridge.contact import Contact, Detailed, SourceError, SourceRefusedError, problem_words
from crm_bridge.found import with_parts

#: of more candidates than these nobody reads the orders before one is chosen
MOST_DETAILED: Final = 3
_ALL_PARTS: Final = "orders, incidents and contacts"


class Part(StrEnum):
    """What may be asked for, by the name of the option ``about``."""

    ORDERS = "orders"
    INCIDENTS = "incidents"
    PRODUCTS = "products"
    CONTACTS = "contacts"


#: One part of what a source knows of a customer: Orders, Incidents, names of products or Touches. Raises SourceError.
Teller = Callable[[Contact], Awaitable[Iterable[Any]]]


class Telling:
    """What makes an adapter a ``Detailed`` source: it says once which part is told by what."""

    _wanted: Mapping[Part, Teller] = MappingProxyType({})

    def ask_about(self, wanted: Iterable[str], tellers: Mapping[Part, Teller]) -> None:
        """Take from the tellers those that the option ``about`` wants."""
        self._wanted = {Part(one): tellers[Part(one)] for one in wanted}

    @property
    def has_details(self) -> bool:
        """Whether the settings want any part."""
        return bool(self._wanted)

    async def details(self, contact: Contact) -> Contact:
        """What ``tell_about`` gives of the parts that are wanted."""
        return await tell_about(contact, self._wanted)


def to_ask(adapter: object, found: Sequence[Contact]) -> Detailed | None:
    """The source as the one to ask more about those whom it found; None where it tells no more, or they are none or too
    many to be read."""
    if not isinstance(adapter, Detailed) or not adapter.has_details:
        return None
    return adapter if 0 < len(found) <= MOST_DETAILED else None


async def tell_about(contact: Contact, tellers: Mapping[Part, Teller]) -> Contact:
    """The customer with these parts, which are asked for all at once; one that cannot be read is named in ``unread``.

    Raises SourceError, the first of them, where no part can be read; never SourceRefusedError, after which nobody would
    ask the source any longer who calls: that it tells all the same.
    """
    answers = await asyncio.gather(*(tell(contact) for tell in tellers.values()), return_exceptions=True)
    told: dict[Part, Iterable[Any]] = {}
    failed: dict[Part, SourceError] = {}
    for part, answer in zip(tellers, answers, strict=True):
        if isinstance(answer, SourceError):
            failed[part] = answer
        elif isinstance(answer, BaseException):
            raise answer
        else:
            told[part] = answer
    if failed and not told:
        first = next(iter(failed.values()))
        refused = isinstance(first, SourceRefusedError)
        raise SourceError(first.ref, first.what, first.why, first.hint) if refused else first
    whole = with_parts(
        contact,
        orders=told.get(Part.ORDERS, ()),
        incidents=told.get(Part.INCIDENTS, ()),
        products=told.get(Part.PRODUCTS, ()),
        touches=told.get(Part.CONTACTS, ()),
    )
    for part, error in failed.items():
        whole = with_unread(whole, error, part)
    return whole


async def whole_or_unread(contact: Contact, details: Awaitable[Contact]) -> Contact:
    """What ``details`` gives; where the source does not tell it, the customer with the reason in ``unread``."""
    try:
        return await details
    except (SourceError, TimeoutError) as error:
        return with_unread(contact, error)


def with_unread(contact: Contact, error: BaseException | None, part: str = _ALL_PARTS) -> Contact:
    """The customer with why a part of him is not there, in our own words only."""
    words = f"{contact.source}: {part} could not be read: {problem_words(error)}"
    return msgspec.structs.replace(contact, unread=(*contact.unread, words))
