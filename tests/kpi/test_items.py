"""Each item of a call counts once, where it began."""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest
from hypothesis import given, strategies as st

from cti.model import Call, CallOutcome, Direction, Ring, RingResult, Stay, StayOutcome, Talk
from kpi.columns import NaiveInstantError
from kpi.items import tallies_of
from kpi.report import OF_NO_AGENT
from kpi.tally import Tally, TallyKey, gather, total
from tests.kpi.calls import NINE, abandoned_call, answered_call, at, calls


def by_place(call: object) -> dict[tuple[str, str, datetime], Tally]:
    return {(key.queue, key.agent, key.starts_at): tally for key, tally in tallies_of(call).items()}


@given(st.lists(calls, max_size=5))
def test_every_item_of_every_call_counts_once(some: list[object]) -> None:
    whole = total(tally for call in some for tally in tallies_of(call).values())
    assert whole.started == len(some)
    assert whole.entered == sum(len(call.stays) for call in some)
    assert whole.talks == sum(len(call.talks) for call in some)
    assert whole.rung == sum(not ring.consult for call in some for ring in call.rings) == sum(whole.rings.values())
    assert whole.difference == sum(stay.outcome is None for call in some for stay in call.stays)
    assert sum(whole.answered_waits.values()) == whole.answered
    assert sum(whole.abandoned_waits.values()) == whole.abandoned


@given(calls)
def test_what_is_of_no_agent_is_in_rows_without_one_only(call: object) -> None:
    for key, tally in tallies_of(call).items():
        filled = {name for name in Tally.__struct_fields__ if getattr(tally, name)}
        assert key.agent == "" or not filled & OF_NO_AGENT
        assert key.agent != "" or filled <= OF_NO_AGENT


def test_an_answered_call_worked_by_hand() -> None:
    found = by_place(answered_call(wait=7.4, talk=60))
    assert found == {
        ("sales", "", NINE): Tally(
            started=1,
            entered=1,
            calls={CallOutcome.ANSWERED: 1},
            stays={StayOutcome.ANSWERED: 1},
            answered_wait_ms=7_400,
            answered_waits={8: 1},
        ),
        ("sales", "101", NINE): Tally(
            rung=1,
            talks=1,
            rings={RingResult.ANSWERED: 1},
            ring_ms=7_400,
            ring_times={8: 1},
            talk_ms=60_000,
            talk_times={60: 1},
            handle_times={60: 1},
        ),
    }


def test_an_abandoned_call_worked_by_hand() -> None:
    assert by_place(abandoned_call(wait=4)) == {
        ("sales", "", NINE): Tally(
            started=1,
            entered=1,
            calls={CallOutcome.ABANDONED: 1},
            stays={StayOutcome.ABANDONED: 1},
            abandoned_wait_ms=4_000,
            abandoned_waits={4: 1},
        ),
        ("sales", "101", NINE): Tally(rung=1, rings={RingResult.CANCELLED: 1}, ring_ms=4_000, ring_times={4: 1}),
    }


def test_a_timeout_is_neither_answered_nor_abandoned() -> None:
    stay = Stay(queue="sales", joined_at=at(0), left_at=at(20), outcome=StayOutcome.TIMEOUT)
    tally = total(tallies_of(answered_call(stays=(stay,), outcome=CallOutcome.TIMEOUT, talks=(), rings=())).values())
    assert (tally.left_otherwise, tally.answered, tally.abandoned, tally.difference) == (1, 0, 0, 0)
    assert (tally.other_wait_ms, tally.answered_waits, tally.abandoned_waits) == (20_000, {}, {})


def test_hold_is_no_talk_and_is_counted_apart() -> None:
    talk = Talk(agent="101", started_at=at(7), ended_at=at(67), hold_s=12.5, holds=2, queue="sales")
    tally = total(tallies_of(answered_call(talks=(talk,))).values())
    assert (tally.talk_ms, tally.hold_ms, tally.held, tally.talks) == (47_500, 12_500, 1, 1)
    assert tally.talk_times == {48: 1}


