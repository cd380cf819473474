"""A note on a call as it is written and kept: the text, the disposition, and which customer it was about."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from crm_bridge.contact import Contact
from crm_bridge.text_file import clean_lines, clean_text

#: characters of a note that are kept
MAX_NOTE: Final = 4_000
#: characters of a disposition that are kept
MAX_DISPOSITION: Final = 60


class NoteKey(NamedTuple):
    """Whose note on which call: an agent of a PBX, by extension, and the call's id there."""

    pbx: str
    call_id: str
    agent: str


class NotedText(msgspec.Struct, frozen=True):
    """What the agent wrote, and how he said that the call went; "" for nothing."""

    note: str = ""
    disposition: str = ""

    @property
    def said(self) -> bool:
        return bool(self.note or self.disposition)


class NotedCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """Who the call was about: as an agent chose, or as the number matched. None where nobody is known.

    ``on_behalf`` says that the caller was somebody else. ``match_key`` is that of the number on the other side.
    """

    source: str | None = None
    contact_id: str | None = None
    name: str | None = None
    on_behalf: bool = False
    match_key: str | None = None


class CallNote(msgspec.Struct, frozen=True, kw_only=True):
    """One agent's note on one call as it is stored; ``updated_at`` is when either part of it last changed."""

    key: NoteKey
    text: NotedText = NotedText()
    customer: NotedCustomer = NotedCustomer()
    updated_at: datetime


def clean_note(note: str, disposition: str) -> NotedText:
    """A text from a form, without control characters, cut to what is kept."""
    return NotedText(clean_lines(note[: 2 * MAX_NOTE])[:MAX_NOTE], clean_text(disposition[:200])[:MAX_DISPOSITION])


def noted_customer(contact: Contact | None, match_key: str | None, *, on_behalf: bool = False) -> NotedCustomer:
    """A customer of a source as a note keeps him."""
    if contact is None:
        return NotedCustomer(match_key=match_key)
    return NotedCustomer(
        source=contact.source[:100],
        contact_id=contact.contact_id[:255],
        name=contact.name[:255],
        on_behalf=on_behalf,
        match_key=match_key,
    )
