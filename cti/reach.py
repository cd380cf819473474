"""Who is at the end of a leg: a virtual one only leads to others, an outside one may be an agent's."""

from __future__ import annotations

from cti.model import LegRole
from cti.records import LegRecord


def phones_behind(leg: LegRecord) -> list[LegRecord]:
    """The phones that a leg leads to: itself, or those that the PBX dialled from the other end of a virtual pair."""
    if leg.role is not LegRole.VIRTUAL:
        return [leg]
    if leg.twin is None:
        return []
    return [phone for other in leg.call.legs if other.dialled_by is leg.twin for phone in phones_behind(other)]


def phones_once_behind(leg: LegRecord) -> list[LegRecord]:
    """The same, also when a pair on the way has gone in the meantime."""
    if leg.role is not LegRole.VIRTUAL:
        return [leg]
    if leg.pair is None:
        return []
    return [phone for other in leg.call.legs if other.dialled_by is leg.pair for phone in phones_once_behind(other)]


def member_rung_at(leg: LegRecord) -> str | None:
    """The queue member for whom the PBX calls this phone, through whatever pairs; None when no queue does."""
    here: LegRecord | None = leg
    while here is not None and here.member is None:
        caller = here.dialled_by
        here = caller.twin if caller is not None and caller.role is LegRole.VIRTUAL else None
    return None if here is None else here.member
