"""A call half seen, and the logs' version of it, put together."""

from __future__ import annotations

from typing import Any

import msgspec

from cti.model import (
    Call,
    CallOutcome,
    Direction,
    EndedBy,
    Ring,
    RingResult,
    Stay,
    StayOutcome,
    Talk,
    Transfer,
    TransferKind,
)
from kpi.completing import completed
from kpi.gaps import Gap
from tests.kpi.calls import answered_call, at

GAP = Gap(pbx="milan", began_at=at(30), ended_at=at(60), cause="cut")


def changed(call: Call, **fields: Any) -> Call:
    return msgspec.structs.replace(call, **fields)


def test_a_call_that_the_gap_did_not_touch_stays_as_it_is() -> None:
    before, after = answered_call(talk=10), answered_call(start=75, talk=10)
    for seen in (before, after):
        told = changed(seen, outcome=CallOutcome.ABANDONED, talks=(), stays=(), rings=(), ended_by=EndedBy.PBX)
        assert completed(seen, told, GAP) == seen


def test_a_call_that_ended_in_the_gap_ends_as_the_logs_say() -> None:
    really = answered_call(talk=33.5, ended_by=EndedBy.AGENT)
    seen = answered_call(talk=53.2, ended_by=EndedBy.PBX)  # gone when the PBX was asked for its present
    held = changed(seen, talks=(changed(seen.talks[0], hold_s=4.5, holds=1),))
    call = completed(held, really, GAP)
    assert (call.ended_at, call.ended_by) == (at(40.5), EndedBy.AGENT)
    [talk] = call.talks
    assert (talk.started_at, talk.ended_at, talk.hold_s, talk.holds) == (at(7), at(40.5), 4.5, 1)
    assert completed(call, really, GAP) == call


def test_what_began_and_ended_in_the_gap_is_added_in_its_place() -> None:
    seen = answered_call(talk=100)
    more = {
        "stays": Stay(queue="support", joined_at=at(35), left_at=at(45), outcome=StayOutcome.TIMEOUT),
        "rings": Ring(agent="102", queue="support", started_at=at(36), ended_at=at(44), result=RingResult.MISSED),
        "talks": Talk(agent="103", started_at=at(46), ended_at=at(52)),
        "transfers": Transfer(kind=TransferKind.QUEUE, by="101", to="support", at=at(35)),
    }
    told = changed(seen, **{name: (*getattr(seen, name), part) for name, part in more.items()})
    call = completed(seen, told, GAP)
    for name, part in more.items():
        assert part in getattr(call, name)
        assert len(getattr(call, name)) == len(getattr(told, name))
    assert call.ended_at == seen.ended_at


def test_what_is_known_from_the_snapshot_only_began_when_the_logs_say() -> None:
    seen = answered_call(start=40, wait=22, talk=30)  # the talk was there at the return, a minute after nine
    told = answered_call(start=40, wait=5, talk=47)
    call = completed(seen, told, GAP)
    assert (call.answered_at, call.talks[0].started_at, call.stays[0].left_at) == (at(45), at(45), at(45))
    assert call.talks[0].ended_at == seen.ended_at


def test_an_answer_in_the_gap_makes_the_call_an_answered_one() -> None:
    seen = answered_call(
        wait=53, outcome=CallOutcome.ABANDONED, talks=(), answered_at=None, ended_at=at(61), ended_by=EndedBy.PBX
    )
    told = answered_call(wait=35, talk=10)
    call = completed(seen, told, GAP)
    assert (call.outcome, call.answered_at, call.ended_at) == (CallOutcome.ANSWERED, at(35), at(45))


def test_logs_that_tell_less_take_nothing_away() -> None:
    seen = answered_call(talk=100)
    told = changed(seen, legs=(), rings=(), transfers=(), dialled=None, ended_by=None)
    call = completed(seen, told, GAP)
    assert (call.legs, call.dialled, call.ended_by) == (seen.legs, seen.dialled, seen.ended_by)
    assert call.rings == seen.rings


def test_a_leg_that_was_up_at_the_return_was_answered_when_the_log_says() -> None:
    told = answered_call(talk=200)
    [leg] = told.legs
    leg = changed(leg, rang_at=at(32), answered_at=at(35), ended_at=at(207))
    late = changed(leg, rang_at=None, answered_at=at(60))
    [whole] = completed(changed(told, legs=(late,)), changed(told, legs=(leg,)), GAP).legs
    assert whole == leg


def test_legs_that_were_not_seen_are_added_and_ends_that_were_not_seen_corrected() -> None:
    told = answered_call(talk=33)
    [leg] = told.legs
    unseen = changed(leg, leg_id="other", started_at=at(32), ended_at=at(38))
    told = changed(told, legs=(leg, unseen))
    seen = changed(answered_call(talk=54), legs=(changed(leg, ended_at=at(61), cause=None, hung_up=False),))
    assert completed(seen, told, GAP).legs == (leg, unseen)


def test_a_call_whose_direction_showed_in_the_gap_has_it_from_the_logs() -> None:
    """An agent was off the hook when the line was cut: whom he called was not seen."""
    told = changed(answered_call(start=29, talk=60), direction=Direction.OUTBOUND, dialled="39333", click_to_dial=True)
    seen = changed(told, direction=Direction.INTERNAL, dialled=None, click_to_dial=False)
    call = completed(seen, told, GAP)
    assert (call.direction, call.dialled, call.click_to_dial) == (Direction.OUTBOUND, "39333", True)
    assert call.offered_at == seen.offered_at


def test_the_first_queue_is_the_one_joined_in_the_gap_though_another_was_seen() -> None:
    told = changed(answered_call(start=29, talk=60), queue="sales", queued_at=at(31))
    second = changed(told, queue="support", queued_at=at(75))
    assert completed(second, told, GAP).queue == "sales"
    whole = changed(told, queue="support", queued_at=at(29))
    assert completed(whole, changed(told, queued_at=at(29)), GAP).queue == "support", "it was seen"


def test_a_queue_after_an_answer_that_was_not_seen_is_not_the_calls_queue() -> None:
    """An agent's own number, answered in the gap and handed to a queue, where the caller was found at the return."""
    told = changed(answered_call(start=29, talk=60), queue=None, queued_at=None)
    seen = changed(told, queue="sales", queued_at=at(61))
    assert completed(seen, told, GAP).queue is None
    less = changed(told, stays=(), talks=())
    assert completed(seen, less, GAP).queue == "sales", "logs that know of no queue take none away"
