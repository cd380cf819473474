"""Agents' days of a gap in the store: filled once or twice, and gone on with by what is heard afterwards."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.model import Agent, AgentChange, AgentChanged, AgentState
from kpi import filled_spans
from kpi.batch import Batch, Span, Stored
from kpi.gaps import Gap
from kpi.schema import CallSource, SpanKind
from kpi.spans import SpanBook
from kpi.store import Store
from tests.kpi.agents_day import BEGIN, END, PAUSED, SEEN_S, STATE, THERE, brief, gap, line, span
from tests.kpi.busy_hour import overlaps
from tests.kpi.calls import answered_call, at
from tests.kpi.stored import all_spans, all_tallies, recomputed

LINES = [line(120, AgentChange.PAUSE, "lunch"), line(150, AgentChange.UNPAUSE)]


async def put(store: Store, *spans: Span) -> None:
    await store.store(Batch(spans=spans))


async def fill(store: Store, of: Gap, lines: Iterable[AgentChanged]) -> list[Stored]:
    return [stored async for stored in store.fill_days(of, lines)]


async def kept(engine: AsyncEngine) -> list[Span]:
    """The spans in order. They are the sums' truth, and nobody does two things at once."""
    spans = sorted(await all_spans(engine), key=lambda one: (list(SpanKind).index(one.kind), one.started_at))
    assert overlaps(spans) == []
    assert await all_tallies(engine) == recomputed(spans=spans)
    return spans


async def test_twice_is_as_once_and_the_sums_are_those_of_a_rebuild(store: Store, engine: AsyncEngine) -> None:
    await put(store, *THERE)
    await fill(store, gap(), LINES)
    spans = await kept(engine)
    assert [one for one in brief(spans) if one[0] is STATE] == [
        (STATE, 0, 120, AgentState.IDLE),
        (STATE, 120, 150, PAUSED),
        (STATE, 150, None, AgentState.IDLE),
    ]
    assert await fill(store, gap(), LINES) == [Stored()]
    assert await kept(engine) == spans
    assert (await store.rebuild_tallies(mend=False)).different == 0


async def test_what_goes_on_ends_as_it_is_heard_to_end(store: Store, engine: AsyncEngine) -> None:
    """He who hears the end knows nothing of the pause that parted what went on."""
    await put(store, *THERE)
    await fill(store, gap(), LINES)
    for _ in range(2):  # a commit whose answer was lost is tried again
        await put(store, span(STATE, 0, 300, AgentState.IDLE), span(STATE, 300, None, AgentState.TALKING))
        assert brief(await kept(engine))[2:] == [
            (STATE, 0, 120, AgentState.IDLE),
            (STATE, 120, 150, PAUSED),
            (STATE, 150, 300, AgentState.IDLE),
            (STATE, 300, None, AgentState.TALKING),
        ]


async def test_an_end_that_the_log_knows_better_stays(store: Store, engine: AsyncEngine) -> None:
    """The snapshot's word of it may come to the store after the filling."""
    seen = END + SEEN_S
    await put(store, span(SpanKind.LOGIN, 0, seen), span(STATE, 0, seen, AgentState.IDLE))
    await fill(store, gap(), [line(160, AgentChange.LOGOUT)])
    spans = await kept(engine)
    assert [one.ended_at for one in spans] == [at(160), at(160)]
    await put(store, span(SpanKind.LOGIN, 0, seen), span(STATE, 0, seen, AgentState.IDLE))
    assert await kept(engine) == spans


async def test_another_run_goes_on_with_what_was_filled(store: Store, engine: AsyncEngine) -> None:
    await put(store, *THERE)
    await fill(store, gap(), LINES)
    book = SpanBook()
    book.carry_on("milan", await store.fetch_carried("milan"))
    await put(store, *book.part("milan", at(400), at(5000)))
    states = [one for one in await kept(engine) if one.kind is STATE]
    assert brief(states)[2:] == [(STATE, 150, 400, AgentState.IDLE), (STATE, 5000, None, AgentState.IDLE)]
    assert states[2].cut


async def test_a_crash_after_the_filling_cuts_what_went_on(store: Store, engine: AsyncEngine) -> None:
    await put(store, *THERE)
    await fill(store, gap(), LINES)
    assert await store.cut_open_spans("milan") == 2
    assert all(one.ended_at is not None for one in await kept(engine))


async def test_a_second_gap_parts_what_the_first_has_parted(store: Store, engine: AsyncEngine) -> None:
    await put(store, *THERE)
    second = Gap(pbx="milan", began_at=at(300), ended_at=at(400), cause="cut")
    more = [line(320, AgentChange.PAUSE, "break"), line(330, AgentChange.UNPAUSE)]
    for one in (second, gap(), second):
        await fill(store, one, [*LINES, *more])
    await put(store, span(STATE, 0, 500, AgentState.IDLE))
    assert [(one[1], one[2]) for one in brief(await kept(engine)) if one[0] is STATE] == [
        (0, 120),
        (120, 150),
        (150, 320),
        (320, 330),
        (330, 500),
    ]


async def test_who_was_on_the_phone_in_the_gap_was_not_idle(store: Store, engine: AsyncEngine) -> None:
    await put(store, *THERE)
    await store.store_calls([answered_call(start=110, wait=7, talk=30)], source=CallSource.FILLED)
    await fill(store, gap(), [])
    spans = sorted((one for one in await all_spans(engine) if one.kind is STATE), key=lambda one: one.started_at)
    assert brief(spans) == [
        (STATE, 0, 110, AgentState.IDLE),
        (STATE, 110, 117, AgentState.RINGING),
        (STATE, 117, 147, AgentState.TALKING),
        (STATE, 147, None, AgentState.IDLE),
    ]
    assert (await store.rebuild_tallies(mend=False)).different == 0


async def test_other_pbxs_are_left_alone(store: Store, engine: AsyncEngine) -> None:
    await put(store, *THERE)
    spans = await kept(engine)
    await fill(store, Gap(pbx="rome", began_at=at(BEGIN), ended_at=at(END), cause="cut"), [])
    assert await kept(engine) == spans


async def test_a_crash_half_way_through_the_agents_is_made_good(
    store: Store, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filled_spans, "AGENTS_AT_ONCE", 1)
    names = ("101", "102", "103")
    await put(store, *(msgspec.structs.replace(one, agent=agent) for agent in names for one in THERE))
    lines = [msgspec.structs.replace(one, agent=Agent(pbx="milan", agent=agent)) for one in LINES for agent in names]
    filling = store.fill_days(gap(), lines)
    await anext(filling)
    await filling.aclose()
    assert {one.agent for one in await kept(engine) if one.kind is SpanKind.PAUSE} == {"101"}
    assert len(await fill(store, gap(), lines)) == len(names)
    spans = await kept(engine)
    assert [one.agent for one in spans if one.kind is SpanKind.PAUSE] == [*names]
    assert len(spans) == 5 * len(names)
