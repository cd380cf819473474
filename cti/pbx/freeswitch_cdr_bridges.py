"""Who was connected with whom, and since when, out of the records of both legs; and the legs that left no record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from cti.pbx.freeswitch_cdr_events import profile_at
from cti.pbx.freeswitch_cdr_legs import CdrLeg, Peer, Profile
from cti.wire.esl import many

_AT_ONCE_US = 500_000
_SAME_US = 2_000_000  # two records of one bridge, each of whole seconds at worst


class Bridged(msgspec.Struct, frozen=True):
    """Two legs connected; the first is the one on whose behalf the other was called, as far as that is told."""

    one: str
    other: str
    began_us: int
    ended_us: int
    exact: bool = True

    @property
    def legs(self) -> frozenset[str]:
        return frozenset((self.one, self.other))

    def partner(self, uuid: str) -> str:
        return self.other if uuid == self.one else self.one


class ImpliedLeg(msgspec.Struct, frozen=True, kw_only=True):
    """A leg without a record of its own, as another one's record implies it: there was a phone, and it answered."""

    began_us: int
    ended_us: int
    kind: str
    uuid: str
    variables: Mapping[str, str]
    profiles: tuple[Profile, ...]
    steps: tuple[()] = ()
    holds: tuple[()] = ()
    exact: bool = False
    offset: int = 0


class _Way(msgspec.Struct, frozen=True, kw_only=True):
    destination: str
    context: str = ""
    number: str = ""
    name: str = ""
    created_us: int = 0
    progress_us: int = 0
    answered_us: int = 0
    bridged_us: int = 0
    transferred_us: int = 0
    peers: tuple[Peer, ...] = ()


def bridges_of(legs: Sequence[CdrLeg]) -> list[Bridged]:
    """All connections, in the order in which they began; told by both records, they are one."""
    found: list[Bridged] = []
    for bridged in sorted(_told(legs), key=lambda one: (one.began_us, not one.exact)):
        same = next((i for i, known in enumerate(found) if _is_same(known, bridged)), None)
        if same is None:
            found.append(bridged)
        else:
            found[same] = _joined(found[same], bridged)
    return sorted(found, key=lambda one: one.began_us)


def _told(legs: Sequence[CdrLeg]) -> Iterator[Bridged]:
    for leg in legs:
        for profile in leg.profiles:
            met = profile.peers[-1].uuid if profile.peers else leg.variables.get("last_bridge_to", "")
            if not profile.bridged_us or not met or met == leg.uuid:
                continue
            after = profile.transferred_us >= profile.bridged_us
            end = profile.transferred_us if profile.transferred_us and after else leg.ended_us
            yield Bridged(leg.uuid, met, profile.bridged_us, max(end, profile.bridged_us), leg.exact)


def _is_same(one: Bridged, other: Bridged) -> bool:
    near = abs(one.began_us - other.began_us) <= _SAME_US
    return one.legs == other.legs and (near or one.began_us <= other.began_us < one.ended_us)


def _joined(one: Bridged, other: Bridged) -> Bridged:
    """Connected while both say so; whole seconds give way to what is known better."""
    sure = [bridged for bridged in (one, other) if bridged.exact] or [one, other]
    return msgspec.structs.replace(
        sure[0], began_us=max(each.began_us for each in sure), ended_us=min(one.ended_us, other.ended_us)
    )


def implied_legs(legs: Sequence[CdrLeg], bridges: Iterable[Bridged]) -> list[CdrLeg]:
    """The legs that were connected and have no record: a PBX may be told to write only the first leg of each call."""
    known = {leg.uuid: leg for leg in legs}
    implied: dict[str, CdrLeg] = {}
    for bridged in bridges:
        for uuid in sorted(bridged.legs - known.keys()):
            source = known.get(bridged.partner(uuid))
            if source is not None and uuid not in implied:
                ends = [one.ended_us for one in bridges if uuid in one.legs]
                implied[uuid] = _implied(uuid, source, bridged, max(ends))
    for source in legs:
        for uuid, cause, number in _tried(source):
            if uuid not in known and uuid not in implied:
                implied[uuid] = _unanswered(uuid, source, cause, number)
    return list(implied.values())


def _tried(leg: CdrLeg) -> Iterator[tuple[str, str, str]]:
    """The phones that were called for a leg and not answered: their ids, how that ended, their numbers."""
    numbers = {one.split(";")[0]: one.split(";")[-1] for one in many(leg.variables.get("originated_legs"))}
    for one in many(leg.variables.get("originate_causes")):
        uuid, _, cause = one.partition(";")
        if cause and cause not in ("NONE", "SUCCESS"):
            yield uuid, cause, numbers.get(uuid, "")


def _unanswered(uuid: str, source: CdrLeg, cause: str, number: str) -> ImpliedLeg:
    steps = [step.at_us for step in source.steps if step.app == "bridge"]
    began_us = steps[-1] if steps else source.profiles[-1].created_us or source.began_us
    variables = {"direction": "outbound", "uuid": uuid, "channel_name": "-", "hangup_cause": cause}
    variables |= {"originating_leg_uuid": source.uuid}
    return ImpliedLeg(
        began_us=began_us,
        ended_us=max(source.ended_us, began_us),
        kind=source.kind,
        uuid=uuid,
        variables=variables,
        profiles=(_Way(destination=number, created_us=began_us),),
        offset=source.offset,
    )


def _handed_over(source: CdrLeg, bridged: Bridged) -> dict[str, str]:
    """Where the phone sent its caller on, if the caller went on elsewhere and not by the dialplan's own doing."""
    profiles = list(source.profiles)
    met = next((i for i, one in enumerate(profiles) if one.transferred_us == bridged.ended_us and one.bridged_us), None)
    if met is None or met + 1 == len(profiles) or profiles[met + 1].destination == profiles[met].destination:
        return {}
    if any(step.app == "transfer" and abs(step.at_us - bridged.ended_us) < _AT_ONCE_US for step in source.steps):
        return {}
    to = {"transfer_to": f"blind:{source.uuid}", "transfer_destination": f"blind:{profiles[met + 1].destination}"}
    return {"transfer_disposition": "recv_replace", **to}


def _implied(uuid: str, source: CdrLeg, bridged: Bridged, ended_us: int) -> ImpliedLeg:
    peers = [peer for profile in source.profiles for peer in profile.peers if peer.uuid == uuid]
    own, variables = source.variables, {"direction": "outbound", "uuid": uuid}
    destination = next((peer.number for peer in peers if peer.number), "")
    if own.get("cc_agent_uuid") == uuid and own.get("cc_agent"):
        variables |= {"cc_side": "agent", "cc_agent": own["cc_agent"], "cc_member_session_uuid": source.uuid}
        variables |= {name: own[name] for name in ("cc_queue", "cc_member_uuid") if name in own}
    else:
        variables["originating_leg_uuid"] = source.uuid
        destination = destination or own.get("dialed_user") or profile_at(source, bridged.began_us).destination
    variables |= _handed_over(source, bridged)
    variables["channel_name"] = next((peer.channel for peer in peers if peer.channel), "-")
    way = _Way(destination=destination, created_us=bridged.began_us, answered_us=bridged.began_us)
    return ImpliedLeg(
        began_us=bridged.began_us,
        ended_us=ended_us,
        kind=source.kind,
        uuid=uuid,
        variables=variables,
        profiles=(way,),
        offset=source.offset,
    )
