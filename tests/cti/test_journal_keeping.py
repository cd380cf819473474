"""Old files of the journal: compressed, and removed in time, but never what is still needed."""

from __future__ import annotations

import os
import subprocess
import time
from itertools import islice
from pathlib import Path

import pytest

from cti.journal import JournalSettings, Mark, read_journal
from cti.journal_keeping import DAY_S, JournalKeeper, OpenFiles, compress, compress_closed, remove_expired
from cti.recording import list_segments
from tests.cti.journaled import SETTINGS, fill, made_up, recorded, until

NOW = time.time()
SMALL_FILES = JournalSettings(sync_s=0, compress=False, max_file_mib=1)


def aged(folder: Path, days: float) -> None:
    """Make all files in ``folder`` look as if last written so many days ago."""
    for path in folder.iterdir():
        os.utime(path, (NOW - days * DAY_S, NOW - days * DAY_S))


def nothing_open() -> OpenFiles | None:
    return None


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Three connections, of several pairs of files each, last written 20, 15 and 1 days ago."""
    reads = list(islice(made_up(1), 150))
    for name, days in zip(fill(tmp_path, reads, reads, reads, settings=SMALL_FILES), (20, 15, 1), strict=True):
        aged(tmp_path / "hq" / name, days)
    return tmp_path / "hq"


def sessions(place: Path) -> list[str]:
    return [path.name for path in sorted(place.iterdir()) if path.is_dir()]


def test_what_is_old_is_removed(place: Path) -> None:
    one, two, three = sessions(place)
    pairs = [len(list_segments(place / name)) for name in (one, two, three)]
    assert remove_expired(place, NOW - 14 * DAY_S, nothing_open) == pairs[0] + pairs[1]
    assert sessions(place) == [three]
    assert remove_expired(place, NOW - 14 * DAY_S, nothing_open) == 0
    assert len(list_segments(place / three)) == pairs[2]


@pytest.mark.parametrize("packed", [False, True])
def test_the_last_write_counts_and_compressing_is_none(place: Path, packed: bool) -> None:
    if packed:
        compress_closed(place, nothing_open)
    one, *_ = sessions(place)
    assert remove_expired(place, NOW - 21 * DAY_S, nothing_open) == 0
    assert remove_expired(place, NOW - 19 * DAY_S, nothing_open) > 0
    assert one not in sessions(place)


def test_what_is_not_in_the_store_stays_however_old(place: Path) -> None:
    _, two, three = sessions(place)
    remove_expired(place, NOW, nothing_open, Mark(two, 0))
    assert sessions(place) == [two, three]
    remove_expired(place, NOW, nothing_open, Mark("", 0))
    assert sessions(place) == [two, three]


def test_of_a_long_connection_only_what_is_needed_stays(place: Path) -> None:
    one, *_ = sessions(place)
    starts = [segment.start for segment in list_segments(place / one)]
    assert len(starts) >= 3
    mark = Mark(one, starts[1] + 5)
    remove_expired(place, NOW, nothing_open, mark)
    assert [segment.start for segment in list_segments(place / one)] == starts[1:]
    assert (place / one / "session.json").is_file()
    read = next(read_journal(place.parent, "hq", mark))
    assert (read.session, read.offset) == (one, mark.offset)


def test_a_mark_at_the_very_end_keeps_the_last_files(place: Path) -> None:
    _, two, three = sessions(place)
    last = list_segments(place / two)[-1]
    remove_expired(place, NOW, nothing_open, Mark(two, 10**12))
    assert sessions(place) == [two, three]
    assert list_segments(place / two) == [last]


def test_what_is_being_written_stays_and_is_not_compressed(place: Path) -> None:
    one, *_ = sessions(place)
    starts = [segment.start for segment in list_segments(place / one)]
    held = OpenFiles(one, starts[-1])
    compress_closed(place, lambda: held)
    plain = [path.name for path in place.rglob("events*.ami")]
    assert plain == [f"events.{starts[-1]:012d}.ami"]
    remove_expired(place, NOW, lambda: held)
    assert sessions(place) == [one]
    assert [segment.start for segment in list_segments(place / one)] == [starts[-1]]


def test_a_connection_that_has_just_begun_is_not_removed(place: Path) -> None:
    made = place / "29991231T235959.999998Z"
    made.mkdir()
    (made / "session.json").write_text("{}")
    remove_expired(place, NOW - DAY_S, nothing_open)
    assert made.is_dir()


def test_an_empty_folder_of_old_is_removed(place: Path) -> None:
    made = place / "20200101T000000.000000Z"
    made.mkdir()
    (made / "session.json").write_text("{}")
    (made / "session.json.partial").write_text("{}")
    os.utime(made, (NOW - 30 * DAY_S, NOW - 30 * DAY_S))
    remove_expired(place, NOW - 14 * DAY_S, nothing_open)
    assert not made.exists()


def test_what_somebody_else_put_there_is_not_touched(place: Path) -> None:
    one, _, three = sessions(place)
    (place / one / "why-this-call.txt").write_text("a note")
    (place / "notes").mkdir()
    (place / "notes" / "events.ami").write_bytes(b"x")
    aged(place / "notes", 90)
    remove_expired(place, NOW - 14 * DAY_S, nothing_open)
    assert [path.name for path in (place / one).iterdir()] == ["why-this-call.txt"]
    assert sessions(place) == [one, three, "notes"]
    assert list((place / "notes").iterdir())


def test_compressed_it_is_the_same_journal(tmp_path: Path) -> None:
    fill(tmp_path, recorded("asterisk-22/S08"), list(islice(made_up(1), 20)))
    before = list(read_journal(tmp_path, "hq"))
    assert compress_closed(tmp_path / "hq", nothing_open) == 2
    names = sorted(path.name for path in (tmp_path / "hq").rglob("*") if path.is_file() and path.name[0] != ".")
    assert names == sorted(["events.ami.gz", "session.json", "timing.jsonl.gz"] * 2)
    assert list(read_journal(tmp_path, "hq")) == before
    assert compress_closed(tmp_path / "hq", nothing_open) == 0


def test_a_crash_between_the_two_files_of_one_leaves_both_readable(tmp_path: Path) -> None:
    (name,) = fill(tmp_path, recorded("asterisk-22/S01"))
    folder = tmp_path / "hq" / name
    before = list(read_journal(tmp_path, "hq"))
    plain = (folder / "events.ami").read_bytes()
    compress(folder / "events.ami")
    (folder / "events.ami").write_bytes(plain)  # as if the crash had come before the plain one was removed
    (folder / "timing.jsonl.gz.partial").write_bytes(b"\x1f\x8bhalf")
    assert list(read_journal(tmp_path, "hq")) == before
    compress_closed(tmp_path / "hq", nothing_open)
    assert sorted(path.name for path in folder.iterdir()) == ["events.ami.gz", "session.json", "timing.jsonl.gz"]
    assert list(read_journal(tmp_path, "hq")) == before


def test_a_stop_leaves_the_plain_file(tmp_path: Path) -> None:
    path = tmp_path / "events.ami"
    path.write_bytes(b"x" * 100)
    assert compress(path, lambda: True) is False
    assert list(tmp_path.iterdir()) == [path]
    assert compress(tmp_path / "missing") is False


def test_a_full_disk_leaves_the_plain_file(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "x", disk], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("cannot mount a file system here")
    try:
        path = disk / "events.ami"
        path.write_bytes(os.urandom(200_000))
        with pytest.raises(OSError, match="No space left"):
            compress(path)
        assert list(disk.iterdir()) == [path]
        assert path.stat().st_size == 200_000
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_keeper_looks_after_it_all_at_once(place: Path) -> None:
    _, _, three = sessions(place)
    keeper = JournalKeeper(place, JournalSettings(), nothing_open, None)
    until(lambda: sessions(place) == [three] and not list(place.rglob("*.ami")))
    keeper.close(5.0)


def test_a_keeper_asks_how_far_the_store_is(place: Path) -> None:
    one, two, three = sessions(place)
    mark: list[Mark | None] = [None]
    asked: list[int] = []

    def tell() -> Mark | None:
        asked.append(1)
        return mark[0]

    keeper = JournalKeeper(place, SETTINGS, nothing_open, tell)
    until(lambda: len(asked) == 1)
    keeper.wake()
    until(lambda: len(asked) == 2)
    assert sessions(place) == [one, two, three], "while the store holds nothing, all is needed"
    mark[0] = Mark(two, 0)
    keeper.wake()
    until(lambda: sessions(place) == [two, three])
    keeper.close(5.0)


def test_a_folder_that_cannot_be_tidied_does_not_keep_the_others(place: Path) -> None:
    one, two, three = sessions(place)
    (place / one / "events.ami.gz.partial").mkdir()
    keeper = JournalKeeper(place, JournalSettings(retention_days=1000), nothing_open, None)
    until(lambda: not [path for name in (two, three) for path in (place / name).glob("*[il]")])
    keeper.close(5.0)
    assert (place / one / "events.ami").is_file()
