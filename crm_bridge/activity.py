"""What a CRM is told of a call once it is over, whatever the CRM calls that: an activity, a task, a phone call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable

import msgspec

from crm_bridge.contact import SourceError


class CallActivity(msgspec.Struct, frozen=True, kw_only=True):
    """One call, ended, as it is written into one CRM.

    ``call_id`` is Offhook's own, unique over all PBXs: what is written twice under one id is written once.
    ``number`` is the customer's in E.164 where it is a public one, else as the PBX wrote it, "" where it was withheld.
    ``agents`` are those who talked, in order. ``contact_id`` is the customer's id in the CRM that is written to, None
    where that knows no such customer. ``direction`` and ``outcome`` are words of ``cti.model``. Durations in seconds.
    """

    call_id: str
    direction: str
    outcome: str
    number: str
    started_at: datetime
    ended_at: datetime
    answered_at: datetime | None = None
    wait_s: float | None = None
    talk_s: float | None = None
    queue: str | None = None
    agents: tuple[str, ...] = ()
    contact_id: str | None = None
    contact_name: str | None = None
    on_behalf: bool = False
    note: str = ""
    disposition: str = ""
    recording_url: str | None = None

    @property
    def marker(self) -> str:
        """The line by which a record of this call is found again in a CRM that has no field for foreign ids."""
        return f"Offhook call {self.call_id}"


@runtime_checkable
class CallWriter(Protocol):
    """A source into which calls can be written."""

    async def write_call(self, activity: CallActivity) -> str:
        """Make the CRM's record of this call, or bring up to date the one that it has; its id there.

        Raises SourceError when the same may succeed later, ActivityRefusedError when it never will.
        """
        ...


class ActivityRefusedError(SourceError):
    """The CRM does not take this call, however often it is asked: a person has to look into it."""


def title_of(activity: CallActivity) -> str:
    """One line for a list of activities.

    >>> at = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    >>> call = CallActivity(
    ...     call_id="milan:17.0", direction="inbound", outcome="answered", number="+390212345678", queue="sales",
    ...     started_at=at, ended_at=at, talk_s=65, agents=("Anna Rossi",), note="Wants an offer", disposition="Offer",
    ... )
    >>> title_of(call)
    'Inbound call, answered, sales: Offer'
    """
    words = ", ".join(filter(None, (f"{activity.direction} call", activity.outcome.replace("_", " "), activity.queue)))
    return f"{words[:1].upper()}{words[1:]}{f': {activity.disposition}' if activity.disposition else ''}"[:250]


def text_of(activity: CallActivity) -> str:
    """The whole call in words, plain text, one fact a line; the last line is the ``marker``."""
    return "\n".join(_lines(activity))


def _lines(activity: CallActivity) -> Iterator[str]:
    if activity.note:
        yield f"{activity.note}\n"
    yield f"Number: {activity.number or 'withheld'}"
    if activity.on_behalf:
        yield "On behalf of this customer: the caller was somebody else."
    if activity.queue:
        yield f"Queue: {activity.queue}"
    if activity.agents:
        yield f"Agents: {', '.join(activity.agents)}"
    yield f"Began: {activity.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    for label, seconds in (("Waited", activity.wait_s), ("Talked", activity.talk_s)):
        if seconds is not None:
            yield f"{label}: {_clock(seconds)}"
    if activity.recording_url:
        yield f"Recording: {activity.recording_url}"
    yield activity.marker


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
