"""Queues: who is called when, and how waits end."""

from __future__ import annotations

from cti.model import Party
from offhook.simulator.freeswitch.agents import IN_CALL, WAITING
from offhook.simulator.freeswitch.plant import FreeswitchPlant
from offhook.simulator.stories import HangUp, Story, Talk
from tests.offhook.simulator.freeswitch import fs_twins
from tests.offhook.simulator.twins import LATE, SALES, SUPPORT, queue, talk


def told(plant: FreeswitchPlant, until: float) -> list[tuple[str | None, ...]]:
    """What the queues tell: action, agent, cause."""
    frames = fs_twins.frames_of(plant, until)
    found = [frame for frame in frames if frame.name == "callcenter::info"]
    return [tuple(frame.get(b"CC-" + key) for key in (b"Action", b"Agent", b"Hangup-Cause")) for frame in found]


def test_ring_all_calls_everybody_and_the_losers_lose_the_race() -> None:
    plant = fs_twins.plant()
    plant.tell(queue(SUPPORT, talk(5), HangUp(), answers={**LATE, "104": 2.0}))
    said = told(plant, 100.0)
    assert {agent for action, agent, _ in said if action == "agent-offering"} == {"103", "104", "105"}
    assert {agent for action, agent, cause in said if cause == "LOSE_RACE"} == {"103", "105"}


def test_a_busy_agent_is_offered_the_call_and_refuses_it() -> None:
    plant = fs_twins.plant()
    plant.tell(Story(kind="internal", agent="103", to="101", answers={"101": 0.5}, acts=(Talk(seconds=60.0), HangUp())))
    plant.timeline.after(2.0, lambda: plant.tell(queue(SALES, talk(3), HangUp(), answers={"102": 1.0})))
    said = told(plant, 100.0)
    assert ("bridge-agent-fail", "101", "USER_BUSY") in said
    assert ("bridge-agent-start", "102", None) in said


def test_a_caller_who_joins_a_ring_all_queue_later_gets_who_is_left() -> None:
    plant = fs_twins.plant()
    for after in (0.0, 3.0):
        plant.timeline.after(
            after, lambda: plant.tell(queue(SUPPORT, talk(30), HangUp(), answers={"103": 1.0, "104": 2.0, "105": 20.0}))
        )
    told(plant, 20.0)
    one, other = plant.truth.calls
    assert (one.answered_by, other.answered_by) == (["103"], ["104"])
    assert other.agents_rung == ["104", "105"]


def test_wrap_up_keeps_the_next_caller_waiting() -> None:
    plant = fs_twins.plant()
    for agent in ("104", "105"):
        plant.log_out(agent)
    for after in (0.0, 1.0):
        plant.timeline.after(after, lambda: plant.tell(queue(SUPPORT, talk(4), HangUp(), answers={"103": 1.0})))
    told(plant, 100.0)
    first, second = plant.truth.calls
    assert first.ended_at is not None
    assert second.rings[0].started_at - first.ended_at > 2.9


def test_agents_of_two_queues_are_called_by_the_other_when_they_are_free() -> None:
    plant = FreeswitchPlant(fs_twins.PLAN, seed=1, started_at=fs_twins.STARTED_AT)
    plant.staff_logs_in()
    plant.lines["sales"].agents = (plant.agents["103"],)
    plant.agents["103"].watchers.append(plant.lines["sales"].look_in)
    for agent in ("104", "105"):
        plant.log_out(agent)
    plant.tell(queue(SUPPORT, talk(5), HangUp(), answers={"103": 1.0}))
    plant.timeline.after(2.0, lambda: plant.tell(queue(SALES, talk(5), HangUp(), answers={"103": 1.0})))
    told(plant, 100.0)
    assert [call.answered_by for call in plant.truth.calls] == [["103"], ["103"]]


def test_who_waits_when_the_last_agent_goes_is_sent_away() -> None:
    plant = fs_twins.plant()
    plant.pause("101", True)
    plant.pause("102", True)
    plant.tell(queue(SALES))
    plant.timeline.after(8.0, lambda: plant.log_out("101"))
    plant.timeline.after(8.0, lambda: plant.log_out("102"))
    told(plant, 100.0)
    assert [call.outcome for call in plant.truth.calls] == ["exit_empty"]


def test_a_state_follows_each_call() -> None:
    plant = fs_twins.plant()
    plant.tell(queue(SALES, talk(10), HangUp(), answers={"101": 1.0}, party=Party("+39331")))
    told(plant, 5.0)
    assert plant.agents["101"].state == IN_CALL
    told(plant, 100.0)
    assert plant.agents["101"].state == WAITING
    assert plant.agents["101"].calls_answered == 1
