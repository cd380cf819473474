"""The metrics: read by Prometheus's own parser and checker, equal to the store, bounded, and without people in them."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from cti.model import CallEnded, CallOutcome, Direction, Party, StayOutcome
from kpi.columns import EPOCH
from kpi.gaps import BEFORE, Gap
from kpi.labels import OTHER
from kpi.live import LiveBoard
from kpi.prometheus import QUEUES_LIMIT, KpiCollector
from kpi.reading import CallFilter
from kpi.schema import TallySpan
from kpi.store import Store
from kpi.tally import ever, gather, tallies_of
from kpi.totals import Totals
from offhook.replay import replay
from tests.kpi.calls import abandoned_call, answered_call, at
from tests.kpi.test_live import waiting_call

ROOT = Path(__file__).parent.parent.parent
MORNING = ROOT / "tests" / "recordings" / "asterisk-22" / "mix-1"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Link(NamedTuple):
    up: bool
    reconnects: int
    events_read: int


class RecorderState(NamedTuple):
    backlog: int = 3
    lag_s: float = 1.5
    retries: int = 2
    refused: int = 1


def totals_of(*calls: Any) -> Totals:
    totals = Totals()
    pairs = (pair for call in calls for pair in tallies_of(call).items())
    totals.replace(gather((ever(key), tally) for key, tally in pairs), {})
    return totals


def collector(totals: Totals | None = None, live: LiveBoard | None = None, **more: Any) -> KpiCollector:
    return KpiCollector(totals or Totals(), live or LiveBoard(), **more)


def exposition(of: KpiCollector) -> bytes:
    registry = CollectorRegistry()
    registry.register(of)
    return generate_latest(registry)


def scraped(of: KpiCollector) -> Samples:
    samples: Samples = {}
    for family in text_string_to_metric_families(exposition(of).decode()):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in samples, f"twice: {key}"
            samples[key] = sample.value
    return samples


def lost_for(pbx: str, begin: float, end: float | None, **more: Any) -> Gap:
    return Gap(pbx=pbx, began_at=at(begin), ended_at=None if end is None else at(end), cause="cut", **more)


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


def full_collector() -> KpiCollector:
    live = LiveBoard()
    for event in [*replay(MORNING), *waiting_call("1", 0)]:
        live.apply(event)
    calls = [event.call for event in replay(MORNING) if isinstance(event, CallEnded)]
    totals = totals_of(*calls)
    totals.oddities = Counter({("replay", "leg-arrow"): 4})
    filled = tallies_of(answered_call("filled")).items()
    totals.tallies |= gather((ever(key, TallySpan.FILLED), tally) for key, tally in filled)
    totals.gaps = {gap.key: gap for gap in (lost_for("milan", 0, 90), lost_for("rome", 60, None))}
    return collector(
        totals,
        live,
        links=lambda: {"milan": Link(True, 2, 9_000), "rome": Link(False, 0, 0)},
        missed=lambda: {"recorder": 0},
        recorder=RecorderState(),
    )


def test_promtool_finds_nothing_to_say() -> None:
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=exposition(full_collector()), capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_counters_and_histograms_equal_the_calls() -> None:
    calls = [
        answered_call("1", wait=20, talk=59.5),
        answered_call("2", wait=20.001, talk=61),
        abandoned_call("3", wait=4),
        answered_call("4", direction=Direction.OUTBOUND, queue=None, stays=(), rings=()),
    ]
    samples = scraped(collector(totals_of(*calls)))
    sales = {"pbx": "milan", "queue": "sales"}
    assert value(samples, "offhook_calls_total", **sales, direction="inbound", outcome="answered") == 2
    assert value(samples, "offhook_calls_total", **sales, direction="inbound", outcome="busy") == 0
    assert value(samples, "offhook_calls_total", pbx="milan", queue="", direction="outbound", outcome="answered") == 1
    assert value(samples, "offhook_stays_total", **sales, outcome="abandoned") == 1
    waits = {le: value(samples, "offhook_wait_seconds_bucket", **sales, outcome="answered", le=le) for le in BUCKETS}
    assert waits == {"5.0": 0, "20.0": 1, "30.0": 2, "180.0": 2, "+Inf": 2}
    assert value(samples, "offhook_wait_seconds_sum", **sales, outcome="answered") == 40.001
    assert value(samples, "offhook_wait_seconds_count", **sales, outcome="abandoned") == 1
    assert value(samples, "offhook_talk_seconds_bucket", **sales, le="60.0") == 2
    assert value(samples, "offhook_talk_seconds_count", **sales) == 3


BUCKETS = ("5.0", "20.0", "30.0", "180.0", "+Inf")


async def test_after_a_restart_the_counters_are_those_of_the_store(store: Store) -> None:
    first = Totals()
    for call in (answered_call("1"), abandoned_call("2"), answered_call("1", talk=99)):
        first.add(await store.store_call(call))
    again = Totals()
    again.replace(await store.fetch_totals(), await store.fetch_oddity_counts())
    assert scraped(collector(first)) == scraped(collector(again))
    stored = await store.fetch_calls(CallFilter())
    assert scraped(collector(again)) == scraped(collector(totals_of(*stored)))


async def test_a_counter_never_falls_even_when_a_call_is_stored_anew(store: Store) -> None:
    totals = Totals()
    metrics = collector(totals)
    totals.add(await store.store_call(abandoned_call("1", wait=4)))
    before = scraped(metrics)
    totals.add(await store.store_call(answered_call("1", wait=9)))
    after = scraped(metrics)
    assert all(after[key] >= before[key] for key in before)
    sales = {"pbx": "milan", "queue": "sales"}
    assert value(after, "offhook_stays_total", **sales, outcome="answered") == 1


def test_gauges_show_what_goes_on_now() -> None:
    live = LiveBoard()
    for event in [*waiting_call("1", 0), *waiting_call("2", 30)]:
        live.apply(event)
    samples = scraped(collector(live=live, now=lambda: at(45)))
    sales = {"pbx": "milan", "queue": "sales"}
    assert value(samples, "offhook_calls_waiting", **sales) == 2
    assert value(samples, "offhook_longest_wait_seconds", **sales) == 45
    assert value(samples, "offhook_stay_difference", **sales) == 0
    assert value(samples, "offhook_calls_in_progress", pbx="milan", direction="inbound") == 2
    assert value(samples, "offhook_stays_total", **sales, outcome="abandoned") == 0


def test_the_health_of_links_recorder_and_followers() -> None:
    samples = scraped(full_collector())
    assert value(samples, "offhook_link_up", pbx="milan") == 1
    assert value(samples, "offhook_link_up", pbx="rome") == 0
    assert value(samples, "offhook_link_reconnects_total", pbx="milan") == 2
    assert value(samples, "offhook_events_read_total", pbx="milan") == 9_000
    assert value(samples, "offhook_oddities_total", pbx="replay", kind="leg-arrow") == 4
    assert value(samples, "offhook_feed_missed_total", follower="recorder") == 0
    assert value(samples, "offhook_recorder_lag_seconds") == 1.5
    assert value(samples, "offhook_recorder_backlog") == 3
    assert value(samples, "offhook_recorder_retries_total") == 2
    assert value(samples, "offhook_recorder_refused_total") == 1
    agents = [count for (name, _), count in samples.items() if name == "offhook_agents"]
    assert sum(agents) == 5


def test_a_pbx_that_makes_up_queues_cannot_fill_prometheus() -> None:
    calls = [answered_call(str(n), stay_queue=f'queue {n} {"x" * 300}\x00\n"{{}}') for n in range(1_000)]
    calls += [abandoned_call(f"b{n}", queue=f"b{n}") for n in range(1_000)]
    samples = scraped(collector(totals_of(*calls)))
    queues = {dict(labels)["queue"] for _, labels in samples}
    assert len(queues) == QUEUES_LIMIT + 1
    assert len(samples) < 20_000
    assert max(map(len, queues)) <= 64
    assert not any(re.search(r"[\x00-\x1f]", queue) for queue in queues)
    entered = sum(count for (name, _), count in samples.items() if name == "offhook_stays_total")
    assert entered == 2_000
    assert value(samples, "offhook_stays_total", pbx="milan", queue=OTHER, outcome="answered") is not None


def test_the_busiest_queues_keep_their_names() -> None:
    calls = [answered_call(str(n), stay_queue=f"rare {n}") for n in range(QUEUES_LIMIT + 50)]
    calls += [answered_call(f"s{n}", stay_queue="sales") for n in range(5)]
    samples = scraped(collector(totals_of(*calls)))
    assert value(samples, "offhook_stays_total", pbx="milan", queue="sales", outcome="answered") == 5


def test_queues_whose_names_become_one_label_are_added() -> None:
    calls = [answered_call("1", stay_queue="sales"), answered_call("2", stay_queue="sales\n")]
    samples = scraped(collector(totals_of(*calls)))
    assert value(samples, "offhook_stays_total", pbx="milan", queue="sales", outcome="answered") == 2


def test_no_person_is_in_the_metrics() -> None:
    text = exposition(full_collector()).decode()
    calls = [event.call for event in replay(MORNING) if isinstance(event, CallEnded)]
    people = (
        {call.caller.number for call in calls} | {call.caller.name for call in calls} | {"Anna Rossi", "101", "104"}
    )
    for person in filter(None, people):
        assert f'"{person}"' not in text
        assert len(person) < 5 or person not in text
    labels = {name for family in text_string_to_metric_families(text) for s in family.samples for name in s.labels}
    assert labels == {"pbx", "queue", "direction", "outcome", "le", "state", "kind", "follower"}


def test_hostile_names_stay_values() -> None:
    hostile = '"} 1\nfake_total{a="b\\'
    call = answered_call("1", stay_queue=hostile, caller=Party("+39", hostile))
    samples = scraped(collector(totals_of(call)))
    assert "fake_total" not in {name for name, _ in samples}
    label = hostile.replace("\n", "")
    assert value(samples, "offhook_stays_total", pbx="milan", queue=label, outcome="answered") == 1


def test_every_outcome_of_a_known_queue_is_there_from_the_start() -> None:
    """A counter that appears with 1 hides its first call from Prometheus's increase()."""
    live = LiveBoard()
    for event in waiting_call("1", 0):
        live.apply(event)
    samples = scraped(collector(live=live))
    for outcome in StayOutcome:
        assert value(samples, "offhook_stays_total", pbx="milan", queue="sales", outcome=outcome) == 0
    samples = scraped(collector(totals_of(answered_call())))
    for outcome in CallOutcome:
        assert value(
            samples, "offhook_calls_total", pbx="milan", queue="sales", direction="inbound", outcome=outcome
        ) in (0, 1)


