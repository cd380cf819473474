"""Tells webhooks what happens as it happens: at once, in the order of each call, and never late.

What rings now is worth nothing in a minute: a message that has not arrived within ``LIVE_S`` seconds is given up, and
while a receiver is so slow that ``MOST_WAITING`` wait for it, new ones are. How a call ended goes through the outbox.
"""

from __future__ import annotations

import asyncio
import secrets
import zlib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from crm_bridge.contact import SourceError
from crm_bridge.webhook import Webhook
from crm_bridge.webhook_events import live_kind
from cti.feed import Follower
from cti.model import AboutCall, CallEvent

LIVE_S: Final = 20.0
FIRST_PAUSE_S: Final = 0.5
MOST_WAITING: Final = 1_000
#: calls are spread over so many lanes; within one they follow each other
LANES: Final = 4


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
            webhook.name: [asyncio.Queue[_Letter](MOST_WAITING // LANES) for _ in range(LANES)] for webhook in webhooks
        }

    async def run(self, follower: Follower) -> None:
        """Return when ``follower`` is closed; what waits then is given up."""
        tasks = [
            asyncio.create_task(self._serve(webhook, lane))
            for webhook in self._webhooks
            for lane in self._lanes[webhook.name]
        ]
        try:
            async for event in follower:
                self._take(event)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _take(self, event: CallEvent) -> None:
        kind = live_kind(event)
        if kind is None or not isinstance(event, AboutCall):
            return
        number = zlib.crc32(event.call.call_id.encode("utf-8", "replace")) % LANES
        until = asyncio.get_running_loop().time() + self._live_s
        for webhook in self._webhooks:
            if not webhook.wants(kind, event.call):
                continue
            letter = _Letter(f"msg_{secrets.token_hex(16)}", webhook.body(kind, event), until)
            try:
                self._lanes[webhook.name][number].put_nowait(letter)
            except asyncio.QueueFull:
                self.counts[webhook.name].dropped += 1

    async def _serve(self, webhook: Webhook, lane: asyncio.Queue[_Letter]) -> None:
        while True:
            await self._deliver(webhook, await lane.get())

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
