"""Several PBXs in one Offhook: a link each, and calls with equal ids stay apart.

The same PBX is followed under two names, so that every id of its calls comes twice.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pbx.lab.callcentre import CallCentre
from tests.pbx.lab.processes import until
from tests.pbx.lab.program import PBX_NAME, Row, RunningOffhook
from tests.pbx.lab.scene import MARIO, SPEECH_S
from tests.pbx.lab.speech import talk_for

PARTS = ("stays", "rings", "talks", "legs")
BOTH = (PBX_NAME, "twin")


@pytest.fixture
def offhook(centre: CallCentre, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningOffhook]:
    program = RunningOffhook(tmp_path_factory.mktemp("several"), centre)
    settings = program.settings.read_text()
    table = settings.partition("[store]")[0].replace(f'name = "{PBX_NAME}"', 'name = "twin"')
    program.settings.write_text(settings + table)
    program.start()
    yield program
    assert program.stop() == 0, program.log()


def stored(offhook: RunningOffhook) -> dict[str, list[Row]]:
    """The calls that have ended, by PBX."""
    rows = offhook.rows("SELECT * FROM calls WHERE ended_at IS NOT NULL ORDER BY pbx, offered_at")
    return {name: [row for row in rows if row["pbx"] == name] for name in BOTH}


def parts_of(offhook: RunningOffhook, pbx: str, call_id: str) -> dict[str, list[Row]]:
    """The parts of one call without the PBX's name and the instants, which each connection has its own of."""
    kept: dict[str, list[Row]] = {}
    for table in PARTS:
        found = offhook.rows(f"SELECT * FROM {table} WHERE pbx = ? AND call_id = ? ORDER BY n", pbx, call_id)
        kept[table] = [
            {key: value for key, value in row.items() if key != "pbx" and not key.endswith(("_at", "_s", "_us", "_ms"))}
            for row in found
        ]
    return kept


def test_calls_with_equal_ids_are_apart_and_whole(offhook: RunningOffhook, centre: CallCentre) -> None:
    centre.log_in("sales", "101")
    caller = centre.telephones[MARIO].call("+390221000100", "Mario")
    anna = centre.telephones["101"].take()
    talk_for(SPEECH_S)
    anna.hang_up()
    caller.wait_ended()
    centre.log_out_all()
    until("both are stored", lambda: all(stored(offhook).values()), 15, offhook.log)

    (one,), (twin,) = stored(offhook).values()
    assert one["call_id"] == twin["call_id"]
    assert parts_of(offhook, PBX_NAME, one["call_id"]) == parts_of(offhook, "twin", twin["call_id"])
    assert [len(rows) for rows in parts_of(offhook, "twin", twin["call_id"]).values()] == [1, 1, 1, 2]
    assert (one["outcome"], one["caller_number"]) == (twin["outcome"], twin["caller_number"]) == ("answered", MARIO)
    page = offhook.fetch("/metrics")
    counted = [line for line in page.splitlines() if line.startswith("offhook_calls_total{") and line.endswith(" 1.0")]
    assert [name for name in BOTH if any(f'pbx="{name}"' in line for line in counted)] == list(BOTH)
