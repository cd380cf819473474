"""What the tests see in the tables, past the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.model import Call
from kpi import rows, schema
from kpi.agent_time import span_tallies
from kpi.batch import Span
from kpi.items import did_items, tallies_of
from kpi.levels import coarser
from kpi.tally import Tally, TallyKey, ever, gather, of_agent, plain


async def all_tallies(engine: AsyncEngine) -> dict[TallyKey, Tally]:
    async with engine.connect() as connection:
        found = (await connection.execute(select(schema.tallies))).mappings().all()
    return {rows.tally_key_from(row): rows.tally_from(row) for row in found}


async def all_spans(engine: AsyncEngine) -> list[Span]:
    async with engine.connect() as connection:
        return [Span(**row) for row in (await connection.execute(select(schema.agent_spans))).mappings()]


def recomputed(*stored: Call, spans: Iterable[Span] = ()) -> dict[TallyKey, Tally]:
    """What the tallies of these calls and spans must be: by quarter and coarser, by number dialled and for all time."""
    quarters = gather(pair for call in stored for pair in tallies_of(call).items())
    by_did = gather(pair for call in stored for pair in did_items(call, tallies_of(call).items()))
    of_agents = [pair for span in spans for pair in span_tallies(span).items()]
    for_ever = gather((*for_all_time(quarters).items(), *_wrap_ups(of_agents)))
    all_quarters = gather((*quarters.items(), *of_agents))
    return all_quarters | coarser(all_quarters) | by_did | for_ever


def _wrap_ups(of_agents: Iterable[tuple[TallyKey, Tally]]) -> Iterator[tuple[TallyKey, Tally]]:
    for key, tally in of_agents:
        of_it = Tally(wrap_ups=tally.wrap_ups, wrap_up_ms=tally.wrap_up_ms, wrap_up_times=tally.wrap_up_times)
        yield from ((ever(key), of_it), (of_agent(key), plain(of_it)))


def for_all_time(quarters: Mapping[TallyKey, Tally]) -> dict[TallyKey, Tally]:
    """What calls of these quarters, all seen as they happened, add to the sums for counters."""
    by_agent = gather((of_agent(key), plain(tally)) for key, tally in quarters.items() if key.agent)
    return gather((ever(key), tally) for key, tally in quarters.items()) | by_agent


async def count(engine: AsyncEngine, table: Table) -> int:
    async with engine.connect() as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()
