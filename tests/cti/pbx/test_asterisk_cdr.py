"""Call detail records and queue_log where there is no CEL."""

from __future__ import annotations

import msgspec
import pytest

from cti.model import Call, CallOutcome, Direction, EndedBy, RingResult, StayOutcome, TransferKind
from cti.pbx.asterisk_logs import AsteriskLogs
from kpi.importers.lines import CdrRow, QueueLine
from tests.cti.pbx.written import AGENT, CALLER, IDS, at, cdr, line, logged

QUEUE = {"app": "Queue", "app_data": "sales,,,,60"}
NAMES = {"Anna Rossi": "101", "Bruno Esposito": "102"}
OTHER = "PJSIP/102-0000000e"


def told(*lines: QueueLine | CdrRow) -> Call:
    [call] = AsteriskLogs("milan", ["trunk"], NAMES).tell(logged(*lines))
    return call


LINES = [
    line(1, "ENTERQUEUE", "", "+390255501", "1"),
    line(8, "RINGNOANSWER", "6000", agent="Anna Rossi"),
    line(12, "CONNECT", "11", "1.9", "3", agent="Bruno Esposito"),
    line(42, "COMPLETEAGENT", "11", "30", "1", agent="Bruno Esposito"),
]


def test_queue_log_alone_tells_wait_rings_and_talk() -> None:
    call = told(*LINES)
    assert (call.call_id, call.direction, call.caller.number) == (IDS[CALLER], Direction.INBOUND, "+390255501")
    assert (call.outcome, call.queue, call.answered_at, call.ended_by) == (
        CallOutcome.ANSWERED, "sales", at(12), EndedBy.AGENT,
    )  # fmt: skip
    [stay] = call.stays
    assert (stay.wait_s, stay.agent, stay.position) == (11, "102", 1)
    assert [(ring.agent, ring.result, ring.ring_s) for ring in call.rings] == [
        ("101", RingResult.MISSED, 6),
        ("102", RingResult.ANSWERED, 3),
    ]
    assert [(talk.agent, talk.talk_s, talk.queue, talk.queue_talk_s) for talk in call.talks] == [
        ("102", 30, "sales", 30)
    ]
    assert call.dialled is None


def test_the_callers_channel_began_when_its_id_says() -> None:
    assert told(*LINES).offered_at == at(0)
    foreign = [msgspec.structs.replace(one, callid="abc") for one in LINES]
    assert told(*foreign).offered_at == at(1)


@pytest.mark.parametrize(
    ("leaving", "outcome", "ended_by"),
    [
        (line(20, "ABANDON", "1", "1", "19"), StayOutcome.ABANDONED, EndedBy.CUSTOMER),
        (line(20, "EXITWITHTIMEOUT", "1", "1", "19"), StayOutcome.TIMEOUT, None),
        (line(20, "EXITWITHKEY", "1", "1", "1", "2"), StayOutcome.EXIT_KEY, None),
        (line(20, "EXITEMPTY", "1", "1", "19"), StayOutcome.EXIT_EMPTY, None),
    ],
)
def test_queue_log_alone_tells_how_a_wait_ended(
    leaving: QueueLine, outcome: StayOutcome, ended_by: EndedBy | None
) -> None:
    call = told(LINES[0], leaving)
    assert (call.stays[0].outcome, call.stays[0].wait_s, call.ended_by) == (outcome, 19, ended_by)


def test_overflow_into_another_queue_is_one_call_with_two_waits() -> None:
    call = told(
        LINES[0],
        line(20, "EXITWITHTIMEOUT", "1", "1", "19"),
        line(21, "ENTERQUEUE", "", "+390255501", "1", queue="support"),
        line(30, "ABANDON", "1", "1", "9", queue="support"),
    )
    assert [(stay.queue, stay.outcome) for stay in call.stays] == [
        ("sales", StayOutcome.TIMEOUT),
        ("support", StayOutcome.ABANDONED),
    ]
    assert (call.queue, call.outcome) == ("sales", CallOutcome.ABANDONED)


def test_an_agent_who_calls_a_queue_makes_an_internal_call() -> None:
    lines = [line(1, "ENTERQUEUE", "", "105", "1"), *LINES[2:]]
    assert told(*lines).direction is Direction.INTERNAL


