"""A CRM's own page for a caller: the admin's address with the call's values in it, and which pages may be framed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit

from crm_bridge.contact import Contact
from crm_bridge.forms import placeholders
from crm_bridge.number import Number
from cti.model import Call

#: what may stand in an address, in braces
PLACEHOLDERS: Final = (
    "e164",
    "digits",
    "national",
    "significant",
    "queue",
    "agent",
    "call_id",
    "dialled",
    "customer_id",
)
_BRACED = re.compile(r"\{([^{}]*)\}")


def check_template(template: str) -> str:
    """Why the address cannot be opened by a browser; "" when it can.

    >>> check_template("https://crm.example.com/?phone={e164}")
    ''
    >>> check_template("javascript:alert('{e164}')")
    'expected an address like https://crm.example.com/?phone={e164}'
    """
    if unknown := [name for name in _BRACED.findall(template) if name not in PLACEHOLDERS]:
        return f"no value is called {{{unknown[0]}}}; there is {', '.join(PLACEHOLDERS)}"
    origin = origin_of(template)
    if origin is None or "{" in origin or not template.isprintable() or " " in template:
        return "expected an address like https://crm.example.com/?phone={e164}"
    return ""


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """The address with each value percent-encoded; one that is not known is left empty.

    >>> fill_template("https://crm.example.com/?p={e164}&q={queue}", {"e164": "+39335", "queue": "a&b#c"})
    'https://crm.example.com/?p=%2B39335&q=a%26b%23c'
    """
    return _BRACED.sub(lambda found: quote(values.get(found[1], "")[:300], safe=""), template)


def call_values(
    call: Call, number: Number | None, queue: str | None, agent: str, contact: Contact | None, region: str
) -> dict[str, str]:
    """What may be put into the address for one agent's call. The number is empty where it is withheld."""
    numbers = placeholders(number, region) if number is not None and number.key is not None else {}
    about = {"queue": queue or "", "agent": agent, "call_id": call.call_id, "dialled": call.dialled or ""}
    return numbers | about | {"customer_id": (contact.external_id or contact.contact_id) if contact else ""}


def origin_of(url: str) -> str | None:
    """Scheme, host and port of an http or https address: ``https://crm.example.com``; None for any other."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def may_frame(url: str | None, origins: tuple[str, ...]) -> bool:
    """Whether the admin lets this page stand in a frame on the card."""
    return url is not None and origin_of(url) in origins
