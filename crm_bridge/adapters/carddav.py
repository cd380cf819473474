"""``kind = "carddav"``: an address book on a CardDAV server: Nextcloud, Radicale, SOGo, Baïkal, mailbox providers.

Needs a user with the permission to read the address book; with many providers an app password.
https://www.rfc-editor.org/rfc/rfc6352.

Numbers: servers compare texts, not numbers, so the whole book is kept in memory and brought up to date every ``sync_s``
seconds: a list of the cards' versions (ETag), then those that are new or changed.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import msgspec
import structlog

from crm_bridge.contact import Contact, SourceError
from crm_bridge.http_source import HttpAdapter
from crm_bridge.known_customers import MOST_CUSTOMERS, KnownCustomers
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, Text, need_secret
from crm_bridge.rows import RowError, parse_customer
from crm_bridge.rows_found import contact_of_import
from crm_bridge.sources import Surroundings
from crm_bridge.vcard import parse_card, split_cards

_log = structlog.get_logger(__name__)

#: cards that are fetched by one question
CARDS_AT_ONCE: Final = 50
_DAV, _CARD = "{DAV:}", "{urn:ietf:params:xml:ns:carddav}"
_LIST: Final = b'<?xml version="1.0"?><propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
_XML: Final = {"Content-Type": "application/xml; charset=utf-8", "Accept": "application/xml, text/xml"}


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which address book: url is the book's own address, ending in a slash."""

    user: Annotated[Text, msgspec.Meta(description="User name.")]
    password: Annotated[str | None, msgspec.Meta(description="Password, or app password.")] = None
    password_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None
    sync_s: Annotated[
        float, msgspec.Meta(ge=1, le=86_400, description="Seconds after which it is asked what has changed.")
    ] = 300.0


