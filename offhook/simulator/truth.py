"""What really happened in each call, in the words of the recordings' ``truth.json``, and a little more.

Beyond that file's fields a call has its waits (``stays``), the phones that rang with how each ringing ended
(``rings``) and the conversations (``talks``), in the words of ``cti.model``. Times are seconds since the run began.
"""

from __future__ import annotations

from typing import Any

import msgspec


class RingTruth(msgspec.Struct):
    agent: str
    queue: str | None
    started_at: float
    ended_at: float | None = None
    result: str = "ringing"


class StayTruth(msgspec.Struct):
    queue: str
    joined_at: float
    left_at: float | None = None
    outcome: str | None = None
    agent: str | None = None


class TalkTruth(msgspec.Struct):
    agent: str
    started_at: float
    ended_at: float | None = None
    hold_s: float = 0.0


class CallTruth(msgspec.Struct, kw_only=True):
    """One call; ``ended_at`` is None while it goes on."""

    id: str
    uniqueid: str
    direction: str
    caller: str | None
    caller_name: str | None
    dialled: str
    offered_at: float
    queue: str | None = None
    outcome: str | None = None
    queued_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    agents_rung: list[str] = []
    answered_by: list[str] = []
    transfers: list[dict[str, Any]] = []
    transfers_failed: list[dict[str, Any]] = []
    hold_s: float = 0.0
    ended_by: str | None = None
    click_to_dial: bool = False
    retrieved_by: dict[str, Any] | None = None
    stays: list[StayTruth] = []
    rings: list[RingTruth] = []
    talks: list[TalkTruth] = []

    def ring_began(self, agent: str, queue: str | None, at: float) -> None:
        if agent not in self.agents_rung:
            self.agents_rung.append(agent)
        self.rings.append(RingTruth(agent, queue, at))

    def ring_ended(self, agent: str, result: str, at: float) -> None:
        for ring in reversed(self.rings):
            if ring.agent == agent and ring.ended_at is None:
                ring.ended_at, ring.result = at, result
                return

    def stay_began(self, queue: str, at: float) -> None:
        self.stays.append(StayTruth(queue, at))
        if self.queue is None and not self.answered_by:
            self.queue, self.queued_at = queue, at

    def stay_ended(self, outcome: str, at: float, agent: str | None = None) -> None:
        stay = self.stays[-1]
        stay.left_at, stay.outcome, stay.agent = at, outcome, agent

    def refused(self) -> None:
        """The queue had let the caller in, and sent him away at once: he was never in it."""
        stay = self.stays.pop()
        if self.queued_at == stay.joined_at:
            self.queue = self.queued_at = None

    def talk_began(self, agent: str, at: float) -> None:
        """An agent talks with the other party."""
        self.answered_at = at if self.answered_at is None else self.answered_at
        self.talks.append(TalkTruth(agent, at))
        if agent not in self.answered_by:
            self.answered_by.append(agent)

    def held(self, seconds: float) -> None:
        self.talks[-1].hold_s += seconds
        self.hold_s += seconds

    def talk_ended(self, at: float) -> None:
        if self.talks and self.talks[-1].ended_at is None:
            self.talks[-1].ended_at = at

    def end(self, at: float, ended_by: str, outcome: str) -> None:
        """It is over. Whoever was answered by a person stays answered."""
        if self.ended_at is None:
            self.talk_ended(at)
            self.ended_at, self.ended_by = at, ended_by
            self.outcome = "answered" if self.answered_at is not None else outcome


class Truth:
    """All calls of one run in the order in which they were offered, and what agents did by command."""

    def __init__(self, pbx: str = "asterisk-22") -> None:
        self.pbx = pbx
        self.calls: list[CallTruth] = []
        self.agent_states: list[dict[str, Any]] = []

    def state(self, agent: str, queue: str | None, state: str, reason: str | None, at: float) -> None:
        """``login``, ``logout``, ``pause`` or ``unpause``."""
        self.agent_states.append({"agent": agent, "queue": queue, "state": state, "reason": reason, "at": at})

    def document(self, started_at: str, *, ended_only: bool = True) -> dict[str, Any]:
        """The content of a ``truth.json``. ``started_at`` is the instant of second 0, ISO 8601."""
        calls = [call for call in self.calls if not ended_only or call.ended_at is not None]
        return {
            "scenario": "simulated",
            "pbx": self.pbx,
            "started_at": started_at,
            "calls": [msgspec.to_builtins(call) for call in calls],
            "agent_states": self.agent_states,
        }
