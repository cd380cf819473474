"""A told call held against the truth of the far side, in the words of ``truth.json``."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from cti.model import Call

TOLERANCE_S = {"queued_at": 0.6, "answered_at": 0.1, "ended_at": 0.1, "hold_s": 0.3}
TALK_TOLERANCE_S = 0.15
SAME = ("direction", "queue", "outcome", "ended_by")


def nearest(want: dict[str, Any], told: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The told call with the same two numbers, begun within two seconds, nearest in time."""
    alike = (
        got
        for got in told
        if digits(got["caller"]) == digits(want["caller"])
        and digits(got["dialled"]) == digits(want["dialled"])
        and abs(got["offered_at"] - want["offered_at"]) < 2
    )
    return min(alike, key=lambda got: abs(got["offered_at"] - want["offered_at"]), default=None)


def differences(want: dict[str, Any], got: dict[str, Any], slack_s: float = 0.0) -> list[str]:
    """What is told otherwise than it happened; ``inferred`` fields of the truth were not observed.

    ``slack_s`` is what a busy machine may be late besides.
    """
    wrong = [field for field in SAME if want[field] != got[field] and field not in want.get("inferred", ())]
    if set(want["agents_rung"]) != set(got["agents_rung"]):
        wrong.append("agents_rung")
    if list(want["answered_by"] or ()) != got["answered_by"]:
        wrong.append("answered_by")
    if [handed_over(one) for one in want["transfers"]] != [handed_over(one) for one in got["transfers"]]:
        wrong.append("transfers")
    for field, tolerance in TOLERANCE_S.items():
        if not near(want[field], got[field], tolerance + slack_s):
            wrong.append(field)
    return [f"{field}: want {want[field]!r}, got {got[field]!r}" for field in wrong]


def near(want: float | None, got: float | None, tolerance_s: float) -> bool:
    return got is None if want is None else got is not None and abs(want - got) <= tolerance_s


def handed_over(transfer: dict[str, Any]) -> tuple[str, str, str]:
    return transfer["kind"], transfer["by"], digits(transfer["to"]) or str(transfer["to"])


def digits(number: str | None) -> str:
    return "" if number is None or number == "anonymous" else re.sub(r"\D", "", number).lstrip("0")


def inner_differences(want: dict[str, Any], call: Call, start: datetime, slack_s: float = 0.0) -> list[str]:
    """Where talks and stays differ, if the truth says them: the recordings of the laboratory do."""
    wrong = []
    talks = [(talk.agent, _since(start, talk.started_at), _since(start, talk.ended_at)) for talk in call.talks]
    if "talks" in want and not _same_talks(want["talks"], talks, TALK_TOLERANCE_S + slack_s):
        wrong.append(f"talks: want {want['talks']!r}, got {talks!r}")
    stays = [[stay.queue, str(stay.outcome)] for stay in call.stays]
    if "stays" in want and want["stays"] != stays:
        wrong.append(f"stays: want {want['stays']!r}, got {stays!r}")
    return wrong


def _same_talks(
    want: list[dict[str, Any]], got: list[tuple[str, float | None, float | None]], tolerance_s: float
) -> bool:
    return len(want) == len(got) and all(
        one["agent"] == agent and near(one["since"], since, tolerance_s) and near(one["until"], until, tolerance_s)
        for one, (agent, since, until) in zip(want, got, strict=True)
    )


def _since(start: datetime, at: datetime | None) -> float | None:
    return None if at is None else (at - start).total_seconds()


def story(call: Call) -> dict[str, object]:
    """A call without its ids, and without instants but for whole spans that a person would notice."""
    return {
        "direction": call.direction,
        "caller": call.caller,
        "dialled": call.dialled,
        "queue": call.queue,
        "outcome": call.outcome,
        "ended_by": call.ended_by,
        "stays": [(stay.queue, stay.outcome, stay.agent, stay.key) for stay in call.stays],
        "rings": sorted((ring.agent, ring.queue or "", ring.result, ring.consult) for ring in call.rings),
        "talks": [(talk.agent, talk.queue, talk.holds) for talk in call.talks],
        "transfers": [(transfer.kind, transfer.by, transfer.to, transfer.slot) for transfer in call.transfers],
        "click_to_dial": call.click_to_dial,
    }
