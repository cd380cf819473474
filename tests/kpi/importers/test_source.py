"""Several logs read as one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import pytest

from kpi.importers.gathering import written_at
from kpi.importers.lines import Line
from kpi.importers.source import KEPT_BAD_LINES, BadLine, BadLines, SourceError, merged
from tests.cti.pbx.written import CALLER, cdr, cel, line


class Given:
    kind = label = "given"
    by_time = False

    def __init__(self, *chunks: Sequence[Line]) -> None:
        self.bad = BadLines()
        self.asked: list[object] = []
        self._chunks = chunks

    async def lines(
        self, since: datetime | None = None, until: datetime | None = None, start: int = 0
    ) -> AsyncIterator[Sequence[Line]]:
        self.asked = [since, until, start]
        for chunk in self._chunks:
            yield chunk


async def test_lines_of_all_sources_come_in_the_order_they_were_written() -> None:
    rows = [cel(n, "ANSWER", CALLER) for n in (1, 2, 3, 9)]
    lines = [line(n, "CONNECT") for n in (0.5, 2.5, 20)]
    records = [cdr(0, 4, CALLER)]
    sources = [Given(rows[:2], [], rows[2:]), Given(lines[:1], lines[1:]), Given(records), Given()]
    told = [one async for one in merged(sources, starts=[7])]
    assert sorted(told, key=written_at) == told
    assert len(told) == 8
    assert [source.asked[2] for source in sources] == [7, 0, 0, 0]


async def test_nothing_comes_of_nothing() -> None:
    assert [one async for one in merged([])] == []


def test_of_many_bad_lines_the_first_are_kept_and_all_counted() -> None:
    bad = BadLines()
    for n in range(KEPT_BAD_LINES + 10):
        bad.add(BadLine("x", n, n, "why"))
    assert (bad.count, len(bad.kept)) == (KEPT_BAD_LINES + 10, KEPT_BAD_LINES)


def test_an_unreadable_source_names_itself_and_what_to_do() -> None:
    with pytest.raises(SourceError, match=r"queue_log cannot be read: No such file .*check \[pbx.logs\]"):
        raise SourceError("queue_log", "No such file")
