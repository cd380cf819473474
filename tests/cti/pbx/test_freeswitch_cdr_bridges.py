"""Who was connected with whom, by the records of both, or of one."""

from __future__ import annotations

from cti.pbx.freeswitch_cdr_bridges import bridges_of, implied_legs
from tests.kpi.importers.legs import caller, leg, stretch, us

CALLER = caller("a", 0, 20, stretch(0, "7001", transferred=5), stretch(5, "7001", bridged=5.1, met="b"))
PHONE = leg("b", 1, 20, stretch(1, "101", answered=5, bridged=5.12, met="a"))


def test_both_records_of_one_bridge_are_one() -> None:
    [bridged] = bridges_of([CALLER, PHONE])
    assert (bridged.one, bridged.other) == ("a", "b")
    assert (bridged.began_us, bridged.ended_us) == (us(5.12), us(20))
    assert bridged.partner("a") == "b"
    assert implied_legs([CALLER, PHONE], [bridged]) == []


def test_a_stretch_that_ended_by_a_transfer_ends_the_bridge() -> None:
    moved = caller(
        "a", 0, 20, stretch(0, "101", bridged=1, met="b", transferred=8), stretch(8, "102", bridged=9, met="c")
    )
    first, second = bridges_of([moved])
    assert (first.ended_us, second.began_us, second.ended_us) == (us(8), us(9), us(20))


def test_a_phone_without_a_record_is_known_by_the_callers() -> None:
    alone = caller(
        "a", 0, 20, stretch(0, "7001", bridged=5, met="b"),
        cc_side="member", cc_agent_uuid="b", cc_agent="101", cc_queue="sales",
    )  # fmt: skip
    [implied] = implied_legs([alone], bridges_of([alone]))
    assert (implied.uuid, implied.began_us, implied.ended_us) == ("b", us(5), us(20))
    assert implied.variables["cc_agent"] == "101"
    assert implied.variables["cc_member_session_uuid"] == "a"


def test_phones_that_did_not_answer_are_known_by_the_callers_list_of_them() -> None:
    alone = caller(
        "a", 0, 9, steps=[("bridge", "user/101,user/102", 1)],
        originated_legs="ARRAY::b;Outbound Call;101|:c;Outbound Call;102",
        originate_causes="ARRAY::b;NO_ANSWER|:c;NONE",
    )  # fmt: skip
    [implied] = implied_legs([alone], [])
    assert (implied.uuid, implied.profiles[0].destination, implied.began_us) == ("b", "101", us(1))
    assert implied.variables["hangup_cause"] == "NO_ANSWER"
    assert implied.variables["originating_leg_uuid"] == "a"


def test_who_sent_a_caller_on_is_known_by_where_he_went() -> None:
    way = (stretch(0, "7001", bridged=1, met="b", transferred=6), stretch(6, "102"))
    [implied] = implied_legs([caller("a", 0, 9, *way)], bridges_of([caller("a", 0, 9, *way)]))
    assert implied.variables["transfer_destination"] == "blind:102"
    by_dialplan = caller("a", 0, 9, *way, steps=[("transfer", "102 XML default", 6.01)])
    [implied] = implied_legs([by_dialplan], bridges_of([by_dialplan]))
    assert "transfer_destination" not in implied.variables
