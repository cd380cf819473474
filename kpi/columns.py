"""Column types that keep what a PBX sends storable, equal on SQLite and PostgreSQL.

Text from outside is never refused and never breaks a statement: NUL (which PostgreSQL cannot store) and lone surrogates
(which have no UTF-8) become U+FFFD, and what is longer than its column is cut. A key that is cut keeps a digest of the
whole, so two different ids never become one row.
"""

# ruff: noqa: ARG002  (SQLAlchemy names the arguments)

from __future__ import annotations

import hashlib
import unicodedata
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import TIMESTAMP, BigInteger, Dialect, Integer, LargeBinary, String
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.types import TypeDecorator, TypeEngine

from cti.errors import OffhookError
from kpi.histogram import Histogram, pack, pack_indexed, unpack

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_JOINERS = "\u200d\ufe0e\ufe0f"
_DIGEST_CHARS = 17
_INT32 = 2**31 - 1


class NaiveInstantError(OffhookError, DontWrapMixin):
    """A datetime without a time zone came to the store: which hour it means is anybody's guess."""

    def __init__(self, value: datetime) -> None:
        super().__init__(
            "store-naive-instant",
            f"the instant {value.isoformat()} has no time zone",
            "instants are stored in UTC and compared across time zones",
            "give an aware datetime, for example datetime.now(UTC)",
        )


def storable_text(value: str) -> str:
    r"""The same text without what a database refuses.

    >>> storable_text("a\x00b\ud800")
    'a�b�'
    """
    text = value.replace("\x00", "\ufffd")
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _is_plain(value: str) -> bool:
    return value.isascii() and "\x00" not in value


def cut_text(value: str, length: int) -> str:
    """At most ``length`` characters, ending in ``…`` when cut; no accent or joined emoji is left half.

    >>> cut_text("Anna Rossi", 5)
    'Anna…'
    """
    if len(value) <= length and _is_plain(value):
        return value
    text = storable_text(value)
    if len(text) <= length:
        return text
    end = length - 1
    while end and (unicodedata.combining(text[end]) or text[end] in _JOINERS or text[end - 1] == "\u200d"):
        end -= 1
    return text[:end] + "…"


def cut_key(value: str, length: int) -> str:
    """At most ``length`` characters; a longer one ends in a digest of the whole, so it stays unlike its neighbours.

    >>> cut_key("support", 64)
    'support'
    >>> cut_key("a" * 65, 64)[-17:], len(cut_key("a" * 65, 64))
    ('~635361c48bb9eab1', 64)
    """
    if len(value) <= length and _is_plain(value):
        return value
    text = storable_text(value)
    if len(text) <= length:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[: _DIGEST_CHARS - 1]
    return f"{text[: length - _DIGEST_CHARS]}~{digest}"


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, exact to the microsecond.

    PostgreSQL: ``timestamptz``. SQLite: integer microseconds since 1970, which compare, sum and divide into intervals
    without a function call and take 8 bytes where ISO text takes 27. Raises NaiveInstantError.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind: TypeEngine[Any] = TIMESTAMP(timezone=True) if dialect.name == "postgresql" else BigInteger()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveInstantError(value)
        return value if dialect.name == "postgresql" else (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        at: datetime = value.astimezone(UTC) if isinstance(value, datetime) else EPOCH + timedelta(microseconds=value)
        return at


class _BoundedText(TypeDecorator[str]):
    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length


class Key(_BoundedText):
    """An id, or a name that things are grouped by: cut by ``cut_key``."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else cut_key(value, self.length)


class Sent(_BoundedText):
    """Text as the PBX sent it, unescaped: cut by ``cut_text``. To be escaped wherever it is shown."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else cut_text(value, self.length)


class Whole(TypeDecorator[int]):
    """A whole number from outside, brought within 32 bits: PostgreSQL refuses the row otherwise."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        return None if value is None else max(-_INT32, min(value, _INT32))


class Word(TypeDecorator[StrEnum]):
    """One word of a StrEnum, stored as its value: a new word needs no change of the database's types."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__(24)
        self.words = words

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.words(value)


class OptionalWord(Word):
    """A word, or None where there is none, which is ``''`` in the row: a NULL cannot be in a key."""

    cache_ok = True

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str:
        return "" if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return self.words(value) if value else None


class SparseHistogram(TypeDecorator[Histogram]):
    """Counts by whole second, ``{second: count}``, packed by ``kpi.histogram``; NULL when empty."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Histogram | None, dialect: Dialect) -> bytes | None:
        return pack(value) if value else None

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Histogram:
        return unpack(value) if value else {}


class IndexedHistogram(SparseHistogram):
    """The same with an index where it is long: for what reports cut at a threshold."""

    cache_ok = True

    def process_bind_param(self, value: Histogram | None, dialect: Dialect) -> bytes | None:
        return pack_indexed(value) if value else None


class TimesByReason(TypeDecorator[dict[str, int]]):
    """Milliseconds by an agent's words, ``{reason: ms}``, as MessagePack; NULL when empty."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: dict[str, int] | None, dialect: Dialect) -> bytes | None:
        return msgspec.msgpack.encode(value) if value else None

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> dict[str, int]:
        return unpack_times(value) if value else {}


def unpack_times(packed: bytes) -> dict[str, int]:
    """What ``TimesByReason`` packed."""
    return _TIMES.decode(packed)


_TIMES = msgspec.msgpack.Decoder(dict[str, int])
