"""Waits in queues, by what the caller's record and those of the phones say."""

from __future__ import annotations

from cti.model import Call, StayOutcome
from cti.pbx.freeswitch_logs import FreeswitchLogs
from kpi.importers.lines import CdrLeg, LoggedCall
from tests.kpi.importers.legs import caller, leg, stretch, us

MEMBER = {"cc_side": "member", "cc_queue": "sales", "cc_member_uuid": "m1"}


def call_of(*legs: CdrLeg) -> Call:
    [call] = FreeswitchLogs("hq").tell(LoggedCall(legs=legs))
    return call


def phone(uuid: str, began: float, ended: float, agent: str, queue: str = "sales", member: str = "m1") -> CdrLeg:
    way = stretch(began, agent, progress=began)
    return leg(
        uuid, began, ended, way, hangup_cause="NO_ANSWER", dialed_user=agent, cc_side="agent", cc_agent=agent,
        cc_queue=queue, cc_member_uuid=member, cc_member_session_uuid="a",
    )  # fmt: skip


def test_a_wait_that_times_out_ends_where_the_dialplan_goes_on() -> None:
    steps = [("callcenter", "sales", 0.1), ("transfer", "bye XML default", 21), ("hangup", "", 25)]
    call = call_of(
        caller("a", 0, 25, steps=steps, cc_cancel_reason="TIMEOUT", **MEMBER, sip_hangup_disposition="send_bye"),
        phone("b", 0.2, 6, "101"),
    )
    [stay] = call.stays
    assert (stay.outcome, stay.wait_s) == (StayOutcome.TIMEOUT, 20.9)
    assert call.agents_rung == ("101",)


def test_a_caller_who_hangs_up_while_he_waits_has_abandoned() -> None:
    call = call_of(caller("a", 0, 7, steps=[("callcenter", "sales", 1)], cc_cancel_reason="BREAK_OUT", **MEMBER))
    assert [(stay.outcome, stay.wait_s) for stay in call.stays] == [(StayOutcome.ABANDONED, 6)]


def test_a_key_to_leave_is_told() -> None:
    steps = [("callcenter", "sales", 1), ("transfer", "x", 3)]
    call = call_of(caller("a", 0, 7, steps=steps, cc_cancel_reason="EXIT_WITH_KEY", cc_exit_key="1", **MEMBER))
    assert [(stay.outcome, stay.key) for stay in call.stays] == [(StayOutcome.EXIT_KEY, "1")]


def test_of_two_waits_the_first_is_known_by_its_application_and_its_phones() -> None:
    steps = [("callcenter", "sales", 1), ("callcenter", "support", 11)]
    last = {"cc_side": "member", "cc_queue": "support", "cc_member_uuid": "m2", "cc_cancel_reason": "BREAK_OUT"}
    call = call_of(
        caller("a", 0, 20, steps=steps, **last),
        phone("b", 2, 8, "101"),
        phone("c", 12, 20, "103", "support", "m2"),
    )
    waits = [(stay.queue, stay.outcome, stay.wait_s) for stay in call.stays]
    assert waits == [("sales", StayOutcome.TRANSFERRED_OUT, 10), ("support", StayOutcome.ABANDONED, 9)]
    assert [(ring.agent, ring.queue) for ring in call.rings] == [("101", "sales"), ("103", "support")]


def test_without_applications_the_seconds_in_the_variables_count() -> None:
    joined = str(us(2) // 1_000_000)
    way = stretch(0, "7001", answered=2.3)
    call = call_of(caller("a", 0, 9, way, cc_queue_joined_epoch=joined, cc_cancel_reason="BREAK_OUT", **MEMBER))
    [stay] = call.stays
    assert round(stay.wait_s or 0, 3) == 6.7  # callcenter answers the caller as he joins
