"""From a stored call to the CRMs and webhooks: the one place where ``kpi``'s store and the outbox meet."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crm_bridge.call_notes import CallNotes
from crm_bridge.call_writing import Choices, CrmTarget, NameOf
from crm_bridge.clerk import CallClerk, LateNotes
from crm_bridge.delivery import Delivery
from crm_bridge.live_webhooks import LiveWebhooks
from crm_bridge.lookup import Lookup
from crm_bridge.outbox import Outbox
from crm_bridge.webhook import Webhook, open_webhook
from cti.errors import OffhookError
from cti.feed import Follower
from cti.model import Call
from kpi.schema import CallSource
from offhook.settings import Settings, fetch_secret

NOTES_S: Final = 5.0
#: how long what is being delivered may still take when the program stops
CLOSE_S: Final = 5.0

log = structlog.get_logger(__name__)


class WriteBack:
    """Tells CRMs and webhooks of calls. ``note`` goes with the store; ``run`` delivers until ``close``.

    ``needed`` is False where nobody is to be told of anything.
    """

    def __init__(self, settings: Settings, engine: AsyncEngine) -> None:
        self._settings = settings
        self.outbox = Outbox(engine)
        self.webhooks = open_webhooks(settings)
        recordings = {pbx.name: pbx.recording_url for pbx in settings.pbx}
        self._clerk = CallClerk(settings.crm, recordings, self.webhooks)
        self.delivery = Delivery(self.outbox, [])
        self.live = LiveWebhooks(self.webhooks)
        self._late_notes = LateNotes(self.outbox, CallNotes(engine))
        self._began, self._ended = False, asyncio.Event()

    @property
    def needed(self) -> bool:
        return bool(self.webhooks) or any(source.write_calls for source in self._settings.crm.sources)

    async def note(self, connection: AsyncConnection, told: Sequence[tuple[Call, CallSource]]) -> None:
        """Put calls into the outbox in the transaction that stores them; those of an old log are nobody's news."""
        await self._clerk.note(connection, [call for call, source in told if source is not CallSource.IMPORTED])

    def connect(self, lookup: Lookup, notes: CallNotes, name_of: NameOf, choices: Choices) -> None:
        """Deliver through the sources of ``lookup``."""
        targets: list[CrmTarget | Webhook] = [*self.webhooks]
        for one in self._settings.crm.sources:
            source = lookup.source(one.name)
            if one.write_calls and source is not None:
                targets.append(CrmTarget(one, self._settings.crm, source, notes.fetch, name_of, choices))
        times = self._settings.outbox
        dead_after, keep_for = timedelta(days=times.give_up_after_days), timedelta(days=times.keep_days)
        self.delivery = Delivery(self.outbox, targets, dead_after=dead_after, keep_for=keep_for)

    async def run(self, follower: Follower) -> None:
        """Deliver what is in the outbox, and tell webhooks what ``follower`` brings."""
        self._began = True
        try:
            async with asyncio.TaskGroup() as group:
                beside = [group.create_task(self._look_for_notes()), group.create_task(self.live.run(follower))]
                await self.delivery.run()
                for task in beside:
                    task.cancel()
        finally:
            follower.close()
            await asyncio.gather(*(webhook.close() for webhook in self.webhooks))
            self._ended.set()

    async def close(self) -> None:
        """Let what is under way end, for some seconds."""
        self.delivery.close()
        if self._began:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), CLOSE_S)

    async def _look_for_notes(self) -> None:
        while self.needed:
            try:
                await self._late_notes.look()
            except OffhookError as error:
                log.warning("notes on calls cannot be read", ref=error.ref, why=error.why)
            await asyncio.sleep(NOTES_S)


def open_webhooks(settings: Settings) -> list[Webhook]:
    """The configured webhooks. Nothing is connected yet. Raises OffhookError ``webhook-secret``, ``crm-options``."""
    return [open_webhook(one, fetch_secret(one.secret, one.secret_file), settings.crm) for one in settings.webhook]
