"""The metrics as Prometheus reads them, from a collector with something of everything."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from cti.model import CallEnded
from kpi.gaps import Gap
from kpi.items import tallies_of
from kpi.live import LiveBoard
from kpi.prometheus import KpiCollector
from kpi.schema import TallySpan
from kpi.tally import ever, gather
from kpi.totals import Totals
from offhook.replay import replay
from tests.kpi.calls import answered_call, at, waiting_call
from tests.kpi.stored import for_all_time
from tests.source import ROOT

MORNING = ROOT / "tests" / "recordings" / "asterisk-22" / "mix-1"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Link(NamedTuple):
    connected: bool
    reconnects: int
    events_read: int
    attempts_failed: int = 5
    bytes_read: int = 70_000
    last_event_at: datetime | None = None
    keepalive_s: float | None = 0.02


class Journal(NamedTuple):
    bytes_waiting: int = 4_096
    bytes_written: int = 60_000
    bytes_lost: int = 12
    failing: str | None = None


class RecorderState(NamedTuple):
    backlog: int = 3
    lag_s: float = 1.5
    retries: int = 2
    refused: int = 1


def totals_of(*calls: Any, span: TallySpan = TallySpan.EVER) -> Totals:
    totals = Totals()
    pairs = (pair for call in calls for pair in tallies_of(call).items())
    quarters = gather(pairs)
    sums = gather((ever(key, span), tally) for key, tally in quarters.items())
    totals.replace(for_all_time(quarters) if span is TallySpan.EVER else sums, {})
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


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


def lost_for(pbx: str, begin: float, end: float | None, **more: Any) -> Gap:
    return Gap(pbx=pbx, began_at=at(begin), ended_at=None if end is None else at(end), cause="cut", **more)


def full_collector(**more: Any) -> KpiCollector:
    """A recorded morning, a call that waits, calls filled in, oddities, two gaps and two PBXs."""
    live = LiveBoard()
    for event in [*replay(MORNING), *waiting_call("1", 0)]:
        live.apply(event)
    calls = [event.call for event in replay(MORNING) if isinstance(event, CallEnded)]
    totals = totals_of(*calls)
    totals.oddities = Counter({("replay", "leg-arrow"): 4})
    totals.tallies |= totals_of(answered_call("filled"), span=TallySpan.FILLED).tallies
    totals.gaps = {gap.key: gap for gap in (lost_for("milan", 0, 90), lost_for("rome", 60, None))}
    return collector(
        totals,
        live,
        links=lambda: {"milan": Link(True, 2, 9_000, last_event_at=at(0)), "rome": Link(False, 0, 0)},
        journals=lambda: {"milan": Journal(), "rome": Journal(failing="no space left")},
        trunks={"milan": ["carrier"], "replay": ["trunk"]},
        missed=lambda: {"recorder": 0},
        recorder=RecorderState(),
        **more,
    )
