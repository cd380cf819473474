"""Recordings as files: read as they were made, plain or packed, and refused with a reason."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from cti.recording import Recording, RecordingError

RECORDINGS = Path(__file__).parents[1] / "recordings"
READS = [(0.0, b"Asterisk Call Manager/11.0.0\r\n"), (0.25, b"Event: A\r\n\r\nEve"), (1.5, b"nt: B\r\n\r\n")]


def record(folder: Path, reads: list[tuple[float, bytes]], *, packed: bool = False, name: str = "events.ami") -> Path:
    """A recording of these reads."""
    folder.mkdir(exist_ok=True)
    lines, offset = [], 0
    for t, data in reads:
        lines.append(json.dumps({"t": t, "offset": offset, "len": len(data)}))
        offset += len(data)
    for path, content in ((name, b"".join(data for _, data in reads)), ("timing.jsonl", "\n".join(lines).encode())):
        if packed:
            (folder / f"{path}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / path).write_bytes(content)
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_reads_come_back_as_they_were(tmp_path: Path, packed: bool) -> None:
    recording = Recording(record(tmp_path, READS, packed=packed))
    assert list(recording.reads()) == READS
    assert list(recording.reads()) == READS, "and again"


@pytest.mark.parametrize(("name", "kind"), [("events.ami", "asterisk"), ("events.esl", "freeswitch")])
def test_the_file_tells_the_kind_of_pbx(tmp_path: Path, name: str, kind: str) -> None:
    assert Recording(record(tmp_path, READS, name=name)).kind == kind


def test_each_recording_of_ours_is_whole() -> None:
    for events in RECORDINGS.glob("*/*/events.ami"):
        assert b"".join(data for _, data in Recording(events.parent).reads()) == events.read_bytes()


def test_a_folder_without_events_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"is no recording.*\[recording-missing\]"):
        Recording(tmp_path)
    with pytest.raises(RecordingError, match=r"\[recording-missing\]"):
        Recording(tmp_path / "nowhere")


def test_events_without_times_are_refused(tmp_path: Path) -> None:
    (record(tmp_path, READS) / "timing.jsonl").unlink()
    with pytest.raises(RecordingError, match=r"\[recording-untimed\]"):
        list(Recording(tmp_path).reads())


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "{}",
        '{"t": "soon", "offset": 55, "len": 1}',
        '{"t": 1, "offset": 55, "len": -1}',
        '{"t": 1e300, "offset": 55, "len": 1}',
        '{"t": 1, "offset": 7, "len": 1}',
    ],
)
def test_a_broken_line_of_times_is_named(tmp_path: Path, line: str) -> None:
    record(tmp_path, READS)
    with (tmp_path / "timing.jsonl").open("a") as timing:
        timing.write(f"\n{line}\n")
    with pytest.raises(RecordingError, match=r"\[recording-timing-broken\]"):
        list(Recording(tmp_path).reads())


def test_what_is_whole_before_a_fault_is_given(tmp_path: Path) -> None:
    record(tmp_path, READS)
    with (tmp_path / "timing.jsonl").open("a") as timing:
        timing.write("\nnot json\n")
    reads = Recording(tmp_path).reads()
    assert [next(reads) for _ in READS] == READS
    with pytest.raises(RecordingError):
        next(reads)


def test_a_stream_cut_short_is_told_with_numbers(tmp_path: Path) -> None:
    record(tmp_path, READS)
    events = tmp_path / "events.ami"
    events.write_bytes(events.read_bytes()[:-4])
    with pytest.raises(RecordingError, match=r"wants 9 bytes from byte 45 on, 5 are there.*\[recording-cut-short\]"):
        list(Recording(tmp_path).reads())


@pytest.mark.parametrize("name", ["events.ami.gz", "timing.jsonl.gz"])
def test_a_packed_file_that_is_damaged_is_an_error_and_no_traceback(tmp_path: Path, name: str) -> None:
    record(tmp_path, READS, packed=True)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(RecordingError):
        list(Recording(tmp_path).reads())
    path.write_bytes(b"no gzip")
    with pytest.raises(RecordingError):
        list(Recording(tmp_path).reads())
