"""Logs in files: found by time, whole for imports, with what logrotate put aside."""

from __future__ import annotations

import gzip
import io
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kpi.importers import log_file
from kpi.importers.lines import Line
from kpi.importers.log_file import LogFile, records
from kpi.importers.queue_log import parse_queue_line
from kpi.importers.source import SourceError

FIRST = 1_795_000_000


def write(path: Path, begin: int, count: int, step: int = 10) -> None:
    lines = (f"{FIRST + begin + n * step}|{n}.1|support|NONE|ENTERQUEUE||+39333{n:07}|1\n" for n in range(count))
    path.write_text("".join(lines))
    os.utime(path, (FIRST + begin + count * step,) * 2)


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(FIRST + seconds, UTC)


async def read(source: LogFile, since: float | None = None, until: float | None = None, start: int = 0) -> list[Line]:
    bounds = (None if one is None else at(one) for one in (since, until))
    return [line async for lines in source.lines(*bounds, start) for line in lines]


def log(path: Path) -> LogFile:
    return LogFile("queue_log", path, parse_queue_line)


async def test_all_of_a_file_is_read_with_its_offsets(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    write(path, 0, 5_000)
    source = log(path)
    lines = await read(source)
    assert len(lines) == 5_000
    raw = path.read_bytes()
    assert all(raw[line.offset - 1 : line.offset] in (b"", b"\n") for line in lines)
    assert (source.position, source.size(), source.bad.count) == (len(raw), len(raw), 0)
    again = await read(log(path), start=lines[4_000].offset)
    assert again == lines[4_000:]


async def test_of_a_big_file_only_the_time_asked_for_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "queue_log"
    write(path, 0, 200_000, step=1)
    parsed = 0

    def counting(raw: bytes, offset: int) -> Line:
        nonlocal parsed
        parsed += 1
        return parse_queue_line(raw, offset)

    lines = await read(LogFile("queue_log", path, counting), 150_000, 150_100)
    assert [line.at for line in lines] == [at(149_999 + n) for n in range(101)]  # a line is as late as its second
    assert parsed < 3_000


@pytest.mark.parametrize("since", [0, 1, 49_999, 77_777, 99_990, 120_000])
async def test_no_line_of_the_time_is_missed_wherever_it_is(tmp_path: Path, since: int) -> None:
    path = tmp_path / "queue_log"
    write(path, 0, 10_000)
    lines = await read(log(path), since, since + 500)
    assert [line.at for line in lines] == [at(n * 10) for n in range(10_000) if since <= n * 10 + 1 <= since + 500]


async def test_what_was_rotated_is_read_where_the_time_begins_before_the_file(tmp_path: Path) -> None:
    write(tmp_path / "queue_log", 2_000, 100)
    write(tmp_path / "queue_log.1", 1_000, 100)
    write(tmp_path / "plain", 0, 100)
    (tmp_path / "queue_log-20261118.gz").write_bytes(gzip.compress((tmp_path / "plain").read_bytes()))
    os.utime(tmp_path / "queue_log-20261118.gz", (FIRST + 1_000,) * 2)
    source = log(tmp_path / "queue_log")
    assert len(await read(source, 2_500, 2_600)) == 10
    assert [line.at for line in await read(source, 1_980, 2_030)] == [
        at(1_980),
        at(1_990),
        at(2_000),
        at(2_010),
        at(2_020),
    ]
    assert len(await read(source, 0, 3_000)) == 300
    assert len(await read(source)) == 100


async def test_bad_lines_are_kept_with_their_number_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_bytes(
        b"garbage\n"
        + f"{FIRST}|1.1|s|a|CONNECT|1\n\n".encode()
        + b"x" * 70_000
        + b"\n"
        + f"{FIRST}|1.1|s|a|ABANDON|\n".encode()
    )
    source = log(path)
    assert [line.event for line in await read(source)] == ["CONNECT", "ABANDON"]
    assert [(bad.number, bad.why) for bad in source.bad.kept] == [
        (1, "it has 1 fields, a line of queue_log has at least 5"),
        (4, "it has 1 fields, a line of queue_log has at least 5"),
        (5, "it has 1 fields, a line of queue_log has at least 5"),
    ]


async def test_a_line_that_is_being_written_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_text(f"{FIRST}|1.1|s|a|CONNECT|1\n{FIRST + 1}|1.1|s|a|COMPLETE")
    assert [line.event for line in await read(log(path), 0, 100)] == ["CONNECT"]
    source = log(path)
    assert [line.event for line in await read(source)] == ["CONNECT", "COMPLETE"]
    assert source.position == path.read_bytes().index(b"\n") + 1


def test_a_record_may_end_with_its_line_whatever_its_quotes() -> None:
    written = b'"a"b"\n"c"\n'
    assert [raw for _, raw in records(io.BytesIO(written), lines_end_them=True)] == [b'"a"b"\n', b'"c"\n']
    assert len(list(records(io.BytesIO(written)))) == 1


async def test_a_record_may_hold_a_line_break(tmp_path: Path) -> None:
    path = tmp_path / "Master.csv"
    path.write_bytes(b'"a","b\nc"\n"d","e"\n')
    with path.open("rb") as file:
        assert list(records(file)) == [(0, b'"a","b\nc"\n'), (10, b'"d","e"\n')]


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: None])
async def test_a_file_that_cannot_be_read_is_an_error_for_people(tmp_path: Path, make: object) -> None:
    path = tmp_path / "queue_log"
    make(path)  # type: ignore[operator]
    with pytest.raises(SourceError, match="logs-unreadable"):
        await read(log(path))
    with pytest.raises(SourceError, match="cannot be read"):
        await read(log(path), 0, 10)


async def test_a_broken_archive_is_an_error_too(tmp_path: Path) -> None:
    write(tmp_path / "queue_log", 2_000, 10)
    (tmp_path / "queue_log.1.gz").write_bytes(b"\x1f\x8b\x08garbage")
    with pytest.raises(SourceError, match=r"queue_log\.1\.gz"):
        await read(log(tmp_path / "queue_log"), 0, 3_000)


async def test_little_is_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    write(path, 0, 20_000)
    sizes = [len(lines) async for lines in log(path).lines()]
    assert max(sizes) == log_file.LINES_AT_ONCE
    assert sum(sizes) == 20_000
