"""The link with a FreeSWITCH: the same supervision, another conversation."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from cti.errors import OffhookError
from cti.link import ActionRefused, Link, LinkError, LoginRefused
from cti.model import CallEnded, CallEvent, CallStarted, OddityFound, PbxBack, PbxLost
from cti.pbx.freeswitch import FreeswitchDialect
from cti.pbx.settings import PbxSettings
from cti.recording import Recording
from cti.switchboard import Switchboard
from cti.wire.esl import EslFrame, EslWire
from tests.cti.esl_events import esl_bytes
from tests.cti.link_contract import until
from tests.cti.scripted_freeswitch import GOODBYE, PASSWORD, TURNED_AWAY, ScriptedFreeswitch

RECORDINGS = Path(__file__).parents[1] / "recordings" / "freeswitch"


class Line:
    """A link at work with its switchboard; ``events`` are all that was told."""

    driver = "native"

    def __init__(self, port: int, **changes: Any) -> None:
        given: dict[str, Any] = {"secret": PASSWORD, "backoff_first_s": 0.01, "backoff_max_s": 0.05, **changes}
        snapshot = given.pop("snapshot", False)
        settings = PbxSettings(name="hq", kind="freeswitch", port=port, username="offhook", driver=self.driver, **given)
        self.events: list[CallEvent] = []
        dialect = FreeswitchDialect(settings)
        self.board = Switchboard("hq", dialect, self.events.append)
        self.link = Link(
            settings, dialect, self.board.take, back=self.board.back, lost=self.board.lost, snapshot=snapshot
        )

    def count(self, kind: type[CallEvent]) -> int:
        return sum(isinstance(event, kind) for event in self.events)


@pytest.fixture(params=["native", "python-esl"], autouse=True)
def driver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Who reads the socket in this test."""
    if request.param == "python-esl" and find_spec("ESL") is None:
        pytest.skip("python-ESL is not installed; docs/drivers.md tells how it is built")
    monkeypatch.setattr(Line, "driver", request.param)
    return str(request.param)


@pytest.fixture
async def pbx() -> AsyncIterator[ScriptedFreeswitch]:
    async with ScriptedFreeswitch() as pbx:
        yield pbx


@contextlib.asynccontextmanager
async def running(pbx: ScriptedFreeswitch, **changes: Any) -> AsyncIterator[Line]:
    line = Line(pbx.port, **changes)
    run = asyncio.create_task(line.link.run())
    try:
        yield line
    finally:
        await line.link.close()
        await asyncio.wait({run})


async def up(line: Line) -> Link:
    await until(lambda: line.link.connected)
    return line.link


async def test_it_logs_in_then_asks_for_events_and_takes_leave(pbx: ScriptedFreeswitch) -> None:
    async with running(pbx) as line:
        await up(line)
        await until(lambda: line.count(PbxBack) == 1)
        assert [command.split()[0] for command in pbx.commands] == ["auth", "event"]
    assert pbx.commands[-1] == "exit"
    assert line.count(PbxLost) == 1


async def test_a_wrong_password_ends_it_at_once(pbx: ScriptedFreeswitch, driver: str) -> None:
    line = Line(pbx.port, secret="wrong")
    with pytest.raises(LoginRefused, match=r"refuses the log-in of user 'offhook'.*invalid") as refused:
        await line.link.run()
    assert "wrong" not in str(refused.value)
    assert pbx.asked("auth") == ["auth wrong"] * (2 if driver == "python-esl" else 1)  # the library does not say why
    assert line.events == []


async def test_a_refused_subscription_is_no_connection_and_is_tried_again(pbx: ScriptedFreeswitch) -> None:
    pbx.refused["event"] = "no keywords supplied"
    async with running(pbx) as line:
        await until(lambda: line.link.health().attempts_failed >= 2)
        assert isinstance(line.link.last_error, ActionRefused)
        assert line.events == []
        del pbx.refused["event"]
        await up(line)


async def test_an_address_that_is_turned_away_is_told_so(pbx: ScriptedFreeswitch) -> None:
    pbx.greeting = TURNED_AWAY
    async with running(pbx) as line:
        await until(lambda: line.link.health().attempts_failed >= 2)
        assert line.link.last_error is not None
        assert line.link.last_error.ref == "esl-turned-away"
    assert pbx.commands == []


async def test_calls_come_out_of_the_socket_as_out_of_a_recording(pbx: ScriptedFreeswitch) -> None:
    stream = gzip.decompress((RECORDINGS / "S10" / "events.esl.gz").read_bytes())
    frames = EslWire().feed(stream)
    async with running(pbx) as line:
        await up(line)
        pbx.send(stream[frames[3].offset :])
        await until(lambda: line.count(CallEnded) == 1)
        (call,) = [event.call for event in line.events if isinstance(event, CallEnded)]
        assert (call.answered_by, call.transfers[0].to) == (("101", "104"), "support")
        await until(lambda: line.link.health().events_read == len(frames) - 3)
        assert line.link.health().events_dropped > 0


