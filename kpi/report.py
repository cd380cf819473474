"""Reports: a question answered from the tallies.

``fetch_report`` gives a table: rows of keys and numbers, the total of all rows, how much of the period is known, and
the passport of each number. A total is the number of the summed tally, never a mean of the rows' numbers.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import msgspec
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from kpi import schema
from kpi.agent_time import span_tallies
from kpi.batch import Span
from kpi.finding import fetch_coverage, fetch_found
from kpi.found import NOTHING, Found
from kpi.levels import Stretch, stretches
from kpi.local_time import find_zone
from kpi.measure import Dimension, FoundMeasure, Measure, Passport, Piece, added
from kpi.parameter_history import fetch_parameters
from kpi.parameters import Conditions, SiteParameters, Target
from kpi.question import Hours, ReportQuestion, check_question
from kpi.removed import fetch_retained, untold
from kpi.schema import SpanKind
from kpi.slices import Columns, RowKey, Slicing
from kpi.sums import fetch_sums
from kpi.tally import Tally, total

Measures = Mapping[str, Measure | FoundMeasure]
Pieces = dict[RowKey | None, list[Piece]]
_tallies = schema.tallies.c
_COLUMNS = Columns(
    _tallies.starts_at,
    {
        Dimension.PBX: _tallies.pbx,
        Dimension.QUEUE: _tallies.queue,
        Dimension.AGENT: _tallies.agent,
        Dimension.DID: _tallies.did,
        Dimension.DIRECTION: _tallies.direction,
    },
)
#: What calls and stays add, always to rows without an agent: a report of these need not look at the others.
OF_NO_AGENT = {
    *("started", "entered", "calls", "stays", "answered_wait_ms", "abandoned_wait_ms", "other_wait_ms"),
    *("answered_waits", "abandoned_waits", "other_waits"),
}
_TIMES = {"idle_ms", "ringing_ms", "talking_ms", "wrapping_ms", "pauses"}


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A number's passport, with the values of the parameters that it was made with where no queue has its own."""

    key: str
    title: str
    unit: str
    formula: str
    words: str
    source: str
    parameters: dict[str, int | bool]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """``key``: the row's part of each of ``by``. ``numbers``: one for each column, None where there is none.

    Shares are 0 to 1, times seconds. ``pauses`` are seconds by reason, if the time paused is asked for. ``met`` tells
    of the measures that have a target whether it is met.
    """

    key: tuple[str, ...]
    numbers: tuple[float | None, ...]
    pauses: dict[str, float] = {}
    met: dict[str, bool] = {}


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked and what came out. ``coverage`` is the known share of the period, 0 to 1.

    ``version`` names the parameters that were used; asked for by it, the same report can be made again.
    ``targets`` are those that hold where no queue has its own. ``told_since``: what is looked for in calls is asked of
    a time before, in which calls or customers' numbers were removed because of their age; there is no number of it.
    """

    since: datetime
    until: datetime
    time_zone: str
    hours: Hours
    by: tuple[Dimension, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row
    coverage: float
    version: str
    targets: tuple[Target, ...]
    made_at: datetime
    told_since: datetime | None = None


async def fetch_report(
    connection: AsyncConnection,
    question: ReportQuestion,
    site: SiteParameters | None = None,
    now: datetime | None = None,
) -> Report:
    """The answer to ``question``, by the parameters ``site`` (None: those in use, or the question's version).

    Raises:
        ReportError: what is asked for is not there, or does not go together.
    """
    measures = check_question(question)
    now = now or datetime.now(UTC)
    if question.version is not None or site is None:
        site = await fetch_parameters(connection, question.version, site)
    zone = find_zone(question.time_zone or site.time_zone)
    slicing = Slicing(question, site, zone)
    pieces = await _fetch_pieces(connection, slicing, measures, now)
    needs = {need for one in measures.values() if isinstance(one, FoundMeasure) for need in one.needs}
    found = await fetch_found(connection, slicing, needs, now) if needs else {}
    retained = await fetch_retained(connection) if needs else {}
    gone = untold(retained, question.since, site.default.parameters.repeat_days)
    gone = {need: at for need, at in gone.items() if need in needs}
    make = _RowMaker(slicing, measures, gone)
    keys = {key for key in (*pieces, *found) if key is not None and key != ()} if question.by else set()
    rows = [make.row(key, pieces.get(key, []), found.get(key, NOTHING)) for key in sorted(keys)]
    return Report(
        since=question.since,
        until=question.until,
        time_zone=zone.key,
        hours=question.hours,
        by=question.by,
        columns=tuple(_column(one, site.default) for one in measures.values()),
        rows=tuple(row for row in rows if "" not in row.key or any(row.numbers)),
        total=make.total(added(chain.from_iterable(pieces.values())), found.get((), NOTHING)),
        coverage=await fetch_coverage(connection, question, now),
        version=site.version,
        targets=site.default.targets,
        made_at=now,
        told_since=max(gone.values(), default=None),
    )


class _RowMaker:
    """``gone`` names what cannot be found any more."""

    def __init__(self, slicing: Slicing, measures: Measures, gone: Container[str]) -> None:
        self._question, self._site, self._measures = slicing.question, slicing.site, measures
        self._gone = gone

    def row(self, key: RowKey, pieces: Sequence[Piece], found: Found) -> Row:
        split = {*self._question.by, *self._question.filtered}
        names = tuple(text for _, text in key)
        return self._made(names, pieces, found, split, self._conditions(names))

    def total(self, pieces: Sequence[Piece], found: Found) -> Row:
        split = set(self._question.filtered) | ({Dimension.DID} if self._question.needs_did else set())
        return self._made((), pieces, found, split, self._site.default)

    def _made(
        self, key: tuple[str, ...], pieces: Sequence[Piece], found: Found, split: set[Dimension], of: Conditions
    ) -> Row:
        numbers: dict[str, float | None] = {}
        for name, measure in self._measures.items():
            if split & set(measure.not_by):
                numbers[name] = None
            elif isinstance(measure, Measure):
                numbers[name] = measure.of(pieces)
            elif any(need in self._gone for need in measure.needs):
                numbers[name] = None
            else:
                numbers[name] = measure.compute(found, self._site.default.parameters)
        verdicts = {one.measure: one.is_met(numbers.get(one.measure)) for one in of.targets}
        return Row(
            key=key,
            numbers=tuple(numbers.values()),
            pauses=self._pauses(pieces) if numbers.get("pause_time") is not None else {},
            met={name: met for name, met in verdicts.items() if met is not None},
        )

    def _pauses(self, pieces: Sequence[Piece]) -> dict[str, float]:
        summed = total(one.tally for one in pieces).pauses
        return {reason: ms / 1_000 for reason, ms in summed.items()}

    def _conditions(self, names: tuple[str, ...]) -> Conditions:
        if Dimension.QUEUE not in self._question.by:
            return self._site.default
        return self._site.of(names[self._question.by.index(Dimension.QUEUE)])


async def _fetch_pieces(connection: AsyncConnection, slicing: Slicing, measures: Measures, now: datetime) -> Pieces:
    """The tallies of each row, apart where they have other parameters or, if a measure asks for it, directions."""
    question, wanted = slicing.question, [one for one in measures.values() if isinstance(one, Measure)]
    fields = {name for one in wanted for name in one.reads}
    if not fields:
        return {}
    by = [*question.by, *_told_apart(slicing, wanted)]
    conditions = slicing.conditions(_COLUMNS, bounded=False)
    if fields <= OF_NO_AGENT and Dimension.AGENT not in {*question.by, *question.filtered}:
        conditions.append(_tallies.agent == "")
    places = [[*_within(one), *conditions] for one in stretches(question, slicing.site, slicing.offsets)]
    sums = await fetch_sums(connection, places, slicing.group(_COLUMNS, by), fields, _cuts(slicing.site, wanted))
    found = list(sums.items())
    if fields & _TIMES and not question.needs_did:
        found += await _fetch_lasting(connection, slicing, by, now)
    pieces: Pieces = {}
    for values, tally in found:
        named = dict(zip(by, values, strict=True))
        queue = named.get(Dimension.QUEUE, "")
        piece = Piece(tally, slicing.site.of(queue).parameters, named.get(Dimension.DIRECTION))
        pieces.setdefault(slicing.row_key(values), []).append(piece)
    return {key: added(of_row) for key, of_row in pieces.items()}


def _within(stretch: Stretch) -> list[ColumnElement[bool]]:
    starts_at = _tallies.starts_at
    return [_tallies.span == stretch.span, starts_at >= stretch.since, starts_at < stretch.until]


def _cuts(site: SiteParameters, measures: Sequence[Measure]) -> dict[str, list[int]]:
    """The histograms that no measure needs as a whole, and where they are cut: at the limits of all queues."""
    whole = {name for one in measures if not one.cuts for name in one.reads}
    limits = {name for one in measures if one.cuts for name in one.parameters if name.endswith("_s")}
    used = [of.parameters for of in (site.default, *site.queues.values())]
    seconds = sorted({getattr(parameters, name) for parameters in used for name in limits})
    fields = {name for one in measures if one.cuts for name in one.reads}
    return {name: seconds for name in schema.HISTOGRAMS if name in fields - whole}


def _told_apart(slicing: Slicing, measures: Sequence[Measure]) -> list[Dimension]:
    """What the rows are split by beside what the question says."""
    own = {of.parameters for of in slicing.site.queues.values()} - {slicing.site.default.parameters}
    more = []
    if own and any(one.parameters for one in measures):
        more.append(Dimension.QUEUE)
    if any(one.direction is not None for one in measures):
        more.append(Dimension.DIRECTION)
    return [one for one in more if one not in slicing.question.by]


async def _fetch_lasting(
    connection: AsyncConnection, slicing: Slicing, by: Sequence[Dimension], now: datetime
) -> list[tuple[tuple[Any, ...], Tally]]:
    """The time of agents that is in no row yet, because what they do lasts: as of the last time their PBX was seen."""
    spans, marks = schema.agent_spans, schema.journal_marks
    lasting = await connection.execute(spans.select().where(spans.c.ended_at.is_(None), spans.c.kind == SpanKind.STATE))
    seen = {row.pbx: row.seen_at for row in await connection.execute(marks.select())}
    found: list[tuple[tuple[Any, ...], Tally]] = []
    for row in lasting.mappings():
        span = Span(**row)
        within = msgspec.structs.replace(span, started_at=max(span.started_at, slicing.question.since))
        until = min(now, slicing.question.until, seen.get(span.pbx) or now)
        for key, tally in span_tallies(within, until).items():
            if slicing.has(key):
                found.append((tuple(slicing.values(key, by)), tally))
    return found


def _column(measure: Passport, of: Conditions) -> Column:
    return Column(
        key=measure.key,
        title=measure.title,
        unit=measure.unit.value,
        formula=measure.formula,
        words=measure.words,
        source=measure.source,
        parameters={name: getattr(of.parameters, name) for name in measure.parameters},
    )