def test_calls_filled_in_have_a_counter_of_their_own() -> None:
    totals = totals_of(answered_call("1"))
    filled = [answered_call("2"), abandoned_call("3", start=10)]
    pairs = (pair for call in filled for pair in tallies_of(call).items())
    totals.tallies |= gather((ever(key, TallySpan.FILLED), tally) for key, tally in pairs)
    samples = scraped(collector(totals))
    sales = {"pbx": "milan", "queue": "sales"}
    of_calls = sales | {"direction": "inbound"}
    assert value(samples, "offhook_calls_total", **of_calls, outcome="answered") == 1
    assert value(samples, "offhook_calls_filled_total", **of_calls, outcome="answered") == 1
    assert value(samples, "offhook_calls_filled_total", **of_calls, outcome="abandoned") == 1
    assert value(samples, "offhook_calls_total", **of_calls, outcome="abandoned") == 0
    assert value(samples, "offhook_stays_total", **sales, outcome="abandoned") == 0


def test_gaps_are_told_as_seconds_lost_and_as_the_share_of_today_that_is_known() -> None:
    totals = Totals()
    gaps = [
        Gap(pbx="milan", began_at=EPOCH, ended_at=at(-3_600), cause=BEFORE),
        lost_for("milan", 0, 90),
        lost_for("milan", 200, 260, filled_at=at(300)),
        lost_for("rome", 540, None),
    ]
    totals.gaps = {gap.key: gap for gap in gaps}
    links = {"milan": Link(True, 1, 1), "rome": Link(False, 0, 0), "turin": Link(True, 0, 1)}
    samples = scraped(
        collector(totals, links=lambda: links, now=lambda: at(600), midnight=lambda _: at(-300)),
    )
    names = ("gap_seconds_total", "gaps_open", "coverage_today")
    shown = {
        pbx: tuple(value(samples, f"offhook_{name}", pbx=pbx) for name in names) for pbx in ("milan", "rome", "turin")
    }
    assert shown == {"milan": (150, 0, 0.9), "rome": (60, 1, pytest.approx(1 - 60 / 900)), "turin": (0, 0, 1)}


def test_every_metric_is_documented_and_every_documented_one_is_there() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text()
    documented = set(re.findall(r"^\| `(offhook_\w+)`", page, re.MULTILINE))
    families = text_string_to_metric_families(exposition(full_collector()).decode())
    served = {family.name + "_total" * (family.type == "counter") for family in families}
    assert documented == served


def test_an_empty_start_gives_valid_metrics() -> None:
    text = exposition(collector(now=lambda: at(0))).decode()
    assert list(text_string_to_metric_families(text))


def test_the_numbers_of_a_recorded_morning_come_out_as_stored() -> None:
    samples = scraped(full_collector())
    stays: Counter[StayOutcome] = Counter()
    for event in replay(MORNING):
        if isinstance(event, CallEnded):
            stays.update(stay.outcome for stay in event.call.stays if stay.outcome)
    for outcome in StayOutcome:
        shown = sum(
            count
            for (name, labels), count in samples.items()
            if name == "offhook_stays_total" and dict(labels)["outcome"] == outcome
        )
        assert shown == stays[outcome]
    differences = [count for (name, _), count in samples.items() if name == "offhook_stay_difference"]
    assert set(differences) == {0}
