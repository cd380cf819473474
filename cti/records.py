"""The tracker's working memory: a call and its legs while they change, and how they are frozen into ``cti.model``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from cti.model import (
    Call,
    CallOutcome,
    Direction,
    EndedBy,
    Leg,
    LegRole,
    Origin,
    Party,
    Ring,
    RingResult,
    Stay,
    Talk,
    Transfer,
)
from cti.signals import DialResult, LegSeen
from cti.states import LegState, StayState


class RingRecord:
    """One agent rung once; ``legs`` are his devices that still ring."""

    __slots__ = ("legs", "ring")

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.legs: set[LegRecord] = set()

    @property
    def open(self) -> bool:
        return self.ring.result is RingResult.RINGING

    def close(self, at: datetime, result: RingResult) -> None:
        self.ring = msgspec.structs.replace(self.ring, ended_at=at, result=result)
        self.legs.clear()


class StayRecord:
    """One wait. ``leg`` is whose place in the queue it is; a transfer may hand it to another leg.

    ``explained`` is True once the queue said why it let the caller go. ``member`` is whom it says it gave him to, who
    is not the one who talks when a colleague picked the call up.
    """

    __slots__ = ("explained", "leg", "member", "state", "stay")

    def __init__(self, leg: LegRecord, stay: Stay) -> None:
        self.leg, self.stay, self.state = leg, stay, StayState.WAITING
        self.explained = False
        self.member: str | None = None


class TalkRecord:
    """One agent's conversation; ``legs`` are his connected devices."""

    __slots__ = ("held_since", "legs", "resumed_at", "talk")

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.legs: set[LegRecord] = set()
        self.held_since: datetime | None = None
        self.resumed_at: datetime | None = None

    @property
    def open(self) -> bool:
        return self.talk.ended_at is None

    def hold(self, at: datetime) -> None:
        """On hold since ``at``; a hold that went on while the talk was parted is counted on, not anew."""
        if self.resumed_at is not None and at < self.resumed_at:
            self.held_since = self.resumed_at
            return
        self.held_since = at
        self.talk = msgspec.structs.replace(self.talk, holds=self.talk.holds + 1)

    def resume(self, at: datetime) -> None:
        if self.held_since is not None:
            held_s = (at - self.held_since).total_seconds()
            self.talk = msgspec.structs.replace(self.talk, hold_s=self.talk.hold_s + held_s)
            self.held_since, self.resumed_at = None, at

    def close(self, at: datetime) -> None:
        self.resume(at)
        self.talk = msgspec.structs.replace(self.talk, ended_at=at)

    def reopen(self) -> None:
        self.talk = msgspec.structs.replace(self.talk, ended_at=None)


class LegRecord:
    """One channel. ``killed_at`` and ``hung_up_at`` tell who ended it; ``dialled_by`` who called it.

    ``heard_at`` is when anything was last said of it: a snapshot taken before is older news; ``bridged_at`` the same of
    its bridge. ``member`` is the queue
    member that a queue tries by this leg, ``dial_over`` how and when the first attempt to reach it ended in vain.
    ``twin`` is a virtual leg's other end while both are there, ``pair`` for good.
    """

    __slots__ = (
        "answered_at",
        "bridge",
        "bridged_at",
        "call",
        "cause",
        "channel",
        "consult",
        "dial_over",
        "dialled",
        "dialled_by",
        "ended_at",
        "frozen",
        "heard_at",
        "held_at",
        "hung_up_at",
        "key_at",
        "killed_at",
        "leg_id",
        "listens",
        "member",
        "name",
        "number",
        "outgoing",
        "pair",
        "rang_at",
        "ring",
        "role",
        "started_at",
        "state",
        "talk",
        "transferred",
        "turned_away",
        "twin",
        "was_dialled",
    )

    def __init__(self, seen: LegSeen) -> None:
        self.leg_id, self.channel, self.role = seen.leg, seen.channel, seen.role
        self.number, self.name, self.dialled = seen.number, seen.name, seen.dialled
        self.started_at = self.heard_at = seen.at
        self.state = LegState.NEW
        self.rang_at: datetime | None = None
        self.answered_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.hung_up_at: datetime | None = None
        self.killed_at: datetime | None = None
        self.key_at: tuple[datetime, str] | None = None
        self.cause: int | None = None
        self.held_at: datetime | None = None
        self.outgoing = seen.outgoing
        self.was_dialled = self.transferred = self.consult = self.listens = self.turned_away = False
        self.dialled_by: LegRecord | None = None
        self.member: str | None = None
        self.dial_over: tuple[datetime, DialResult] | None = None
        self.twin: LegRecord | None = None
        self.pair: LegRecord | None = None
        self.bridge: str | None = None
        self.bridged_at: datetime | None = None
        self.ring: RingRecord | None = None
        self.talk: TalkRecord | None = None
        self.call: CallRecord
        self.frozen: Leg | None = None

    def freeze(self) -> Leg:
        """The leg as of now; the same record as long as nothing is heard of it."""
        if self.frozen is None:
            self.frozen = self._freeze()
        return self.frozen

    def _freeze(self) -> Leg:
        return Leg(
            leg_id=self.leg_id,
            channel=self.channel,
            role=self.role,
            number=self.number,
            started_at=self.started_at,
            rang_at=self.rang_at,
            answered_at=self.answered_at,
            ended_at=self.ended_at,
            cause=self.cause,
            hung_up=self.hung_up_at is not None,
        )


