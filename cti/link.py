"""The only way to a PBX: connect, log in, stay, and come back after each loss.

What is read goes on at once, in the task of the socket: the bytes to the tap, the frames to the switchboard. Nothing
here waits for a database, a CRM or a browser.
"""

from __future__ import annotations

import asyncio
import secrets
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from operator import length_hint
from typing import Any, cast

import msgspec
import structlog

from cti import link_faults
from cti.conversation import Conversation
from cti.drivers import Driver, make_driver
from cti.errors import OffhookError
from cti.feed import Guard
from cti.link_faults import ActionRefused, LinkError, LoginRefused
from cti.pbx.dialect import Action, Dialect, Frame
from cti.pbx.settings import PbxSettings, fetch_secret

__all__ = ["ActionRefused", "Link", "LinkError", "LinkHealth", "LoginRefused", "PbxSettings"]

Take = Callable[[Iterable[Frame], datetime, str], None]
SNAPSHOT_S = 60.0
SNAPSHOT_AGAIN_S = 0.5
ACTION_S = 10.0

_log = structlog.get_logger(__name__)


class LinkHealth(msgspec.Struct, frozen=True, kw_only=True):
    """A link as of now, for metrics and pages. Counts are since the start of the program, over all connections."""

    pbx: str
    connected: bool  #: logged in, and nothing known to be wrong
    session: str | None  #: names the connection that is up
    connected_at: datetime | None
    reconnects: int  #: log-ins after the first
    attempts_failed: int  #: connections that did not get as far as the log-in
    bytes_read: int
    events_read: int
    events_dropped: int  #: events that nobody wanted, by name
    last_event_at: datetime | None
    keepalive_s: float | None  #: how long the PBX took for its last answer to a keepalive
    failures: dict[str, int]  #: exceptions of the callbacks, by callback
    last_error: OffhookError | None  #: why the link is down or was last, or why the present could not be asked for


