"""One connection to a PBX: what it sends is cut into frames, answers find their questions, the rest goes to the house.

It never waits while it reads. A driver gives it the bytes and a transport; the link opens and closes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count
from typing import Protocol

from cti import link_faults
from cti.errors import OffhookError
from cti.pbx.dialect import Action, Dialect, Frame
from cti.pbx.settings import PbxSettings
from cti.steady_clock import SteadyClock

MAX_ANSWER_BYTES = 1 << 26  # a QueueStatus of 1,000 agents in 50 queues is some 25 MiB
MAX_UNSENT_BYTES = 1 << 20
LOG_OFF_S = 2.0
CLOSE_S = 1.0


class Transport(Protocol):
    """What a conversation needs of an asyncio transport."""

    def write(self, data: bytes, /) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...
    def get_write_buffer_size(self) -> int: ...


class Question(Protocol):
    """An action that waits for its answer."""

    def take(self, frame: Frame) -> bool:
        """One more frame of the answer; True when it was the last."""

    def fail(self, error: OffhookError) -> None:
        """There will be no answer."""


class Conversation:
    """The talk over one connection. ``session`` names it; ``ended`` gets the cause of its end, as a result.

    ``deliver`` is called with the wanted events of each read and the read's instant, ``tap`` before it with the bytes;
    neither may raise. ``observe``, if set, sees each event that answers nothing, wanted or not.
    """

    def __init__(
        self,
        settings: PbxSettings,
        dialect: Dialect,
        session: str,
        deliver: Callable[[Sequence[Frame], datetime], None],
        tap: Callable[[bytes, datetime], object] | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.session = session
        self.wire = dialect.wire(settings.max_frame_bytes)
        self.greeted: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[OffhookError] = loop.create_future()
        self.observe: Callable[[Frame], None] | None = None
        self.bytes_read = 0
        self.last_event_at: datetime | None = None
        self._settings, self._dialect, self._deliver, self._tap = settings, dialect, deliver, tap
        self._gone: asyncio.Future[None] = loop.create_future()
        self._transport: Transport | None = None
        self._questions: dict[str, Question] = {}
        self._numbers = count(1)
        self._clock = SteadyClock()

    def attach(self, transport: Transport) -> None:
        """The connection is made."""
        self._transport = transport

    def read(self, data: bytes) -> None:
        """Bytes came."""
        if self.ended.done():
            return
        received_at = self._clock.now()
        self.bytes_read += len(data)
        if self._tap is not None:
            self._tap(data, received_at)
        wire = self.wire
        events_before = wire.events_read
        try:
            frames = wire.feed(data)
        except OffhookError as error:
            self.end(error)
            return
        if wire.events_read != events_before:
            self.last_event_at = received_at
        if self._questions or self.observe is not None:
            frames = self._sort(frames)
        if frames:
            self._deliver(frames, received_at)
        if wire.error is not None:
            self.end(wire.error)
        elif wire.banner is not None and not self.greeted.done():
            self.greeted.set_result(None)

    def gone(self, error: Exception | None) -> None:
        """The connection is no more."""
        if not self._gone.done():
            self._gone.set_result(None)
        self.end(link_faults.closed_by_peer(self._settings, self.wire.buffered_bytes, error))

    def end(self, cause: OffhookError) -> None:
        """Take and send nothing any more; the first cause counts. Every open question fails with it."""
        if self.ended.done():
            return
        self.ended.set_result(cause)
        if not self.greeted.done():
            self.greeted.cancel()
        questions, self._questions = self._questions, {}
        for question in questions.values():
            question.fail(cause)
        if self._transport is not None and not self._gone.done():
            self._transport.abort()

    def new_action_id(self) -> str:
        """An ActionID that no other connection uses."""
        return f"{self.session}/{next(self._numbers)}"

    def expect(self, action_id: str, question: Question) -> None:
        """Give the answer with this id to ``question``, up to its last frame."""
        self._questions[action_id] = question
        self.wire.answering = True

    def forget(self, action_id: str) -> None:
        """Nobody waits for that answer any more."""
        self._questions.pop(action_id, None)
        self.wire.answering = bool(self._questions)

    def write(self, action: str, data: bytes) -> None:
        """Send ``data`` once.

        Raises:
            LinkError: the connection is gone, or the PBX does not take what was sent before.
        """
        if self._transport is None or self.ended.done():
            raise link_faults.not_connected(self._settings, action)
        waiting = self._transport.get_write_buffer_size()
        if waiting > MAX_UNSENT_BYTES:
            raise link_faults.congested(self._settings, action, waiting)
        self._transport.write(data)

    async def ask(self, action: Action, timeout_s: float, at_once: Callable[[], None] | None = None) -> list[Frame]:
        """The answer: the response, then the entries of the list if it is one, with the one that ends it.

        ``at_once`` is called as soon as the answer is complete and no refusal, before any event after it is delivered.

        Raises:
            ActionRefused: the PBX said no.
            LinkError: no whole answer within ``timeout_s``, or the link broke; the action is not sent again.
            OffhookError: a value cannot be sent.
        """
        action_id = self.new_action_id()
        data = self._dialect.encode(action, action_id)
        asked = _Asked(action.name, self._dialect, at_once)
        self.write(action.name, data)
        self.expect(action_id, asked)
        try:
            async with asyncio.timeout(timeout_s):
                return await asked.answer
        except TimeoutError:
            raise link_faults.no_answer(action.name, timeout_s) from None
        finally:
            if not self._dialect.answers_in_order:  # else it goes on taking its answer, or the next would take it
                self.forget(action_id)

    async def log_off(self) -> None:
        """Take leave of the PBX, if the talk goes on; takes 2 seconds at the most."""
        if self._transport is None or self.ended.done():
            return
        try:
            await self.ask(self._dialect.logoff_action(), LOG_OFF_S)
        except OffhookError as error:
            self.end(error)

    async def close(self) -> None:
        """Be sure that the socket is closed; takes 2 seconds at the most."""
        if self._transport is None:
            return
        if not self.ended.done():  # ``end`` aborted: a TLS transport of Python 3.11.2 breaks if it is closed after that
            self._transport.close()
        await asyncio.wait({self._gone}, timeout=CLOSE_S)
        if not self._gone.done():
            self._transport.abort()
            await asyncio.wait({self._gone}, timeout=CLOSE_S)

    def _sort(self, frames: Sequence[Frame]) -> list[Frame]:
        """Answers to their questions, other events to the observer; back come the wanted ones of both.

        A snapshot goes the way of all events, and so into a replay.
        """
        for frame in frames:
            answered = bool(self._questions) and self._answered(frame)
            if not answered and self.observe is not None:
                self.observe(frame)
        wanted = self._dialect.wanted
        return [frame for frame in frames if frame.name in wanted]

    def _answered(self, frame: Frame) -> bool:
        action_id = self._dialect.answers(frame)
        if action_id == "":
            action_id = next(iter(self._questions))
        question = None if action_id is None else self._questions.get(action_id)
        if action_id is None or question is None:
            return False
        if question.take(frame):
            self.forget(action_id)
        return True


class _Asked:
    """A question whose answer is awaited."""

    def __init__(self, name: str, dialect: Dialect, at_once: Callable[[], None] | None) -> None:
        self.answer: asyncio.Future[list[Frame]] = asyncio.get_running_loop().create_future()
        self._name, self._dialect, self._at_once = name, dialect, at_once
        self._frames: list[Frame] = []
        self._bytes = 0

    def take(self, frame: Frame) -> bool:
        if self.answer.done():
            return True
        self._frames.append(frame)
        self._bytes += len(frame.raw)
        refusal = self._dialect.refusal(frame) if len(self._frames) == 1 else None
        if refusal is not None:
            self.answer.set_exception(link_faults.ActionRefused(self._name, refusal))
        elif self._dialect.ends_answer(self._frames[0], frame):
            self.answer.set_result(self._frames)
            if self._at_once is not None:
                self._at_once()
        elif self._bytes > MAX_ANSWER_BYTES:
            self.answer.set_exception(link_faults.answer_too_long(self._name, MAX_ANSWER_BYTES))
        return self.answer.done()

    def fail(self, error: OffhookError) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)
