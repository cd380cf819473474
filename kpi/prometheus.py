"""The metrics for Prometheus, made from the tallies of the store, from what goes on now, and from the links' health.

Counters and histograms are the sums for all time that the store keeps, moved when a transaction has been committed:
they survive restarts and equal the reports. The number of series is bounded: 200 pairs of PBX and queue, further queues
share ``other``; no caller's number or name and no agent is ever a label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from cti.model import CallOutcome, StayOutcome
from kpi.columns import Histogram
from kpi.coverage import coverage
from kpi.labels import LabelBook, plain_label
from kpi.live import LiveBoard
from kpi.schema import TallySpan
from kpi.tally import Tally, TallyKey, cumulative, total
from kpi.totals import Totals

QUEUES_LIMIT = 200
KINDS_LIMIT = 50
WAIT_BUCKETS_S = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600)
TALK_BUCKETS_S = (15, 30, 60, 120, 180, 300, 600, 1_200, 1_800, 3_600)
_QUEUE = ("pbx", "queue")

Labels = tuple[str, ...]


def _local_midnight(now: datetime) -> datetime:
    """When today began, as this machine's clock has it."""
    return now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)


class LinkHealth(Protocol):
    """What the composition root knows of one PBX's connection."""

    @property
    def up(self) -> bool: ...
    @property
    def reconnects(self) -> int: ...
    @property
    def events_read(self) -> int: ...


class RecorderHealth(Protocol):
    """What is told of the way to the store: see ``kpi.recorder.Recorder``."""

    @property
    def backlog(self) -> int: ...
    @property
    def lag_s(self) -> float: ...
    @property
    def retries(self) -> int: ...
    @property
    def refused(self) -> int: ...


