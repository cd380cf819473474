"""A report's question in the words of a command line, a page's address or the settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from cti.model import Direction
from kpi.local_time import ReportError, parse_period
from kpi.measure import Dimension, all_measures
from kpi.question import DEFAULT_MEASURES, Hours, ReportQuestion

ALL_MEASURES = "all"
#: What is usual of agents: waits and callers are nobody's before he answers.
OF_AGENTS = ("conversations", "answer_rate", "ring_no_answer", "att", "aht", "occupancy", "login_time", "pause_time")


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was asked, in words. Empty means all of it, or what is usual."""

    period: str = "yesterday"
    by: tuple[str, ...] = ("queue",)
    measures: tuple[str, ...] = ()
    pbx: tuple[str, ...] = ()
    queue: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    did: tuple[str, ...] = ()
    direction: tuple[str, ...] = ()
    hours: str = Hours.ALL.value
    version: str | None = None


def parse_question(asked: Asked, now: datetime, zone: ZoneInfo) -> ReportQuestion:
    """The question, with its period as of ``now`` in that time zone.

    Raises:
        ReportError: ``report-bad-period``, ``report-bad-split``, ``report-no-measure``, ``report-bad-filter``.
    """
    period = parse_period(asked.period, now, zone)
    by = tuple(_dimension(one) for one in _listed(asked.by))
    measures = _listed(asked.measures) or list(OF_AGENTS if Dimension.AGENT in by else DEFAULT_MEASURES)
    return ReportQuestion(
        since=period.since,
        until=period.until,
        by=by,
        measures=tuple(all_measures()) if measures == [ALL_MEASURES] else tuple(measures),
        pbxs=asked.pbx,
        queues=asked.queue,
        agents=asked.agent,
        dids=asked.did,
        directions=tuple(_direction(one) for one in asked.direction),
        hours=_hours(asked.hours),
        time_zone=zone.key,
        version=asked.version or None,
    )


def _listed(words: Sequence[str]) -> list[str]:
    """Also what is one word with commas in it; ``none`` is nothing."""
    each = [part.strip() for word in words for part in word.split(",")]
    return [one for one in each if one and one != "none"]


def _dimension(text: str) -> Dimension:
    try:
        return Dimension(text)
    except ValueError:
        raise ReportError(
            "report-bad-split",
            f'a report cannot be by "{text[:40]}"',
            "there is no such part of a call or of the time",
            f"choose among {', '.join(Dimension)}",
        ) from None


def _direction(text: str) -> Direction:
    try:
        return Direction(text)
    except ValueError:
        raise _no_filter(text, "direction", [one.value for one in Direction]) from None


def _hours(text: str) -> Hours:
    try:
        return Hours(text)
    except ValueError:
        raise _no_filter(text, "kind of hours", [one.value for one in Hours]) from None


def _no_filter(text: str, what: str, known: Sequence[str]) -> ReportError:
    return ReportError(
        "report-bad-filter", f'"{text[:40]}" is no {what}', "nothing has that name", f"choose among {', '.join(known)}"
    )
