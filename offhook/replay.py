"""A recording told as calls: the same code path as the live one, without a socket and without a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cti.journal_replay import FrameReader
from cti.model import AgentChange, AgentChanged, Call, CallEnded, CallEvent, Stay, Talk, Transfer
from cti.pbx.kinds import find_kinds
from cti.pbx.settings import PbxSettings
from cti.recording import Recording
from cti.switchboard import Switchboard

START = datetime(2000, 1, 1, tzinfo=UTC)  # a recording has no date of its own: only differences are told


def replay(
    folder: Path,
    trunks: Sequence[str] = (),
    phones: Mapping[str, Sequence[str]] | None = None,
    wrap_up_s: Mapping[str, float] | None = None,
) -> Iterator[CallEvent]:
    """All events of a recording, in order, as they would have been published live; times count from ``START``.

    ``trunks``, ``phones`` and ``wrap_up_s`` are those of the PBX's settings.

    Raises:
        RecordingError: the folder is no recording.
        OffhookError: its bytes are not what that kind of PBX sends.
    """
    recording = Recording(folder)
    theirs = {agent: list(numbers) for agent, numbers in (phones or {}).items()}
    settings = PbxSettings(
        name="replay",
        kind=recording.kind,
        username="replay",
        trunks=list(trunks),
        phones=theirs,
        wrap_up_s=dict(wrap_up_s or {}),
    )
    dialect = find_kinds()[recording.kind](settings)
    told: list[CallEvent] = []
    board = Switchboard(settings.name, dialect, told.append)
    frames = FrameReader(lambda: dialect.wire(settings.max_frame_bytes))
    for piece in recording.pieces():
        board.take(frames.take(piece.offset, piece.data), START + timedelta(seconds=piece.t), folder.name)
        yield from told
        told.clear()


def rows(events: Iterator[CallEvent]) -> Iterator[dict[str, Any]]:
    """The JSON rows of ``offhook replay --json``: calls as they end, then the agents' states."""
    states: list[dict[str, Any]] = []
    for event in events:
        if isinstance(event, CallEnded):
            yield call_row(event.call)
        elif isinstance(event, AgentChanged) and event.change is not AgentChange.STATE:
            states.append(_state_row(event))
    yield from states


def call_row(call: Call) -> dict[str, Any]:
    """One call with the field names of a recording's ``truth.json``, and its waits and talks besides.

    A talk has both figures: ``talk_s`` from the bridges, hold left out, and ``queue_talk_s``, what the queue says.
    """
    return {
        "type": "call",
        "id": call.call_id,
        "direction": call.direction,
        "caller": call.caller.number,
        "caller_name": call.caller.name,
        "dialled": call.dialled,
        "queue": call.queue,
        "outcome": call.outcome,
        "offered_at": _seconds(call.offered_at),
        "queued_at": _seconds(call.queued_at),
        "answered_at": _seconds(call.answered_at),
        "ended_at": _seconds(call.ended_at),
        "agents_rung": list(call.agents_rung),
        "answered_by": list(call.answered_by),
        "transfers": [_transfer_row(transfer) for transfer in call.transfers],
        "hold_s": round(call.hold_s, 3),
        "ended_by": call.ended_by,
        "click_to_dial": call.click_to_dial,
        "stays": [_stay_row(stay) for stay in call.stays],
        "talks": [_talk_row(talk) for talk in call.talks],
    }


def _stay_row(stay: Stay) -> dict[str, Any]:
    return {
        "queue": stay.queue,
        "joined_at": _seconds(stay.joined_at),
        "left_at": _seconds(stay.left_at),
        "outcome": stay.outcome,
        "agent": stay.agent,
        "key": stay.key,
    }


def _talk_row(talk: Talk) -> dict[str, Any]:
    return {
        "agent": talk.agent,
        "started_at": _seconds(talk.started_at),
        "ended_at": _seconds(talk.ended_at),
        "talk_s": None if talk.talk_s is None else round(talk.talk_s, 3),
        "hold_s": round(talk.hold_s, 3),
        "queue": talk.queue,
        "queue_talk_s": talk.queue_talk_s,
    }


def _transfer_row(transfer: Transfer) -> dict[str, Any]:
    return {
        "kind": transfer.kind,
        "by": transfer.by,
        "to": transfer.to,
        "at": _seconds(transfer.at),
        "slot": transfer.slot,
        "consulted_at": _seconds(transfer.consulted_at),
        "consult_answered_at": _seconds(transfer.consult_answered_at),
    }


def _state_row(event: AgentChanged) -> dict[str, Any]:
    return {
        "type": "agent_state",
        "agent": event.agent.agent,
        "queue": event.queue,
        "state": event.change,
        "reason": event.reason,
        "at": _seconds(event.at),
    }


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else round((at - START).total_seconds(), 3)
