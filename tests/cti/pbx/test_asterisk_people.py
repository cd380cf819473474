"""Whose phone it is: an agent's by its name, by the settings, or by a queue's word."""

from __future__ import annotations

import pytest

from cti.model import LegRole
from cti.pbx.asterisk_people import AsteriskPeople

PHONES = {"107": ["107-desk", "107-mobile", "+393331112222"], "108": ["0039333555"]}


@pytest.mark.parametrize("channel", ["PJSIP/107-desk-00000001", "SIP/107-mobile-0a", "PJSIP/107-1"])
def test_all_phones_of_an_agent_are_his(channel: str) -> None:
    people = AsteriskPeople(phones=PHONES)
    assert people.role_of(channel) is LegRole.AGENT
    assert people.agent_at(channel) == "107"


@pytest.mark.parametrize("number", ["+393331112222", "393331112222", "00393331112222"])
def test_a_number_outside_is_known_however_it_is_dialled(number: str) -> None:
    assert AsteriskPeople(phones=PHONES).owner_of(number) == "107"


@pytest.mark.parametrize("number", [None, "", "393331112223", "107"])
def test_other_numbers_are_nobodys(number: str | None) -> None:
    assert AsteriskPeople(phones=PHONES).owner_of(number) is None
    assert AsteriskPeople().owner_of(number) is None


def test_a_named_trunk_is_one_though_an_agents_phone_is_behind_it() -> None:
    people = AsteriskPeople(["trunk"], PHONES)
    assert people.role_of("PJSIP/trunk-1") is LegRole.CUSTOMER
    assert people.role_of("PJSIP/107-desk-1") is LegRole.AGENT


@pytest.mark.parametrize(
    ("interface", "agent"),
    [
        ("PJSIP/107-desk", "107"),
        ("hint:107-desk@ext-local", "107"),
        ("Local/393331112222@mobiles/n", "107"),
        ("PJSIP/00393331112222@trunk", "107"),
        ("SIP/trunk/393331112222", "107"),
        ("Local/393339999999@mobiles/n", "393339999999"),
        ("PJSIP/103", "103"),
    ],
)
def test_the_agent_behind_a_queue_member(interface: str, agent: str) -> None:
    assert AsteriskPeople(phones=PHONES).member(interface) == agent


def test_a_member_is_no_trunk() -> None:
    people = AsteriskPeople()
    people.note_member("PJSIP/alice")
    assert people.role_of("PJSIP/alice-1") is LegRole.AGENT
    assert people.agent_at("PJSIP/alice-1") == "alice"


def test_a_members_phone_is_known_to_events_that_name_only_what_is_dialled() -> None:
    people = AsteriskPeople()
    assert people.member("Local/9103@queue/n") == "9103"
    assert people.member("Local/9103@queue/n", "hint:103@ext-local") == "103"
    assert people.member("Local/9103@queue/n") == "103"


@pytest.mark.parametrize(
    "channel",
    [
        "PJSIP/trunk-berlin-01-0000001a",
        "PJSIP/anonymous-00000001",
        "IAX2/provider-7781",
        "IAX2/10.0.0.1:4569-12",
        "DAHDI/i1/0612345678-1a",
        "DAHDI/1-1",
        "SIP/0612345678-0001",
        "Motif/google-1f",
    ],
)
def test_a_guessed_trunk(channel: str) -> None:
    assert AsteriskPeople().role_of(channel) is LegRole.CUSTOMER


def test_who_names_one_trunk_names_them_all() -> None:
    people = AsteriskPeople(trunks=["trunk-a", "12"])
    assert [people.role_of(f"PJSIP/{name}-01") for name in ("trunk-a", "trunk-b", "alice")] == [
        LegRole.CUSTOMER,
        LegRole.AGENT,
        LegRole.AGENT,
    ]
    assert people.role_of("DAHDI/12-1") is LegRole.CUSTOMER
    assert AsteriskPeople().role_of("DAHDI/12-1") is LegRole.AGENT, "a line of an analogue card looks like an extension"
