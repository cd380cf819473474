"""A call that ran into a gap or out of it: what was seen stays, what happened in the gap is taken from the logs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from cti.model import Call, CallOutcome, Direction, Leg, Ring, Stay, Talk, Transfer
from kpi.gaps import Gap

SNAPSHOT = timedelta(seconds=10)  #: after the return the PBX is asked for its present; what vanished ends then
_SAME = timedelta(seconds=2.5)  # the logs' whole seconds against instants

Part = TypeVar("Part", Stay, Ring, Talk, Transfer)


def completed(seen: Call, told: Call, gap: Gap) -> Call:
    """``seen`` with all that ``told`` knows of the time of the gap. The same again changes nothing."""
    begin, end = gap.began_at, (gap.ended_at or gap.began_at) + SNAPSHOT
    in_gap = seen.ended_at is None or begin <= seen.ended_at <= end

    def spliced(own: Sequence[Part], logged: Sequence[Part], key: Callable[[Part], object]) -> tuple[Part, ...]:
        return tuple(_spliced(own, logged, begin, end, key))

    talks = spliced(seen.talks, told.talks, lambda talk: talk.agent)
    call = msgspec.structs.replace(
        seen,
        stays=spliced(seen.stays, told.stays, lambda stay: stay.queue),
        rings=spliced(seen.rings, told.rings, lambda ring: ring.agent),
        talks=talks,
        transfers=spliced(seen.transfers, told.transfers, lambda transfer: transfer.by),
        legs=_legs(seen.legs, told.legs, begin, end),
        answered_at=_unless_seen(seen.answered_at, told.answered_at, begin, end),
        click_to_dial=seen.click_to_dial or told.click_to_dial,
    )
    if _queued_unseen(seen, told, begin, end):
        call = msgspec.structs.replace(call, queue=told.queue, queued_at=told.queued_at)
    begun_unseen = begin <= seen.offered_at <= end
    if begun_unseen or (seen.direction is Direction.INTERNAL and told.direction is not Direction.INTERNAL):
        call = msgspec.structs.replace(
            call, direction=told.direction, caller=told.caller, dialled=told.dialled or seen.dialled
        )
    if begun_unseen:
        call = msgspec.structs.replace(call, offered_at=told.offered_at)
    if in_gap:
        call = msgspec.structs.replace(
            call, ended_at=told.ended_at, outcome=told.outcome, ended_by=told.ended_by or seen.ended_by
        )
    return msgspec.structs.replace(call, outcome=CallOutcome.ANSWERED) if talks else call


def _spliced(
    own: Sequence[Part], logged: Sequence[Part], begin: datetime, end: datetime, key: Callable[[Part], object]
) -> list[Part]:
    """Those wholly outside the gap as they were seen; those that touch it as they were logged, from where seen."""
    left = [part for part in logged if _touches(part, begin, end)]
    parts: list[Part] = []
    for part in own:
        if not _touches(part, begin, end):
            parts.append(part)
            continue
        match = next((one for one in left if key(one) == key(part) and _together(one, part)), None)
        if match is not None:
            left.remove(match)
            parts.append(_joined(part, match) if _begin(part) < begin else match)
        elif _begin(part) < begin:
            parts.append(part)
    known = {(key(part), _begin(part)) for part in parts}
    parts += [part for part in left if (key(part), _begin(part)) not in known]
    return sorted(parts, key=_begin)


def _joined(part: Part, logged: Part) -> Part:
    """The logged one, with what only the events know."""
    if isinstance(part, Talk) and isinstance(logged, Talk):
        hold_s, holds = max(part.hold_s, logged.hold_s), max(part.holds, logged.holds)
        return msgspec.structs.replace(logged, started_at=part.started_at, hold_s=hold_s, holds=holds)
    if isinstance(part, Stay) and isinstance(logged, Stay):
        return msgspec.structs.replace(logged, joined_at=part.joined_at, position=part.position or logged.position)
    if isinstance(part, Ring) and isinstance(logged, Ring):
        return msgspec.structs.replace(logged, started_at=part.started_at)
    return part


def _legs(own: Sequence[Leg], logged: Sequence[Leg], begin: datetime, end: datetime) -> tuple[Leg, ...]:
    by_id = {leg.leg_id: leg for leg in logged}
    legs: list[Leg] = []
    for leg in own:
        known = by_id.pop(leg.leg_id, None)
        if known is not None:
            rang_at = _unless_seen(leg.rang_at, known.rang_at, begin, end)
            answered_at = _unless_seen(leg.answered_at, known.answered_at, begin, end)
            leg = msgspec.structs.replace(leg, rang_at=rang_at, answered_at=answered_at)
        if known is not None and (leg.ended_at is None or begin <= leg.ended_at <= end):
            leg = msgspec.structs.replace(leg, ended_at=known.ended_at, cause=known.cause, hung_up=known.hung_up)
        legs.append(leg)
    return (*legs, *(leg for leg in by_id.values() if begin <= leg.started_at <= end))


def _touches(part: Stay | Ring | Talk | Transfer, begin: datetime, end: datetime) -> bool:
    stop = _end(part)
    return _begin(part) < end and (stop is None or stop > begin)


def _begin(part: Stay | Ring | Talk | Transfer) -> datetime:
    if isinstance(part, Transfer):
        return part.at
    return part.joined_at if isinstance(part, Stay) else part.started_at


def _end(part: Stay | Ring | Talk | Transfer) -> datetime | None:
    if isinstance(part, Transfer):
        return part.at
    return part.left_at if isinstance(part, Stay) else part.ended_at


def _together(one: Stay | Ring | Talk | Transfer, other: Stay | Ring | Talk | Transfer) -> bool:
    """Whether they may be the same: the one began before the other was over."""
    one_end, other_end = _end(one), _end(other)
    return (other_end is None or _begin(one) < other_end + _SAME) and (
        one_end is None or _begin(other) < one_end + _SAME
    )


def _queued_unseen(seen: Call, told: Call, begin: datetime, end: datetime) -> bool:
    """Whether the first queue was joined in the gap, or was none: what was seen then may be a later one."""
    if told.queued_at is None:
        seen_after = seen.queued_at is not None and begin <= seen.queued_at <= end
        return seen_after and bool(told.stays and told.talks)  # somebody had answered before he came to a queue
    if not begin - _SAME <= told.queued_at <= end:
        return False
    return seen.queued_at is None or begin <= seen.queued_at <= end or told.queued_at + _SAME < seen.queued_at


def _unless_seen(seen: datetime | None, told: datetime | None, begin: datetime, end: datetime) -> datetime | None:
    """The instant as it was seen; as it was logged, where that was in the gap or known from the snapshot only."""
    if seen is not None and not begin <= seen <= end:
        return seen
    return told if told is not None and begin - _SAME <= told <= end else seen
