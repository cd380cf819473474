"""A call as it goes into somebody else's CRM: cleaned and bounded, as text, as HTML, and found again there."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from html import escape
from typing import Final

import msgspec

from crm_bridge.activity import ActivityRefusedError, CallActivity, text_of
from crm_bridge.text_file import clean_lines, clean_text

#: characters of a note that leave the house, and of any other text
MAX_NOTE: Final = 6_000
MAX_LINE: Final = 250
MAX_AGENTS: Final = 20
_UNUSUAL: Final = re.compile(r"[^A-Za-z0-9:.@+-]")
_PARAGRAPH: Final = re.compile(r"</p>|<br\s*/?>|</div>", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^>]*>")
_MARKER: Final = re.compile(r"Offhook call \S+")


def cleaned(activity: CallActivity) -> CallActivity:
    """The same call without control characters, each text bounded.

    Its ``call_id``, and so its ``marker``, are made of signs that mean nothing in any query language.

    >>> at = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    >>> call = CallActivity(
    ...     call_id="Via 'Roma':17.0", direction="inbound", outcome="answered", number="+39\\x000", note="a\\x07\\nb",
    ...     started_at=at, ended_at=at,
    ... )
    >>> cleaned(call).call_id, cleaned(call).number, cleaned(call).note
    ('Via=20==27=Roma=27=:17.0', '+39 0', 'a\\nb')
    """
    return msgspec.structs.replace(
        activity,
        call_id=safe_id(activity.call_id),
        number=_line(activity.number),
        queue=_line(activity.queue or "") or None,
        agents=tuple(_line(agent) for agent in activity.agents[:MAX_AGENTS]),
        contact_name=_line(activity.contact_name or "") or None,
        note=clean_lines(activity.note[: MAX_NOTE * 2])[:MAX_NOTE],
        disposition=_line(activity.disposition),
        recording_url=_address(activity.recording_url),
    )


def safe_id(call_id: str) -> str:
    """The id with every unusual sign as its number: another for each id, at most 200 characters."""
    safe = _UNUSUAL.sub(lambda found: f"={ord(found[0]):x}=", call_id)
    if len(safe) <= 200:
        return safe
    return f"{safe[:150]}={hash_of(safe)}"


def hash_of(text: str) -> str:
    """Thirty-two hexadecimal digits, always the same for the same text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def html_of(activity: CallActivity) -> str:
    """The whole call in HTML with nothing in it but lines: what people wrote stays text."""
    return "<p>" + "<br>".join(escape(line) for line in text_of(activity).split("\n")) + "</p>"


def holds(text: object, activity: CallActivity) -> bool:
    """Whether a record's text, plain or HTML, is about this very call: one of its lines is the marker."""
    if not isinstance(text, str):
        return False
    plain = _TAG.sub("", _PARAGRAPH.sub("\n", text))
    return activity.marker in (line.strip() for line in plain.splitlines())


def is_ours(text: object) -> bool:
    """Whether a record's text in plain words is about any call that Offhook wrote: its last line is a marker.

    >>> is_ours("Wants two\\nNumber: +39000\\nOffhook call milan:17.0"), is_ours("About the Offhook call of today")
    (True, False)
    """
    lines = text.rstrip().splitlines() if isinstance(text, str) else []
    return bool(lines) and _MARKER.fullmatch(lines[-1].strip()) is not None


def was_answered(activity: CallActivity) -> bool:
    return activity.outcome == "answered"


def is_inbound(activity: CallActivity) -> bool:
    return activity.direction == "inbound"


def talk_s(activity: CallActivity) -> int:
    """Whole seconds talked; 0 for a call that nobody answered."""
    return max(0, round(activity.talk_s or 0))


def utc_text(at: datetime, pattern: str = "%Y-%m-%d %H:%M:%S") -> str:
    return at.astimezone(UTC).strftime(pattern)


def epoch_s(at: datetime) -> int:
    return int(at.timestamp())


def refused(source: str, why: str, hint: str) -> ActivityRefusedError:
    """The CRM does not take this call."""
    return ActivityRefusedError("crm-call-refused", f"{source} does not take the call", why, hint)


def without_customer(source: str) -> ActivityRefusedError:
    """This CRM keeps calls with customers only, and does not know this one."""
    what = f"{source} keeps a call with its customer only, and none is known"
    hint = "choose the customer on the card or in the list of calls, then have it told again"
    return ActivityRefusedError("crm-call-nobody", what, "", hint)


def _line(text: str) -> str:
    return clean_text(text[: MAX_LINE * 2])[:MAX_LINE]


def _address(url: str | None) -> str | None:
    """An address that a CRM may make a link of: http or https, one line, no blanks."""
    if url is None or not re.fullmatch(r"https?://\S{1,1000}", url) or not url.isprintable():
        return None
    return url
