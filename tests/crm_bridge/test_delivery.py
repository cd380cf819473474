"""Each target by itself: growing pauses, a week's patience, and no target waits for another."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from crm_bridge.activity import ActivityRefusedError
from crm_bridge.contact import SourceBusyError, SourceError, SourceRefusedError, SourceSparedError
from crm_bridge.delivery import Delivery, Receipt, backoff_s, words_of
from crm_bridge.outbox import Entry, Outbox, Row, State
from crm_bridge.schema import metadata
from tests.crm_bridge.scene import START, Clock, until

DAY_S = 86_400.0


class Mailbox:
    """A target that does what it is told to."""

    at_once = 2

    def __init__(self, name: str = "crm:odoo") -> None:
        self.name = name
        self.problem: BaseException | None = None
        self.bad: set[str] = set()
        self.got: list[str] = []
        self.asked = 0
        self.rest_s = 0.0
        self.gate: asyncio.Event | None = None

    def rest_left_s(self) -> float:
        return self.rest_s

    async def send(self, row: Row) -> Receipt:
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.problem is not None:
            raise self.problem
        if row.key in self.bad:
            raise ActivityRefusedError("crm-failed", "the CRM does not take this call", "HTTP 422")
        self.got.append(row.key)
        return Receipt(f"r{row.key}")


def down() -> SourceError:
    return SourceError("crm-unreachable", "crm.example.com cannot be reached", "connection refused")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(any_engine: AsyncEngine) -> Outbox:
    return Outbox(any_engine)


def deliver(box: Outbox, clock: Clock, *targets: Mailbox) -> Delivery:
    return Delivery(box, targets, now=clock, chance=lambda: 1.0)


async def fill(box: Outbox, count: int, target: str = "crm:odoo") -> None:
    entries = [
        Entry(target=target, kind="call", key=f"main:{n}", payload="{}", due_at=START + timedelta(milliseconds=n))
        for n in range(count)
    ]
    await box.store(entries, START)


async def look_until_idle(delivery: Delivery, target: Mailbox) -> None:
    while await delivery.look(target):
        pass


async def test_all_that_is_due_arrives_in_order(box: Outbox, clock: Clock) -> None:
    crm = Mailbox()
    delivery = deliver(box, clock, crm)
    await fill(box, 5)
    clock.pass_s(1)
    await look_until_idle(delivery, crm)
    assert crm.got == [f"main:{n}" for n in range(5)]
    rows = await box.fetch(State.DONE)
    assert [row.remote_id for row in rows[:1]] == ["rmain:4"]


async def test_a_crm_that_is_down_for_a_day_loses_nothing(box: Outbox, clock: Clock) -> None:
    crm = Mailbox()
    delivery = deliver(box, clock, crm)
    await fill(box, 6)
    crm.problem = down()
    for _ in range(24 * 12):
        clock.pass_s(300)
        await delivery.look(crm)
    assert crm.asked < 6 * 40  # no storm either
    assert "connection refused" in str(delivery.counts["crm:odoo"].last_error)
    assert crm.got == []
    crm.problem = None
    clock.pass_s(3600)
    await look_until_idle(delivery, crm)
    assert sorted(crm.got) == [f"main:{n}" for n in range(6)]
    assert delivery.counts["crm:odoo"].last_error is None
    assert await box.fetch(State.DEAD) == []


async def test_what_failed_for_a_week_is_a_dead_letter(box: Outbox, clock: Clock) -> None:
    crm = Mailbox()
    delivery = deliver(box, clock, crm)
    await fill(box, 1)
    crm.problem = down()
    for _ in range(7):
        clock.pass_s(DAY_S - 1)
        await delivery.look(crm)
    assert await box.fetch(State.DEAD) == []
    clock.pass_s(DAY_S)
    with capture_logs() as logs:
        await delivery.look(crm)
    (dead,) = await box.fetch(State.DEAD)
    assert "crm.example.com cannot be reached: connection refused" in (dead.last_error or "")
    assert [log["target"] for log in logs] == ["crm:odoo"]
    assert delivery.counts["crm:odoo"].buried == 1


async def test_what_is_refused_is_dead_at_once_and_the_others_go_on(box: Outbox, clock: Clock) -> None:
    crm = Mailbox()
    crm.bad = {"main:1"}
    delivery = deliver(box, clock, crm)
    await fill(box, 4)
    clock.pass_s(1)
    await look_until_idle(delivery, crm)
    assert crm.got == ["main:0", "main:2", "main:3"]
    assert [row.key for row in await box.fetch(State.DEAD)] == ["main:1"]


async def test_who_does_not_let_us_in_is_left_alone_and_loses_nothing(box: Outbox, clock: Clock) -> None:
    crm = Mailbox()
    delivery = deliver(box, clock, crm)
    await fill(box, 10)
    crm.problem = SourceRefusedError("crm-refused", "crm.example.com does not let us in", "HTTP 401")
    clock.pass_s(1)
    with capture_logs() as logs:
        await look_until_idle(delivery, crm)
        assert crm.asked == crm.at_once
        for _ in range(10):
            clock.pass_s(DAY_S)
            await delivery.look(crm)
    assert crm.asked == 11 * crm.at_once
    assert [log["target"] for log in logs] == ["crm:odoo"]
    waiting = await box.fetch(State.WAITING)
    assert len(waiting) == 10
    assert max(row.attempts for row in waiting) == 0
    crm.problem = None
    delivery.resume()
    await look_until_idle(delivery, crm)
    assert len(crm.got) == 10


async def test_who_asks_for_a_pause_gets_it(box: Outbox, clock: Clock) -> None:
    crm = Mailbox()
    delivery = deliver(box, clock, crm)
    await fill(box, 3)
    crm.problem = SourceBusyError("crm-busy", "it asks us to wait", "HTTP 429", "", 120.0)
    clock.pass_s(1)
    await look_until_idle(delivery, crm)
    crm.problem = None
    clock.pass_s(118)
    assert await delivery.look(crm) == 0
    clock.pass_s(2)
    await look_until_idle(delivery, crm)
    assert len(crm.got) == 3


async def test_who_rests_is_not_asked(box: Outbox, clock: Clock) -> None:
    crm = Mailbox()
    delivery = deliver(box, clock, crm)
    await fill(box, 1)
    clock.pass_s(1)
    crm.rest_s = 30.0
    assert await delivery.look(crm) == 0
    crm.rest_s = 0.0
    crm.problem = SourceSparedError("crm-resting", "the CRM is left alone after it failed")
    await look_until_idle(delivery, crm)
    (row,) = await box.fetch(State.WAITING)
    assert (row.attempts, row.due_at) == (0, START)


async def test_an_adapter_with_a_fault_stops_nothing(box: Outbox, clock: Clock) -> None:
    crm = Mailbox()
    crm.problem = ValueError("+393351234567")
    delivery = deliver(box, clock, crm)
    await fill(box, 1)
    await look_until_idle(delivery, crm)
    (row,) = await box.fetch(State.WAITING)
    assert row.last_error == "a fault of the program: ValueError"
    assert row.due_at == clock() + timedelta(seconds=5)


async def test_one_that_hangs_delays_no_other(box: Outbox, clock: Clock) -> None:
    stuck, well = Mailbox("crm:odoo"), Mailbox("crm:zoho")
    stuck.gate = asyncio.Event()
    await fill(box, 3, "crm:odoo")
    await fill(box, 20, "crm:zoho")
    clock.pass_s(1)
    delivery = deliver(box, clock, stuck, well)
    task = asyncio.create_task(delivery.run())
    try:
        await until(lambda: stuck.asked == stuck.at_once)
        delivery.wake()
        await until(lambda: len(well.got) == 20)
        stuck.gate.set()
        await until(lambda: len(stuck.got) == 3)
        await until(lambda: delivery.counts["crm:zoho"].delivered == 20)
        delivery.close()
        await asyncio.wait_for(task, 30)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_what_waits_is_counted(box: Outbox, clock: Clock) -> None:
    crm = Mailbox()
    delivery = deliver(box, clock, crm)
    crm.bad = {"main:0"}
    await fill(box, 4)
    await delivery.look(crm)
    await delivery.measure()
    counts = delivery.counts["crm:odoo"]
    assert (counts.waiting, counts.dead, counts.oldest_at, counts.failed) == (3, 1, START, 1)
    clock.pass_s(1)
    await look_until_idle(delivery, crm)
    clock.pass_s(31 * DAY_S)
    assert await delivery.forget() == 3
    await delivery.measure()
    assert (counts.waiting, counts.dead, counts.oldest_at) == (0, 1, None)
    assert delivery.left_over == 0


async def test_what_waits_for_nobody_of_the_settings_is_counted_apart(box: Outbox, clock: Clock) -> None:
    crm = Mailbox()
    delivery = deliver(box, clock, crm)
    crm.bad = {"main:0"}
    await fill(box, 4)
    await delivery.look(crm)
    renamed = deliver(box, clock)
    await renamed.measure()
    assert (renamed.counts, renamed.left_over) == ({}, 4)


async def test_a_database_that_is_away_is_waited_for(
    box: Outbox, any_engine: AsyncEngine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_bridge.delivery.AWAY_PAUSE_S", 0.01)
    crm = Mailbox()
    async with any_engine.begin() as connection:
        await connection.run_sync(metadata.drop_all)
    with capture_logs() as logs:
        task = asyncio.create_task(deliver(box, clock, crm).run())
        try:
            await until(lambda: logs)
            async with any_engine.begin() as connection:
                await connection.run_sync(metadata.create_all)
            await fill(box, 1)
            await until(lambda: crm.got)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def test_pauses_grow_up_to_an_hour_and_are_spread() -> None:
    assert [backoff_s(attempts, 1.0) for attempts in range(1, 5)] == [5.0, 10.0, 20.0, 40.0]
    assert backoff_s(10_000, 1.0) == 3600.0
    assert backoff_s(10_000, 0.0) == 1800.0


def test_an_error_names_no_customer() -> None:
    assert words_of(TimeoutError()) == "no answer in time"
    assert words_of(KeyError("Anna Rossi")) == "a fault of the program: KeyError"
    assert words_of(down()).startswith("crm.example.com cannot be reached")
