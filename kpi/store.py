"""The store of calls and of what they add up to: SQLite or PostgreSQL, the same code.

Everything that changes together is written in one transaction: calls with their parts, the tallies, the agents' days,
the oddities and the journal mark. Writing a call again is harmless, for the tallies too: a version that ended later
replaces the first, and the tallies move by the difference.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.errors import OffhookError, driver_words
from cti.model import AgentChanged, Call, Oddity
from kpi import (
    carrying,
    filled_spans,
    ledger,
    mails,
    parameter_history,
    positions,
    reading,
    removed,
    report,
    rows,
    writing,
)
from kpi.batch import Batch, Mark, Span, Stored
from kpi.coverage import Stretch
from kpi.gaps import Gap, HalfSeen
from kpi.parameter_history import ParametersInUse
from kpi.parameters import SiteParameters
from kpi.positions import Position
from kpi.question import ReportQuestion
from kpi.reading import CallFilter, GroupKey, Window
from kpi.rebuild import Progress, Rebuilt, rebuild_tallies
from kpi.removed import Retained
from kpi.report import Report
from kpi.schema import CallSource
from kpi.spans import Carried
from kpi.tally import Tally, TallyKey

PAGE_CALLS = 100
#: what else is to be written with calls, in the same transaction
Beside = Callable[[AsyncConnection, Sequence[tuple[Call, CallSource]]], Awaitable[None]]

_REFUSED_SQLSTATES = ("22", "23")  # data exceptions, integrity violations


class StoreAwayError(OffhookError):
    """The database cannot be reached, is locked, is full or has no such tables: the same may succeed later."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            "store-away",
            "the database did not do what was asked of it",
            cause,
            "check that it runs, has room, and that its schema is up to date",
        )


