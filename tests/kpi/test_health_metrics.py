"""What is told of links, journals, the way to the store and gaps."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from prometheus_client.core import Metric

from cti.journal_writer import JournalHealth
from cti.link import LinkHealth
from kpi.health_metrics import (
    gap_families,
    journal_families,
    link_families,
    oddity_family,
    recorder_families,
)
from kpi.series import Series
from tests.kpi.calls import at
from tests.kpi.scraping import RecorderState, lost_for


def values(families: Iterable[Metric]) -> dict[tuple[str, ...], float]:
    return {
        (sample.name.removeprefix("offhook_"), *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_link_tells_how_it_does() -> None:
    health = LinkHealth(
        pbx="milan",
        connected=True,
        session="s",
        connected_at=at(0),
        reconnects=2,
        attempts_failed=1,
        bytes_read=900,
        events_read=7,
        events_dropped=0,
        last_event_at=at(10),
        keepalive_s=0.05,
        failures={},
        last_error=None,
    )
    assert values(link_families(Series(), {"milan": health}, at(25))) == {
        ("link_up", "milan"): 1,
        ("link_keepalive_seconds", "milan"): 0.05,
        ("link_silence_seconds", "milan"): 15,
        ("link_reconnects_total", "milan"): 2,
        ("link_attempts_failed_total", "milan"): 1,
        ("link_bytes_total", "milan"): 900,
        ("events_read_total", "milan"): 7,
    }


def test_a_journal_tells_what_waits_and_what_is_lost() -> None:
    health = JournalHealth(
        pbx="milan",
        session="s",
        written=None,
        bytes_written=5_000,
        bytes_waiting=40,
        reads_lost=1,
        bytes_lost=3,
        failing="no space left on device",
    )
    assert values(journal_families(Series(), {"milan": health})) == {
        ("journal_waiting_bytes", "milan"): 40,
        ("journal_failing", "milan"): 1,
        ("journal_written_bytes_total", "milan"): 5_000,
        ("journal_lost_bytes_total", "milan"): 3,
    }


def test_without_a_recorder_only_the_followers_are_told() -> None:
    assert values(recorder_families(Series(), None, {"desk": 4})) == {("feed_missed_total", "desk"): 4}
    told = values(recorder_families(Series(), RecorderState(), {}))
    assert told == {
        ("recorder_lag_seconds",): 1.5,
        ("recorder_backlog",): 3,
        ("recorder_retries_total",): 2,
        ("recorder_refused_total",): 1,
    }


def test_a_gap_is_seconds_and_a_share_of_today() -> None:
    gaps = [lost_for("milan", 0, 90), lost_for("milan", 400, None)]
    told = values(gap_families(Series(), gaps, ["milan", "rome"], at(1_000), lambda _: at(0)))
    assert told == {
        ("gap_seconds_total", "milan"): 690,
        ("gap_seconds_total", "rome"): 0,
        ("gaps_open", "milan"): 1,
        ("gaps_open", "rome"): 0,
        ("coverage_today", "milan"): pytest.approx(0.31),
        ("coverage_today", "rome"): 1,
    }


def test_oddities_are_counted_by_kind() -> None:
    counted = values([oddity_family(Series(), {("milan", "leg-arrow"): 2, ("milan", "leg-arrow\n"): 1})])
    assert counted == {("oddities_total", "milan", "leg-arrow"): 3}
