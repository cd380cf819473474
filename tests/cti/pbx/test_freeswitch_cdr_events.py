"""A record told as events, in an order in which the dialect understands them."""

from __future__ import annotations

from cti.pbx.freeswitch_cdr_events import CdrEvents, answered_at, profile_at, tell_leg
from tests.kpi.importers.legs import caller, leg, stretch, us


def told(*legs: object) -> list[tuple[int, str]]:
    events = CdrEvents()
    for one in legs:
        tell_leg(events, one)  # type: ignore[arg-type]
    return [(at, frame.name) for at, frame in events]


def test_a_phones_life_is_told_in_order() -> None:
    phone = leg("b", 1, 9, stretch(1, "101", progress=1.5, answered=4), stretch(4, "101", bridged=4.1, met="a"))
    assert told(phone) == [
        (us(1), "CHANNEL_CREATE"),
        (us(1.5), "CHANNEL_PROGRESS"),
        (us(4), "CHANNEL_ANSWER"),
        (us(9), "CHANNEL_HANGUP_COMPLETE"),
    ]
    assert answered_at(phone) == us(4)
    assert profile_at(phone, us(4.05)).created_us == us(4)
    assert profile_at(phone, us(0)).created_us == us(1)


def test_a_leg_that_ended_at_its_beginning_begins_first() -> None:
    assert [name for _, name in told(leg("b", 1, 1))] == ["CHANNEL_CREATE", "CHANNEL_HANGUP_COMPLETE"]


def test_an_event_answers_for_headers_and_variables() -> None:
    events = CdrEvents()
    tell_leg(events, caller("a", 0, 9, user_name="101"))
    _, created = next(iter(events))
    assert created.get(b"Unique-ID") == "a"
    assert created.get(b"variable_user_name") == "101"
    assert created.get(b"Caller-Destination-Number") == "+390221000100"
    assert created.get(b"Bridge-A-Unique-ID") is None
    assert ("variable_user_name", "101") in list(created.items())
