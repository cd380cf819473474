"""Sources that behave as bad CRMs do."""

from __future__ import annotations

import asyncio

from crm_bridge.contact import Contact, ContactNumber, Order, SourceError
from crm_bridge.found import with_parts
from crm_bridge.number import Number


def someone(name: str, key: str, source: str, contact_id: str = "1") -> Contact:
    return Contact(source=source, contact_id=contact_id, name=name, numbers=(ContactNumber(key, key),))


class Prompt:
    """Answers at once with ``found``."""

    def __init__(self, *found: Contact) -> None:
        self.found = list(found)
        self.asked = 0

    async def find(self, number: Number) -> list[Contact]:
        self.asked += 1
        return self.found


class Gated(Prompt):
    """Answers when ``gate`` is opened."""

    def __init__(self, *found: Contact) -> None:
        super().__init__(*found)
        self.gate = asyncio.Event()

    async def find(self, number: Number) -> list[Contact]:
        self.asked += 1
        await self.gate.wait()
        return self.found


class Knowing(Prompt):
    """Tells more about whom it found when ``gate`` is opened: ``more``, or raises it."""

    has_details = True

    def __init__(self, *found: Contact, more: Order | Exception) -> None:
        super().__init__(*found)
        self.more = more
        self.gate = asyncio.Event()
        self.detailed = 0

    async def details(self, contact: Contact) -> Contact:
        self.detailed += 1
        await self.gate.wait()
        if isinstance(self.more, Exception):
            raise self.more
        return with_parts(contact, orders=[self.more])

    async def search(self, text: str, limit: int) -> list[Contact]:
        return self.found[:limit]

    async def get(self, contact_id: str) -> Contact | None:
        return next((one for one in self.found if one.contact_id == contact_id), None)


class Refusing(Prompt):
    async def find(self, number: Number) -> list[Contact]:
        raise SourceError("crm-refused", "the CRM refused", f"HTTP 500 for {number.written}")


class Broken(Prompt):
    """Garbage came back and the adapter did not expect it."""

    async def find(self, number: Number) -> list[Contact]:
        raise ValueError(number.written)
