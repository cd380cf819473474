"""What a call adds to the tallies, item by item.

**Where an item counts.** Each item counts once, in the quarter in which it *began*, in UTC:

=========  =====================================  ==========================================
item       row (no agent or no queue is ``''``)   quarter of
=========  =====================================  ==========================================
call       first queue, no agent                  ``offered_at``
stay       its queue, no agent                    ``joined_at``
ring       its queue, its agent                   ``started_at``
talk       its queue, its agent                   ``started_at``
transfer   that of the talk it was made in        that of the talk it was made in
wrap-up    that of the talk it follows            that of the talk it follows
=========  =====================================  ==========================================

So a stay's entry, outcome and wait are in one row and no rate of a quarter can pass 100 %; a talk that runs over an
interval's border counts whole where it began (Twilio's rule; Genesys counts it where the wrap-up ended). Rows hold
disjoint facts, so the plain sum over all rows of a queue is that queue, and over all rows it is the site. A quarter
fits every time zone: all have offsets in whole quarters of an hour. What begins in an interval belongs to it however
long it lasts, so midnight and clock changes need no rule of their own. A caller whom a queue refused has no stay: he
counts in the outcomes of calls, under that queue. A phone rung only by a colleague with a question is not counted.

**By the number dialled.** Rows of the span ``did`` hold the same once more for inbound calls, by the public number that
the caller dialled (``did``), agents summed up.

An item is a dictionary of the few fields of a Tally that it has: added up as they are, some thousand a second cost a
fifth of what as many tallies would.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from cti.model import Call, Direction, Ring, Stay, StayOutcome, Talk, Transfer, TransferKind
from kpi.columns import cut_text
from kpi.schema import NUMBER_CHARS, TallySpan
from kpi.tally import Tally, TallyKey, quarter_of, second_of

Item = dict[str, Any]
_MILLISECOND = timedelta(milliseconds=1)
_ZERO = timedelta()


def tallies_of(*calls: Call) -> dict[TallyKey, Tally]:
    """What these calls add, by row. A part that has no end yet counts as begun, without time or outcome.

    Raises NaiveInstantError.
    """
    sums: dict[TallyKey, Item] = {}
    for key, item in chain.from_iterable(map(_items_of, calls)):
        if (so_far := sums.get(key)) is None:
            sums[key] = item
        else:
            _add(so_far, item)
    return {key: Tally(**{name: _in_order(value) for name, value in fields.items()}) for key, fields in sums.items()}


def did_items(call: Call, items: Iterable[tuple[TallyKey, Tally]]) -> list[tuple[TallyKey, Tally]]:
    """The same as ``items``, which are the call's, by the number that an inbound caller dialled."""
    did = did_of(call)
    return [(key._replace(span=TallySpan.DID, agent="", did=did), tally) for key, tally in items] if did else []


def did_of(call: Call) -> str:
    """The public number that an inbound caller dialled; ``''`` where there is none, and of other calls."""
    return cut_text(call.dialled, NUMBER_CHARS) if call.dialled and call.direction is Direction.INBOUND else ""


def _items_of(call: Call) -> list[tuple[TallyKey, Item]]:
    return [*_of_call(call), *_of_stays(call), *_of_rings(call), *_of_talks(call), *_of_transfers(call)]


def _add(sums: Item, item: Item) -> None:
    for name, value in item.items():
        before = sums.get(name)
        if before is None:
            sums[name] = value
        elif value.__class__ is dict:
            for what, count in value.items():
                before[what] = before.get(what, 0) + count
        else:
            sums[name] = before + value


def _in_order(value: Any) -> Any:
    """A mapping in its keys' order, so that equal sums are also equal bytes; all counts are positive."""
    return dict(sorted(value.items())) if value.__class__ is dict and len(value) > 1 else value


