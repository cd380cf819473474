"""Several PBXs in one Offhook: a link each, and calls with equal ids stay apart.

The first PBX is followed under two names, so that every id of its calls comes twice; the other is a PBX of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pbx.lab.callcentre import CallCentre
from tests.pbx.lab.pbx import ObservedPbx
from tests.pbx.lab.processes import until
from tests.pbx.lab.program import PBX_NAME, Row, RunningOffhook
from tests.pbx.lab.scene import MARIO, SPEECH_S
from tests.pbx.lab.speech import talk_for
from tests.pbx.lab.world import World

PARTS = ("stays", "rings", "talks", "legs")
ANOTHER = """
[[pbx]]
name = "{name}"
host = "127.0.0.1"
port = {port}
username = "{username}"
secret = "{secret}"
trunks = ["trunk"]
"""


@pytest.fixture
def offhook(
    asterisk: ObservedPbx, centre: CallCentre, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningOffhook]:
    if centre.version != asterisk.asterisk.version.split()[1].partition(".")[0]:
        pytest.skip("both PBXs of the same version are enough")
    program = RunningOffhook(tmp_path_factory.mktemp("several"), asterisk)
    more = [("twin", asterisk.port, asterisk.secret), ("south", centre.port, centre.secret)]
    text = program.settings.read_text() + "".join(
        ANOTHER.format(name=name, port=port, username="offhook", secret=secret) for name, port, secret in more
    )
    program.settings.write_text(text)
    program.settings.chmod(0o600)
    program.start()
    yield program
    assert program.stop() == 0, program.log()


def stored(offhook: RunningOffhook) -> dict[str, list[Row]]:
    """The calls that have ended, by PBX."""
    rows = offhook.rows("SELECT * FROM calls WHERE ended_at IS NOT NULL ORDER BY pbx, offered_at")
    return {name: [row for row in rows if row["pbx"] == name] for name in (PBX_NAME, "twin", "south")}


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


def test_calls_with_equal_ids_are_apart_and_whole(offhook: RunningOffhook, world: World, centre: CallCentre) -> None:
    world.phone("101", answers_after_s=0.2)
    centre.log_in("sales", "101")
    caller = centre.telephones[MARIO].call("+390221000100", "Mario")
    anna = centre.telephones["101"].take()
    world.call_in("+393331234598", "Twice", "+390221000100", talk_s=0.3).wait_ended()
    talk_for(SPEECH_S)
    anna.hang_up()
    caller.wait_ended()
    centre.log_out_all()
    until("all three are stored", lambda: all(stored(offhook).values()), 15, offhook.log)

    calls = stored(offhook)
    assert {name: len(rows) for name, rows in calls.items()} == {PBX_NAME: 1, "twin": 1, "south": 1}
    one, twin, south = (rows[0] for rows in calls.values())
    assert one["call_id"] == twin["call_id"]
    assert parts_of(offhook, PBX_NAME, one["call_id"]) == parts_of(offhook, "twin", twin["call_id"])
    assert [len(rows) for rows in parts_of(offhook, "twin", twin["call_id"]).values()] == [1, 1, 1, 2]
    assert (one["outcome"], south["outcome"]) == ("answered", "answered")
    assert (one["caller_number"], south["caller_number"]) == ("+393331234598", MARIO)

    page = offhook.fetch("/metrics")
    counted = [line for line in page.splitlines() if line.startswith("offhook_calls_total{") and line.endswith(" 1.0")]
    assert sorted(name for name in calls if any(f'pbx="{name}"' in line for line in counted)) == sorted(calls)
