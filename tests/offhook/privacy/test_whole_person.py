"""A person with all of his numbers: found, given out and erased in one go; a shared line is left unless asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge import schema as book
from kpi.store import Store
from offhook.privacy.erasures import ErasureLog, Step
from offhook.privacy.kept import PersonError, fetch_kept, find_number
from offhook.privacy.whole_person import WholePerson, erase_whole, fetch_whole, plain_whole, whole_lines
from offhook.settings import Settings
from tests.kpi.stored import all_tallies
from tests.offhook.privacy.someone import (
    ITALY,
    MARIO,
    NAME,
    OFFICE,
    call_from,
    everything,
    interrupted,
    share,
    site,
    stored,
)


async def whole_of(settings: Settings, folder: Path, engine: AsyncEngine, *, shared_too: bool = False) -> WholePerson:
    return await fetch_whole(settings, folder, engine, find_number(MARIO, ITALY), shared_too=shared_too)


async def call_from_office(folder: Path, store: Store) -> None:
    await store.store_calls([call_from(folder, "02 5550 9999", "At the office", "office")])


async def test_nothing_is_left_by_any_of_his_numbers(tmp_path: Path, database_url: str) -> None:
    _, settings = site(tmp_path, database_url)
    async with stored(tmp_path, settings) as (engine, store):
        await call_from_office(tmp_path, store)
        before = await all_tallies(engine)
        office, mario = await erase_whole(settings, tmp_path, engine, await whole_of(settings, tmp_path, engine))
        left = await everything(engine)
        assert await all_tallies(engine) == before
        assert (await store.rebuild_tallies(mend=False)).different == 0
    assert (office.number, office.counts) == (OFFICE, {"calls": 1})
    assert (mario.number, mario.counts["calls"], mario.counts["customer_numbers"]) == (MARIO, 1, 2)
    assert [text for text in (NAME, "At the office", "mario@example.org") if text in left] == []
    assert not any(find_number(number, ITALY).holds(left) for number in (MARIO, OFFICE))
    assert "Carla Neri" in left


async def test_a_shared_line_is_left_and_named(tmp_path: Path, database_url: str) -> None:
    _, settings = site(tmp_path, database_url)
    async with stored(tmp_path, settings) as (engine, store):
        await call_from_office(tmp_path, store)
        await share(engine, OFFICE)
        person = await whole_of(settings, tmp_path, engine)
        await erase_whole(settings, tmp_path, engine, person)
        left = await everything(engine)
    assert person.others == ()
    lines = list(whole_lines(person))
    assert lines[-3:] == [
        f"left is {OFFICE}: another customer has it too, and who of them called is not known",
        "  customer 2: Carla Neri",
        "--shared-too takes the shared ones too, and the others' calls by them",
    ]
    assert NAME not in left
    assert "At the office" in left
    assert "Carla Neri" in left


async def test_a_shared_line_goes_when_it_is_asked_for_and_its_other_customer_stays(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, store):
        await call_from_office(tmp_path, store)
        await share(engine, OFFICE)
        person = await whole_of(settings, tmp_path, engine, shared_too=True)
        await erase_whole(settings, tmp_path, engine, person)
        left = await everything(engine)
    assert f"{OFFICE} is the number of others too: their calls by it lose it as well" in whole_lines(person)
    assert [text for text in (NAME, "At the office") if text in left] == []
    assert "Carla Neri" in left
    assert [(one.step, one.shared) for one in ErasureLog(tmp_path).read()] == [
        (Step.BEGUN, True),
        (Step.DONE, True),
        (Step.BEGUN, False),
        (Step.DONE, False),
    ]


@pytest.mark.parametrize("broken", ["crm_bridge.person_rows.erase_rows", "kpi.blanking.blank_person"])
async def test_interrupted_it_is_finished_by_the_same_command(tmp_path: Path, broken: str) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, store):
        await call_from_office(tmp_path, store)
        with interrupted(broken):
            await erase_whole(settings, tmp_path, engine, await whole_of(settings, tmp_path, engine))
        person = await whole_of(settings, tmp_path, engine)
        assert [kept.number.key for kept in person.others] == [OFFICE]
        await erase_whole(settings, tmp_path, engine, person)
        left = await everything(engine)
    assert [text for text in (NAME, "At the office") if text in left] == []


async def test_who_of_several_is_meant_has_to_be_said(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, _):
        await share(engine, MARIO)
        with pytest.raises(PersonError, match="2 customers"):
            await whole_of(settings, tmp_path, engine)
        person = await fetch_whole(settings, tmp_path, engine, find_number(MARIO, ITALY), [1])
    assert [kept.number.key for kept in person.others] == [OFFICE]


async def test_a_number_that_is_not_public_is_left_and_named(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, _):
        inside = {"customer_id": 1, "position": 2, "written": "4711", "match_key": "4711"}
        async with engine.begin() as connection:
            await connection.execute(insert(book.customer_numbers).values(inside))
        person = await whole_of(settings, tmp_path, engine)
    assert "left is 4711: 4711 is an extension of the house" in whole_lines(person)


async def test_each_other_number_is_shown_by_what_it_brings(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, store):
        assert f"by {OFFICE}, which is his too: nothing" in whole_lines(await whole_of(settings, tmp_path, engine))
        await call_from_office(tmp_path, store)
        person = await whole_of(settings, tmp_path, engine)
    assert f"by {OFFICE}, which is his too: 1 in calls" in whole_lines(person)
    assert not person.is_empty


async def test_of_one_number_only_the_others_are_named(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, _):
        person = WholePerson(main=await fetch_kept(settings, tmp_path, engine, find_number(MARIO, ITALY)))
    line = f"left are the same customer's other numbers: {OFFICE}; --all-numbers takes them too"
    assert line in whole_lines(person)


async def test_what_is_given_out_names_nobody_else(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, _):
        await share(engine, OFFICE)
        document = plain_whole(await whole_of(settings, tmp_path, engine))
    assert document["by_other_numbers"] == []
    assert [left["number"] for left in document["numbers_left"]] == [OFFICE]
    assert "Carla Neri" not in repr(document)


async def test_his_own_rows_are_given_out_once(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, store):
        await call_from_office(tmp_path, store)
        document = plain_whole(await whole_of(settings, tmp_path, engine))
    [office] = document["by_other_numbers"]
    assert office["number"] == OFFICE
    assert office["of_this_person"] == {}
    assert [call["caller"]["name"] for call in office["calls"]] == ["At the office"]
    assert document["of_this_person"]["customers"][0]["name"] == NAME
