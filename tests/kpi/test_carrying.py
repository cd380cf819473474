"""Agents' days over a crash: what the store has, what the next run goes on with."""

from __future__ import annotations

from cti.model import AgentState, Membership
from kpi.batch import Batch, Mark, Span
from kpi.schema import SpanKind
from kpi.spans import Carried, SpanBook
from kpi.store import Store
from tests.kpi.calls import at
from tests.kpi.test_spans import changed

SALES = Membership(queue="sales")
ON_BREAK = Membership(queue="sales", paused=True, reason="lunch")
DAY = (
    changed(0, AgentState.IDLE, SALES),
    changed(10, AgentState.TALKING, SALES),
    changed(20, AgentState.IDLE, SALES),
    changed(30, AgentState.PAUSED, ON_BREAK),
    changed(40, AgentState.IDLE, SALES),
    changed(50, AgentState.OFFLINE),
)


async def test_the_open_spans_and_the_last_changes_are_found(store: Store) -> None:
    book = SpanBook()
    spans = [span for event in DAY[:4] for span in book.apply(event)]
    others = Span(pbx="rome", agent="101", kind=SpanKind.LOGIN, queue="x", started_at=at(0))
    await store.store(Batch(spans=(*spans, others), marks=(Mark(pbx="milan", seen_at=at(30)),)))
    carried = await store.fetch_carried("milan")
    assert {(span.kind, span.started_at) for span in carried.spans} == {
        (SpanKind.LOGIN, at(0)),
        (SpanKind.STATE, at(30)),
        (SpanKind.PAUSE, at(30)),
    }
    assert carried.changed_at == {"101": at(30)}
    assert carried.places == [(at(0), "101", "sales", True, "lunch")]
    assert await store.fetch_carried("nowhere") == Carried([], {})


async def test_wherever_a_day_is_cut_and_however_much_is_heard_again_it_is_the_same_day(store: Store) -> None:
    whole = SpanBook()
    expected = {span.key: span for event in DAY for span in whole.apply(event)}
    for killed_after in range(1, len(DAY) + 1):
        pbx = f"pbx{killed_after}"
        first = SpanBook()
        told = [span for event in DAY[:killed_after] for span in first.apply(event)]
        await store.store(Batch(spans=tuple(of(pbx, span) for span in {s.key: s for s in told}.values())))
        for heard_from in range(killed_after + 1):
            second = SpanBook()
            carried = await store.fetch_carried(pbx)
            renamed = [of("milan", span) for span in carried.spans]
            second.carry_on("milan", Carried(renamed, carried.changed_at))
            rows = {span.key: span for span in told}
            rows |= {span.key: span for event in DAY[heard_from:] for span in second.apply(event)}
            assert rows == expected, (killed_after, heard_from)


def of(pbx: str, span: Span) -> Span:
    fields = {name: getattr(span, name) for name in span.__struct_fields__}
    return Span(**fields | {"pbx": pbx})
