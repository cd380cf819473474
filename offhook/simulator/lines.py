"""Queues: who waits, who is rung when, how a wait ends.

As Asterisk's ``app_queue`` with ``autofill``, ``ringinuse=no``, ``joinempty``.
"""

from __future__ import annotations

import random

import msgspec

from offhook.simulator.chain import Chain, Delivery
from offhook.simulator.channels import Bridge, Channel
from offhook.simulator.clockwork import Latch, Timer
from offhook.simulator.dialling import (
    Ring,
    dial_behind_pair,
    join,
    member_answers,
    member_rings,
    ring_member,
    ring_member_by_pair,
    show_connected,
    take_back,
)
from offhook.simulator.members import Member
from offhook.simulator.switch import Switch


class LinePlan(msgspec.Struct, frozen=True, kw_only=True):
    """A queue as ``queues.conf`` would say it. ``strategy``: ``ringall``, ``linear`` or ``leastrecent``."""

    name: str
    exten: str
    did: str
    strategy: str = "ringall"
    ring_s: float = 15.0
    retry_s: float = 1.0
    wrap_up_s: float = 3.0
    max_wait_s: float = 60.0
    exit_key: bool = False
    local_members: bool = False


class Visit:
    """One caller's wait in one queue.

    ``settled`` is set when it is over; ``ended`` says how, in StayOutcome's words.
    """

    def __init__(self, chain: Chain, channel: Channel, joined_at: float, position: int) -> None:
        self.chain, self.channel, self.joined_at, self.first_position = chain, channel, joined_at, position
        self.position = position
        self.settled = Latch()
        self.ended: str | None = None
        self.agent: str | None = None
        self.rings: dict[Member, Ring] = {}
        self.timers: list[Timer] = []
        self.expiry: Timer | None = None
        self.not_before = 0.0
        self.tried: str | None = None  # the member rung last, for the linear order


