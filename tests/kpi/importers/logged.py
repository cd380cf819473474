"""What a recorded PBX wrote itself, told as calls from any of its sources, and held against what the far side saw."""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cti.model import AgentChanged, Call
from cti.pbx.asterisk_logs import AsteriskLogs
from kpi.importers.cdr import parse_cdr_row
from kpi.importers.cel import parse_cel_row
from kpi.importers.gathering import Gathering, written_at
from kpi.importers.lines import Line, QueueLine
from kpi.importers.queue_log import parse_queue_line

RECORDINGS = Path(__file__).parents[2] / "recordings"
FOLDERS = {
    f"{path.parent.parent.name}-{path.parent.name}": path.parent
    for path in sorted(RECORDINGS.glob("asterisk-*/*/cel.csv"))
}
#: As the site knows them: queue_log has only the names.
AGENTS = {
    "Anna Rossi": "101", "Bruno Esposito": "102", "Žofia Kováčová": "103", "Dana O'Neill": "104", "Elio": "105",
}  # fmt: skip
FILES = {"queue_log": "queue_log", "cdr": "cdr.csv", "cel": "cel.csv"}
PARSERS: dict[str, Any] = {"queue_log": parse_queue_line, "cdr": parse_cdr_row, "cel": parse_cel_row}
COMBINATIONS = (
    ("queue_log",), ("cdr",), ("cel",), ("queue_log", "cdr"), ("queue_log", "cel"), ("queue_log", "cdr", "cel"),
)  # fmt: skip
FIELDS = (
    "direction", "caller", "dialled", "queue", "outcome", "agents_rung", "answered_by", "transfers", "ended_by",
    "queued_at", "answered_at", "ended_at", "hold_s",
)  # fmt: skip
EXACT_S = {"queued_at": 0.6, "hold_s": 0.3}
WHOLE_S = {"queued_at": 1.2, "answered_at": 1.2, "ended_at": 1.2, "hold_s": 1.0}


class Score(NamedTuple):
    """How many calls were told at all, how many exactly; fields right by name; calls that there never were."""

    calls: int
    told: int
    exact: int
    right: dict[str, int]
    ghosts: int

    @property
    def fields(self) -> int:
        return sum(self.right.values())


def lines_of(folder: Path, source: str) -> Iterator[Line]:
    offset = 0
    for raw in (folder / FILES[source]).read_bytes().splitlines(keepends=True):
        yield PARSERS[source](raw, offset)
        offset += len(raw)


@cache
def told(folder: Path, *sources: str) -> tuple[tuple[Call, ...], tuple[AgentChanged, ...]]:
    """The calls, and what changed about the members."""
    teller = AsteriskLogs("replay", (), None if "cel" in sources else AGENTS)
    gathering = Gathering(teller.is_phone)
    calls: list[Call] = []
    changes: list[AgentChanged] = []
    streams: Iterable[Iterator[Line]] = [lines_of(folder, source) for source in sources]
    for line in heapq.merge(*streams, key=written_at):
        if isinstance(line, QueueLine) and gathering.is_about_member(line):
            changes += teller.member(line)
            continue
        gathering.take(line)
        for logged in gathering.over():
            calls += teller.tell(logged)
    for logged in gathering.rest():
        calls += teller.tell(logged)
    return tuple(calls), tuple(changes)


def truth_of(folder: Path) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads((folder / "truth.json").read_text())
    return truth


def score(sources: tuple[str, ...], folders: Iterable[Path] = tuple(FOLDERS.values())) -> Score:
    """The truth of all recordings against what these sources tell."""
    calls = count = exact = ghosts = 0
    right = dict.fromkeys(FIELDS, 0)
    for folder in folders:
        truth = truth_of(folder)
        left = [row_of(call, datetime.fromisoformat(truth["started_at"])) for call in told(folder, *sources)[0]]
        for want in sorted(truth["calls"], key=lambda call: call["offered_at"]):
            got = nearest(want, left)
            calls += 1
            if got is not None:
                left.remove(got)
                good = [name for name in FIELDS if same(name, want, got, sources)]
                count += 1
                exact += len(good) == len(FIELDS)
                right.update({name: right[name] + 1 for name in good})
        consulted = {
            (transfer["by"], transfer["to"]) for call in truth["calls"] for transfer in call.get("transfers_failed", ())
        }
        ghosts += sum((row["caller"], row["dialled"]) not in consulted for row in left)
    return Score(calls, count, exact, right, ghosts)


def row_of(call: Call, started_at: datetime) -> dict[str, Any]:
    """The fields of ``truth.json``; instants in seconds since ``started_at``."""

    def seconds(at: datetime | None) -> float | None:
        return None if at is None else (at - started_at).total_seconds()

    return {
        "direction": call.direction,
        "caller": call.caller.number,
        "dialled": call.dialled,
        "queue": call.queue,
        "outcome": call.outcome,
        "offered_at": seconds(call.offered_at),
        "queued_at": seconds(call.queued_at),
        "answered_at": seconds(call.answered_at),
        "ended_at": seconds(call.ended_at),
        "agents_rung": call.agents_rung,
        "answered_by": call.answered_by,
        "transfers": [(transfer.kind, transfer.by, digits(transfer.to) or transfer.to) for transfer in call.transfers],
        "hold_s": call.hold_s,
        "ended_by": call.ended_by,
    }


def nearest(want: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The call of that caller offered within two seconds. What a source does not tell cannot be asked for."""
    same_caller = [row for row in rows if digits(row["caller"]) == digits(want["caller"])]
    near = [row for row in same_caller if abs(row["offered_at"] - want["offered_at"]) < 2.1]
    alike = [row for row in near if digits(row["dialled"]) == digits(want["dialled"])]
    return min(alike or near, key=lambda row: abs(row["offered_at"] - want["offered_at"]), default=None)


def same(name: str, want: dict[str, Any], got: dict[str, Any], sources: tuple[str, ...]) -> bool:
    one, other = want.get(name), got[name]
    if name in want.get("inferred", ()):
        return True
    if name in ("caller", "dialled"):
        return digits(one) == digits(other)
    if name == "agents_rung":
        return set(one) == set(other)
    if name == "answered_by":
        return list(one) == list(other)
    if name == "transfers":
        return [(to["kind"], to["by"], digits(to["to"]) or to["to"]) for to in one] == other
    if name.endswith(("_at", "_s")):
        if one is None or other is None:
            return one is other
        tolerances = EXACT_S if "cel" in sources else WHOLE_S
        return bool(abs(one - other) <= tolerances.get(name, 0.1))
    return bool(one == other)


def digits(number: str | None) -> str:
    """Those of a number without leading zeros; '' for one that is withheld."""
    return re.sub(r"\D", "", number or "").lstrip("0")


def fidelity_table() -> str:
    """What each combination of sources tells of the recordings, as docs/gaps.md has it."""
    scores = {sources: score(sources) for sources in COMBINATIONS}
    head = "| of 401 calls, right | " + " | ".join(f"`{' + '.join(sources)}`" for sources in COMBINATIONS) + " |"
    lines = [head, "|---|" + "---|" * len(COMBINATIONS)]
    lines.append("| told at all | " + " | ".join(str(one.told) for one in scores.values()) + " |")
    for name in FIELDS:
        lines.append(f"| `{name}` | " + " | ".join(str(one.right[name]) for one in scores.values()) + " |")
    lines.append("| all 13 | " + " | ".join(str(one.exact) for one in scores.values()) + " |")
    lines.append("| calls that there never were | " + " | ".join(str(one.ghosts) for one in scores.values()) + " |")
    return "\n".join(lines)
