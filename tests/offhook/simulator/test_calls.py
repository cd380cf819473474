"""Calls that come in, held against the recordings of the same calls."""

from __future__ import annotations

import pytest

from cti.model import Party
from offhook.simulator.calls import from_sip
from offhook.simulator.stories import Story
from tests.offhook.simulator import twins

INBOUND = ("S01", "S02", "S03", "S05", "S06", "S07", "S12", "S19", "S21", "S22")


@pytest.mark.parametrize("scenario", INBOUND)
def test_a_call_is_told_as_the_recording_tells_it(scenario: str) -> None:
    twins.assert_twin(twins.recorded(scenario), twins.simulated(twins.STORIES[scenario]))


def test_a_direct_call_that_nobody_answers() -> None:
    """S13's first call; its agent's phone rings 8 s there, 20 s here."""
    recorded = [(at, frame) for at, frame in twins.recorded("S13") if at < 9.0]
    simulated = twins.simulated((twins.queue(twins.DIRECT, answers={"101": None}),))
    twins.assert_twin(recorded, simulated)


def test_callers_of_a_queue_without_agents_are_refused() -> None:
    """S28: nobody logged in; then everybody paused."""
    made = twins.plant(staff=False)
    at = made.timeline.after
    at(0.5, lambda: made.tell(twins.queue(twins.SALES)))
    at(1.5, lambda: [twins.log_in_paused(made, agent) for agent in ("101", "102")])
    at(2.03, lambda: made.tell(twins.queue(twins.SALES)))
    twins.assert_twin(twins.recorded("S28"), twins.frames_of(made, 10.0))
    assert [call.outcome for call in made.truth.calls] == ["refused", "refused"]
    assert [call.queue for call in made.truth.calls] == [None, None]


@pytest.mark.parametrize("scenario", ["S01", "S03", "S05", "S06", "S12", "S19", "S21", "S22"])
def test_the_truth_is_that_of_the_recorded_call(scenario: str) -> None:
    twins.assert_same_truth(scenario, twins.STORIES[scenario])


def test_a_caller_who_hangs_up_while_an_agent_s_own_number_rings() -> None:
    made = twins.plant()
    made.tell(twins.queue(twins.DIRECT, answers={"101": None}, patience_s=4.0))
    frames = twins.frames_of(made, 60.0)
    (call,) = made.truth.calls
    assert (call.outcome, call.ended_by, call.rings[0].result) == ("abandoned", "customer", "cancelled")
    request = next(frame for _, frame in frames if frame.name == "HangupRequest")
    assert (request.get(b"Cause"), request.get(b"TechCause")) == ("16", "487")


def test_the_agent_who_is_on_the_phone_is_busy() -> None:
    made = twins.plant()
    made.tell(Story(kind="outbound", agent="101", to=twins.NUMBER))
    made.timeline.after(10.0, lambda: made.tell(twins.queue(twins.DIRECT)))
    twins.frames_of(made, 200.0)
    busy = made.truth.calls[1]
    assert (busy.outcome, busy.ended_by, busy.agents_rung) == ("busy", "pbx", [])


def test_an_anonymous_caller_is_nobody_in_the_truth() -> None:
    made = twins.plant()
    made.tell(twins.queue(twins.SALES, party=Party("anonymous", "Anonymous"), patience_s=2.0))
    frames = twins.frames_of(made, 20.0)
    assert (made.truth.calls[0].caller, made.truth.calls[0].caller_name) == (None, None)
    assert frames[0][1].get(b"CallerIDNum") == "anonymous"


def test_a_quoted_name_keeps_sip_s_backslash() -> None:
    assert from_sip(Party("1", 'Renée "Zoe"')) == Party("1", 'Renée \\"Zoe\\"')
    assert from_sip(Party("1")) == Party("1")
