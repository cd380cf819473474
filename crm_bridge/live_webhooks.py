"""Tells webhooks what happens as it happens: at once, in the order of each call, and never late.

What rings now is worth nothing in a minute: a message that has not arrived within ``LIVE_S`` seconds is given up, and
while a receiver is so slow that ``MOST_WAITING`` wait for it, new ones are. How a call ended goes through the outbox.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Final, NamedTuple

from crm_bridge.contact import SourceError
from crm_bridge.lanes import LANES, Lanes
from crm_bridge.webhook import Webhook
from crm_bridge.webhook_events import live_kind
from cti.feed import Follower
from cti.model import AboutCall, CallEvent

LIVE_S: Final = 20.0
FIRST_PAUSE_S: Final = 0.5
MOST_WAITING: Final = 1_000


class LiveCounts:
    """What became of the messages of one webhook: ``sent`` arrived, ``late`` and ``dropped`` did not."""

    def __init__(self) -> None:
        self.sent = self.late = self.dropped = 0


class _Letter(NamedTuple):
    sent_id: str
    body: str
    until: float


class LiveWebhooks:
    """``run`` tells what a follower brings. ``counts`` are by the webhook's name in the outbox."""

    def __init__(self, webhooks: Sequence[Webhook], live_s: float = LIVE_S) -> None:
        self.counts: Mapping[str, LiveCounts] = {webhook.name: LiveCounts() for webhook in webhooks}
        self._webhooks, self._live_s = tuple(webhooks), live_s
        self._lanes = {
            webhook.name: Lanes(partial(self._deliver, webhook), MOST_WAITING // LANES) for webhook in webhooks
        }

    async def run(self, follower: Follower) -> None:
        """Return when ``follower`` is closed; what waits then is given up."""
        async with AsyncExitStack() as stack:
            for lanes in self._lanes.values():
                await stack.enter_async_context(lanes.served())
            async for event in follower:
                self._take(event)

    def _take(self, event: CallEvent) -> None:
        kind = live_kind(event)
        if kind is None or not isinstance(event, AboutCall):
            return
        until = asyncio.get_running_loop().time() + self._live_s
        for webhook in self._webhooks:
            if not webhook.wants(kind, event.call):
                continue
            letter = _Letter(f"msg_{secrets.token_hex(16)}", webhook.body(kind, event), until)
            if not self._lanes[webhook.name].put(event.call.call_id, letter):
                self.counts[webhook.name].dropped += 1

    async def _deliver(self, webhook: Webhook, letter: _Letter) -> None:
        loop, counts, pause_s = asyncio.get_running_loop(), self.counts[webhook.name], FIRST_PAUSE_S
        while loop.time() < letter.until:
            try:
                async with asyncio.timeout_at(letter.until):
                    await webhook.post(letter.sent_id, letter.body)
            except (SourceError, TimeoutError):
                await asyncio.sleep(min(pause_s, max(0.0, letter.until - loop.time())))
                pause_s *= 2
            else:
                counts.sent += 1
                return
        counts.late += 1