class KpiCollector:
    """A collector for a ``CollectorRegistry``; it may be asked from another thread than the loop's.

    ``links`` gives each PBX's health, ``missed`` the events that each follower of the feed lost, ``midnight`` when the
    day of an instant began.
    """

    def __init__(
        self,
        totals: Totals,
        live: LiveBoard,
        *,
        links: Callable[[], Mapping[str, LinkHealth]] = dict,
        missed: Callable[[], Mapping[str, int]] = dict,
        recorder: RecorderHealth | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        midnight: Callable[[datetime], datetime] = _local_midnight,
    ) -> None:
        self._totals, self._live, self._recorder = totals, live, recorder
        self._links, self._missed, self._now, self._midnight = links, missed, now, midnight
        self._queues, self._kinds = LabelBook(QUEUES_LIMIT), LabelBook(KINDS_LIMIT)
        self._highest: dict[tuple[str, ...], float] = {}

    def describe(self) -> Iterable[Metric]:
        """Nothing: the registry then does not collect in order to know the names."""
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from self._from_tallies()
        yield from self._from_live()
        yield from self._from_links()
        yield from self._from_recorder()
        yield from self._from_gaps()

    def _from_tallies(self) -> Iterator[Metric]:
        sums = self._totals.tallies.copy()
        seen_sums = [(key, tally) for key, tally in sums.items() if key.span is not TallySpan.FILLED]
        tallies = sorted(seen_sums, key=lambda item: -item[1].started - item[1].entered)
        seen = [(key.pbx, key.queue) for key, _ in tallies] + self._live.queues()
        by_queue: dict[Labels, list[Tally]] = {self._queues.labels(*queue): [] for queue in seen}
        by_direction: dict[Labels, list[Tally]] = {}
        for key, tally in tallies:
            labels = self._queues.labels(key.pbx, key.queue)
            by_queue[labels].append(tally)
            if tally.started:
                by_direction.setdefault((*labels, key.direction), []).append(tally)
        queues = {labels: total(group) for labels, group in by_queue.items()}
        yield self._calls({labels: total(group) for labels, group in by_direction.items()})
        yield self._stays({labels: tally for labels, tally in queues.items() if labels[1]})
        yield self._waits({labels: tally for labels, tally in queues.items() if labels[1]})
        yield self._talks(queues)
        yield self._filled({key: tally for key, tally in sums.items() if key.span is TallySpan.FILLED})
        yield self._oddities()

    def _calls(self, sums: Mapping[Labels, Tally]) -> Metric:
        family = CounterMetricFamily(
            "offhook_calls", "Calls that ended, by first queue and outcome.", labels=(*_QUEUE, "direction", "outcome")
        )
        for labels, tally in sums.items():
            for outcome in CallOutcome:
                self._count(family, (*labels, outcome), tally.calls.get(outcome, 0))
        return family

    def _filled(self, sums: Mapping[TallyKey, Tally]) -> Metric:
        family = CounterMetricFamily(
            "offhook_calls_filled",
            "Calls told by the PBX's own logs after a gap, in no other counter.",
            labels=(*_QUEUE, "direction", "outcome"),
        )
        groups: dict[Labels, list[Tally]] = {}
        for key, tally in sums.items():
            groups.setdefault((*self._queues.labels(key.pbx, key.queue), key.direction), []).append(tally)
        for labels, group in groups.items():
            for outcome, count in total(group).calls.items():
                self._count(family, (*labels, outcome), count)
        return family

    def _stays(self, sums: Mapping[Labels, Tally]) -> Metric:
        family = CounterMetricFamily(
            "offhook_stays", "Waits in a queue that ended, by outcome.", labels=(*_QUEUE, "outcome")
        )
        for labels, tally in sums.items():
            for outcome in StayOutcome:
                self._count(family, (*labels, outcome), tally.stays.get(outcome, 0))
        return family

    def _waits(self, sums: Mapping[Labels, Tally]) -> Metric:
        family = HistogramMetricFamily(
            "offhook_wait_seconds", "Wait in a queue, of callers answered and abandoned.", labels=(*_QUEUE, "outcome")
        )
        for labels, tally in sums.items():
            for outcome, waits, wait_ms in (
                (StayOutcome.ANSWERED, tally.answered_waits, tally.answered_wait_ms),
                (StayOutcome.ABANDONED, tally.abandoned_waits, tally.abandoned_wait_ms),
            ):
                self._observe(family, (*labels, outcome), waits, wait_ms, WAIT_BUCKETS_S)
        return family

    def _talks(self, sums: Mapping[Labels, Tally]) -> Metric:
        family = HistogramMetricFamily(
            "offhook_talk_seconds", "Agents' conversations without hold, by the queue that delivered.", labels=_QUEUE
        )
        for labels, tally in sums.items():
            self._observe(family, labels, tally.talk_times, tally.talk_ms, TALK_BUCKETS_S)
        return family

    def _oddities(self) -> Metric:
        family = CounterMetricFamily(
            "offhook_oddities", "Events that the call model did not expect.", labels=("pbx", "kind")
        )
        for labels, count in self._bounded(self._kinds, self._totals.oddities.copy()).items():
            self._count(family, labels, count)
        return family

    def _from_live(self) -> Iterator[Metric]:
        waiting = self._live.waiting()
        now = self._now()
        count = {key: queue.count for key, queue in waiting.items()}
        longest = {key: max(0.0, (now - (queue.oldest_at or now)).total_seconds()) for key, queue in waiting.items()}
        differences = self._live.stay_differences()
        book = self._queues
        yield _gauge("calls_waiting", "Callers waiting in a queue.", _QUEUE, self._bounded(book, count))
        yield _gauge(
            "longest_wait_seconds", "The longest wait going on in a queue.", _QUEUE, self._bounded(book, longest, max)
        )
        yield _gauge(
            "stay_difference",
            "Waits entered less answered, abandoned, left otherwise and going on: must be 0.",
            _QUEUE,
            self._bounded(book, differences),
        )
        going_on: dict[Labels, float] = {
            (plain_label(pbx), way.value): calls for (pbx, way), calls in self._live.in_progress().items()
        }
        agents: dict[Labels, float] = {
            (plain_label(pbx), state.value): n for (pbx, state), n in self._live.agents_by_state().items()
        }
        yield _gauge("calls_in_progress", "Calls going on.", ("pbx", "direction"), going_on)
        yield _gauge("agents", "Agents by what they do.", ("pbx", "state"), agents)

    def _from_links(self) -> Iterator[Metric]:
        links = {plain_label(pbx): link for pbx, link in self._links().items()}
        yield _gauge(
            "link_up",
            "1 while the PBX's events are read.",
            ("pbx",),
            {(pbx,): int(one.up) for pbx, one in links.items()},
        )
        reconnects = CounterMetricFamily(
            "offhook_link_reconnects", "Connections made anew to the PBX.", labels=("pbx",)
        )
        events = CounterMetricFamily("offhook_events_read", "Events read from the PBX.", labels=("pbx",))
        for pbx, link in links.items():
            reconnects.add_metric((pbx,), link.reconnects)
            events.add_metric((pbx,), link.events_read)
        yield reconnects
        yield events

    def _from_recorder(self) -> Iterator[Metric]:
        missed = CounterMetricFamily("offhook_feed_missed", "Events a slow follower lost.", labels=("follower",))
        for follower, count in self._missed().items():
            missed.add_metric((follower,), count)
        yield missed
        one = self._recorder
        if one is not None:
            yield _gauge("recorder_lag_seconds", "Age of the oldest entry not yet stored.", (), {(): one.lag_s})
            yield _gauge("recorder_backlog", "Entries not yet stored.", (), {(): one.backlog})
            yield CounterMetricFamily("offhook_recorder_retries", "Failed attempts to store.", value=one.retries)
            yield CounterMetricFamily("offhook_recorder_refused", "Rows the database refused.", value=one.refused)

    def _from_gaps(self) -> Iterator[Metric]:
        now, gaps = self._now(), list(self._totals.gaps.values())
        pbxs = sorted({gap.pbx for gap in gaps} | set(self._links()))
        lost = CounterMetricFamily("offhook_gap_seconds", "Time in which no events were read.", labels=("pbx",))
        going_on: dict[Labels, float] = {}
        today: dict[Labels, float] = {}
        for pbx in pbxs:
            own, labels = [gap for gap in gaps if gap.pbx == pbx], (plain_label(pbx),)
            self._count(lost, labels, sum(gap.missing_s(now) for gap in own))
            going_on[labels] = sum(gap.ended_at is None for gap in own)
            today[labels] = coverage(self._midnight(now), now, own)
        yield lost
        yield _gauge("gaps_open", "Gaps that last.", ("pbx",), going_on)
        yield _gauge("coverage_today", "Share of today whose calls are known.", ("pbx",), today)

    def _bounded(
        self, book: LabelBook, values: Mapping[tuple[str, str], float], join: Callable[[list[float]], float] = sum
    ) -> dict[Labels, float]:
        """The values by label: those that share one are joined."""
        groups: dict[Labels, list[float]] = {}
        for key, value in values.items():
            groups.setdefault(book.labels(*key), []).append(value)
        return {labels: join(group) for labels, group in groups.items()}

    def _count(self, family: CounterMetricFamily, labels: Labels, value: float) -> None:
        family.add_metric(labels, self._risen((family.name, *labels), value))

    def _observe(
        self, family: HistogramMetricFamily, labels: Labels, seconds: Histogram, sum_ms: int, buckets_s: tuple[int, ...]
    ) -> None:
        limits = [str(float(limit_s)) for limit_s in buckets_s] + ["+Inf"]
        counts = zip(limits, cumulative(seconds, buckets_s), strict=True)
        risen = [(limit, self._risen((family.name, limit, *labels), count)) for limit, count in counts]
        family.add_metric(labels, risen, self._risen((family.name, "sum", *labels), sum_ms / 1_000))

    def _risen(self, series: Labels, value: float) -> float:
        """The highest value so far: a call that was stored anew with another outcome must not look like a restart."""
        highest = self._highest[series] = max(value, self._highest.get(series, 0))
        return highest


def _gauge(name: str, text: str, labels: Sequence[str], values: Mapping[Labels, float]) -> Metric:
    family = GaugeMetricFamily(f"offhook_{name}", text, labels=labels)
    for own, value in values.items():
        family.add_metric(own, value)
    return family
