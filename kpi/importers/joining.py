"""A call told twice from a PBX's logs, by different sources one after the other: what each knows of it, in one."""

from __future__ import annotations

import msgspec

from cti.model import Call, Origin
from kpi.importers.kinds import ALL_KINDS, tells_all

BETWEEN = "+"


def sources_of(call: Call) -> frozenset[str]:
    """Which logs told it.

    >>> from datetime import UTC, datetime
    >>> from cti.model import Direction, Party
    >>> origin = Origin("milan", "queue_log+cdr", 0, "cdr")
    >>> call = Call(pbx="milan", call_id="1", direction=Direction.INBOUND, caller=Party(), dialled=None,
    ...             offered_at=datetime(2026, 1, 1, tzinfo=UTC), origin=origin)
    >>> sorted(sources_of(call))
    ['cdr', 'queue_log']
    """
    return frozenset(call.origin.session.split(BETWEEN))


def joined(old: Call, new: Call) -> Call:
    """``new`` takes the place of ``old`` if as many logs told as much of it; else the two are put together.

    CEL tells most and is left as it is. Of the two others queue_log knows the waits and the answers, a CDR the numbers,
    the way and the end.
    """
    before, after = sources_of(old), sources_of(new)
    if before <= after:
        return old if before == after and _parts(new) < _parts(old) else new
    if after < before or tells_all(before):
        return old
    if tells_all(after):
        return new
    waits, records = (old, new) if "queue_log" in before else (new, old)
    return msgspec.structs.replace(
        waits,
        direction=records.direction,
        caller=records.caller,
        dialled=records.dialled,
        offered_at=min(old.offered_at, new.offered_at),
        ended_at=max((call.ended_at for call in (old, new) if call.ended_at is not None), default=None),
        ended_by=waits.ended_by or records.ended_by,
        legs=records.legs,
        rings=waits.rings or records.rings,
        talks=waits.talks or records.talks,
        transfers=records.transfers or waits.transfers,
        origin=_origin(waits.origin, before | after),
    )


def _parts(call: Call) -> int:
    return sum(map(len, (call.stays, call.rings, call.talks, call.transfers, call.legs)))


def _origin(origin: Origin, sources: frozenset[str]) -> Origin:
    in_order = [name for name in ALL_KINDS if name in sources]
    return msgspec.structs.replace(origin, session=BETWEEN.join(in_order))
