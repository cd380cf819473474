"""How much of what the far side saw the told calls give back, field by field, and what docs/gaps.md says of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from cti.model import Call
from tests.source import ROOT

FIELDS = (
    "direction", "caller", "dialled", "queue", "outcome", "agents_rung", "answered_by", "transfers", "ended_by",
    "queued_at", "answered_at", "ended_at", "hold_s",
)  # fmt: skip
#: Where instants are written in microseconds, and where in whole seconds.
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


def score_of(stories: Iterable[tuple[dict[str, Any], Sequence[Call]]], tolerances: dict[str, float]) -> Score:
    """The truth of each recording against the calls told of it."""
    calls = count = exact = ghosts = 0
    right = dict.fromkeys(FIELDS, 0)
    for truth, told in stories:
        pairs, never = matched(truth, told)
        calls, ghosts = calls + len(pairs), ghosts + len(never)
        for want, got in pairs:
            if got is not None:
                good = [name for name in FIELDS if same(name, want, got, tolerances)]
                count += 1
                exact += len(good) == len(FIELDS)
                right.update({name: right[name] + 1 for name in good})
    return Score(calls, count, exact, right, ghosts)


def matched(
    truth: dict[str, Any], told: Sequence[Call]
) -> tuple[list[tuple[dict[str, Any], dict[str, Any] | None]], list[dict[str, Any]]]:
    """Each call of the truth with what is told of it, if anything is; and the told ones that there never were."""
    left = [row_of(call, datetime.fromisoformat(truth["started_at"])) for call in told]
    pairs = []
    for want in sorted(truth["calls"], key=lambda call: call["offered_at"]):
        got = nearest(want, left)
        if got is not None:
            left.remove(got)
        pairs.append((want, got))
    consulted = {
        (transfer["by"], transfer["to"]) for call in truth["calls"] for transfer in call.get("transfers_failed", ())
    }
    return pairs, [row for row in left if (row["caller"], row["dialled"]) not in consulted]


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


def same(name: str, want: dict[str, Any], got: dict[str, Any], tolerances: dict[str, float]) -> bool:
    """Whether the field was told as it was, instants and durations within these seconds, or a tenth of one."""
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
        return bool(abs(one - other) <= tolerances.get(name, 0.1))
    return bool(one == other)


def digits(number: str | None) -> str:
    """Those of a number without leading zeros; '' for one that is withheld."""
    return re.sub(r"\D", "", number or "").lstrip("0")


def table_of(scores: Mapping[str, Score]) -> str:
    """What each kind of records tells of the recordings, as docs/gaps.md has it."""
    calls = max(one.calls for one in scores.values())
    lines = [f"| of {calls} calls, right | " + " | ".join(scores) + " |", "|---|" + "---|" * len(scores)]
    lines.append("| told at all | " + " | ".join(str(one.told) for one in scores.values()) + " |")
    for name in FIELDS:
        lines.append(f"| `{name}` | " + " | ".join(str(one.right[name]) for one in scores.values()) + " |")
    lines.append("| all 13 | " + " | ".join(str(one.exact) for one in scores.values()) + " |")
    lines.append("| calls that there never were | " + " | ".join(str(one.ghosts) for one in scores.values()) + " |")
    return "\n".join(lines)


def table_in_docs(mark: str) -> str:
    """The table below this mark in docs/gaps.md."""
    return (ROOT / "docs/gaps.md").read_text().partition(f"<!-- {mark} -->\n")[2].partition("\n<!--")[0]


def far_apart(written: str, measured: str) -> list[str]:
    """The rows of a table that differ by more than three calls: the call model is refined all the time."""
    one, other = _cells_of(written), _cells_of(measured)
    assert one.keys() == other.keys()
    return [name for name in one if any(abs(a - b) > 3 for a, b in zip(one[name], other[name], strict=True))]


def _cells_of(table: str) -> dict[str, list[int]]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return {name: [int(cell) for cell in cells] for name, *cells in rows}
