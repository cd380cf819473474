"""Queues of mod_callcenter: who waits, whose phone is called when, how a wait ends.

It calls agents that are ``Available`` and ``Waiting``, whether their phones are free or not. The timeout of a wait
waits for the ringing in progress. Source: ``mod_callcenter.c``; the delays are read off the recordings.
"""

from __future__ import annotations

from typing import Protocol

from offhook.simulator.clockwork import Latch, Timer
from offhook.simulator.freeswitch import births
from offhook.simulator.freeswitch.agents import IN_CALL, RECEIVING, WAITING, Agent
from offhook.simulator.freeswitch.core import Core
from offhook.simulator.freeswitch.legs import Leg, Pair, shown
from offhook.simulator.lines import LinePlan
from offhook.simulator.truth import CallTruth

BUSY_DELAY_S, NO_ANSWER_DELAY_S, FAILED_DELAY_S = 4.0, 2.0, 2.0
NOBODY_S, REFUSED_WITHIN_S = 0.5, 5
SYSTEM = "single_box"
ENDED = {"TIMEOUT": "timeout", "EXIT_WITH_KEY": "exit_key", "BREAK_OUT": "abandoned"}


class Waits(Protocol):
    """What a queue asks of the call that waits in it."""

    @property
    def truth(self) -> CallTruth: ...
    @property
    def unspeakable(self) -> bool:
        """The caller's name cannot be put in an INVITE: no phone can be called for him."""

    def picks_up(self, agent: str) -> float | None: ...


class Offer:
    """One agent's phone called for one waiting caller."""

    def __init__(self, agent: Agent, leg: Leg, called: int) -> None:
        self.agent, self.leg, self.called, self.answered = agent, leg, called, 0
        self.timer: Timer | None = None


class Visit:
    """One caller's wait in one queue: a member, in FreeSWITCH's words. ``settled`` is set when it is over.

    ``ended`` says how, in StayOutcome's words; ``taken`` is the offer that was answered.
    """

    def __init__(self, call: Waits, leg: Leg, uuid: str, joined: int, joined_at: float) -> None:
        self.call, self.leg, self.uuid, self.joined, self.joined_at = call, leg, uuid, joined, joined_at
        self.dnis = leg.redirected or leg.destination
        self.settled = Latch()
        self.ended: str | None = None
        self.taken: Offer | None = None
        self.offers: dict[str, Offer] = {}
        self.expiry: Timer | None = None
        self.expired = self.tried = False
        self.last: str | None = None

    def who(self) -> tuple[Pair, ...]:
        number, name = shown(self.leg.original)
        return (
            ("CC-Member-UUID", self.uuid),
            ("CC-Member-Session-UUID", self.leg.uuid),
            ("CC-Member-CID-Name", name),
            ("CC-Member-CID-Number", number),
        )


