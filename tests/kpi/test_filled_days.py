"""An agent's day over a gap: what the log tells of it, between what was seen before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from cti.model import AgentChange, AgentChanged, AgentState, Origin, PbxBack, PbxLost
from cti.signals import MemberAdded, MemberPaused, MemberRemoved, MemberResumed, MemberSignal
from cti.tracker import CallTracker
from kpi.batch import Span
from kpi.filled_days import OnPhone, refilled
from kpi.gaps import Gap
from kpi.schema import CallSource, SpanKind
from kpi.spans import SpanBook
from tests.kpi.agents_day import (
    BEGIN,
    END,
    IDLE,
    LOGIN,
    PAUSE,
    PAUSED,
    RINGING,
    SEEN_S,
    STATE,
    TALKING,
    THERE,
    brief,
    gap,
    line,
    span,
)
from tests.kpi.busy_hour import astray, days_of, overlaps
from tests.kpi.calls import at
from tests.kpi.cut_stream import PBX, heard_of


def filled(
    spans: Iterable[Span], lines: Iterable[AgentChanged] = (), phone: Iterable[OnPhone] = (), of: Gap | None = None
) -> list[Span]:
    """The spans as they are then, in order; done twice, which must be as once."""
    lines, phone, kept = list(lines), list(phone), {one.key: one for one in spans}
    done = refilled(of or gap(), kept.values(), lines, phone)
    kept = {key: one for key, one in kept.items() if one not in done.gone} | {one.key: one for one in done.come}
    assert refilled(of or gap(), kept.values(), lines, phone) == ([], [])
    assert overlaps(kept.values()) == []
    return sorted(kept.values(), key=lambda one: (list(SpanKind).index(one.kind), one.started_at))


def test_a_pause_within_the_gap_parts_what_went_on_over_it() -> None:
    spans = filled(THERE, [line(120, AgentChange.PAUSE, "lunch"), line(150, AgentChange.UNPAUSE)])
    assert brief(spans) == [
        (LOGIN, 0, None, None),
        (PAUSE, 120, 150, "lunch"),
        (STATE, 0, 120, IDLE),
        (STATE, 120, 150, PAUSED),
        (STATE, 150, None, IDLE),
    ]
    assert [one.source for one in spans] == [
        CallSource.LIVE,
        CallSource.FILLED,
        CallSource.COMPLETED,
        CallSource.FILLED,
        CallSource.COMPLETED,
    ]
    assert [one.heard_at for one in spans] == [None, None, at(0), None, at(0)]


def test_a_pause_that_is_still_on_begins_when_it_began() -> None:
    seen = END + SEEN_S
    live = [
        THERE[0],
        span(STATE, 0, seen, IDLE),
        span(PAUSE, seen, None, "lunch"),
        span(STATE, seen, 300, PAUSED),
        span(STATE, 300, None, IDLE),
    ]
    spans = filled(live, [line(120, AgentChange.PAUSE, "lunch")])
    assert brief(spans) == [
        (LOGIN, 0, None, None),
        (PAUSE, 120, None, "lunch"),
        (STATE, 0, 120, IDLE),
        (STATE, 120, 300, PAUSED),
        (STATE, 300, None, IDLE),
    ]
    assert spans[1].heard_at == at(seen)


def test_a_pause_that_was_on_ends_when_it_ended() -> None:
    seen = END + SEEN_S
    live = [THERE[0], span(PAUSE, 50, seen, "lunch"), span(STATE, 50, seen, PAUSED), span(STATE, seen, None, IDLE)]
    assert brief(filled(live, [line(160, AgentChange.UNPAUSE)])) == [
        (LOGIN, 0, None, None),
        (PAUSE, 50, 160, "lunch"),
        (STATE, 50, 160, PAUSED),
        (STATE, 160, None, IDLE),
    ]


def test_who_went_and_came_back_was_away_in_between() -> None:
    assert brief(filled(THERE, [line(120, AgentChange.LOGOUT), line(180, AgentChange.LOGIN)])) == [
        (LOGIN, 0, 120, None),
        (LOGIN, 180, None, None),
        (STATE, 0, 120, IDLE),
        (STATE, 180, None, IDLE),
    ]


def test_who_came_and_went_within_the_gap_was_there() -> None:
    spans = filled([], [line(120, AgentChange.LOGIN), line(180, AgentChange.LOGOUT)])
    assert brief(spans) == [(LOGIN, 120, 180, None), (STATE, 120, 180, IDLE)]
    assert {one.source for one in spans} == {CallSource.FILLED}


def test_who_is_not_there_takes_no_break() -> None:
    assert filled([], [line(120, AgentChange.PAUSE, "lunch")]) == []


def test_what_he_does_follows_from_the_calls_of_the_gap() -> None:
    phone = [OnPhone("101", at(120), at(125), RINGING), OnPhone("101", at(125), at(160), TALKING)]
    spans = filled(THERE, [line(150, AgentChange.PAUSE, "lunch"), line(170, AgentChange.UNPAUSE)], phone)
    assert brief(spans)[2:] == [
        (STATE, 0, 120, IDLE),
        (STATE, 120, 125, RINGING),
        (STATE, 125, 160, TALKING),
        (STATE, 160, 170, PAUSED),
        (STATE, 170, None, IDLE),
    ]


def test_a_conversation_that_is_not_over_goes_on_as_it_was_seen() -> None:
    talking = [THERE[0], span(STATE, 90, None, TALKING)]
    assert filled(talking) == talking


def test_a_wrap_up_that_was_seen_ends_when_it_ends() -> None:
    live = [THERE[0], span(STATE, 90, 110, AgentState.WRAP_UP), span(STATE, 110, None, IDLE)]
    assert filled(live) == live


def test_a_day_that_a_long_gap_cut_goes_on_through_it() -> None:
    end = BEGIN + 3600
    before = [span(LOGIN, 0, BEGIN, cut=True), span(STATE, 0, BEGIN, IDLE, cut=True)]
    after = [span(LOGIN, end), span(STATE, end, None, IDLE)]
    lines = [line(500, AgentChange.PAUSE, "lunch"), line(900, AgentChange.UNPAUSE)]
    spans = filled([*before, *after], lines, of=gap(end))
    assert brief(spans) == [
        (LOGIN, 0, None, None),
        (PAUSE, 500, 900, "lunch"),
        (STATE, 0, 500, IDLE),
        (STATE, 500, 900, PAUSED),
        (STATE, 900, None, IDLE),
    ]
    assert [one.heard_at for one in spans if one.ended_at is None] == [at(end), at(end)]
    assert not any(one.cut for one in spans)


def test_who_is_gone_without_a_word_of_the_log_was_there_as_long_as_it_was_seen() -> None:
    cut = [span(LOGIN, 0, BEGIN, cut=True), span(STATE, 0, BEGIN, IDLE, cut=True)]
    assert filled(cut) == cut


def test_a_last_sign_some_seconds_before_the_gap_is_as_good() -> None:
    cut = [span(LOGIN, 0, BEGIN - 9, cut=True), span(STATE, 0, BEGIN - 9, IDLE, cut=True)]
    after = [span(LOGIN, END + SEEN_S), span(STATE, END + SEEN_S, None, IDLE)]
    assert brief(filled([*cut, *after])) == [(LOGIN, 0, None, None), (STATE, 0, None, IDLE)]


def test_what_was_seen_at_the_return_holds_where_the_log_says_otherwise() -> None:
    spans = filled(THERE, [line(120, AgentChange.PAUSE, "lunch")])
    assert brief(spans) == [
        (LOGIN, 0, None, None),
        (PAUSE, 120, END, "lunch"),
        (STATE, 0, 120, IDLE),
        (STATE, 120, END, PAUSED),
        (STATE, END, None, IDLE),
    ]
    assert [one.cut for one in spans] == [False, True, False, False, False]


@pytest.mark.parametrize("seconds", [50, END, END + 30])
def test_lines_of_other_times_say_nothing_of_the_gap(seconds: float) -> None:
    assert filled(THERE, [line(seconds, AgentChange.PAUSE, "lunch")]) == list(THERE)


steps = st.lists(
    st.tuples(
        st.floats(2.2, 20), st.sampled_from(["101", "102"]), st.sampled_from("ab"), st.sampled_from(["out", "break"])
    ),
    min_size=4,
    max_size=30,
)


def coming_and_going(steps: Iterable[tuple[float, str, str, str]]) -> Iterator[MemberSignal]:
    """Each step is the next thing that an agent can do in a queue: come, go, take a break, be back."""
    at_second, places = 0.0, dict[tuple[str, str], str]()
    for pause_s, agent, queue, what in steps:
        at_second += pause_s
        about = at(at_second), Origin(PBX, "session", int(at_second), "x"), queue, agent, None, f"PJSIP/{agent}"
        place = places.get((agent, queue), "out")
        places[agent, queue] = "out" if what == "out" and place != "out" else "in" if place != "in" else what
        if place == "out":
            yield MemberAdded(*about)
        elif what == "out":
            yield MemberRemoved(*about)
        else:
            yield MemberPaused(*about, f"{what} of {agent}") if place == "in" else MemberResumed(*about)


def told_in_whole_seconds(signals: Iterable[MemberSignal]) -> Iterator[AgentChanged]:
    tracker = CallTracker(PBX)
    for signal in signals:
        for event in tracker.apply(msgspec.structs.replace(signal, at=signal.at.replace(microsecond=0))):
            assert isinstance(event, AgentChanged)
            yield event


@settings(max_examples=300, deadline=None, derandomize=True)
@given(steps, st.floats(0, 1), st.floats(0, 1))
def test_whatever_is_cut_out_is_as_it_was_within_a_second(
    steps: list[tuple[float, str, str, str]], one: float, other: float
) -> None:
    signals = list(coming_and_going(steps))
    book, seen, turns = SpanBook(), dict[object, Span](), list[datetime]()
    for event in heard_of(signals, (min(one, other), max(one, other))):
        if isinstance(event, AgentChanged):
            seen |= {span.key: span for span in book.apply(event)}
        turns += [event.at] if isinstance(event, PbxLost | PbxBack) else []
    of = Gap(pbx=PBX, began_at=turns[1], ended_at=turns[2], cause="cut")
    spans = filled(seen.values(), told_in_whole_seconds(signals), of=of)
    assert astray(spans, days_of(signals)) == []
