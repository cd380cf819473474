"""Days that have been."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone

from cti.model import Party
from kpi.schema import SpanKind
from offhook.simulator.history import History
from offhook.simulator.people import Public
from offhook.simulator.sites import DEMO
from offhook.simulator.traffic import Traffic

ROME = timezone(timedelta(hours=1))
THURSDAY = datetime(2026, 11, 19, tzinfo=ROME)
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=ROME)  # a Monday
TRAFFIC = Traffic(calls_per_hour=20.0)


def history(seed: int = 1) -> History:
    public = Public(random.Random(seed), [Party("+442079460001", "Mary Smith")])
    return History("demo", DEMO, public, TRAFFIC, began_at=THURSDAY, ends_at=NOW, seed=seed)


def test_calls_are_in_the_past_and_over() -> None:
    past = history()
    calls = [call for batch in past.batches() for call in batch.calls]
    assert past.calls == len(calls) > 100
    assert len({call.call_id for call in calls}) == len(calls)
    for call in calls:
        assert call.pbx == "demo"
        assert call.ended_at is not None
        assert call.outcome is not None
        assert THURSDAY <= call.offered_at <= call.ended_at <= NOW
        assert call.offered_at.tzinfo is UTC


def test_weekdays_are_busy_and_nights_and_sundays_are_not() -> None:
    batches = list(history().batches())
    thursday, friday, _, sunday, monday, _ = (len(batch.calls) for batch in batches)
    assert min(thursday, friday, monday) > 5 * sunday
    hours = [call.offered_at.astimezone(ROME).hour for batch in batches for call in batch.calls]
    assert sum(8 <= hour < 19 for hour in hours) > 0.9 * len(hours)


def test_agents_work_in_turn_and_go_home() -> None:
    spans = [span for batch in history().batches() for span in batch.spans]
    logins = [span for span in spans if span.kind is SpanKind.LOGIN]
    by_key = {span.key: span for span in logins}
    assert len({span.agent for span in logins}) > 10
    assert all(span.ended_at is not None for span in by_key.values())
    longest_s = max((span.ended_at - span.started_at).total_seconds() for span in by_key.values() if span.ended_at)
    assert longest_s < 12 * 3600


def test_one_seed_gives_one_past() -> None:
    first, second = ([call.call_id for batch in history(2).batches() for call in batch.calls] for _ in range(2))
    assert first == second
