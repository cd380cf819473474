"""The metrics of Offhook's own health: links, journals, gaps, the way to the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Protocol

from prometheus_client.core import Metric

from kpi.coverage import coverage
from kpi.gaps import Gap
from kpi.labels import plain_label
from kpi.series import Labels, Series, gauge


class LinkHealth(Protocol):
    """What is told of one PBX's connection: see ``cti.link.LinkHealth``."""

    @property
    def connected(self) -> bool: ...
    @property
    def reconnects(self) -> int: ...
    @property
    def attempts_failed(self) -> int: ...
    @property
    def bytes_read(self) -> int: ...
    @property
    def events_read(self) -> int: ...
    @property
    def last_event_at(self) -> datetime | None: ...
    @property
    def keepalive_s(self) -> float | None: ...


class JournalHealth(Protocol):
    """What is told of one PBX's journal: see ``cti.journal_writer.JournalHealth``."""

    @property
    def bytes_waiting(self) -> int: ...
    @property
    def bytes_written(self) -> int: ...
    @property
    def bytes_lost(self) -> int: ...
    @property
    def failing(self) -> str | None: ...


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


def link_families(series: Series, links: Mapping[str, LinkHealth], now: datetime) -> Iterator[Metric]:
    """By PBX."""
    by_label = {(plain_label(pbx),): link for pbx, link in links.items()}
    yield gauge("offhook_link_up", {pbx: int(one.connected) for pbx, one in by_label.items()})
    answers = {pbx: one.keepalive_s for pbx, one in by_label.items() if one.keepalive_s is not None}
    yield gauge("offhook_link_keepalive_seconds", answers)
    heard = {pbx: one.last_event_at for pbx, one in by_label.items() if one.last_event_at is not None}
    silence = {pbx: max(0.0, (now - at).total_seconds()) for pbx, at in heard.items()}
    yield gauge("offhook_link_silence_seconds", silence)
    for name, field in (
        ("offhook_link_reconnects_total", "reconnects"),
        ("offhook_link_attempts_failed_total", "attempts_failed"),
        ("offhook_link_bytes_total", "bytes_read"),
        ("offhook_events_read_total", "events_read"),
    ):
        yield series.counter(name, [(pbx, getattr(one, field)) for pbx, one in by_label.items()])


def journal_families(series: Series, journals: Mapping[str, JournalHealth]) -> Iterator[Metric]:
    """By PBX; nothing where no journal is kept."""
    by_label: dict[Labels, JournalHealth] = {(plain_label(pbx),): one for pbx, one in journals.items()}
    yield gauge("offhook_journal_waiting_bytes", {pbx: one.bytes_waiting for pbx, one in by_label.items()})
    yield gauge("offhook_journal_failing", {pbx: int(one.failing is not None) for pbx, one in by_label.items()})
    written = [(pbx, one.bytes_written) for pbx, one in by_label.items()]
    yield series.counter("offhook_journal_written_bytes_total", written)
    yield series.counter("offhook_journal_lost_bytes_total", [(pbx, one.bytes_lost) for pbx, one in by_label.items()])


def recorder_families(series: Series, recorder: RecorderHealth | None, missed: Mapping[str, int]) -> Iterator[Metric]:
    """The way to the store; nothing of it where nothing is stored."""
    yield series.counter("offhook_feed_missed_total", [((name,), count) for name, count in missed.items()])
    if recorder is not None:
        yield gauge("offhook_recorder_lag_seconds", {(): recorder.lag_s})
        yield gauge("offhook_recorder_backlog", {(): recorder.backlog})
        yield series.counter("offhook_recorder_retries_total", [((), recorder.retries)])
        yield series.counter("offhook_recorder_refused_total", [((), recorder.refused)])


def gap_families(
    series: Series,
    gaps: Iterable[Gap],
    links: Iterable[str],
    now: datetime,
    midnight: Callable[[datetime], datetime],
) -> Iterator[Metric]:
    """What is not known, by PBX: those of ``links``, and those that have gaps."""
    known = list(gaps)
    own = {pbx: [gap for gap in known if gap.pbx == pbx] for pbx in sorted({gap.pbx for gap in known} | set(links))}
    lost = [((plain_label(pbx),), sum(gap.missing_s(now) for gap in some)) for pbx, some in own.items()]
    yield series.counter("offhook_gap_seconds_total", lost)
    lasting = {(plain_label(pbx),): sum(gap.ended_at is None for gap in some) for pbx, some in own.items()}
    yield gauge("offhook_gaps_open", lasting)
    today = {(plain_label(pbx),): coverage(midnight(now), now, some) for pbx, some in own.items()}
    yield gauge("offhook_coverage_today", today)


def oddity_family(series: Series, counts: Mapping[tuple[str, str], int]) -> Metric:
    """By PBX and kind."""
    groups = series.of_kinds(counts)
    return series.counter("offhook_oddities_total", [(labels, sum(group)) for labels, group in groups.items()])
