"""All customers of a source in memory, found by number and by words: for what is read as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from crm_bridge.contact import Contact
from crm_bridge.matching import MAX_CANDIDATES, fold
from crm_bridge.number import Number, tail_of

#: customers that are kept; a bigger list belongs into the book
MOST_CUSTOMERS: Final = 200_000


class KnownCustomers:
    """An index, made once and then only read."""

    def __init__(self, contacts: Iterable[Contact] = ()) -> None:
        self.by_id: dict[str, Contact] = {}
        self._texts: dict[str, str] = {}
        self._by_key: defaultdict[str, list[Contact]] = defaultdict(list)
        self._by_tail: defaultdict[str, list[Contact]] = defaultdict(list)
        for contact in contacts:
            self._add(contact)

    def __len__(self) -> int:
        return len(self.by_id)

    def find(self, number: Number) -> list[Contact]:
        """Customers with this number; if there is none, those whose number ends alike."""
        if number.key is None:
            return []
        found = self._by_key.get(number.key) or (self._by_tail.get(number.tail) if number.tail else None) or []
        return list(dict.fromkeys(found))[: MAX_CANDIDATES + 1]

    def search(self, text: str, limit: int) -> list[Contact]:
        """Customers with each word in any of their fields, their telephone numbers and orders among them, by name."""
        words = fold(text).split()[:8]
        if not words:
            return []
        found = [self.by_id[one] for one, told in self._texts.items() if all(word in told for word in words)]
        return sorted(found, key=lambda one: fold(one.name))[:limit]

    def _add(self, contact: Contact) -> None:
        self.by_id[contact.contact_id] = contact
        self._texts[contact.contact_id] = _searched(contact)
        for number in contact.numbers:
            self._by_key[number.key].append(contact)
            if number.key.startswith("+") and (tail := tail_of(number.key)) is not None:
                self._by_tail[tail].append(contact)


def _searched(contact: Contact) -> str:
    own = (contact.name, contact.company, contact.email, contact.external_id)
    numbers = (f"{number.written} {number.key}" for number in contact.numbers)
    orders = (order.reference for order in contact.orders)
    incidents = (incident.reference for incident in contact.incidents)
    fields = (value for _, value in contact.fields)
    return fold(" ".join(filter(None, (*own, *numbers, *orders, *incidents, *fields))))
