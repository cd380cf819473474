"""Rows of CEL, from files of several makes and from tables."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from kpi.importers.cel import cel_row_from, parse_cel_row, parse_extra
from kpi.importers.lines import BadLineError
from tests.kpi.importers.logged import FOLDERS

ROME = ZoneInfo("Europe/Rome")
OURS = (
    b'"HANGUP","1795289217.989721","Mary","+39333","+39333","","100","queues","PJSIP/trunk-00000000","","",'
    b'"1795289209.0","1795289209.0","","","{""hangupcause"":16,""hangupsource"":""PJSIP/trunk-00000000""}"\n'
)
SAMPLE = (
    b'"HANGUP","1795289217.989721","Mary","+39333","+39333","","+390221","100","queues","PJSIP/trunk-00000000","","",'
    b'"3","acc","1795289209.0","1795289209.0","","field","","16,PJSIP/trunk-00000000,ANSWER"'
)


def test_files_of_both_makes_tell_the_same() -> None:
    one, other = parse_cel_row(OURS, 9), parse_cel_row(SAMPLE, 9)
    for row in (one, other):
        assert (row.event, row.channel, row.exten, row.uniqueid) == (
            "HANGUP", "PJSIP/trunk-00000000", "100", "1795289209.0",
        )  # fmt: skip
        assert row.at == datetime(2026, 11, 21, 19, 26, 57, 989_721, tzinfo=UTC)
        assert (row.extra["hangupcause"], row.extra["hangupsource"]) == ("16", "PJSIP/trunk-00000000")
        assert row.offset == 9


def test_a_file_of_another_make_has_its_columns_named() -> None:
    row = parse_cel_row(b"2026-11-21 20:26:57,ANSWER,1795289209.0", 0, ROME, ["eventtime", "eventtype", "uniqueid"])
    assert (row.event, row.at, row.linkedid) == (
        "ANSWER",
        datetime(2026, 11, 21, 19, 26, 57, tzinfo=UTC),
        "1795289209.0",
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"a,b,c", "columns"),
        (OURS.replace(b'"1795289209.0"', b'""'), "uniqueid"),
        (OURS.replace(b"HANGUP", b""), "event"),
        (OURS.replace(b"1795289217.989721", b"x"), "time"),
        (OURS[:40], r"quotes|columns"),
    ],
)
def test_a_bad_row_says_why(line: bytes, why: str) -> None:
    with pytest.raises(BadLineError, match=why):
        parse_cel_row(line)


def test_freepbxs_table_holds_local_time_and_its_own_names() -> None:
    row = {
        "id": 5, "eventtype": "HANGUP", "eventtime": datetime(2026, 10, 25, 2, 30), "cid_name": "", "cid_num": "101",  # noqa: DTZ001
        "exten": "s", "channame": "SIP/101-1", "appname": "AppDial", "appdata": None,
        "uniqueid": f"{int(datetime(2026, 10, 25, 1, 29, tzinfo=UTC).timestamp())}.1", "linkedid": "1.1",
        "eventextra": '{"hangupcause":16}',
    }  # fmt: skip
    told = cel_row_from(row, 5, ROME)
    assert told.at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert (told.extra, told.app_data, told.linkedid) == ({"hangupcause": "16"}, "", "1.1")


@pytest.mark.parametrize("text", ["", '{"hangupcause":16,"hangups', "[]", "{}", "16,x"])
def test_extra_that_is_cut_or_odd_is_nothing(text: str) -> None:
    assert parse_extra("ANSWER", text) == {}


def test_every_recorded_row_is_read() -> None:
    rows = 0
    for folder in FOLDERS.values():
        for raw in (folder / "cel.csv").read_bytes().splitlines():
            parse_cel_row(raw)
            rows += 1
    assert rows > 7_000