class CallRecord:
    """One journey in the making.

    ``root`` is the leg that began it, ``anchor`` the one whose company makes an agent talk: the customer's, or on an
    internal call the caller's. ``absorbed`` are calls that turned out to be part of this one. ``private`` is what is
    left of a call that has ended, or of a consultation whose customer has gone: it is not told. ``awaits_root`` while
    the first leg was not seen, and may still be there.
    """

    __slots__ = (
        "absorbed",
        "anchor",
        "answered_at",
        "awaits_root",
        "click_to_dial",
        "dial_result",
        "dialled",
        "direction",
        "group",
        "legs",
        "origin",
        "originated",
        "pending_transfer",
        "picked_up_at",
        "private",
        "queue",
        "queued_at",
        "refused_why",
        "rings",
        "root",
        "started",
        "stays",
        "talks",
        "transfers",
    )

    def __init__(self, root: LegRecord, group: str, origin: Origin) -> None:
        self.root = self.anchor = root
        self.originated = False
        self.group, self.origin = group, origin
        self.direction = Direction.INBOUND if root.role is LegRole.CUSTOMER else Direction.INTERNAL
        self.dialled = root.dialled
        self.legs: list[LegRecord] = []
        self.rings: list[RingRecord] = []
        self.stays: list[StayRecord] = []
        self.talks: list[TalkRecord] = []
        self.transfers: list[Transfer] = []
        self.absorbed: list[CallRecord] = []
        self.queue: str | None = None
        self.queued_at: datetime | None = None
        self.answered_at: datetime | None = None
        self.dial_result: DialResult | None = None
        self.refused_why: str | None = None
        self.pending_transfer: LegRecord | None = None
        self.picked_up_at: datetime | None = None
        self.started = self.click_to_dial = self.private = self.awaits_root = False

    def add(self, leg: LegRecord) -> None:
        leg.call = self
        self.legs.append(leg)

    @property
    def calls_the_public(self) -> bool:
        """True when the PBX itself called the customer: nobody of the house did."""
        return self.direction is Direction.OUTBOUND and self.root.role is LegRole.CUSTOMER

    def is_far(self, leg: LegRecord) -> bool:
        """True for the party that the agents of this call talk with."""
        if self.direction is Direction.OUTBOUND:
            return leg.role is LegRole.CUSTOMER
        return leg is self.anchor

    def open_ring(self, agent: str) -> RingRecord | None:
        return next((ring for ring in reversed(self.rings) if ring.open and ring.ring.agent == agent), None)

    def waiting(self) -> StayRecord | None:
        """The latest wait that goes on: what rings now, rings for it. Asterisk may say so before it names the agent."""
        return next((stay for stay in reversed(self.stays) if stay.stay.left_at is None), None)

    def open_stays(self) -> Iterator[StayRecord]:
        return (stay for stay in self.stays if stay.stay.left_at is None)

    @property
    def over(self) -> bool:
        """True once nobody of the customer's own journey is left; a consultation may outlive it."""
        return not self.awaits_root and all(leg.state is LegState.ENDED for leg in self.legs if not leg.consult)

    def freeze(
        self,
        pbx: str,
        outcome: CallOutcome | None = None,
        ended_by: EndedBy | None = None,
        ended_at: datetime | None = None,
    ) -> Call:
        root = self.root
        return Call(
            pbx=pbx,
            call_id=self.group,
            direction=self.direction,
            caller=Party() if self.calls_the_public else Party(root.number, root.name),
            dialled=self.dialled,
            offered_at=root.started_at,
            origin=self.origin,
            queue=self.queue,
            queued_at=self.queued_at,
            answered_at=self.answered_at,
            ended_at=ended_at,
            outcome=outcome,
            ended_by=ended_by,
            stays=tuple([stay.stay for stay in self.stays]),
            rings=tuple([ring.ring for ring in self.rings]),
            talks=tuple([talk.talk for talk in self.talks]),
            transfers=tuple(self.transfers),
            legs=tuple([leg.freeze() for leg in self.legs]),
            click_to_dial=self.click_to_dial,
        )
