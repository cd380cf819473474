"""CEL of several versions as signals, beyond what the recordings show."""

from __future__ import annotations

import pytest

from cti.model import Call, CallOutcome, EndedBy, RingResult
from cti.pbx.asterisk_cel import plain_name
from cti.pbx.asterisk_logs import AsteriskLogs
from kpi.importers.lines import CelRow
from tests.cti.pbx.written import AGENT, CALLER, IDS, answered_by_cel, at, cel, logged


def told(*rows: CelRow) -> Call:
    [call] = AsteriskLogs("milan", ["trunk"]).tell(logged(*rows))
    return call


@pytest.mark.parametrize(
    ("source", "ended_by"),
    [(CALLER, EndedBy.CUSTOMER), (AGENT, EndedBy.AGENT), ("", EndedBy.PBX), ("dialplan/builtin", EndedBy.PBX)],
)
def test_who_hung_up_is_what_cel_calls_the_source(source: str, ended_by: EndedBy) -> None:
    call = told(*answered_by_cel({"hangupsource": source}, queue=False))
    assert (call.ended_by, call.outcome) == (ended_by, CallOutcome.ANSWERED)
    assert [(talk.agent, talk.talk_s) for talk in call.talks] == [("101", pytest.approx(9.98))]
    assert call.origin.session == "cel"


def test_rows_out_of_order_tell_the_same() -> None:
    rows = answered_by_cel({"hangupsource": CALLER}, queue=False)
    assert told(*reversed(rows[:3]), *rows[3:]).talks == told(*rows).talks


def test_bridges_of_asterisk_11_name_both_in_one_row() -> None:
    call = told(
        cel(0, "CHAN_START", CALLER, exten="+390221000101"),
        cel(0, "APP_START", CALLER, app="Dial", app_data="PJSIP/101"),
        cel(0, "CHAN_START", AGENT, exten="s"),
        cel(3, "ANSWER", AGENT, app="AppDial"),
        cel(3, "BRIDGE_START", CALLER, app="Dial", peer=AGENT),
        cel(13, "BRIDGE_END", CALLER, app="Dial", peer=AGENT),
        cel(13, "HANGUP", AGENT, {"hangupcause": "16", "hangupsource": AGENT, "dialstatus": ""}, app="AppDial"),
        cel(13, "CHAN_END", AGENT),
        cel(13, "CHAN_END", CALLER),
    )
    assert [(talk.agent, talk.talk_s) for talk in call.talks] == [("101", 10)]
    assert call.ended_by is EndedBy.AGENT


def test_music_to_the_caller_in_mid_talk_is_a_hold() -> None:
    rows = answered_by_cel({"hangupsource": CALLER}, queue=False)
    music = [
        cel(7, "STREAM_BEGIN", CALLER, user_event="MOH_STREAM_BEGIN"),
        cel(9.5, "STREAM_END", CALLER, user_event="MOH_STREAM_END"),
    ]
    assert told(*rows, *music).hold_s == 2.5


def test_where_cel_knows_no_music_a_second_call_of_the_phone_is_a_hold() -> None:
    other, asked = "PJSIP/101-0000000c", "PJSIP/102-0000000d"
    rows = answered_by_cel({"hangupsource": CALLER}, queue=False)
    consult = [
        cel(7, "CHAN_START", other, exten="102", linkedid="1772452807.9", uniqueid="1772452807.9"),
        cel(
            7.1, "APP_START", other, app="Dial", app_data="PJSIP/102", linkedid="1772452807.9", uniqueid="1772452807.9"
        ),
        cel(7.2, "CHAN_START", asked, exten="s", linkedid="1772452807.9"),
        cel(9, "HANGUP", asked, {"hangupcause": "0"}, app="AppDial", linkedid="1772452807.9"),
        cel(9, "CHAN_END", asked, linkedid="1772452807.9"),
        cel(9, "CHAN_END", other, linkedid="1772452807.9", uniqueid="1772452807.9"),
    ]
    call = told(*rows, *consult)
    assert call.hold_s == pytest.approx(2, abs=0.01)
    assert [(ring.agent, ring.consult) for ring in call.rings] == [("101", False), ("102", True)]


