"""Old rows go, some at a time, and younger ones stay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge import old_rows
from crm_bridge.old_rows import DATED, LASTING, count_old, remove_old
from crm_bridge.schema import customers, metadata
from tests.crm_bridge.scene import START

ROWS: dict[str, dict[str, Any]] = {
    "notes": {"pbx": "hq", "agent": "101", "note": "x"},
    "choices": {"customer_id": 1, "chosen_by": "101"},
    "imports": {
        "kind": "customers",
        "source": "c.csv",
        "sha256": "0",
        "rows_read": 1,
        "added": 1,
        "changed": 0,
        "unchanged": 0,
        "skipped": 0,
    },
}
KEYS = {"notes": "call_id", "choices": "match_key", "imports": "id"}


@pytest.mark.parametrize("kind", DATED)
async def test_old_ones_go_and_younger_ones_stay(
    engine: AsyncEngine, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(old_rows, "AT_ONCE", 2)
    table, at = DATED[kind]
    async with engine.begin() as connection:
        await connection.execute(insert(customers).values(id=1, identity_key="id:1", name="A", updated_at=START))
        for n in range(5):
            key = {KEYS[kind]: n if kind == "imports" else str(n)}
            row = ROWS[kind] | key | {at.name: START + timedelta(days=n)}
            await connection.execute(insert(table).values(row))
        before = START + timedelta(days=3)
        assert await count_old(connection, kind, before) == 3
        assert [await remove_old(connection, kind, before) for _ in range(3)] == [2, 1, 0]
        assert (await connection.execute(select(func.count()).select_from(table))).scalar_one() == 2


def test_of_each_table_it_is_known_how_long_it_lasts() -> None:
    """A new table: give it an age in ``DATED``, or say what its rows last as long as."""
    dated = {one.table.name for one in DATED.values()}
    assert dated | LASTING.keys() == set(metadata.tables)
    assert not dated & LASTING.keys()
