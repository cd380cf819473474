"""The agents: where each is logged in, paused or not, and what he does, told from his legs."""

from __future__ import annotations

from datetime import datetime, timedelta

from cti.model import Agent, AgentState, Membership
from cti.records import LegRecord
from cti.states import LegState, PlaceState

#: How late a queue may notice that nobody is left: after a whole ring and the pause behind it, or at the join.
EMPTY_NOTICED = timedelta(seconds=30)
AT_THE_JOIN = timedelta(seconds=2)


class Place:
    """An agent's place in one queue."""

    __slots__ = ("interface", "reason", "state")

    def __init__(self) -> None:
        self.state = PlaceState.OUT
        self.interface: str | None = None
        self.reason: str | None = None


class AgentRecord:
    """``status`` is what he is as a whole, None at PBXs where he is what he is in each queue."""

    __slots__ = ("agent", "legs", "name", "places", "since", "state", "status")

    def __init__(self, agent: str) -> None:
        self.agent = agent
        self.status: PlaceState | None = None
        self.name: str | None = None
        self.places: dict[str, Place] = {}
        self.legs: set[LegRecord] = set()
        self.state = AgentState.OFFLINE
        self.since: datetime | None = None

    def place(self, queue: str) -> Place:
        return self.places.setdefault(queue, Place())

    def derive(self) -> AgentState:
        """On the phone wins over paused, paused over idle; several legs count as one agent."""
        if any(leg.state is LegState.UP or not (leg.was_dialled or leg.outgoing) for leg in self.legs):
            return AgentState.TALKING
        if any(leg.state is LegState.RINGING for leg in self.legs):
            return AgentState.RINGING
        here = [self.state_in(place) for place in self.places.values()]
        here = [state for state in here if state is not PlaceState.OUT] or [self.status or PlaceState.OUT]
        if here[0] is PlaceState.OUT:
            return AgentState.OFFLINE
        return AgentState.PAUSED if all(state is PlaceState.PAUSED for state in here) else AgentState.IDLE

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
