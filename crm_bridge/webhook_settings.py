"""The settings of webhooks, and of what waits for them and for CRMs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from crm_bridge.options import HttpOptions
from crm_bridge.webhook_signing import parse_secrets


class WebhookEvent(StrEnum):
    """What a webhook may be told of."""

    QUEUED = "call.queued"
    OFFERED = "call.offered"
    ANSWERED = "call.answered"
    TRANSFERRED = "call.transferred"
    RELEASED = "call.released"
    ENDED = "call.ended"


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A receiver that is told of calls by HTTP, signed: a `[[webhook]]` table for each. See docs/webhooks.md."""

    name: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$",
            description="Short name of this webhook, in the outbox and the metrics.",
        ),
    ]
    url: Annotated[
        str, msgspec.Meta(min_length=1, description="Where to POST, with https. Redirections are not followed.")
    ]
    secret: Annotated[
        str | None,
        msgspec.Meta(
            description="The secret that each message is signed with: `whsec_` and 24 to 64 bytes in base64, as "
            "`echo whsec_$(openssl rand -base64 32)` makes it. Two with a blank between them while one replaces the "
            "other. Better kept in `secret_file`."
        ),
    ] = None
    secret_file: Annotated[
        str | None, msgspec.Meta(description="A file that holds the secret in its first line and nothing else.")
    ] = None
    events: Annotated[
        tuple[WebhookEvent, ...],
        msgspec.Meta(
            description="What it is told of. `call.ended` is never lost; the others are worth nothing when they are "
            "late, and are given up after 20 seconds."
        ),
    ] = (WebhookEvent.ENDED,)
    queues: Annotated[
        tuple[str, ...], msgspec.Meta(description="Only calls that came to one of these queues; empty: all calls.")
    ] = ()
    numbers: Annotated[
        bool,
        msgspec.Meta(
            description="Whether customers' numbers and names are sent. Without them the receiver still gets the "
            "call's id, times, agents, queue and outcome; the recording's address is left out too."
        ),
    ] = True
    ca_file: Annotated[
        str | None,
        msgspec.Meta(
            description="Certificate (PEM) of who signed the receiver's, where this machine does not trust him."
        ),
    ] = None
    plain_http: Annotated[
        bool, msgspec.Meta(description="Allow http to another machine: everybody on the way can read the calls.")
    ] = False

    def __post_init__(self) -> None:
        http_options(self)
        if self.secret is not None:
            try:
                parse_secrets(self.secret)
            except ValueError as error:
                raise ValueError(f"secret: {error}") from None

    def __repr__(self) -> str:
        return f"WebhookSettings(name={self.name!r}, host={urlsplit(self.url).hostname!r})"


class OutboxSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long calls wait for CRMs and webhooks that are down."""

    give_up_after_days: Annotated[
        float,
        msgspec.Meta(
            gt=0,
            le=365,
            description="Days for which a CRM or webhook that does not answer is tried; then the call is a dead "
            "letter, which is kept and can be tried again (`offhook outbox`).",
        ),
    ] = 7.0
    keep_days: Annotated[
        float,
        msgspec.Meta(gt=0, le=3650, description="Days for which what has arrived is kept, to be looked at."),
    ] = 30.0


def http_options(settings: WebhookSettings) -> HttpOptions:
    """How the receiver's host is asked; what follows the host in the address is the path, which may hold a key.

    Raises ValueError for an address that is none, and for http to another machine without ``plain_http``.
    """
    parts = urlsplit(settings.url)
    if parts.fragment or not settings.url.isascii() or not settings.url.isprintable() or " " in settings.url:
        raise ValueError("url: expected an address like https://example.com/hooks/calls")
    origin = f"{parts.scheme}://{parts.netloc}"
    return HttpOptions(url=origin, ca_file=settings.ca_file, plain_http=settings.plain_http)


def path_of(url: str) -> str:
    """What follows the host: ``/hooks/calls?key=1``."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
