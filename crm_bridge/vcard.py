"""Customers from vCard files, 2.1 to 4.0: each card is read on its own, so that a broken one spoils no other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import vobject
from vobject.base import VObjectError

from crm_bridge.rows import Cells, RowError
from crm_bridge.text_file import MAX_LINE

#: lines of one card; a longer one is not a person
MAX_CARD_LINES: Final = 5_000
_BULKY = re.compile(r"^(?:[\w-]+\.)?(?:PHOTO|LOGO|SOUND|KEY)[;:]", re.IGNORECASE)
_TYPES: Final = {"cell": "mobile", "mobile": "mobile", "work": "work", "home": "home"}
#: what vobject raises on text that is not what it claims to be
_MISREAD: Final = (VObjectError, ValueError, AttributeError, LookupError, TypeError)


class CardText(msgspec.Struct, frozen=True):
    """One card as it stands in the file. ``problem`` is why it cannot be read, when it cannot."""

    line: int
    text: str
    problem: str = ""


def split_cards(lines: Iterable[str]) -> Iterator[CardText]:
    """Each card with the line where it begins, without pictures and sounds; what is between cards is passed over."""
    begun, kept, dropping = 0, list[str](), False
    for number, line in enumerate(lines, 1):
        word = line.strip("\ufeff \t\r\n").upper()
        if word == "BEGIN:VCARD":
            if begun:
                yield CardText(begun, "", "it has no END:VCARD")
            begun, kept, dropping = number, [line.lstrip("\ufeff")], False
        elif begun and word == "END:VCARD":
            too_long = len(kept) > MAX_CARD_LINES
            yield CardText(
                begun, "".join([*kept, line]), f"it has more than {MAX_CARD_LINES} lines" if too_long else ""
            )
            begun = 0
        elif begun:
            dropping = bool(_BULKY.match(line)) or (dropping and line[:1] in (" ", "\t"))
            if not dropping and len(kept) <= MAX_CARD_LINES:
                kept.append(line)
    if begun:
        yield CardText(begun, "", "it has no END:VCARD")


def parse_card(card: CardText) -> tuple[Cells, Cells]:
    """The cells of our fields, and the others, as from a row of a table.

    Raises RowError.
    """
    if card.problem or len(card.text) > MAX_LINE:
        raise RowError(card.problem or "it is too long")
    try:
        contents = vobject.readOne(card.text, allowQP=True).contents
        return list(_cells(contents)), list(_others(contents))
    except _MISREAD as error:
        raise RowError(f"this is no proper vCard: {str(error).splitlines()[0] if str(error) else error!r}") from error


def _cells(contents: dict[str, list[Any]]) -> Iterator[tuple[str, str]]:
    for field, name in (("external_id", "uid"), ("name", "fn"), ("email", "email"), ("notes", "note")):
        for line in contents.get(name, [])[:1]:
            yield field, str(line.value)
    for line in contents.get("n", [])[:1]:
        yield "first_name", _joined(line.value.given)
        yield "last_name", _joined(line.value.family)
    for line in contents.get("org", [])[:1]:
        yield "company", _joined(line.value[:1] if isinstance(line.value, list) else line.value)
    for line in contents.get("lang", [])[:1]:
        yield "language", str(line.value)
    for line in contents.get("tel", []):
        kinds = {kind.strip().lower() for value in line.params.get("TYPE", []) for kind in value.split(",")}
        kinds |= {kind.lower() for kind in line.singletonparams}
        if kinds != {"fax"} and "pager" not in kinds:
            yield next((label for kind, label in _TYPES.items() if kind in kinds), "phone"), str(line.value)


def _others(contents: dict[str, list[Any]]) -> Iterator[tuple[str, str]]:
    for name, heading in (("title", "Title"), ("role", "Role"), ("url", "Website"), ("bday", "Birthday")):
        for line in contents.get(name, [])[:1]:
            yield heading, str(line.value)
    for line in contents.get("adr", [])[:1]:
        yield "Address", " ".join(str(line.value).split())
    for line in contents.get("categories", [])[:1]:
        yield "Categories", _joined(line.value)


def _joined(value: object) -> str:
    return " ".join(str(part) for part in value) if isinstance(value, list | tuple) else str(value)
