"""The agents: where each is logged in, paused or not, and what he does, told from his legs.

No PBX tells of the end of a wrap-up: it is known when it begins, and told as soon as something later is heard of.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cti.model import Agent, AgentState, Membership, Origin
from cti.records import LegRecord
from cti.states import LegState, PlaceState

#: How late a queue may notice that nobody is left: after a whole ring and the pause behind it, or at the join.
EMPTY_NOTICED = timedelta(seconds=30)
AT_THE_JOIN = timedelta(seconds=2)


class Place:
    """An agent's place in one queue."""

    __slots__ = ("interface", "reason", "state", "wrap_up_s")

    def __init__(self) -> None:
        self.state = PlaceState.OUT
        self.interface: str | None = None
        self.reason: str | None = None
        self.wrap_up_s = 0.0


class AgentRecord:
    """``status`` is what he is as a whole, None at PBXs where he is what he is in each queue.

    ``wraps_up`` is until when, and because of what, he has peace after a queue's call.
    """

    __slots__ = ("agent", "legs", "name", "places", "since", "state", "status", "wraps_up")

    def __init__(self, agent: str) -> None:
        self.agent = agent
        self.status: PlaceState | None = None
        self.name: str | None = None
        self.places: dict[str, Place] = {}
        self.legs: set[LegRecord] = set()
        self.state = AgentState.OFFLINE
        self.since: datetime | None = None
        self.wraps_up: tuple[datetime, Origin] | None = None

    def place(self, queue: str) -> Place:
        return self.places.setdefault(queue, Place())

    def derive(self) -> AgentState:
        """On the phone wins over paused, paused over wrap-up and idle; several legs count as one agent."""
        if any(leg.state is LegState.UP or not (leg.was_dialled or leg.outgoing) for leg in self.legs):
            return AgentState.TALKING
        if any(leg.state is LegState.RINGING for leg in self.legs):
            return AgentState.RINGING
        here = [self.state_in(place) for place in self.places.values()]
        here = [state for state in here if state is not PlaceState.OUT] or [self.status or PlaceState.OUT]
        if here[0] is PlaceState.OUT:
            return AgentState.OFFLINE
        if all(state is PlaceState.PAUSED for state in here):
            return AgentState.PAUSED
        return AgentState.WRAP_UP if self.wraps_up is not None else AgentState.IDLE

    def state_in(self, place: Place) -> PlaceState:
        """What he is in a queue: what his place says, unless he is out or on a break as a whole."""
        if self.status is None or self.status is PlaceState.FREE or place.state is PlaceState.OUT:
            return place.state
        return self.status


class Roster:
    """All agents of one PBX, by extension."""

    def __init__(self, pbx: str) -> None:
        self._pbx = pbx
        self._agents: dict[str, AgentRecord] = {}
        self._empty_since: dict[str, datetime] = {}
        self._wrapping: set[AgentRecord] = set()
        self._next_end: datetime | None = None  #: no wrap-up ends before it

    def agent(self, agent: str) -> AgentRecord:
        record = self._agents.get(agent)
        if record is None:
            record = self._agents[agent] = AgentRecord(agent)
        return record

    def count_places(self, queue: str, at: datetime) -> None:
        """Note since when nobody in this queue can take a call."""
        places = (record.places.get(queue) for record in self._agents.values())
        if any(place is not None and place.state is PlaceState.FREE for place in places):
            self._empty_since.pop(queue, None)
        else:
            self._empty_since.setdefault(queue, at)

    def let_go_as_empty(self, queue: str, joined_at: datetime, at: datetime) -> bool:
        """Whether a queue that gave a caller up did so because nobody was left.

        It looks now and then: at the join, and when the last try is over. A caller who waited on for longer than that
        is in a queue that keeps its callers, and was given up for another reason.
        """
        since = self._empty_since.get(queue)
        return since is not None and at - max(since, joined_at) <= (EMPTY_NOTICED if since > joined_at else AT_THE_JOIN)

    def wrap_up(self, agent: str, queue: str | None, at: datetime, origin: Origin) -> None:
        """A call of ``queue`` is over for this agent: he has the peace that his place in it gives, if any."""
        record = self._agents.get(agent)
        place = record.places.get(queue) if record is not None and queue is not None else None
        if record is None or place is None or not place.wrap_up_s or place.state is PlaceState.OUT:
            return
        end = at + timedelta(seconds=place.wrap_up_s)
        record.wraps_up = end, origin
        self._wrapping.add(record)
        self._next_end = end if self._next_end is None else min(self._next_end, end)

    def back_to_work(self, agent: str) -> None:
        """He talks again: what was left of his wrap-up is given up."""
        record = self._agents.get(agent)
        if record is not None and record.wraps_up is not None:
            record.wraps_up = None
            self._wrapping.discard(record)

    def wrapped_up(self, at: datetime) -> list[tuple[datetime, Origin, AgentRecord]]:
        """Whose wrap-up is over by ``at``, each once: since when, because of what, and who, in this order."""
        if self._next_end is None or at < self._next_end:
            return []
        over = [(*r.wraps_up, r) for r in self._wrapping if r.wraps_up is not None and r.wraps_up[0] <= at]
        for _, _, record in over:
            record.wraps_up = None
            self._wrapping.discard(record)
        self._next_end = min((r.wraps_up[0] for r in self._wrapping if r.wraps_up is not None), default=None)
        return sorted(over, key=lambda one: (one[0], one[2].agent))

    def settle(self, record: AgentRecord, at: datetime) -> bool:
        """Derive the state anew; True if it changed."""
        state = record.derive()
        if state is record.state:
            return False
        record.state, record.since = state, at
        return True

    def freeze(self, record: AgentRecord) -> Agent:
        places = tuple(
            Membership(queue=queue, interface=place.interface, paused=state is PlaceState.PAUSED, reason=place.reason)
            for queue, place in record.places.items()
            if (state := record.state_in(place)) is not PlaceState.OUT
        )
        return Agent(
            pbx=self._pbx,
            agent=record.agent,
            name=record.name,
            memberships=places,
            state=record.state,
            since=record.since,
        )

    def places(self) -> list[tuple[str, str, str | None]]:
        """Agent, queue and interface of everybody logged in."""
        return [
            (record.agent, queue, place.interface)
            for record in self._agents.values()
            for queue, place in record.places.items()
            if place.state is not PlaceState.OUT
        ]

    def records(self) -> list[AgentRecord]:
        return list(self._agents.values())

    def agents(self) -> list[Agent]:
        return [self.freeze(record) for record in self._agents.values()]
