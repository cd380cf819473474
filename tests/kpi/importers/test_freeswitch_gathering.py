"""Which records tell one call."""

from __future__ import annotations

from datetime import timedelta

from kpi.importers.freeswitch_gathering import (
    LINGER,
    LegGathering,
    gathering_for,
    is_sideless,
    is_whole,
    ties_of,
    user_of,
    with_sides,
)
from kpi.importers.gathering import Gathering
from kpi.importers.lines import CdrLeg, LoggedCall, QueueLine
from tests.kpi.importers.legs import caller, leg, stretch


def gathered(*legs: CdrLeg) -> list[list[str]]:
    gathering = LegGathering()
    calls: list[LoggedCall] = []
    for one in sorted(legs, key=lambda one: one.noted_at):
        gathering.take(one)
        calls += gathering.over()
    calls += gathering.rest()
    assert len(gathering) == 0
    return sorted(sorted(one.uuid for one in call.legs) for call in calls)


def test_phones_belong_to_the_caller_whom_they_were_called_for() -> None:
    queued = leg("b", 1, 5, cc_side="agent", cc_member_session_uuid="a")
    assert gathered(caller("a", 0, 20), queued, leg("c", 6, 9, originating_leg_uuid="a"), caller("x", 0, 20)) == [
        ["a", "b", "c"],
        ["x"],
    ]


def test_a_call_waits_for_the_leg_that_began_it() -> None:
    gathering = LegGathering()
    gathering.take(leg("b", 1, 5, originating_leg_uuid="a"))
    gathering.take(caller("late", 4000, 4001))
    assert list(gathering.over()) == []
    assert next(iter(gathering.finished())).legs[0].uuid == "late"
    gathering.take(caller("a", 0, 5000))
    [call] = gathering.finished()
    assert [one.uuid for one in call.legs] == ["b", "a"]


def test_who_was_connected_or_sent_belongs_together() -> None:
    asked = leg("c", 3, 9, direction="inbound", user_name="103", last_bridge_to="d")
    handed = leg("b", 1, 9, cc_member_session_uuid="a", transfer_to="att:d", dialed_user="103")
    assert gathered(caller("a", 0, 20), handed, asked, leg("d", 4, 20, originating_leg_uuid="c")) == [
        ["a", "b", "c", "d"]
    ]


def test_a_phones_second_call_is_told_with_its_first() -> None:
    held = leg("b", 1, 90, originating_leg_uuid="a", dialed_user="103")
    asks = leg("c", 30, 40, direction="inbound", user_name="103")
    later = leg("d", 95, 99, direction="inbound", user_name="103")
    assert gathered(asks, held, caller("a", 0, 90), later) == [["a", "b", "c"], ["d"]]


def test_a_call_that_is_over_leaves_soon_and_one_leg_is_taken_once() -> None:
    gathering = LegGathering()
    one = caller("a", 0, 5)
    gathering.take(one)
    gathering.take(one)
    gathering.take(caller("b", 5, 5 + LINGER / timedelta(seconds=1) + 1))
    [call] = gathering.over()
    assert [leg.uuid for leg in call.legs] == ["a"]
    assert gathering.oldest() == {"json_cdr": 0}


def test_records_without_sides_are_told_apart_by_number_and_time() -> None:
    a = caller("a", 0, 20, stretch(0, "7001"), cc_side="member")
    rung = [leg(uuid, 1, 5, stretch(1, "101"), cc_side="agent", cc_queue="sales") for uuid in ("b", "c")]
    assert all(map(is_sideless, rung))
    assert not is_sideless(a)
    sided = with_sides([a, *rung])
    assert [one.variables.get("cc_member_session_uuid") for one in sided] == [None, "a", "a"]
    assert with_sides(rung) == rung


def test_what_else_is_asked() -> None:
    assert ties_of(leg("b", 0, 1, transfer_history="1795288943:v:uuid_br:w", bridge_uuid="x")) == ["b", "x", "w"]
    assert (user_of(caller("a", 0, 1)), user_of(leg("b", 0, 1, dialed_user="101"))) == ("", "101")
    assert is_whole([caller("a", 0, 1), leg("b", 0, 1, originating_leg_uuid="a")])
    assert not is_whole([leg("b", 0, 1, originating_leg_uuid="a")])
    assert isinstance(gathering_for(["cel"], bool), Gathering)
    assert isinstance(gathering_for(["json_cdr"], bool), LegGathering)
    gathering = LegGathering()
    line = QueueLine(at=caller("a", 0, 1).noted_at, callid="1", queue="q", agent="", event="CONNECT")
    gathering.take(line)
    assert (len(gathering), gathering.is_about_member(line)) == (0, False)
