"""The driver for sites that standardise on panoramisk 1.4: its ``Manager``, with this project's wire as its protocol.

The site's own code keeps ``register_event`` and ``send_action`` (``Driver.manager``). What differs from plain
panoramisk: bytes are decoded after a message is whole; a callback that raises is counted and harms nobody; a line break
in an action is refused; whether the PBX lives, the log-in and connecting again are the link's business (``Ping`` is
checked, a wrong secret stops, pauses grow), and an action whose answer was lost is failed, not sent again.
"""

from __future__ import annotations

import asyncio
import inspect
import ssl
from collections.abc import Awaitable, Mapping
from typing import Any, cast

from panoramisk.actions import Action as PanoramiskAction, Command
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager
from panoramisk.message import Message

from cti.conversation import Conversation
from cti.errors import OffhookError
from cti.feed import Guard
from cti.pbx.dialect import Frame
from cti.pbx.settings import PbxSettings
from cti.wire.ami import encode_action

MAX_RUNNING = 1_000  # coroutine callbacks at work at once; each may hold an event and what it waits for


class Driver:
    """Connects by panoramisk. ``manager`` stays the same over all connections of the link."""

    def __init__(self, settings: PbxSettings) -> None:
        self.manager = LinkedManager(host=settings.host, port=settings.port, protocol_factory=self._protocol)
        self._conversation: Conversation | None = None

    async def connect(self, conversation: Conversation, tls: ssl.SSLContext | None) -> None:
        self._conversation = conversation
        self.manager.loop = asyncio.get_running_loop()
        self.manager.config["ssl"] = tls
        await self.manager.connect()

    def logged_in(self) -> None:
        self.manager.authenticated = True
        self.manager.guard.call("on_login", self.manager.on_login, self.manager)

    def _protocol(self) -> WiredProtocol:
        assert self._conversation is not None  # noqa: S101  connect() has set it
        return WiredProtocol(self._conversation)


class LinkedManager(Manager):  # type: ignore[misc]  # panoramisk has no types
    """panoramisk's Manager without a will of its own: it neither logs in, nor pings, nor connects again.

    ``guard.failures`` counts the callbacks that raised, by name; ``callbacks_dropped`` the coroutines not started
    because too many were running.
    """

    pinger: asyncio.TimerHandle | None

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.patterns.clear()  # the one pattern registered by itself sends lost actions again
        self.callbacks.clear()
        self.guard = Guard()
        self.callbacks_dropped = 0
        self._running: set[asyncio.Future[object]] = set()

    def connection_made(self, f: asyncio.Future[Any]) -> None:
        if f.cancelled() or f.exception() is not None:
            return  # the link is told by the one who awaits it
        super().connection_made(f)
        self.ping_stop()
        self.protocol.watch()

    def register_event(self, pattern: str, callback: Any = None) -> Any:
        registered = super().register_event(pattern, callback)
        if self.protocol is not None:
            self.protocol.watch()
        return registered

    def send_action(self, action: Any, as_list: bool | None = None, **kwargs: Any) -> Any:
        """Raises LinkError where there is no connection, AmiError for a line break in a value."""
        if self.protocol is None:
            raise OffhookError("link-not-connected", "an action was not sent", "panoramisk has no connection yet")
        return super().send_action(action, as_list, **kwargs)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connected = self.authenticated = False
        self.ping_stop()
        self.loop.call_soon(self.guard.call, "on_disconnect", self.on_disconnect, self, exc)

    def dispatch(self, event: Message) -> list[str]:
        """Call each callback whose pattern matches, whatever the ones before it did; the patterns that matched."""
        event.manager = self
        matches = [pattern for pattern, regexp in self.patterns if regexp.match(event.event) is not None]
        for pattern in matches:
            for callback in self.callbacks[pattern]:
                self.guard.call(getattr(callback, "__name__", pattern), self._run, callback, event)
        return matches

    def ping_stop(self) -> None:
        if self.pinger is not None:
            self.pinger.cancel()
            self.pinger = None

    def _run(self, callback: Any, event: Message) -> None:
        result = callback(self, event)
        if not inspect.isawaitable(result):
            return
        if len(self._running) >= MAX_RUNNING:
            self.callbacks_dropped += 1
            if inspect.iscoroutine(result):
                result.close()
            return
        task = asyncio.ensure_future(cast("Awaitable[object]", result), loop=self.loop)
        self._running.add(task)
        task.add_done_callback(self._ran)

    def _ran(self, task: asyncio.Future[object]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self.guard.note("coroutine", error)


class WiredProtocol(AMIProtocol):  # type: ignore[misc]  # panoramisk has no types
    """panoramisk's protocol on this project's wire."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._conversation.attach(transport)

    def watch(self) -> None:
        """Show the manager each event, if anybody registered for any."""
        if self.factory is not None and self.factory.patterns:
            self._conversation.observe = self._observe
            self._conversation.wire.everything = True

    def data_received(self, data: bytes) -> None:
        self._conversation.read(data)

    def send(self, data: Mapping[str, Any], as_list: bool | None = False) -> asyncio.Future[Any]:
        """Send an action of the site's own code; the future gets panoramisk's answer, or why there is none."""
        action = data if isinstance(data, PanoramiskAction) else _action(data, as_list)
        action.as_list = as_list
        fields = [(key, str(one)) for key, value in action.items() for one in _values(value) if key.lower() != "action"]
        self._conversation.write(action["action"], encode_action(action["action"], fields))
        self._conversation.expect(action.action_id, _Sent(action))
        return cast("asyncio.Future[Any]", action.future)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._conversation.gone(exc)
        if self.factory is not None:
            self.factory.connection_lost(exc)

    def close(self) -> None:
        self.closed = True
        self.transport.close()

    def _observe(self, frame: Frame) -> None:
        if frame.name != "Response":
            self.factory.dispatch(_message(frame))


class _Sent:
    """An action of the site's own code that waits for its answer."""

    def __init__(self, action: PanoramiskAction) -> None:
        self._action = action

    def take(self, frame: Frame) -> bool:
        return self._action.future.done() or bool(self._action.add_message(_message(frame)))

    def fail(self, error: OffhookError) -> None:
        if not self._action.future.done():
            self._action.future.set_exception(error)


def _action(data: Mapping[str, Any], as_list: bool | None) -> PanoramiskAction:
    kind = Command if "Command" in data else PanoramiskAction
    return kind(data, as_list=as_list)


def _values(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _message(frame: Frame) -> Message:
    """The frame as panoramisk shows it: a header that comes several times has a list."""
    headers: dict[str, str | list[str]] = {}
    for key, value in frame.items():
        seen = headers.get(key)
        if seen is None:
            headers[key] = value
        elif isinstance(seen, list):
            seen.append(value)
        else:
            headers[key] = [seen, value]
    return Message(headers)
