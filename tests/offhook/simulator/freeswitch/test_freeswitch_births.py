"""Legs as they are made: who is at the other end is told by what the dialects look at."""

from __future__ import annotations

import random

from cti.model import Party
from offhook.simulator.clockwork import Timeline
from offhook.simulator.freeswitch import births
from offhook.simulator.freeswitch.core import Core


def a_core() -> Core:
    return Core(Timeline(), 1_795_000_000.0, random.Random(1))


def test_a_public_caller_comes_from_the_context_public() -> None:
    core = a_core()
    told = dict(births.from_trunk(core, Party("+39331", "Mario"), "+390221000100").block().pairs)
    assert (told["Caller-Context"], told["Call-Direction"]) == ("public", "inbound")
    assert told["variable_sip_req_user"] == told["Caller-Destination-Number"] == "+390221000100"
    assert "variable_user_name" not in told


def test_an_agent_who_dials_is_a_user_of_the_directory() -> None:
    told = dict(births.from_phone(a_core(), Party("101", "Anna"), "9+39331").block().pairs)
    assert (told["variable_user_name"], told["Caller-Context"]) == ("101", "default")


def test_a_called_phone_knows_for_whom_it_is_called() -> None:
    core = a_core()
    caller = core.begin(births.from_trunk(core, Party("+39331", "Mario"), "+390221000101"))
    told = dict(births.to_phone(core, "101", caller.caller, caller).block().pairs)
    assert told["variable_originating_leg_uuid"] == told["Other-Leg-Unique-ID"] == caller.uuid
    assert (told["Other-Type"], told["variable_dialed_user"]) == ("originator", "101")
    alone = dict(births.to_phone(core, "101", caller.caller).block().pairs)
    assert "Other-Leg-Unique-ID" not in alone
    assert alone["Channel-Call-UUID"] == alone["Unique-ID"]


def test_a_number_of_the_public_is_called_by_the_gateway() -> None:
    core = a_core()
    own = core.begin(births.from_phone(core, Party("101", "Anna"), "9+39331"))
    told = dict(births.to_public(core, "+39331", Party("+3902", "Firm"), own).block().pairs)
    assert (told["variable_sip_gateway_name"], told["Caller-Caller-ID-Number"]) == ("trunk", "+3902")
