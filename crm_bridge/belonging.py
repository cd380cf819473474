"""Whose a contact is: the company, customer or account by which a CRM keeps what is to be told of him."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, Generic, TypeVar

from crm_bridge.flights import Flights
from crm_bridge.remembered import Remembered

#: contacts of one source whose belonging is remembered
MOST_CONTACTS: Final = 2_000

_Owner = TypeVar("_Owner")


class Belonging(Generic[_Owner]):
    """Whose each contact of one source is, by the contact's id there. ``nobody`` is who it is where it is nobody's.

    ``read`` asks the source for one contact, and has ``note`` called with what the source tells.
    """

    def __init__(self, read: Callable[[str], Awaitable[object]], nobody: _Owner, most: int = MOST_CONTACTS) -> None:
        self._read, self._nobody = read, nobody
        self._known = Remembered[_Owner](most)
        self._reading = Flights[_Owner]()

    def note(self, contact_id: str, owner: _Owner) -> None:
        """Remember what the source told, in place of what it told before."""
        self._known.put(contact_id, owner)

    async def of(self, contact_id: str) -> _Owner:
        """Whose it is. The source is asked only where that is not known, once for all who ask meanwhile.

        ``nobody`` too where the source does not tell it; then it is asked anew the next time. Raises what ``read``
        raises, to all who wait.
        """
        known = self._known.get(contact_id)
        return await self._reading.join(contact_id, partial(self._ask, contact_id)) if known is None else known

    async def close(self) -> None:
        """Give up what is being read."""
        await self._reading.close()

    async def _ask(self, contact_id: str) -> _Owner:
        await self._read(contact_id)
        known = self._known.get(contact_id)
        return self._nobody if known is None else known
