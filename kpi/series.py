"""Samples for Prometheus: labels bounded, counters that never fall, histograms with their buckets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from kpi.histogram import Histogram, cumulative
from kpi.labels import LabelBook, agent_label
from kpi.metric_specs import SPECS

QUEUES_LIMIT = 200
AGENTS_LIMIT = 1_000
KINDS_LIMIT = 50

Labels = tuple[str, ...]
Key = TypeVar("Key", bound=tuple[str, ...])
Value = TypeVar("Value")


def gauge(name: str, values: Mapping[Key, float]) -> Metric:
    """A gauge of ``kpi.metric_specs`` with these values by label."""
    spec = SPECS[name]
    family = GaugeMetricFamily(name, spec.text, labels=spec.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


class Series:
    """What is kept between two scrapes: who has labels of his own, and how high each counter was."""

    def __init__(self, queues: int = QUEUES_LIMIT, agents: int = AGENTS_LIMIT) -> None:
        self.queues, self.agents, self.kinds = LabelBook(queues), LabelBook(agents), LabelBook(KINDS_LIMIT)
        self._highest: dict[Labels, float] = {}

    def of_queues(self, values: Mapping[Key, Value]) -> dict[Labels, list[Value]]:
        """The values by PBX, queue and whatever follows these in the key."""
        return _grouped(values, lambda key: (*self.queues.labels(*key[:2]), *key[2:]))

    def agent(self, pbx: str, agent: str) -> Labels:
        """The labels of one agent."""
        return self.agents.labels(pbx, agent_label(agent))

    def of_agents(self, values: Mapping[Key, Value]) -> dict[Labels, list[Value]]:
        """The values by PBX, agent and whatever follows these in the key."""
        return _grouped(values, lambda key: (*self.agent(*key[:2]), *key[2:]))

    def of_kinds(self, values: Mapping[Key, Value]) -> dict[Labels, list[Value]]:
        """The values by PBX and kind of oddity."""
        return _grouped(values, lambda key: self.kinds.labels(*key))

    def counter(self, name: str, values: Iterable[tuple[Labels, float]]) -> Metric:
        """A counter of ``kpi.metric_specs``."""
        spec = SPECS[name]
        family = CounterMetricFamily(name.removesuffix("_total"), spec.text, labels=spec.labels)
        for labels, value in values:
            family.add_metric(labels, self._risen((name, *labels), value))
        return family

    def histogram(self, name: str, values: Iterable[tuple[Labels, Histogram, int]], buckets_s: Sequence[int]) -> Metric:
        """A histogram of ``kpi.metric_specs``: each series' seconds, and their sum in milliseconds."""
        spec = SPECS[name]
        family = HistogramMetricFamily(name, spec.text, labels=spec.labels)
        limits = [str(float(limit_s)) for limit_s in buckets_s] + ["+Inf"]
        for labels, seconds, sum_ms in values:
            counts = zip(limits, cumulative(seconds, buckets_s), strict=True)
            risen = [(limit, self._risen((name, limit, *labels), count)) for limit, count in counts]
            family.add_metric(labels, risen, self._risen((name, "sum", *labels), sum_ms / 1_000))
        return family

    def folded(self) -> Metric:
        """How many names of each sort share ``other``."""
        books = {"queue": self.queues, "agent": self.agents, "kind": self.kinds}
        return gauge("offhook_series_folded", {(name,): book.folded for name, book in books.items()})

    def _risen(self, series: Labels, value: float) -> float:
        """The highest value so far: a call that was stored anew with another outcome must not look like a restart."""
        highest = self._highest[series] = max(value, self._highest.get(series, 0))
        return highest


def joined(groups: Mapping[Labels, list[float]], join: Callable[[list[float]], float] = sum) -> dict[Labels, float]:
    """One value for each label: the sum of those that share it, or what ``join`` makes of them."""
    return {labels: join(group) for labels, group in groups.items()}


def _grouped(values: Mapping[Key, Value], labels_of: Callable[[Key], Labels]) -> dict[Labels, list[Value]]:
    groups: dict[Labels, list[Value]] = {}
    for key, value in values.items():
        groups.setdefault(labels_of(key), []).append(value)
    return groups
