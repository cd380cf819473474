"""The metrics for Prometheus, made from the tallies of the store, from what goes on now, and from the links' health.

Counters and histograms are the sums for all time that the store keeps, moved when a transaction has been committed:
they survive restarts and equal the reports. The number of series is bounded: so many pairs of PBX and queue, and of PBX
and agent; all further ones share ``other``. No caller's number or name is ever a label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta
from prometheus_client.core import Metric

from kpi.health_metrics import (
    JournalHealth,
    LinkHealth,
    RecorderHealth,
    gap_families,
    journal_families,
    link_families,
    oddity_family,
    recorder_families,
)
from kpi.live import LiveBoard
from kpi.live_metrics import live_families
from kpi.series import AGENTS_LIMIT, QUEUES_LIMIT, Series
from kpi.tally_metrics import agent_families, tally_families
from kpi.totals import Totals


class MetricsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is told to Prometheus at `/metrics`."""

    agents: Annotated[
        bool,
        Meta(
            description="Give each agent series of his own, labelled with his extension, never his name. Turn it off "
            "where people may not be measured one by one; how many are in which state is told either way."
        ),
    ] = True
    max_queues: Annotated[
        int, Meta(ge=1, le=2_000, description="How many queues have series of their own; all others share `other`.")
    ] = QUEUES_LIMIT
    max_agents: Annotated[
        int, Meta(ge=1, le=5_000, description="How many agents have series of their own; all others share `other`.")
    ] = AGENTS_LIMIT


def _local_midnight(now: datetime) -> datetime:
    """When today began, as this machine's clock has it."""
    return now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)


class KpiCollector:
    """A collector for a ``CollectorRegistry``; it may be asked from another thread than the loop's.

    ``links`` and ``journals`` give each PBX's health, ``trunks`` its trunks' names, ``missed`` the events that each
    follower of the feed lost, ``midnight`` when the day of an instant began.
    """

    def __init__(
        self,
        totals: Totals,
        live: LiveBoard,
        *,
        settings: MetricsSettings | None = None,
        links: Callable[[], Mapping[str, LinkHealth]] = dict,
        journals: Callable[[], Mapping[str, JournalHealth]] = dict,
        trunks: Mapping[str, Sequence[str]] | None = None,
        missed: Callable[[], Mapping[str, int]] = dict,
        recorder: RecorderHealth | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        midnight: Callable[[datetime], datetime] = _local_midnight,
    ) -> None:
        self._settings = settings or MetricsSettings()
        self._totals, self._live, self._recorder, self._trunks = totals, live, recorder, trunks or {}
        self._links, self._journals, self._missed = links, journals, missed
        self._now, self._midnight = now, midnight
        self._series = Series(self._settings.max_queues, self._settings.max_agents)

    def describe(self) -> Iterable[Metric]:
        """Nothing: the registry then does not collect in order to know the names."""
        return ()

    def collect(self) -> Iterator[Metric]:
        series, totals, now, links = self._series, self._totals, self._now(), self._links()
        tallies = totals.tallies.copy()
        yield from tally_families(series, tallies, self._live.queues())
        if self._settings.agents:
            agents = [(one.pbx, one.agent) for one in self._live.agents()]
            yield from agent_families(series, tallies, agents)
        yield from live_families(series, self._live, now, self._trunks, agents=self._settings.agents)
        yield from link_families(series, links, now)
        yield from journal_families(series, self._journals())
        yield from recorder_families(series, self._recorder, self._missed())
        yield from gap_families(series, list(totals.gaps.values()), links, now, self._midnight)
        yield oddity_family(series, totals.oddities.copy())
        yield series.folded()
