"""What the recorded PBX told its manager gives the channel events that it wrote, as far as calls are told from them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cti.recording import Recording
from cti.wire.ami import AmiWire
from offhook.simulator.channel_log import NAMES, ChannelLog
from tests.kpi.importers.logged import FOLDERS, truth_of

RECORDED = {name: folder for name, folder in FOLDERS.items() if name.startswith("asterisk-22-S")}
QUEUES = {"100": "sales,,,,20", "200": "support,,,,60"}
#: Applications, sounds and the ends of groups are not all told to the manager; the rest is row by row.
COMPARED = {
    "CHAN_START", "ANSWER", "BRIDGE_ENTER", "BRIDGE_EXIT", "HANGUP", "CHAN_END", "BLINDTRANSFER", "ATTENDEDTRANSFER",
    "PARK_START", "PARK_END",
}  # fmt: skip


def written(folder: Path) -> list[str]:
    log, wire = ChannelLog(QUEUES), AmiWire(NAMES)
    started_at = datetime.fromisoformat(truth_of(folder)["started_at"])
    for t, data in Recording(folder).reads():
        log.take(started_at + timedelta(seconds=t), [(frame.name, dict(frame.items())) for frame in wire.feed(data)])
    return log.rows


def compared(rows: Iterable[str]) -> Counter[tuple[str, str, str]]:
    """Event, channel and its id: how often each comes."""
    cells = (row for row in csv.reader(rows) if row[0] in COMPARED)
    return Counter((row[0], row[8], row[11]) for row in cells)


@pytest.mark.parametrize("name", RECORDED)
def test_the_rows_are_those_that_the_pbx_wrote(name: str) -> None:
    folder = RECORDED[name]
    assert compared(written(folder)) == compared((folder / "cel.csv").read_text().splitlines())
