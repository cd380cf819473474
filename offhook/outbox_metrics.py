"""The figures of what CRMs and webhooks are told, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from crm_bridge.cti_push import CtiCounts
from crm_bridge.delivery import TargetCounts
from crm_bridge.live_webhooks import LiveCounts


class Delivered(Protocol):
    """What ``crm_bridge.delivery.Delivery`` counts."""

    counts: Mapping[str, TargetCounts]
    left_over: int


class OutboxCollector:
    """A collector for a ``CollectorRegistry``. Labels are names of the settings and results: no number, no name.

    ``delivery`` has the outbox's targets, ``live`` the webhooks, ``listeners`` the help desks that hear at once.
    """

    def __init__(
        self,
        delivery: Delivered,
        live: Mapping[str, LiveCounts],
        listeners: Mapping[str, CtiCounts],
    ) -> None:
        self._delivery, self._live, self._listeners = delivery, live, listeners

    def describe(self) -> Iterable[Metric]:
        """Nothing: the registry then does not collect in order to know the names."""
        return ()

    def collect(self) -> Iterator[Metric]:
        ends = CounterMetricFamily(
            "offhook_outbox_deliveries", "Attempts to tell a CRM or webhook of a call.", labels=("target", "result")
        )
        waiting = GaugeMetricFamily("offhook_outbox_waiting", "Calls that wait to be told.", labels=("target",))
        dead = GaugeMetricFamily("offhook_outbox_dead", "Dead letters: somebody has to look.", labels=("target",))
        oldest = GaugeMetricFamily(
            "offhook_outbox_oldest_seconds", "How long the oldest that waits has waited.", labels=("target",)
        )
        for target, counts in self._delivery.counts.items():
            for result in ("delivered", "failed", "buried"):
                ends.add_metric((target, result), getattr(counts, result))
            waiting.add_metric((target,), counts.waiting)
            dead.add_metric((target,), counts.dead)
            oldest.add_metric((target,), _age_s(counts.oldest_at))
        left = GaugeMetricFamily("offhook_outbox_left_over", "Calls for targets that are not in the settings.")
        if self._delivery.counts or self._delivery.left_over:
            left.add_metric((), self._delivery.left_over)
        yield from (ends, waiting, dead, oldest, left)
        yield from self._live_messages()

    def _live_messages(self) -> Iterator[Metric]:
        messages = CounterMetricFamily(
            "offhook_webhook_live", "Messages about what happens now.", labels=("target", "result")
        )
        for target, counts in self._live.items():
            for result in ("sent", "late", "dropped"):
                messages.add_metric((target, result), getattr(counts, result))
        told = CounterMetricFamily(
            "offhook_cti_push", "Messages to a help desk's log of callers.", labels=("source", "result")
        )
        for source, heard in self._listeners.items():
            for result in ("sent", "failed", "late", "dropped"):
                told.add_metric((source, result), getattr(heard, result))
        yield from (messages, told)


def _age_s(since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (datetime.now(UTC) - since).total_seconds())