async def test_the_present_is_asked_for_and_understood(pbx: ScriptedFreeswitch) -> None:
    wire = EslWire()
    for t, data in Recording(RECORDINGS / "S19").reads():
        if t < 2:  # three phones ring
            pbx.present.take(wire.feed(data))
    async with running(pbx, snapshot=True) as line:
        await until(lambda: len(line.board.tracker.open_calls()) == 1)
        (call,) = line.board.tracker.open_calls()
        assert (call.queue, set(call.agents_rung)) == ("support", {"103", "104", "105"})
        assert {agent.agent for agent in line.board.tracker.agents()} == {"101", "102", "103", "104", "105"}
        assert line.link.last_error is None
    assert len(pbx.asked("api uuid_dump")) == 3


async def test_a_pbx_without_queues_tells_its_calls_all_the_same(pbx: ScriptedFreeswitch) -> None:
    answer = pbx.present.answer
    refusal = "-ERR callcenter_config Command not found!\n"
    pbx.present.answer = lambda command: refusal if "callcenter" in command else answer(command)  # type: ignore[method-assign]
    stream = gzip.decompress((RECORDINGS / "S12" / "events.esl.gz").read_bytes())
    pbx.present.take(EslWire().feed(stream)[3:40])
    async with running(pbx, snapshot=True) as line:
        await until(lambda: len(line.board.tracker.open_calls()) == 1)
        assert line.link.last_error is None


async def test_after_a_loss_it_asks_again(pbx: ScriptedFreeswitch) -> None:
    async with running(pbx, snapshot=True) as line:
        await until(lambda: len(pbx.asked("api echo")) == 2)
        pbx.cut()
        await until(lambda: len(pbx.asked("api echo")) == 4)
        assert line.link.health().reconnects == 1
        assert (line.count(PbxBack), line.count(PbxLost)) == (2, 1)


async def test_keepalives_are_answered_and_a_silent_pbx_is_left(pbx: ScriptedFreeswitch) -> None:
    async with running(pbx, keepalive_s=0.02, keepalive_deadline_s=0.2) as line:
        await until(lambda: line.link.health().keepalive_s is not None)
        pbx.held.add("api status")
        await until(lambda: line.count(PbxLost) == 1)
        assert "link-peer-silent" in str([event.cause for event in line.events if isinstance(event, PbxLost)])


async def test_answers_find_their_questions_by_their_order(pbx: ScriptedFreeswitch) -> None:
    async with running(pbx) as line:
        link = await up(line)
        answers = await asyncio.gather(*(link.send(f"api echo {number}") for number in range(5)))
    assert [answer[0].get(b"_body") for answer in answers] == [str(number) for number in range(5)]


async def test_a_question_that_was_given_up_does_not_give_its_answer_to_the_next(pbx: ScriptedFreeswitch) -> None:
    async with running(pbx) as line:
        link = await up(line)
        pbx.held.add("api echo slow")
        with pytest.raises(LinkError, match="link-no-answer"):
            await link.send("api echo slow", timeout_s=0.05)
        next_one = asyncio.create_task(link.send("api echo quick"))
        await until(lambda: "api echo quick" in pbx.commands)
        pbx.release()
        assert (await next_one)[0].get(b"_body") == "quick"


async def test_a_refused_command_says_why_and_the_link_goes_on(pbx: ScriptedFreeswitch) -> None:
    async with running(pbx) as line:
        link = await up(line)
        with pytest.raises(ActionRefused, match="command not found"):
            await link.send("nonsense")
        (answer,) = await link.send("api nonsense")
        assert answer.get(b"_body") == "-ERR nonsense Command not found!\n"
        assert link.connected


async def test_a_line_break_in_a_command_never_leaves_the_house(pbx: ScriptedFreeswitch) -> None:
    async with running(pbx) as line:
        link = await up(line)
        for command, fields in (("api echo a\n\napi shutdown", ()), ("sendmsg u1", [("key", "a\rb")])):
            with pytest.raises(OffhookError, match="esl-line-break"):
                await link.send(command, fields)
    assert not pbx.asked("api")


