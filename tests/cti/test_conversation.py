"""One connection's talk, without a socket: bytes in, questions and answers, the end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from cti import conversation
from cti.conversation import Conversation
from cti.link_faults import ActionRefused, LinkError, closed_here
from cti.pbx.asterisk import AsteriskDialect
from cti.pbx.dialect import Action, Frame
from cti.pbx.settings import PbxSettings
from tests.cti.link_contract import until
from tests.cti.scripted_pbx import BANNER, message, pause_event

SETTINGS = PbxSettings(name="hq", username="x")


class Line:
    """A transport that keeps what is written."""

    def __init__(self, waiting: int = 0) -> None:
        self.written: list[bytes] = []
        self.ended: list[str] = []
        self.waiting = waiting

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.ended.append("close")

    def abort(self) -> None:
        self.ended.append("abort")

    def get_write_buffer_size(self) -> int:
        return self.waiting


class Talk:
    """A conversation on a line, greeted already, and all it delivered."""

    def __init__(self, dialect: AsteriskDialect | None = None, line: Line | None = None) -> None:
        self.delivered: list[tuple[list[str], datetime]] = []
        self.tapped: list[tuple[bytes, datetime]] = []
        self.line = line or Line()
        self.talk = Conversation(SETTINGS, dialect or AsteriskDialect(SETTINGS), "s1", self.deliver, self.tap)
        self.talk.attach(self.line)
        self.talk.read(BANNER)

    def deliver(self, frames: Sequence[Frame], at: datetime) -> None:
        self.delivered.append(([frame.get(b"PausedReason") or frame.name for frame in frames], at))

    def tap(self, data: bytes, at: datetime) -> None:
        self.tapped.append((data, at))

    def names(self) -> list[str]:
        return [name for names, _ in self.delivered for name in names]

    async def ask(self, name: str = "QueueStatus", timeout_s: float = 5) -> tuple[asyncio.Task[list[Frame]], str]:
        """An open question and its ActionID."""
        written = len(self.line.written)
        task = asyncio.create_task(self.talk.ask(Action(name), timeout_s))
        await until(lambda: len(self.line.written) > written)
        return task, self.line.written[-1].decode().partition("ActionID: ")[2].partition("\r\n")[0]


def success(action_id: str, *lines: str) -> bytes:
    return message("Response: Success", f"ActionID: {action_id}", *lines)


async def test_each_read_has_one_instant() -> None:
    talk, before = Talk(), datetime.now(UTC)
    talk.talk.read(pause_event("a") + pause_event("b")[:10])
    talk.talk.read(pause_event("b")[10:] + pause_event("c"))
    assert [names for names, _ in talk.delivered] == [["a"], ["b", "c"]]
    assert [at for _, at in talk.delivered] == [at for _, at in talk.tapped[1:]]
    assert before <= talk.delivered[0][1] <= talk.delivered[1][1] <= datetime.now(UTC)
    assert talk.talk.last_event_at == talk.delivered[1][1]
    assert talk.talk.bytes_read == sum(len(data) for data, _ in talk.tapped)


async def test_the_greeting_is_told_when_it_is_whole() -> None:
    talk = Conversation(SETTINGS, AsteriskDialect(SETTINGS), "s", lambda *_: None)
    talk.read(BANNER[:5])
    assert not talk.greeted.done()
    talk.read(BANNER[5:])
    assert talk.greeted.result() is None


async def test_answers_find_their_questions_in_any_order() -> None:
    talk = Talk()
    (first, first_id), (second, second_id) = await talk.ask("Ping"), await talk.ask("Ping")
    assert first_id != second_id
    talk.talk.read(success(second_id, "Text: two") + pause_event("between") + success(first_id, "Text: one"))
    assert [frame.get(b"Text") for frame in await first] == ["one"]
    assert [frame.get(b"Text") for frame in await second] == ["two"]
    assert talk.names() == ["between"]


async def test_the_list_ends_with_its_own_last_entry() -> None:
    talk = Talk()
    task, mine = await talk.ask()
    entry = message("Event: AnyEntry", "Name: x", f"ActionID: {mine}")
    foreign = message("Event: OtherListComplete", "ActionID: other", "EventList: Complete")
    talk.talk.read(success(mine, "EventList: start") + entry + foreign + entry)
    assert not task.done()
    talk.talk.read(message("Event: AnyListComplete", f"ActionID: {mine}", "EventList: Complete") + entry)
    assert [frame.name for frame in await task] == ["Response", "AnyEntry", "AnyEntry", "AnyListComplete"]
    assert talk.names() == [], "what nobody wants goes nowhere"


async def test_at_once_comes_before_the_events_behind_the_answer() -> None:
    talk = Talk()
    task = asyncio.create_task(
        talk.talk.ask(Action("Login"), 5, lambda: talk.delivered.append((["at once"], datetime.now(UTC))))
    )
    await until(lambda: talk.line.written)
    mine = talk.line.written[0].decode().partition("ActionID: ")[2].partition("\r\n")[0]
    talk.talk.read(success(mine) + pause_event("behind"))
    assert talk.names() == ["at once", "behind"]
    await task


async def test_a_refusal_is_the_pbxs_own_words() -> None:
    talk = Talk()
    task, mine = await talk.ask("Originate")
    talk.talk.read(message("Response: Error", f"ActionID: {mine}", "Message: Permission denied"))
    with pytest.raises(ActionRefused, match="refused the action Originate: Permission denied"):
        await task


async def test_late_answers_and_those_to_nobody_are_passed_over() -> None:
    talk = Talk()
    task, mine = await talk.ask(timeout_s=0.01)
    with pytest.raises(LinkError, match=r"waited 0\.01 s"):
        await task
    assert not talk.talk.wire.answering
    talk.talk.read(success(mine) + success("never asked"))
    assert not talk.talk.ended.done()


async def test_a_cancelled_question_is_forgotten() -> None:
    talk = Talk()
    task, _ = await talk.ask()
    assert talk.talk.wire.answering
    task.cancel()
    await asyncio.wait({task})
    assert not talk.talk.wire.answering


async def test_an_answer_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "MAX_ANSWER_BYTES", 10_000)
    talk = Talk()
    task, mine = await talk.ask()
    talk.talk.read(success(mine, "EventList: start"))
    for _ in range(200):
        talk.talk.read(message("Event: Entry", f"ActionID: {mine}", "X: " + "y" * 100))
    with pytest.raises(LinkError, match="more than 10000 bytes"):
        await task
    assert not talk.talk.wire.answering


async def test_a_pbx_without_ids_answers_the_oldest_question() -> None:
    class InOrder(AsteriskDialect):
        def answers(self, frame: Frame) -> str | None:
            return "" if frame.name == "Response" else None

    talk = Talk(InOrder(SETTINGS))
    (first, _), (second, _) = await talk.ask("Ping"), await talk.ask("Ping")
    talk.talk.read(message("Response: Success", "Text: one") + message("Response: Success", "Text: two"))
    assert [(await task)[0].get(b"Text") for task in (first, second)] == ["one", "two"]


async def test_the_first_cause_of_the_end_counts_and_fails_every_question() -> None:
    talk = Talk()
    task, _ = await talk.ask()
    talk.talk.end(closed_here(SETTINGS))
    talk.talk.gone(ConnectionResetError("reset"))
    assert talk.talk.ended.result().ref == "link-closed"
    with pytest.raises(LinkError, match="link-closed"):
        await task
    assert talk.line.ended == ["abort"]


async def test_nothing_is_read_or_written_after_the_end() -> None:
    talk = Talk()
    talk.talk.end(closed_here(SETTINGS))
    talk.talk.read(pause_event("late"))
    with pytest.raises(LinkError, match="link-not-connected"):
        await talk.talk.ask(Action("Ping"), 1)
    assert (talk.delivered, talk.line.written, len(talk.tapped)) == ([], [], 1)


async def test_what_was_whole_before_a_fault_is_delivered() -> None:
    talk = Talk()
    talk.talk.read(pause_event("whole") + b"Event: Huge\r\nX: " + b"y" * (SETTINGS.max_frame_bytes + 10))
    assert talk.names() == ["whole"]
    assert talk.talk.ended.result().ref == "ami-frame-too-long"


async def test_nothing_is_sent_to_a_pbx_that_takes_nothing() -> None:
    talk = Talk(line=Line(waiting=conversation.MAX_UNSENT_BYTES + 1))
    with pytest.raises(LinkError, match="link-congested"):
        await talk.talk.ask(Action("Ping"), 1)
    assert talk.line.written == []
    assert not talk.talk.wire.answering


async def test_logging_off_asks_and_an_answer_is_awaited() -> None:
    talk = Talk()
    leaving = asyncio.create_task(talk.talk.log_off())
    await until(lambda: talk.line.written)
    assert talk.line.written[0].startswith(b"Action: Logoff\r\n")
    talk.talk.gone(None)
    await leaving
    await talk.talk.close()
    assert talk.line.ended == [], "the PBX has closed it"


async def test_a_line_that_does_not_close_is_torn_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "CLOSE_S", 0.01)
    talk = Talk()
    await talk.talk.close()
    assert talk.line.ended == ["close", "abort"]


async def test_a_conversation_that_never_had_a_line_is_closed_at_once() -> None:
    talk = Conversation(SETTINGS, AsteriskDialect(SETTINGS), "s", lambda *_: None)
    await talk.log_off()
    await talk.close()
    with pytest.raises(LinkError, match="link-not-connected"):
        talk.write("Ping", b"")
