"""queue_log beside CEL: the lines' places and what they mean."""

from __future__ import annotations

import msgspec
import pytest

from cti.model import Call, CallOutcome, EndedBy, RingResult, StayOutcome
from cti.pbx.asterisk_logs import AsteriskLogs
from cti.pbx.asterisk_people import AsteriskPeople
from cti.pbx.asterisk_queue_log import agent_named, talk_s
from kpi.importers.lines import CelRow, QueueLine
from tests.cti.pbx.test_asterisk_cel_waits import rung, waits
from tests.cti.pbx.written import AGENT, CALLER, IDS, answered_by_cel, at, cel, line, logged

ENTER = line(1, "ENTERQUEUE", "", "+390255501", "3")
CONNECT = line(5, "CONNECT", "4", IDS[AGENT], "3", agent="Anna Rossi")


def told(*lines: QueueLine | CelRow) -> Call:
    [call] = AsteriskLogs("milan", ["trunk"]).tell(logged(*lines))
    return call


def test_the_lines_fall_where_cel_shows_the_moment() -> None:
    complete = line(15, "COMPLETECALLER", "4", "10", "3", agent="Anna Rossi")
    call = told(ENTER, CONNECT, complete, *answered_by_cel({"hangupsource": AGENT}, connect=5.7))
    [stay] = call.stays
    assert (stay.position, stay.joined_at, stay.wait_s) == (3, at(1), pytest.approx(4.7))
    assert (stay.agent, call.talks[0].agent, call.talks[0].queue_talk_s) == ("101", "101", 10)
    assert call.ended_by is EndedBy.AGENT  # whatever queue_log says
    assert call.origin.session == "queue_log+cel"


def test_a_line_of_a_table_is_exact() -> None:
    exact = msgspec.structs.replace(ENTER, at=at(1.004), exact=True)
    assert told(exact, CONNECT, *answered_by_cel({})).stays[0].joined_at == at(1)


def test_without_applications_in_cel_the_lines_own_time_counts() -> None:
    rows = [msgspec.structs.replace(row, app="", app_data="") for row in answered_by_cel({}) if "APP" not in row.event]
    dialled = [msgspec.structs.replace(row, app="AppQueue") if row.channel == AGENT else row for row in rows]
    [stay] = told(ENTER, CONNECT, *dialled).stays
    assert (stay.joined_at, stay.agent, stay.outcome) == (at(1), "101", StayOutcome.ANSWERED)


@pytest.mark.parametrize(
    ("leaving", "outcome", "key"),
    [
        (line(20, "EXITWITHTIMEOUT", "1", "1", "19"), StayOutcome.TIMEOUT, None),
        (line(20, "EXITWITHKEY", "5", "1"), StayOutcome.EXIT_KEY, "5"),
        (line(20, "EXITEMPTY", "1", "1", "19"), StayOutcome.EXIT_EMPTY, None),
        (line(20, "ABANDON", "1", "1", "19"), StayOutcome.ABANDONED, None),
    ],
)
def test_queue_log_says_how_a_wait_ended(leaving: QueueLine, outcome: StayOutcome, key: str | None) -> None:
    [stay] = told(ENTER, leaving, *waits(20, hangup=26)).stays
    assert (stay.outcome, stay.key, stay.wait_s) == (outcome, key, 19)


def test_a_missed_ring_is_the_one_that_the_line_names() -> None:
    lines = [ENTER, line(8, "RINGNOANSWER", "6000", agent="SIP/101"), line(20, "ABANDON", "1", "1", "19")]
    call = told(*lines, *waits(20, *rung(2, 8.4), *rung(9, 20, "PJSIP/102-0000001c")))
    assert [(ring.agent, ring.result) for ring in call.rings] == [
        ("101", RingResult.MISSED),
        ("102", RingResult.CANCELLED),
    ]


def test_a_caller_whom_the_queue_refused_has_no_wait() -> None:
    rows = [*waits(1.01, hangup=1.3)]
    rows[-2] = cel(1.3, "HANGUP", CALLER, {"hangupcause": "17", "hangupsource": "dialplan/builtin"})
    call = told(line(30, "CONFIGRELOAD", callid="NONE"), *rows)
    assert (call.outcome, call.queue, call.stays) == (CallOutcome.REFUSED, "sales", ())


def test_lines_of_a_channel_that_cel_does_not_know_are_passed_over() -> None:
    call = told(ENTER, CONNECT, line(3, "ABANDON", callid="1.1"), *answered_by_cel({}))
    assert call.outcome is CallOutcome.ANSWERED


@pytest.mark.parametrize(
    ("event", "data", "seconds"),
    [
        ("COMPLETEAGENT", ("4", "10", "1"), 10),
        ("TRANSFER", ("200", "from-internal", "4", "10", "1"), 10),
        ("ATTENDEDTRANSFER", ("BRIDGE", "84fa", "4", "10", "1"), 10),
        ("ATTENDEDTRANSFER", ("LINK", "SIP/1-1", "SIP/2-1", "4", "10", "1"), 10),
        ("COMPLETECALLER", ("", ""), None),
    ],
)
def test_the_queues_own_talk_time_is_in_another_place_in_each_line(
    event: str, data: tuple[str, ...], seconds: int | None
) -> None:
    assert talk_s(line(1, event, *data)) == seconds


def test_a_member_is_known_by_name_or_by_interface() -> None:
    assert agent_named({"Anna": "101"}, "Anna", AsteriskPeople()) == "101"
    names = ("Local/103@agents/n", "Agent/7001", "Anna")
    assert [agent_named({}, name, AsteriskPeople()) for name in names] == ["103", "7001", "Anna"]
