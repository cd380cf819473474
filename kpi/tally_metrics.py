"""The counters and histograms: the sums for all time that the store keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from prometheus_client.core import Metric

from cti.model import CallOutcome, Direction, RingResult, StayOutcome, TransferKind
from kpi.metric_specs import HOLD_BUCKETS_S, TALK_BUCKETS_S, WAIT_BUCKETS_S, WRAP_UP_BUCKETS_S
from kpi.schema import TallySpan
from kpi.series import Labels, Series
from kpi.tally import Tally, TallyKey, total

RING_RESULTS = tuple(result for result in RingResult if result is not RingResult.RINGING)

Sums = Mapping[Labels, Tally]


def tally_families(
    series: Series, sums: Mapping[TallyKey, Tally], queues: Sequence[tuple[str, str]]
) -> Iterator[Metric]:
    """All that is made from ``sums``. ``queues`` are those known of besides: their series begin with 0.

    The busiest queues choose their labels first.
    """
    seen = {key: tally for key, tally in sums.items() if key.span is TallySpan.EVER}
    by_queue = _by_queue(series, seen, queues)
    waited_in = {labels: tally for labels, tally in by_queue.items() if labels[1]}
    yield _calls(series, _by_direction(series, seen))
    yield _filled(series, {key: tally for key, tally in sums.items() if key.span is TallySpan.FILLED})
    yield _stays(series, waited_in)
    yield _waits(series, waited_in)
    yield _rings(series, by_queue)
    yield _talks(series, by_queue)
    yield _holds(series, by_queue)
    yield _wrap_ups(series, by_queue)
    yield _transfers(series, by_queue)


def agent_families(
    series: Series, sums: Mapping[TallyKey, Tally], agents: Sequence[tuple[str, str]]
) -> Iterator[Metric]:
    """What each agent did. ``agents`` are those known of besides, whose series begin with 0.

    Those who talked most choose their labels first.
    """
    did = {key: tally for key, tally in sums.items() if key.span is TallySpan.AGENT}
    groups: dict[Labels, list[tuple[TallyKey, Tally]]] = {}
    for key, tally in sorted(did.items(), key=lambda item: -item[1].talks):
        groups.setdefault(series.agent(key.pbx, key.agent), []).append((key, tally))
    for agent in agents:
        groups.setdefault(series.agent(*agent), [])
    whole = {labels: total(tally for _, tally in group) for labels, group in groups.items()}
    yield _agent_rings(series, whole)
    yield _agent_talks(series, groups)
    for name, field in (("talk", "talk_ms"), ("hold", "hold_ms"), ("wrap_up", "wrap_up_ms")):
        seconds = [(labels, getattr(tally, field) / 1_000) for labels, tally in whole.items()]
        yield series.counter(f"offhook_agent_{name}_seconds_total", seconds)


def _agent_rings(series: Series, sums: Sums) -> Metric:
    values = (
        ((*labels, result.value), tally.rings.get(result, 0))
        for labels, tally in sums.items()
        for result in RING_RESULTS
    )
    return series.counter("offhook_agent_rings_total", values)


def _agent_talks(series: Series, groups: Mapping[Labels, Sequence[tuple[TallyKey, Tally]]]) -> Metric:
    values = (
        ((*labels, way.value), sum(tally.talks for key, tally in group if key.direction is way))
        for labels, group in groups.items()
        for way in Direction
    )
    return series.counter("offhook_agent_talks_total", values)


def _by_queue(series: Series, seen: Mapping[TallyKey, Tally], queues: Iterable[tuple[str, str]]) -> Sums:
    busiest = sorted(seen.items(), key=lambda item: -item[1].started - item[1].entered)
    groups: dict[Labels, list[Tally]] = {}
    for key, tally in busiest:
        groups.setdefault(series.queues.labels(key.pbx, key.queue), []).append(tally)
    for queue in queues:
        groups.setdefault(series.queues.labels(*queue), [])
    return {labels: total(group) for labels, group in groups.items()}


def _by_direction(series: Series, sums: Mapping[TallyKey, Tally]) -> Sums:
    """By PBX, queue and direction, where calls began."""
    groups: dict[Labels, list[Tally]] = {}
    for key, tally in sums.items():
        if tally.started and key.direction is not None:
            groups.setdefault((*series.queues.labels(key.pbx, key.queue), key.direction.value), []).append(tally)
    return {labels: total(group) for labels, group in groups.items()}


def _calls(series: Series, sums: Sums) -> Metric:
    """Every outcome from the start: a counter that appears with 1 hides its first call from ``increase()``."""
    values = (
        ((*labels, outcome.value), tally.calls.get(outcome, 0))
        for labels, tally in sums.items()
        for outcome in CallOutcome
    )
    return series.counter("offhook_calls_total", values)


def _filled(series: Series, sums: Mapping[TallyKey, Tally]) -> Metric:
    values = (
        ((*labels, outcome.value), count)
        for labels, tally in _by_direction(series, sums).items()
        for outcome, count in tally.calls.items()
    )
    return series.counter("offhook_calls_filled_total", values)


def _stays(series: Series, sums: Sums) -> Metric:
    values = (
        ((*labels, outcome.value), tally.stays.get(outcome, 0))
        for labels, tally in sums.items()
        for outcome in StayOutcome
    )
    return series.counter("offhook_stays_total", values)


def _waits(series: Series, sums: Sums) -> Metric:
    values = (
        ((*labels, outcome.value), waits, wait_ms)
        for labels, tally in sums.items()
        for outcome, waits, wait_ms in (
            (StayOutcome.ANSWERED, tally.answered_waits, tally.answered_wait_ms),
            (StayOutcome.ABANDONED, tally.abandoned_waits, tally.abandoned_wait_ms),
        )
    )
    return series.histogram("offhook_wait_seconds", values, WAIT_BUCKETS_S)


def _rings(series: Series, sums: Sums) -> Metric:
    values = (
        ((*labels, result.value), tally.rings.get(result, 0))
        for labels, tally in sums.items()
        for result in RING_RESULTS
    )
    return series.counter("offhook_rings_total", values)


def _talks(series: Series, sums: Sums) -> Metric:
    values = ((labels, tally.talk_times, tally.talk_ms) for labels, tally in sums.items())
    return series.histogram("offhook_talk_seconds", values, TALK_BUCKETS_S)


def _holds(series: Series, sums: Sums) -> Metric:
    values = ((labels, tally.hold_times, tally.hold_ms) for labels, tally in sums.items())
    return series.histogram("offhook_hold_seconds", values, HOLD_BUCKETS_S)


def _wrap_ups(series: Series, sums: Sums) -> Metric:
    values = ((labels, tally.wrap_up_times, tally.wrap_up_ms) for labels, tally in sums.items())
    return series.histogram("offhook_wrap_up_seconds", values, WRAP_UP_BUCKETS_S)


def _transfers(series: Series, sums: Sums) -> Metric:
    values = (
        ((*labels, kind.value), tally.transfers.get(kind, 0)) for labels, tally in sums.items() for kind in TransferKind
    )
    return series.counter("offhook_transfers_total", values)
