"""The running program lets go of what is old, and forgets at once who was erased by a command."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from kpi.reading import CallFilter
from offhook.database import make_engine
from offhook.privacy import work
from offhook.privacy.erasures import ErasureLog, Step
from offhook.privacy.settings import RetentionSettings
from offhook.privacy.work import PrivacyWork
from tests.cti.journaled import START
from tests.offhook.privacy.someone import MARIO, site, stored
from tests.pbx.lab.processes import free_port


async def test_who_was_erased_is_forgotten_once(tmp_path: Path) -> None:
    forgotten: list[bool] = []
    engine = make_engine("sqlite:///x.sqlite", beside=tmp_path)
    at_work = PrivacyWork(RetentionSettings(), engine, tmp_path, lambda: forgotten.append(True))
    at_work.look()
    assert forgotten == []
    ErasureLog(tmp_path).note(START, MARIO, Step.DONE)
    at_work.look()
    at_work.look()
    assert forgotten == [True]
    await engine.dispose()


async def test_it_goes_on_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "LOOK_S", 0.01)
    forgotten = asyncio.Event()
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, store):
        [call] = await store.fetch_calls(CallFilter())
        at_work = PrivacyWork(RetentionSettings(), engine, tmp_path, forgotten.set)
        await at_work.let_go(call.offered_at + timedelta(days=731))
        [kept] = await store.fetch_calls(CallFilter())
        assert kept.caller.number is None
        running = asyncio.create_task(at_work.run())
        ErasureLog(tmp_path).note(START, MARIO, Step.DONE)
        async with asyncio.timeout(60):
            await forgotten.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_database_that_is_away_ends_nothing(tmp_path: Path) -> None:
    engine = make_engine(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")
    await PrivacyWork(RetentionSettings(), engine, tmp_path, lambda: None).let_go(START)
    await engine.dispose()
