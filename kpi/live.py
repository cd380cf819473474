"""What goes on now, for the wallboard and the gauges: callers waiting, calls in progress, agents by state.

The numbers of stays are kept twice, apart: entries and leavings are counted from the events, the waiting are seen in
the calls. So ``stay_differences`` is a true check: it is not 0 as soon as one of the two is wrong, and ``broken`` names
the call.
"""

from __future__ import annotations

from collections import Counter, deque
from datetime import datetime

import msgspec

from cti.model import (
    AboutCall,
    Agent,
    AgentChanged,
    AgentState,
    Call,
    CallEnded,
    CallEvent,
    CallLeftQueue,
    CallMerged,
    CallQueued,
    Direction,
    PbxBack,
    PbxLost,
    StayOutcome,
)

QueueKey = tuple[str, str]
CallKey = tuple[str, str]
BROKEN_KEPT = 100


class Waiting(msgspec.Struct, frozen=True):
    """Callers in a queue now, and since when the first of them is."""

    count: int = 0
    oldest_at: datetime | None = None


class BrokenCall(msgspec.Struct, frozen=True):
    """A call that is over, and whose waits in ``queue`` do not add up: ``difference`` entries more than leavings."""

    pbx: str
    call_id: str
    queue: str
    difference: int


class _Waits:
    """What was told of one call's waits. ``outcomes`` by queue and join."""

    __slots__ = ("balance", "outcomes")

    def __init__(self) -> None:
        self.balance: Counter[str] = Counter()
        self.outcomes: dict[tuple[str, datetime], StayOutcome] = {}


class LiveBoard:
    """Follows the CallEvents of all PBXs. ``apply`` takes a microsecond; numbers are made when they are asked for.

    ``left`` follows when a PBX says later that a wait ended otherwise than it seemed; ``corrected`` counts that.
    ``broken`` are the last calls that made the waits not add up.
    """

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], Call] = {}
        self._agents: dict[tuple[str, str], Agent] = {}
        self.entered: Counter[QueueKey] = Counter()
        self.left: Counter[tuple[str, str, StayOutcome]] = Counter()
        self.corrected: Counter[QueueKey] = Counter()
        self.broken: deque[BrokenCall] = deque(maxlen=BROKEN_KEPT)
        self._waits: dict[CallKey, _Waits] = {}
        self.lost: set[str] = set()  #: the PBXs whose events are missed now: their numbers stand still

    def apply(self, event: CallEvent) -> None:
        """Take one event in."""
        if isinstance(event, AboutCall):
            self._apply_call(event)
        elif isinstance(event, AgentChanged):
            self._agents[event.agent.pbx, event.agent.agent] = event.agent
        elif isinstance(event, PbxLost):
            self.lost.add(event.pbx)
        elif isinstance(event, PbxBack):
            self.lost.discard(event.pbx)

    def _apply_call(self, event: AboutCall) -> None:
        call = event.call
        key = call.pbx, call.call_id
        if isinstance(event, CallQueued | CallLeftQueue):
            self._count(event)
        elif key in self._waits:
            self._correct(call)
        if isinstance(event, CallEnded):
            self._calls.pop(key, None)
            self._settle(key)
        elif isinstance(event, CallMerged):
            self._calls.pop(key, None)
            self._merge(key, (event.into.pbx, event.into.call_id))
            self._calls[event.into.pbx, event.into.call_id] = event.into
        else:
            self._calls[key] = call

    def _count(self, event: CallQueued | CallLeftQueue) -> None:
        call, stay = event.call, event.stay
        waits = self._waits.setdefault((call.pbx, call.call_id), _Waits())
        if isinstance(event, CallQueued):
            self.entered[call.pbx, stay.queue] += 1
            waits.balance[stay.queue] += 1
        elif stay.outcome is not None:
            self.left[call.pbx, stay.queue, stay.outcome] += 1
            waits.balance[stay.queue] -= 1
            waits.outcomes[stay.queue, stay.joined_at] = stay.outcome
        self._correct(call)

    def _correct(self, call: Call) -> None:
        """A wait may turn out to have ended otherwise than was told when it did."""
        told = self._waits[call.pbx, call.call_id].outcomes
        for stay in call.stays:
            before = told.get((stay.queue, stay.joined_at))
            if before is not None and stay.outcome is not None and stay.outcome is not before:
                self.left[call.pbx, stay.queue, before] -= 1
                self.left[call.pbx, stay.queue, stay.outcome] += 1
                self.corrected[call.pbx, stay.queue] += 1
                told[stay.queue, stay.joined_at] = stay.outcome

    def _settle(self, key: CallKey) -> None:
        """The call is over: whoever entered must have left."""
        waits = self._waits.pop(key, None)
        if waits is not None:
            self.broken += (BrokenCall(*key, queue, left) for queue, left in waits.balance.items() if left)

    def _merge(self, part: CallKey, into: CallKey) -> None:
        waits = self._waits.pop(part, None)
        if waits is not None:
            whole = self._waits.setdefault(into, _Waits())
            whole.balance.update(waits.balance)
            whole.outcomes |= waits.outcomes

    def calls(self) -> list[Call]:
        """The calls in progress, oldest first."""
        return list(self._calls.values())

    def agents(self) -> list[Agent]:
        """All agents known, logged in or not."""
        return list(self._agents.values())

    def queues(self) -> list[QueueKey]:
        """The queues seen since the start, by a caller or an agent's place in them, in order."""
        of_agents = {(agent.pbx, queue) for agent in self.agents() for queue in agent.queues}
        return sorted(of_agents | set(self.entered))

    def waiting(self) -> dict[QueueKey, Waiting]:
        """By queue; those where nobody waits too."""
        joined: dict[QueueKey, list[datetime]] = {key: [] for key in self.queues()}
        for call in self.calls():
            for stay in call.stays:
                if stay.left_at is None:
                    joined.setdefault((call.pbx, stay.queue), []).append(stay.joined_at)
        return {key: Waiting(len(instants), min(instants, default=None)) for key, instants in joined.items()}

    def in_progress(self) -> Counter[tuple[str, Direction]]:
        """Calls by PBX and direction."""
        return Counter((call.pbx, call.direction) for call in self.calls())

    def agents_by_state(self) -> Counter[tuple[str, AgentState]]:
        """How many agents of each PBX do what; a state that nobody is in counts 0."""
        agents = self.agents()
        counts = Counter({(pbx, state): 0 for pbx in {agent.pbx for agent in agents} for state in AgentState})
        counts.update((agent.pbx, agent.state) for agent in agents)
        return counts

    def stay_differences(self) -> dict[QueueKey, int]:
        """Entered - answered - abandoned - left otherwise - waiting, by queue: 0 when the numbers add up."""
        left: Counter[QueueKey] = Counter()
        for (pbx, queue, _), count in self.left.copy().items():
            left[pbx, queue] += count
        waiting = self.waiting()
        return {key: self.entered[key] - left[key] - waiting[key].count for key in sorted(waiting.keys() | left.keys())}
