"""What an agent does, told from his legs and his places."""

from __future__ import annotations

from datetime import datetime

import pytest

from cti.model import AgentChange, AgentChanged, AgentState, LegRole
from cti.records import LegRecord
from cti.roster import Roster
from cti.signals import LegSeen
from cti.states import LegState, PlaceState
from tests.cti.playbook import ORIGIN, RINGING, TALKING, Playbook, at, play

STATE = AgentChange.STATE
OUT, FREE, PAUSED = PlaceState.OUT, PlaceState.FREE, PlaceState.PAUSED


def leg(state: LegState, *, dialled: bool = True) -> LegRecord:
    record = LegRecord(LegSeen(at(0), ORIGIN, "1", "1", "PJSIP/101-1", LegRole.AGENT, "101"))
    record.state, record.was_dialled = state, dialled
    return record


@pytest.mark.parametrize(
    ("legs", "places", "state"),
    [
        ([], [], AgentState.OFFLINE),
        ([], [OUT, OUT], AgentState.OFFLINE),
        ([], [FREE], AgentState.IDLE),
        ([], [FREE, PAUSED], AgentState.IDLE),
        ([], [PAUSED, OUT], AgentState.PAUSED),
        ([leg(LegState.NEW)], [FREE], AgentState.IDLE),
        ([leg(LegState.RINGING)], [FREE], AgentState.RINGING),
        ([leg(LegState.RINGING)], [PAUSED], AgentState.RINGING),
        ([leg(LegState.UP)], [PAUSED], AgentState.TALKING),
        ([leg(LegState.RINGING), leg(LegState.UP)], [FREE], AgentState.TALKING),
        ([leg(LegState.NEW, dialled=False)], [FREE], AgentState.TALKING),
        ([leg(LegState.UP)], [], AgentState.TALKING),
    ],
)
def test_an_agents_state(legs: list[LegRecord], places: list[PlaceState], state: AgentState) -> None:
    record = Roster("pbx").agent("101")
    record.legs = set(legs)
    for i, place in enumerate(places):
        record.place(f"queue {i}").state = place
    assert record.derive() is state


def test_a_change_is_noted_once_with_its_instant() -> None:
    roster = Roster("pbx")
    record = roster.agent("101")
    record.place("sales").state = FREE
    assert roster.settle(record, at(1))
    assert not roster.settle(record, at(2))
    assert (roster.freeze(record).state, roster.freeze(record).since) == (AgentState.IDLE, at(1))


def test_an_agent_is_shown_with_the_queues_he_is_in() -> None:
    told = play("0 login sales 101\n 0 login support 101\n 1 logout sales 101\n 2 pause support 101 lunch")
    event = told.events[-1]
    agent = getattr(event, "agent")  # noqa: B009
    assert (agent.queues, agent.pause_reason, agent.state) == (("support",), "lunch", AgentState.PAUSED)
    assert told.agents == ["101 login sales", "101 login support", "101 logout sales", "101 pause support lunch"]


def test_places_are_of_those_logged_in() -> None:
    roster = Roster("pbx")
    for queue, state in (("sales", FREE), ("support", PAUSED), ("billing", OUT)):
        roster.agent("101").place(queue).state = state
    roster.agent("101").place("sales").interface = "PJSIP/101"
    assert roster.places() == [("101", "sales", "PJSIP/101"), ("101", "support", None)]


def test_an_agent_who_dials_is_busy_before_anybody_rings() -> None:
    told = play("0 member sales 101\n 0 phone 1 101 to 102\n 0 phone 2 102 of 1\n 0 dial 2 by 1 102")
    assert told.agents == ["101 state idle", "101 state talking"]


def test_a_day_of_an_agent() -> None:
    book = Playbook()
    told = book.play(f"""
        0  login sales 101
        {RINGING.replace("    0  ", "    0  ")}
        4  up 2
        9  ends 2 1
        10 pause sales 101 lunch
        20 unpause sales 101
        30 logout sales 101
    """)
    assert told.agents == [
        "101 login sales",
        "101 state ringing",
        "101 state talking",
        "101 state idle",
        "101 pause sales lunch",
        "101 unpause sales",
        "101 logout sales",
    ]
    assert book.tracker.agents()[0].since == at(30)


def test_a_log_in_unseen_is_known_from_any_word_about_the_place() -> None:
    told = play("0 member sales 101\n 1 member sales 101\n 2 logout support 101\n 3 pause billing 101 lunch")
    assert told.agents == ["101 state idle", "101 logout support", "101 pause billing lunch"]
    assert told.oddities == []


def test_an_agent_of_one_status_for_all_his_queues_is_told_of_none() -> None:
    book = Playbook()
    book.play("0 member sales 101\n 0 member support 101")
    told = book.play(
        "1 status 101 out\n 2 status 101 here\n 3 status 101 break\n 4 status 101 here\n 5 status 101 here"
    )
    assert told.agents == ["101 logout offline", "101 login idle", "101 pause paused", "101 unpause idle"]
    assert told.oddities == []


