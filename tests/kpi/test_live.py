"""What goes on now, followed through recordings and by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from cti.model import (
    AboutCall,
    CallEnded,
    CallEvent,
    CallLeftQueue,
    CallMerged,
    CallQueued,
    CallStarted,
    Direction,
    Origin,
    PbxBack,
    PbxLost,
    Stay,
    StayOutcome,
)
from kpi.items import tallies_of
from kpi.live import BrokenCall, LiveBoard, Waiting
from kpi.tally import total
from offhook.replay import replay
from tests.kpi.calls import answered_call, at, waiting_call

RECORDINGS = Path(__file__).parent.parent / "recordings"
FOLDERS = sorted(
    path
    for pbx in ("asterisk-*", "freeswitch")
    for path in RECORDINGS.glob(f"{pbx}/*")
    if (path / "timing.jsonl").exists()
)
ORIGIN = Origin("milan", "s1", 1, "x")


def left(call_id: str, joined: float, seconds: float, outcome: StayOutcome) -> CallEvent:
    stay = Stay(queue="sales", joined_at=at(joined), left_at=at(seconds), outcome=outcome)
    call = answered_call(call_id, start=joined, stays=(stay,), talks=(), outcome=None, ended_at=None)
    return CallLeftQueue(at=at(seconds), origin=ORIGIN, call=call, stay=stay)


def ended(call_id: str, joined: float) -> CallEvent:
    return CallEnded(at=at(joined + 67), origin=ORIGIN, call=answered_call(call_id, start=joined))


def board(*events: CallEvent) -> LiveBoard:
    live = LiveBoard()
    for event in events:
        live.apply(event)
    return live


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_the_numbers_add_up_at_every_moment_of_every_recording(folder: Path) -> None:
    live = LiveBoard()
    ended_calls = []
    for event in replay(folder):
        live.apply(event)
        if isinstance(event, AboutCall):
            assert not any(live.stay_differences().values()), event
        if isinstance(event, CallEnded):
            ended_calls.append(event.call)
    stored = total(tally for call in ended_calls for tally in tallies_of(call).values())
    outcomes: Counter[StayOutcome] = Counter()
    for (_, _, outcome), count in live.left.items():
        outcomes[outcome] += count
    assert outcomes == stored.stays
    assert live.calls() == []


def test_waiting_callers_and_the_oldest_of_them() -> None:
    live = board(*waiting_call("1", 10), *waiting_call("2", 5))
    assert live.waiting() == {("milan", "sales"): Waiting(2, at(5))}
    live.apply(left("2", 5, 12, StayOutcome.ABANDONED))
    assert live.waiting() == {("milan", "sales"): Waiting(1, at(10))}
    live.apply(left("1", 10, 17, StayOutcome.ANSWERED))
    assert live.waiting() == {("milan", "sales"): Waiting(0, None)}
    assert live.left == {
        ("milan", "sales", StayOutcome.ABANDONED): 1,
        ("milan", "sales", StayOutcome.ANSWERED): 1,
    }


def test_calls_in_progress_by_direction() -> None:
    live = board(*waiting_call("1", 0), *waiting_call("2", 1, direction=Direction.OUTBOUND), ended("1", 0))
    assert live.in_progress() == {("milan", Direction.OUTBOUND): 1}


def test_a_leaving_that_was_never_told_shows_as_a_difference() -> None:
    live = board(*waiting_call("1", 0), ended("1", 0))
    assert live.stay_differences() == {("milan", "sales"): 1}


def test_the_call_that_breaks_the_sum_is_named() -> None:
    live = board(*waiting_call("1", 0), ended("1", 0), *waiting_call("2", 1), left("2", 1, 5, StayOutcome.ANSWERED))
    live.apply(ended("2", 1))
    assert list(live.broken) == [BrokenCall("milan", "1", "sales", 1)]


def test_a_wait_that_turns_out_to_have_ended_otherwise_is_counted_as_it_did() -> None:
    live = board(*waiting_call("1", 0), left("1", 0, 7, StayOutcome.TIMEOUT))
    assert +live.left == {("milan", "sales", StayOutcome.TIMEOUT): 1}
    stay = Stay(queue="sales", joined_at=at(0), left_at=at(7), outcome=StayOutcome.EXIT_EMPTY)
    live.apply(CallEnded(at=at(9), origin=ORIGIN, call=answered_call("1", start=0, stays=(stay,))))
    assert +live.left == {("milan", "sales", StayOutcome.EXIT_EMPTY): 1}
    assert live.corrected == {("milan", "sales"): 1}
    assert live.stay_differences() == {("milan", "sales"): 0}


def test_the_waits_of_a_part_go_into_the_whole() -> None:
    part, whole = waiting_call("2", 1), answered_call("1", start=0, outcome=None, ended_at=None)
    stay = Stay(queue="sales", joined_at=at(1))
    into = answered_call("1", start=0, stays=(stay,), outcome=None, ended_at=None)
    live = board(CallStarted(at=at(0), origin=ORIGIN, call=whole), *part)
    merged = part[-1]
    assert isinstance(merged, CallQueued)
    live.apply(CallMerged(at=at(2), origin=ORIGIN, call=merged.call, into=into))
    live.apply(left("1", 1, 5, StayOutcome.ABANDONED))
    live.apply(ended("1", 0))
    assert (list(live.broken), live.stay_differences()) == ([], {("milan", "sales"): 0})


def test_a_leaving_told_twice_shows_as_a_difference() -> None:
    gone = left("1", 0, 7, StayOutcome.ANSWERED)
    assert board(*waiting_call("1", 0), gone, gone).stay_differences() == {("milan", "sales"): -1}


def test_a_lost_pbx_is_known_as_lost_until_it_is_back() -> None:
    lost = PbxLost(at=at(0), origin=ORIGIN, pbx="milan", cause="closed")
    live = board(lost)
    assert live.lost == {"milan"}
    live.apply(PbxBack(at=at(5), origin=ORIGIN, pbx="milan"))
    assert live.lost == set()


def test_agents_by_state_count_states_that_nobody_is_in() -> None:
    live = board(*replay(RECORDINGS / "asterisk-22" / "X01"))
    states = live.agents_by_state()
    assert sum(states.values()) == len(live.agents()) > 0
    assert 0 in states.values()
    assert {queue for _, queue in live.queues()} >= {queue for agent in live.agents() for queue in agent.queues}
