"""From a record of somebody else's CRM to a customer: texts bounded and cleaned, numbers read by our rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from crm_bridge.consent import MAX_PURPOSE, MAX_SOURCE, Consent, in_force
from crm_bridge.contact import AccountState, Contact, ContactNumber, Incident, Money, Order, Touch
from crm_bridge.number import parse_number
from crm_bridge.rows import MAX_FIELDS, MAX_ID, MAX_NAME, MAX_NOTES, MAX_NUMBERS, MAX_VALUE
from crm_bridge.text_file import clean_lines, clean_text

MAX_URL: Final = 2_000
_NOBODY: Final = "(no name)"

Record = Mapping[str, Any]


def text_of(value: object, most: int = MAX_NAME) -> str:
    """A value of any kind as one clean line of at most ``most`` characters; "" for what is no text or number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return clean_text(str(value)[: most * 2])[:most]


def first_text(record: Record, *names: str) -> str:
    """The first of these fields that holds something."""
    return next((text for name in names if (text := text_of(record.get(name)))), "")


def make_contact(
    source: str,
    region: str,
    *,
    contact_id: object,
    name: str,
    phones: Iterable[tuple[str, object]],
    company: str = "",
    email: str = "",
    language: str = "",
    external_id: str = "",
    notes: object = "",
    url: str = "",
    account_state: AccountState = AccountState.UNKNOWN,
    account_note: str = "",
    balance: Money | None = None,
    orders: Iterable[Order] = (),
    incidents: Iterable[Incident] = (),
    fields: Iterable[tuple[str, object]] = (),
    consents: Iterable[Consent] = (),
    products: Iterable[object] = (),
    touches: Iterable[Touch] = (),
) -> Contact:
    """A customer of ``source``. ``phones`` are pairs of label and number as written; what is none is left out."""
    shown = [(text_of(label, 100), text_of(value, MAX_VALUE)) for label, value in fields]
    return Contact(
        source=source,
        contact_id=text_of(contact_id, MAX_ID),
        name=text_of(name) or text_of(company) or _NOBODY,
        company=text_of(company) or None if text_of(name) else None,
        numbers=read_numbers(phones, region),
        email=text_of(email) or None,
        language=text_of(language, 35) or None,
        external_id=text_of(external_id, MAX_ID) or None,
        notes=clean_lines(notes[: MAX_NOTES * 2])[:MAX_NOTES] or None if isinstance(notes, str) else None,
        url=safe_url(url),
        account_state=account_state,
        account_note=text_of(account_note, MAX_VALUE) or None,
        balance=balance,
        orders=tuple(orders)[:MAX_NUMBERS],
        incidents=tuple(incidents)[:MAX_NUMBERS],
        fields=tuple((label, value) for label, value in shown if label and value)[:MAX_FIELDS],
        consents=in_force(map(_bounded, consents)),
        products=_each_once(products),
        touches=_newest(touches),
    )


def with_parts(
    contact: Contact,
    *,
    orders: Iterable[Order] = (),
    incidents: Iterable[Incident] = (),
    products: Iterable[object] = (),
    touches: Iterable[Touch] = (),
    fields: Iterable[tuple[str, str]] = (),
) -> Contact:
    """The customer with what was asked for apart."""
    return msgspec.structs.replace(
        contact,
        orders=(*contact.orders, *orders)[:MAX_NUMBERS],
        incidents=(*contact.incidents, *incidents)[:MAX_NUMBERS],
        products=_each_once((*contact.products, *products)),
        touches=_newest((*contact.touches, *touches)),
        fields=(*contact.fields, *fields)[:MAX_FIELDS],
    )


def _each_once(products: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(text_of, products))))[:MAX_NUMBERS]


def _newest(touches: Iterable[Touch]) -> tuple[Touch, ...]:
    return tuple(sorted(touches, key=lambda touch: touch.on, reverse=True))[:MAX_NUMBERS]


def read_numbers(phones: Iterable[tuple[str, object]], region: str) -> tuple[ContactNumber, ...]:
    """The numbers that can be looked for, each once."""
    found: dict[str, ContactNumber] = {}
    for label, value in phones:
        written = text_of(value, 120)
        number = parse_number(written, region) if written else None
        if number is not None and number.key is not None and len(found) < MAX_NUMBERS:
            found.setdefault(number.key, ContactNumber(written, number.key, text_of(label, 40), number.certain))
    return tuple(found.values())


def _bounded(consent: Consent) -> Consent:
    source, purpose = text_of(consent.source, MAX_SOURCE), text_of(consent.purpose, MAX_PURPOSE)
    return msgspec.structs.replace(consent, source=source, purpose=purpose)


def touch_of(
    on: object, kind: object, title: object = "", *, direction: str = "", by: object = ""
) -> Iterator[Touch]:
    """One earlier contact; none where its day cannot be read."""
    day = date_of(on)
    if day is not None:
        words = {"in": "in", "inbound": "in", "received": "in", "out": "out", "outbound": "out", "sent": "out"}
        yield Touch(
            on=day,
            kind=text_of(kind, 40) or "contact",
            title=text_of(title, MAX_VALUE),
            direction=words.get(direction.lower(), ""),
            by=text_of(by, 100) or None,
        )


def safe_url(url: str) -> str | None:
    """The address if it is http or https with a host; a page never gets another kind as a link."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and len(url) <= MAX_URL
    except ValueError:
        return None
    return url if good and url.isprintable() and " " not in url else None


def date_of(value: object) -> date | None:
    """The day in a text that begins with one, ``2026-11-21T09:00:00Z``; None for anything else."""
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def money_of(value: object, currency: str = "") -> Money | None:
    """An amount as a CRM writes it, a number or ``"12.50"``; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        cents = round(float(value) * 100)
    except (ValueError, OverflowError):
        return None
    return Money(cents, currency[:3].upper()) if abs(cents) < 10**15 else None
