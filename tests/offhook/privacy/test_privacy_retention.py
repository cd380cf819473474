"""What is old goes by the settings, batch by batch, and the figures stay."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from kpi.reading import CallFilter
from kpi.removed import Retained, fetch_retained
from offhook.privacy import retention
from offhook.privacy.retention import count_old, kinds, let_go, retention_lines
from offhook.privacy.settings import RetentionSettings
from tests.cti.journaled import START
from tests.kpi.calls import answered_call, at
from tests.kpi.stored import all_tallies
from tests.offhook.privacy.someone import NAME, everything, site, stored

EVERYTHING = RetentionSettings(
    calls_days=20, numbers_days=10, notes_days=10, oddities_days=10, choices_days=10, imports_days=10
)
KEPT = RetentionSettings(calls_days=0, numbers_days=0, notes_days=0, oddities_days=0, choices_days=0, imports_days=0)


def test_what_is_kept_for_ever_has_no_day() -> None:
    assert [kind.before for kind in kinds(KEPT, START)] == [None] * 6
    assert {kind.name: kind.before for kind in kinds(EVERYTHING, START)} == {
        "calls": START - timedelta(days=20),
        **dict.fromkeys(("numbers", "oddities", "notes", "choices", "imports"), START - timedelta(days=10)),
    }


async def test_numbers_go_first_and_calls_later(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PAUSE_S", 0)
    _, settings = site(tmp_path, database_url)
    async with stored(tmp_path, settings) as (engine, store):
        [call] = await store.fetch_calls(CallFilter())
        before = await all_tallies(engine)
        assert await let_go(engine, KEPT, call.offered_at + timedelta(days=5_000)) == dict.fromkeys(
            ("calls", "numbers", "oddities", "notes", "choices", "imports"), 0
        )
        soon, later = (call.offered_at + timedelta(days=days) for days in (11, 21))
        assert (await count_old(engine, EVERYTHING, soon))["numbers"] == 1
        assert (await let_go(engine, EVERYTHING, soon))["numbers"] == 1
        [kept] = await store.fetch_calls(CallFilter())
        assert (kept.caller.number, kept.caller.name) == (None, None)
        assert (await let_go(engine, EVERYTHING, later))["calls"] == 1
        assert await store.fetch_calls(CallFilter()) == []
        assert await all_tallies(engine) == before
        assert (await store.rebuild_tallies(mend=False)).different == 0
        assert (await let_go(engine, EVERYTHING, START + timedelta(days=11)))["notes"] == 1
        assert "his wife" not in await everything(engine)
        async with engine.connect() as connection:
            assert set(await fetch_retained(connection)) == set(Retained)


async def test_many_calls_go_in_many_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAUSE_S", 0)
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, store):
        await store.store_calls([answered_call(str(n), start=n) for n in range(450)])
        counts = await let_go(engine, RetentionSettings(calls_days=1, numbers_days=0), at(449) + timedelta(days=1))
        assert counts["calls"] == 449 + 1  # and the one of the recording
        assert {call.call_id for call in await store.fetch_calls(CallFilter(pbx="milan"))} == {"449"}
        assert NAME in await everything(engine)


def test_it_is_told_what_goes() -> None:
    settings = RetentionSettings(calls_days=0, numbers_days=730)
    counts = dict.fromkeys(("calls", "numbers", "oddities", "notes", "choices", "imports"), 1_234)
    lines = list(retention_lines(settings, counts, START, dry=True))
    assert lines[:2] == ["calls: kept for ever", "numbers: 1,234 older than 730 days (2024-11-21) would go"]
    assert list(retention_lines(settings, counts, START, dry=False))[1].endswith("went")
