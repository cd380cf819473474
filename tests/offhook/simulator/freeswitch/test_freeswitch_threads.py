"""Which events swap places on their way, and which never do."""

from __future__ import annotations

import random
from itertools import pairwise

from offhook.simulator.freeswitch.telling import Block, Event
from offhook.simulator.freeswitch.threads import may_swap, swap_places
from tests.offhook.simulator.freeswitch import fs_twins
from tests.offhook.simulator.twins import SUPPORT, queue, talk


def event(name: str, leg: str = "", **headers: str) -> Event:
    pairs = (("Unique-ID", leg), *((key.replace("_", "-"), value) for key, value in headers.items()))
    return Event(name, (Block(pairs),))


def test_the_ends_of_two_legs_may_swap_places_those_of_one_never() -> None:
    one, other = event("CHANNEL_HANGUP_COMPLETE", "a"), event("CHANNEL_UNBRIDGE", "b")
    assert may_swap(one, other)
    assert not may_swap(event("CHANNEL_HANGUP", "a"), event("CHANNEL_HANGUP_COMPLETE", "a"))
    assert not may_swap(one, event("CHANNEL_DESTROY", "b"))


def test_agents_who_are_called_at_once_are_told_of_in_any_order() -> None:
    offered = [event("callcenter::info", CC_Action="agent-offering", CC_Agent=agent) for agent in ("101", "102")]
    assert may_swap(*offered)
    assert not may_swap(event("CHANNEL_CREATE", "a"), event("CHANNEL_CREATE", "b"))


def test_a_share_of_them_does_and_nothing_is_lost() -> None:
    events = [event("CHANNEL_HANGUP", str(number)) for number in range(10)]
    assert swap_places(events, random.Random(1), 0.0) == events
    swapped = swap_places(events, random.Random(1), 0.5)
    assert swapped != events
    assert set(swapped) == set(events)


def test_the_sequence_runs_backwards_now_and_then_as_in_the_recordings() -> None:
    backwards = 0
    for seed in range(10):
        plant = fs_twins.plant(seed=seed)
        plant.tell(queue(SUPPORT, talk(5), answers={"103": 2.0}))
        numbers = [int(frame.get(b"Event-Sequence") or 0) for frame in fs_twins.frames_of(plant, 60.0)]
        assert len(set(numbers)) == len(numbers)
        backwards += sum(after < before for before, after in pairwise(numbers))
    assert backwards > 0
