"""What can be asked of a call, a ring, a stay, a talk and an agent."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cti import model
from cti.model import (
    Agent,
    Call,
    Direction,
    Membership,
    Party,
    Ring,
    RingResult,
    Stay,
    Talk,
)
from tests.cti.playbook import ORIGIN, TALKING, at, play


def call(**fields: Any) -> Call:
    told: dict[str, Any] = {
        "pbx": "pbx",
        "call_id": "1",
        "direction": Direction.INBOUND,
        "caller": Party("+39333", "Ada"),
        "dialled": "200",
        "offered_at": at(0),
        "origin": ORIGIN,
    }
    return Call(**told | fields)


def ring(agent: str, **fields: Any) -> Ring:
    return Ring(agent=agent, queue=None, started_at=at(0), **fields)


def talk(agent: str, start: float, end: float | None, **fields: Any) -> Talk:
    return Talk(agent=agent, started_at=at(start), ended_at=None if end is None else at(end), **fields)


def stay(joined: float, left: float | None) -> Stay:
    return Stay(queue="sales", joined_at=at(joined), left_at=None if left is None else at(left))


@pytest.mark.parametrize(
    ("direction", "customer"),
    [
        (Direction.INBOUND, Party("+39333", "Ada")),
        (Direction.OUTBOUND, Party("200")),
        (Direction.INTERNAL, None),
    ],
)
def test_the_customer_is_the_publics_side(direction: Direction, customer: Party | None) -> None:
    assert call(direction=direction).customer == customer


def test_agents_rung_are_told_once_each_and_consultations_not() -> None:
    rings = (ring("102"), ring("101"), ring("102"), ring("103", consult=True))
    assert call(rings=rings).agents_rung == ("102", "101")


def test_a_colleague_who_was_asked_and_then_rung_counts() -> None:
    assert call(rings=(ring("103", consult=True), ring("103"))).agents_rung == ("103",)


def test_who_talked_twice_is_told_once_at_his_first_turn() -> None:
    talks = (talk("101", 0, 1), talk("102", 1, 2), talk("101", 2, 3))
    assert call(talks=talks).answered_by == ("101", "102")


def test_the_wait_of_a_call_is_that_of_all_its_queues() -> None:
    assert call(stays=(stay(0, 3), stay(5, 9.5))).wait_s == 7.5


def test_a_call_that_waits_or_never_waited_has_no_wait() -> None:
    assert call(stays=(stay(0, 3), stay(5, None))).wait_s is None
    assert call().wait_s is None


def test_the_wait_that_goes_on_is_the_latest_open_one() -> None:
    assert call(stays=(stay(0, None), stay(1, 2), stay(3, None), stay(4, 5))).waiting == stay(3, None)
    assert call(stays=(stay(0, 1),)).waiting is None


def test_hold_is_part_of_the_talk_and_not_of_talking() -> None:
    one, other = talk("101", 0, 10, hold_s=4.0), talk("102", 10, 12, hold_s=0.5)
    assert (one.talk_s, other.talk_s) == (6.0, 1.5)
    assert call(talks=(one, other)).hold_s == 4.5
    assert call(talks=(one, other)).talk_s == 7.5


def test_the_talk_that_goes_on_is_not_counted_yet() -> None:
    assert call(talks=(talk("101", 0, 10), talk("102", 10, None))).talk_s == 10.0
    assert call(talks=(talk("101", 0, None),)).talk_s is None
    assert call().talk_s is None


def test_a_call_was_in_the_queues_that_it_waited_in_and_in_the_one_that_has_it() -> None:
    chained = call(queue="support", stays=(stay(0, 1),))
    assert chained.was_in(("support",))
    assert chained.was_in(("sales", stay(0, 1).queue))
    assert not chained.was_in(("billing",))


def test_a_phone_on_hold_since_before_the_talk_leaves_no_negative_talk() -> None:
    assert talk("101", 0, 2, hold_s=3.0).talk_s == 0.0


def test_what_goes_on_has_no_length_yet() -> None:
    assert talk("101", 0, None).talk_s is None
    assert stay(0, None).wait_s is None
    assert ring("101").ring_s is None
    assert ring("101", ended_at=at(2.5), result=RingResult.MISSED).ring_s == 2.5


def test_an_agents_queues_and_reason() -> None:
    places = (
        Membership(queue="sales"),
        Membership(queue="support", paused=False, reason="old"),
        Membership(queue="billing", paused=True, reason="lunch"),
    )
    agent = Agent(pbx="pbx", agent="101", memberships=places)
    assert agent.queues == ("sales", "support", "billing")
    assert agent.pause_reason == "lunch"
    assert Agent(pbx="pbx", agent="101").pause_reason is None


RECORDS = [kind for kind in vars(model).values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
def test_every_record_is_frozen(kind: type[msgspec.Struct]) -> None:
    assert kind.__struct_config__.frozen


def test_a_call_survives_the_way_through_json() -> None:
    told = play(f"{TALKING} 9 quits 1\n 9 ends 1 2").ended()
    assert msgspec.json.decode(msgspec.json.encode(told), type=Call) == told


def test_a_call_can_be_a_key_once_it_is_told() -> None:
    told = play(f"{TALKING} 9 quits 1\n 9 ends 1 2").ended()
    assert {told: 1}[msgspec.structs.replace(told)] == 1
