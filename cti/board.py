"""What the tracker knows right now: legs, calls, bridges and agents, and the events it is about to give."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

from cti.model import (
    AboutCall,
    AgentChange,
    AgentChanged,
    CallEvent,
    CallMerged,
    CallStarted,
    CallTransferred,
    LegRole,
    Oddity,
    OddityFound,
    Origin,
    Transfer,
)
from cti.records import CallRecord, LegRecord, RingRecord, StayRecord, TalkRecord
from cti.roster import AgentRecord, Roster
from cti.signals import LegSignal, Signal

GONE_LEGS = 10_000  # some minutes of a site with 1,000 agents


class Board:
    """One PBX's present. ``at`` and ``origin`` are those of the signal being applied.

    ``heard_since`` is when the connection began that is being read, None where nobody has said so. With ``ends_only``
    only the ends of calls are told, and oddities.
    """

    at: datetime
    origin: Origin

    def __init__(self, pbx: str, *, ends_only: bool = False) -> None:
        self.pbx, self.ends_only = pbx, ends_only
        self.heard_since: datetime | None = None
        self.legs: dict[str, LegRecord] = {}
        self.calls: dict[str, CallRecord] = {}
        self.bridges: dict[str, set[LegRecord]] = {}
        self.rooms: set[str] = set()
        self.roster = Roster(pbx)
        self.out: list[CallEvent] = []
        self.gone: OrderedDict[str, None] = OrderedDict()
        self.unseen: OrderedDict[str, None] = OrderedDict()

    def leg_of(self, signal: LegSignal) -> LegRecord | None:
        """The signal's leg, in the call that the PBX counts it to by now; None (and an oddity) for one never seen."""
        leg = self.legs.get(signal.leg)
        if leg is None:
            if signal.leg in self.gone:
                return None
            self.note("unknown-leg", f"{type(signal).__name__} for a leg that was never seen")
            return None
        leg.heard_at, leg.frozen = signal.at, None
        if signal.group is not None and signal.group != leg.call.group:
            self._regroup(leg, signal.group)
        return leg

    def forget(self, leg: LegRecord) -> None:
        """The leg is over. A PBX may name it once more, late: that is no oddity, and it does not come to life again."""
        self.legs.pop(leg.leg_id, None)
        self.gone_by(leg.leg_id)

    def gone_by(self, leg_id: str) -> None:
        """Remember that this leg, or the call of this id, is over."""
        _remember(self.gone, leg_id)

    def gone_unseen(self, leg_id: str) -> None:
        """Remember that a leg is over of which nothing else was heard: what was asked before its end still shows it.

        Its id may be that of a call that goes on without it, so it is not gone as a call.
        """
        _remember(self.unseen, leg_id)

    def is_over(self, leg_id: str) -> bool:
        """Whether this leg's end was heard."""
        return leg_id in self.gone or leg_id in self.unseen

    def known(self, leg_id: str | None) -> LegRecord | None:
        return None if leg_id is None else self.legs.get(leg_id)

    def _regroup(self, leg: LegRecord, group: str) -> None:
        home = self.calls.get(group)
        if home is not None and home is not leg.call and not has_customer(leg.call):
            self.absorb(home, leg.call)

    def absorb(self, main: CallRecord, part: CallRecord) -> None:
        """Make ``part`` a part of ``main``: its legs, rings and stays move, its talks do not."""
        for talk in part.talks:
            for leg in talk.legs:
                leg.talk = None
        frozen = part.freeze(self.pbx) if part.started else None
        for leg in part.legs:
            main.add(leg)
        main.rings += part.rings
        main.stays += part.stays
        main.absorbed += [part, *part.absorbed]
        for group in [group for group, call in self.calls.items() if call is part]:
            self.calls[group] = main
        if frozen is not None:
            into = main.freeze(self.pbx)
            self.out.append(CallMerged(at=self.at, origin=self.origin, call=frozen, into=into))

    def start(self, call: CallRecord) -> None:
        """Tell that the call exists, once it is more than one phone off the hook."""
        if not call.started and not call.private:
            call.started = True
            self.tell(CallStarted, call)

    def tell(
        self,
        kind: type[AboutCall],
        call: CallRecord,
        *,
        ring: RingRecord | None = None,
        talk: TalkRecord | None = None,
        stay: StayRecord | None = None,
        agent: str | None = None,
        transfer: Transfer | None = None,
    ) -> None:
        """Give an event of ``kind`` with the call as of now and the part of it that the event is about."""
        if call.private:
            return
        if kind is not CallStarted:
            self.start(call)
        if self.ends_only:
            return
        extra: dict[str, object] = {}
        if ring is not None:
            extra = {"agent": ring.ring.agent, "ring": ring.ring}
        elif talk is not None:
            extra = {"agent": talk.talk.agent, "talk": talk.talk}
        elif stay is not None:
            extra = {"stay": stay.stay}
        elif agent is not None:
            extra = {"agent": agent}
        elif transfer is not None:
            extra = {"transfer": transfer}
        self.out.append(kind(at=self.at, origin=self.origin, call=call.freeze(self.pbx), **extra))

    def tell_transfer(self, call: CallRecord) -> None:
        """The last of the call's transfers has happened."""
        self.tell(CallTransferred, call, transfer=call.transfers[-1])

    def tell_agent(
        self, record: AgentRecord, change: AgentChange, queue: str | None = None, reason: str | None = None
    ) -> None:
        if self.ends_only:
            return
        self.out.append(
            AgentChanged(
                at=self.at,
                origin=self.origin,
                agent=self.roster.freeze(record),
                change=change,
                queue=queue,
                reason=reason,
            )
        )

    def agent_moved(self, leg: LegRecord) -> None:
        """The agent at ``leg`` may be in another state now."""
        if leg.role is LegRole.AGENT and leg.number is not None:
            record = self.roster.agent(leg.number)
            if self.roster.settle(record, self.at):
                self.tell_agent(record, AgentChange.STATE)

    def note(self, kind: str, detail: str) -> None:
        oddity = Oddity(kind, detail, self.at, self.origin)
        self.out.append(OddityFound(at=self.at, origin=self.origin, oddity=oddity))

    def unexpected(self, what: str, state: object, signal: Signal) -> None:
        """A missing arrow in one of the tables."""
        self.note(f"{what}-arrow", f"{type(signal).__name__} while {getattr(state, 'value', state)}")


def has_customer(call: CallRecord) -> bool:
    return any(leg.role is LegRole.CUSTOMER for leg in call.legs)


def _remember(ids: OrderedDict[str, None], one: str) -> None:
    ids[one] = None
    if len(ids) > GONE_LEGS:
        ids.popitem(last=False)
