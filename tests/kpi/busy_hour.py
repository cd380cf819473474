"""An hour of a simulated Asterisk where people come, go and take breaks all the time, and what it writes of it."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from cti.model import AgentChanged
from cti.pbx.asterisk_events import WANTED, AsteriskEvents
from cti.pbx.asterisk_logs import AsteriskLogs
from cti.signals import Signal
from cti.tracker import CallTracker
from cti.wire.ami import AmiWire
from kpi.batch import Span
from kpi.importers.log_file import LogFile
from kpi.importers.pbx_logs import PbxLogs
from kpi.spans import SpanBook
from offhook.simulator.logs_of_calls import LoggedPlant
from offhook.simulator.people import Public
from offhook.simulator.server import BANNER
from offhook.simulator.sites import DEMO
from offhook.simulator.traffic import Bustle, Traffic
from tests.kpi.cut_stream import PBX
from tests.kpi.importers.logged import FILES, PARSERS

BEGAN_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LENGTH_S, QUIET_S = 3600.0, 1200.0
PLAN = msgspec.structs.replace(
    DEMO, lines=tuple(msgspec.structs.replace(line, wrap_up_s=0.0) for line in DEMO.lines)
)  # no log tells of wrap-ups
NAMES = {name: agent for agent, name in PLAN.agents.items()}


class Hour(NamedTuple):
    signals: tuple[Signal, ...]
    logs: dict[str, bytes]


@cache
def busy_hour(seed: int = 1) -> Hour:
    with tempfile.TemporaryDirectory() as folder:
        plant = LoggedPlant(PLAN, Path(folder), seed=seed, started_at=BEGAN_AT)
        traffic = Traffic(calls_per_hour=200.0, talk_median_s=25.0, break_every_s=240.0, break_median_s=60.0)
        bustle = Bustle(plant, Public(random.Random(seed), []), traffic, seed=seed)
        plant.staff_logs_in()
        bustle.begin()
        events, wire = AsteriskEvents(PBX), AmiWire(WANTED)
        wire.feed(BANNER)
        signals = [
            signal
            for at, data in _until_quiet(plant, bustle)
            for frame in wire.feed(data)
            for signal in events.normalise(frame, at.astimezone(UTC), "session")
        ]
        logs = {"queue_log": plant.logs.queue_log.read_bytes(), "cel": plant.logs.cel.read_bytes()}
        return Hour(tuple(signals), logs)


def _until_quiet(plant: LoggedPlant, bustle: Bustle) -> Iterator[tuple[datetime, bytes]]:
    """Its bytes; at the end all calls are over."""
    yield from plant.advance(LENGTH_S)
    bustle.stop()
    yield from plant.advance(LENGTH_S + QUIET_S)


def days_of(signals: Iterable[Signal]) -> list[Span]:
    """The spans of who heard all of it."""
    tracker, book = CallTracker(PBX), SpanBook()
    spans: dict[object, Span] = {}
    for signal in signals:
        for event in tracker.apply(signal):
            if isinstance(event, AgentChanged):
                spans |= {span.key: span for span in book.apply(event)}
    return list(spans.values())


def logs_in(folder: Path, *kinds: str, names: Mapping[str, str] = NAMES) -> PbxLogs:
    """The PBX's logs as files there, as the composition root opens them."""
    for kind in kinds:
        (folder / FILES[kind]).write_bytes(busy_hour().logs[kind])
    files = [LogFile(kind, folder / FILES[kind], PARSERS[kind]) for kind in kinds]
    return PbxLogs(files, AsteriskLogs(PBX, (), names), 0)


def astray(spans: Iterable[Span], real: Iterable[Span]) -> list[tuple[object, ...]]:
    """Those of either that the other does not have, within a second; what lasted less than two does not count."""
    return [*_only_in(real, spans, "missing"), *_only_in(spans, real, "never was")]


def _only_in(one: Iterable[Span], other: Iterable[Span], what: str) -> Iterator[tuple[object, ...]]:
    there: dict[tuple[object, ...], list[Span]] = {}
    for span in other:
        there.setdefault(_facts(span), []).append(span)
    for span in one:
        if span.ended_at is not None and span.ended_at - span.started_at < 2.1 * SECOND:
            continue
        if not any(_near(span, twin) for twin in there.get(_facts(span), ())):
            yield what, *_facts(span), f"{span.started_at:%H:%M:%S.%f}", f"{span.ended_at or 'on'}", span.source


def _facts(span: Span) -> tuple[object, ...]:
    return span.pbx, span.agent, span.kind, span.queue, span.state, span.reason


def _near(one: Span, other: Span) -> bool:
    if one.ended_at is None or other.ended_at is None:
        return one.ended_at is other.ended_at and abs(one.started_at - other.started_at) < 1.01 * SECOND
    return max(abs(one.started_at - other.started_at), abs(one.ended_at - other.ended_at)) < 1.01 * SECOND


def overlaps(spans: Iterable[Span]) -> list[tuple[Span, Span]]:
    """Those of one slot that are at one time: nobody does two things at once."""
    last: dict[tuple[object, ...], Span] = {}
    found: list[tuple[Span, Span]] = []
    for span in sorted(spans, key=lambda span: span.started_at):
        slot = span.agent, span.kind, span.queue
        before = last.get(slot)
        if before is not None and (before.ended_at is None or before.ended_at > span.started_at):
            found.append((before, span))
        last[slot] = span
    return found
