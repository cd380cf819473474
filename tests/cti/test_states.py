"""The three tables, arrow by arrow: what is in a table moves, what is not is counted and raises nothing."""

from __future__ import annotations

import pytest

from cti import signals as s
from cti.model import AgentState
from cti.signals import Signal
from cti.states import LEG, PLACE, STAY, LegState, PlaceState, StayState
from tests.cti.playbook import RINGING, WAITING, Playbook, Told

ARRIVAL = "0 phone 2 101 of 1\n 0 dial 2 by 1"
LEG_IN = {
    LegState.NEW: ARRIVAL,
    LegState.RINGING: f"{ARRIVAL}\n 1 rings 2",
    LegState.UP: f"{ARRIVAL}\n 1 rings 2\n 2 up 2",
    LegState.ENDED: f"{ARRIVAL}\n 1 rings 2\n 2 up 2\n 3 ends 2",
}
LEG_WORDS: dict[type[Signal], str] = {s.LegRang: "rings 2", s.LegAnswered: "up 2", s.LegEnded: "ends 2"}
STAY_IN = {
    StayState.WAITING: RINGING,
    StayState.GAVE_UP: f"{RINGING}\n 2 gives-up 1 sales",
    StayState.LEFT: f"{RINGING}\n 2 leaves 1 sales",
    StayState.TAKEN: f"{RINGING}\n 2 takes 1 sales 101",
}
STAY_WORDS: dict[type[Signal], str] = {
    s.AgentTried: "tries 1 sales 102",
    s.AgentMissed: "misses 1 sales 101",
    s.AgentTook: "takes 1 sales 101",
    s.QueueGaveUp: "gives-up 1 sales",
    s.QueueLeft: "leaves 1 sales",
}
PLACE_IN = {
    PlaceState.OUT: "0 login sales 101\n 1 logout sales 101",
    PlaceState.FREE: "0 login sales 101",
    PlaceState.PAUSED: "0 login sales 101\n 1 pause sales 101 lunch",
}
PLACE_WORDS: dict[type[Signal], str] = {
    s.MemberAdded: "login sales 101",
    s.MemberRemoved: "logout sales 101",
    s.MemberPaused: "pause sales 101 coffee",
    s.MemberResumed: "unpause sales 101",
}


def step(before: str, words: str) -> tuple[Told, Playbook]:
    """What is told because of ``words`` alone, after ``before``; the caller's leg keeps the call alive."""
    book = Playbook()
    book.play(WAITING if "joins" not in before else "")
    assert book.play(before).oddities == []
    return book.play(f"5 {words}"), book


LEG_STEPS = [(state, kind, LEG[state].get(kind)) for state in LEG for kind in LEG_WORDS]
STAY_STEPS = [(state, kind, STAY[state].get(kind)) for state in STAY for kind in STAY_WORDS]
PLACE_STEPS = [(state, kind, PLACE[state].get(kind)) for state in PLACE for kind in PLACE_WORDS]


def named(value: object) -> str:
    return getattr(value, "__name__", None) or str(getattr(value, "value", value))


@pytest.mark.parametrize(("state", "kind", "after"), LEG_STEPS, ids=named)
def test_a_leg(state: LegState, kind: type[Signal], after: LegState | None) -> None:
    told, book = step(LEG_IN[state], LEG_WORDS[kind])
    assert told.oddities == ([] if after else ["leg-arrow"])
    (agent,) = [agent for agent in book.tracker.agents() if agent.agent == "101"]
    assert agent.state is {
        LegState.RINGING: AgentState.RINGING,
        LegState.UP: AgentState.TALKING,
        LegState.ENDED: AgentState.OFFLINE,
    }.get(after or state)


@pytest.mark.parametrize(("state", "kind", "after"), STAY_STEPS, ids=named)
def test_a_stay(state: StayState, kind: type[Signal], after: StayState | None) -> None:
    told, book = step(STAY_IN[state], STAY_WORDS[kind])
    assert ("stay-arrow" in told.oddities) == (after is None)
    told = book.play("6 leaves 1 sales")
    assert ("stay-arrow" in told.oddities) == (s.QueueLeft not in STAY[after or state])


@pytest.mark.parametrize(("state", "kind", "after"), PLACE_STEPS, ids=named)
def test_a_place(state: PlaceState, kind: type[Signal], after: PlaceState | None) -> None:
    told, book = step(PLACE_IN[state], PLACE_WORDS[kind])
    assert told.oddities == ([] if after else ["place-arrow"])
    (agent,) = book.tracker.agents()
    expected = after or (PlaceState.OUT if kind is s.MemberRemoved else PlaceState.FREE)
    assert (
        agent.state
        is {
            PlaceState.OUT: AgentState.OFFLINE,
            PlaceState.FREE: AgentState.IDLE,
            PlaceState.PAUSED: AgentState.PAUSED,
        }[expected]
    )


def test_nothing_comes_back_from_the_end() -> None:
    assert LEG[LegState.ENDED] == {}
    assert all(LegState.NEW not in arrows.values() for arrows in LEG.values())
    assert all(StayState.WAITING not in STAY[state].values() for state in STAY if state is not StayState.WAITING)


@pytest.mark.parametrize("state", LegState)
def test_a_leg_may_end_at_any_time_but_once(state: LegState) -> None:
    assert (LEG[state].get(s.LegEnded) is LegState.ENDED) == (state is not LegState.ENDED)


def test_every_state_has_its_row() -> None:
    assert (set(LEG), set(STAY), set(PLACE)) == (set(LegState), set(StayState), set(PlaceState))


def test_a_missing_arrow_says_what_came_and_when() -> None:
    told, _ = step(LEG_IN[LegState.UP], "up 2")
    (event,) = told.events
    assert getattr(event, "oddity").detail == "LegAnswered while up"  # noqa: B009
