"""A person erased from everything: nothing of him is left, the figures stay, and an interruption is made good."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kpi.reading import CallFilter
from offhook.database import make_engine
from offhook.privacy.erasing import Erased, check_choice, erase, erased_lines, kept_lines
from offhook.privacy.erasures import ErasureLog, Step
from offhook.privacy.kept import Kept, PersonError, fetch_kept, find_number
from offhook.settings import Settings
from tests.kpi.stored import all_tallies
from tests.offhook.privacy.someone import (
    ITALY,
    MARIO,
    NAME,
    everything,
    interrupted,
    journal_text,
    journaled_calls,
    share,
    site,
    stored,
)


async def kept_of(settings: Settings, folder: Path, engine: AsyncEngine) -> Kept:
    return await fetch_kept(settings, folder, engine, find_number(MARIO, ITALY))


async def test_nothing_of_him_is_left(tmp_path: Path, database_url: str) -> None:
    _, settings = site(tmp_path, database_url)
    async with stored(tmp_path, settings) as (engine, store):
        before = await all_tallies(engine)
        erased = await erase(settings, tmp_path, engine, await kept_of(settings, tmp_path, engine))
        left = await everything(engine)
        assert (await kept_of(settings, tmp_path, engine)).is_empty
        assert await all_tallies(engine) == before
        assert (await store.rebuild_tallies(mend=False)).different == 0
    assert erased.counts["customers"] == 1
    assert erased.counts["calls"] == 1
    assert erased.counts["journal of main"] > 5
    assert not find_number(MARIO, ITALY).holds(left)
    assert NAME not in left
    assert "mario@example.org" not in left
    assert "his wife" not in left
    assert "Carla Neri" in left
    assert not find_number(MARIO, ITALY).holds(journal_text(tmp_path))
    assert NAME not in journal_text(tmp_path)


async def test_calls_told_again_from_the_journal_are_those_that_are_stored(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, store):
        await erase(settings, tmp_path, engine, await kept_of(settings, tmp_path, engine))
        kept = await store.fetch_calls(CallFilter())
        before = await all_tallies(engine)
        await store.store_calls(journaled_calls(tmp_path))
        assert await store.fetch_calls(CallFilter()) == kept
        assert await all_tallies(engine) == before
        assert kept[0].caller.number is None


async def test_nothing_of_him_is_left_in_the_file_of_the_database(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings):
        pass
    assert NAME.encode() in (tmp_path / "offhook.sqlite").read_bytes()
    engine = make_engine(settings.store.url, beside=tmp_path)
    await erase(settings, tmp_path, engine, await kept_of(settings, tmp_path, engine))
    await engine.dispose()
    left = (tmp_path / "offhook.sqlite").read_bytes()
    assert [one for one in (NAME, MARIO, "mario@example.org", "his wife") if one.encode() in left] == []


async def test_the_log_tells_of_it(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, _):
        erased = await erase(settings, tmp_path, engine, await kept_of(settings, tmp_path, engine))
    begun, done = ErasureLog(tmp_path).read()
    assert (begun.step, done.step, done.counts) == (Step.BEGUN, Step.DONE, erased.counts)


@pytest.mark.parametrize("broken", ["crm_bridge.person_rows.erase_rows", "kpi.blanking.blank_person"])
async def test_interrupted_it_is_finished_by_the_same_command(tmp_path: Path, broken: str) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, _):
        with interrupted(broken):
            await erase(settings, tmp_path, engine, await kept_of(settings, tmp_path, engine))
        kept = await kept_of(settings, tmp_path, engine)
        assert not kept.is_empty
        await erase(settings, tmp_path, engine, kept)
        assert (await kept_of(settings, tmp_path, engine)).is_empty
        assert NAME not in await everything(engine)
    assert [one.step for one in ErasureLog(tmp_path).read()] == [Step.BEGUN, Step.BEGUN, Step.DONE]


async def test_who_shares_the_number_is_not_erased_unasked(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, _):
        await share(engine, MARIO)
        kept = await kept_of(settings, tmp_path, engine)
        with pytest.raises(PersonError, match="2 customers") as caught:
            check_choice(kept, [])
        assert caught.value.ref == "person-shared-number"
        with pytest.raises(PersonError, match="customer 7"):
            check_choice(kept, [7])
        check_choice(kept, [1])
        number = find_number(MARIO, ITALY)
        only = await fetch_kept(settings, tmp_path, engine, number, [1])
        await erase(settings, tmp_path, engine, only)
        left = await everything(engine)
        assert NAME not in left
        assert "Carla Neri" in left
        assert MARIO in left
    assert f"{MARIO} is the number of others too: their calls by it lose it as well" in kept_lines(only)
    begun, done = ErasureLog(tmp_path).read()
    assert begun.shared and done.shared
    assert begun.who == done.who == (ErasureLog(tmp_path).digest("id:1"),)


async def test_it_is_shown_what_there_is_and_what_a_crm_has(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, _):
        lines = list(kept_lines(await kept_of(settings, tmp_path, engine)))
    assert lines[0] == f"about {MARIO} there is:"
    assert "customer 1: Mario Bianchi" in lines
    assert "odoo has this person's call as crm.phonecall,77: erase it there" in lines


def test_it_is_told_what_was_done_and_what_is_left() -> None:
    counts = {"call_notes": 2, "journal of main": 7}
    erased = Erased(number=MARIO, counts=counts, left=1, unreadable=("/x/events.ami.gz",))
    assert list(erased_lines(erased)) == [
        f"erased about {MARIO}: 2 in call notes, 7 in journal of main",
        "1 messages came while that was done: the person is on the telephone; erase again afterwards",
        "not read to its end, and overwritten as far as it goes: /x/events.ami.gz",
    ]
    assert list(erased_lines(Erased(number=MARIO, counts={}))) == [f"erased about {MARIO}: nothing was left to erase"]


async def test_a_call_told_anew_while_it_was_erased_stays_without_him(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, store):
        calls = journaled_calls(tmp_path)
        await erase(settings, tmp_path, engine, await kept_of(settings, tmp_path, engine))
        await store.store_calls(calls)
        assert NAME not in await everything(engine)
