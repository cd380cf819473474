"""Waits out of CEL alone."""

from __future__ import annotations

from cti.model import Call, CallOutcome, RingResult, StayOutcome
from cti.pbx.asterisk_logs import AsteriskLogs
from kpi.importers.lines import CelRow
from tests.cti.pbx.written import AGENT, CALLER, answered_by_cel, at, cel, logged

QUEUE = {"app": "Queue", "app_data": "sales,,,,60"}


def told(*rows: CelRow) -> Call:
    [call] = AsteriskLogs("milan", ["trunk"]).tell(logged(*rows))
    return call


def waits(end: float, *more: CelRow, hangup: float | None = None) -> list[CelRow]:
    return [
        cel(0, "CHAN_START", CALLER, exten="+390221000100"),
        cel(1, "APP_START", CALLER, **QUEUE),
        *more,
        cel(end, "APP_END", CALLER, **QUEUE),
        cel(hangup or end, "HANGUP", CALLER, {"hangupcause": "16", "hangupsource": CALLER}),
        cel(hangup or end, "CHAN_END", CALLER),
    ]


def rung(begin: float, end: float, channel: str = AGENT) -> list[CelRow]:
    return [
        cel(begin, "CHAN_START", channel, exten="s"),
        cel(end, "HANGUP", channel, {"hangupcause": "0"}, app="AppQueue"),
        cel(end, "CHAN_END", channel, app="AppQueue"),
    ]


def test_the_wait_ends_when_a_phone_that_the_queue_called_is_lifted() -> None:
    [stay] = told(*answered_by_cel({"hangupsource": AGENT})).stays
    assert (stay.queue, stay.outcome, stay.agent) == ("sales", StayOutcome.ANSWERED, "101")
    assert (stay.joined_at, stay.wait_s) == (at(1), 4)


def test_a_caller_who_hangs_up_in_the_queue_abandons() -> None:
    call = told(*waits(8, *rung(2, 8)))
    assert (call.outcome, call.stays[0].wait_s) == (CallOutcome.ABANDONED, 7)
    assert [ring.result for ring in call.rings] == [RingResult.CANCELLED]


def test_a_caller_whom_the_queue_lets_go_timed_out() -> None:
    call = told(*waits(20, *rung(2, 8), *rung(9, 20, "PJSIP/102-0000001c"), hangup=25))
    assert (call.outcome, call.stays[0].outcome) == (CallOutcome.TIMEOUT, StayOutcome.TIMEOUT)
    assert call.rings[0].result is RingResult.MISSED


def test_a_caller_who_pressed_a_key_left_by_it() -> None:
    key = cel(7.5, "DTMF", CALLER, {"digit": "1"}, user_event="Received", **QUEUE)
    [stay] = told(*waits(8, key, hangup=12)).stays
    assert (stay.outcome, stay.key) == (StayOutcome.EXIT_KEY, "1")


def test_a_caller_whom_the_queue_lets_go_at_once_never_waited() -> None:
    call = told(*waits(1.01, hangup=1.02))
    assert (call.stays, call.queue) == ((), "sales")
