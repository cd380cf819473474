"""What a recorded PBX wrote itself, told as calls from any of its sources, and held against what the far side saw."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from cti.model import AgentChanged, Call
from cti.pbx.asterisk_logs import AsteriskLogs
from kpi.importers.cdr import parse_cdr_row
from kpi.importers.cel import parse_cel_row
from kpi.importers.gathering import Gathering, written_at
from kpi.importers.lines import Line, QueueLine
from kpi.importers.queue_log import parse_queue_line
from tests.kpi.importers.fidelity import EXACT_S, WHOLE_S, Score, score_of, table_of

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


def score(sources: tuple[str, ...]) -> Score:
    """The truth of all recordings against what these sources tell."""
    stories = ((truth_of(folder), told(folder, *sources)[0]) for folder in FOLDERS.values())
    return score_of(stories, EXACT_S if "cel" in sources else WHOLE_S)


def fidelity_table() -> str:
    """What each combination of sources tells of the recordings, as docs/gaps.md has it."""
    return table_of({f"`{' + '.join(sources)}`": score(sources) for sources in COMBINATIONS})
