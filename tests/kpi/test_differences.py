"""Where two tell a call differently."""

from __future__ import annotations

import msgspec
import pytest

from cti.model import Call, Direction, EndedBy, Transfer, TransferKind
from kpi.differences import (
    AGREED,
    CHARGED_ON,
    CONSULTATION,
    GAP,
    HOLD,
    KILLED,
    differences,
    missing_from_logs,
    missing_from_store,
)
from kpi.gaps import Gap
from kpi.importers.lines import LoggedCall, QueueLine
from tests.kpi.calls import answered_call, at

ALL = ("queue_log", "cdr", "cel")
NOTHING = LoggedCall()


def complete(event: str, talk_s: int) -> LoggedCall:
    line = QueueLine(
        at=at(67), callid="1", queue="sales", agent="Anna", event=event, data=("7", str(talk_s), "1", "", "")
    )
    return LoggedCall(queue_log=(line,))


def reasons(
    stored: Call, told: Call, logged: LoggedCall = NOTHING, kinds: tuple[str, ...] = ALL
) -> dict[str, str | None]:
    return {one.what: one.reason for one in differences(stored, told, logged, kinds)}


@pytest.mark.parametrize("kinds", [ALL, ("queue_log", "cdr"), ("queue_log",), ("cdr",), ("cel",)])
def test_equal_calls_do_not_differ(kinds: tuple[str, ...]) -> None:
    assert reasons(answered_call(), answered_call(), complete("COMPLETECALLER", 60), kinds) == {}


def test_a_second_is_a_difference_with_cel_and_none_without() -> None:
    stored, told = answered_call(talk=60), answered_call(talk=61)
    assert set(reasons(stored, told)) == {"end", "seconds talked"}
    assert reasons(stored, told, kinds=("queue_log", "cdr")) == {}


def test_a_hold_that_cel_does_not_know_is_explained() -> None:
    stored = answered_call()
    held = msgspec.structs.replace(stored, talks=(msgspec.structs.replace(stored.talks[0], hold_s=9.0, holds=1),))
    assert reasons(held, stored) == {"hold": HOLD}


def test_queue_log_is_contradicted_with_the_reason() -> None:
    stored = answered_call(ended_by=EndedBy.PBX)
    assert reasons(stored, stored, complete("COMPLETECALLER", 60)) == {"end by queue_log": KILLED}
    agent = answered_call(ended_by=EndedBy.AGENT)
    assert reasons(agent, agent, complete("COMPLETECALLER", 60)) == {"end by queue_log": AGREED}
    assert reasons(agent, answered_call(ended_by=EndedBy.CUSTOMER), complete("COMPLETECALLER", 60)) == {
        "who ended it": None,
        "end by queue_log": None,
    }


def test_the_queues_talk_time_is_explained_by_a_transfer_only() -> None:
    stored = answered_call(talk=20)
    stored = msgspec.structs.replace(stored, talks=(msgspec.structs.replace(stored.talks[0], queue_talk_s=60),))
    assert reasons(stored, stored, complete("COMPLETECALLER", 60)) == {"talk by queue_log": None}
    transfer = Transfer(kind=TransferKind.BLIND, by="101", to="102", at=at(20))
    moved = msgspec.structs.replace(stored, transfers=(transfer,))
    assert reasons(moved, moved, complete("COMPLETECALLER", 60)) == {"talk by queue_log": CHARGED_ON}


def test_a_call_that_is_missing_is_explained_by_a_gap_or_as_a_consultation() -> None:
    call, internal = answered_call(), answered_call(direction=Direction.INTERNAL)
    gap = Gap(pbx="milan", began_at=at(-5), ended_at=at(5), cause="cut")
    filled = msgspec.structs.replace(gap, filled_at=at(9))
    assert missing_from_store(call, ALL, [gap]).reason == GAP
    assert missing_from_store(call, ALL, [filled]).reason is None
    assert missing_from_store(internal, ("queue_log", "cdr"), []).reason == CONSULTATION
    assert missing_from_store(internal, ALL, []).reason is None


def test_queue_log_is_not_asked_for_calls_in_no_queue() -> None:
    direct = answered_call(stays=(), queue=None)
    assert missing_from_logs(direct, ("queue_log",)) is None
    assert missing_from_logs(direct, ALL) is not None
