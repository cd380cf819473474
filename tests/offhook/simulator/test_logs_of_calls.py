"""What the simulated PBX writes itself tells its calls as they were."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cti.model import Call
from cti.pbx.asterisk_logs import AsteriskLogs
from kpi.importers.gathering import Gathering, written_at
from kpi.importers.lines import Line, QueueLine
from offhook.simulator.logs_of_calls import LoggedPlant
from offhook.simulator.people import Public
from offhook.simulator.sites import DEMO
from offhook.simulator.traffic import Bustle, Traffic
from offhook.simulator.truth import CallTruth
from tests.kpi.importers.logged import PARSERS
from tests.offhook.simulator.told import differences


def lines(path: Path, kind: str) -> Iterator[Line]:
    offset = 0
    for raw in path.read_bytes().splitlines(keepends=True):
        yield PARSERS[kind](raw, offset)
        offset += len(raw)


def told(plant: LoggedPlant, teller: AsteriskLogs) -> dict[str, Call]:
    """The calls as queue_log and CEL tell them."""
    gathering = Gathering(teller.is_phone)
    streams = lines(plant.logs.queue_log, "queue_log"), lines(plant.logs.cel, "cel")
    for line in heapq.merge(*streams, key=written_at):
        if isinstance(line, QueueLine) and gathering.is_about_member(line):
            teller.member(line)
        else:
            gathering.take(line)
    return {call.call_id: call for logged in gathering.rest() for call in teller.tell(logged)}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_logs_tell_each_call_as_it_was(tmp_path: Path, seed: int) -> None:
    plant = LoggedPlant(DEMO, tmp_path, seed=seed, started_at=datetime(2026, 3, 2, 9, tzinfo=UTC))
    traffic = Traffic(calls_per_hour=900.0, talk_median_s=25.0)
    bustle = Bustle(plant, Public(random.Random(seed), []), traffic, seed=seed)
    plant.staff_logs_in()
    bustle.begin()
    list(plant.advance(1800.0))
    bustle.stop()
    list(plant.advance(7200.0))
    calls = told(plant, AsteriskLogs("sim"))

    def second(at: datetime | None) -> float | None:
        return None if at is None else round((at - plant.started_at).total_seconds(), 3)

    truths = plant.truth.calls
    found = {
        call.uniqueid: left
        for call in truths
        if (left := [one for one in differences(call, calls[call.uniqueid], second) if not is_untold(call, one)])
    }
    assert len(truths) > 300
    assert found == {}


def is_untold(call: CallTruth, difference: str) -> bool:
    """CEL of Asterisk 22 does not tie the phones that a second queue rings to it: who missed is told as cancelled."""
    handed_on = any(transfer["kind"] == "queue" for transfer in call.transfers)
    return handed_on and difference.startswith("rings ") and "'cancelled'" in difference
