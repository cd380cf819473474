"""How many agents a load of calls needs: Erlang C, the wait for a free one of ``n`` agents.

Assumes that calls come independently of each other, that handle times spread exponentially and that nobody gives up, so
it asks for rather too many agents where many callers give up. A. K. Erlang, "Solution of some Problems in the Theory of
Probabilities of Significance in Automatic Telephone Exchanges" (1917); R. B. Cooper, "Introduction to Queueing Theory"
(1981), section 3.5.

A load is in erlangs: the calls that come while one call is handled, so 200 calls an hour of 180 s are 10 erlangs.

>>> round(waiting_probability(14, 10.0), 4), round(service_level(14, 10.0, 180, 20), 4)
(0.1741, 0.8884)
>>> agents_needed(10.0, 180, Target(share=0.8, answer_within_s=20)).agents
14
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from cti.errors import OffhookError

MAX_LOAD = 20_000.0  #: erlangs; past that the numbers are a mistake, not a contact centre


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What is aimed at: this share of the calls answered within ``answer_within_s``.

    ``max_occupancy`` bounds the share of an agent's time that calls may take; ``shrinkage`` is the share of paid time
    that an agent is not at his place for (breaks, training, illness).
    """

    share: float = 0.8
    answer_within_s: float = 20
    max_occupancy: float = 1.0
    shrinkage: float = 0.0


class Staffing(msgspec.Struct, frozen=True, kw_only=True):
    """``agents`` at their places, ``scheduled`` on the rota to have them there, and what they will reach."""

    agents: int
    scheduled: int
    service_level: float
    speed_of_answer_s: float
    occupancy: float


NOBODY = Staffing(agents=0, scheduled=0, service_level=1.0, speed_of_answer_s=0.0, occupancy=0.0)


class StaffingError(OffhookError):
    """A load or a target that no number of agents can be found for."""


def load_of(calls: float, interval_s: float, handle_s: float) -> float:
    """Erlangs of that many calls in an interval.

    >>> load_of(100, 1800, 180)
    10.0
    """
    return calls * handle_s / interval_s


def waiting_probability(agents: int, load: float) -> float:
    """The share of callers who have to wait at all; 1 where the agents cannot keep up."""
    if agents <= load:
        return 1.0
    inverse_b = 1.0
    for agent in range(1, agents + 1):
        inverse_b = 1 + inverse_b * agent / load
    return _waiting(agents, load, inverse_b)


def service_level(agents: int, load: float, handle_s: float, within_s: float) -> float:
    """The share of callers who are answered within so many seconds; 0 where the agents cannot keep up."""
    return _level(agents, load, handle_s, within_s, waiting_probability(agents, load))


def speed_of_answer_s(agents: int, load: float, handle_s: float) -> float:
    """The mean wait of all callers in seconds; infinite where the agents cannot keep up.

    >>> round(speed_of_answer_s(14, 10.0, 180), 2), speed_of_answer_s(10, 10.0, 180)
    (7.84, inf)
    """
    if agents <= load:
        return math.inf
    return waiting_probability(agents, load) * handle_s / (agents - load)


def agents_needed(load: float, handle_s: float, target: Target) -> Staffing:
    """The fewest agents that reach the target.

    Raises:
        StaffingError: ``staffing-bad-target`` or ``staffing-bad-load``, with the bounds.
    """
    _check(load, handle_s, target)
    if not load:
        return NOBODY
    for agents, waiting in _waiting_by_agents(load):
        level = _level(agents, load, handle_s, target.answer_within_s, waiting)
        if agents > load and level >= target.share and load / agents <= target.max_occupancy:
            return Staffing(
                agents=agents,
                scheduled=math.ceil(round(agents / (1 - target.shrinkage), 9)),
                service_level=level,
                speed_of_answer_s=waiting * handle_s / (agents - load),
                occupancy=load / agents,
            )
    raise AssertionError  # each further agent shortens the wait, so the target is reached at last


def _check(load: float, handle_s: float, target: Target) -> None:
    if not (0 <= load <= MAX_LOAD and handle_s > 0):
        why = f"{load:g} erlangs of {handle_s:g} s each; at most {MAX_LOAD:g} erlangs can be planned for"
        raise StaffingError("staffing-bad-load", "a load that cannot be planned for", why)
    if not (
        0 < target.share < 1
        and target.answer_within_s >= 0
        and 0 < target.max_occupancy <= 1
        and 0 <= target.shrinkage < 1
    ):
        why = "the share and the occupancy lie between 0 and 1, the shrinkage is less than 1, seconds are not negative"
        raise StaffingError("staffing-bad-target", "a target that no number of agents can reach", why)


def _waiting_by_agents(load: float) -> Iterator[tuple[int, float]]:
    """The share of callers who wait with 1, 2, 3 ... agents; the inverse of Erlang B keeps the numbers small."""
    inverse_b, agents = 1.0, 0
    while True:
        agents += 1
        inverse_b = 1 + inverse_b * agents / load
        yield agents, _waiting(agents, load, inverse_b) if agents > load else 1.0


def _waiting(agents: int, load: float, inverse_b: float) -> float:
    blocked = 1 / inverse_b
    return agents * blocked / (agents - load * (1 - blocked))


def _level(agents: int, load: float, handle_s: float, within_s: float, waiting: float) -> float:
    if agents <= load:
        return 0.0
    return 1 - waiting * math.exp(-(agents - load) * within_s / handle_s)
