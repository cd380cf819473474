"""All logs of one PBX together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kpi.importers.pbx_logs import MembersTold, PbxLogs
from tests.kpi.cut_stream import logs_of, really
from tests.kpi.importers.logged import FOLDERS, truth_of

MORNING = "asterisk-22-mix-1"
STARTED_AT = datetime.fromisoformat(truth_of(FOLDERS[MORNING])["started_at"])


async def told(logs: PbxLogs, begin: float, end: float) -> list[str]:
    bounds = (STARTED_AT + timedelta(seconds=seconds) for seconds in (begin, end))
    return [call.call_id async for calls in logs.tell(*bounds) for call in calls]


async def test_the_calls_of_a_time_are_told_once_they_are_over() -> None:
    calls = really(MORNING)
    assert sorted(await told(logs_of(MORNING, "queue_log", "cdr", "cel"), -10, 1_000)) == sorted(calls)
    early = await told(logs_of(MORNING, "cel"), -10, 100)
    over = {
        one
        for one, call in calls.items()
        if call.ended_at is not None and call.ended_at < STARTED_AT + timedelta(seconds=90)
    }
    assert over <= set(early)
    assert not {one for one in early if calls[one].offered_at > STARTED_AT + timedelta(seconds=100)}


@pytest.mark.parametrize(
    ("sources", "missing"),
    [
        ((), "no logs of this PBX are named in the settings"),
        (("queue_log",), "queue_log tells no calls but those in queues"),
        (("cdr",), "cdr tells no waits"),
        (("queue_log", "cdr"), None),
        (("cel",), None),
    ],
)
def test_what_logs_cannot_tell_is_said(sources: tuple[str, ...], missing: str | None) -> None:
    logs = logs_of(MORNING, *sources)
    assert (logs.kinds, logs.missing) == (sources, missing)


async def test_log_ins_and_pauses_are_told_beside_the_calls_and_when_the_pbx_began_anew(tmp_path: Path) -> None:
    folder = FOLDERS["asterisk-22-S16"]
    lines = (folder / "queue_log").read_bytes()
    second = int(lines.split(b"|")[0])
    (tmp_path / "queue_log").write_bytes(b"%d|NONE|NONE|NONE|QUEUESTART|\n" % (second - 1) + lines)
    logs, members = logs_of("asterisk-22-S16", "queue_log", folder=tmp_path), MembersTold()
    begun_at = datetime.fromtimestamp(second - 1, UTC)
    async for _ in logs.tell(begun_at, begun_at + timedelta(hours=1), members):
        pass
    assert logs.tells_members
    assert not logs_of("asterisk-22-S16", "cel").tells_members
    assert members.restarts == [begun_at]
    assert [(one.change, one.queue, one.agent.agent, one.reason) for one in members.changes[:4]] == [
        ("login", "sales", "104", None),
        ("pause", "sales", "104", "Pausa caffè"),
        ("unpause", "sales", "104", None),
        ("logout", "sales", "104", None),
    ]