def test_who_is_out_as_a_whole_is_in_no_queue_and_who_takes_a_break_takes_it_in_all() -> None:
    book = Playbook()
    book.play("0 member sales 101\n 0 member support 101\n 1 status 101 break")
    (agent,) = book.tracker.agents()
    assert [(place.queue, place.paused) for place in agent.memberships] == [("sales", True), ("support", True)]
    book.play("2 status 101 out")
    assert (book.tracker.agents()[0].queues, book.tracker.agents()[0].state) == ((), AgentState.OFFLINE)
    book.play("3 status 101 here")
    assert book.tracker.agents()[0].queues == ("sales", "support")


def test_who_comes_to_take_a_break_has_logged_in_first() -> None:
    told = play("0 status 101 out\n 1 status 101 break")
    assert told.agents == ["101 logout offline", "101 login paused", "101 pause paused"]


def test_what_an_agent_was_found_to_be_is_no_news_of_his() -> None:
    told = play("0 status 101 here before\n 0 status 102 out before\n 0 status 103 break before")
    assert told.agents == ["101 state idle", "103 state paused"]


#: 101 is in sales, where he has five seconds of peace, and talks from second 4 on.
PEACE = f"0 login sales 101\n 0 wraps-up 101 sales 5\n{TALKING}"
OVER = "9 quits 1\n 9 unbridge b 2\n 9 ends 2 1"


def states(book: Playbook, script: str) -> list[tuple[str, datetime]]:
    """What 101 is told to do, and since when."""
    told = book.play(script).events
    return [(event.agent.state, event.at) for event in told if isinstance(event, AgentChanged) if event.change == STATE]


def test_a_queues_call_is_followed_by_its_wrap_up() -> None:
    book = Playbook()
    assert states(book, f"{PEACE}{OVER}")[-1] == (AgentState.WRAP_UP, at(9))
    assert book.tracker.pass_time(at(13.9)) == []
    (told,) = book.tracker.pass_time(at(60))
    assert isinstance(told, AgentChanged)
    assert (told.agent.state, told.agent.since, told.at) == (AgentState.IDLE, at(14), at(14))


def test_the_end_of_a_wrap_up_is_told_before_what_comes_later() -> None:
    book = Playbook()
    book.play(f"{PEACE}{OVER}")
    assert states(book, "60 login sales 102")[0] == (AgentState.IDLE, at(14))


def test_a_wrap_up_counts_from_the_end_of_the_talk_not_of_the_leg() -> None:
    book = Playbook()
    assert states(book, f"{PEACE}9 quits 1\n 9 unbridge b 2\n 12 ends 2 1")[-1] == (AgentState.WRAP_UP, at(12))
    assert book.tracker.pass_time(at(14))[0].at == at(14)


def test_a_call_ends_a_wrap_up() -> None:
    book = Playbook()
    again = "10 caller 7 +39444 to +390221000101\n 10 phone 8 101 of 7\n 10 dial 8 by 7\n 10 rings 8\n 11 up 8 7\n"
    told = states(book, f"{PEACE}{OVER}\n{again} 11 bridge c 8 7\n 12 quits 7\n 12 ends 8 7")
    assert [state for state, _ in told[-4:]] == ["wrap_up", "ringing", "talking", "idle"], "a direct call has none"
    assert book.tracker.pass_time(at(60)) == []


def test_who_rings_in_vain_has_the_rest_of_his_wrap_up() -> None:
    book = Playbook()
    rung = "10 caller 7 +39444 to 101\n 10 phone 8 101 of 7\n 10 dial 8 by 7\n 10 rings 8\n 12 quits 7\n 12 ends 8 7"
    assert [state for state, _ in states(book, f"{PEACE}{OVER}\n{rung}")[-2:]] == ["ringing", "wrap_up"]
    assert book.tracker.pass_time(at(14))[0].at == at(14)


def test_a_pause_wins_over_a_wrap_up_and_no_queue_means_none() -> None:
    assert states(Playbook(), f"{PEACE}5 pause sales 101 lunch\n{OVER}")[-1][0] is AgentState.PAUSED
    assert states(Playbook(), f"{PEACE}5 logout sales 101\n{OVER}")[-1][0] is AgentState.OFFLINE
    assert states(Playbook(), f"0 login sales 101\n{TALKING}{OVER}")[-1][0] is AgentState.IDLE


def test_wrap_ups_of_several_agents_end_in_their_order() -> None:
    roster = Roster("pbx")
    for agent, seconds in (("101", 9), ("102", 3), ("103", 6)):
        place = roster.agent(agent).place("sales")
        place.state, place.wrap_up_s = FREE, float(seconds)
        roster.wrap_up(agent, "sales", at(0), ORIGIN)
    roster.back_to_work("103")
    assert roster.wrapped_up(at(2.9)) == []
    assert [(when, record.agent) for when, _, record in roster.wrapped_up(at(7))] == [(at(3), "102")]
    assert [(when, record.agent) for when, _, record in roster.wrapped_up(at(60))] == [(at(9), "101")]
    assert roster.wrapped_up(at(99)) == []