def test_each_item_counts_in_the_quarter_in_which_it_began() -> None:
    late = answered_call(start=890, wait=20, talk=2_000)
    found = by_place(late)
    assert set(found) == {("sales", "", NINE), ("sales", "101", NINE), ("sales", "101", at(900))}
    assert found["sales", "101", NINE].rung == 1
    assert found["sales", "101", at(900)].talk_ms == 2_000_000


def test_the_parts_of_a_transferred_call_go_to_their_queues_and_agents() -> None:
    call = answered_call(
        stays=(
            Stay(queue="sales", joined_at=at(0), left_at=at(5), outcome=StayOutcome.ANSWERED, agent="101"),
            Stay(queue="support", joined_at=at(30), left_at=at(40), outcome=StayOutcome.ANSWERED, agent="104"),
        ),
        rings=(),
        talks=(
            Talk(agent="101", started_at=at(5), ended_at=at(30), queue="sales"),
            Talk(agent="104", started_at=at(40), ended_at=at(100), queue="support"),
            Talk(agent="102", started_at=at(100), ended_at=at(130)),
        ),
    )
    found = by_place(call)
    assert {place[:2]: (tally.started, tally.entered, tally.talk_ms) for place, tally in found.items()} == {
        ("sales", ""): (1, 1, 0),
        ("support", ""): (0, 1, 0),
        ("sales", "101"): (0, 0, 25_000),
        ("support", "104"): (0, 0, 60_000),
        ("", "102"): (0, 0, 30_000),
    }


def test_a_ring_for_a_consultation_is_nobodys_miss() -> None:
    ring = Ring(agent="102", queue=None, started_at=at(9), ended_at=at(20), result=RingResult.MISSED, consult=True)
    assert total(tallies_of(answered_call(rings=(ring,))).values()).rung == 0


def test_a_caller_refused_by_a_queue_counts_there_among_the_calls() -> None:
    call = answered_call(stays=(), rings=(), talks=(), outcome=CallOutcome.REFUSED)
    assert by_place(call) == {("sales", "", NINE): Tally(started=1, calls={CallOutcome.REFUSED: 1})}


def test_a_clock_set_back_gives_no_negative_time() -> None:
    stay = Stay(queue="sales", joined_at=at(10), left_at=at(7), outcome=StayOutcome.ANSWERED)
    talk = Talk(agent="101", started_at=at(7), ended_at=at(5), hold_s=1)
    tally = total(tallies_of(answered_call(stays=(stay,), talks=(talk,))).values())
    assert (tally.answered_wait_ms, tally.answered_waits, tally.talk_ms, tally.talk_times) == (0, {0: 1}, 0, {0: 1})


@given(st.lists(calls, max_size=6))
def test_many_calls_add_what_each_of_them_adds(some: list[Call]) -> None:
    together = tallies_of(*some)
    assert together == gather(pair for call in some for pair in tallies_of(call).items())
    for tally in together.values():
        for name in ("calls", "stays", "rings", "transfers", "ring_times", "talk_times", "handle_times"):
            assert [*getattr(tally, name)] == sorted(getattr(tally, name))


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(NaiveInstantError):
        tallies_of(answered_call(offered_at=datetime(2026, 3, 2, 9, 0)))  # noqa: DTZ001


def test_an_outgoing_call_has_a_row_of_its_own_direction() -> None:
    keys = tallies_of(answered_call(direction=Direction.OUTBOUND))
    assert {key.direction for key in keys} == {Direction.OUTBOUND}
    assert all(isinstance(key, TallyKey) for key in keys)


def test_a_call_still_open_counts_as_begun_without_time() -> None:
    call = answered_call()
    waiting = msgspec.structs.replace(
        call,
        outcome=None,
        stays=(Stay(queue="sales", joined_at=at(0)),),
        talks=(msgspec.structs.replace(call.talks[0], ended_at=None),),
    )
    tally = total(tallies_of(waiting).values())
    assert (tally.started, tally.calls, tally.entered, tally.difference, tally.talks, tally.talk_times) == (
        1,
        {},
        1,
        1,
        1,
        {},
    )
