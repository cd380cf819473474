"""Killed without warning in the middle of writing: what is in the store adds up, and the rest is read again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.model import CallEnded
from kpi.reading import CallFilter
from kpi.store import Store
from offhook.replay import replay
from tests.kpi.stored import all_spans, all_tallies, recomputed

PROGRAM = Path(__file__).with_name("killed_recorder.py")
MORNING = PROGRAM.parent.parent / "recordings" / "asterisk-22" / "mix-1"


def started(url: str, offset: int, *lines: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(PROGRAM), url, str(MORNING), str(offset), *map(str, lines)]
    root = PROGRAM.parent.parent.parent
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env={"PYTHONPATH": str(root)})


@pytest.mark.parametrize("after_lines", [1, 4])
async def test_a_killed_recorder_leaves_whole_batches_and_goes_on_from_its_mark(
    store: Store, engine: AsyncEngine, database_url: str, after_lines: int
) -> None:
    with started(database_url, 0, after_lines) as first:
        assert first.stdout is not None
        for _ in range(after_lines):
            assert first.stdout.readline().strip().isdigit()
        first.kill()
    left = await store.fetch_calls(CallFilter(), limit=1_000)
    calls = [event.call for event in replay(MORNING) if isinstance(event, CallEnded)]
    assert 0 < len(left) < len(calls)
    assert await all_tallies(engine) == recomputed(*left, spans=await all_spans(engine))
    mark = (await store.fetch_marks())["replay"]
    with started(database_url, mark.byte_offset or 0) as second:
        assert second.stdout is not None
        assert second.stdout.read().endswith("done\n")
    assert len(await store.fetch_calls(CallFilter(), limit=1_000)) == len(calls)
    assert await all_tallies(engine) == recomputed(*calls, spans=await all_spans(engine))
