"""Lines as Asterisk writes them, short to write down in a test."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from kpi.importers.lines import CdrRow, CelRow, LoggedCall, QueueLine

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CALLER, AGENT = "PJSIP/trunk-0000000a", "PJSIP/101-0000000b"
IDS = {CALLER: "1772452800.1", AGENT: "1772452800.2"}


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def cel(seconds: float, event: str, channel: str, extra: Mapping[str, str] | None = None, **more: str) -> CelRow:
    told = {"name": "", "number": "+390255501", "exten": "", "app": "", "app_data": "", "linkedid": IDS[CALLER]} | more
    uniqueid = told.pop("uniqueid", None) or IDS.setdefault(channel, f"1772452800.{len(IDS) + 1}")
    return CelRow(at=at(seconds), event=event, channel=channel, uniqueid=uniqueid, extra=extra or {}, **told)  # type: ignore[arg-type]


def line(
    seconds: float, event: str, *data: str, agent: str = "NONE", queue: str = "sales", callid: str = ""
) -> QueueLine:
    padded = (*data, *("",) * (5 - len(data)))
    return QueueLine(at=at(seconds), callid=callid or IDS[CALLER], queue=queue, agent=agent, event=event, data=padded)


def cdr(begin: float, end: float, channel: str, dst: str = "", answer: float | None = None, **more: str) -> CdrRow:
    told = {"number": "+390255501", "name": "", "dialled": "100", "app": "Dial", "app_data": "", "linkedid": ""} | more
    disposition = told.pop("disposition", "ANSWERED" if answer is not None else "NO ANSWER")
    uniqueid = told.pop("uniqueid", None) or IDS.setdefault(channel, f"1772452800.{len(IDS) + 1}")
    return CdrRow(
        noted_at=at(end + 1),
        started_at=at(begin),
        answered_at=None if answer is None else at(answer),
        ended_at=at(end),
        channel=channel,
        dst_channel=dst,
        disposition=disposition,
        uniqueid=uniqueid,
        **told,  # type: ignore[arg-type]
    )


def answered_by_cel(hangup: Mapping[str, str], *, queue: bool = True, connect: float = 5) -> list[CelRow]:
    """A caller who comes to a queue (or is dialled through), waits for 101 and talks with him for ten seconds."""
    app = {"app": "Queue", "app_data": "sales,,,,60"} if queue else {"app": "Dial", "app_data": "PJSIP/101,20"}
    out = "AppQueue" if queue else "AppDial"
    bridge = {"bridge_id": "b1", "bridge_technology": "simple_bridge"}
    end = connect + 10
    return [
        cel(0, "CHAN_START", CALLER, exten="+390221000100"),
        cel(1, "APP_START", CALLER, **app),
        cel(2, "CHAN_START", AGENT, number="101", exten="s"),
        cel(connect, "ANSWER", AGENT, app=out, app_data="(Outgoing Line)"),
        cel(connect + 0.01, "BRIDGE_ENTER", AGENT, bridge, app=out),
        cel(connect + 0.02, "BRIDGE_ENTER", CALLER, bridge, **app),
        cel(end, "BRIDGE_EXIT", CALLER, bridge, **app),
        cel(end, "BRIDGE_EXIT", AGENT, bridge, app=out),
        cel(end, "APP_END", CALLER, **app),
        cel(end, "HANGUP", CALLER, {"hangupcause": "16", "dialstatus": "ANSWER"} | hangup),
        cel(end, "CHAN_END", CALLER),
        cel(end, "HANGUP", AGENT, {"hangupcause": "16"} | hangup, app=out),
        cel(end, "CHAN_END", AGENT, app=out),
        cel(end, "LINKEDID_END", AGENT, app=out),
    ]


def logged(*lines: QueueLine | CelRow | CdrRow) -> LoggedCall:
    return LoggedCall(
        queue_log=tuple(one for one in lines if isinstance(one, QueueLine)),
        cel=tuple(one for one in lines if isinstance(one, CelRow)),
        cdr=tuple(one for one in lines if isinstance(one, CdrRow)),
    )