def _key(call: Call, at: datetime, queue: str | None, agent: str = "") -> TallyKey:
    return TallyKey(TallySpan.QUARTER, quarter_of(at), call.pbx, queue or "", agent, call.direction)


def _of_call(call: Call) -> Iterator[tuple[TallyKey, Item]]:
    outcomes = {} if call.outcome is None else {"calls": {call.outcome: 1}}
    yield _key(call, call.offered_at, call.queue), {"started": 1, **outcomes}


def _of_stays(call: Call) -> Iterator[tuple[TallyKey, Item]]:
    for stay in call.stays:
        yield _key(call, stay.joined_at, stay.queue), _of_stay(stay)


def _of_stay(stay: Stay) -> Item:
    if stay.outcome is None:
        return {"entered": 1}
    wait = _span(stay.joined_at, stay.left_at)
    wait_ms, waits = _WAITS.get(stay.outcome, ("other_wait_ms", "other_waits"))
    return {"entered": 1, "stays": {stay.outcome: 1}, wait_ms: wait // _MILLISECOND, waits: {second_of(wait): 1}}


def _of_rings(call: Call) -> Iterator[tuple[TallyKey, Item]]:
    for ring in call.rings:
        if not ring.consult:
            yield _key(call, ring.started_at, ring.queue, ring.agent), _of_ring(ring)


def _of_ring(ring: Ring) -> Item:
    if ring.ended_at is None:
        return {"rung": 1, "rings": {ring.result: 1}}
    rang = _span(ring.started_at, ring.ended_at)
    times = {"ring_ms": rang // _MILLISECOND, "ring_times": {second_of(rang): 1}}
    return {"rung": 1, "rings": {ring.result: 1}, **times}


def _of_talks(call: Call) -> Iterator[tuple[TallyKey, Item]]:
    for talk in call.talks:
        yield _talk_key(call, talk), _of_talk(talk)


def _talk_key(call: Call, talk: Talk) -> TallyKey:
    return _key(call, talk.started_at, talk.queue, talk.agent)


def _of_talk(talk: Talk) -> Item:
    held = talk.holds > 0 or talk.hold_s > 0
    item: Item = {"talks": 1, "held": 1} if held else {"talks": 1}
    if talk.ended_at is None:
        return item
    hold = timedelta(seconds=talk.hold_s)
    connected = _span(talk.started_at, talk.ended_at)
    spoken = max(_ZERO, connected - hold)
    item["talk_ms"], item["talk_times"] = spoken // _MILLISECOND, {second_of(spoken): 1}
    item["handle_times"] = {second_of(connected): 1}
    if held:
        item["hold_ms"], item["hold_times"] = hold // _MILLISECOND, {second_of(hold): 1}
    return item


def _of_transfers(call: Call) -> Iterator[tuple[TallyKey, Item]]:
    handed_on: set[Talk] = set()
    for transfer in call.transfers:
        talk = _talk_of(call, transfer)
        is_last = talk is not None and transfer.kind is not TransferKind.PARK and talk not in handed_on
        if talk is not None and is_last:
            handed_on.add(talk)
        key = _key(call, transfer.at, None, transfer.by) if talk is None else _talk_key(call, talk)
        yield key, {"transfers": {transfer.kind: 1}, "handed_on": int(is_last)}


def _talk_of(call: Call, transfer: Transfer) -> Talk | None:
    """The conversation in which it was made: the last that this agent had begun by then."""
    begun = (talk for talk in call.talks if talk.agent == transfer.by and talk.started_at <= transfer.at)
    return max(begun, key=lambda talk: talk.started_at, default=None)


def _span(start: datetime, end: datetime | None) -> timedelta:
    """Never negative: a PBX host's clock may be set back in mid-call."""
    return _ZERO if end is None or end < start else end - start


_WAITS = {
    StayOutcome.ANSWERED: ("answered_wait_ms", "answered_waits"),
    StayOutcome.ABANDONED: ("abandoned_wait_ms", "abandoned_waits"),
}
