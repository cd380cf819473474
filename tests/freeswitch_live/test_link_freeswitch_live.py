"""The link with a real FreeSWITCH: how it comes in, what it is told of the present, and how it takes its leave."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from cti.link import ActionRefused, Link, LoginRefused
from cti.model import CallAnswered, CallEnded, CallEvent, OddityFound, PbxBack, PbxLost
from cti.pbx.freeswitch import FreeswitchDialect
from cti.pbx.settings import PbxSettings
from cti.switchboard import Switchboard
from tests.cable import Cable
from tests.cti.link_contract import until
from tests.freeswitch_live.exchange import Exchange
from tests.freeswitch_live.switch import AGENTS, DOMAIN
from tests.pbx.lab.scene import MARIO
from tests.pbx.lab.speech import talk_for

USER = f"offhook@{DOMAIN}"
WHOLE_SECONDS_S = 5  #: the PBX has them cut off, and the test may be late


class Watch:
    """A link at work with its switchboard; ``events`` are all that was told, ``heard`` every byte."""

    def __init__(self, exchange: Exchange, **changes: Any) -> None:
        given: dict[str, Any] = {
            "username": "offhook",
            "secret": exchange.pbx.secret,
            "port": exchange.pbx.ports.esl,
            "backoff_first_s": 0.05,
            **changes,
        }
        snapshot = given.pop("snapshot", False)
        settings = PbxSettings(name="lab", kind="freeswitch", **given)
        self.events: list[CallEvent] = []
        self.heard = bytearray()
        dialect = FreeswitchDialect(settings)
        self.board = Switchboard("lab", dialect, self.events.append)
        self.link = Link(
            settings,
            dialect,
            self.board.take,
            back=self.board.back,
            lost=self.board.lost,
            tap=self._tap,
            snapshot=snapshot,
        )

    def of(self, kind: type[CallEvent]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def _tap(self, data: bytes, _at: datetime) -> None:
        self.heard += data

    async def up(self) -> Link:
        await until(lambda: self.link.connected)
        return self.link


@contextlib.asynccontextmanager
async def watching(exchange: Exchange, **changes: Any) -> AsyncIterator[Watch]:
    watch = Watch(exchange, **changes)
    run = asyncio.create_task(watch.link.run())
    try:
        yield watch
    finally:
        await watch.link.close()
        await asyncio.wait({run})


@pytest.fixture
def lab(exchange: Exchange) -> Any:
    yield exchange
    exchange.clear()


async def talks(lab: Exchange) -> tuple[Any, Any]:
    """A caller of sales who talks with 101; their lines."""
    lab.log_in("101")
    caller = await asyncio.to_thread(lab.public[MARIO].call, "+390221000100", "Mario")
    anna = await asyncio.to_thread(lab.desks["101"].take)
    return caller, anna


async def test_it_comes_in_hears_and_takes_its_leave(lab: Exchange) -> None:
    async with watching(lab, keepalive_s=0.1) as watch:
        link = await watch.up()
        caller, _ = await talks(lab)
        await until(lambda: watch.of(CallAnswered))
        await asyncio.to_thread(caller.hang_up)
        await until(lambda: watch.of(CallEnded))
        await until(lambda: link.health().keepalive_s is not None)
        await link.close()
        assert b"Disconnected, goodbye" in watch.heard
    (call,) = [event.call for event in watch.of(CallEnded)]
    assert (call.queue, call.answered_by, call.outcome) == ("sales", ("101",), "answered")
    assert link.health().failures == {}


@pytest.mark.parametrize("username", ["offhook", USER, f"nobody@{DOMAIN}"])
async def test_a_wrong_password_ends_it_at_once(lab: Exchange, username: str) -> None:
    watch = Watch(lab, username=username, secret="wrong")
    with pytest.raises(LoginRefused) as refused:
        await watch.link.run()
    assert "wrong" not in str(refused.value)
    assert watch.events == []


async def test_an_address_that_the_acl_does_not_let_in_is_told_so(lab: Exchange) -> None:
    async with Cable(lab.pbx.ports.esl, "127.0.0.2") as cable, watching(lab, port=cable.port) as watch:
        await until(lambda: watch.link.health().attempts_failed >= 2)
        assert watch.link.last_error is not None
        assert watch.link.last_error.ref == "esl-turned-away"


async def test_a_user_of_its_own_hears_and_asks_all_that_it_needs_and_no_more(lab: Exchange) -> None:
    async with watching(lab, username=USER, secret=lab.pbx.user_secret, snapshot=True) as watch:
        link = await watch.up()
        await until(lambda: len(watch.board.tracker.agents()) == len(AGENTS))
        caller, _ = await talks(lab)
        await until(lambda: watch.of(CallAnswered))
        with pytest.raises(ActionRefused, match="permission denied"):
            await link.send("api originate user/102@pbx.lab 101")
        with pytest.raises(ActionRefused, match="permission denied"):
            await link.send("bgapi shutdown")
        await asyncio.to_thread(caller.hang_up)
        await until(lambda: watch.of(CallEnded))
        assert link.last_error is None
    assert watch.of(OddityFound) == []


async def test_who_comes_in_the_middle_of_a_call_knows_it(lab: Exchange) -> None:
    caller, anna = await talks(lab)
    await until(lambda: '"row_count":1' in lab.console.api("show bridged_calls as json"))
    async with watching(lab, snapshot=True) as watch:
        await until(lambda: watch.board.tracker.open_calls())
        (call,) = watch.board.tracker.open_calls()
        assert (call.caller.number, call.queue, call.answered_by) == (MARIO, "sales", ("101",))
        await asyncio.to_thread(anna.hang_up)
        await until(lambda: watch.of(CallEnded))
    (call,) = [event.call for event in watch.of(CallEnded)]
    assert (call.outcome, call.ended_by) == ("answered", "agent")
    assert watch.of(OddityFound) == []
    caller.wait_ended()


async def test_who_comes_while_a_phone_rings_pops_and_hears_the_rest(lab: Exchange) -> None:
    lab.log_in("103", "104")
    caller = await asyncio.to_thread(lab.public[MARIO].call, "+390221000200", "Mario")
    zofia = await asyncio.to_thread(lab.desks["103"].wait_line)
    await until(lambda: len(lab.channels()) == 3)
    async with watching(lab, snapshot=True) as watch:
        await until(lambda: watch.board.tracker.open_calls())
        (call,) = watch.board.tracker.open_calls()
        assert (call.queue, sorted(call.agents_rung)) == ("support", ["103", "104"])
        await asyncio.to_thread(zofia.answer)
        await until(lambda: watch.of(CallAnswered))
        await asyncio.to_thread(caller.hang_up)
        await until(lambda: watch.of(CallEnded))
    (call,) = [event.call for event in watch.of(CallEnded)]
    assert (call.answered_by, [stay.outcome for stay in call.stays]) == (("103",), ["answered"])


async def test_what_happened_while_it_was_cut_off_is_told_afterwards(lab: Exchange) -> None:
    slowly = {"snapshot": True, "backoff_first_s": 1.0}
    async with Cable(lab.pbx.ports.esl) as cable, watching(lab, port=cable.port, **slowly) as watch:
        await watch.up()
        caller, _ = await talks(lab)
        await until(lambda: watch.of(CallAnswered))
        cable.cut()
        await until(lambda: watch.of(PbxLost))
        await asyncio.to_thread(caller.hang_up)
        await until(lambda: watch.of(CallEnded))
        assert len(watch.of(PbxBack)) == 2
        assert watch.board.tracker.open_calls() == []
    (call,) = [event.call for event in watch.of(CallEnded)]
    assert (call.answered_by, call.outcome) == (("101",), "answered")


async def test_who_comes_while_a_caller_waits_in_a_fifo_knows_since_when(lab: Exchange) -> None:
    caller = await asyncio.to_thread(lab.public[MARIO].call, "+390221000400", "Mario")
    await until(lambda: 'status="WAITING"' in lab.console.api("fifo list"))
    joined_at = datetime.now(UTC)
    async with watching(lab, snapshot=True) as watch:
        await until(lambda: watch.board.tracker.open_calls())
        (call,) = watch.board.tracker.open_calls()
        (stay,) = call.stays
        assert (stay.queue, stay.position, call.queue) == ("orders", 1, "orders")
        assert abs((stay.joined_at - joined_at).total_seconds()) < WHOLE_SECONDS_S
        await asyncio.to_thread(caller.hang_up)
        await until(lambda: watch.of(CallEnded))
    (call,) = [event.call for event in watch.of(CallEnded)]
    assert (call.outcome, call.ended_by) == ("abandoned", "customer")
    assert watch.of(OddityFound) == []


async def test_who_comes_while_three_are_in_a_room_knows_that_they_talk(lab: Exchange) -> None:
    caller = await asyncio.to_thread(lab.public[MARIO].call, "+390221000101", "Mario")
    anna = await asyncio.to_thread(lab.desks["101"].take)
    await until(lambda: len(lab.channels()) == 2)
    lab.console.done(f"uuid_transfer {lab.leg_of(MARIO)} -both 3800 XML default")
    bruno = await asyncio.to_thread(lab.desks["102"].call, "3800")
    await until(lambda: lab.console.api("conference json_list").count('"join_time"') == 3)
    async with watching(lab, snapshot=True) as watch:
        await until(lambda: watch.board.tracker.open_calls())
        (call,) = watch.board.tracker.open_calls()
        assert sorted(call.answered_by) == ["101", "102"]
        await asyncio.to_thread(anna.hang_up)
        await asyncio.to_thread(talk_for, 1)
        await asyncio.to_thread(caller.hang_up)
        await until(lambda: watch.of(CallEnded))
        await asyncio.to_thread(bruno.hang_up)
    (call,) = [event.call for event in watch.of(CallEnded)]
    assert (call.outcome, call.ended_by) == ("answered", "customer")
