"""The metrics: read by Prometheus's own parser and checker, equal to the store, bounded, and without people in them."""

from __future__ import annotations

import re
import subprocess
from collections import Counter

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cti.model import (
    Agent,
    AgentChange,
    AgentChanged,
    AgentState,
    CallEnded,
    CallOutcome,
    Direction,
    Membership,
    Origin,
    Party,
    StayOutcome,
)
from kpi.columns import EPOCH
from kpi.gaps import BEFORE, Gap
from kpi.labels import LABEL_CHARS, OTHER
from kpi.live import LiveBoard
from kpi.metric_specs import SPECS, MetricKind
from kpi.prometheus import MetricsSettings
from kpi.reading import CallFilter
from kpi.schema import TallySpan
from kpi.series import AGENTS_LIMIT, KINDS_LIMIT, QUEUES_LIMIT
from kpi.store import Store
from kpi.totals import Totals
from offhook.replay import replay
from tests.kpi.calls import abandoned_call, answered_call, at, waiting_call
from tests.kpi.scraping import (
    MORNING,
    Link,
    collector,
    exposition,
    full_collector,
    lost_for,
    scraped,
    totals_of,
    value,
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
    samples = scraped(full_collector(now=lambda: at(30)))
    assert value(samples, "offhook_link_up", pbx="milan") == 1
    assert value(samples, "offhook_link_up", pbx="rome") == 0
    assert value(samples, "offhook_link_silence_seconds", pbx="milan") == 30
    assert value(samples, "offhook_journal_failing", pbx="milan") == 0
    assert value(samples, "offhook_journal_failing", pbx="rome") == 1
    assert value(samples, "offhook_events_read_total", pbx="milan") == 9_000
    assert value(samples, "offhook_oddities_total", pbx="replay", kind="leg-arrow") == 4
    assert value(samples, "offhook_feed_missed_total", follower="recorder") == 0
    assert value(samples, "offhook_recorder_lag_seconds") == 1.5
    assert value(samples, "offhook_series_folded", label="queue") == 0
    assert sum(count for (name, _), count in samples.items() if name == "offhook_agents") == 5


def hostile_name(n: int) -> str:
    """Too long, with quotes, braces, control and right-to-left characters, and different each time."""
    return f'{n} {"x" * 300}\x00\n"{{}}\u202e\\' if n % 2 else f"name {n}"


def hostile_board() -> LiveBoard:
    """Ten thousand agents in as many queues, and oddities of as many kinds."""
    live = LiveBoard()
    for n in range(10_000):
        place = Membership(queue=hostile_name(n))
        agent = Agent(pbx="milan", agent=hostile_name(n), memberships=(place,), state=AgentState.IDLE)
        origin = Origin("milan", "s", n, "x")
        live.apply(AgentChanged(at=at(0), origin=origin, agent=agent, change=AgentChange.LOGIN, queue=place.queue))
    return live


def test_a_pbx_that_makes_up_names_cannot_fill_prometheus() -> None:
    names = [hostile_name(n) for n in range(10_000)]
    totals = totals_of(*(answered_call(name[:9], stay_queue=name, agent=name) for name in names))
    totals.oddities = Counter({("milan", hostile_name(n)): 1 for n in range(10_000)})
    of = collector(totals, hostile_board())
    first, samples = scraped(of), scraped(of)
    assert first.keys() == samples.keys()
    assert len(samples) < 60_000
    values = [(name, text) for _, labels in samples for name, text in labels]
    assert {name: len({text for one, text in values if one == name}) for name in ("queue", "agent", "kind")} == {
        "queue": QUEUES_LIMIT + 1,
        "agent": AGENTS_LIMIT + 1,
        "kind": KINDS_LIMIT + 1,
    }
    assert max(len(text) for _, text in values) <= LABEL_CHARS
    assert not any(re.search(r"[\x00-\x1f\u202e]", text) for _, text in values)
    assert sum(count for (name, _), count in samples.items() if name == "offhook_stays_total") == 10_000
    assert sum(count for (name, _), count in samples.items() if name == "offhook_agent_state") == 10_000
    assert sum(count for (name, _), count in samples.items() if name == "offhook_agent_talks_total") == 10_000
    assert sum(count for (name, _), count in samples.items() if name == "offhook_oddities_total") == 10_000
    folded = {name: value(samples, "offhook_series_folded", label=name) for name in ("queue", "agent", "kind")}
    assert folded == {"queue": 10_000 - QUEUES_LIMIT, "agent": 10_000 - AGENTS_LIMIT, "kind": 10_000 - KINDS_LIMIT}


def test_a_site_may_have_more_queues_or_none_of_its_agents() -> None:
    totals = totals_of(*(answered_call(str(n), stay_queue=f"q{n}") for n in range(5)))
    settings = MetricsSettings(agents=False, max_queues=3)
    samples = scraped(collector(totals, hostile_board(), settings=settings))
    assert {dict(labels).get("queue") for name, labels in samples if name == "offhook_stays_total"} >= {"q0", OTHER}
    assert not any("agent" in dict(labels) for _, labels in samples)
    assert value(samples, "offhook_agents", pbx="milan", state="idle") == 10_000


def test_the_busiest_queues_keep_their_names() -> None:
    calls = [answered_call(str(n), stay_queue=f"rare {n}") for n in range(QUEUES_LIMIT + 50)]
    calls += [answered_call(f"s{n}", stay_queue="sales") for n in range(5)]
    samples = scraped(collector(totals_of(*calls)))
    assert value(samples, "offhook_stays_total", pbx="milan", queue="sales", outcome="answered") == 5


def test_queues_whose_names_become_one_label_are_added() -> None:
    calls = [answered_call("1", stay_queue="sales"), answered_call("2", stay_queue="sales\n")]
    samples = scraped(collector(totals_of(*calls)))
    assert value(samples, "offhook_stays_total", pbx="milan", queue="sales", outcome="answered") == 2


def test_no_caller_and_no_name_is_in_the_metrics() -> None:
    text = exposition(full_collector()).decode()
    calls = [event.call for event in replay(MORNING) if isinstance(event, CallEnded)]
    people = {call.caller.number for call in calls} | {call.caller.name for call in calls} | {"Anna Rossi"}
    agents = {agent for call in calls for agent in call.agents_rung}
    for person in filter(None, people - agents):
        assert f'"{person}"' not in text
        assert len(person) < 5 or person not in text
    labels = {name for family in text_string_to_metric_families(text) for s in family.samples for name in s.labels}
    bounded = {
        "pbx",
        "queue",
        "direction",
        "outcome",
        "result",
        "le",
        "state",
        "kind",
        "follower",
        "trunk",
        "label",
        "way",
    }
    assert labels == bounded | {"agent"}


def test_an_agent_with_a_telephone_outside_is_not_shown_by_its_number() -> None:
    agent = Agent(pbx="milan", agent="393331112222", state=AgentState.TALKING)
    live = LiveBoard()
    origin = Origin("milan", "s", 1, "x")
    live.apply(AgentChanged(at=at(0), origin=origin, agent=agent, change=AgentChange.STATE))
    text = exposition(collector(live=live)).decode()
    assert 'state="talking"' in text
    assert "39333" not in text


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
    filled = totals_of(answered_call("2"), abandoned_call("3", start=10), span=TallySpan.FILLED)
    totals.tallies |= filled.tallies
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


def test_every_metric_that_is_specified_is_served_as_specified() -> None:
    families = list(text_string_to_metric_families(exposition(full_collector()).decode()))
    served = {one.name + "_total" * (one.type == "counter"): one for one in families}
    assert served.keys() == SPECS.keys()
    assert {name: MetricKind(one.type) for name, one in served.items()} == {n: one.kind for n, one in SPECS.items()}
    for name, family in served.items():
        assert family.documentation == SPECS[name].text
        labels = {frozenset(sample.labels) - {"le"} for sample in family.samples}
        assert labels == {frozenset(SPECS[name].labels)}, name


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
