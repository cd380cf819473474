"""Whoever was erased and is back is erased again; who shares a number with him is not."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from cti.model import Party
from kpi.reading import CallFilter
from offhook.database import make_engine
from offhook.privacy.erasing import erase
from offhook.privacy.erasing_again import Mark, erase_again, marks_of
from offhook.privacy.erasures import Erasure, ErasureLog, Step
from offhook.privacy.kept import Kept, fetch_kept, find_number
from offhook.privacy.whole_person import erase_whole, fetch_whole
from offhook.settings import Settings
from tests.cti.journaled import START
from tests.offhook.privacy.someone import (
    ITALY,
    MARIO,
    NAME,
    OFFICE,
    bring_back,
    call_from,
    everything,
    share,
    site,
    stored,
)

AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


async def kept_of(settings: Settings, folder: Path, engine: AsyncEngine, only: tuple[int, ...] = ()) -> Kept:
    return await fetch_kept(settings, folder, engine, find_number(MARIO, ITALY), only)


@asynccontextmanager
async def opened(settings: Settings, folder: Path) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(settings.store.url, beside=folder)
    try:
        yield engine
    finally:
        await engine.dispose()


async def test_who_is_back_is_erased_again(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    told: list[str] = []
    async with stored(tmp_path, settings) as (engine, _):
        assert await erase_again(settings, tmp_path, engine, told.append) == []
        await erase(settings, tmp_path, engine, await kept_of(settings, tmp_path, engine))
        await bring_back(engine)
        [erased] = await erase_again(settings, tmp_path, engine, told.append)
        assert erased.counts["customers"] == 1
        assert NAME not in await everything(engine)
        assert await erase_again(settings, tmp_path, engine, told.append) == []
    assert told == []


async def test_who_came_to_share_the_number_since_is_told_of(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    told: list[str] = []
    async with stored(tmp_path, settings) as (engine, _):
        await erase(settings, tmp_path, engine, await kept_of(settings, tmp_path, engine))
        await bring_back(engine)
        await share(engine, MARIO)
        assert await erase_again(settings, tmp_path, engine, told.append) == []
        assert NAME in await everything(engine)
    assert "2 customers have this number" in told[0]


async def test_of_a_shared_number_what_was_there_then_goes_and_what_came_since_stays(
    tmp_path: Path, database_url: str
) -> None:
    _, settings = site(tmp_path, database_url)
    told: list[str] = []
    async with stored(tmp_path, settings) as (engine, store):
        await share(engine, MARIO)
        await store.store_calls([call_from(tmp_path, MARIO, "Carla since", "since", START + timedelta(days=2))])
        [old, since] = sorted(await store.fetch_calls(CallFilter()), key=lambda call: call.offered_at)
        log = ErasureLog(tmp_path)
        log.note(START + timedelta(days=1), MARIO, Step.DONE, shared=True, who=["id:1"])
        [erased] = await erase_again(settings, tmp_path, engine, told.append)
        left = await everything(engine)
        assert await erase_again(settings, tmp_path, engine, told.append) == []
        by_id = {call.call_id: call for call in await store.fetch_calls(CallFilter())}
    assert (erased.counts["customers"], erased.counts["calls"], erased.counts["call_notes"]) == (1, 1, 1)
    assert NAME not in left
    assert "Carla Neri" in left
    assert by_id["since"] == since
    assert by_id[old.call_id].caller == Party()
    assert told == []
    assert [(one.step, one.shared) for one in log.read()] == [(Step.DONE, True), (Step.AGAIN, True)]


async def test_who_only_shares_the_number_is_not_taken_for_him(tmp_path: Path, database_url: str) -> None:
    _, settings = site(tmp_path, database_url)
    told: list[str] = []
    async with stored(tmp_path, settings) as (engine, _):
        await share(engine, MARIO)
        await erase(settings, tmp_path, engine, await kept_of(settings, tmp_path, engine, (1,)))
        before = await everything(engine)
        assert await erase_again(settings, tmp_path, engine, told.append) == []
        assert await everything(engine) == before
    assert told == []


async def test_a_restored_backup_loses_all_of_his_numbers_again(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    database, backup, told = tmp_path / "offhook.sqlite", tmp_path / "backup", list[str]()
    async with stored(tmp_path, settings) as (_, store):
        await store.store_calls([call_from(tmp_path, OFFICE, "At the office", "office")])
    shutil.copy(database, backup)
    async with opened(settings, tmp_path) as engine:
        person = await fetch_whole(settings, tmp_path, engine, find_number(MARIO, ITALY))
        await erase_whole(settings, tmp_path, engine, person)
    shutil.copy(backup, database)
    async with opened(settings, tmp_path) as engine:
        assert "At the office" in await everything(engine)
        erased = await erase_again(settings, tmp_path, engine, told.append)
        left = await everything(engine)
        assert await erase_again(settings, tmp_path, engine, told.append) == []
    assert {one.number: one.counts["calls"] for one in erased} == {MARIO: 1, OFFICE: 1}
    assert [text for text in (NAME, "At the office", "mario@example.org") if text in left] == []
    assert told == []


def test_the_log_is_summed_up_by_number() -> None:
    def line(step: Step, day: int, *, shared: bool = False, who: str = "") -> Erasure:
        at = AT + timedelta(days=day)
        return Erasure(at=at, digest="a", step=step, shared=shared, who=(who,) if who else ())

    lines = [line(Step.BEGUN, 1, who="x"), line(Step.DONE, 2, shared=True, who="y"), line(Step.AGAIN, 9)]
    assert marks_of(lines) == {"a": Mark(AT + timedelta(days=2), True, frozenset({"x", "y"}))}
    assert marks_of([]) == {}
