"""Events of different threads that swap places on their way: each leg has its own thread, so have the queues.

``Event-Sequence`` tells in which order they were made. In the recordings it happens to the ends of two legs that were
connected, and to what is said of several agents who are called at once; never to two events of one leg.
"""

from __future__ import annotations

import random

from offhook.simulator.freeswitch.telling import Event

SHARE = 0.1
_ENDS = frozenset({"CHANNEL_HANGUP", "CHANNEL_UNBRIDGE", "CHANNEL_HANGUP_COMPLETE"})


def swap_places(events: list[Event], rng: random.Random, share: float = SHARE) -> list[Event]:
    """The events of one moment as they arrive: of neighbours that may change places, a ``share`` does."""
    arrived = list(events)
    for place in range(len(arrived) - 1):
        one, other = arrived[place : place + 2]
        if may_swap(one, other) and rng.random() < share:
            arrived[place : place + 2] = other, one
    return arrived


def may_swap(one: Event, other: Event) -> bool:
    """Whether these two are the word of different threads that do not wait for each other."""
    if one.name in _ENDS and other.name in _ENDS:
        return one.get("Unique-ID") != other.get("Unique-ID")
    offered = one.get("CC-Action") == other.get("CC-Action") == "agent-offering"
    return offered or (one.name == other.name == "CHANNEL_CREATE" and _called(one) and _called(other))


def _called(event: Event) -> bool:
    """An agent's leg, made by a queue."""
    return event.get("variable_cc_side") == "agent"
