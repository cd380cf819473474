"""One webhook: which calls it is told of, and a signed message sent to it."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

from crm_bridge.breaker import Breaker
from crm_bridge.contact import SourceError, SourceSparedError
from crm_bridge.delivery import Receipt
from crm_bridge.http_source import HttpClient
from crm_bridge.number import parse_number
from crm_bridge.outbox import Entry, Row, safe_key
from crm_bridge.settings import CrmSettings
from crm_bridge.webhook_events import call_data, event_data, message
from crm_bridge.webhook_settings import WebhookEvent, WebhookSettings, http_options, path_of
from crm_bridge.webhook_signing import parse_secrets, signature
from cti.errors import OffhookError
from cti.model import AboutCall, Call

#: how long a receiver may take to answer; what it has to do with a call it does afterwards
ANSWER_S: Final = 15.0


class Webhook:
    """A receiver as a target of the outbox. ``post`` sends one message now."""

    at_once = 4

    def __init__(
        self,
        settings: WebhookSettings,
        secrets: Sequence[bytes],
        crm: CrmSettings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = f"webhook:{settings.name}"
        self.settings = settings
        self._secrets, self._now = tuple(secrets), now
        self._read = partial(parse_number, region=crm.default_region, dial_prefixes=crm.dial_prefixes)
        self._path = path_of(settings.url)
        self._http = HttpClient(settings.name, http_options(settings), ANSWER_S)
        self._breaker = Breaker()

    def rest_left_s(self) -> float:
        """Seconds for which it is left alone after it failed."""
        return self._breaker.rest_left_s(time.monotonic())

    def wants(self, kind: WebhookEvent, call: Call) -> bool:
        """Whether it is told of such an event of this call."""
        of_queue = not self.settings.queues or call.was_in(self.settings.queues)
        return kind in self.settings.events and of_queue

    def entries(self, call: Call, recording: str | None) -> Iterator[Entry]:
        """The end of a call for the outbox, if it is told of that."""
        kind, ended_at = WebhookEvent.ENDED, call.ended_at
        if ended_at is None or not self.wants(kind, call):
            return
        data = call_data(call, self._read, numbers=self.settings.numbers, recording=recording)
        customer = call.customer
        yield Entry(
            target=self.name,
            kind=kind.value,
            key=safe_key(f"{call.pbx}:{call.call_id}"),
            payload=message(kind, ended_at, data),
            due_at=ended_at,
            match_key=self._read(customer.number if customer else None).key,
        )

    def body(self, kind: WebhookEvent, event: AboutCall) -> str:
        """What it is told of an event as it happens."""
        return message(kind, event.at, event_data(event, self._read, numbers=self.settings.numbers))

    async def send(self, row: Row) -> Receipt:
        """Send what is in the outbox, under an id that is the same each time. Raises SourceError."""
        await self.post(message_id(row.target, row.key, row.version), row.payload)
        return Receipt()

    async def post(self, sent_id: str, body: str) -> None:
        """Send one message; it has arrived when the receiver answered with a status from 200 to 299.

        Raises SourceError, SourceSparedError while the receiver is left alone.
        """
        ticket = self._breaker.allow(time.monotonic())
        if ticket is None:
            what, left_s = f"{self.settings.name} is left alone after it failed", self.rest_left_s()
            raise SourceSparedError("crm-resting", what, f"for {left_s:.0f} s more")
        arrived = False
        try:
            await self._send(sent_id, body.encode())
            arrived = True
        finally:
            self._breaker.judge(ticket, None if arrived else sys.exception(), time.monotonic())

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()

    async def _send(self, sent_id: str, body: bytes) -> None:
        at_s = int(self._now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": sent_id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": signature(self._secrets, sent_id, at_s, body),
        }
        reply = await self._http.fetch("POST", self._path, body=body, headers=headers)
        if not 200 <= reply.status < 300:
            what = f"the receiver of {self.settings.name} did not take the message"
            raise SourceError("webhook-not-taken", what, f"HTTP {reply.status}", "it has to answer with 200 to 299")


def message_id(target: str, key: str, version: int) -> str:
    """The id by which a receiver knows a message that comes again; a call that has become another has another.

    >>> message_id("webhook:site", "main:17.0", 1) == message_id("webhook:site", "main:17.0", 1)
    True
    """
    return "msg_" + hashlib.sha256(f"{target}\n{key}\n{version}".encode()).hexdigest()[:32]


def open_webhook(settings: WebhookSettings, secret: str | None, crm: CrmSettings) -> Webhook:
    """A webhook with its secret, which may come from a file or the environment. Nothing is connected yet.

    Raises OffhookError ``webhook-secret``, ``crm-options``.
    """
    what = f"the secret of the webhook {settings.name!r} cannot be used"
    try:
        secrets = parse_secrets(secret or "")
    except ValueError as error:
        hint = "set secret_file in its [[webhook]] table to a file that holds it"
        raise OffhookError("webhook-secret", what, str(error), hint) from None
    return Webhook(settings, secrets, crm)
