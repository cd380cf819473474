"""The gap ledger on both databases: from the PBX's events, over crashes, written twice."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial

import msgspec
import pytest

from cti.model import CallEnded, CallEvent, Origin, PbxBack, PbxLost
from kpi.batch import Batch, Mark
from kpi.columns import EPOCH
from kpi.coverage import coverage
from kpi.gaps import BEFORE, NOT_RUNNING, Alive, Gap, StreamBack, StreamLost, StreamMissed
from kpi.store import Store
from tests.kpi.calls import answered_call, at
from tests.kpi.recorded_run import recording, until

NOWHERE = Origin("milan", "", 0, "lost")


def lost(second: float) -> CallEvent:
    return PbxLost(at=at(second), origin=NOWHERE, pbx="milan", cause="the line is cut")


def back(second: float) -> CallEvent:
    return PbxBack(at=at(second), origin=NOWHERE, pbx="milan")


def call_ended(call_id: str, second: float) -> CallEvent:
    origin = Origin("milan", "s1", 1_000, "Hangup")
    return CallEnded(at=at(second), origin=origin, call=answered_call(call_id))


running = partial(recording, pbxs=["milan"])


def spans(gaps: list[Gap]) -> list[tuple[datetime, datetime | None, str]]:
    return [(gap.began_at, gap.ended_at, gap.cause) for gap in gaps]


async def test_the_time_before_the_first_connection_is_history(store: Store) -> None:
    async with running(store) as (feed, recorder):
        feed.publish(back(0))
    assert spans(await store.fetch_gaps()) == [(EPOCH, at(0), BEFORE)]
    assert spans(list(recorder.totals.gaps.values())) == [(EPOCH, at(0), BEFORE)]


async def test_a_cut_line_is_a_gap_from_the_loss_to_the_return(store: Store) -> None:
    async with running(store) as (feed, recorder):
        for event in (back(0), lost(100), back(160), lost(300)):
            feed.publish(event)
        await until("both gaps told", lambda: len(recorder.totals.gaps) == 3)
        assert spans(sorted(recorder.totals.gaps.values(), key=lambda gap: gap.began_at))[1:] == [
            (at(100), at(160), "the line is cut"),
            (at(300), None, "the line is cut"),
        ]
    gaps = await store.fetch_gaps(since=at(0))
    assert spans(gaps) == [(at(100), at(160), "the line is cut"), (at(300), None, "the line is cut")]
    assert coverage(at(0), at(600), gaps) == pytest.approx(0.4)


async def test_a_gap_that_was_open_at_the_end_of_the_program_ends_with_the_next_connection(store: Store) -> None:
    async with running(store) as (feed, _):
        feed.publish(back(0))
        feed.publish(lost(100))
    async with running(store) as (feed, _):
        feed.publish(back(500))
    assert spans(await store.fetch_gaps(since=at(0))) == [(at(100), at(500), "the line is cut")]


async def test_a_crash_leaves_a_gap_from_the_last_time_known(store: Store) -> None:
    async with running(store) as (feed, recorder):
        feed.publish(back(0))
        feed.publish(call_ended("1", 67))
        await until("stored", lambda: recorder.stored == 1)
    async with running(store) as (feed, _):
        feed.publish(back(500))
        feed.publish(call_ended("2", 600))
    assert spans(await store.fetch_gaps(since=at(0))) == [(at(67), at(500), NOT_RUNNING)]


async def test_what_the_journal_knows_is_no_gap(store: Store) -> None:
    await store.store(Batch(marks=(Mark(pbx="milan", session="s1", byte_offset=1, seen_at=at(67)),)))
    async with running(store, known_until=lambda pbx: at(400) if pbx == "milan" else None) as (feed, _):
        feed.publish(back(500))
    assert spans(await store.fetch_gaps()) == [(at(400), at(500), NOT_RUNNING)]


async def test_calls_read_again_from_the_journal_move_the_last_time_known(store: Store) -> None:
    await store.store(Batch(marks=(Mark(pbx="milan", session="s1", byte_offset=1, seen_at=at(67)),)))
    async with running(store) as (feed, _):
        feed.publish(call_ended("2", 300))
        feed.publish(back(500))
    assert spans(await store.fetch_gaps()) == [(at(300), at(500), NOT_RUNNING)]


async def test_what_the_journal_shows_was_not_seen_is_in_the_ledger_once(store: Store) -> None:
    """The turns of a connection may have been lost with the process, all or half of them, or be in the store."""
    missed = Batch(turns=(StreamMissed("milan", at(10), at(20), "ended"),))
    await store.store(missed)
    assert spans(await store.fetch_gaps()) == [(at(10), at(20), "ended")]
    assert (await store.store(missed)).gaps == ()
    await store.store(Batch(turns=(StreamLost("milan", at(31), "cut"),)))
    half = await store.store(Batch(turns=(StreamMissed("milan", at(30), at(40), "ended"),)))
    assert spans(list(half.gaps)) == [(at(31), at(40), "cut")]
    await store.store(Batch(turns=(StreamMissed("milan", at(30.5), at(39), "ended"),)))
    assert spans(await store.fetch_gaps()) == [(at(10), at(20), "ended"), (at(31), at(40), "cut")]


async def test_a_store_that_knows_nothing_hears_from_the_journal_when_it_began(store: Store) -> None:
    before = Batch(turns=(StreamMissed("milan", EPOCH, at(10), "ended"),))
    await store.store(before)
    await store.store(before)
    assert spans(await store.fetch_gaps()) == [(EPOCH, at(10), BEFORE)]


async def test_on_a_quiet_night_the_store_hears_that_all_is_seen(store: Store) -> None:
    async with running(store, heartbeat_s=0.02) as (feed, _):
        feed.publish(back(0))
        feed.publish(call_ended("1", 67))

        mark = Mark(pbx="milan")
        async with asyncio.timeout(20):
            while mark.session is None or mark.seen_at == at(67):
                mark = (await store.fetch_marks()).get("milan", mark)
        assert (mark.session, mark.byte_offset) == ("s1", 1_000)
        assert mark.seen_at is not None
        assert mark.seen_at > at(67)


async def test_while_the_line_is_cut_nobody_says_that_all_is_seen(store: Store) -> None:
    async with running(store, heartbeat_s=0.01) as (feed, recorder):
        feed.publish(back(0))
        feed.publish(lost(1))
        feed.publish(call_ended("1", 67))
        await until("stored", lambda: recorder.stored == 1)
        await recorder.close()
    assert (await store.fetch_marks())["milan"].seen_at == at(67)


async def test_a_turn_written_twice_changes_nothing(store: Store) -> None:
    first = Batch(turns=(StreamBack("milan", at(0), first=True),))
    cut = Batch(turns=(StreamLost("milan", at(10), "cut"), StreamBack("milan", at(20))))
    restarted = Batch(turns=(StreamBack("milan", at(50), first=True),))
    await store.store(Batch(alive=(Alive("milan", at(5)),), turns=first.turns))
    for batch in (first, cut, cut, restarted, restarted):
        await store.store(batch)
    assert spans(await store.fetch_gaps()) == [
        (EPOCH, at(0), BEFORE),
        (at(5), at(50), NOT_RUNNING),
        (at(10), at(20), "cut"),
    ]


async def test_a_loss_told_twice_begins_once(store: Store) -> None:
    turns = (
        StreamLost("milan", at(10), "cut"),
        StreamLost("milan", at(11), "still cut"),
        StreamLost("rome", at(9), "x"),
    )
    stored = await store.store(Batch(turns=turns))
    assert spans(list(stored.gaps)) == [(at(10), None, "cut"), (at(9), None, "x")]


async def test_a_clock_set_back_makes_no_gap(store: Store) -> None:
    await store.store(Batch(alive=(Alive("milan", at(100)),)))
    await store.store(Batch(alive=(Alive("milan", at(90)),), turns=(StreamBack("milan", at(50), first=True),)))
    assert await store.fetch_gaps() == []
    assert (await store.fetch_marks())["milan"].seen_at == at(100)


async def test_gaps_are_found_by_time_and_pbx(store: Store) -> None:
    turns = [StreamLost(pbx, at(10 * n), "cut") for n, pbx in enumerate(("milan", "rome"))]
    ends = [StreamBack(pbx, at(10 * n + 5)) for n, pbx in enumerate(("milan", "rome"))]
    await store.store(Batch(turns=(*turns, *ends, StreamLost("milan", at(90), "cut"))))
    assert spans(await store.fetch_gaps(at(5), at(90))) == [(at(10), at(15), "cut")]
    assert len(await store.fetch_gaps(at(4), at(91))) == 3
    assert len(await store.fetch_gaps(pbx="milan")) == 2


async def test_what_is_said_of_a_filling_is_kept(store: Store) -> None:
    [gap] = (await store.store(Batch(turns=(StreamLost("milan", at(10), "cut"), StreamBack("milan", at(20)))))).gaps
    filled = msgspec.structs.replace(gap, filled_from="queue_log", filled_at=at(30), calls_filled=4, still_missing="x")
    await store.store_filled(filled)
    assert await store.fetch_gaps() == [filled]
