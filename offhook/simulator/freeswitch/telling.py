"""One event as the event socket sends it: plain, values percent-encoded, or JSON.

Source: FreeSWITCH's ``switch_event.c`` (``switch_event_serialize``, ``switch_event_serialize_json``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache

Pairs = list[tuple[str, str]]
# SWITCH_URL_UNSAFE (switch_utils.h), and whatever is no printable ASCII
_UNSAFE = re.compile(r"[^!$'()*,\-./0-9A-Z_a-z~]")
_CODES: dict[str, str] = {}
_MANY, _BETWEEN = "ARRAY::", "|:"


@lru_cache(maxsize=1 << 14)  # most values come again and again
def encode_value(value: str) -> str:
    """A header's value in a plain event.

    >>> encode_value("Žofia (101): +39")
    '%C5%BDofia%20(101)%3A%20%2B39'
    """
    return _UNSAFE.sub(lambda found: _code(found[0]), value)


def _code(character: str) -> str:
    known = _CODES.get(character)
    if known is None:
        known = _CODES[character] = "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))
    return known


class Block:
    """Headers that stand together. One without a value is left out, as FreeSWITCH does."""

    __slots__ = ("_plain", "pairs")

    def __init__(self, pairs: Iterable[tuple[str, str | None]]) -> None:
        self.pairs: Pairs = [(key, value) for key, value in pairs if value]
        self._plain: str | None = None

    @property
    def plain(self) -> str:
        """The headers as lines of a plain event."""
        if self._plain is None:
            self._plain = "".join([f"{key}: {encode_value(value)}\n" for key, value in self.pairs])
        return self._plain


class Event:
    """One event. ``name`` is what a listener subscribes to: the event's name, of a ``CUSTOM`` one the subclass."""

    __slots__ = ("_json", "_plain", "blocks", "body", "name")

    def __init__(self, name: str, blocks: tuple[Block, ...], body: str = "") -> None:
        self.name, self.blocks, self.body = name, blocks, body
        self._plain: bytes | None = None
        self._json: bytes | None = None

    def get(self, header: str) -> str | None:
        """The first value of ``header``."""
        return next((value for block in self.blocks for key, value in block.pairs if key == header), None)

    @property
    def plain(self) -> bytes:
        """The whole frame of ``text/event-plain``."""
        if self._plain is None:
            inner = f"Content-Length: {len(self.body.encode())}\n\n{self.body}" if self.body else "\n"
            self._plain = _framed("plain", ("".join([block.plain for block in self.blocks]) + inner).encode())
        return self._plain

    @property
    def json(self) -> bytes:
        """The whole frame of ``text/event-json``: no line ends behind the closing brace."""
        if self._json is None:
            headers: dict[str, object] = {key: _listed(value) for block in self.blocks for key, value in block.pairs}
            if self.body:
                headers |= {"Content-Length": str(len(self.body.encode())), "_body": self.body}
            self._json = _framed("json", json.dumps(headers, ensure_ascii=False, separators=(",", ":")).encode())
        return self._json


def _listed(value: str) -> object:
    return value.removeprefix(_MANY).split(_BETWEEN) if value.startswith(_MANY) else value


def _framed(kind: str, body: bytes) -> bytes:
    return b"Content-Length: %d\nContent-Type: text/event-%b\n\n%b" % (len(body), kind.encode(), body)
