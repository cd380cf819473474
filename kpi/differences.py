"""Where the store and the PBX's own logs tell a call differently, and why, as far as that is known. Pure.

What the logs cannot tell is not compared: without CEL no number dialled, no hold, no ring; from queue_log alone only
what happened in queues. Whole seconds differ by a second and a half at most before they are a difference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime

import msgspec

from cti.model import Call, Direction, EndedBy, Stay
from kpi.gaps import Gap
from kpi.importers.kinds import tells_all
from kpi.importers.lines import LoggedCall, QueueLine

EXACT_S = 0.5
WHOLE_S = 1.7

GAP = "it fell into a gap that is not filled"
KILLED = "queue_log writes COMPLETECALLER for a call that the PBX ended itself"
CHARGED_ON = "after a transfer the queue may go on charging the agent who took the call first"
HOLD = "CEL knows a hold only by the music that the other party hears, before Asterisk 22 not at all"
CONSULTATION = "without CEL a consultation cannot be told from a call between two agents"
UNTOLD_TRANSFER = "without CEL a transfer is only guessed at"
UNTOLD_WAIT = "without queue_log a wait is known by the Queue application's life only"
AGREED = "CEL and the events agree; queue_log goes by which channel it finds gone first"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that two tell differently. ``reason`` is None where nobody knows why."""

    call_id: str
    at: datetime
    what: str
    store: str
    logs: str
    reason: str | None = None


def missing_from_store(told: Call, kinds: Collection[str], gaps: Sequence[Gap]) -> Difference:
    """The logs tell a call that the store does not have."""
    reason = None
    if any(_within(told, gap) for gap in gaps if not gap.is_filled):
        reason = GAP
    elif not tells_all(kinds) and told.direction is Direction.INTERNAL:
        reason = CONSULTATION
    return Difference(
        call_id=told.call_id, at=told.offered_at, what="call", store="-", logs=_summary(told), reason=reason
    )


def missing_from_logs(stored: Call, kinds: Collection[str]) -> Difference | None:
    """The store has a call that the logs do not tell; None where they could not."""
    if kinds == ("queue_log",) and not stored.stays:
        return None
    return Difference(call_id=stored.call_id, at=stored.offered_at, what="call", store=_summary(stored), logs="-")


def differences(stored: Call, told: Call, logged: LoggedCall, kinds: Collection[str]) -> Iterator[Difference]:
    """Between the stored call and the one told from the logs, and what queue_log says in so many words."""
    for what, one, other, same, reason in _compared(stored, told, kinds):
        if not same:
            yield Difference(
                call_id=stored.call_id, at=stored.offered_at, what=what, store=one, logs=other, reason=reason
            )
    for line in logged.queue_log:
        difference = _said(stored, line)
        if difference is not None:
            agreed = tells_all(kinds) and told.ended_by == stored.ended_by and difference.what.startswith("end")
            reason = difference.reason or (AGREED if agreed else None)
            yield msgspec.structs.replace(difference, reason=reason)


Compared = tuple[str, str, str, bool, str | None]


def _compared(stored: Call, told: Call, kinds: Collection[str]) -> Iterator[Compared]:
    """What, as stored, as told, whether that is the same, and why it may not be."""
    cel = tells_all(kinds)
    tolerance_s = EXACT_S if cel else WHOLE_S
    moved = bool(stored.transfers or told.transfers)
    guessed = UNTOLD_TRANSFER if moved and not cel else None
    of_queues = guessed if "queue_log" in kinds else UNTOLD_WAIT if stored.queue or told.queue else None
    if cel or not {"cdr", "cdr_csv"}.isdisjoint(kinds):
        yield _same("direction", stored, told, lambda call: call.direction)
        yield _same("caller", stored, told, lambda call: _digits(call.caller.number))
        yield _times("end", stored.ended_at, told.ended_at, tolerance_s)
    if cel:
        yield _same("number dialled", stored, told, lambda call: _digits(call.dialled))
        yield _same("agents rung", stored, told, lambda call: ", ".join(sorted(set(call.agents_rung))))
        yield _same("transfers", stored, told, _transfers, of_queues)
        yield _durations("hold", [stored.hold_s], [told.hold_s], EXACT_S, HOLD)
    if told.ended_by is not None:
        reason = KILLED if stored.ended_by is EndedBy.PBX and not cel else guessed
        yield _same("who ended it", stored, told, lambda call: call.ended_by or "", reason)
    if cel or "queue_log" in kinds:
        yield _same("waits", stored, told, lambda call: ", ".join(map(_stay, call.stays)), of_queues)
        if len(stored.stays) == len(told.stays):
            yield _durations("seconds waited", _waits(stored), _waits(told), tolerance_s)
    if cel or "cdr_csv" in kinds or {"queue_log", "cdr"} <= set(kinds):
        yield _same("outcome", stored, told, lambda call: call.outcome or "", of_queues if cel else None)
        yield _same("answered by", stored, told, lambda call: ", ".join(call.answered_by), guessed)
        yield _durations("seconds talked", _talks(stored), _talks(told), tolerance_s, guessed)
    elif "queue_log" in kinds and told.stays:
        agents = [[stay.agent or "" for stay in call.stays] for call in (stored, told)]
        yield "answered by", ", ".join(agents[0]), ", ".join(agents[1]), agents[0] == agents[1], guessed


