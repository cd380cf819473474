"""The running sums equal the store's."""

from __future__ import annotations

from kpi.batch import Stored
from kpi.store import Store
from kpi.totals import Totals
from tests.kpi.calls import abandoned_call, answered_call


async def test_moved_by_what_was_committed_they_equal_the_store(store: Store) -> None:
    totals = Totals()
    await store.store_call(answered_call("before", start=-5_000))
    totals.replace(await store.fetch_totals(), await store.fetch_oddity_counts())
    for batch in ([answered_call("1"), abandoned_call("2")], [answered_call("2", talk=99)], [answered_call("1")]):
        totals.add(await store.store_calls(batch))
        assert totals.tallies == await store.fetch_totals()


def test_what_is_taken_over_is_not_changed_elsewhere() -> None:
    totals, oddities = Totals(), {("milan", "leg-arrow"): 1}
    totals.replace({}, oddities)
    totals.add(Stored(oddities={("milan", "leg-arrow"): 2, ("rome", "leg-arrow"): 1}))
    assert totals.oddities == {("milan", "leg-arrow"): 3, ("rome", "leg-arrow"): 1}
    assert oddities == {("milan", "leg-arrow"): 1}
