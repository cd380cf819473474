"""One leg's record as a document, in all its spellings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kpi.importers.freeswitch_record import history, instant_us, leg_from, leg_of, many, number, parse_json_record
from kpi.importers.lines import BadLineError
from tests.kpi.importers.freeswitch_logged import FOLDERS, encoded, json_files

S08 = json_files(FOLDERS["S08"])


def caller_of(folder: str) -> dict[str, Any]:
    [raw] = [raw for name, raw in json_files(FOLDERS[folder]) if b'"cc_side":"member"' in raw]
    document: dict[str, Any] = json.loads(raw)
    return document


def test_a_record_of_mod_json_cdr_is_read() -> None:
    leg = leg_of(caller_of("S08"), "json_cdr", 7)
    assert (leg.uuid, leg.kind, leg.offset, leg.exact) == ("6e65b685-f07c-49d9-a249-703b6b83857e", "json_cdr", 7, True)
    assert [one.destination for one in leg.profiles] == ["+390221000200", "7002", "7002", "101"]
    assert [one.peers[-1].number for one in leg.profiles if one.peers] == ["103", "101"]
    assert [step.data for step in leg.steps if step.app == "callcenter"] == ["support"]
    assert leg.profiles[0].name == "Sinéad O'Neill"
    assert leg.variables["cc_agent"] == "103"
    assert "switch_r_sdp" not in leg.variables
    assert leg.noted_at.isoformat() == "2026-11-21T19:32:06.230907+00:00"


def test_percent_encoded_variables_are_decoded_others_are_left() -> None:
    plain = caller_of("S08")
    coded = {**plain, "variables": {name: encoded(value) for name, value in plain["variables"].items()}}
    assert coded["variables"]["sip_req_user"] == "%2B390221000200"
    assert leg_of(coded, "json_cdr") == leg_of(plain, "json_cdr")
    odd = {**plain, "variables": {**plain["variables"], "caller_id_name": "50%25 off"}}
    assert leg_of(odd, "json_cdr").variables["caller_id_name"] == "50%25 off"


def test_holds_are_read_from_the_variables_or_from_their_own_element() -> None:
    [held] = [raw for _, raw in json_files(FOLDERS["S11"]) if b"hold_events" in raw]
    leg = parse_json_record(held)
    assert leg.holds == ((1795289178842651, 1795289182079907),)
    of_xml = {**json.loads(held), "hold-record": {"hold": {"@attributes": {"on": "1795289178842651", "off": "0"}}}}
    assert leg_of(of_xml, "xml_cdr").holds == ((1795289178842651, 0),)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[]", "no JSON"),
        (b"{}", "no uuid"),
        (b'{"variables": {"uuid": "u"}}', "began and ended"),
        (b'{"variables": {"uuid": "u", "start_epoch": "x", "end_epoch": "99999999999999999999"}}', "began and ended"),
        (b'{"variables": [], "callflow": 3, "app_log": "x"}', "no uuid"),
    ],
)
def test_what_is_no_record_is_said(raw: bytes, why: str) -> None:
    with pytest.raises(BadLineError, match=why):
        parse_json_record(raw)


def test_parts_of_another_shape_tell_nothing() -> None:
    variables = {
        "uuid": "u",
        "start_epoch": "1795288940",
        "end_epoch": "1795288941",
        "caller_id_name": {},
        "cc_queue": None,
    }
    flow = {"times": [], "caller_profile": {"originatee": {"originatee_caller_profiles": [1, {"uuid": 3}]}}}
    leg = leg_of(
        {"variables": variables, "callflow": flow, "app_log": {"applications": [None, {"app_name": "x"}]}}, "k"
    )
    assert (leg.steps, leg.holds, leg.profiles[0].destination) == ((), (), "")
    assert leg.profiles[0].peers[0].uuid == "3"


def test_without_a_callflow_the_way_is_told_by_the_transfers() -> None:
    known = caller_of("S10")["variables"]
    leg = leg_from(known, "cdr_csv", 0)
    assert not leg.exact
    assert [one.destination for one in leg.profiles] == ["+390221000100", "7001", "7001", "7002", "7002"]
    assert [one.peers[0].uuid[:8] for one in leg.profiles if one.bridged_us] == ["6eb43f4e", "b87bc4be"]
    assert leg.profiles[-1].bridged_us == int(known["bridge_uepoch"])


def test_small_things() -> None:
    assert [number(one) for one in ("12", 5, None, "-1", "1.5", "9" * 18, "²")] == [12, 5, 0, 0, 0, 0, 0]
    assert instant_us({"end_epoch": "1795288941"}, "end") == 1795288941000000
    assert many("ARRAY::a|:b") == ["a", "b"]
    assert (many("a"), many(None), many("")) == (["a"], [], [])
    told = history({"transfer_history": "ARRAY::1795288940:u:bl_xfer:7001/default/XML|:x|:1795288943:v:uuid_br:w"})
    assert told == [(1795288940000000, "bl_xfer", "7001/default/XML"), (1795288943000000, "uuid_br", "w")]
