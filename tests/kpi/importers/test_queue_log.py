"""Lines of queue_log, from the file and from the table."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from kpi.importers.lines import BadLineError, QueueLine
from kpi.importers.queue_log import parse_queue_line, queue_line_from

ROME = ZoneInfo("Europe/Rome")


def test_a_line_of_each_kind_is_read() -> None:
    line = parse_queue_line("1795289960|1795289945.11|support|Žofia|COMPLETECALLER|1|14|1\n".encode(), 77)
    assert line == QueueLine(
        at=datetime(2026, 11, 21, 19, 39, 20, tzinfo=UTC),
        callid="1795289945.11",
        queue="support",
        agent="Žofia",
        event="COMPLETECALLER",
        data=("1", "14", "1", "", ""),
        offset=77,
    )
    assert parse_queue_line(b"1795289960|NONE|NONE|NONE|QUEUESTART|\r\n").event == "QUEUESTART"


@pytest.mark.parametrize(
    "line",
    [b"", b"\n", b"garbage", b"1795289960|a|b|c", b"never|a|b|c|CONNECT|", b"1795289960|a|b|c||", b"99|a|b|c|CONNECT|",
     b"99999999999|a|b|c|CONNECT|", "1795289960|a|b|c|É|".encode(), b"-179528996|a|b|c|CONNECT|"],
)  # fmt: skip
def test_what_is_no_line_says_why(line: bytes) -> None:
    with pytest.raises(BadLineError, match=r"fields|time|event"):
        parse_queue_line(line)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_line_or_a_bad_one(raw: bytes) -> None:
    try:
        line = parse_queue_line(raw)
    except BadLineError:
        return
    assert line.event
    assert len(line.data) >= 5


def test_bytes_that_are_no_utf8_do_not_spoil_the_line() -> None:
    assert parse_queue_line(b"1795289960|1.1|s|Andr\xe9|CONNECT|1").agent == "Andr\ufffd"


def test_rows_of_asterisk_1_8_hold_seconds_and_one_column_of_data() -> None:
    row = {"time": "1795289960", "callid": "1.1", "queuename": "s", "agent": "A", "event": "CONNECT", "data": "4|1.2|3"}
    line = queue_line_from(row, 5, ROME)
    assert (line.data, line.exact, line.offset) == (("4", "1.2", "3", "", ""), False, 5)


@pytest.mark.parametrize("time", ["2026-11-21 20:39:20.250000", datetime(2026, 11, 21, 20, 39, 20, 250_000)])  # noqa: DTZ001
def test_rows_of_later_versions_hold_local_time_and_five_columns(time: object) -> None:
    row = {
        "time": time,
        "callid": "1.1",
        "queuename": "s",
        "agent": "A",
        "event": "ABANDON",
        "data1": "1",
        "data2": None,
    }
    line = queue_line_from(row, 5, ROME)
    assert line.at == datetime(2026, 11, 21, 19, 39, 20, 250_000, tzinfo=UTC)
    assert (line.data, line.exact) == (("1", "", "", "", ""), True)


def test_a_row_without_an_event_is_a_bad_one() -> None:
    with pytest.raises(BadLineError, match="event"):
        queue_line_from({"time": "1795289960", "event": None}, 1, UTC)