def test_records_add_the_number_dialled_the_end_and_who_rang_for_nothing() -> None:
    call = told(
        cdr(0, 12, CALLER, AGENT, **QUEUE, did="+390221000100"),
        cdr(2, 12, CALLER, "PJSIP/103-0000000f", **QUEUE),
        cdr(9, 42, CALLER, OTHER, 9, **QUEUE),
        LINES[0],
        *LINES[2:],
    )
    assert (call.dialled, call.ended_at, call.answered_at) == ("+390221000100", at(42), at(12))
    assert {(ring.agent, ring.result) for ring in call.rings} == {
        ("101", RingResult.ELSEWHERE),
        ("103", RingResult.ELSEWHERE),
        ("102", RingResult.ANSWERED),
    }


def test_records_alone_tell_a_direct_call() -> None:
    call = told(cdr(0, 30, CALLER, AGENT, 4, dialled="+390221000101", app_data="PJSIP/101,20"))
    assert (call.outcome, call.dialled, call.answered_at, call.ended_by) == (
        CallOutcome.ANSWERED, "+390221000101", at(4), None,
    )  # fmt: skip
    assert [(talk.agent, talk.talk_s) for talk in call.talks] == [("101", 26)]


def test_records_alone_tell_an_outgoing_call_by_what_the_trunk_got() -> None:
    trunk = "PJSIP/trunk-000000aa"
    call = told(cdr(0, 30, AGENT, trunk, 4, dialled="9333123", app_data="PJSIP/333123@trunk,20", number="101"))
    assert (call.direction, call.dialled, call.answered_by) == (Direction.OUTBOUND, "333123", ("101",))


@pytest.mark.parametrize(
    ("rows", "outcome", "ended_by"),
    [
        ([cdr(0, 8, CALLER, AGENT)], CallOutcome.ABANDONED, EndedBy.CUSTOMER),
        (
            [cdr(0, 8, CALLER, AGENT), cdr(8, 8, CALLER, app="Hangup", app_data="19")],
            CallOutcome.NO_ANSWER,
            EndedBy.PBX,
        ),
        (
            [cdr(0, 0, CALLER, AGENT, disposition="BUSY"), cdr(0, 0, CALLER, app="Busy", disposition="BUSY")],
            CallOutcome.BUSY, EndedBy.PBX,
        ),
        ([cdr(0, 9, CALLER, answer=0, app="BackGround")], CallOutcome.IVR_HANGUP, EndedBy.CUSTOMER),
        ([cdr(0, 0, CALLER, answer=0, app="Hangup", app_data="17")], CallOutcome.REFUSED, EndedBy.PBX),
    ],
)  # fmt: skip
def test_records_alone_tell_how_an_unanswered_call_ended(
    rows: list[CdrRow], outcome: CallOutcome, ended_by: EndedBy | None
) -> None:
    call = told(*rows)
    assert (call.outcome, call.ended_by) == (outcome, ended_by)


def test_records_alone_take_the_ring_in_a_queue_for_talk() -> None:
    call = told(cdr(0, 6, CALLER, AGENT, **QUEUE), cdr(7, 40, CALLER, OTHER, 7, **QUEUE))
    assert [(stay.queue, stay.outcome, stay.agent) for stay in call.stays] == [("sales", StayOutcome.ANSWERED, "102")]
    assert [(talk.agent, talk.talk_s) for talk in call.talks] == [("102", 33)]


def test_records_alone_tell_an_abandoned_wait_from_a_queue_that_gave_up() -> None:
    waited = cdr(0, 20, CALLER, AGENT, **QUEUE)
    after = cdr(20, 25, CALLER, answer=0, app="Playback")
    assert told(waited).outcome is CallOutcome.ABANDONED
    assert told(cdr(0, 20, CALLER, answer=0, **QUEUE)).outcome is CallOutcome.ABANDONED
    assert told(waited, after).outcome is CallOutcome.TIMEOUT


def test_a_blind_transfer_goes_by_queue_log_or_by_the_next_record() -> None:
    transfer = line(42, "BLINDTRANSFER", "102", "from-internal", "3", "30", "1", agent="Anna Rossi")
    first = [cdr(2, 42, CALLER, AGENT, 2, **QUEUE), cdr(42, 60, CALLER, OTHER, 44, app_data="PJSIP/102,20")]
    connect = line(5, "CONNECT", "4", IDS[AGENT], "3", agent="Anna Rossi")
    by_line = told(*first, LINES[0], connect, transfer)
    by_record = told(*first)
    for call in (by_line, by_record):
        assert [(one.kind, one.by, one.to) for one in call.transfers] == [(TransferKind.BLIND, "101", "102")]
        assert call.answered_by == ("101", "102")


def test_a_record_of_the_called_channels_own_is_no_call() -> None:
    rows = [cdr(0, 30, CALLER, AGENT, 4), cdr(10, 10, AGENT, "PJSIP/103-0000000f", 10, app="AppDial")]
    assert told(*rows).answered_by == ("101",)
