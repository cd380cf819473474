"""Asterisk's channel event log: CSV as cel_custom writes it, and the rows of its table.

What a file's columns are, its configuration decides. Known by their number: 16 as ``dialplans/asterisk`` has them, 20
as Asterisk's sample file has them; others have to be named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

import msgspec

from kpi.importers.csv_record import parse_record
from kpi.importers.instants import epoch_of, parse_instant, settle
from kpi.importers.lines import BadLineError, CelRow

_HEAD = ("eventtype", "eventtime", "cid_name", "cid_num", "cid_ani")
LAYOUTS = {
    16: (*_HEAD, "cid_dnid", "exten", "context", "channame", "appname", "appdata", "uniqueid", "linkedid", "peer",
         "userdeftype", "extra"),
    20: (*_HEAD, "cid_rdnis", "cid_dnid", "exten", "context", "channame", "appname", "appdata", "amaflags",
         "accountcode", "uniqueid", "linkedid", "peer", "userfield", "userdeftype", "extra"),
}  # fmt: skip
_OLD_EXTRA = ("hangupcause", "hangupsource", "dialstatus")
_NOTHING: Mapping[str, str] = {}
_JSON = msgspec.json.Decoder(dict[str, Any])


def parse_cel_row(
    line: bytes, offset: int = 0, zone: tzinfo = UTC, columns: Sequence[str] | None = None
) -> CelRow:
    """One record of the file.

    Raises:
        BadLineError: it is none, or its columns are not known.
    """
    cells = parse_record(line)
    names = columns or LAYOUTS.get(len(cells))
    if names is None or len(names) != len(cells):
        known = len(columns) if columns else " or ".join(map(str, LAYOUTS))
        raise BadLineError(f"it has {len(cells)} columns, expected {known}")
    return cel_row_from(dict(zip(names, cells, strict=True)), offset, zone)


def cel_row_from(row: Mapping[str, Any], offset: int, zone: tzinfo) -> CelRow:
    """One row of the table, or of a file whose columns have these names.

    Raises:
        BadLineError: it lacks its time, its event or its ids.
    """
    uniqueid, event = str(row.get("uniqueid") or ""), str(row.get("eventtype") or "")
    if not uniqueid or not event:
        raise BadLineError("it has no uniqueid" if event else "it has no event")
    time = row.get("eventtime")
    near = epoch_of(uniqueid)
    at = settle(time, zone, near) if isinstance(time, datetime) else parse_instant(str(time), zone, near)
    return CelRow(
        at=at,
        event=event,
        name=_text(row, "cid_name"),
        number=_text(row, "cid_num"),
        exten=_text(row, "exten"),
        channel=_text(row, "channame"),
        app=_text(row, "appname"),
        app_data=_text(row, "appdata"),
        uniqueid=uniqueid,
        linkedid=_text(row, "linkedid") or uniqueid,
        peer=_text(row, "peer"),
        user_event=_text(row, "userdeftype"),
        extra=parse_extra(event, _text(row, "extra") or _text(row, "eventextra")),
        offset=offset,
    )


def parse_extra(event: str, text: str) -> Mapping[str, str]:
    """The words of ``extra``: JSON since Asterisk 13, before that a hangup's three with commas between.

    >>> parse_extra("HANGUP", '{"hangupcause":16,"hangupsource":"SIP/101-1"}')
    {'hangupcause': '16', 'hangupsource': 'SIP/101-1'}
    >>> parse_extra("HANGUP", "16,SIP/101-1,ANSWER")["dialstatus"]
    'ANSWER'
    """
    if not text:
        return _NOTHING
    if text.startswith("{"):
        try:
            return {name: str(value) for name, value in _JSON.decode(text).items()}
        except msgspec.DecodeError:
            return _NOTHING  # a column too narrow cuts it; the rest of the row is worth having
    return dict(zip(_OLD_EXTRA, text.split(","), strict=False)) if event == "HANGUP" else _NOTHING


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)