def _said(stored: Call, line: QueueLine) -> Difference | None:
    """One line of queue_log against the stored call: what it says of its end and of the talk."""
    if line.event not in ("COMPLETECALLER", "COMPLETEAGENT"):
        return None
    talk_s = int(line.data[1]) if line.data[1].isascii() and line.data[1].isdigit() else None
    own = [talk for talk in stored.talks if talk.queue == line.queue and talk.queue_talk_s == talk_s]
    if talk_s is not None and own and own[0].ended_at is not None:
        connected_s = (own[0].ended_at - own[0].started_at).total_seconds()
        if abs(connected_s - talk_s) > WHOLE_S:
            return _line_differs(stored, line, "talk", f"{connected_s:.1f} s", f"{talk_s} s", stored.transfers)
    said = EndedBy.AGENT if line.event == "COMPLETEAGENT" else EndedBy.CUSTOMER
    if stored.direction is Direction.INBOUND and stored.ended_by not in (None, said):
        return _line_differs(stored, line, "end", str(stored.ended_by), line.event, stored.transfers)
    return None


def _line_differs(stored: Call, line: QueueLine, what: str, one: str, other: str, moved: object) -> Difference:
    reason = CHARGED_ON if moved else None
    if what == "end" and stored.ended_by is EndedBy.PBX and line.event == "COMPLETECALLER":
        reason = KILLED
    return Difference(
        call_id=stored.call_id, at=stored.offered_at, what=f"{what} by queue_log", store=one, logs=other, reason=reason
    )


def _same(
    what: str, stored: Call, told: Call, of: Callable[[Call], object], reason: str | None = None
) -> Compared:
    one, other = str(of(stored)), str(of(told))
    return what, one, other, one == other, reason


def _durations(
    what: str, one: Sequence[float], other: Sequence[float], tolerance_s: float, reason: str | None = None
) -> Compared:
    same = len(one) == len(other) and all(abs(a - b) <= tolerance_s for a, b in zip(one, other, strict=True))
    shown = [" + ".join(f"{seconds:.1f}" for seconds in some) or "-" for some in (one, other)]
    return what, shown[0], shown[1], same, reason


def _times(what: str, one: datetime | None, other: datetime | None, tolerance_s: float) -> Compared:
    known = one is not None and other is not None
    same = abs((one - other).total_seconds()) <= tolerance_s if one is not None and other is not None else not known
    return what, _clock(one), _clock(other), same, None


def _waits(call: Call) -> list[float]:
    return [stay.wait_s or 0.0 for stay in call.stays]


def _talks(call: Call) -> list[float]:
    """Seconds connected, in the order they began, hold included: not every log knows of it."""
    ended = [(talk.started_at, talk.ended_at) for talk in call.talks if talk.ended_at is not None]
    return [(end - begin).total_seconds() for begin, end in sorted(ended)]


def _stay(stay: Stay) -> str:
    return f"{stay.queue} {stay.outcome or 'waiting'}" + (f" by {stay.agent}" if stay.agent else "")


def _transfers(call: Call) -> str:
    return ", ".join(f"{one.kind} by {one.by} to {_digits(one.to) or one.to or '-'}" for one in call.transfers)


def _summary(call: Call) -> str:
    seconds = "" if call.ended_at is None else f", {(call.ended_at - call.offered_at).total_seconds():.0f} s"
    return f"{call.direction} {call.outcome or 'open'}{seconds}" + (f", queue {call.queue}" if call.queue else "")


def _clock(at: datetime | None) -> str:
    return "-" if at is None else f"{at:%H:%M:%S.%f}"[:-5]


def _digits(number: str | None) -> str:
    return re.sub(r"\D", "", number or "").lstrip("0")


def _within(call: Call, gap: Gap) -> bool:
    return (gap.ended_at is None or call.offered_at < gap.ended_at) and (
        call.ended_at is None or call.ended_at > gap.began_at
    )
