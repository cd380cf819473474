"""One call from the records of its legs."""

from __future__ import annotations

from cti.model import EndedBy, TransferKind
from cti.pbx.freeswitch_cdr import CdrStory
from cti.pbx.freeswitch_logs import FreeswitchLogs
from kpi.importers.lines import LoggedCall
from tests.kpi.importers.legs import caller, leg, stretch, us

PHONE = {"originating_leg_uuid": "a", "dialed_user": "101"}


def test_a_direct_call_is_told() -> None:
    a = caller("a", 0, 10, stretch(0, "101", context="public", answered=3, bridged=3, met="b"))
    b = leg("b", 0.5, 10, stretch(0.5, "101", progress=1, answered=3, bridged=3, met="a"), **PHONE)
    [call] = FreeswitchLogs("hq").tell(LoggedCall(legs=(b, a)))
    assert (call.call_id, call.caller.number, call.dialled) == ("a", "+393331234501", "101")
    assert (call.answered_by, call.ended_by) == (("101",), EndedBy.CUSTOMER)
    assert [(talk.talk_s, talk.holds) for talk in call.talks] == [(7, 0)]


def test_hold_that_is_only_known_in_sum_is_told_in_sum() -> None:
    a = caller("a", 0, 10, stretch(0, "101", context="public", answered=3, bridged=3, met="b"))
    b = leg("b", 0, 10, stretch(0, "101", answered=3, bridged=3, met="a"), hold_accum_seconds="2", **PHONE)
    [call] = FreeswitchLogs("hq").tell(LoggedCall(legs=(a, b)))
    assert (call.hold_s, call.talks[0].holds) == (2, 1)


def test_a_caller_who_is_parked_and_taken_again() -> None:
    a = caller(
        "a", 0, 20, stretch(0, "101", context="public", bridged=1, met="b", transferred=5),
        stretch(5, "5901", transferred=9), stretch(9, "5901", bridged=9, met="c"),
        steps=[("valet_park", "lot 5901", 5)],
    )  # fmt: skip
    moved = {"transfer_disposition": "recv_replace", "transfer_to": "blind:a", "transfer_destination": "blind:5901"}
    b = leg("b", 0, 5, stretch(0, "101", answered=1, bridged=1, met="a"), **PHONE, **moved)
    taker = stretch(9, "5901", answered=9, bridged=9, met="a", number="102")
    c = leg("c", 9, 20, taker, direction="inbound", user_name="102", steps=[("valet_park", "lot 5901", 9)])  # type: ignore[arg-type]
    [call] = FreeswitchLogs("hq").tell(LoggedCall(legs=(a, b, c)))
    assert [(one.kind, one.by, one.to, one.slot) for one in call.transfers] == [
        (TransferKind.PARK, "101", "102", "5901")
    ]
    assert call.answered_by == ("101", "102")


def test_who_ended_a_talk_is_not_guessed_where_a_record_is_missing() -> None:
    a = caller("a", 0, 10, stretch(0, "101", context="public", bridged=3, met="b"), sip_hangup_disposition="send_bye")
    story = CdrStory([a])
    assert not story.whole
    assert story.legs["b"].ended_us == us(10)
    [call] = FreeswitchLogs("hq").tell(LoggedCall(legs=(a,)))
    assert (call.ended_by, len(call.talks)) == (None, 1)


def test_a_leg_met_by_itself_or_by_nobody_is_no_bridge() -> None:
    assert CdrStory([caller("a", 0, 9, stretch(0, "101", bridged=1, met="a"))]).bridges == []
    assert CdrStory([caller("a", 0, 9, stretch(0, "101", bridged=1))]).bridges == []
