"""A call told from records of a PBX, held against the same call as it was told live."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cti.model import Call


def story(call: Call) -> dict[str, Any]:
    """All of a call that the records of any PBX tell; instants in seconds since it was offered."""

    def since(at: datetime | None) -> float | None:
        return None if at is None else (at - call.offered_at).total_seconds()

    return {
        "caller": (call.caller, call.dialled, call.direction, call.click_to_dial),
        "ends": (call.outcome, call.ended_by, since(call.ended_at), since(call.answered_at), since(call.queued_at)),
        "stays": [(stay.queue, stay.outcome, stay.agent, stay.key) for stay in call.stays],
        "waits": [(since(stay.joined_at), stay.wait_s) for stay in call.stays],
        "rings": sorted((ring.agent, ring.queue or "", ring.result, ring.consult) for ring in call.rings),
        "talks": [(talk.agent, talk.queue, since(talk.started_at), since(talk.ended_at)) for talk in call.talks],
        "transfers": [(one.kind, one.by, one.to, one.slot, since(one.at)) for one in call.transfers],
        "legs": sorted((leg.leg_id, leg.channel, leg.number or "", leg.cause or 0) for leg in call.legs),
    }


def differences(live: dict[str, Any], logged: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """What of two stories is not alike, by name."""
    return [(name, live[name], logged[name]) for name in live if not alike(live[name], logged[name])]


def alike(one: Any, other: Any) -> bool:
    """Equal, instants and durations within a fifth of a second."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) < 0.2
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other)
