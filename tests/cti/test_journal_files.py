"""The files of one connection while they grow."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from cti import journal_files
from cti.journal_files import SegmentFiles, SessionFiles, make_folder, write_whole
from cti.recording import Piece, Recording, Segment, SessionInfo
from tests.cti.journaled import START

INFO = SessionInfo(pbx="hq", kind="asterisk", started_at=START)


def test_the_bytes_are_there_before_their_time(tmp_path: Path) -> None:
    files = SegmentFiles(tmp_path, Segment(0, "ami"))
    files.write([Piece(0.0, 0, b"one "), Piece(0.5, 4, b"two")])
    assert (tmp_path / "events.ami").read_bytes() == b"one two"
    assert (tmp_path / "timing.jsonl").read_text() == ('{"t":0.0,"offset":0,"len":4}\n{"t":0.5,"offset":4,"len":3}\n')
    files.close()


def test_files_are_never_continued(tmp_path: Path) -> None:
    SegmentFiles(tmp_path, Segment(0, "ami")).close()
    with pytest.raises(FileExistsError):
        SegmentFiles(tmp_path, Segment(0, "ami"))


def test_a_pair_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "timing.jsonl").mkdir()
    with pytest.raises(OSError):
        SegmentFiles(tmp_path, Segment(0, "ami"))
    assert not (tmp_path / "events.ami").exists()


def test_what_a_full_disk_took_of_a_write_is_taken_back(tmp_path: Path) -> None:
    files = SegmentFiles(tmp_path, Segment(0, "ami"))
    files.write([Piece(0.0, 0, b"x" * 900)])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            files.write([Piece(1.0, 900, b"y" * 50), Piece(2.0, 950, b"y" * 100)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "events.ami").stat().st_size == 900
    assert len((tmp_path / "timing.jsonl").read_text().splitlines()) == 1
    files.write([Piece(1.0, 900, b"y" * 150)])
    files.sync()
    files.close()
    assert [piece.offset for piece in Recording(tmp_path).pieces()] == [0, 900]


def test_when_new_files_are_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = SegmentFiles(tmp_path, Segment(100, "ami"))
    assert files.takes(Piece(0.0, 100, b"x" * 5000), 1000)
    assert not files.takes(Piece(0.0, 101, b"x"), 1000)
    files.write([Piece(0.0, 100, b"x" * 900)])
    assert files.takes(Piece(1.0, 1000, b"x" * 100), 1000)
    assert not files.takes(Piece(1.0, 1000, b"x" * 101), 1000)
    monkeypatch.setattr(journal_files, "SEGMENT_S", -1.0)
    assert not files.takes(Piece(1.0, 1000, b"x"), 1000)
    files.close()


def test_a_session_goes_from_pair_to_pair(tmp_path: Path) -> None:
    session = SessionFiles(tmp_path / "s", INFO, max_bytes=10)
    for piece in (Piece(0.0, 0, b"12345678"), Piece(1.0, 8, b"12345678"), Piece(2.0, 50, b"1")):
        session.write([piece])
    assert session.began == Segment(50, "ami")
    session.close()
    recording = Recording(tmp_path / "s")
    assert [segment.start for segment in recording.segments] == [0, 8, 50]
    assert [piece.offset for piece in recording.pieces()] == [0, 8, 50]
    assert recording.info == INFO


def test_an_instant_comes_out_as_it_went_in(tmp_path: Path) -> None:
    from datetime import timedelta

    session = SessionFiles(tmp_path / "s", INFO, max_bytes=1 << 20)
    instants = [START + timedelta(days=400, microseconds=i * 333_333 + 1) for i in range(50)]
    for i, at in enumerate(instants):
        session.write([session.piece(at, i, b"x")])
    session.close()
    assert [START + timedelta(seconds=t) for t, _ in Recording(tmp_path / "s").reads()] == instants


def test_a_small_file_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    (tmp_path / "session.json.partial").write_text("left by a crash")
    write_whole(path, b"new")
    write_whole(path, b"newer")
    assert path.read_bytes() == b"newer"
    assert list(tmp_path.iterdir()) == [path]


def test_folders_are_for_the_own_user(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert [oct(path.stat().st_mode & 0o777) for path in (tmp_path / "a", tmp_path / "a" / "b")] == ["0o700", "0o700"]
