"""FreeSWITCH's words for callers, agents, roles, causes and transfers."""

from __future__ import annotations

import pytest

from cti.model import LegRole
from cti.pbx import freeswitch_names as names
from cti.signals import DialResult


@pytest.mark.parametrize("number", [None, "", "anonymous", "Anonymous", "unknown", "Restricted", "0000000000"])
def test_a_number_that_is_withheld_is_none(number: str | None) -> None:
    assert names.caller_number(number) is None


def test_a_number_that_is_to_be_hidden_is_none_though_the_trunk_sent_it() -> None:
    assert names.caller_number("+393331234501") == "+393331234501"
    assert names.caller_number("+393331234501", hidden=True) is None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Žofia 北京", "Žofia 北京"),
        (r"<script>alert(1)</script>\"';--", "<script>alert(1)</script>\"';--"),
        (r"C:\temp", r"C:\temp"),
        (r"a\\b", r"a\b"),
        ("ARRAY::a|:b", "ARRAY::a|:b"),
        ("+3906", None),
        ("anonymous", None),
        (None, None),
    ],
)
def test_a_name_is_told_without_what_sip_puts_before_quotes(name: str | None, told: str | None) -> None:
    assert names.caller_name(name, "+3906") == told


@pytest.mark.parametrize(
    ("contact", "user"),
    [
        ("user/101", "101"),
        ("[leg_timeout=12]user/103@pbx.lab", "103"),
        ("{a=b,c=d}[e=f]user/1001@${domain_name}", "1001"),
        ("loopback/9101/default", None),
        ("sofia/internal/user/101@x", "101"),
        ("user/101@pbx.lab,user/201@pbx.lab", "101"),
        ("", None),
    ],
)
def test_the_extension_in_an_agents_contact(contact: str, user: str | None) -> None:
    assert names.user_in(contact) == user


@pytest.mark.parametrize(
    ("channel", "endpoints"),
    [
        ("sofia/external/+39@10.0.0.1", {"external", "trunk", "public"}),
        ("sofia/gateway/trunk/+39", {"gateway", "trunk", "public"}),
        ("verto.rtc/1001", {"trunk", "public"}),
    ],
)
def test_the_names_by_which_settings_may_call_a_trunk(channel: str, endpoints: set[str]) -> None:
    assert names.endpoints_of(channel, "trunk", "public") == endpoints


@pytest.mark.parametrize("number", ["+390612345", "1", "1234567", "x101", "", None, "101\n"])
def test_who_is_no_extension_is_the_public(number: str | None) -> None:
    assert names.role_by_number(number) is LegRole.CUSTOMER
    assert names.role_by_number("101") is LegRole.AGENT


@pytest.mark.parametrize(
    ("cause", "result"),
    [
        ("NO_ANSWER", DialResult.NO_ANSWER),
        ("USER_BUSY", DialResult.BUSY),
        ("CALL_REJECTED", DialResult.BUSY),
        ("LOSE_RACE", DialResult.TAKEN),
        ("ORIGINATOR_CANCEL", DialResult.CANCELLED),
        ("PICKED_OFF", DialResult.TAKEN),
        ("DESTINATION_OUT_OF_ORDER", DialResult.FAILED),
        ("USER_NOT_REGISTERED", DialResult.FAILED),
        ("A_CAUSE_OF_TOMORROW", DialResult.FAILED),
        (None, DialResult.FAILED),
    ],
)
def test_how_an_attempt_ended(cause: str | None, result: DialResult) -> None:
    assert names.dial_result(cause) is result


def test_the_words_of_transfers() -> None:
    assert names.blind_transfer("blind:u1", "blind:7002") == ("u1", "7002")
    assert names.blind_transfer("blind:u1", None) == ("u1", "")
    assert names.blind_transfer(None, "blind:7002") is None
    assert names.attended_transfer("att:u2") == "u2"
    assert names.early_transfer("satt:u2") == "u2"
    assert names.early_transfer("att:u2") is None
    assert names.attended_transfer("satt:u2") is None
    assert names.attended_transfer("blind:u2") is None


@pytest.mark.parametrize("value", [None, "", "-1", "1.5", "one", "٣", "1" * 19])
def test_what_is_no_whole_number_is_none(value: str | None) -> None:
    assert names.whole_number(value) is None
    assert names.whole_number("1795288939674509") == 1_795_288_939_674_509
