"""Which records of single legs tell one call: a record is written when its leg ends, in any order of the legs.

They are tied by FreeSWITCH's own ids: the caller whom a queue called an agent for, the leg on whose behalf another was
made, whom a leg was connected with or sent to. A phone that makes a second call while its first goes on asks somebody,
maybe for its customer: both are told together. Only legs of calls that are not over are held in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from kpi.importers.freeswitch_record import history, many
from kpi.importers.gathering import OPEN_AT_MOST, Gathering
from kpi.importers.kinds import LEG_KINDS
from kpi.importers.lines import CdrLeg, Line, LoggedCall

LINGER = timedelta(seconds=10)  #: after the last leg's end: their records are written by threads of their own
LINGER_OF_PHONES = timedelta(minutes=30)  #: a call between phones may have been made for a customer who still waits
_BEGUN_BY = ("cc_member_session_uuid", "originating_leg_uuid", "originator", "fifo_bridge_uuid")
_TIED_BY = ("last_bridge_to", "bridge_uuid", "bleg_uuid", "signal_bond", "other_loopback_leg_uuid")
_SENT = ("transfer_to",)
_CONNECTED = ("uuid_br", "uuid_transfer")
_SECOND = timedelta(seconds=1)


class _Group:
    """One call in the making. ``names`` are the legs that it knows of, ``awaited`` those that began others of it."""

    __slots__ = ("awaited", "begins_us", "ended_at", "has_customer", "legs", "names", "written")

    def __init__(self) -> None:
        self.legs: list[CdrLeg] = []
        self.names: set[str] = set()
        self.awaited: set[str] = set()
        self.written: set[str] = set()
        self.has_customer = False
        self.begins_us = 0
        self.ended_at = datetime.min.replace(tzinfo=UTC)

    def add(self, leg: CdrLeg) -> None:
        """One more leg; of two records of one leg the exact one counts."""
        if leg.uuid in self.written:
            known = next(one for one in self.legs if one.uuid == leg.uuid)
            if known.exact or not leg.exact:
                return
            self.legs.remove(known)
        self.begins_us = min(self.begins_us, leg.began_us) if self.legs else leg.began_us
        self.ended_at = max(self.ended_at, leg.noted_at) if self.legs else leg.noted_at
        self.legs.append(leg)
        self.written.add(leg.uuid)
        self.awaited |= {leg.variables[name] for name in _BEGUN_BY if name in leg.variables}
        self.has_customer = self.has_customer or (not user_of(leg) and not is_sideless(leg))

    def swallow(self, other: _Group) -> None:
        for leg in other.legs:
            self.add(leg)
        self.names |= other.names

    @property
    def ended(self) -> bool:
        return self.awaited <= self.written

    def over(self, now: datetime) -> bool:
        if not self.ended:
            return now - self.ended_at > OPEN_AT_MOST
        return now - self.ended_at > (LINGER if self.has_customer else LINGER_OF_PHONES)

    def logged(self) -> LoggedCall:
        return LoggedCall(legs=tuple(with_sides(self.legs)))


class LegGathering:
    """Takes legs with ``take`` and gives calls with ``over``: what ``Gathering`` is for Asterisk's logs."""

    def __init__(self) -> None:
        self._groups: dict[int, _Group] = {}
        self._by_id: dict[str, _Group] = {}
        self._by_party: dict[str, list[_Group]] = {}
        self._checked_at: datetime | None = None
        self.now: datetime | None = None

    def __len__(self) -> int:
        return len(self._groups)

    @staticmethod
    def is_about_member(line: Line) -> bool:  # noqa: ARG004  what Asterisk's queue_log has and CDRs have not
        """A CDR never is."""
        return False

    def take(self, line: Line) -> None:
        """One more leg, not ended earlier than the last but for some seconds; one written twice counts once."""
        if not isinstance(line, CdrLeg):
            return
        group = self._tied(ties_of(line))
        group.add(line)
        self._join_same_party(group, line)
        self.now = line.noted_at if self.now is None else max(self.now, line.noted_at)

    def over(self) -> Iterator[LoggedCall]:
        """The calls that are over by now, in the order of their beginnings; looked for once a second of their time."""
        if self.now is None or (self._checked_at is not None and self.now - self._checked_at < _SECOND):
            return
        self._checked_at = now = self.now
        yield from self._release([group for group in self._groups.values() if group.over(now)])

    def finished(self) -> Iterator[LoggedCall]:
        """Of what is left, the calls that have ended."""
        yield from self._release([group for group in self._groups.values() if group.ended])

    def rest(self) -> Iterator[LoggedCall]:
        """All that is left, over or not."""
        yield from self._release(list(self._groups.values()))

    def oldest(self) -> dict[str, int]:
        """The first record still needed of each kind, by its offset."""
        first: dict[str, int] = {}
        for group in self._groups.values():
            for leg in group.legs:
                first[leg.kind] = min(first.get(leg.kind, leg.offset), leg.offset)
        return first

    def _tied(self, ids: list[str]) -> _Group:
        """The group that all these legs are of; new if none is known."""
        known = list({id(group): group for one in ids if (group := self._by_id.get(one)) is not None}.values())
        group = known[0] if known else _Group()
        self._groups[id(group)] = group
        for other in known[1:]:
            self._swallow(group, other)
        for one in ids:
            self._by_id[one] = group
        group.names |= set(ids)
        return group

    def _swallow(self, group: _Group, other: _Group) -> None:
        group.swallow(other)
        del self._groups[id(other)]
        for one in other.names:
            self._by_id[one] = group

    def _join_same_party(self, group: _Group, leg: CdrLeg) -> None:
        """What else this phone did meanwhile; what else was done for this caller, where the records have no ties."""
        for party in parties_of(leg):
            for other in self._there(party):
                if other is not group and any(_belong_together(party, one, leg) for one in other.legs):
                    self._swallow(group, other)
        for party in {party for one in group.legs for party in parties_of(one)}:
            self._by_party[party] = [*(other for other in self._there(party) if other is not group), group]

    def _there(self, party: str) -> list[_Group]:
        return [other for other in self._by_party.get(party, ()) if self._groups.get(id(other)) is other]

    def _release(self, groups: list[_Group]) -> Iterator[LoggedCall]:
        for group in sorted(groups, key=lambda group: group.begins_us):
            del self._groups[id(group)]
            for one in group.names:
                if self._by_id.get(one) is group:
                    del self._by_id[one]
            if group.legs:
                yield group.logged()