@pytest.mark.parametrize(
    ("cause", "seconds", "rings"),
    [("17", 0.1, []), ("20", 0.2, []), ("17", 4, [("101", RingResult.BUSY)]), ("0", 8, [("101", RingResult.MISSED)])],
)
def test_a_phone_that_says_no_sooner_than_a_person_can_has_not_rung(
    cause: str, seconds: float, rings: list[tuple[str, RingResult]]
) -> None:
    call = told(
        cel(0, "CHAN_START", CALLER, exten="+390221000101"),
        cel(0, "APP_START", CALLER, app="Dial", app_data="PJSIP/101,8"),
        cel(0.01, "CHAN_START", AGENT, exten="s"),
        cel(seconds, "HANGUP", AGENT, {"hangupcause": cause, "hangupsource": ""}, app="AppDial"),
        cel(seconds, "CHAN_END", AGENT, app="AppDial"),
        cel(seconds + 0.5, "HANGUP", CALLER, {"hangupcause": "19", "dialstatus": "NOANSWER"}),
        cel(seconds + 0.5, "CHAN_END", CALLER),
    )
    assert [(ring.agent, ring.result) for ring in call.rings] == rings


def test_a_call_whose_end_cel_does_not_have_is_not_told_as_over() -> None:
    assert AsteriskLogs("milan", ["trunk"]).tell(logged(*answered_by_cel({}, queue=False)[:6])) == []


def test_a_channel_whose_start_was_before_the_log_is_known_from_its_next_row() -> None:
    call = told(*answered_by_cel({"hangupsource": CALLER}, queue=False)[1:])
    assert (call.call_id, call.offered_at) == (IDS[CALLER], at(1))
    assert call.answered_by == ("101",)


def test_garbage_in_extra_harms_nothing() -> None:
    rows = answered_by_cel({"hangupsource": "x" * 1_000, "hangupcause": "9" * 40}, queue=False)
    rows.insert(6, cel(6, "ATTENDEDTRANSFER", AGENT, {"channel2_uniqueid": "nobody"}))
    rows.insert(6, cel(6, "BLINDTRANSFER", AGENT, {"transferee_channel_uniqueid": "nobody"}))
    rows.insert(6, cel(6, "PARK_END", CALLER, {"retriever": "nobody"}))
    assert told(*rows).outcome is CallOutcome.ANSWERED


def test_names_keep_their_quotes_and_lose_sips_backslash() -> None:
    assert plain_name(r"a \"b\" \\ c\d") == r'a "b" \ c\d'
    assert plain_name("") is None


def test_a_colleague_who_picks_up_the_call_has_it() -> None:
    picker = "PJSIP/102-0000002a"
    bridge = {"bridge_id": "b1"}
    call = told(
        cel(0, "CHAN_START", CALLER, exten="+390221000101"),
        cel(0, "APP_START", CALLER, app="Dial", app_data="PJSIP/101"),
        cel(0, "CHAN_START", AGENT, exten="s"),
        cel(4, "CHAN_START", picker, exten="*8", linkedid=IDS.setdefault(picker, "1772452800.77")),
        cel(4.1, "PICKUP", AGENT, {"pickup_channel": picker, "pickup_channel_uniqueid": IDS[picker]}, app="AppDial"),
        cel(4.1, "ANSWER", picker, linkedid=IDS[picker]),
        cel(4.2, "BRIDGE_ENTER", picker, bridge),
        cel(4.2, "BRIDGE_ENTER", CALLER, bridge, app="Dial"),
        cel(9, "HANGUP", CALLER, {"hangupcause": "16", "hangupsource": CALLER}),
        *(cel(9, "CHAN_END", one) for one in (CALLER, AGENT, picker)),
    )
    assert call.answered_by == ("102",)


def test_a_mobile_phone_of_an_agent_is_his() -> None:
    trunk, mobile = "PJSIP/trunk-0000002b", "393331112222"
    rows = [
        cel(0, "CHAN_START", CALLER, exten="+390221000101"),
        cel(0, "APP_START", CALLER, app="Dial", app_data=f"PJSIP/{mobile}@trunk,20"),
        cel(0, "CHAN_START", trunk, exten="s"),
        cel(4, "ANSWER", trunk, app="AppDial"),
        cel(4, "BRIDGE_ENTER", trunk, {"bridge_id": "b1"}, app="AppDial"),
        cel(4, "BRIDGE_ENTER", CALLER, {"bridge_id": "b1"}, app="Dial"),
        *(cel(9, "CHAN_END", one) for one in (CALLER, trunk)),
    ]
    [call] = AsteriskLogs("milan", ["trunk"], phones={"103": [mobile]}).tell(logged(*rows))
    assert call.answered_by == ("103",)