class Line:
    """One queue, its members and its callers."""

    def __init__(self, switch: Switch, plan: LinePlan, rng: random.Random) -> None:
        self.switch, self.plan, self._rng = switch, plan, rng
        self.members: dict[str, Member] = {}
        self.waiting: list[Visit] = []
        self.completed = self.abandoned = self.hold_s = self.talk_s = 0
        self._due: Timer | None = None

    # members

    def log_in(self, member: Member) -> None:
        self.members[member.agent] = member
        self.switch.set_device(f"Queue:{self.plan.name}_pause_{member.interface}", "NOT_INUSE")
        member.tell("QueueMemberAdded")
        self._availability()
        self.look_again()

    def log_out(self, agent: str) -> None:
        member = self.members.pop(agent)
        member.tell("QueueMemberRemoved")
        self._availability()

    def pause(self, agent: str, paused: bool, reason: str = "") -> None:
        self.members[agent].pause(paused, reason)
        self._availability()
        self.look_again()

    def device_changed(self, agent: str, state: str) -> None:
        member = self.members.get(agent)
        if member:
            member.device_changed(state)
            self._availability()
            if member.idle:
                self.look_again()

    @property
    def open(self) -> bool:
        """Takes callers: somebody is logged in and not paused."""
        return any(not member.paused for member in self.members.values())

    def _availability(self) -> None:
        free = any(member.status == 1 and not member.paused for member in self.members.values())
        self.switch.set_device(f"Queue:{self.plan.name}_avail", "NOT_INUSE" if free else "INUSE")

    # callers

    def join(self, chain: Chain) -> Visit:
        """The caller at the open end of ``chain`` waits from now on."""
        channel = chain.open_end
        visit = Visit(chain, channel, self.switch.timeline.now, len(self.waiting) + 1)
        self.waiting.append(visit)
        if len(self.waiting) == 1:
            self.switch.set_device(f"Queue:{self.plan.name}", "RINGING")
        channel.application, channel.data = "Queue", f"{self.plan.name},,,,{self.plan.max_wait_s:.0f}"
        self._tell("QueueCallerJoin", visit, f"Position: {visit.position}\r\nCount: {len(self.waiting)}\r\n")
        self.switch.music_start(channel)
        visit.expiry = self.switch.timeline.after(self.plan.max_wait_s, lambda: self._expire(visit))
        self._look()
        return visit

    def give_up(self, visit: Visit) -> None:
        """The caller hung up; his HangupRequest has been told."""
        self.switch.music_stop(visit.channel)
        self._stop_rings(visit)
        self._abandoned(visit)
        self._leave(visit, "abandoned")

    def leave_by_key(self, visit: Visit) -> None:
        """The caller pressed the key that leads out."""
        visit.channel.place("queue-exit", "1", 0)
        self._stop_rings(visit)
        self.switch.music_stop(visit.channel)
        self._leave(visit, "exit_key")

    def _expire(self, visit: Visit) -> None:
        for ring in list(visit.rings.values()):
            self._missed(visit, ring)
        for member, ring in list(visit.rings.items()):
            self._end_ring(visit, member, ring, "missed")
        self._abandoned(visit)
        self.switch.music_stop(visit.channel)
        self._leave(visit, "timeout")

    def _abandoned(self, visit: Visit) -> None:
        self.abandoned += 1
        places = f"Position: {visit.position}\r\nOriginalPosition: {visit.first_position}\r\n"
        self._tell("QueueCallerAbandon", visit, f"{places}HoldTime: {self._waited(visit)}\r\n")

    def _leave(self, visit: Visit, ended: str) -> None:
        for timer in (*visit.timers, *([visit.expiry] if visit.expiry else ())):
            timer.cancel()
        self.waiting.remove(visit)
        if not self.waiting:
            self.switch.set_device(f"Queue:{self.plan.name}", "NOT_INUSE")
        self._tell("QueueCallerLeave", visit, f"Position: {visit.position}\r\nCount: {len(self.waiting)}\r\n")
        for position, each in enumerate(self.waiting, 1):
            each.position = position
        visit.ended = ended
        visit.settled.set()

    def _waited(self, visit: Visit) -> int:
        return self.switch.clock() - int(self.switch.epoch + visit.joined_at)

    def _tell(self, event: str, visit: Visit, rest: str) -> None:
        self.switch.emit(event, f"{visit.channel.block()}Queue: {self.plan.name}\r\n{rest}", "agent")

    def _tell_of(self, event: str, visit: Visit, member: Member, dest: str, rest: str = "") -> None:
        who = f"Queue: {self.plan.name}\r\nInterface: {member.interface}\r\nMemberName: {member.person.name}\r\n"
        self.switch.emit(event, f"{visit.channel.block()}{dest}{who}{rest}", "agent")

    # ringing

    def look_again(self) -> None:
        """Somebody may be free now: a waiting caller's loop notices within a second."""
        if self.waiting:
            self._look_in(self._rng.uniform(0.05, 1.0))

    def _look_in(self, seconds: float) -> None:
        """One look is due at a time, the earliest that was asked for."""
        if self._due is not None:
            if self._due.at <= self.switch.timeline.now + seconds:
                return
            self._due.cancel()
        self._due = self.switch.timeline.after(seconds, self._look)

    def _look(self) -> None:
        now = self.switch.timeline.now
        if self._due is not None and self._due.at <= now:
            self._due = None
        for visit in list(self.waiting):
            if visit.rings or visit.not_before > now:
                continue
            free = [member for member in self.members.values() if member.idle and member.free_again_at <= now]
            if not free:
                break
            self._ring(visit, self._chosen(visit, free))
        self._come_back(now)

    def _come_back(self, now: float) -> None:
        """Nothing tells the end of a wrap-up or of a pause between tries: look again when the next one is over."""
        idle = [visit for visit in self.waiting if not visit.rings]
        if idle:
            ends = [member.free_again_at for member in self.members.values() if member.idle]
            ends += [visit.not_before for visit in idle]
            later = [at for at in ends if at > now]
            if later:
                self._look_in(min(later) - now + 0.01)

    def _chosen(self, visit: Visit, free: list[Member]) -> list[Member]:
        if self.plan.strategy == "ringall":
            return free
        if self.plan.strategy == "leastrecent":
            return [min(free, key=lambda member: (member.last_call, member.agent))]
        order = list(self.members)
        after = order.index(visit.tried) + 1 if visit.tried in self.members else 0
        return [min(free, key=lambda member: (order.index(member.agent) - after) % len(order))]

    def _ring(self, visit: Visit, members: list[Member]) -> None:
        for member in members:
            self._try(visit, member)
        for member in members:
            dial_behind_pair(self.switch, visit.rings[member])
        for member in members:
            self._begin_ring(visit, member, visit.rings[member])
        visit.timers.append(self.switch.timeline.after(self.plan.ring_s, lambda: self._unanswered(visit)))

    def _try(self, visit: Visit, member: Member) -> None:
        begin = ring_member_by_pair if member.by_pair else ring_member
        visit.rings[member] = begin(
            self.switch, visit.channel, member.person, lambda dest: self._tell_of("AgentCalled", visit, member, dest)
        )
        visit.tried = member.agent
        if not member.by_pair and self.plan.strategy != "ringall":
            show_connected(self.switch, visit.channel, member.person)

    def _begin_ring(self, visit: Visit, member: Member, ring: Ring) -> None:
        member_rings(self.switch, ring)
        visit.chain.truth.ring_began(member.agent, self.plan.name, ring.started_at)
        after = visit.chain.picks_up(member.agent)
        if after is not None and after < self.plan.ring_s:
            visit.timers.append(self.switch.timeline.after(after, lambda: self._answered(visit, member, ring)))

    def _unanswered(self, visit: Visit) -> None:
        """The ring timeout: everybody who was rung missed it."""
        self._cancel_timers(visit)
        for ring in visit.rings.values():
            self._missed(visit, ring)
        for member, ring in list(visit.rings.items()):
            self._end_ring(visit, member, ring, "missed")
        visit.not_before = self.switch.timeline.now + self.plan.retry_s
        self._come_back(self.switch.timeline.now)

    def _missed(self, visit: Visit, ring: Ring) -> None:
        member = next(member for member, each in visit.rings.items() if each is ring)
        rang_ms = round(1000 * (self.switch.timeline.now - ring.started_at))
        self._tell_of("AgentRingNoAnswer", visit, member, ring.offered.block("Dest"), f"RingTime: {rang_ms}\r\n")
        self.switch.dial_end(visit.channel, ring.offered, "NOANSWER")

    def _stop_rings(self, visit: Visit) -> None:
        for ring in visit.rings.values():
            self.switch.dial_end(visit.channel, ring.offered, "CANCEL")
        for member, ring in list(visit.rings.items()):
            self._end_ring(visit, member, ring, "cancelled")

    def _end_ring(self, visit: Visit, member: Member, ring: Ring, result: str, cause: int = 0) -> None:
        del visit.rings[member]
        take_back(self.switch, ring, cause)
        visit.chain.truth.ring_ended(member.agent, result, self.switch.timeline.now)

    def _cancel_timers(self, visit: Visit) -> None:
        for timer in visit.timers:
            timer.cancel()
        visit.timers.clear()

    # the answer

    def _answered(self, visit: Visit, member: Member, ring: Ring) -> None:
        """A phone answers. Two that answer in one instant: the first keeps the call."""
        self._cancel_timers(visit)
        del visit.rings[member]
        inner = member_answers(self.switch, ring)
        losers = list(visit.rings.items())
        for _, lost in losers:
            self.switch.dial_end(visit.channel, lost.offered, "CANCEL")
        if member.by_pair or self.plan.strategy == "ringall":
            show_connected(self.switch, visit.channel, member.person)
        for other, lost in losers:
            self._end_ring(visit, other, lost, "elsewhere", 26)
        self.switch.music_stop(visit.channel)
        visit.chain.truth.ring_ended(member.agent, "answered", self.switch.timeline.now)
        self._connect(visit, member, ring, inner)

    def _connect(self, visit: Visit, member: Member, ring: Ring, inner: Bridge | None) -> None:
        visit.agent = member.agent
        hold_s = self._waited(visit)
        self._leave(visit, "answered")
        rang_s = int(self.switch.timeline.now - ring.started_at)
        times = f"HoldTime: {hold_s}\r\nRingTime: {rang_s}\r\n"
        self._tell_of("AgentConnect", visit, member, ring.offered.block("Dest"), times)
        member.in_call = True
        outer = join(self.switch, visit.channel, ring.offered)
        delivery = Delivery(self, member, visit.channel, ring.offered, hold_s, self.switch.clock())
        visit.chain.delivered(visit.channel, ring, outer, inner, delivery)

    def complete(self, delivery: Delivery, reason: str, *, with_dest: bool = True) -> None:
        """The queue's part in a call is over: ``reason`` is ``caller``, ``agent`` or ``transfer``."""
        talk_s = self.switch.clock() - delivery.since
        self.completed += 1
        self.hold_s += delivery.hold_s
        self.talk_s += talk_s
        self._settle_member(delivery)
        member = delivery.member
        dest = delivery.offered.block("Dest") if with_dest else ""
        times = f"HoldTime: {delivery.hold_s}\r\nTalkTime: {talk_s}\r\nReason: {reason}\r\n"
        who = f"Queue: {self.plan.name}\r\nInterface: {member.interface}\r\nMemberName: {member.person.name}\r\n"
        self.switch.emit("AgentComplete", f"{delivery.channel.block()}{dest}{who}{times}", "agent")

    def _settle_member(self, delivery: Delivery) -> None:
        if not delivery.counted:
            delivery.counted = True
            delivery.member.took_a_call(self.plan.wrap_up_s)

    def phone_gone(self, delivery: Delivery) -> None:
        """The member's phone left the call behind the queue's back:

        He is counted now, AgentComplete comes at the end.
        """
        self._settle_member(delivery)
