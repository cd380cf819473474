"""A recording told as rows: the words of truth.json, seconds since its start, and the same each time."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cti.recording import RecordingError
from cti.wire.ami import AmiError
from offhook.replay import START, call_row, replay, rows

RECORDINGS = Path(__file__).parents[1] / "recordings"


def told(name: str, **options: Any) -> list[dict[str, Any]]:
    return list(rows(replay(RECORDINGS / name, **options)))


def test_a_call_is_told_in_the_words_of_the_truth() -> None:
    (row,) = told("asterisk-22/S09")
    truth = json.loads((RECORDINGS / "asterisk-22/S09/truth.json").read_text())["calls"][0]
    shared = {"direction", "caller", "caller_name", "dialled", "queue", "outcome", "answered_by", "ended_by"}
    assert {key: row[key] for key in shared} == {key: truth[key] for key in shared}
    assert row["type"] == "call"
    (transfer,) = row["transfers"]
    assert (transfer["kind"], transfer["by"], transfer["to"]) == ("attended", "103", "102")
    assert transfer["consulted_at"] < transfer["consult_answered_at"] < transfer["at"] < row["ended_at"]


def test_times_are_seconds_since_the_start() -> None:
    (row,) = told("asterisk-22/S01")
    assert 0 < row["offered_at"] <= row["queued_at"] < row["answered_at"] < row["ended_at"] < 60
    assert row["hold_s"] == 0


def test_what_did_not_happen_is_null() -> None:
    (row,) = told("asterisk-22/S04")
    assert (row["outcome"], row["answered_at"], row["answered_by"], row["transfers"]) == ("abandoned", None, [], [])


def test_states_come_after_the_calls_and_only_what_was_done() -> None:
    told_rows = told("asterisk-22/S16")
    assert {row["type"] for row in told_rows} == {"agent_state"}
    assert {row["state"] for row in told_rows} == {"login", "logout", "pause", "unpause"}
    assert {(row["agent"], row["reason"]) for row in told_rows if row["state"] == "pause"} >= {("105", "lunch")}
    mixed = [row["type"] for row in told("asterisk-22/mix-1")]
    assert mixed == sorted(mixed, key=lambda kind: kind != "call")


def test_a_parked_call_names_its_slot_and_its_taker() -> None:
    (row,) = told("asterisk-22/S26")
    assert [(one["kind"], one["by"], one["to"], one["slot"]) for one in row["transfers"]] == [
        ("park", "101", "102", "701")
    ]


def test_every_row_is_json() -> None:
    for row in told("asterisk-22/S18"):
        assert json.loads(json.dumps(row)) == row
        assert row["caller_name"] == "<script>alert(1)</script>\"';-- Žofia Müller 北京"


def test_a_replay_is_the_same_each_time() -> None:
    folder = RECORDINGS / "asterisk-22/S25"
    assert list(replay(folder)) == list(replay(folder))


def test_events_carry_where_they_were_read(tmp_path: Path) -> None:
    folder = RECORDINGS / "asterisk-22/S01"
    stream = (folder / "events.ami").read_bytes()
    for event in replay(folder):
        origin = event.origin
        assert (origin.pbx, origin.session) == ("replay", "S01")
        assert stream[origin.offset :].startswith(f"Event: {origin.event}\r\n".encode())


def test_the_truth_is_never_read(tmp_path: Path) -> None:
    folder = tmp_path / "S01"
    folder.mkdir()
    for name in ("events.ami", "timing.jsonl"):
        shutil.copy(RECORDINGS / "asterisk-22/S01" / name, folder)
    assert list(rows(replay(folder))) == told("asterisk-22/S01")


def test_trunks_may_be_named() -> None:
    assert told("asterisk-22/S01", trunks=("trunk",)) == told("asterisk-22/S01")


def test_a_call_that_goes_on_has_a_row_too() -> None:
    first = next(event for event in replay(RECORDINGS / "asterisk-22/S01") if hasattr(event, "call"))
    row = call_row(first.call)
    assert (row["outcome"], row["ended_at"], row["ended_by"]) == (None, None, None)
    assert first.call.offered_at > START


def test_a_late_connection_tells_what_it_found() -> None:
    late, whole = (
        {row["id"]: row for row in told(name) if row["type"] == "call"}
        for name in ("asterisk-22/X01/late", "asterisk-22/X01")
    )
    assert late
    assert set(late) <= set(whole)
    for call_id, row in late.items():
        for field in ("direction", "caller", "dialled", "queue", "outcome", "answered_by", "ended_by"):
            assert row[field] == whole[call_id][field], f"{call_id} {field}"


def test_a_folder_that_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(RecordingError):
        list(replay(tmp_path))


def test_bytes_that_are_no_ami(tmp_path: Path) -> None:
    (tmp_path / "events.ami").write_bytes(b"SSH-2.0-OpenSSH_9.2\r\n")
    (tmp_path / "timing.jsonl").write_text('{"t": 0, "offset": 0, "len": 21}\n')
    with pytest.raises(AmiError, match=r"\[ami-no-banner\]"):
        list(replay(tmp_path))
