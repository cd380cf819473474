"""A call told by one log after the other."""

from __future__ import annotations

import msgspec
import pytest

from cti.model import Call, Direction, Party
from kpi.importers.joining import joined, sources_of
from tests.kpi.calls import answered_call, at


def told_by(session: str, **fields: object) -> Call:
    call = answered_call(**fields)
    return msgspec.structs.replace(call, origin=msgspec.structs.replace(call.origin, session=session))


@pytest.mark.parametrize(
    ("old", "new", "wins"),
    [
        ("cdr", "cdr", "new"), ("queue_log", "queue_log+cdr", "new"), ("queue_log+cdr", "cdr", "old"),
        ("cel", "queue_log+cdr", "old"), ("queue_log+cdr", "cel", "new"), ("queue_log+cdr+cel", "queue_log", "old"),
    ],
)  # fmt: skip
def test_who_knows_more_wins(old: str, new: str, wins: str) -> None:
    calls = {"old": told_by(old, talk=10), "new": told_by(new, talk=20)}
    assert joined(calls["old"], calls["new"]) == calls[wins]


def test_waits_of_the_one_and_numbers_of_the_other_are_put_together_either_way() -> None:
    waits = told_by("queue_log", dialled=None, caller=Party("+39"), legs=(), direction=Direction.INBOUND)
    records = told_by("cdr", stays=(), ended_at=at(90), ended_by=None)
    one, other = joined(waits, records), joined(records, waits)
    assert one == other
    assert (one.stays, one.dialled, one.caller, one.legs) == (
        waits.stays, records.dialled, records.caller, records.legs,
    )  # fmt: skip
    assert (one.ended_at, sources_of(one)) == (at(90), {"queue_log", "cdr"})
    assert joined(one, records) == one