@pytest.mark.parametrize(
    ("broken", "ref"),
    [
        (b"Content-Length: 104857600\nContent-Type: text/event-plain\n\n", "esl-frame-too-long"),
        (b"Content-Length: -1\nContent-Type: text/event-plain\n\n", "esl-bad-length"),
        (b"Content-Length: 20\nContent-Type: text/event-plain\n\nEvent-Name: X\nY: 1234", "esl-wrong-length"),
        (b"Content-Length: 9x\nContent-Type: text/event-plain\n\n", "esl-bad-length"),
        (b"Content-Length: 5\nContent-Length: 6\nContent-Type: text/event-plain\n\nabcdef", "esl-bad-length"),
        (b"Content-Type: api/response\nContent-Length: 104857600\n\n", "esl-frame-too-long"),
        (esl_bytes("HEARTBEAT", {}).replace(b"Content-Length: 2", b"Content-Length: 6") * 2, "esl-wrong-length"),
        (b"x" * 10_000, "esl-out-of-step"),
    ],
)
async def test_a_broken_stream_is_left_for_a_new_one(
    pbx: ScriptedFreeswitch, driver: str, broken: bytes, ref: str
) -> None:
    if driver == "python-esl":
        pytest.skip("python-ESL believes every length that it is told; see test_python_esl.py")
    async with running(pbx) as line:
        await up(line)
        pbx.send(esl_bytes("HEARTBEAT", {}) + broken)
        await until(lambda: line.count(PbxBack) == 2)
        (cause,) = [event.cause for event in line.events if isinstance(event, PbxLost)]
        assert f"[{ref}]" in cause


async def test_a_body_that_never_comes_is_left_by_the_keepalive(pbx: ScriptedFreeswitch) -> None:
    async with running(pbx, keepalive_s=0.05, keepalive_deadline_s=0.3) as line:
        await up(line)
        pbx.send(b"Content-Length: 900000\nContent-Type: text/event-plain\n\nEvent-Name: HEARTBEAT\n")
        await until(lambda: line.count(PbxBack) == 2)
        (cause,) = [event.cause for event in line.events if isinstance(event, PbxLost)]
        assert "[link-peer-silent]" in cause


def one_call(leg: str, name: str) -> bytes:
    """A caller who comes and hangs up; ``name`` stands there as it is, encoded or not."""
    headers = {
        "Unique-ID": leg,
        "Channel-Name": "sofia/external/x",
        "Call-Direction": "inbound",
        "Caller-Context": "public",
    }
    created = esl_bytes(
        "CHANNEL_CREATE", {**headers, "Caller-Caller-ID-Number": "+39021", "Caller-Caller-ID-Name": "NAME"}
    )
    own = created.partition(b"\n\n")[2].replace(b"NAME", name.encode())
    head = b"Content-Length: %d\nContent-Type: text/event-plain\n\n" % len(own)
    ended = {**headers, "Hangup-Cause": "NORMAL_CLEARING", "variable_sip_hangup_disposition": "recv_bye"}
    return head + own + esl_bytes("CHANNEL_HANGUP_COMPLETE", ended)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("%ZZ%4", "%ZZ%4"),
        ("%", "%"),
        ("a%00b", "a\0b"),
        ("%FF%FE", "\ufffd\ufffd"),
        ("x%0AEvent-Name: EVIL", "x\nEvent-Name: EVIL"),
    ],
)
async def test_broken_percent_encoding_is_a_strange_name_and_no_more(
    pbx: ScriptedFreeswitch, driver: str, sent: str, told: str
) -> None:
    if driver == "python-esl" and "%00" in sent:
        pytest.skip("a text of the C library ends at a NUL")
    async with running(pbx) as line:
        link = await up(line)
        pbx.send(one_call("u1", sent) + one_call("u2", "Mario"))
        await until(lambda: line.count(CallEnded) == 2)
        names = [event.call.caller.name for event in line.events if isinstance(event, CallEnded)]
        assert names == [told, "Mario"]
        assert link.connected
        assert link.health().reconnects == 0


@pytest.mark.parametrize("goodbye", [GOODBYE, b""], ids=["with a notice", "without a word"])
async def test_a_listener_that_is_killed_comes_back_and_no_call_is_lost_or_told_twice(
    pbx: ScriptedFreeswitch, goodbye: bytes
) -> None:
    """FreeSWITCH kills a listener that has lost 500 events; what went on meanwhile is asked for."""
    async with running(pbx, snapshot=True) as line:
        await until(lambda: len(pbx.asked("api echo")) == 2)
        begun, _, over = one_call("u1", "Mario").partition(b"Event-Name: CHANNEL_HANGUP_COMPLETE")
        head, _, rest = begun.rpartition(b"Content-Length: ")
        pbx.send(one_call("u0", "Anna") + head)
        await until(lambda: line.count(CallStarted) == 2)
        pbx.present.take(frames_in(head))
        pbx.send(goodbye)
        pbx.cut()
        await until(lambda: len(pbx.asked("api echo")) == 4)
        pbx.send(b"Content-Length: " + rest + b"Event-Name: CHANNEL_HANGUP_COMPLETE" + over)
        await until(lambda: line.count(CallEnded) == 2)
        ended = [event.call.call_id for event in line.events if isinstance(event, CallEnded)]
        assert ended == ["u0", "u1"]
        assert (line.count(PbxBack), line.count(PbxLost), line.count(OddityFound)) == (2, 1, 0)


def frames_in(data: bytes) -> list[EslFrame]:
    wire = EslWire()
    wire.resume(0)
    return wire.feed(data)