class RowRefusedError(OffhookError):
    """The database does not take a row, now or later. The text holds nothing of the row."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            "store-row-refused",
            "the database refused a row",
            cause,
            "report it with the recording of the call: what a PBX sends must be storable",
        )


def _no_number(number: str) -> str | None:  # noqa: ARG001
    return None


class Store:
    """``e164`` gives a customer's number in E.164, None for one that is none: by it the last calls are found.

    ``beside`` is given the calls of each batch as they are stored then, with who told them, within its transaction.
    Every method raises StoreAwayError; those that write, RowRefusedError too.
    """

    def __init__(self, engine: AsyncEngine, e164: writing.E164 = _no_number, beside: Beside | None = None) -> None:
        self._engine = engine
        self._e164 = e164
        self._beside = beside

    async def store(self, batch: Batch) -> Stored:
        """Write it all, or nothing. What it changed is returned once it is committed."""
        async with self._transaction() as connection:
            stored = await writing.store_batch(connection, batch, self._e164)
            if self._beside is not None and batch.calls:
                await self._beside(connection, await reading.fetch_told_by_key(connection, batch.calls))
            return stored

    async def store_calls(
        self, calls: Iterable[Call], marks: Iterable[Mark] = (), *, source: CallSource = CallSource.LIVE
    ) -> Stored:
        return await self.store(Batch(calls=tuple(calls), source=source, marks=tuple(marks)))

    async def store_call(self, call: Call) -> Stored:
        return await self.store_calls([call])

    async def cut_open_spans(self, pbx: str) -> int:
        """End the agents' spans that a crash left open, at the last time known; how many there were."""
        async with self._transaction() as connection:
            return await writing.cut_open_spans(connection, pbx)

    async def fetch_call(self, pbx: str, call_id: str) -> Call | None:
        async with self._reading() as connection:
            found = await reading.fetch_calls_by_key(connection, [(pbx, call_id)])
        return next(iter(found.values()), None)

    async def fetch_told(self, pbx: str, call_ids: Iterable[str]) -> dict[str, tuple[Call, CallSource]]:
        """Of these calls those that are stored, by the ids that were asked for, each with who told it."""
        asked = {rows.stored_key(pbx, call_id): call_id for call_id in call_ids}
        async with self._reading() as connection:
            calls = await reading.fetch_calls_by_key(connection, asked)
            told_by = await reading.fetch_sources(connection, calls)
        return {asked[key]: (call, told_by[key]) for key, call in calls.items()}

    async def fetch_calls(
        self, wanted: CallFilter, *, limit: int = PAGE_CALLS, after: Call | None = None
    ) -> list[Call]:
        """At most ``limit`` calls, newest first; ``after`` the last one of the page before."""
        async with self._reading() as connection:
            return await reading.fetch_calls(connection, wanted, limit, after)

    async def fetch_last_calls(self, number_e164: str, n: int = 5) -> list[Call]:
        """The customer's last ``n`` calls, newest first."""
        return await self.fetch_calls(CallFilter(customer_e164=number_e164), limit=n)

    async def fetch_tallies(self, window: Window, by: Sequence[str] = ("queue",)) -> dict[GroupKey, Tally]:
        """The sums by the values of ``by``, any of ``pbx queue agent direction starts_at``, in that order.

        ``by=("pbx", "queue")`` gives ``{("milan", "sales"): Tally(...), ("milan", ""): Tally(...)}``.
        """
        async with self._reading() as connection:
            return await reading.fetch_tallies(connection, reading.in_window(window), by)

    async def fetch_queues(self, since: datetime, until: datetime) -> dict[str, Tally]:
        """What each queue's day adds up to; ``""`` holds what was in no queue: direct, outgoing and internal calls."""
        sums = await self.fetch_tallies(Window(since=since, until=until), by=("queue",))
        return {queue: tally for (queue,), tally in sums.items()}

    async def fetch_agents(self, since: datetime, until: datetime) -> dict[str, Tally]:
        """What each agent's rings and talks add up to."""
        sums = await self.fetch_tallies(Window(since=since, until=until), by=("agent",))
        return {agent: tally for (agent,), tally in sums.items() if agent}

    async def fetch_totals(self) -> dict[TallyKey, Tally]:
        """The sums since the first call, by PBX, queue and direction, seen and filled in apart: for the counters."""
        async with self._reading() as connection:
            sums = await reading.fetch_tallies(connection, reading.of_all_time(), TallyKey._fields)
        return {TallyKey(*key): tally for key, tally in sums.items()}

    async def fetch_report(
        self, question: ReportQuestion, site: SiteParameters | None = None, now: datetime | None = None
    ) -> Report:
        """The table that answers ``question``: see ``kpi.report.fetch_report``. Raises ReportError."""
        async with self._reading() as connection:
            return await report.fetch_report(connection, question, site, now)

    async def store_parameters(self, site: SiteParameters, at: datetime) -> bool:
        """Keep what is in use from now on; False if it was in use already."""
        async with self._transaction() as connection:
            return await parameter_history.store_parameters(connection, site, at)

    async def fetch_mailed(self) -> dict[str, datetime]:
        """By the name of each report by mail, the time that was dealt with last."""
        async with self._reading() as connection:
            return await mails.fetch_mailed(connection)

    async def store_mailed(self, name: str, due_at: datetime) -> None:
        """Keep that the time ``due_at`` of this report is dealt with."""
        async with self._transaction() as connection:
            await mails.store_mailed(connection, name, due_at)

    async def fetch_parameter_history(self) -> list[ParametersInUse]:
        """Which parameters were in use since when, the latest first."""
        async with self._reading() as connection:
            return await parameter_history.fetch_history(connection)

    async def rebuild_tallies(self, *, mend: bool = True, progress: Progress | None = None) -> Rebuilt:
        """Make all tallies anew from the calls and spans; what differed is told, and with ``mend`` put right."""
        async with self._transaction() as connection:
            return await rebuild_tallies(connection, mend=mend, progress=progress)

    async def fetch_gaps(
        self, since: datetime | None = None, until: datetime | None = None, pbx: str | None = None
    ) -> list[Gap]:
        """The gaps that touch this time, in order."""
        async with self._reading() as connection:
            return await ledger.fetch_gaps(connection, ledger.touching(since, until, pbx))

    async def fetch_half_seen(self, gaps: Sequence[Gap]) -> list[HalfSeen]:
        """The calls that met one of these gaps of one PBX and were not held against the PBX's logs yet."""
        async with self._reading() as connection:
            return await ledger.fetch_half_seen(connection, gaps)

    async def store_filled(self, gap: Gap) -> None:
        """Keep what ``gap`` says of its filling."""
        async with self._transaction() as connection:
            await ledger.store_filled(connection, gap)

    async def fill_days(self, gap: Gap, changes: Iterable[AgentChanged]) -> AsyncIterator[Stored]:
        """Have the agents' spans tell the time of a gap, by the log-ins and pauses of the PBX's own log.

        Some agents at once, each time a transaction of its own: done again after a crash, it is as done once.
        """
        async with self._reading() as connection:
            groups = await filled_spans.fetch_unheard(connection, gap, changes)
        for unheard in groups:
            async with self._transaction() as connection:
                stored = await writing.fill_days(connection, gap, unheard)
            yield stored

    async def store_position(self, position: Position) -> None:
        """Keep how far an import of history is."""
        async with self._transaction() as connection:
            await positions.store_position(connection, position)

    async def fetch_position(self, pbx: str, source: str) -> Position | None:
        """How far the import of that source is; None where there was none."""
        async with self._reading() as connection:
            return await positions.fetch_position(connection, pbx, source)

    async def fetch_imported(self, pbx: str | None = None) -> list[Stretch]:
        """The times that were imported: beside the gaps, ``coverage`` asks for them."""
        async with self._reading() as connection:
            return await positions.fetch_stretches(connection, pbx)

    async def fetch_oddity_counts(self) -> dict[tuple[str, str], int]:
        """By PBX and kind."""
        async with self._reading() as connection:
            return await reading.fetch_oddity_counts(connection)

    async def fetch_oddity_kinds(
        self, since: datetime | None = None, pbx: str | None = None
    ) -> list[tuple[int, Oddity]]:
        """How many of each kind there were, with the latest one as an example; the most frequent first."""
        async with self._reading() as connection:
            return await reading.fetch_oddity_kinds(connection, since, pbx)

    async def fetch_spans(self, since: datetime, until: datetime, agent: str | None = None) -> list[Span]:
        """The spans that touch this time, in order; they may begin before and end after it."""
        async with self._reading() as connection:
            return await reading.fetch_spans(connection, since, until, agent)

    async def fetch_carried(self, pbx: str) -> Carried:
        """The agents' spans that are open, for a run of the program that goes on where another was."""
        async with self._reading() as connection:
            return await carrying.fetch_carried(connection, pbx)

    async def fetch_retained(self) -> dict[Retained, datetime]:
        """Since when calls are kept, and the customers' numbers in them; what was never removed is not in it."""
        async with self._reading() as connection:
            return await removed.fetch_retained(connection)

    async def fetch_marks(self) -> dict[str, Mark]:
        """How far each PBX's journal is in the store."""
        async with self._reading() as connection:
            return await reading.fetch_marks(connection)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise _plain(error) from None

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose statements all see the same moment: a call and its parts, counts and histograms."""
        try:
            async with self._engine.connect() as connection:
                if connection.dialect.name == "postgresql":
                    await connection.execution_options(isolation_level="REPEATABLE READ")
                else:
                    await connection.exec_driver_sql("BEGIN")
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise _plain(error) from None


def _plain(error: SQLAlchemyError | OSError) -> OffhookError:
    """The error in our words. Without its cause: SQLAlchemy's text holds the parameters, and so callers' numbers."""
    driver = getattr(error, "orig", None) or error
    sqlstate = getattr(driver, "sqlstate", None) or ""
    if isinstance(error, DataError | IntegrityError) or sqlstate.startswith(_REFUSED_SQLSTATES):
        return RowRefusedError(" ".join(filter(None, (type(driver).__name__, sqlstate))))
    return StoreAwayError(driver_words(error))
