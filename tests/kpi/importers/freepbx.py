"""A recording's logs as rows of a PBX's own database, as FreePBX has them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from kpi.importers.lines import CdrRow, CelRow, QueueLine
from tests.kpi.importers.logged import lines_of

ROME = ZoneInfo("Europe/Rome")
#: Types that mean the same; FreePBX's are MariaDB's.
TYPES = {
    "mysql": {"id": "INT AUTO_INCREMENT PRIMARY KEY", "time": "DATETIME"},
    "postgresql": {"id": "SERIAL PRIMARY KEY", "time": "TIMESTAMP"},
    "sqlite": {"id": "INTEGER PRIMARY KEY", "time": "DATETIME"},
}
CDR = (
    "calldate {time}, clid VARCHAR(80), src VARCHAR(80), dst VARCHAR(80), dcontext VARCHAR(80), channel VARCHAR(80), "
    "dstchannel VARCHAR(80), lastapp VARCHAR(80), lastdata VARCHAR(80), duration INT, billsec INT, "
    "disposition VARCHAR(45), amaflags INT, accountcode VARCHAR(20), uniqueid VARCHAR(32), userfield VARCHAR(255), "
    "did VARCHAR(50), cnum VARCHAR(80), cnam VARCHAR(80), linkedid VARCHAR(32)"
)
CEL = (
    "id {id}, eventtype VARCHAR(30), eventtime {time}, cid_name VARCHAR(80), cid_num VARCHAR(80), exten VARCHAR(80), "
    "context VARCHAR(80), channame VARCHAR(80), appname VARCHAR(80), appdata VARCHAR(80), uniqueid VARCHAR(32), "
    "linkedid VARCHAR(32), peer VARCHAR(80), userdeftype VARCHAR(255), extra VARCHAR(512)"
)
QUEUE_LOG = (
    "id {id}, time VARCHAR(32), callid VARCHAR(32), queuename VARCHAR(32), agent VARCHAR(80), event VARCHAR(32), "
    "data1 VARCHAR(100), data2 VARCHAR(100), data3 VARCHAR(100), data4 VARCHAR(100), data5 VARCHAR(100)"
)
TABLES = {"cdr": CDR, "cel": CEL, "queue_log": QUEUE_LOG}


async def make_tables(engine: AsyncEngine, folder: Path, *names: str, time: str | None = None) -> None:
    """Make the tables and write the recording's lines into them, in the order of its files."""
    types = TYPES[engine.dialect.name] | ({"time": time} if time else {})
    async with engine.begin() as connection:
        for name in names:
            await connection.execute(text(f"CREATE TABLE {name} ({TABLES[name].format(**types)})"))
            rows = [_ROWS[name](line) for line in lines_of(folder, name)]
            columns = ", ".join(rows[0])
            marks = ", ".join(f":{column}" for column in rows[0])
            written = [_as_stored(row) for row in rows] if engine.dialect.name == "sqlite" else rows
            await connection.execute(text(f"INSERT INTO {name} ({columns}) VALUES ({marks})"), written)


def _as_stored(row: dict[str, Any]) -> dict[str, Any]:
    """SQLite has no type for an instant: it is text."""
    return {name: value.isoformat(" ") if isinstance(value, datetime) else value for name, value in row.items()}


def _cdr(row: CdrRow) -> dict[str, Any]:
    answered_s = 0 if row.answered_at is None else (row.ended_at - row.answered_at).seconds
    return {
        "calldate": row.started_at.astimezone(ROME).replace(tzinfo=None),
        "clid": f'"{row.name}" <{row.number}>',
        "src": row.number,
        "dst": row.dialled,
        "channel": row.channel,
        "dstchannel": row.dst_channel,
        "lastapp": row.app,
        "lastdata": row.app_data,
        "duration": (row.ended_at - row.started_at).seconds,
        "billsec": answered_s,
        "disposition": row.disposition,
        "uniqueid": row.uniqueid,
        "linkedid": "",
        "did": "",
    }


def _cel(row: CelRow) -> dict[str, Any]:
    extra = ",".join(f'"{name}":"{value}"' for name, value in row.extra.items())
    return {
        "eventtype": row.event,
        "eventtime": row.at.astimezone(ROME).replace(tzinfo=None),
        "cid_name": row.name,
        "cid_num": row.number,
        "exten": row.exten,
        "channame": row.channel,
        "appname": row.app,
        "appdata": row.app_data,
        "uniqueid": row.uniqueid,
        "linkedid": row.linkedid,
        "peer": row.peer,
        "userdeftype": row.user_event,
        "extra": f"{{{extra}}}" if extra else "",
    }


def _queue_line(line: QueueLine) -> dict[str, Any]:
    data = {f"data{n + 1}": value for n, value in enumerate(line.data[:5])}
    return {
        "time": f"{line.at.astimezone(ROME):%Y-%m-%d %H:%M:%S}.000000",
        "callid": line.callid,
        "queuename": line.queue,
        "agent": line.agent,
        "event": line.event,
    } | data


_ROWS: dict[str, Any] = {"cdr": _cdr, "cel": _cel, "queue_log": _queue_line}
