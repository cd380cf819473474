"""What agents do with a caller, held against the recordings, and where a recording has none, against the truth."""

from __future__ import annotations

import pytest

from offhook.simulator.stories import Attended, Blind, HangUp, Hold, Park, Story, Talk, ToQueue
from offhook.simulator.truth import CallTruth
from tests.offhook.simulator import twins

SCENARIOS = ("S08", "S09", "S10", "S11", "S23", "S26")
TALK = Talk(seconds=5.0)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_call_is_told_as_the_recording_tells_it(scenario: str) -> None:
    twins.assert_twin(twins.recorded(scenario), twins.simulated(twins.STORIES[scenario]))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_truth_is_that_of_the_recorded_call(scenario: str) -> None:
    twins.assert_same_truth(scenario, twins.STORIES[scenario])


def told(*acts: object, did: str = twins.SALES, before: Story | None = None, **more: object) -> CallTruth:
    """The truth of one call with these acts; the PBX is empty afterwards."""
    made = twins.plant()
    if before:
        made.tell(before)
    answers = {"101": 1.0, "102": 1.0, "103": 1.0, "104": 2.0, "105": 3.0} | more.pop("answers", {})  # type: ignore[operator]
    story = twins.queue(did, TALK, *acts, answers=answers, **more)
    made.timeline.after(20.0, lambda: made.tell(story))
    twins.frames_of(made, 600.0)
    assert made.switch.channels == {}
    return made.truth.calls[-1]


def test_a_blind_transfer_to_somebody_on_the_phone_loses_the_caller() -> None:
    busy = Story(kind="outbound", agent="104", to=twins.NUMBER, acts=(Talk(seconds=300.0), HangUp()))
    call = told(Blind(to="104"), TALK, before=busy)
    assert (call.outcome, call.ended_by, call.answered_by, call.agents_rung) == ("answered", "pbx", ["101"], ["101"])
    assert [(each["kind"], each["to"]) for each in call.transfers] == [("blind", "104")]


def test_a_blind_transfer_that_nobody_answers() -> None:
    call = told(Blind(to="102"), TALK, answers={"102": None})
    assert (call.ended_by, call.answered_by, call.rings[-1].result) == ("pbx", ["101"], "missed")


def test_a_caller_who_gives_up_during_a_transfer() -> None:
    call = told(Blind(to="102"), TALK, answers={"102": None}, patience_s=6.0)
    assert (call.outcome, call.ended_by, call.rings[-1].result) == ("answered", "customer", "cancelled")


@pytest.mark.parametrize("fails", ["busy", "unanswered", "refused"])
def test_a_consultation_that_comes_to_nothing_leaves_the_caller_with_his_agent(fails: str) -> None:
    busy = Story(kind="outbound", agent="105", to=twins.NUMBER, acts=(Talk(seconds=300.0), HangUp()))
    to = "105" if fails == "busy" else "102"
    call = told(Attended(to=to, fails=fails, seconds=3.0), TALK, HangUp(), before=busy)
    assert (call.answered_by, call.transfers, call.agents_rung) == (["101"], [], ["101"])
    assert [(each["by"], each["to"]) for each in call.transfers_failed] == [("101", to)]
    assert call.hold_s > 3.0
    assert call.hold_s == call.talks[0].hold_s


@pytest.mark.parametrize("did", [twins.SALES, twins.SUPPORT], ids=["direct", "by pair"])
def test_a_call_may_be_handed_on_and_on(did: str) -> None:
    first = "101" if did == twins.SALES else "103"
    acts = (
        Attended(to="102"),
        TALK,
        ToQueue(queue="support"),
        TALK,
        Hold(seconds=2.0),
        Blind(to="101"),
        TALK,
        HangUp(),
    )
    call = told(*acts, did=did)
    assert [each["kind"] for each in call.transfers] == ["attended", "queue", "blind"]
    assert [talk.agent for talk in call.talks][:2] == [first, "102"]
    assert call.talks[-1].agent == "101"
    assert [stay.queue for stay in call.stays] == ["sales" if did == twins.SALES else "support", "support"]
    assert all(talk.ended_at is not None for talk in call.talks)


def test_a_caller_may_hang_up_while_he_waits_in_the_second_queue() -> None:
    call = told(
        ToQueue(queue="support"), TALK, answers={"103": None, "104": None, "105": None}, patience_s=7.0, did=twins.SALES
    )
    assert [stay.outcome for stay in call.stays] == ["answered", "abandoned"]
    assert (call.outcome, call.ended_by, call.queue) == ("answered", "customer", "sales")


def test_only_a_caller_without_a_pair_is_parked() -> None:
    assert told(Park(by="104"), TALK, HangUp(), did=twins.SUPPORT).transfers == []


def test_an_act_for_which_nobody_is_free_is_passed_over() -> None:
    made = twins.plant()
    for agent in ("102", "103", "104", "105"):
        made.tell(Story(kind="outbound", agent=agent, to=twins.NUMBER, acts=(Talk(seconds=300.0), HangUp())))
    made.timeline.after(
        20.0, lambda: made.tell(twins.queue(twins.SALES, TALK, Blind(), TALK, HangUp(), answers={"101": 1.0}))
    )
    twins.frames_of(made, 600.0)
    assert (made.truth.calls[-1].transfers, made.truth.calls[-1].ended_by) == ([], "customer")


def test_a_story_without_an_end_ends_with_the_customer() -> None:
    assert told().ended_by == "customer"