class Queue:
    """One queue with its tiers (who serves it, in order) and its callers."""

    def __init__(self, core: Core, plan: LinePlan, agents: tuple[Agent, ...]) -> None:
        self.core, self.plan, self.agents = core, plan, agents
        self.waiting: list[Visit] = []
        self.placed: dict[str, Visit] = {}  # all in the queue's books: who was answered stays till the agent's end
        self.answered = self.abandoned = 0
        self._due: Timer | None = None
        for agent in agents:
            agent.watchers.append(self.look_in)

    @property
    def members(self) -> dict[str, Agent]:
        """Who is logged in now."""
        return {agent.name: agent for agent in self.agents if agent.here}

    @property
    def strategy(self) -> str:
        names = {"ringall": "ring-all", "linear": "round-robin", "leastrecent": "longest-idle-agent"}
        return names[self.plan.strategy]

    @property
    def asks_first(self) -> bool:
        """The dialplan looks whether anybody is there before it lets a caller in."""
        return self.plan.strategy == "ringall"

    # callers

    def join(self, call: Waits, leg: Leg) -> Visit:
        """The caller waits from now on."""
        now = self.core.timeline.now
        visit = Visit(call, leg, self.core.new_uuid(), self.core.seconds(), now)
        self.waiting.append(visit)
        self.placed[visit.uuid] = visit
        leg.application, leg.data = "callcenter", self.plan.name
        leg.variables |= {"cc_side": "member", "cc_member_uuid": visit.uuid, "cc_queue": self.plan.name}
        leg.changed()
        self._tell("member-queue-start", leg, *visit.who())
        self._count()
        visit.expiry = self.core.timeline.after(self.plan.max_wait_s, lambda: self._expire(visit))
        self.look_in(self.core.rng.uniform(0.02, 0.1))
        if not self.members:
            self._nobody()
        return visit

    def leave(self, visit: Visit, reason: str) -> None:
        """The caller is out without an answer: ``BREAK_OUT`` (he hung up), ``TIMEOUT``, ``EXIT_WITH_KEY``..."""
        offers, visit.offers = visit.offers, {}
        for offer in offers.values():
            self._stop(offer)
            self.core.hangup(offer.leg, "ORIGINATOR_CANCEL")
        self._out(visit)
        waited = self.core.seconds() - visit.joined
        refused = reason == "NO_AGENT_TIMEOUT" and not visit.tried and waited < REFUSED_WITHIN_S
        visit.ended = ENDED.get(reason, "refused" if refused else "exit_empty")
        times: tuple[Pair, ...] = (
            ("CC-Member-Leaving-Time", str(self.core.seconds())),
            ("CC-Member-Joined-Time", str(visit.joined)),
        )
        why: tuple[Pair, ...] = (("CC-Cause", "Cancel"), ("CC-Cancel-Reason", reason))
        self._tell("member-queue-end", visit.leg, *times, *why, *visit.who())
        self._count()
        for offer in offers.values():
            self.core.complete(offer.leg, "send_cancel")
            self._failed(visit, offer, "cancelled")
        self.abandoned += 1
        del self.placed[visit.uuid]
        visit.settled.set()

    def _expire(self, visit: Visit) -> None:
        visit.expired = True
        self._out_of_time(visit)

    def _out_of_time(self, visit: Visit) -> None:
        if visit.expired and not visit.offers and visit.ended is None:
            self.leave(visit, "TIMEOUT")

    def _out(self, visit: Visit) -> None:
        if visit.expiry:
            visit.expiry.cancel()
        self.waiting.remove(visit)

    def _nobody(self) -> None:
        """Nobody is logged in: who waits is sent away soon."""
        self.core.timeline.after(NOBODY_S, self._send_away)

    def _send_away(self) -> None:
        if not self.members:
            for visit in [visit for visit in self.waiting if not visit.offers]:
                self.leave(visit, "NO_AGENT_TIMEOUT")

    def staff_changed(self) -> None:
        """Somebody logged in or out, or began or ended his break."""
        self.look_in(0.05)
        if not self.members:
            self._nobody()

    # calling agents

    def look_in(self, seconds: float) -> None:
        """The queue's thread looks then; one look is due at a time, the earliest that was asked for."""
        if self._due is not None:
            if self._due.at <= self.core.timeline.now + seconds:
                return
            self._due.cancel()
        self._due = self.core.timeline.after(seconds, self._look)

    def _look(self) -> None:
        now = self.core.timeline.now
        self._due = None
        for visit in list(self.waiting):
            if visit.expired or (visit.offers and self.plan.strategy != "ringall"):
                continue
            idle = [agent for agent in self.agents if agent.idle]
            if idle:
                self._offer(visit, self._chosen(visit, idle))
        ready = [agent.ready_at for agent in self.agents if agent.here and agent.ready_at > now]
        if self.waiting and ready:
            self.look_in(min(ready) - now + 0.01)

    def _chosen(self, visit: Visit, idle: list[Agent]) -> list[Agent]:
        if self.plan.strategy == "ringall":
            return idle
        if self.plan.strategy == "leastrecent":
            return [min(idle, key=lambda agent: (agent.last_bridge_end, agent.last_offered, agent.name))]
        names = [agent.name for agent in self.agents]
        after = names.index(visit.last) + 1 if visit.last else 0
        return [min(idle, key=lambda agent: (names.index(agent.name) - after) % len(names))]

    def _offer(self, visit: Visit, agents: list[Agent]) -> None:
        now = self.core.seconds()
        visit.tried = True
        for agent in agents:
            agent.set_state(RECEIVING)
        for agent in agents:
            visit.last, agent.last_offered = agent.name, now
            who = (("CC-Agent", agent.name), ("CC-Agent-Type", "callback"), ("CC-Agent-System", SYSTEM))
            self._tell("agent-offering", None, *who, *visit.who(), ("CC-Member-DNIS", visit.dnis))
        made = [Offer(agent, self._phone(visit, agent), now) for agent in agents]
        for offer in made:
            self._call(visit, offer)

    def _phone(self, visit: Visit, agent: Agent) -> Leg:
        leg = births.to_phone(self.core, agent.name, visit.leg.original)
        for_queue = {
            "cc_queue": self.plan.name,
            "cc_queue_joined_epoch": str(visit.joined),
            "cc_member_uuid": visit.uuid,
            "cc_member_session_uuid": visit.leg.uuid,
            "cc_agent": agent.name,
            "cc_agent_type": "callback",
            "cc_side": "agent",
        }
        last = {key: leg.variables.pop(key) for key in ("dialed_user", "dialed_domain", "presence_id")}
        leg.variables |= for_queue | last
        return leg

    def _call(self, visit: Visit, offer: Offer) -> None:
        core, agent = self.core, offer.agent
        visit.offers[agent.name] = offer
        if visit.call.unspeakable:
            core.stillborn(offer.leg, "DESTINATION_OUT_OF_ORDER")
            self._over(visit, offer, FAILED_DELAY_S)
            return
        busy = core.phones[agent.name] > 0
        core.begin(offer.leg)
        if busy:
            offer.timer = core.timeline.after(0.03, lambda: self._busy(visit, offer))
            return
        core.rings(offer.leg)
        visit.call.truth.ring_began(agent.name, self.plan.name, core.timeline.now)
        after = visit.call.picks_up(agent.name)
        if after is not None and after < self.plan.ring_s:
            offer.timer = core.timeline.after(after, lambda: self._answered(visit, offer))
        else:
            offer.timer = core.timeline.after(self.plan.ring_s, lambda: self._unanswered(visit, offer))

    def _busy(self, visit: Visit, offer: Offer) -> None:
        self.core.hangup(offer.leg, "USER_BUSY")
        self.core.complete(offer.leg, "recv_refuse")
        self._over(visit, offer, BUSY_DELAY_S)

    def _unanswered(self, visit: Visit, offer: Offer) -> None:
        offer.agent.no_answers += 1
        self.core.hangup(offer.leg, "NO_ANSWER")
        self.core.complete(offer.leg, "send_cancel")
        self._over(visit, offer, NO_ANSWER_DELAY_S, "missed")

    def _over(self, visit: Visit, offer: Offer, delay_s: float, result: str | None = None) -> None:
        """An offer came to nothing, the caller waits on."""
        del visit.offers[offer.agent.name]
        offer.agent.ready_at = self.core.timeline.now + delay_s
        self._failed(visit, offer, result)
        self.look_in(0.06)
        self._out_of_time(visit)
        if not self.members:
            self._nobody()

    def _failed(self, visit: Visit, offer: Offer, result: str | None) -> None:
        """The end of an offer whose leg is over; ``result`` is the ring's, None where it did not ring."""
        core = self.core
        if result:
            visit.call.truth.ring_ended(offer.agent.name, result, core.timeline.now)
        times = (("CC-Agent-Called-Time", str(offer.called)), ("CC-Agent-Aborted-Time", str(core.seconds())))
        cause, who = ("CC-Hangup-Cause", offer.leg.cause), (("CC-Agent", offer.agent.name), ("CC-Agent-System", SYSTEM))
        joined = ("CC-Member-Joined-Time", str(visit.joined))
        self._tell("bridge-agent-fail", None, cause, *who, *times, *visit.who(), joined)
        offer.agent.set_state(WAITING)
        core.destroy(offer.leg)

    def _stop(self, offer: Offer) -> None:
        if offer.timer:
            offer.timer.cancel()

    # the answer

    def _answered(self, visit: Visit, offer: Offer) -> None:
        """A phone answers; two that answer in one instant: the first keeps the call. The others lose the race."""
        core = self.core
        del visit.offers[offer.agent.name]
        losers, visit.offers = list(visit.offers.values()), {}
        core.answer(offer.leg)
        visit.call.truth.ring_ended(offer.agent.name, "answered", core.timeline.now)
        offer.answered = core.seconds()
        for lost in losers:
            self._stop(lost)
            core.hangup(lost.leg, "LOSE_RACE")
        joined = ("CC-Member-Joined-Time", str(visit.joined))
        who = (*self._served(offer), *_times(offer), joined, *visit.who(), ("CC-Member-DNIS", visit.dnis))
        self._tell("bridge-agent-start", offer.leg, *who)
        for lost in losers:
            core.complete(lost.leg, "send_cancel")
            self._failed(visit, lost, "elsewhere")
        self._out(visit)
        self._count(1)
        self.answered += 1
        visit.ended, visit.taken = "answered", offer
        visit.settled.set()

    def connect(self, visit: Visit, offer: Offer) -> None:
        """The caller hears the agent who answered."""
        self.core.bridge(visit.leg, offer.leg, soft=True)
        offer.agent.last_bridge_start = self.core.seconds()
        offer.agent.calls_answered += 1
        offer.agent.set_state(IN_CALL)

    def finish(self, visit: Visit, offer: Offer) -> None:
        """The agent's leg is over: so is the queue's part in the call. His leg is told for the last time here."""
        core, agent, now = self.core, offer.agent, self.core.seconds()
        bridged, joined = ("CC-Agent-Bridged", "true"), ("CC-Member-Joined-Time", str(visit.joined))
        cause, over = ("CC-Hangup-Cause", "SUCCESS"), ("CC-Bridge-Terminated-Time", str(now))
        ended = (cause, *self._served(offer), bridged, *_times(offer), joined, over, *visit.who())
        self._tell("bridge-agent-end", offer.leg, *ended)
        left, why = ("CC-Member-Leaving-Time", str(now)), ("CC-Cause", "Terminated")
        gone = (cause, why, *self._served(offer), *_times(offer), left, joined, *visit.who())
        self._tell("member-queue-end", visit.leg, *gone)
        agent.last_bridge_end, agent.ready_at = now, core.timeline.now + self.plan.wrap_up_s
        agent.talk_s += now - offer.answered
        agent.set_state(WAITING)
        core.destroy(offer.leg)
        del self.placed[visit.uuid]

    def _served(self, offer: Offer) -> tuple[Pair, ...]:
        return (("CC-Agent", offer.agent.name), ("CC-Agent-System", SYSTEM), ("CC-Agent-UUID", offer.leg.uuid))

    def _count(self, more: int = 0) -> None:
        """Who waits; at an answer FreeSWITCH counts before it has marked the caller answered."""
        number = ("CC-Count", str(len(self.waiting) + more))
        self._tell("members-count", None, number, ("CC-Selection", "Single-Queue"))

    def _tell(self, action: str, leg: Leg | None, *pairs: Pair) -> None:
        self.core.callcenter(action, leg, ("CC-Queue", self.plan.name), ("CC-Action", action), *pairs)


def _times(offer: Offer) -> tuple[Pair, ...]:
    return (("CC-Agent-Called-Time", str(offer.called)), ("CC-Agent-Answered-Time", str(offer.answered)))
