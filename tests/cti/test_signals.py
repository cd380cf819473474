"""Signals are values: alike when they say the same, and none goes without its instant and its origin."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cti import signals
from cti.signals import LegRang, LegSignal, MemberSignal, Signal
from tests.cti.playbook import ORIGIN, VERBS, Playbook, at

KINDS = [kind for kind in vars(signals).values() if isinstance(kind, type) and issubclass(kind, Signal)]
ABSTRACT = {Signal, LegSignal, MemberSignal}
WORDS = {
    "caller": "1 - to 200",
    "trunk": "2 of 1",
    "called": "1 trunk",
    "sent-on": "1 sales",
    "phone": "2 101 of 1",
    "local": "3 4 of 1",
    "pair": "1 2",
    "listens": "r 1",
    "regroup": "1 2",
    "dial": "2 by 1",
    "dial-over": "2 busy",
    "swap": "b 1 for 2",
    "bridge": "b 1",
    "room": "b 1",
    "unbridge": "b 1",
    "presses": "1 5",
    "picks-up": "1 2",
    "refused": "1 full",
    "reaches": "1 sales",
    "joins": "1 sales",
    "leaves": "1 sales",
    "gives-up": "1 sales",
    "done": "1 sales 101 5",
    "blind": "1 2 102",
    "attended": "1 2 3 4",
    "parks": "1 701",
    "unparks": "1 2",
    "status": "101 here",
    "login": "sales 101",
    "logout": "sales 101",
    "pause": "sales 101 lunch",
    "unpause": "sales 101",
    "member": "sales 101",
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_signal_is_a_frozen_value_with_instant_and_origin(kind: type[Signal]) -> None:
    assert kind.__struct_config__.frozen
    assert kind.__struct_fields__[:2] == ("at", "origin")


def test_two_that_say_the_same_are_the_same() -> None:
    assert LegRang(at(1), ORIGIN, "1", "1") == LegRang(at(1), ORIGIN, "1", "1")
    assert LegRang(at(1), ORIGIN, "1", "1") != LegRang(at(1), ORIGIN, "2", "1")


def test_a_signal_cannot_be_changed() -> None:
    told: Any = LegRang(at(1), ORIGIN, "1", "1")
    with pytest.raises(AttributeError):
        told.leg = "2"


def test_the_playbook_can_say_every_signal() -> None:
    said = [signal for verb in VERBS for signal in Playbook().signals(f"0 {verb} {WORDS.get(verb, '1 sales 101')}")]
    assert {type(signal) for signal in said} == set(KINDS) - ABSTRACT
    assert all(isinstance(msgspec.structs.asdict(signal), dict) for signal in said)
