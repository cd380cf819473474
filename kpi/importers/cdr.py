"""Asterisk's call detail records: Master.csv of every make, and the rows of FreePBX's table.

Master.csv has 16 columns, then a uniqueid and a user field where ``cdr.conf`` says so, then three more where it has
``newcdrcolumns``; the number of columns, and what looks like an id, tell which. Times are the machine's, or GMT.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import msgspec

from kpi.importers.csv_record import parse_record
from kpi.importers.instants import epoch_of, parse_instant, settle
from kpi.importers.lines import BadLineError, CdrRow

_COLUMNS = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer",
    "end", "duration", "billsec", "disposition", "amaflags",
)  # fmt: skip
_NEW_COLUMNS = ("peeraccount", "linkedid", "sequence")
_ID = re.compile(r"(?:\S{1,100}-)?\d{9,10}\.\d+\Z", re.ASCII)
_CLID = re.compile(r'\s*"?(?P<name>.*?)"?\s*<(?P<number>[^>]*)>\s*\Z', re.DOTALL)
_ESCAPE = re.compile(r'\\(["\\])')
_ANSWERED = "ANSWERED"
_SECOND = timedelta(seconds=1)


def parse_cdr_row(line: bytes, offset: int = 0, zone: tzinfo = UTC) -> CdrRow:
    """One record of Master.csv.

    Raises:
        BadLineError: it is none.
    """
    cells = parse_record(line)
    if not len(_COLUMNS) <= len(cells) <= len(_COLUMNS) + 5:
        raise BadLineError(f"it has {len(cells)} columns, a record of Master.csv has 16 to 21")
    row: dict[str, Any] = dict(zip(_COLUMNS, cells, strict=False))
    more = cells[len(_COLUMNS) :]
    if len(more) >= 3:
        row |= zip(_NEW_COLUMNS, more[-3:], strict=True)
        more = more[:-3]
    if more and _ID.match(more[0]):
        row["uniqueid"] = more[0]
    told = _row(row, offset, zone)
    return msgspec.structs.replace(told, noted_at=told.ended_at + _SECOND)


def cdr_row_from(row: Mapping[str, Any], offset: int, zone: tzinfo) -> CdrRow:
    """One row of the table: FreePBX's ``cdr``, or one with the columns of ``cdr_adaptive_odbc`` or ``cdr_pgsql``.

    Raises:
        BadLineError: it lacks its time or its channel.
    """
    return _row(row, offset, zone)


def parse_clid(clid: str) -> tuple[str, str]:
    """The name, its escapes undone, and the number in a caller ID.

    >>> parse_clid('"Mary Smith" <+393331234509>'), parse_clid("101")
    (('Mary Smith', '+393331234509'), ('', '101'))
    """
    match = _CLID.match(clid)
    return (_ESCAPE.sub(r"\1", match["name"]), match["number"]) if match else ("", clid.strip())


def _row(row: Mapping[str, Any], offset: int, zone: tzinfo) -> CdrRow:
    channel, uniqueid = _text(row, "channel"), _text(row, "uniqueid")
    if not channel:
        raise BadLineError("it has no channel")
    near = epoch_of(uniqueid)
    start = _instant(row.get("start") or row.get("calldate"), zone, near)
    if start is None:
        raise BadLineError("it has no time")
    duration_s, billed_s = _seconds(row, "duration"), _seconds(row, "billsec")
    end = _instant(row.get("end"), zone, start) or start + timedelta(seconds=duration_s)
    answered = _text(row, "disposition").upper() == _ANSWERED
    answer = _instant(row.get("answer"), zone, start) or (end - timedelta(seconds=billed_s) if answered else None)
    name, number = parse_clid(_text(row, "clid"))
    return CdrRow(
        noted_at=start,
        started_at=start,
        answered_at=answer if answered else None,
        ended_at=max(end, start),
        number=_text(row, "src") or _text(row, "cnum") or number,
        name=name or _text(row, "cnam"),
        dialled=_text(row, "dst"),
        channel=channel,
        dst_channel=_text(row, "dstchannel"),
        app=_text(row, "lastapp"),
        app_data=_text(row, "lastdata"),
        disposition=_text(row, "disposition").upper(),
        uniqueid=uniqueid or f"{int(start.timestamp())}.{channel}",
        linkedid=_text(row, "linkedid"),
        did=_text(row, "did"),
        offset=offset,
    )


def _instant(value: Any, zone: tzinfo, near: datetime | None) -> datetime | None:
    if isinstance(value, datetime):
        return settle(value, zone, near)
    text = "" if value is None else str(value)
    return parse_instant(text, zone, near) if text and not text.startswith("0000") else None


def _seconds(row: Mapping[str, Any], name: str) -> int:
    text = _text(row, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)
