"""When a source is left alone, and when it is tried again."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from crm_bridge.activity import ActivityRefusedError
from crm_bridge.breaker import Breaker, BreakerState, Verdict
from crm_bridge.contact import SourceBusyError, SourceError, SourceRefusedError, SourceSparedError


def opened(breaker: Breaker, now: float = 0.0) -> Breaker:
    for _ in range(5):
        ticket = breaker.allow(now)
        assert ticket is not None
        breaker.fail(ticket, now)
    return breaker


def test_it_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker(failures=3)
    for good in (False, False, True, False, False):
        ticket = breaker.allow(0.0)
        assert ticket is not None
        if good:
            breaker.succeed(ticket)
        else:
            assert not breaker.fail(ticket, 0.0)
    ticket = breaker.allow(0.0)
    assert ticket is not None
    assert breaker.fail(ticket, 0.0)
    assert (breaker.state(0.0), breaker.allow(0.0), breaker.opened) == (BreakerState.OPEN, None, 1)


def test_after_its_rest_one_question_is_let_through() -> None:
    breaker = opened(Breaker(rest_s=10.0))
    assert (breaker.allow(9.9), breaker.rest_left_s(4.0)) == (None, 6.0)
    assert breaker.state(10.0) is BreakerState.HALF_OPEN
    ticket = breaker.allow(10.0)
    assert ticket is not None
    assert breaker.allow(10.0) is None
    assert breaker.succeed(ticket)
    assert (breaker.state(10.0), breaker.rest_left_s(10.0)) == (BreakerState.CLOSED, 0.0)


def test_a_bad_try_doubles_the_rest_up_to_a_bound_and_a_good_one_resets_it() -> None:
    breaker, now, rests = opened(Breaker(rest_s=10.0, longest_rest_s=35.0)), 0.0, []
    for _ in range(4):
        rests.append(breaker.rest_left_s(now))
        now += rests[-1]
        ticket = breaker.allow(now)
        assert ticket is not None
        breaker.fail(ticket, now)
    assert rests == [10.0, 20.0, 35.0, 35.0]
    now += breaker.rest_left_s(now)
    ticket = breaker.allow(now)
    assert ticket is not None
    assert breaker.succeed(ticket)
    assert opened(breaker, now).rest_left_s(now) == 10.0


def test_a_try_that_was_given_up_makes_room_for_another() -> None:
    breaker = opened(Breaker(rest_s=1.0))
    ticket = breaker.allow(1.0)
    assert ticket is not None
    breaker.forget(ticket)
    assert breaker.allow(1.0) is not None


def test_answers_to_questions_from_before_it_opened_say_nothing() -> None:
    breaker = Breaker(failures=1)
    early, late = breaker.allow(0.0), breaker.allow(0.0)
    assert early is not None
    assert late is not None
    assert breaker.fail(early, 0.0)
    assert not breaker.succeed(late)
    assert not breaker.fail(late, 0.0)
    assert (breaker.state(0.0), breaker.opened) == (BreakerState.OPEN, 1)


def test_a_refusal_opens_it_at_once() -> None:
    breaker = Breaker()
    ticket = breaker.allow(0.0)
    assert ticket is not None
    assert breaker.trip(ticket, 0.0)
    assert breaker.state(0.0) is BreakerState.OPEN


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.floats(0, 30), st.sampled_from(["succeed", "fail", "trip", "forget"]))))
def test_it_always_lets_one_through_in_the_end_and_never_two_while_it_tries(steps: list[tuple[float, str]]) -> None:
    breaker, now = Breaker(failures=2, rest_s=5.0, longest_rest_s=20.0), 0.0
    for passed_s, how in steps:
        now += passed_s
        ticket = breaker.allow(now)
        if ticket is None:
            assert breaker.state(now) is not BreakerState.CLOSED
            continue
        if breaker.state(now) is BreakerState.HALF_OPEN:
            assert breaker.allow(now) is None
        if how == "succeed":
            breaker.succeed(ticket)
        elif how in ("fail", "trip"):
            getattr(breaker, how)(ticket, now)
        else:
            breaker.forget(ticket)
    assert breaker.allow(now + 21.0) is not None


@pytest.mark.parametrize(
    ("error", "verdict", "state"),
    [
        (None, Verdict.CLOSED, BreakerState.CLOSED),
        (ActivityRefusedError("x", "not this record", ""), Verdict.CLOSED, BreakerState.CLOSED),
        (SourceBusyError("x", "later", "", "", 7.0), Verdict.NOTHING_NEW, BreakerState.HALF_OPEN),
        (SourceSparedError("x", "not asked", ""), Verdict.NOTHING_NEW, BreakerState.HALF_OPEN),
        (asyncio.CancelledError(), Verdict.NOTHING_NEW, BreakerState.HALF_OPEN),
        (SourceError("x", "no answer", ""), Verdict.OPENED, BreakerState.OPEN),
        (ValueError(), Verdict.OPENED, BreakerState.OPEN),
        (SourceRefusedError("x", "no entry", ""), Verdict.OPENED, BreakerState.OPEN),
    ],
)
def test_it_judges_by_the_error(error: BaseException | None, verdict: Verdict, state: BreakerState) -> None:
    breaker = opened(Breaker(rest_s=10.0))
    ticket = breaker.allow(10.0)
    assert ticket is not None
    assert (breaker.judge(ticket, error, 10.0), breaker.state(10.0)) == (verdict, state)


def test_a_refusal_opens_at_once_and_a_failure_does_not() -> None:
    for error, state in ((SourceRefusedError("x", "", ""), BreakerState.OPEN), (OSError(), BreakerState.CLOSED)):
        breaker = Breaker()
        ticket = breaker.allow(0.0)
        assert ticket is not None
        breaker.judge(ticket, error, 0.0)
        assert breaker.state(0.0) is state
