"""A listener that comes late, or back, knows what goes on: from FreeSWITCH's answers, at any moment of a recording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from cti.model import AgentState, Call, CallEnded, CallEvent, OddityFound
from cti.pbx.freeswitch import FreeswitchDialect
from cti.pbx.freeswitch_snapshot import ENDS, parse_table
from cti.pbx.settings import PbxSettings
from cti.recording import Recording
from cti.switchboard import Switchboard
from cti.wire.esl import EslFrame, EslWire
from offhook.replay import START, call_row
from tests.cti.esl_events import answer
from tests.cti.freeswitch_present import Present

RECORDINGS = Path(__file__).parents[2] / "recordings" / "freeswitch"
SETTINGS = PbxSettings(name="hq", kind="freeswitch", username="offhook")
Timed = tuple[float, list[EslFrame]]


@cache
def recorded(name: str) -> list[Timed]:
    """The frames of each read, with its seconds."""
    wire = EslWire()
    return [(piece.t, wire.feed(piece.data)) for piece in Recording(RECORDINGS / name).pieces()]


class Line:
    """A switchboard and what it told, with a FreeSWITCH of which it can ask the present."""

    def __init__(self) -> None:
        self.events: list[CallEvent] = []
        self.dialect = FreeswitchDialect(SETTINGS)
        self.board = Switchboard("hq", self.dialect, self.events.append)

    def take(self, reads: Iterable[Timed], session: str = "one") -> None:
        for t, frames in reads:
            self.board.take(frames, START + timedelta(seconds=t), session)

    def ask(self, present: Present, t: float, session: str = "one") -> None:
        """All questions with their answers; an event's time makes the PBX's clock known."""
        for action in self.dialect.snapshot_actions():
            self.take([(t, [answer(present.answer(action.name.removeprefix("api ")))])], session)

    def ended(self) -> list[Call]:
        return [event.call for event in self.events if isinstance(event, CallEnded)]


def present_after(reads: Sequence[Timed]) -> Present:
    present = Present()
    for _, frames in reads:
        present.take(frames)
    return present


def cut_at(name: str, t: float) -> tuple[list[Timed], list[Timed]]:
    reads = recorded(name)
    return [one for one in reads if one[0] < t], [one for one in reads if one[0] >= t]


def test_who_waits_is_known_with_his_queue_since_when_he_waits_and_who_is_rung() -> None:
    before, after = cut_at("S01", 2)
    line = Line()
    line.take(before[:6])
    line.ask(present_after(before), 2)
    (call,) = line.board.tracker.open_calls()
    assert (call.caller.number, call.caller.name, call.dialled) == ("+393331234501", "Mario Bianchi", "+390221000100")
    assert (call.queue, call.waiting is not None, call.agents_rung) == ("sales", True, ("101",))
    assert call.waiting is not None
    assert abs((call.waiting.joined_at - START).total_seconds() - 0.5) < 1, "whole seconds"
    line.take(after)
    (ended,) = line.ended()
    assert (ended.outcome, ended.ended_by, ended.answered_by) == ("answered", "customer", ("101",))
    assert [event.oddity for event in line.events if isinstance(event, OddityFound)] == []


#: Scenario, second at which the listener comes, and what the calls it saw come to: queue, rung, answered by, outcome.
LATE: dict[str, tuple[str, float, list[tuple[str | None, set[str], tuple[str, ...], str, str]]]] = {
    "a queue rings all": ("S19", 2, [("support", {"103", "104", "105"}, ("104",), "answered", "customer")]),
    "talking": ("S02", 5, [("sales", {"101"}, ("101",), "answered", "agent")]),
    "a direct call rings": ("S12", 1.5, [(None, {"101"}, ("101",), "answered", "customer")]),
    "an agent talks with the public": (
        "S14", 4, [(None, set(), ("101",), "answered", "agent"), (None, set(), (), "no_answer", "agent")],
    ),
    "an internal call rings": ("S15", 1, [(None, {"102"}, ("102",), "answered", "agent")]),
    "waits, gives up": ("S03", 2, [("sales", {"101"}, (), "abandoned", "customer")]),
    "waits, the queue gives up": ("S05", 2, [("sales", {"101", "102"}, (), "timeout", "pbx")]),
    "on hold": ("S11", 6, [("sales", {"101"}, ("101",), "answered", "agent")]),
    "parked: nobody tells of the queue any more": ("S26", 6, [(None, set(), ("102",), "answered", "customer")]),
    "after a transfer: nobody tells of the queue": ("S08", 8, [(None, {"101"}, ("101",), "answered", "customer")]),
    "in the second queue": ("S10", 6.5, [("support", {"103", "104", "105"}, ("104",), "answered", "customer")]),
    "an IVR plays": ("S22", 2, [("support", {"103", "104", "105"}, ("105",), "answered", "customer")]),
}  # fmt: skip


@pytest.mark.parametrize("case", LATE)
def test_who_comes_late_sees_the_calls_to_their_end(case: str) -> None:
    name, t, expected = LATE[case]
    before, after = cut_at(name, t)
    line = Line()
    line.take([(before[-1][0], [frame for frame in before[-1][1] if frame.name == "API"])])
    line.ask(present_after(before), t)
    line.take(after)
    ended = sorted(line.ended(), key=lambda call: call.offered_at)
    told = [
        (call.queue if call.queue else None, set(call.agents_rung), call.answered_by, call.outcome, call.ended_by)
        for call in ended
    ]
    assert told == expected
    assert line.board.tracker.open_calls() == []


@pytest.mark.parametrize("name", sorted(path.name for path in RECORDINGS.glob("S*")))
def test_at_no_moment_does_the_present_contradict_what_was_heard(name: str) -> None:
    """Asked again and again while it listens, it learns nothing new: the calls come out as without asking."""
    line, plain = Line(), Line()
    present = Present()
    for number, read in enumerate(recorded(name)):
        for one in (line, plain):
            one.take([read])
        present.take(read[1])
        if number % 5 == 4:
            line.ask(present, read[0])
    assert [_story(call) for call in line.ended()] == [_story(call) for call in plain.ended()]
    assert [event.oddity for event in line.events if isinstance(event, OddityFound)] == []


@pytest.mark.parametrize("t", [0.3, 2, 4, 6, 8])
@pytest.mark.parametrize("name", ["S01", "S08", "S09", "S10", "S14", "S25", "S26", "S27"])
def test_after_a_gap_no_call_is_left_over_and_none_is_doubled(name: str, t: float) -> None:
    before, after = cut_at(name, t)
    missed = [one for one in after if one[0] < t + 1.5]
    line = Line()
    line.take(before)
    line.ask(present_after([*before, *missed]), t + 1.5, "two")
    line.take(after[len(missed) :], "two")
    assert line.board.tracker.open_calls() == []
    ids = [call.call_id for call in line.ended()]
    assert len(ids) == len(set(ids))
    assert all(stay.outcome is not None for call in line.ended() for stay in call.stays)


def test_agents_are_known_as_they_are_without_a_word_of_what_happened() -> None:
    present = Present()
    present.agents |= {"101": "On Break", "102": "Logged Out"}
    line = Line()
    line.ask(present, 1)
    agents = {agent.agent: agent for agent in line.board.tracker.agents()}
    assert {name: agent.state for name, agent in agents.items()} == {
        "101": AgentState.PAUSED, "102": AgentState.OFFLINE, "103": AgentState.IDLE, "104": AgentState.IDLE,
        "105": AgentState.IDLE,
    }  # fmt: skip
    assert (agents["103"].queues, agents["102"].queues) == (("support",), ())
    assert [event for event in line.events if getattr(event, "change", "state") != "state"] == []


def test_what_agents_did_while_nobody_listened_is_told() -> None:
    present, line = Present(), Line()
    line.ask(present, 1)
    present.agents |= {"101": "On Break", "102": "Logged Out"}
    line.ask(present, 60, "two")
    told = [
        (event.agent.agent, str(event.change)) for event in line.events if getattr(event, "change", None) != "state"
    ]  # type: ignore[attr-defined]
    assert told == [("101", "pause"), ("102", "logout")]


def test_a_connection_that_breaks_in_mid_answer_gives_no_snapshot() -> None:
    line = Line()
    questions = list(line.dialect.snapshot_actions())
    present = Present()
    present.take([frame for _, frames in cut_at("S01", 2)[0] for frame in frames])
    for action in questions[:-1]:
        line.take([(2, [answer(present.answer(action.name.removeprefix("api ")))])], "one")
    line.take([(3, [answer(ENDS)])], "two")
    assert line.board.tracker.open_calls() == []


@pytest.mark.parametrize(
    "text",
    ["", "+OK", "-ERR callcenter_config Command not found!", "{", "{}", '{"rows": 1}', '{"rows": [1, {"a": 1}]}',
     "queue|agent|state|level\n", "name|strategy\nsales", "|", "UP 0 years, 0 days"],
)  # fmt: skip
def test_an_answer_that_is_something_else_is_passed_over(text: str) -> None:
    line, present = Line(), Present()
    for action in line.dialect.snapshot_actions():
        command = action.name.removeprefix("api ")
        line.take([(1, [answer(present.answer(command) if command.startswith("echo") else text)])])
    assert line.board.tracker.open_calls() == []
    assert [event for event in line.events if isinstance(event, OddityFound)] == []


def test_callers_are_asked_of_each_queue_and_variables_of_legs_that_nothing_ties() -> None:
    line, present = Line(), present_after(cut_at("S19", 2)[0])
    line.ask(present, 2)
    assert present.asked[0].startswith("msleep ")
    assert present.asked[1].startswith("echo ")
    assert present.asked[-1] == f"echo {ENDS}"
    assert present.asked[2:7] == [
        "callcenter_config queue list", "callcenter_config agent list", "callcenter_config tier list",
        "show channels as json", "show bridged_calls as json",
    ]  # fmt: skip
    assert [one for one in present.asked if "members" in one] == [
        f"callcenter_config queue list members {queue}" for queue in ("sales", "support")
    ]
    assert len([one for one in present.asked if one.startswith("uuid_dump ")]) == 3


def test_the_tables_of_a_real_freeswitch_are_read() -> None:
    parts = (RECORDINGS / "S01" / "snapshot.txt").read_text().split("# api ")
    tables = {part.partition("\n")[0]: part.partition("\n")[2].strip() for part in parts if part}
    agents = parse_table(tables["callcenter_config agent list"], "contact")
    assert [(row["name"], row["status"]) for row in agents] == [(str(n), "Available") for n in range(101, 106)]
    assert agents[0]["contact"] == "[leg_timeout=6]user/101@pbx.lab"
    assert [row["name"] for row in parse_table(tables["callcenter_config queue list"], "moh_sound")] == [
        "support", "sales",
    ]  # fmt: skip
    assert len(parse_table(tables["callcenter_config tier list"], "")) == 5


def test_a_name_with_a_bar_in_it_shifts_no_column() -> None:
    (row,) = parse_table("uuid|session_uuid|cid_name|state\nm1|u1|a|b||c|Waiting\n+OK", "cid_name")
    assert row == {"uuid": "m1", "session_uuid": "u1", "cid_name": "a|b||c", "state": "Waiting"}


def _story(call: Call) -> dict[str, object]:
    """A call without its instants: who asks knows some of them sooner."""
    row = call_row(call)
    return {key: value for key, value in row.items() if not key.endswith("_at")} | {
        key: [{field: part[field] for field in part if not field.endswith(("_at", "_s"))} for part in row[key]]
        for key in ("stays", "talks")
    }


@pytest.mark.parametrize("name", ["S01", "S03", "S05", "S06", "S07", "S10", "S19"])
def test_answers_that_overtake_the_events_before_them_tell_nothing_twice(name: str) -> None:
    """The event socket sends events up to half a second late, and answers at once. Here nothing was heard before."""
    whole = Line()
    whole.take(recorded(name))
    (told,) = whole.ended()
    for tenth in range(10, int(recorded(name)[-1][0] * 10), 4):
        heard = [one for one in cut_at(name, tenth / 10)[0] if one[0] >= tenth / 10 - 1.2]
        line = Line()
        line.take(heard)
        line.ask(present_after(cut_at(name, tenth / 10 + 0.4)[0]), tenth / 10)
        line.take(cut_at(name, tenth / 10)[1])
        for call in line.ended():
            stays = [(stay.queue, stay.outcome, stay.agent) for stay in call.stays]
            assert stays == [(stay.queue, stay.outcome, stay.agent) for stay in told.stays][-len(stays) or 99 :], tenth
            assert set(call.answered_by) <= set(told.answered_by), tenth
