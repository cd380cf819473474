"""Call detail records of several makes."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from kpi.importers.cdr import cdr_row_from, parse_cdr_row, parse_clid
from kpi.importers.lines import BadLineError
from tests.kpi.importers.logged import FOLDERS

ROME = ZoneInfo("Europe/Rome")
BARE = (
    b'"","+39333","101","from-trunk","""Mary ""Q"" Smith"" <+39333>","SIP/trunk-1","SIP/101-2","Dial","SIP/101,20",'
    b'"2026-11-21 20:27:20","2026-11-21 20:27:24","2026-11-21 20:27:40",20,16,"ANSWERED","DOCUMENTATION"'
)
START = datetime(2026, 11, 21, 19, 27, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("more", "uniqueid", "linkedid"),
    [
        (b"", "1795289240.SIP/trunk-1", ""),
        (b',"1795289240.8"', "1795289240.8", ""),
        (b',"hq-1795289240.8","field"', "hq-1795289240.8", ""),
        (b',"just a field"', "1795289240.SIP/trunk-1", ""),
        (b',"1795289240.8","field","peer","1795289240.7",12', "1795289240.8", "1795289240.7"),
        (b',"peer","1795289240.7",12', "1795289240.SIP/trunk-1", "1795289240.7"),
    ],
)
def test_a_record_of_each_make_is_read(more: bytes, uniqueid: str, linkedid: str) -> None:
    row = parse_cdr_row(BARE + more + b"\n", 3, ROME)
    assert (row.uniqueid, row.linkedid, row.offset) == (uniqueid, linkedid, 3)
    assert (row.started_at, (row.ended_at - row.started_at).seconds) == (START, 20)
    assert row.answered_at is not None
    assert (row.answered_at - row.started_at).seconds == 4
    assert (row.number, row.name, row.dialled, row.channel, row.dst_channel) == (
        "+39333", 'Mary "Q" Smith', "101", "SIP/trunk-1", "SIP/101-2",
    )  # fmt: skip


def test_freepbxs_table_has_the_length_instead_of_the_end() -> None:
    row = cdr_row_from(
        {
            "calldate": datetime(2026, 11, 21, 20, 27, 20),  # noqa: DTZ001
            "clid": '"Mary" <+39333>', "src": "+39333", "dst": "200", "dcontext": "ext-queues", "channel": "SIP/t-1",
            "dstchannel": "Local/103@from-queue-1;1", "lastapp": "Queue", "lastdata": "200,t,,", "duration": 20,
            "billsec": 16, "disposition": "ANSWERED", "uniqueid": "1795289240.8", "linkedid": "1795289240.8",
            "did": "+390221", "cnum": "39333", "cnam": "M",
        },
        7,
        ROME,
    )  # fmt: skip
    assert (row.started_at, row.did, row.name) == (START, "+390221", "Mary")
    assert row.answered_at is not None
    assert ((row.ended_at - row.started_at).seconds, (row.ended_at - row.answered_at).seconds) == (20, 16)


def test_nobody_answered_what_is_not_answered() -> None:
    assert parse_cdr_row(BARE.replace(b"ANSWERED", b"NO ANSWER")).answered_at is None


@pytest.mark.parametrize(
    ("line", "why"),
    [(b"", "columns"), (b"a,b", "columns"), (BARE.replace(b"SIP/trunk-1", b""), "channel"),
     (BARE.replace(b"2026-11-21 20:27:20", b""), "time"), (BARE.replace(b"2026-11-21 20:27:20", b"yesterday"), "time"),
     (BARE + b',"' , "quotes"), (BARE + b",1,2,3,4,5,6", "columns")],
)  # fmt: skip
def test_a_bad_record_says_why(line: bytes, why: str) -> None:
    with pytest.raises(BadLineError, match=why):
        parse_cdr_row(line)


@pytest.mark.parametrize("clid", ["", '"', "<", '"" <>', "a" * 10_000 + "<" * 10_000])
def test_any_caller_id_is_read(clid: str) -> None:
    name, number = parse_clid(clid)
    assert isinstance(name + number, str)


def test_every_recorded_record_is_read() -> None:
    rows = [parse_cdr_row(raw) for folder in FOLDERS.values() for raw in (folder / "cdr.csv").read_bytes().splitlines()]
    assert len(rows) > 700
    assert all(row.ended_at >= row.started_at for row in rows)