def gathering_for(kinds: Iterable[str], is_phone: Callable[[str], bool]) -> Gathering | LegGathering:
    """What gathers the lines of these kinds of logs."""
    return Gathering(is_phone) if set(kinds).isdisjoint(LEG_KINDS) else LegGathering()


def ties_of(leg: CdrLeg) -> list[str]:
    """The ids of all legs that this one has to do with, its own first."""
    variables = leg.variables
    ids = [leg.uuid, *(variables[name] for name in (*_BEGUN_BY, *_TIED_BY) if name in variables)]
    ids += [variables[name].partition(":")[2] for name in _SENT if name in variables]
    ids += [where.partition("/")[0] for _, way, where in history(variables) if way in _CONNECTED]
    ids += [peer.uuid for profile in leg.profiles for peer in profile.peers]
    return [one for one in dict.fromkeys(ids) if one]


def is_whole(legs: Iterable[CdrLeg]) -> bool:
    """Whether no leg is missing that began another one of these."""
    legs = list(legs)
    written = {leg.uuid for leg in legs}
    return all(leg.variables[name] in written for leg in legs for name in _BEGUN_BY if name in leg.variables)


def user_of(leg: CdrLeg) -> str:
    """The user of the directory whose phone this leg is; ``""`` for the public's."""
    names = ("user_name", "sip_auth_username") if leg.variables.get("direction") != "outbound" else ("dialed_user",)
    return next((many(leg.variables[name])[0] for name in names if name in leg.variables), "")


def parties_of(leg: CdrLeg) -> list[str]:
    """Who is at this leg, by names under which his other legs are found: his phone, and in poor records his number."""
    user, caller = user_of(leg), leg.profiles[0].number
    return [*([f"phone {user}"] if user else []), *([f"caller {caller}"] if caller and not leg.exact else [])]


def is_sideless(leg: CdrLeg) -> bool:
    """Whether the record does not tell whose leg it is: mod_cdr_csv's usual templates have no column for that."""
    variables = leg.variables
    if "direction" not in variables:
        return True
    return variables.get("cc_side") == "agent" and "cc_member_session_uuid" not in variables


def with_sides(legs: Sequence[CdrLeg]) -> list[CdrLeg]:
    """The same legs; one whose side is not told, with a caller's number and within the caller's time, was called."""
    return [_called_for(leg, legs) if is_sideless(leg) else leg for leg in legs]


def _called_for(leg: CdrLeg, legs: Sequence[CdrLeg]) -> CdrLeg:
    around = [
        one
        for one in legs
        if one.uuid != leg.uuid and one.profiles[0].number == leg.profiles[0].number and _is_around(one, leg)
    ]
    if not around:
        return leg
    caller = min(around, key=lambda one: one.began_us)
    name = "cc_member_session_uuid" if leg.variables.get("cc_side") == "agent" else "originating_leg_uuid"
    return replace(leg, variables={**leg.variables, "direction": "outbound", name: caller.uuid})


def _is_around(caller: CdrLeg, leg: CdrLeg) -> bool:
    """Whether the first lived all the time that the second did, and is not called by it: whole seconds tell no more."""
    if caller.variables.get("cc_side") == "agent" or caller.variables.get("direction") == "outbound":
        return False
    longer = caller.ended_us - caller.began_us > leg.ended_us - leg.began_us
    bonded = caller.variables.get("bleg_uuid") == leg.uuid
    within = caller.began_us <= leg.began_us and leg.ended_us <= caller.ended_us
    return within and (longer or bonded or leg.variables.get("cc_side") == "agent")


def _belong_together(party: str, one: CdrLeg, other: CdrLeg) -> bool:
    if party not in parties_of(one) or not _overlap(one, other):
        return False
    return party.startswith("phone ") or is_sideless(one) or is_sideless(other)


def _overlap(one: CdrLeg, other: CdrLeg) -> bool:
    return one.began_us <= other.ended_us and other.began_us <= one.ended_us
