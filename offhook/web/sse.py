"""Server-sent events: news to one browser, over a bounded queue that a slow browser cannot fill.

A browser that reads too slowly loses what it has not read and is sent the whole content anew, so that it is late
but never wrong. A named ``beat`` goes out when there is nothing else: the page notices a dead link by its absence.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from aiohttp import web

#: seconds of silence after which a beat is sent
HEARTBEAT_S: Final = 10.0
#: seconds that one write may take before the browser counts as gone
WRITE_DEADLINE_S: Final = 20.0
#: what may wait for one browser
OUTBOX_SIZE: Final = 64

Refresh = Callable[[], Awaitable[str]]


class ServerEvent(msgspec.Struct, frozen=True):
    """One event as the browser gets it: without a name htmx swaps ``data`` in, with one it becomes a DOM event."""

    data: str
    name: str | None = None


def encode_event(event: ServerEvent) -> bytes:
    """The bytes on the line; every line of the data has its own field, so no content can forge an event.

    >>> encode_event(ServerEvent("a\\r\\nid: b", "beat"))
    b'event: beat\\ndata: a\\ndata: id: b\\n\\n'
    """
    head = [] if event.name is None else ["event: " + " ".join(event.name.split())]
    lines = event.data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return ("\n".join([*head, *("data: " + line for line in lines)]) + "\n\n").encode()


class Outbox:
    """What waits to be sent to one browser. Never blocks the giver, never holds more than ``size`` events."""

    def __init__(self, size: int = OUTBOX_SIZE) -> None:
        self._size = size
        self._waiting: deque[ServerEvent] = deque()
        self._stale = True
        self._closed = False
        self._news = asyncio.Event()
        self.dropped = 0

    @property
    def closed(self) -> bool:
        return self._closed

    def put(self, event: ServerEvent) -> None:
        """Queue an event; when the queue is full all of it is dropped, counted, and replaced by one refresh."""
        if len(self._waiting) >= self._size:
            self.dropped += len(self._waiting) + 1
            self._waiting.clear()
            self._stale = True
        else:
            self._waiting.append(event)
        self._news.set()

    def refresh(self) -> None:
        """Ask for the content anew. Many asks before the browser has read are one."""
        self._stale = True
        self._news.set()

    def close(self, last: ServerEvent | None = None) -> None:
        """End the stream, after ``last`` if given."""
        if not self._closed:
            self._closed = True
            self._stale = False
            self._waiting = deque([] if last is None else [last])
            self._news.set()

    async def take(self, refresh: Refresh, heartbeat_s: float) -> ServerEvent | None:
        """The next event to write: the content if it is stale, else what was queued, else a beat; None at the end."""
        try:
            await asyncio.wait_for(self._news.wait(), heartbeat_s)
        except TimeoutError:
            return ServerEvent("", "beat")
        if self._stale:
            self._stale = False
            self._settle()
            return ServerEvent(await refresh())
        if self._waiting:
            event = self._waiting.popleft()
            self._settle()
            return event
        return None

    def _settle(self) -> None:
        if not self._waiting and not self._stale and not self._closed:
            self._news.clear()


async def stream(
    request: web.Request, outbox: Outbox, refresh: Refresh, *, heartbeat_s: float = HEARTBEAT_S
) -> web.StreamResponse:
    """Answer ``request`` with an event stream until the browser goes or ``outbox`` is closed.

    The first event is always the whole content from ``refresh``.
    """
    response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    response.content_type = "text/event-stream"
    response.charset = "utf-8"
    await response.prepare(request)
    outbox.refresh()
    try:
        while (event := await outbox.take(refresh, heartbeat_s)) is not None:
            await asyncio.wait_for(response.write(encode_event(event)), WRITE_DEADLINE_S)
    except (ConnectionError, TimeoutError):
        pass
    finally:
        outbox.close()
    return response
