"""Consents in the book."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.book import CustomerBook
from crm_bridge.consent import Channel, Consent, Decision
from crm_bridge.consent_book import IMPORT, fetch_consents, fetch_history, holding, store_consents
from crm_bridge.import_customers import import_file
from crm_bridge.schema import customer_consents, customers
from tests.crm_bridge.scene import HOSTILE, START

AGENT = "Dana (104)"
HEAD = "id,name,phone,do_not_call"
LETTER = HOSTILE.replace('"', "")


def said(decision: Decision, on: date | None = None, source: str = "letter") -> Consent:
    return Consent(channel=Channel.PHONE, decision=decision, source=source, on=on)


@pytest.fixture
async def customer(engine: AsyncEngine) -> int:
    async with engine.begin() as connection:
        await connection.execute(insert(customers).values(id=1, identity_key="id:1", name="Anna", updated_at=START))
    return 1


async def tell(engine: AsyncEngine, *words: Consent, by: str = IMPORT, at: datetime = START) -> bool:
    async with engine.begin() as connection:
        return bool(await store_consents(connection, {1: words}, by, at))


async def held(engine: AsyncEngine) -> Sequence[Consent]:
    async with engine.connect() as connection:
        return holding((await fetch_consents(connection, [1])).get(1, ()))


async def test_the_newest_day_counts_whenever_it_is_told(engine: AsyncEngine, customer: int) -> None:
    refused = said(Decision.REFUSED, date(2026, 5, 1))
    assert await tell(engine, refused, by=AGENT)
    assert await tell(engine, said(Decision.GIVEN, date(2025, 5, 1)), at=START + timedelta(days=1))
    assert await held(engine) == (refused,)


async def test_the_same_again_is_nothing_new(engine: AsyncEngine, customer: int) -> None:
    assert await tell(engine, said(Decision.REFUSED))
    assert not await tell(engine, said(Decision.REFUSED), at=START + timedelta(days=1))


async def test_a_list_that_says_the_same_every_night_does_not_undo_what_an_agent_was_told(
    engine: AsyncEngine, customer: int
) -> None:
    await tell(engine, said(Decision.GIVEN))
    await tell(engine, said(Decision.WITHDRAWN), by=AGENT, at=START + timedelta(hours=1))
    await tell(engine, said(Decision.GIVEN), at=START + timedelta(days=1))
    assert await held(engine) == (said(Decision.WITHDRAWN),)


async def test_a_cleared_check_box_ends_only_the_lists_own_refusal(engine: AsyncEngine, customer: int) -> None:
    assert not await tell(engine, said(Decision.LIFTED))
    await tell(engine, said(Decision.REFUSED, date(2026, 1, 1)))
    assert await tell(engine, said(Decision.LIFTED), at=START + timedelta(days=1))
    assert await held(engine) == ()
    assert await tell(engine, said(Decision.REFUSED, date(2026, 1, 1)), at=START + timedelta(days=2))
    assert [one.decision for one in await held(engine)] == [Decision.REFUSED]
    await tell(engine, said(Decision.REFUSED), by=AGENT, at=START + timedelta(days=3))
    assert not await tell(engine, said(Decision.LIFTED), at=START + timedelta(days=4))
    assert [one.decision for one in await held(engine)] == [Decision.REFUSED]


async def test_a_day_to_come_counts_from_today(engine: AsyncEngine, customer: int) -> None:
    await tell(engine, said(Decision.GIVEN, date(2999, 1, 1)))
    await tell(engine, said(Decision.REFUSED), by=AGENT, at=START + timedelta(minutes=1))
    assert [one.decision for one in await held(engine)] == [Decision.REFUSED]


async def test_history_is_kept(engine: AsyncEngine, customer: int) -> None:
    for n, decision in enumerate((Decision.GIVEN, Decision.WITHDRAWN, Decision.GIVEN)):
        await tell(engine, said(decision), at=START + timedelta(days=n))
    async with engine.connect() as connection:
        kept = (await fetch_consents(connection, [1]))[1]
    assert [one.consent.decision.value for one in kept] == ["given", "withdrawn", "given"]
    assert {one.recorded_by for one in kept} == {IMPORT}
    assert kept[0].recorded_at == START


async def test_the_history_of_a_whole_has_that_of_his_parts(engine: AsyncEngine, customer: int) -> None:
    async with engine.begin() as connection:
        part = {"id": 2, "identity_key": "id:2", "name": "Anna R", "updated_at": START, "merged_into": 1}
        await connection.execute(insert(customers).values(part))
        await store_consents(connection, {2: [said(Decision.REFUSED)]}, AGENT, START + timedelta(days=1))
        await store_consents(connection, {1: [said(Decision.GIVEN)]}, AGENT, START)
        assert [one.consent.decision.value for one in await fetch_history(connection, 1)] == ["given", "refused"]


async def test_an_import_tells_consents_and_the_same_file_again_changes_nothing(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    path = tmp_path / "c.csv"
    path.write_text(f'{HEAD},consent_date,consent_source\n1,Anna,3351234567,yes,2026-03-03,"{LETTER}"\n')
    first = await import_file(engine, path, region="IT")
    assert (first.stored, first.added, first.changed) == (True, 1, 0)
    again = await import_file(engine, path, region="IT")
    assert (again.added, again.changed, again.unchanged) == (0, 0, 1)
    anna = await CustomerBook(engine).get("1")
    assert anna is not None
    assert [one.words for one in anna.no_calls] == [f"Do not call: refused 3 Mar 2026, {LETTER}"]
    path.write_text(f"{HEAD}\n1,Anna,3351234567,no\n")
    cleared = await import_file(engine, path, region="IT")
    assert (cleared.added, cleared.changed, cleared.unchanged) == (0, 1, 0)
    anna = await CustomerBook(engine).get("1")
    assert anna is not None
    assert anna.consents == ()
    async with engine.connect() as connection:
        assert (await connection.execute(select(func.count()).select_from(customer_consents))).scalar_one() == 2


async def test_a_consent_that_cannot_be_read_is_a_bad_row(engine: AsyncEngine, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("id,name,Consenso telefono\n1,Anna,forse\n")
    report = await import_file(engine, path, region="IT")
    assert not report.stored
    assert str(report.bad[0]) == 'line 2, Consenso telefono: "forse" is no consent; write given, refused or withdrawn'
