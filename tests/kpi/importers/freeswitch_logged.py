"""What a recorded FreeSWITCH wrote itself, told as calls, and held against what the far side saw.

``json_cdr.tar.gz`` beside each recording are the files that its mod_json_cdr wrote, ``cdr.csv`` is what its mod_cdr_csv
wrote. The other kinds were not written there: they are made here out of the same legs' JSON, in the spelling of
``switch_ivr_generate_xml_cdr``, of mod_cdr_csv's templates, and of FusionPBX's import. Tests say which is which.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from cti.model import Call
from cti.pbx.freeswitch_logs import FreeswitchLogs
from kpi.importers.freeswitch_csv import OFFHOOK, OFFHOOK_COLUMNS, TEMPLATES, parse_csv_record
from kpi.importers.freeswitch_gathering import LegGathering
from kpi.importers.freeswitch_record import parse_json_record
from kpi.importers.freeswitch_table import leg_of_row
from kpi.importers.freeswitch_xml import document_of, parse_xml_record
from kpi.importers.lines import CdrLeg
from tests.kpi.importers.fidelity import EXACT_S, FIELDS, WHOLE_S, Score, matched, same, score_of, table_of
from tests.kpi.importers.logged import truth_of

RECORDINGS = Path(__file__).parents[2] / "recordings" / "freeswitch"
FOLDERS = {path.parent.name: path.parent for path in sorted(RECORDINGS.glob("*/json_cdr.tar.gz"))}
#: The columns of the recorded cdr.csv, whose template was the laboratory's own.
OWN_COLUMNS = (
    "caller_id_name", "caller_id_number", "destination_number", "context", "start_stamp", "answer_stamp", "end_stamp",
    "duration", "billsec", "hangup_cause", "uuid", "bleg_uuid", "direction", "sip_hangup_disposition", "cc_side",
    "cc_queue", "cc_agent", "cc_cause", "cc_cancel_reason",
)  # fmt: skip
FUSIONPBX_COLUMNS = (
    "xml_cdr_uuid", "direction", "caller_id_name", "caller_id_number", "destination_number", "start_epoch",
    "start_stamp", "answer_stamp", "answer_epoch", "end_epoch", "end_stamp", "mduration", "bridge_uuid", "leg",
    "originating_leg_uuid", "last_app", "last_arg", "cc_side", "cc_member_uuid", "cc_queue_joined_epoch", "cc_queue",
    "cc_member_session_uuid", "cc_agent_uuid", "cc_agent", "cc_agent_bridged", "cc_queue_answered_epoch",
    "cc_queue_terminated_epoch", "cc_queue_canceled_epoch", "cc_cancel_reason", "cc_cause", "hangup_cause",
    "hangup_cause_q850", "sip_hangup_disposition",
)  # fmt: skip
UNSAFE = ' "#%&+:;<=>?@[\\]^`{|}\r\n'  # what switch_url_encode encodes, and all that is not ASCII
Document = dict[str, Any]


@cache
def json_files(folder: Path) -> tuple[tuple[str, bytes], ...]:
    """The files that mod_json_cdr wrote: names and bytes."""
    with tarfile.open(folder / "json_cdr.tar.gz") as tar:
        return tuple((member.name, (tar.extractfile(member) or tar).read()) for member in tar if member.isfile())  # type: ignore[union-attr]


def is_first_leg(name: str) -> bool:
    """Whether the file is of a leg that nobody called: all that is written where ``log-b-leg`` is off."""
    return name.startswith("a_")


def xml_of(raw: bytes) -> bytes:
    """The same record as mod_xml_cdr writes it."""
    document = json.loads(raw)
    cdr = ElementTree.Element("cdr", {"core-uuid": document["core-uuid"], "switchname": document["switchname"]})
    _add_texts(cdr, "channel_data", document["channel_data"])
    variables = ElementTree.SubElement(cdr, "variables")
    for name, value in document["variables"].items():
        for one in value.removeprefix("ARRAY::").split("|:") if value.startswith("ARRAY::") else [value]:
            ElementTree.SubElement(variables, name).text = encoded(one)
    if "app_log" in document:
        log = ElementTree.SubElement(cdr, "app_log")
        for step in document["app_log"]["applications"]:
            ElementTree.SubElement(log, "application", step)
    for flow in document["callflow"]:
        _add_flow(cdr, flow)
    return b'<?xml version="1.0"?>\n' + ElementTree.tostring(cdr)


def encoded(value: str) -> str:
    """As ``switch_url_encode`` does."""
    return quote(value, safe="".join(chr(code) for code in range(33, 127) if chr(code) not in UNSAFE))


def _add_flow(cdr: ElementTree.Element, flow: Mapping[str, Any]) -> None:
    element = ElementTree.SubElement(cdr, "callflow", {"dialplan": "XML", "profile_index": flow["profile_index"]})
    caller = {name: value for name, value in flow["caller_profile"].items() if isinstance(value, str)}
    profile = _add_texts(element, "caller_profile", caller)
    for side in ("originator", "originatee"):
        if side in flow["caller_profile"]:
            inner = ElementTree.SubElement(profile, side)
            for one in flow["caller_profile"][side][f"{side}_caller_profiles"]:
                _add_texts(inner, f"{side}_caller_profile", one)
    _add_texts(element, "times", flow["times"])


def _add_texts(parent: ElementTree.Element, name: str, texts: Mapping[str, str]) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name)
    for key, value in texts.items():
        ElementTree.SubElement(element, key).text = value
    return element


def csv_of(raw: bytes, columns: tuple[str, ...]) -> bytes:
    """The line that mod_cdr_csv writes of this leg with a template of these columns."""
    document = json.loads(raw)
    profile = document["callflow"][0]["caller_profile"]
    known = {name: value for name, value in profile.items() if isinstance(value, str)} | document["variables"]
    known |= {"bleg_uuid": known.get("bridge_uuid", ""), "network_addr": "127.0.0.3"}
    mark = [OFFHOOK] if columns is OFFHOOK_COLUMNS else []
    return (",".join(f'"{cell}"' for cell in [*mark, *(known.get(name, "") for name in columns)]) + "\n").encode()


def row_in_fusionpbx(raw: bytes, *, first_leg: bool, with_json: bool) -> dict[str, Any]:
    """The row that FusionPBX's import makes of this leg's XML."""
    known = json.loads(raw)["variables"]
    row: dict[str, Any] = {name: known.get(name) or None for name in FUSIONPBX_COLUMNS}
    profile = json.loads(raw)["callflow"][0]["caller_profile"]
    row |= {name: profile[name] for name in ("caller_id_name", "caller_id_number", "destination_number")}
    row |= {"xml_cdr_uuid": known["uuid"], "leg": "a" if first_leg else "b", "direction": None}
    for name in ("start", "answer", "end"):
        epoch = int(known.get(f"{name}_epoch", "0"))
        row[f"{name}_stamp"] = datetime.fromtimestamp(epoch, UTC) if epoch else None
    row["json"] = json.dumps(document_of(ElementTree.fromstring(xml_of(raw)))) if with_json else None
    return row


def _own_csv(folder: Path) -> Iterator[CdrLeg]:
    for line in (folder / "cdr.csv").read_bytes().splitlines():
        yield parse_csv_record(line, columns=OWN_COLUMNS)


KINDS: dict[str, Callable[[Path], Iterator[CdrLeg]]] = {
    "json_cdr": lambda folder: (parse_json_record(raw) for _, raw in json_files(folder)),
    "json_cdr, first legs": lambda folder: (
        parse_json_record(raw) for name, raw in json_files(folder) if is_first_leg(name)
    ),
    "xml_cdr": lambda folder: (parse_xml_record(xml_of(raw)) for _, raw in json_files(folder)),
    "v_xml_cdr with json": lambda folder: (
        leg_of_row(row_in_fusionpbx(raw, first_leg=is_first_leg(name), with_json=True), 0, UTC)
        for name, raw in json_files(folder)
    ),
    "v_xml_cdr": lambda folder: (
        leg_of_row(row_in_fusionpbx(raw, first_leg=is_first_leg(name), with_json=False), 0, UTC)
        for name, raw in json_files(folder)
    ),
    "cdr_csv, Offhook's": lambda folder: (
        parse_csv_record(csv_of(raw, OFFHOOK_COLUMNS)) for _, raw in json_files(folder)
    ),
    "cdr_csv, example": lambda folder: (
        parse_csv_record(csv_of(raw, TEMPLATES["example"])) for name, raw in json_files(folder) if is_first_leg(name)
    ),
    "cdr_csv, recorded": _own_csv,
}


@cache
def told(folder: Path, kind: str) -> tuple[Call, ...]:
    """The calls."""
    teller, gathering = FreeswitchLogs("replay"), LegGathering()
    calls: list[Call] = []
    for leg in sorted(KINDS[kind](folder), key=lambda leg: leg.noted_at):
        gathering.take(leg)
        for logged in gathering.over():
            calls += teller.tell(logged)
    for logged in gathering.rest():
        calls += teller.tell(logged)
    return tuple(calls)


def tolerances_of(kind: str) -> dict[str, float]:
    """By whether its instants are microseconds."""
    return EXACT_S if kind.startswith(("json", "xml", "v_xml_cdr with")) else WHOLE_S


def score(kind: str) -> Score:
    """The truth of all recordings against what this kind tells."""
    stories = ((truth_of(folder), told(folder, kind)) for folder in FOLDERS.values())
    return score_of(stories, tolerances_of(kind))


def wrong_of(kind: str) -> Iterator[str]:
    """What is told otherwise than it was, for whoever improves it."""
    for name, folder in FOLDERS.items():
        pairs, never = matched(truth_of(folder), told(folder, kind))
        for want, got in pairs:
            if got is None:
                yield f"{name} {want['id']} not told"
                continue
            for field in FIELDS:
                if not same(field, want, got, tolerances_of(kind)):
                    yield f"{name} {want['id']} {field}: {want.get(field)} told as {got[field]}"
        yield from (f"{name} ghost {row}" for row in never)


def fidelity_table() -> str:
    """What each kind tells of the recordings, as docs/gaps.md has it."""
    return table_of({kind: score(kind) for kind in KINDS})
