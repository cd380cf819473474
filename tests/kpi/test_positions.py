"""How far an import is, kept on both databases."""

from __future__ import annotations

import msgspec

from kpi.coverage import coverage
from kpi.gaps import Gap
from kpi.positions import Position
from kpi.store import Store
from tests.kpi.calls import at

HERE = Position(
    pbx="milan", source="queue_log /var/log", imported_at=at(0), offsets={"queue_log": 7, "cdr": 9},
    marks={"queue_log": "ab"}, covers_from=at(-600), covers_to=at(-300), calls=3, bad_lines=1,
)  # fmt: skip


async def test_a_position_is_kept_and_moved(store: Store) -> None:
    await store.store_position(HERE)
    assert await store.fetch_position("milan", HERE.source) == HERE
    further = msgspec.structs.replace(HERE, offsets={"queue_log": 70}, covers_to=at(-100), calls=8)
    await store.store_position(further)
    assert await store.fetch_position("milan", HERE.source) == further
    assert await store.fetch_position("rome", HERE.source) is None


async def test_logs_in_folders_with_long_names_are_told_apart_and_found_again(store: Store) -> None:
    folder = "/srv/" + "a-folder-of-a-site/" * 20
    for name in ("queue_log", "queue_log-2"):
        await store.store_position(msgspec.structs.replace(HERE, source=folder + name, calls=len(name)))
    for name in ("queue_log", "queue_log-2"):
        found = await store.fetch_position("milan", folder + name)
        assert found is not None
        assert (found.source, found.calls) == (folder + name, len(name))


async def test_what_was_imported_is_covered(store: Store) -> None:
    await store.store_position(HERE)
    await store.store_position(Position(pbx="milan", source="nothing yet", imported_at=at(0)))
    stretches = await store.fetch_imported("milan")
    assert stretches == [(at(-600), at(-300))]
    before = Gap(pbx="milan", began_at=at(-10_000), ended_at=at(0), cause="before Offhook")
    assert coverage(at(-600), at(0), [before], stretches) == 0.5
