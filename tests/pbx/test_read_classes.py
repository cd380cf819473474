"""The smallest rights that suffice: the sample's read classes, filtered or not, tell what all classes tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cti.pbx.settings import PbxSettings
from offhook.pbx_line import try_log_in
from offhook.replay import replay, rows
from tests.pbx.lab.callcentre import FILTERED, NO_RIGHTS, ONLY_WANTED, CallCentre
from tests.pbx.lab.scene import MARIO, SPEECH_S, Scene
from tests.pbx.lab.speech import talk_for
from tests.pbx.lab.stream import EventStream

LATE_S = 0.1  #: what one connection may be behind another


@pytest.fixture
def streams(scene: Scene) -> Iterator[dict[str, EventStream]]:
    """The same events for other users, beside the scene's own, which is the sample's user."""
    centre = scene.centre
    everything = EventStream(centre.port, "lab", centre.asterisk.lab_secret)
    opened = {name: EventStream(centre.port, name, centre.secret) for name in (FILTERED, ONLY_WANTED)}
    yield {"everything": everything, **opened}
    for stream in (everything, *opened.values()):
        stream.close()


def told(folder: Path) -> list[dict[str, Any]]:
    return list(rows(replay(folder)))


def alike(one: object, other: object) -> bool:
    """The same but for instants, which each connection has its own clock for."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(alike(*pair) for pair in zip(one, other, strict=True))
    if isinstance(one, float) and isinstance(other, float):
        return True
    return one == other


def durations(row: dict[str, Any]) -> list[float]:
    """What does not depend on when a connection began."""
    return [row["ended_at"] - row["offered_at"], row["hold_s"], *(talk["talk_s"] for talk in row["talks"])]


def test_the_same_is_told_with_the_smallest_rights_and_with_filters(
    scene: Scene, streams: dict[str, EventStream], tmp_path: Path
) -> None:
    scene.centre.log_in("sales", "101", "102")
    scene.centre.log_in("support", "103", local=True)
    leaves = scene.phone("+393331234777").call("+390221000280", "Luca").wait_answered()
    scene.phone("104").wait_line()
    leaves.press("1")
    caller = scene.phone(MARIO).call("+390221000100", "Mario")
    anna = scene.phone("101").take()
    talk_for(SPEECH_S)
    anna.hold()
    talk_for(SPEECH_S)
    anna.resume()
    anna.transfer("200")
    zofia = scene.phone("103").take()
    talk_for(SPEECH_S)
    scene.console.ask("QueuePause", Interface="PJSIP/102", Paused="true", Reason="lunch")
    caller.hang_up()
    leaves.hang_up()
    for line in (anna, zofia, leaves):
        line.wait_ended()

    assert not [event for event in scene.events if type(event).__name__ == "OddityFound"]
    own = told(scene.folder)
    assert {row["outcome"] for row in own if row["type"] == "call"} == {"answered", "exit_key"}
    sizes = {}
    for name, stream in streams.items():
        stream.wait_for("Queue: marks")
        stream.store(tmp_path / name, "Queue: marks")
        sizes[name] = (tmp_path / name / "events.ami").stat().st_size
        others = told(tmp_path / name)
        assert alike(own, others), name
        for one, other in zip(own, others, strict=True):
            if one["type"] == "call":
                assert durations(one) == pytest.approx(durations(other), abs=LATE_S), name
    size = (scene.folder / "events.ami").stat().st_size
    assert sizes[ONLY_WANTED] <= sizes[FILTERED] < size < sizes["everything"]
    assert "Event: DeviceStateChange" not in (tmp_path / FILTERED / "events.ami").read_text()


async def test_a_user_who_may_not_ask_is_told_so(centre: CallCentre) -> None:
    common = PbxSettings(name="main", port=centre.port, username="offhook", secret=centre.secret)
    assert await try_log_in(common) is None
    refused = await try_log_in(msgspec.structs.replace(common, username=NO_RIGHTS))
    assert refused is not None
    assert (refused.ref, refused.why) == ("pbx-rights", "Permission denied")
