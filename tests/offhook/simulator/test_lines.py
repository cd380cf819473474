"""Queues: who is rung when, and how waits end."""

from __future__ import annotations

import msgspec
import pytest

from cti.wire.ami import AmiFrame
from offhook.simulator.lines import LinePlan
from offhook.simulator.plant import Plant
from offhook.simulator.stories import HangUp, Story, Talk
from tests.offhook.simulator import twins

LONG = Talk(seconds=500.0)


def site(staff: int = 3, **line: object) -> Plant:
    """One queue with agents 101, 102, 103."""
    plan = LinePlan(**{"name": "q", "exten": "600", "did": "600", "wrap_up_s": 0.0, **line})  # type: ignore[arg-type]
    agents = dict(list(twins.AGENTS.items())[:staff])
    made = Plant(
        msgspec.structs.replace(twins.PLAN, lines=(plan,), agents=agents, staff={"q": tuple(agents)}, menu_keys={}),
        seed=1,
        started_at=twins.STARTED_AT,
    )
    made.staff_logs_in()
    made.switch.take_text()
    return made


def call(*acts: object, **more: object) -> Story:
    return twins.queue("600", *(acts or (LONG, HangUp())), **more)


def tried(made: Plant, until: float = 100.0) -> list[tuple[float, str]]:
    """When which agent was called."""
    frames = [(at, frame) for at, frame in twins.frames_of(made, until) if frame.name == "AgentCalled"]
    return [(round(at, 1), str(frame.get(b"Interface")).removeprefix("PJSIP/")) for at, frame in frames]


def test_linear_begins_with_the_first_and_goes_round() -> None:
    made = site(strategy="linear", ring_s=5.0, retry_s=1.0)
    made.tell(call(answers=twins.LATE, patience_s=23.0))
    assert tried(made) == [(0.5, "101"), (6.5, "102"), (12.5, "103"), (18.5, "101")]


def test_leastrecent_rings_who_has_rested_longest() -> None:
    made = site(strategy="leastrecent")
    for second in (0.0, 30.0, 60.0, 90.0):
        made.timeline.after(second, lambda: made.tell(call(Talk(seconds=5.0), HangUp(), answers={})))
    made.temper = msgspec.structs.replace(made.temper, misses_share=0.0)
    assert [agent for _, agent in tried(made, 120.0)] == ["101", "102", "103", "101"]


def test_ringall_rings_everybody_and_who_loses_missed_nothing() -> None:
    made = site()
    made.tell(call(Talk(seconds=5.0), HangUp(), answers={"101": 9.0, "102": 2.0, "103": 2.0}))
    assert [agent for _, agent in tried(made)] == ["101", "102", "103"]
    (truth,) = made.truth.calls
    assert {ring.agent: ring.result for ring in truth.rings} == {
        "101": "elsewhere",
        "102": "answered",
        "103": "elsewhere",
    }


def test_an_agent_on_the_phone_is_not_rung() -> None:
    made = site(strategy="linear")
    made.tell(Story(kind="outbound", agent="101", to=twins.NUMBER, acts=(LONG, HangUp())))
    made.timeline.after(20.0, lambda: made.tell(call(answers={"102": 1.0})))
    assert [agent for _, agent in tried(made)] == ["102"]


def test_a_paused_agent_is_not_rung() -> None:
    made = site(strategy="linear")
    made.pause("101", True, "lunch")
    made.tell(call(answers={"102": 1.0}))
    assert [agent for _, agent in tried(made)] == ["102"]


def test_after_a_call_an_agent_rests() -> None:
    made = site(staff=1, wrap_up_s=20.0)
    made.tell(call(Talk(seconds=10.0), HangUp(), answers={"101": 1.0}))
    made.timeline.after(2.0, lambda: made.tell(call(answers={"101": 1.0})))
    (_, first), (again, second) = tried(made)
    assert (first, second) == ("101", "101")
    assert again == pytest.approx(0.5 + 1.0 + 10.0 + 20.0, abs=1.1)


def test_several_callers_are_served_at_once() -> None:
    made = site(strategy="linear")
    for second in (0.0, 0.1, 0.2):
        made.timeline.after(second, lambda: made.tell(call(answers={"101": 1.0, "102": 1.0, "103": 1.0})))
    assert [agent for _, agent in tried(made, 5.0)] == ["101", "102", "103"]


def test_who_waits_moves_up() -> None:
    made = site(staff=1)
    for second in (0.0, 1.0, 2.0):
        made.timeline.after(second, lambda: made.tell(call(answers={"101": 3.0}, patience_s=20.0)))
    frames = [frame for _, frame in twins.frames_of(made, 60.0)]
    assert positions(frames, "QueueCallerJoin") == [("1", "1"), ("2", "2"), ("3", "3")]
    assert positions(frames, "QueueCallerLeave") == [("1", "2"), ("1", "1"), ("1", "0")]
    left = [
        (frame.get(b"Position"), frame.get(b"OriginalPosition"))
        for frame in frames
        if frame.name == "QueueCallerAbandon"
    ]
    assert left == [("1", "2"), ("1", "3")]


def positions(frames: list[AmiFrame], name: str) -> list[tuple[str | None, str | None]]:
    return [(frame.get(b"Position"), frame.get(b"Count")) for frame in frames if frame.name == name]


def test_a_wait_has_its_longest() -> None:
    made = site(ring_s=100.0, max_wait_s=12.0)
    made.tell(call(answers=twins.LATE))
    twins.frames_of(made, 60.0)
    (truth,) = made.truth.calls
    (stay,) = truth.stays
    assert (truth.outcome, truth.ended_by, stay.outcome) == ("timeout", "pbx", "timeout")
    assert stay.left_at == pytest.approx(stay.joined_at + 12.0)
    assert {ring.result for ring in truth.rings} == {"missed"}


def test_the_key_leads_out_only_where_the_queue_has_one() -> None:
    for has_key, outcome in ((True, "exit_key"), (False, "abandoned")):
        made = site(exit_key=has_key)
        made.tell(call(answers=twins.LATE, exit_key_after_s=4.0, patience_s=9.0))
        twins.frames_of(made, 60.0)
        assert made.truth.calls[0].outcome == outcome


def test_who_logs_out_is_not_rung_and_who_logs_in_is() -> None:
    made = site(staff=2, strategy="linear", ring_s=5.0)
    made.log_out("101", "q")
    made.tell(call(answers=twins.LATE, patience_s=30.0))
    made.timeline.after(8.0, lambda: made.log_in("101", "q"))
    assert [agent for _, agent in tried(made)][:3] == ["102", "102", "101"]


def test_the_last_one_who_goes_closes_the_queue() -> None:
    made = site(staff=1)
    assert made.lines["q"].open
    made.pause("101", True)
    assert not made.lines["q"].open
