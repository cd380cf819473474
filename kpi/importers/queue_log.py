"""Asterisk's queue_log, 1.4 to 22: the file, and the rows of its table.

A line of the file is ``seconds|callid|queue|agent|event|data...``. The table has the same as columns; its ``time`` is
seconds up to 1.6 and ``YYYY-MM-DD HH:MM:SS.ffffff`` in local time (or GMT) since; the data are in ``data`` with bars
between, or in ``data1`` to ``data5``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from kpi.importers.instants import parse_instant, settle
from kpi.importers.lines import BadLineError, QueueLine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PADDING = ("",) * 5
_FIELDS = 5


def parse_queue_line(line: bytes, offset: int = 0, zone: tzinfo = UTC) -> QueueLine:
    """One line of the file, without or with its line feed.

    >>> line = parse_queue_line(b"1795289946|1795289945.11|support|Anna Rossi|CONNECT|1|1795289945.12|1")
    >>> line.event, line.agent, line.data, line.exact
    ('CONNECT', 'Anna Rossi', ('1', '1795289945.12', '1', '', ''), False)

    Raises:
        BadLineError: it is none.
    """
    fields = line.decode("utf-8", "replace").rstrip("\r\n").split("|")
    if len(fields) < _FIELDS:
        raise BadLineError(f"it has {len(fields)} fields, a line of queue_log has at least {_FIELDS}")
    time, callid, queue, agent, event, *data = fields
    if not event or not event.isascii():
        raise BadLineError("the fifth field is no event")
    if len(time) == 10 and time.isascii() and time.isdigit():
        at, exact = _EPOCH + timedelta(seconds=int(time)), False
    else:
        at, exact = parse_instant(time, zone), "." in time
    return QueueLine(
        at=at, callid=callid, queue=queue, agent=agent, event=event, data=_padded(data), exact=exact, offset=offset
    )


def queue_line_from(row: Mapping[str, Any], offset: int, zone: tzinfo) -> QueueLine:
    """One row of the table.

    Raises:
        BadLineError: its time or its event cannot be read.
    """
    text = {name: "" if value is None else str(value) for name, value in row.items() if name != "time"}
    time = row.get("time")
    if isinstance(time, datetime):
        at, exact = settle(time, zone), time.microsecond != 0
    else:
        at, exact = parse_instant(str(time), zone), "." in str(time)
    if not text.get("event"):
        raise BadLineError("it has no event")
    columns = [text.get(f"data{n}", "") for n in range(1, 6)]
    return QueueLine(
        at=at,
        callid=text.get("callid", ""),
        queue=text.get("queuename", ""),
        agent=text.get("agent", ""),
        event=text["event"],
        data=tuple(columns) if any(columns) else _padded(text.get("data", "").split("|")),
        exact=exact,
        offset=offset,
    )


def _padded(data: list[str]) -> tuple[str, ...]:
    return (*data, *_PADDING[len(data) :])
