"""FreeSWITCH's records of one leg as mod_cdr_csv writes them: a line each, with the columns of its settings.

Known are the templates of FreeSWITCH's own configuration and that of ``dialplans/freeswitch/cdr_csv.conf.xml``, which
tells far more; others have to be named. FreeSWITCH writes quotes in a caller's name as they are, so a line is taken
apart from its other columns inwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo

from kpi.importers.freeswitch_record import leg_from, number
from kpi.importers.instants import parse_instant
from kpi.importers.lines import BadLineError, CdrLeg

OFFHOOK = "offhook-1"
_OFFHOOK_COLUMNS_IN_WORDS = """
    uuid direction start_uepoch progress_uepoch progress_media_uepoch answer_uepoch bridge_uepoch end_uepoch
    hangup_cause hangup_cause_q850 sip_hangup_disposition bridge_uuid last_bridge_to originating_leg_uuid
    originator user_name dialed_user sip_gateway_name cc_side cc_queue cc_agent cc_agent_uuid cc_member_uuid
    cc_member_session_uuid cc_queue_joined_epoch cc_queue_answered_epoch cc_queue_terminated_epoch
    cc_queue_canceled_epoch cc_cause cc_cancel_reason cc_exit_key hold_events transfer_disposition transfer_to
    transfer_destination transfer_history other_loopback_leg_uuid context sip_req_user sip_to_user channel_name
    destination_number caller_id_number caller_id_name
"""
OFFHOOK_COLUMNS = tuple(_OFFHOOK_COLUMNS_IN_WORDS.split())
_COMMON = (
    "caller_id_name", "caller_id_number", "destination_number", "context", "start_stamp", "answer_stamp", "end_stamp",
    "duration", "billsec", "hangup_cause", "uuid", "bleg_uuid", "accountcode",
)  # fmt: skip
_CODECS = ("read_codec", "write_codec")
TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "sql": _COMMON,
    "example": (*_COMMON, *_CODECS),
    "linksys": (*_COMMON, *_CODECS, "sip_user_agent", "sip_p_rtp_stat"),
    "asterisk": (
        "accountcode", "caller_id_number", "destination_number", "context", "caller_id", "channel_name",
        "bridge_channel", "last_app", "last_arg", "start_stamp", "answer_stamp", "end_stamp", "duration", "billsec",
        "hangup_cause", "amaflags", "uuid", "userfield",
    ),
    "snom": (
        *_COMMON, *_CODECS, "sip_user_agent", "call_clientcode", "sip_rtp_rxstat", "sip_rtp_txstat",
        "sofia_record_file",
    ),
    "opencdrrate": (
        "uuid", "signal_bond", "direction", "ani", "destination_number", "answer_stamp", "end_stamp", "billsec",
        "accountcode", "userfield", "network_addr", "initial", "sip_gateway_name",
    ),
}  # fmt: skip
_UUID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{7,99}\Z", re.ASCII)
_STAMP = re.compile(r"(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)?\Z", re.ASCII)
_SQL = re.compile(r"\AINSERT INTO \S+ VALUES \((.*)\);?\Z", re.DOTALL | re.IGNORECASE)
_BETWEEN = re.compile(r'", ?"')
_FREE_TEXT = ("caller_id_name", "caller_id")
_CALLER = re.compile(r'\A"?(.*?)"? <([^<>]*)>\Z', re.DOTALL)


def parse_csv_record(line: bytes, offset: int = 0, zone: tzinfo = UTC, columns: Sequence[str] | None = None) -> CdrLeg:
    """One line of Master.csv.

    Raises:
        BadLineError: it is none, or its columns are not known.
    """
    text = line.decode("utf-8", "replace").strip("\r\n ")
    sql = _SQL.match(text)
    cells = _BETWEEN.split((sql[1] if sql else text.removesuffix(";")).strip())
    if "\x00" in text or not cells[0].startswith('"') or not cells[-1].endswith('"') or len(text) < 2:
        raise BadLineError("it is not a line of texts in quotes")
    cells[0], cells[-1] = cells[0][1:], cells[-1][:-1]
    if cells[0] == OFFHOOK:
        row = _matched(cells[1:], OFFHOOK_COLUMNS)
    else:
        layouts = [tuple(columns)] if columns else sorted(TEMPLATES.values(), key=lambda one: len(one) != len(cells))
        row = next((row for layout in layouts if (row := _matched(cells, layout)) is not None), None)
    if row is None:
        raise BadLineError(f"it has {len(cells)} columns, of no template that is known; name them in cdr_csv_columns")
    return leg_from(_with_instants(row, zone), "cdr_csv", offset)


def _matched(cells: list[str], layout: Sequence[str]) -> dict[str, str] | None:
    """The row, if the line fits these columns; what is too much belongs to the caller's name."""
    extra = len(cells) - len(layout)
    place = next((i for i, name in enumerate(layout) if name in _FREE_TEXT), None)
    if extra < 0 or (extra and place is None):
        return None
    if extra and place is not None:
        cells = [*cells[:place], '","'.join(cells[place : place + extra + 1]), *cells[place + extra + 1 :]]
    row = dict(zip(layout, cells, strict=True))
    stamps = [row[name] for name in ("start_stamp", "answer_stamp", "end_stamp") if name in row]
    return row if _UUID.match(row.get("uuid", "")) and all(map(_STAMP.match, stamps)) else None


def _with_instants(row: Mapping[str, str], zone: tzinfo) -> dict[str, str]:
    """With the times as seconds since 1970, where they are local ones."""
    known = dict(row)
    known |= _caller(row.get("caller_id", ""))
    known.setdefault("caller_id_number", row.get("ani", ""))
    for name, at in _instants(row, zone):
        known.setdefault(f"{name}_epoch", str(int(at.timestamp())))
    if not any(number(known.get(name)) for name in ("start_uepoch", "start_epoch")):
        known["start_epoch"] = known.get("answer_epoch") or known.get("end_epoch", "")
    return known


def _caller(caller_id: str) -> dict[str, str]:
    """The name in a whole caller ID."""
    match = _CALLER.match(caller_id)
    return {"caller_id_name": match[1]} if match else {}


def _instants(row: Mapping[str, str], zone: tzinfo) -> Iterator[tuple[str, datetime]]:
    near: datetime | None = None
    for name in ("start", "answer", "end"):
        if text := row.get(f"{name}_stamp"):
            near = parse_instant(text, zone, near)
            yield name, near