class AddressBook(HttpAdapter):
    """One address book, in memory."""

    local = True

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        key = base64.b64encode(f"{options.user}:{options.password}".encode()).decode()
        headers = {"Authorization": f"Basic {key}"}
        super().__init__(name, options, surroundings.region, surroundings.timeout_s, headers)
        self._path = unquote(urlsplit(options.url).path).rstrip("/") + "/"
        self._sync_s = options.sync_s
        self._etags: dict[str, str] = {}
        self._contacts: dict[str, Contact] = {}
        self._known: KnownCustomers | None = None
        self._synced_at = float("-inf")
        self._syncing: asyncio.Task[None] | None = None

    async def find(self, number: Number) -> list[Contact]:
        """People with this number. Raises SourceError when the book was never read."""
        return (await self._people()).find(number)

    async def search(self, text: str, limit: int) -> list[Contact]:
        """People with these words. Raises SourceError."""
        return (await self._people()).search(text, limit)

    async def get(self, contact_id: str) -> Contact | None:
        """One person. Raises SourceError."""
        return (await self._people()).by_id.get(contact_id)

    async def warm(self) -> None:
        """Read the book now. Raises SourceError."""
        await self._people()

    async def close(self) -> None:
        """Forget a reading under way, and close all connections."""
        if self._syncing is not None:
            self._syncing.cancel()
            await asyncio.gather(self._syncing, return_exceptions=True)
        await super().close()

    async def _people(self) -> KnownCustomers:
        """The book as of the last time; waits for the server only before the first."""
        now = asyncio.get_running_loop().time()
        due = self._known is None or now - self._synced_at >= self._sync_s
        if due and (self._syncing is None or self._syncing.done()):
            self._synced_at = now
            self._syncing = asyncio.create_task(self._sync())
            self._syncing.add_done_callback(self._note)
        if self._known is None and self._syncing is not None:
            await asyncio.shield(self._syncing)
        return self._known or KnownCustomers()

    def _note(self, syncing: asyncio.Task[None]) -> None:
        error = None if syncing.cancelled() else syncing.exception()
        if isinstance(error, SourceError):
            _log.warning("an address book cannot be read", source=self.name, error=error.what, hint=error.hint)

    async def _sync(self) -> None:
        etags = await self._list()
        changed = [path for path, etag in etags.items() if self._etags.get(path) != etag]
        for start in range(0, len(changed), CARDS_AT_ONCE):
            self._take(await self._fetch(changed[start : start + CARDS_AT_ONCE]))
        for gone in set(self._contacts) - set(etags):
            del self._contacts[gone]
        if changed or set(self._etags) != set(etags) or self._known is None:
            self._known = await asyncio.to_thread(KnownCustomers, list(self._contacts.values()))
            _log.info("an address book was read", source=self.name, customers=len(self._known), changed=len(changed))
        self._etags = etags

    async def _list(self) -> dict[str, str]:
        """Each card's path with its version."""
        found = await self._ask("PROPFIND", _LIST, {"Depth": "1"})
        etags = {path: etag for path, props in found for etag in [_text(props, f"{_DAV}getetag")] if etag}
        if len(etags) > MOST_CUSTOMERS:
            why = f"{len(etags):,} cards are more than {MOST_CUSTOMERS:,}"
            raise SourceError(
                "crm-huge", f"the address book of {self.name} is too long", why, "import it into the book"
            )
        return {path: etag for path, etag in etags.items() if path != self._path}

    async def _fetch(self, paths: Sequence[str]) -> list[tuple[str, ET.Element]]:
        hrefs = "".join(f"<href>{escape(path)}</href>" for path in paths)
        body = (
            '<?xml version="1.0"?><c:addressbook-multiget xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav">'
            f"<prop><getetag/><c:address-data/></prop>{hrefs}</c:addressbook-multiget>"
        )
        return await self._ask("REPORT", body.encode(), {"Depth": "1"})

    async def _ask(self, method: str, body: bytes, headers: Mapping[str, str]) -> list[tuple[str, ET.Element]]:
        """The paths and properties of a multi-status answer (RFC 4918, 13)."""
        reply = await self.http.fetch(method, "/", body=body, headers=_XML | dict(headers))
        try:
            if b"<!DOCTYPE" in reply.body[:1000] or b"<!ENTITY" in reply.body:
                raise ET.ParseError
            root = ET.fromstring(reply.body)  # noqa: S314  no declarations are let in, and its size is bounded
        except ET.ParseError:
            raise self._garbage() from None
        if root.tag != f"{_DAV}multistatus":
            raise self._garbage()
        return list(_responses(root))

    def _take(self, cards: Sequence[tuple[str, ET.Element]]) -> None:
        for path, props in cards:
            text = _text(props, f"{_CARD}address-data")
            contact = self._contact(text) if text else None
            if contact is not None:
                self._contacts[path] = msgspec.structs.replace(contact, contact_id=path)

    def _contact(self, text: str) -> Contact | None:
        """The person on a card; None for a list, and for what is no proper card."""
        for card in split_cards(text.splitlines(keepends=True)):
            try:
                ours, others = parse_card(card)
                return contact_of_import(self.name, parse_customer(1, ours, others, self.region))
            except RowError:
                return None
        return None

    def _garbage(self) -> SourceError:
        hint = "url has to be the address book itself; clients show it as its CardDAV address"
        return SourceError("crm-garbage", f"the server of {self.name} answered something that is no CardDAV", "", hint)


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> AddressBook:
    """An address book as a source; it is read when the program has started. Raises OffhookError ``crm-options``."""
    need_secret(name, options, "password")
    return AddressBook(name, options, surroundings)


def _responses(root: ET.Element) -> Iterator[tuple[str, ET.Element]]:
    for response in root.findall(f"{_DAV}response"):
        path = unquote(urlsplit(response.findtext(f"{_DAV}href", "")).path)
        for found in response.findall(f"{_DAV}propstat"):
            props = found.find(f"{_DAV}prop")
            if props is not None and " 200" in found.findtext(f"{_DAV}status", ""):
                yield path, props


def _text(props: ET.Element, tag: str) -> str:
    return props.findtext(tag) or ""