class Link:
    """One PBX's connection, supervised.

    ``frames`` is called with the wanted events of each read, the instant of the read and the session's name: an
    iterable to be read once; if the callback raises, it is called again with what is left. ``back`` is called after
    log-in, before the first event; ``lost`` when that connection breaks. ``tap`` gets all bytes as they came.
    ``new_session`` names each connection before it is made; without it the names are its instants.
    With ``snapshot`` the PBX is asked for its present after each log-in; the answers come as events. All callbacks are
    called in the task of the socket and must take microseconds; what they raise is counted in ``health().failures`` and
    logged.
    """

    def __init__(
        self,
        settings: PbxSettings,
        dialect: Dialect,
        frames: Take,
        *,
        back: Callable[[datetime], None] | None = None,
        lost: Callable[[datetime, str], None] | None = None,
        tap: Callable[[bytes, datetime], None] | None = None,
        snapshot: bool = False,
        new_session: Callable[[], str] | None = None,
    ) -> None:
        self.settings = settings
        self.driver: Driver = make_driver(settings)
        self.last_error: OffhookError | None = None
        self._dialect, self._frames, self._snapshot = dialect, frames, snapshot
        self._back, self._lost, self._tap = back, lost, tap
        self._new_session = new_session or _name_session
        self._guard = Guard()
        self._random = secrets.SystemRandom()
        self._conversation: Conversation | None = None
        self._runner: asyncio.Task[None] | None = None
        self._closing = False
        self._connected_at: datetime | None = None
        self._keepalive_s: float | None = None
        self._answered_at: datetime | None = None
        self._last_event_at: datetime | None = None
        self._logins = self._attempts_failed = self._bytes = self._events = self._dropped = 0

    @property
    def connected(self) -> bool:
        """Whether events are coming in: logged in, and nothing known to be wrong."""
        return self._connected_at is not None

    @property
    def session(self) -> str | None:
        """The name of the connection that is being read, for whoever is called by it; None between two."""
        return None if self._conversation is None else self._conversation.session

    def health(self) -> LinkHealth:
        """Everything there is to know about this link now."""
        talk = self._conversation
        return LinkHealth(
            pbx=self.settings.name,
            connected=self.connected,
            session=self.session,
            connected_at=self._connected_at,
            reconnects=max(self._logins - 1, 0),
            attempts_failed=self._attempts_failed,
            bytes_read=self._bytes + (talk.bytes_read if talk else 0),
            events_read=self._events + (talk.wire.events_read if talk else 0),
            events_dropped=self._dropped + (talk.wire.events_dropped if talk else 0),
            last_event_at=talk.last_event_at if talk and talk.last_event_at else self._last_event_at,
            keepalive_s=self._keepalive_s,
            failures=dict(self._guard.failures),
            last_error=self.last_error,
        )

    async def run(self) -> None:
        """Stay connected until ``close`` or cancellation; both log off first.

        Raises:
            LoginRefused: the PBX does not let us in. Everything else is tried again, after a pause that grows.
        """
        if self._closing:
            return
        self._runner = asyncio.create_task(self._supervise(), name=f"link {self.settings.name}")
        try:
            await self._runner
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._closing or (task is not None and task.cancelling()):
                raise

    async def close(self) -> None:
        """Log off and end ``run``; takes some seconds at the most."""
        self._closing = True
        if self._runner is not None and not self._runner.done():
            self._runner.cancel()
            await asyncio.wait({self._runner})

    async def send(self, name: str, fields: Iterable[tuple[str, str]] = (), timeout_s: float = ACTION_S) -> list[Frame]:
        """Send one action, once, and return its answer: the response, then a list's entries with the one that ends it.

        Raises:
            ActionRefused: the PBX said no.
            LinkError: there is no connection, it broke, or no whole answer came within ``timeout_s``.
            OffhookError: a value cannot be sent (it has a line break in it).
        """
        if self._conversation is None or not self.connected:
            raise link_faults.not_connected(self.settings, name)
        return await self._conversation.ask(Action(name, tuple(fields)), timeout_s)

    async def _supervise(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            self.last_error = await self._attempt()
            if self._closing:
                return  # a fault at the very end may have taken the place of the cancellation
            if isinstance(self.last_error, LoginRefused):
                _log.error("log-in refused", pbx=self.settings.name, ref=self.last_error.ref)
                raise self.last_error
            failures = 0 if time.monotonic() - began > self.settings.backoff_max_s else failures + 1
            pause_s = backoff_s(self.settings, failures, self._random.random())
            _log.warning(
                "link down", pbx=self.settings.name, ref=self.last_error.ref, cause=str(self.last_error),
                again_in_s=round(pause_s, 1),
            )  # fmt: skip
            await asyncio.sleep(pause_s)

    async def _attempt(self) -> OffhookError:
        """One connection, from beginning to end; the cause of its end."""
        try:
            return await self._live()
        except OffhookError as error:
            return error
        except Exception as error:  # noqa: BLE001  the link's supervisor
            self._guard.note("link", error)
            return link_faults.fault(self.settings, type(error).__name__)

    async def _live(self) -> OffhookError:
        session = self._new_session()
        talk = Conversation(self.settings, self._dialect, session, self._deliver, self._tapped())
        self._conversation = talk
        cause: OffhookError = link_faults.closed_here(self.settings)
        try:
            await self._connect(talk)
            await self._log_in(talk)
            cause = await self._stay(talk)
        except OffhookError as error:
            cause = error
        except asyncio.CancelledError:
            if self.connected:  # one who never logged in has no leave to take
                await talk.log_off()
            raise
        finally:
            talk.end(cause)
            self._went_down(talk, cause)
            await talk.close()
        return cause

    async def _connect(self, talk: Conversation) -> None:
        settings, tls = self.settings, tls_context(self.settings)
        try:
            async with asyncio.timeout(settings.connect_timeout_s):
                await self.driver.connect(talk, tls)
        except TimeoutError:
            raise link_faults.connect_timeout(settings) from None
        except OSError as error:
            raise link_faults.cannot_connect(settings, error) from error
        greeting: set[asyncio.Future[Any]] = {talk.greeted, talk.ended}
        await asyncio.wait(greeting, timeout=settings.connect_timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if talk.ended.done():
            raise talk.ended.result()
        if not talk.greeted.done():
            raise link_faults.no_greeting(settings)

    async def _log_in(self, talk: Conversation) -> None:
        login = self._dialect.login_action(self.settings.username, fetch_secret(self.settings))
        subscribe, timeout_s = self._dialect.subscribe_actions(), self.settings.connect_timeout_s
        try:
            await talk.ask(login, timeout_s, at_once=None if subscribe else self._came_up)
        except ActionRefused as refusal:
            raise link_faults.login_refused(self.settings, refusal.message) from None
        for action in subscribe:
            await talk.ask(action, timeout_s, at_once=self._came_up if action is subscribe[-1] else None)

    async def _stay(self, talk: Conversation) -> OffhookError:
        tasks: set[asyncio.Future[Any]] = {asyncio.create_task(self._keep_alive(talk))}
        if self._snapshot:
            tasks.add(asyncio.create_task(self._ask_for_the_present(talk)))
        running = set(tasks)
        try:
            while not talk.ended.done():
                done, _ = await asyncio.wait({talk.ended, *running}, return_when=asyncio.FIRST_COMPLETED)
                for task in done & running:
                    running.discard(task)
                    if (error := task.result()) is not None:
                        return cast("OffhookError", error)
            return talk.ended.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _keep_alive(self, talk: Conversation) -> OffhookError:
        """Ask again and again whether the PBX lives; the error when it did not answer in time."""
        settings = self.settings
        while True:
            await asyncio.sleep(settings.keepalive_s)
            asked = time.monotonic()
            try:
                await talk.ask(self._dialect.keepalive_action(), settings.keepalive_deadline_s)
            except LinkError as error:
                return link_faults.peer_silent(settings) if error.ref == "link-no-answer" else error
            self._keepalive_s = time.monotonic() - asked
            self._answered_at = datetime.now(UTC)

    async def _ask_for_the_present(self, talk: Conversation) -> None:
        """Ask until all of it was told: a PBX that starts up lets us in before it knows of its queues."""
        pause_s = SNAPSHOT_AGAIN_S
        while (error := await self._ask_once(talk)) is not None:
            if self.last_error is None or self.last_error.ref != error.ref:
                _log.warning("no snapshot", pbx=self.settings.name, ref=error.ref, cause=str(error))
            self.last_error = error
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, SNAPSHOT_S)
        self.last_error = None

    async def _ask_once(self, talk: Conversation) -> LinkError | None:
        for action in self._dialect.snapshot_actions():
            try:
                await talk.ask(action, SNAPSHOT_S)
            except LinkError as error:
                return error
        return None

    def _deliver(self, frames: Sequence[Frame], received_at: datetime) -> None:
        """Give the frames on; a frame that makes the callback raise does not take the ones after it along."""
        waiting, left = len(frames) + 1, iter(frames)
        while 0 < length_hint(left) < waiting:
            waiting = length_hint(left)
            if self._guard.call("frames", self._frames, left, received_at, self.session):
                return

    def _tapped(self) -> Callable[[bytes, datetime], object] | None:
        return None if self._tap is None else partial(self._guard.call, "tap", self._tap)

    def _came_up(self) -> None:
        self._connected_at = datetime.now(UTC)
        self._logins += 1
        _log.info("link up", pbx=self.settings.name, session=self.session, driver=self.settings.driver)
        self.driver.logged_in()
        if self._back is not None:
            self._guard.call("back", self._back, self._connected_at)

    def _went_down(self, talk: Conversation, cause: OffhookError) -> None:
        self._bytes += talk.bytes_read
        self._events += talk.wire.events_read
        self._dropped += talk.wire.events_dropped
        self._last_event_at = talk.last_event_at or self._last_event_at
        self._conversation = None
        if self._connected_at is None:
            self._attempts_failed += 1
            return
        lost_at = self._last_heard(talk) if cause.ref == "link-peer-silent" else datetime.now(UTC)
        self._connected_at = None
        if self._lost is not None:
            self._guard.call("lost", self._lost, lost_at, str(cause))

    def _last_heard(self, talk: Conversation) -> datetime:
        """When the PBX last said anything: what it said since is lost."""
        heard = (self._connected_at, self._answered_at, talk.last_event_at)
        return max((at for at in heard if at is not None), default=datetime.now(UTC))


def _name_session() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"


def backoff_s(settings: PbxSettings, failures: int, share: float) -> float:
    """Seconds to wait before connecting again: the given share (0 to 1) of a bound that doubles with each failure.

    A random share of the whole bound ("full jitter") keeps many clients of one PBX from coming back all at once.

    >>> settings = PbxSettings(name="hq", username="offhook", backoff_first_s=0.5, backoff_max_s=30)
    >>> [backoff_s(settings, failures, 1.0) for failures in (0, 1, 2, 3, 7, 5000)]
    [0.5, 0.5, 1.0, 2.0, 30.0, 30.0]
    """
    bound_s = settings.backoff_first_s * 2.0 ** min(max(failures - 1, 0), 20)
    return float(min(bound_s, settings.backoff_max_s) * share)


def tls_context(settings: PbxSettings) -> ssl.SSLContext | None:
    """How to check the PBX's certificate; None for a plain connection.

    Raises:
        LinkError: ``tls_ca_file`` cannot be read.
    """
    if not settings.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca_file)
    except OSError as error:
        raise link_faults.bad_ca_file(settings, error) from error
    if not settings.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
