"""Calls that agents make, held against the recordings."""

from __future__ import annotations

import pytest

from offhook.simulator import placed
from offhook.simulator.lines import LinePlan
from offhook.simulator.plant import Plant
from offhook.simulator.stories import HangUp, Hold, Story, Talk
from tests.offhook.simulator import twins


@pytest.mark.parametrize("scenario", ["S14", "S15", "S20"])
def test_a_call_is_told_as_the_recording_tells_it(scenario: str) -> None:
    twins.assert_twin(twins.recorded(scenario), twins.simulated(twins.STORIES[scenario]))


@pytest.mark.parametrize("scenario", ["S14", "S15", "S20"])
def test_the_truth_is_that_of_the_recorded_call(scenario: str) -> None:
    twins.assert_same_truth(scenario, twins.STORIES[scenario])


def test_agents_come_and_go_and_pause_as_recorded() -> None:
    """S16: 104 on sales by the manager, 105 on support by his phone's codes."""
    made = Plant(_both_direct(), seed=1, started_at=twins.STARTED_AT)
    at = made.timeline.after
    at(0.5, lambda: made.log_in("104", "sales"))
    at(1.5, lambda: made.pause("104", True, "Pausa caffè"))
    at(3.0, lambda: made.pause("104", False))
    at(4.0, lambda: made.log_out("104", "sales"))
    for second, code in ((4.5, "*21"), (7.5, "*23"), (8.7, "*24"), (9.9, "*22")):
        at(second, lambda code=code: made.dial_code("105", code))  # type: ignore[misc]
    recorded, simulated = twins.recorded("S16"), twins.frames_of(made, 20.0)
    twins.assert_twin(recorded, simulated)
    told = [
        [frame.get(b"PausedReason") for _, frame in frames if frame.name == "QueueMemberPause"]
        for frames in (recorded, simulated)
    ]
    assert told[0] == told[1]
    assert [(each["agent"], each["queue"], each["state"]) for each in made.truth.agent_states] == [
        ("104", "sales", "login"),
        ("104", "sales", "pause"),
        ("104", "sales", "unpause"),
        ("104", "sales", "logout"),
        ("105", "support", "login"),
        ("105", "support", "pause"),
        ("105", "support", "unpause"),
        ("105", "support", "logout"),
    ]


def _both_direct() -> twins.SitePlan:
    lines = (LinePlan(name="sales", exten="100", did="1"), LinePlan(name="support", exten="200", did="2"))
    return twins.SitePlan(
        lines=lines,
        agents=twins.AGENTS,
        staff={"sales": (), "support": ("105",)},
        direct={},
        menu="3",
        menu_keys={},
        company=twins.PLAN.company,
    )


def test_the_public_s_phone_is_busy() -> None:
    made = twins.plant()
    made.tell(Story(kind="outbound", agent="101", to=twins.NUMBER, far_busy=True))
    frames = twins.frames_of(made, 20.0)
    (call,) = made.truth.calls
    assert (call.outcome, call.ended_by, call.answered_by) == ("busy", "pbx", [])
    ends = [(frame.get(b"Cause"), frame.get(b"TechCause")) for _, frame in frames if frame.name == "Hangup"]
    assert ends == [("17", "486"), ("17", "486")]


def test_click_to_dial_that_the_agent_does_not_pick_up() -> None:
    made = twins.plant()
    made.click(Story(kind="click", agent="101", to=twins.NUMBER, answers={"101": None}), "a7")
    frames = twins.frames_of(made, 60.0)
    (answer,) = [frame for _, frame in frames if frame.name == "OriginateResponse"]
    assert (answer.get(b"Response"), answer.get(b"ActionID")) == ("Failure", "a7")
    assert (made.truth.calls[0].outcome, made.truth.calls[0].ended_by) == ("no_answer", "pbx")
    assert made.switch.channels == {}


def test_on_a_call_out_it_is_the_agent_who_holds() -> None:
    made = twins.plant()
    acts = (Talk(seconds=5.0), Hold(seconds=4.0), Talk(seconds=3.0), HangUp(by="customer"))
    made.tell(Story(kind="outbound", agent="101", to=twins.NUMBER, acts=acts))
    frames = twins.frames_of(made, 60.0)
    held = next(frame.get(b"Channel") for _, frame in frames if frame.name == "Hold")
    assert str(held).startswith("PJSIP/101-")
    (call,) = made.truth.calls
    assert (call.hold_s, call.ended_by) == (4.0, "customer")


def test_a_colleague_who_does_not_answer_is_given_up() -> None:
    made = twins.plant()
    made.tell(Story(kind="internal", agent="101", to="102", answers={"102": None}))
    twins.frames_of(made, 60.0)
    (call,) = made.truth.calls
    assert (call.outcome, call.ended_by, call.agents_rung) == ("no_answer", "agent", ["102"])
    assert call.ended_at == pytest.approx(placed.GIVES_UP_S, abs=0.1)
