"""What was removed is known by a digest, and stays known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from kpi import schema
from kpi.removed import Retained, digest_of, fetch_removed, fetch_retained, note_removed, note_retained, untold
from tests.kpi.stored import count

texts = st.text(max_size=30)


@given(texts, texts)
def test_a_digest_fits_a_whole_number_of_the_database(pbx: str, call_id: str) -> None:
    assert -(2**63) <= digest_of((pbx, call_id)) < 2**63


def test_pbx_and_id_do_not_run_into_each_other() -> None:
    assert digest_of(("a", "bc")) != digest_of(("ab", "c"))


async def test_what_was_noted_is_found(engine: AsyncEngine) -> None:
    keys = [("hq", str(n)) for n in range(1_500)]
    async with engine.begin() as connection:
        await note_removed(connection, keys)
        await note_removed(connection, keys[:3])
        assert await fetch_removed(connection, [*keys, ("rome", "1")]) == set(keys)
        assert await fetch_removed(connection, []) == set()
    assert await count(engine, schema.removed_calls) == 1_500


async def test_since_when_things_are_kept(engine: AsyncEngine) -> None:
    first, later = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    async with engine.begin() as connection:
        assert await fetch_retained(connection) == {}
        for since in (first, later, first):
            await note_retained(connection, Retained.NUMBERS, since)
        assert await fetch_retained(connection) == {Retained.NUMBERS: later}


def test_what_is_found_in_calls_is_known_as_far_back_as_they_are_whole() -> None:
    since = datetime(2026, 1, 10, tzinfo=UTC)
    assert untold({}, since, 7) == {}
    assert untold({Retained.CALLS: since - timedelta(days=8)}, since, 7) == {}
    week_before = {Retained.NUMBERS: since - timedelta(days=6)}
    assert untold(week_before, since, 7) == dict.fromkeys(("known", "repeated"), since + timedelta(days=1))
    gone = untold({Retained.CALLS: since + timedelta(days=1)}, since, 7)
    assert gone["most_at_once"] == gone["settled"] == since + timedelta(days=1)
    assert "coverage" not in gone
