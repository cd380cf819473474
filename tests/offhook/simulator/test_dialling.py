"""Phones rung directly and through pairs of Local channels."""

from __future__ import annotations

from collections import Counter

import pytest

from cti.model import Party
from offhook.simulator import dialling
from offhook.simulator.channels import RING, UP, Channel
from offhook.simulator.plant import Plant
from tests.offhook.simulator import twins

ELIO = Party("105", "Elio")


@pytest.fixture
def made() -> Plant:
    return twins.plant()


@pytest.fixture
def caller(made: Plant) -> Channel:
    channel = made.switch.new_channel("PJSIP/trunk", UP, twins.CALLER, "queues", "200")
    channel.dialled = twins.SUPPORT
    made.switch.take_text()
    return channel


def count(made: Plant) -> Counter[str]:
    text = made.switch.take_text()
    return Counter(line.removeprefix("Event: ") for line in text.split("\r\n") if line.startswith("Event: "))


def ring_by_pair(made: Plant, caller: Channel) -> dialling.Ring:
    ring = dialling.ring_member_by_pair(made.switch, caller, ELIO, lambda _dest: None)
    dialling.dial_behind_pair(made.switch, ring)
    dialling.member_rings(made.switch, ring)
    return ring


def test_through_a_pair_everything_is_told_twice(made: Plant, caller: Channel) -> None:
    ring = ring_by_pair(made, caller)
    told = count(made)
    assert (told["Newchannel"], told["DialBegin"], told["LocalBridge"], told["DialState"]) == (3, 2, 1, 2)
    assert dialling.member_answers(made.switch, ring) is not None
    told = count(made)
    assert (told["DialEnd"], told["BridgeCreate"], told["BridgeEnter"]) == (2, 1, 2)


def test_the_pair_shows_who_was_called_and_then_who_rings(made: Plant, caller: Channel) -> None:
    ring = dialling.ring_member_by_pair(made.switch, caller, ELIO, lambda _dest: None)
    assert ring.one is not None
    assert ring.one.caller == Party(twins.SUPPORT)
    dialling.dial_behind_pair(made.switch, ring)
    dialling.member_rings(made.switch, ring)
    assert (ring.one.caller, ring.offered) == (ELIO, ring.one)


@pytest.mark.parametrize(("cause", "phone_cause"), [(26, 26), (0, 16)])
def test_a_pair_that_is_taken_back_is_gone_altogether(
    made: Plant, caller: Channel, cause: int, phone_cause: int
) -> None:
    ring = ring_by_pair(made, caller)
    made.switch.take_text()
    dialling.take_back(made.switch, ring, cause)
    assert list(made.switch.channels.values()) == [caller]
    assert f"Cause: {phone_cause}\r\n" in made.switch.take_text().rpartition("Event: Hangup\r\n")[2]


def test_a_queue_s_announcement_shows_what_the_dial_does_not_yet(made: Plant, caller: Channel) -> None:
    announced: list[str] = []
    dialling.ring_member(made.switch, caller, ELIO, announced.append)
    begun = made.switch.take_text().partition("Event: DialBegin\r\n")[2]
    assert f"DestConnectedLineNum: {twins.CALLER.number}\r\n" in announced[0]
    assert "DestExten: 200\r\n" in announced[0]
    assert "DestConnectedLineNum: <unknown>\r\n" in begun
    assert "DestExten: s\r\n" in begun


def test_a_dialled_phone_that_answers_makes_its_caller_be_up(made: Plant) -> None:
    own = made.switch.new_channel("PJSIP/101", RING, made.person("101"), dialling.INTERNAL, "105")
    phone = dialling.dial(made.switch, own, ELIO)
    dialling.rings(made.switch, own, phone)
    bridge = dialling.answers(made.switch, own, phone)
    assert (own.state, phone.exten, bridge.channels) == (UP, "", [phone, own])
    assert bridge.technology == "native_rtp"


def test_who_stands_behind_a_pair_learns_the_new_name_too(made: Plant, caller: Channel) -> None:
    ring = ring_by_pair(made, caller)
    dialling.member_answers(made.switch, ring)
    dialling.join(made.switch, caller, ring.offered)
    assert ring.two is not None
    dialling.show_connected(made.switch, ring.two, Party("101", "Anna Rossi"))
    assert caller.connected == Party("101", "Anna Rossi")
