"""The `[mail]` table: the server that takes mails, and the reports that are sent by it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from kpi.question import Hours
from offhook.mail.schedule import parse_times

_ADDRESS = re.compile(r"[^@\s<>,;:\"\\\x00-\x1f\x7f]{1,64}@[A-Za-z0-9.-]{1,253}")
PORTS = {"starttls": 587, "tls": 465, "none": 25}


class MailedReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One report that is sent by itself: what it asks is written as for `offhook report`."""

    name: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$", description="A name of its own; it is the subject.")
    ]
    at: Annotated[
        str,
        Meta(description="When: `daily 07:00`, `mon 07:00`, `mon-fri 18:30`, `monthly 07:00` (the 1st); site's time."),
    ]
    to: Annotated[tuple[str, ...], Meta(min_length=1, max_length=100, description="The addresses that get it.")]
    period: Annotated[str, Meta(description="The period, as of the time it is sent.")] = "yesterday"
    by: Annotated[tuple[str, ...], Meta(description="One or two things to split by.")] = ("queue",)
    measures: Annotated[tuple[str, ...], Meta(description="Keys of measures; empty: the usual ones.")] = ()
    queue: Annotated[tuple[str, ...], Meta(description="Only these queues; empty: all.")] = ()
    agent: Annotated[tuple[str, ...], Meta(description="Only these agents; empty: all.")] = ()
    hours: Annotated[Hours, Meta(description="Only what began while the queue was `open`, or `closed`.")] = Hours.ALL
    attach: Annotated[
        tuple[Literal["csv", "json", "xlsx", "html", "pdf"], ...],
        Meta(description="Files to go with it; the mail itself shows the table."),
    ] = ()

    def __post_init__(self) -> None:
        parse_times(self.at)
        for address in self.to:
            _check_address(address, "to")


class MailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The server that takes the mails, and the reports that are sent by it."""

    host: Annotated[str | None, Meta(description="The mail server; none, no mails.")] = None
    port: Annotated[
        Annotated[int, Meta(ge=1, le=65535)] | None,
        Meta(description="Left out: 587 with starttls, 465 with tls, 25 with none."),
    ] = None
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Meta(description="How the connection is protected; `none` only to a server on this machine or its own wire."),
    ] = "starttls"
    username: Annotated[str | None, Meta(description="To log in at the mail server.")] = None
    password: Annotated[str | None, Meta(description="To log in at the mail server.")] = None
    password_file: Annotated[str | None, Meta(description="A file that holds the password and nothing else.")] = None
    sender: Annotated[str, Meta(description="The address that the mails come from.")] = "offhook@localhost"
    report: Annotated[
        tuple[MailedReport, ...], Meta(description="The reports that are sent: a `[[mail.report]]` table for each.")
    ] = ()

    def __post_init__(self) -> None:
        _check_address(self.sender, "sender")
        names = [one.name for one in self.report]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"report: {', '.join(twice)} is the name of two")
        if self.report and self.host is None:
            raise ValueError("host: reports are to be mailed, but no mail server is named")

    def __repr__(self) -> str:
        return f"MailSettings(host={self.host!r}, password={'***' if self.password else None!r})"


def _check_address(text: str, field: str) -> None:
    if _ADDRESS.fullmatch(text) is None:
        raise ValueError(f"{field}: {text[:80]!r} is no mail address")
