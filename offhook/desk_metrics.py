"""The figures of pops and look-ups for Prometheus, from the plain counts that ``crm_bridge`` keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from crm_bridge.breaker import BreakerState
from crm_bridge.counts import DelayCounts, PopCounts, SourceCounts

RESULTS = ("hits", "misses", "errors", "spared", "given_up", "late", "kept", "stale")


class DeskCollector:
    """A collector for a ``CollectorRegistry``. Labels are source names and closings: no number, no name, no agent."""

    def __init__(self, pops: PopCounts, sources: Mapping[str, SourceCounts]) -> None:
        self._pops, self._sources = pops, sources

    def describe(self) -> Iterable[Metric]:
        """Nothing: the registry then does not collect in order to know the names."""
        return ()

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily("offhook_pops_offered", "Screen pops opened.", value=self._pops.offered)
        yield CounterMetricFamily(
            "offhook_pops_unseen", "Pops closed before a browser showed them.", value=self._pops.unseen
        )
        closed = CounterMetricFamily("offhook_pops_closed", "Screen pops closed, by how.", labels=("how",))
        for how, count in self._pops.closed.copy().items():
            closed.add_metric((str(how),), count)
        yield closed
        shown = HistogramMetricFamily(
            "offhook_pop_delay_seconds", "From the ring to the browser's word that it shows the pop."
        )
        shown.add_metric((), *_buckets(self._pops.delay))
        yield shown
        yield from self._lookups()

    def _lookups(self) -> Iterator[Metric]:
        asked = CounterMetricFamily("offhook_lookups", "Questions about callers, by source.", labels=("source",))
        results = CounterMetricFamily(
            "offhook_lookup_results",
            "What became of them; `late`, `kept` and `stale` are among the others.",
            labels=("source", "result"),
        )
        delays = HistogramMetricFamily(
            "offhook_lookup_seconds", "How long a source took, where it was asked.", labels=("source",)
        )
        under_way = GaugeMetricFamily(
            "offhook_lookups_under_way", "Questions it answers now.", labels=("source",)
        )
        breaker = GaugeMetricFamily(
            "offhook_lookup_breaker", "1 for the state of a source's breaker.", labels=("source", "state")
        )
        for source, counts in self._sources.items():
            asked.add_metric((source,), counts.asked)
            for result in RESULTS:
                results.add_metric((source, result), getattr(counts, result))
            delays.add_metric((source,), *_buckets(counts.delay))
            under_way.add_metric((source,), counts.under_way)
            now = counts.breaker()
            for state in BreakerState:
                breaker.add_metric((source, state.value), state is now)
        yield from (asked, results, delays, under_way, breaker)


def _buckets(delay: DelayCounts) -> tuple[list[tuple[str, float]], float]:
    """Prometheus' buckets and sum."""
    ends = [("+Inf" if end_s == float("inf") else str(end_s), float(count)) for end_s, count in delay.cumulative()]
    return ends, delay.sum_s
