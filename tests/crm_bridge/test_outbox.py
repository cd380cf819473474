"""What is to be told is kept until it has arrived: once by its key, on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.outbox import LEASE, Backlog, Entry, Outbox, OutboxError, Row, State, safe_key, storable
from crm_bridge.schema import metadata
from tests.crm_bridge.scene import START

NOTED = START + timedelta(minutes=2)


@pytest.fixture
def box(any_engine: AsyncEngine) -> Outbox:
    return Outbox(any_engine)


def entry(number: int, target: str = "crm:odoo", payload: str = "{}", after_s: float = 0.0) -> Entry:
    due_at = START + timedelta(seconds=after_s)
    return Entry(target=target, kind="call", key=f"main:{number}", payload=payload, due_at=due_at, match_key="+39335")


async def only(box: Outbox) -> Row:
    (row,) = await box.fetch()
    return row


async def test_the_same_again_changes_nothing(box: Outbox) -> None:
    assert await box.store([entry(1), entry(2)], START) == 2
    assert await box.store([entry(1), entry(2)], START + timedelta(hours=1)) == 0
    rows = await box.fetch()
    assert [(row.key, row.version, row.created_at) for row in rows] == [("main:2", 1, START), ("main:1", 1, START)]


async def test_what_is_due_is_given_out_in_order_and_to_one_only(box: Outbox) -> None:
    await box.store([entry(1, after_s=3), entry(2, after_s=1), entry(3, after_s=60), entry(4, "webhook:site")], START)
    now = START + timedelta(seconds=10)
    first = await box.claim("crm:odoo", 10, now)
    assert [row.key for row in first] == ["main:2", "main:1"]
    assert await box.claim("crm:odoo", 10, now) == []
    assert [row.key for row in await box.claim("webhook:site", 10, now)] == ["main:4"]


async def test_no_row_is_given_to_two_programs(box: Outbox) -> None:
    await box.store([entry(number) for number in range(40)], START)
    taken = await asyncio.gather(*(box.claim("crm:odoo", 10, START) for _ in range(8)))
    keys = [row.key for rows in taken for row in rows]
    assert len(keys) == len(set(keys))
    while rows := await box.claim("crm:odoo", 10, START):
        keys += [row.key for row in rows]
    assert sorted(keys) == sorted(f"main:{number}" for number in range(40))


async def test_what_a_dead_program_had_claimed_is_given_out_again(box: Outbox) -> None:
    await box.store([entry(1)], START)
    (dead,) = await box.claim("crm:odoo", 1, START)
    assert await box.claim("crm:odoo", 1, START + LEASE / 2) == []
    (again,) = await box.claim("crm:odoo", 1, START + LEASE)
    assert (again.key, again.claim == dead.claim) == ("main:1", False)
    await box.bury(dead, "too late")  # it was not dead: what it says now counts no more
    await box.finish(again, START, "77")
    assert ((await only(box)).state, (await only(box)).remote_id) == (State.DONE, "77")


async def test_a_start_frees_what_a_killed_program_had_claimed_where_no_other_can_be(
    box: Outbox, any_engine: AsyncEngine
) -> None:
    await box.store([entry(1)], START)
    await box.claim("crm:odoo", 1, START)
    await box.release()
    assert len(await box.claim("crm:odoo", 1, START)) == (any_engine.dialect.name == "sqlite")


async def test_what_changed_before_it_was_told_is_told_once_as_it_is_now(box: Outbox) -> None:
    await box.store([entry(1)], START)
    assert await box.store([entry(1, payload='{"a":1}')], START) == 1
    (row,) = await box.claim("crm:odoo", 10, START)
    assert (row.payload, row.version) == ('{"a":1}', 2)


async def test_what_changed_after_it_was_told_is_told_again(box: Outbox) -> None:
    await box.store([entry(1)], START)
    (row,) = await box.claim("crm:odoo", 1, START)
    await box.finish(row, START)
    assert await box.claim("crm:odoo", 1, START) == []
    later = START + timedelta(hours=1)
    await box.store([entry(1, payload='{"a":1}', after_s=3600)], later)
    (again,) = await box.claim("crm:odoo", 1, later)
    assert (again.payload, again.version, again.waiting_since) == ('{"a":1}', 2, later)


@pytest.mark.parametrize("end", ["finish", "bury"])
async def test_what_changed_while_it_was_being_told_waits_on(box: Outbox, end: str) -> None:
    await box.store([entry(1)], START)
    (row,) = await box.claim("crm:odoo", 1, START)
    await box.store([entry(1, payload='{"a":1}')], START)
    await (box.finish(row, START) if end == "finish" else box.bury(row, "refused"))
    (again,) = await box.claim("crm:odoo", 1, START)
    assert (again.payload, again.state) == ('{"a":1}', State.WAITING)


async def test_a_failed_attempt_is_counted_and_comes_again(box: Outbox) -> None:
    await box.store([entry(1)], START)
    (row,) = await box.claim("crm:odoo", 1, START)
    await box.postpone(row, START + timedelta(seconds=5), "no\nanswer\x00")
    assert await box.claim("crm:odoo", 1, START) == []
    (again,) = await box.claim("crm:odoo", 1, START + timedelta(seconds=5))
    assert (again.attempts, again.last_error) == (1, "no answer\ufffd")
    await box.postpone(again, START, "rests", tried=False)
    assert (await only(box)).attempts == 1


async def test_a_later_note_has_the_call_told_again_but_once(box: Outbox) -> None:
    await box.store([entry(1), entry(1, "crm:zoho")], START)
    for target in ("crm:odoo", "crm:zoho"):
        (row,) = await box.claim(target, 1, START)
        await box.finish(row, START, noted_at=NOTED if target == "crm:zoho" else None)
    assert await box.tell_again({"main:1": NOTED}, NOTED, NOTED) == 1
    (row,) = await box.claim("crm:odoo", 1, NOTED)
    await box.finish(row, NOTED, noted_at=NOTED)
    assert await box.tell_again({"main:1": NOTED}, NOTED, NOTED) == 0


async def test_dead_letters_are_seen_and_tried_again(box: Outbox) -> None:
    await box.store([entry(1), entry(2), entry(3, "crm:zoho")], START)
    for row in [*await box.claim("crm:odoo", 5, START), *await box.claim("crm:zoho", 5, START)]:
        await box.bury(row, "HTTP 422")
    assert [row.last_error for row in await box.fetch(State.DEAD)] == ["HTTP 422"] * 3
    assert await box.fetch_backlog(State.DEAD) == [
        Backlog("crm:odoo", State.DEAD, 2, START),
        Backlog("crm:zoho", State.DEAD, 1, START),
    ]
    later = START + timedelta(days=8)
    one = (await box.fetch(State.DEAD, "crm:zoho"))[0]
    assert await box.retry(later, target="crm:odoo") == 2
    assert [row.waiting_since for row in await box.claim("crm:odoo", 5, later)] == [later] * 2
    assert await box.retry(later, row_id=one.id) == 1
    assert await box.retry(later, row_id=4711) == 0


async def test_what_waits_is_tried_at_once_when_asked_for(box: Outbox) -> None:
    await box.store([entry(1, after_s=900)], START)
    assert await box.retry(START) == 0  # all dead letters: there is none
    assert await box.retry(START, row_id=(await only(box)).id) == 1
    assert len(await box.claim("crm:odoo", 1, START)) == 1


async def test_what_is_dropped_is_never_told(box: Outbox) -> None:
    await box.store([entry(1)], START)
    row_id = (await only(box)).id
    assert await box.drop(row_id, START)
    assert not await box.drop(row_id, START)
    await box.store([entry(1), entry(1, payload='{"a":1}')], START)
    assert (await only(box)).state is State.DROPPED
    assert await box.claim("crm:odoo", 1, START) == []


async def test_only_what_arrived_is_forgotten(box: Outbox) -> None:
    await box.store([entry(1), entry(2), entry(3)], START)
    rows = await box.claim("crm:odoo", 2, START)
    await box.finish(rows[0], START)
    await box.bury(rows[1], "no")
    assert await box.forget(START) == 0
    assert await box.forget(START + timedelta(seconds=1)) == 1
    assert {row.state for row in await box.fetch()} == {State.DEAD, State.WAITING}


async def test_hostile_text_is_stored(box: Outbox) -> None:
    key = safe_key("a\x00\ud800" * 200)
    await box.store([msgspec.structs.replace(entry(1, payload="'; --北"), key=key)], START)
    row = await only(box)
    assert (row.key, len(key), row.payload) == (key, 250, "'; --北")


def test_long_keys_that_differ_at_the_end_stay_two() -> None:
    assert safe_key("x" * 300 + "1") != safe_key("x" * 300 + "2")
    assert len(storable("x y\n" * 1_000)) == 500


async def test_a_database_without_the_table_is_told_without_what_was_stored(any_engine: AsyncEngine) -> None:
    async with any_engine.begin() as connection:
        await connection.run_sync(metadata.drop_all)
    with pytest.raises(OutboxError) as caught:
        await Outbox(any_engine).store([entry(1, payload="+393351234567")], START)
    assert caught.value.ref == "outbox-unreachable"
    assert "+39" not in str(caught.value)
