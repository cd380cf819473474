"""Agents' days, told from what the PBX says of them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, strategies as st

from cti.model import (
    Agent,
    AgentChange,
    AgentChanged,
    AgentState,
    CallReleased,
    Direction,
    Membership,
    Origin,
    Talk,
)
from kpi.agent_time import span_tallies
from kpi.batch import Span
from kpi.schema import SpanKind
from kpi.spans import SpanBook
from kpi.tally import total
from offhook.replay import START, replay
from tests.kpi.calls import answered_call, at

RECORDINGS = Path(__file__).parent.parent / "recordings"
places = st.lists(
    st.builds(Membership, queue=st.sampled_from("ab"), paused=st.booleans(), reason=st.sampled_from([None, "lunch"])),
    max_size=2,
    unique_by=lambda place: place.queue,
).map(tuple)


def changed(seconds: float, state: AgentState, *memberships: Membership, agent: str = "101") -> AgentChanged:
    told = Agent(pbx="milan", agent=agent, memberships=memberships, state=state)
    origin = Origin("milan", "s1", int(seconds), "x")
    return AgentChanged(at=at(seconds), origin=origin, agent=told, change=AgentChange.STATE)


def test_a_day_of_log_in_pause_and_log_out() -> None:
    book = SpanBook()
    sales, paused = Membership(queue="sales"), Membership(queue="sales", paused=True, reason="lunch")
    told = [
        *book.apply(changed(0, AgentState.IDLE, sales)),
        *book.apply(changed(10, AgentState.PAUSED, paused)),
        *book.apply(changed(30, AgentState.IDLE, sales)),
        *book.apply(changed(60, AgentState.OFFLINE)),
    ]
    final = {span.key: span for span in told}.values()
    assert [(span.kind, span.started_at, span.ended_at, span.state, span.reason) for span in final] == [
        (SpanKind.LOGIN, at(0), at(60), None, None),
        (SpanKind.STATE, at(0), at(10), AgentState.IDLE, None),
        (SpanKind.PAUSE, at(10), at(30), None, "lunch"),
        (SpanKind.STATE, at(10), at(30), AgentState.PAUSED, "lunch"),
        (SpanKind.STATE, at(30), at(60), AgentState.IDLE, None),
    ]


def test_another_reason_is_another_pause() -> None:
    book = SpanBook()
    book.apply(changed(0, AgentState.PAUSED, Membership(queue="sales", paused=True, reason="lunch")))
    told = book.apply(changed(9, AgentState.PAUSED, Membership(queue="sales", paused=True, reason="coffee")))
    of_queue = [span for span in told if span.kind is SpanKind.PAUSE]
    assert [(span.reason, span.ended_at) for span in of_queue] == [("lunch", at(9)), ("coffee", None)]
    of_agent = [span for span in told if span.kind is SpanKind.STATE]
    assert [(span.reason, span.ended_at) for span in of_agent] == [("lunch", at(9)), ("coffee", None)]


def test_nothing_new_tells_nothing() -> None:
    book = SpanBook()
    event = changed(0, AgentState.IDLE, Membership(queue="sales"))
    assert len(book.apply(event)) == 2
    assert book.apply(changed(5, AgentState.IDLE, Membership(queue="sales", interface="PJSIP/101"))) == []


def test_agents_do_not_mix() -> None:
    book = SpanBook()
    book.apply(changed(0, AgentState.IDLE, Membership(queue="sales")))
    told = book.apply(changed(1, AgentState.TALKING, agent="102"))
    assert [(span.agent, span.ended_at) for span in told] == [("102", None)]


@given(st.lists(st.tuples(st.sampled_from(AgentState), places), max_size=8))
def test_whatever_happens_one_span_a_slot_is_open_and_none_overlap(steps: list) -> None:
    book, written = SpanBook(), dict[object, Span]()
    for second, (state, memberships) in enumerate(steps):
        for span in book.apply(changed(second, state, *memberships)):
            written[span.key] = span
    for one in written.values():
        others = [span for span in written.values() if (span.kind, span.queue) == (one.kind, one.queue)]
        assert sum(span.ended_at is None for span in others) <= 1
        assert all(span.started_at >= (one.ended_at or at(1e9)) for span in others if span.started_at > one.started_at)
    if steps:
        state, memberships = steps[-1]
        open_now = sorted((span.kind, span.queue) for span in written.values() if span.ended_at is None)
        expected = [(SpanKind.LOGIN, place.queue) for place in memberships]
        expected += [(SpanKind.PAUSE, place.queue) for place in memberships if place.paused]
        expected += [(SpanKind.STATE, "")] if state is not AgentState.OFFLINE else []
        assert open_now == sorted(expected)


def test_the_recorded_log_in_pause_and_log_out_of_104() -> None:
    """S16: 104 logs in to sales, pauses for lunch and logs out; its truth.json has the instants of the commands."""
    book, written = SpanBook(), dict[object, Span]()
    for event in replay(RECORDINGS / "asterisk-22" / "S16"):
        if isinstance(event, AgentChanged) and event.agent.agent == "104":
            written |= {span.key: span for span in book.apply(event)}
    of_sales = [span for span in written.values() if span.queue == "sales"]
    assert [(span.kind, span.reason) for span in of_sales] == [
        (SpanKind.LOGIN, None),
        (SpanKind.PAUSE, of_sales[1].reason),
    ]
    login, pause = of_sales
    assert login.ended_at is not None
    assert pause.ended_at is not None
    assert START < login.started_at < pause.started_at < pause.ended_at < login.ended_at


def released(seconds: float, talk: Talk) -> CallReleased:
    call = answered_call(talks=(talk,))
    return CallReleased(at=at(seconds), origin=call.origin, call=call, agent=talk.agent, talk=talk)


def test_a_wrap_up_tells_the_conversation_it_follows_and_a_ring_parts_it_in_two() -> None:
    book = SpanBook()
    sales = Membership(queue="sales")
    book.release(released(67, Talk(agent="101", started_at=at(7), ended_at=at(67), queue="sales")))
    book.release(released(67, Talk(agent="101", started_at=at(60), ended_at=at(67))))  # the colleague he had asked
    states = (AgentState.WRAP_UP, AgentState.RINGING, AgentState.WRAP_UP, AgentState.IDLE)
    told = [span for n, state in enumerate(states) for span in book.apply(changed(67 + 10 * n, state, sales))]
    wraps = [span for span in told if span.state is AgentState.WRAP_UP and span.ended_at is not None]
    assert [(one.talk_queue, one.talk_direction, one.talk_at, one.talk_s) for one in wraps] == [
        ("sales", Direction.INBOUND, at(7), 60),
        ("sales", Direction.INBOUND, at(7), 70),
    ]
    handled = total(tally for one in wraps for tally in span_tallies(one).values()).handle_times
    assert handled == {60: -1, 80: 1}


def test_a_wrap_up_of_nothing_that_was_seen_tells_no_conversation() -> None:
    book = SpanBook()
    book.release(released(67, Talk(agent="102", started_at=at(7), ended_at=at(67), queue="sales")))
    book.apply(changed(67, AgentState.WRAP_UP, Membership(queue="sales")))
    told = book.apply(changed(80, AgentState.IDLE, Membership(queue="sales")))
    assert [(one.state, one.talk_at) for one in told] == [(AgentState.WRAP_UP, None), (AgentState.IDLE, None)]


def test_a_long_gap_parts_the_day_and_what_is_known_goes_on_after_it() -> None:
    book = SpanBook()
    book.apply(changed(0, AgentState.TALKING, Membership(queue="sales")))
    told = book.part("milan", at(100), at(5000))
    ended = [span for span in told if span.ended_at is not None]
    assert {(span.kind, span.ended_at, span.cut) for span in ended} == {
        (SpanKind.LOGIN, at(100), True),
        (SpanKind.STATE, at(100), True),
    }
    assert {(span.kind, span.started_at) for span in told if span.ended_at is None} == {
        (SpanKind.LOGIN, at(5000)),
        (SpanKind.STATE, at(5000)),
    }
    assert book.part("rome", at(100), at(5000)) == []


def test_nobody_is_on_the_phone_still_when_nothing_is_known_of_before() -> None:
    book = SpanBook()
    book.apply(changed(0, AgentState.TALKING, Membership(queue="sales")))
    assert [span.kind for span in book.part("milan", None, at(5000)) if span.ended_at is None] == [SpanKind.LOGIN]
    assert [span.state for span in book.apply(changed(5001, AgentState.IDLE, Membership(queue="sales")))] == [
        AgentState.IDLE
    ]
