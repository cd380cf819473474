"""Places in the journal: its names, its marks, and reading from one to the other."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path

import msgspec
import pytest

import cti.journal
from cti.journal import (
    JournalSettings,
    Mark,
    find_end,
    find_read,
    list_sessions,
    name_session,
    parse_session_name,
    read_journal,
)
from tests.cti.journaled import START, fill, made_up

STREAMS = [list(islice(made_up(seed, largest=50), 12)) for seed in (1, 2)]
SETTINGS = JournalSettings(sync_s=0, compress=False)


@pytest.fixture
def names(tmp_path: Path) -> list[str]:
    return fill(tmp_path, *STREAMS)


def bytes_of(folder: Path, since: Mark | None = None, until: Mark | None = None) -> dict[str, bytes]:
    given: dict[str, bytes] = {}
    for read in read_journal(folder, "hq", since, until):
        given[read.session] = given.get(read.session, b"") + read.data
    return given


def whole(stream: int) -> bytes:
    return b"".join(data for _, data in STREAMS[stream])


def test_the_examples_hold() -> None:
    assert doctest.testmod(cti.journal).failed == 0


def test_names_sort_by_time_whatever_the_clock_does() -> None:
    given: list[str] = []
    for minutes in (0, 1, 1, -60, 5, 600, 0):
        given.append(name_session(START + timedelta(minutes=minutes), given[-1] if given else None))
    assert given == sorted(set(given))
    assert parse_session_name(given[0]) == START


def test_marks_sort_as_the_journal_does() -> None:
    first, second = "20261121T090000.000000Z", "20261121T090000.000001Z"
    assert Mark(first, 0) < Mark(first, 9) < Mark(first, 10**12) < Mark(second, 0)


def test_from_any_mark_on(tmp_path: Path, names: list[str]) -> None:
    for offset in range(len(whole(0)) + 1):
        reads = list(read_journal(tmp_path, "hq", Mark(names[0], offset)))
        first = [read for read in reads if read.session == names[0]]
        assert b"".join(read.data for read in first) == whole(0)[offset:]
        assert not first or first[0].offset == offset
        assert b"".join(read.data for read in reads if read.session == names[1]) == whole(1)
        assert all(a.offset + len(a.data) == b.offset for a, b in pairwise(first))


def test_up_to_any_mark(tmp_path: Path, names: list[str]) -> None:
    for offset in range(len(whole(1)) + 1):
        given = bytes_of(tmp_path, Mark(names[0], 7), Mark(names[1], offset))
        assert given.get(names[0]) == whole(0)[7:]
        assert given.get(names[1], b"") == whole(1)[:offset]


def test_two_halves_make_the_whole(tmp_path: Path, names: list[str]) -> None:
    for session, stream in zip(names, STREAMS, strict=True):
        for offset in range(0, sum(len(data) for _, data in stream) + 1, 5):
            mark = Mark(session, offset)
            before, after = bytes_of(tmp_path, None, mark), bytes_of(tmp_path, mark)
            joined = {name: before.get(name, b"") + after.get(name, b"") for name in names}
            assert joined == {names[0]: whole(0), names[1]: whole(1)}


def test_a_mark_in_a_connection_that_is_gone_goes_on_with_the_next(tmp_path: Path, names: list[str]) -> None:
    between = name_session(parse_session_name(names[0]) + timedelta(microseconds=1))
    assert bytes_of(tmp_path, Mark(between, 99)) == {names[1]: whole(1)}
    assert bytes_of(tmp_path, Mark("29991231T000000.000000Z", 0)) == {}
    assert bytes_of(tmp_path, None, Mark(between, 99)) == {names[0]: whole(0)}


def test_an_instant_is_found_to_the_microsecond(tmp_path: Path) -> None:
    """The sessions' names are of now; what was read in them is what counts."""
    (name,) = fill(tmp_path, STREAMS[0])
    for read in list(read_journal(tmp_path, "hq")):
        assert find_read(tmp_path, "hq", read.received_at) == Mark(name, read.offset)
        after = find_read(tmp_path, "hq", read.received_at + timedelta(microseconds=1))
        assert after is None or after.offset > read.offset
    assert find_read(tmp_path, "hq", START - timedelta(days=3)) == Mark(name, 0)
    assert find_read(tmp_path, "other", START) is None


def test_an_instant_is_found_in_the_connection_of_that_time(tmp_path: Path) -> None:
    """Names tell when a connection began: the one before the instant is looked at, and those after it."""
    now = datetime.now(UTC)
    first, second = ([(now + timedelta(minutes=m, seconds=i), b"x") for i in range(3)] for m in (-5, 5))
    one, two = fill(tmp_path, first, second)
    assert find_read(tmp_path, "hq", first[1][0]) == Mark(one, 1)
    assert find_read(tmp_path, "hq", now) == Mark(two, 0)
    assert find_read(tmp_path, "hq", second[2][0]) == Mark(two, 2)
    assert find_read(tmp_path, "hq", now + timedelta(hours=1)) is None


def test_the_end_is_the_last_read(tmp_path: Path, names: list[str]) -> None:
    assert find_end(tmp_path, "hq") == STREAMS[1][-1][0]
    for path in (tmp_path / "hq" / names[1]).glob("timing*"):
        path.write_bytes(b"")
    assert find_end(tmp_path, "hq") == STREAMS[0][-1][0]


def test_a_journal_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert find_end(tmp_path / "none", "hq") is None
    assert list_sessions(tmp_path / "none", "hq") == []
    assert list(read_journal(tmp_path / "none", "hq")) == []


def test_what_is_no_session_is_passed_over(tmp_path: Path, names: list[str]) -> None:
    for name in ("notes", "20261121T090000", "S01"):
        (tmp_path / "hq" / name).mkdir()
        (tmp_path / "hq" / name / "events.ami").write_bytes(b"x")
    (tmp_path / "hq" / "20991121T090000.000000Z").mkdir()
    (tmp_path / "hq" / "20991121T090000.000001Z").write_text("a file")
    assert list_sessions(tmp_path, "hq") == names
    assert set(bytes_of(tmp_path)) == set(names)


def test_a_session_without_its_own_description_is_timed_by_its_name(tmp_path: Path, names: list[str]) -> None:
    (tmp_path / "hq" / names[0] / "session.json").write_bytes(b"{torn")
    first = next(read_journal(tmp_path, "hq"))
    assert first.received_at == parse_session_name(names[0])


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("retention_days", 0),
        ("retention_days", -1),
        ("max_file_mib", 0),
        ("max_waiting_mib", 0),
        ("sync_s", -1),
        ("folder", ""),
        ("retention", 3),
    ],
)
def test_settings_that_make_no_sense_are_refused(setting: str, value: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({setting: value}, JournalSettings)


def test_each_setting_is_described() -> None:
    fields = msgspec.inspect.type_info(JournalSettings).fields  # type: ignore[attr-defined]
    assert all(
        field.type.extra_json_schema["description"] for field in fields if hasattr(field.type, "extra_json_schema")
    )
    assert all(isinstance(field.type, msgspec.inspect.Metadata) for field in fields)
