"""``offhook record``, ``scrub`` and ``rebuild`` as an admin types them."""

from __future__ import annotations

from pathlib import Path

from tests.offhook.called import call
from tests.offhook.house import RECORDINGS, write_settings
from tests.pbx.lab.processes import free_port


def test_a_pbx_that_is_not_there_cannot_be_recorded(tmp_path: Path) -> None:
    done = call("record", tmp_path / "out", "--seconds", "0.1", "-c", write_settings(tmp_path, free_port()))
    assert done.exit_code in (2, 75)
    assert "link-port-closed" in done.output


def test_a_scrubbed_recording_can_be_replayed(tmp_path: Path) -> None:
    assert call("scrub", RECORDINGS / "S01", tmp_path / "out").exit_code == 0
    assert call("replay", "--json", tmp_path / "out").output.count('"type":"call"') == 1


def test_a_day_that_is_no_day_is_refused(tmp_path: Path) -> None:
    done = call("rebuild", "--from", "lately", "-c", write_settings(tmp_path, 5038))
    assert done.exit_code == 2
    assert "'--from'" in done.output
