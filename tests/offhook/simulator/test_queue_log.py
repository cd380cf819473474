"""What the recorded PBX told its manager gives the queue_log that it wrote."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cti.recording import Recording
from cti.wire.ami import AmiWire
from offhook.simulator.queue_log import NAMES, QueueLog
from tests.kpi.importers.logged import FOLDERS, truth_of

RECORDED = {name: folder for name, folder in FOLDERS.items() if name.startswith("asterisk-22-S")}
UNTOLD = {"RINGCANCELED", "PAUSEALL", "UNPAUSEALL"}  # nothing that the manager tells goes with them
OF_MEMBERS = {"ADDMEMBER", "REMOVEMEMBER", "PAUSE", "UNPAUSE"}


def written(folder: Path) -> list[str]:
    log, wire = QueueLog(), AmiWire(NAMES)
    started_at = datetime.fromisoformat(truth_of(folder)["started_at"])
    for t, data in Recording(folder).reads():
        moment = [(frame.name, dict(frame.items())) for frame in wire.feed(data)]
        log.take(started_at + timedelta(seconds=t), moment)
    return log.lines


def plain(line: str) -> tuple[str, ...]:
    """Without the second, which may turn between the event and the line; who gave a command is told to nobody."""
    _, call, *words = line.strip().split("|")
    if words[2] in OF_MEMBERS:
        return tuple(words)
    if words[2] == "RINGNOANSWER":
        return (call, *words[:3])  # milliseconds that the PBX counts in two ways
    return (call, *words)


@pytest.mark.parametrize("name", RECORDED)
def test_the_lines_are_those_that_the_pbx_wrote(name: str) -> None:
    folder = RECORDED[name]
    recorded = [line for line in (folder / "queue_log").read_text().splitlines() if line.split("|")[4] not in UNTOLD]
    assert sorted(map(plain, written(folder))) == sorted(map(plain, recorded))
