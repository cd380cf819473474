"""Who is at the end of a leg: a virtual one only leads to others."""

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
