"""What holds for every recording of a FreeSWITCH: whatever the socket did to the order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from cti.model import Call, CallEnded, CallEvent, OddityFound
from cti.pbx.freeswitch import FreeswitchDialect
from cti.pbx.settings import PbxSettings
from cti.recording import Recording
from cti.switchboard import Switchboard
from cti.wire.esl import EslFrame, EslWire
from offhook.replay import START
from tests.cti.story import story
from tests.cti.told_contract import ToldContract

SETTINGS = PbxSettings(name="replay", kind="freeswitch", username="x")
SWAPPED_US = 25_000  # events swap places whose instants are so near
UUIDS = (
    b"Unique-ID",
    b"Other-Leg-Unique-ID",
    b"variable_originator",
    b"variable_originating_leg_uuid",
    b"variable_cc_member_session_uuid",
    b"CC-Member-Session-UUID",
    b"Bridge-To-UUID",
    b"CC-Agent",
)

Timed = list[tuple[float, EslFrame]]


class FreeswitchContract(ToldContract):
    @pytest.mark.parametrize("seed", range(3))
    def test_events_that_swap_places_change_nothing(self, name: str, seed: int) -> None:
        """Events of different threads do: here all that tell of other legs, and were made at nearly the same time."""
        told = tell(swapped(frames_of(self.recordings.folders[name]), Random(seed)))
        calls = [event.call for event in told if isinstance(event, CallEnded)]
        assert stories(calls) == stories(self.recordings.calls(name))
        assert [event.oddity for event in told if isinstance(event, OddityFound)] == []


def stories(calls: Iterable[Call]) -> dict[str, dict[str, object]]:
    return {call.call_id: story(call) for call in calls}


def frames_of(folder: Path) -> Timed:
    """The frames of a recording, each with the second of its read."""
    wire = EslWire(FreeswitchDialect.wanted)
    return [(piece.t, frame) for piece in Recording(folder).pieces() for frame in wire.feed(piece.data)]


def tell(frames: Timed) -> list[CallEvent]:
    told: list[CallEvent] = []
    board = Switchboard("replay", FreeswitchDialect(SETTINGS), told.append)
    for t, frame in frames:
        board.take([frame], START + timedelta(seconds=t), "s")
    return told


def swapped(frames: Timed, random: Random) -> Timed:
    frames = list(frames)
    about = [{uuid for header in UUIDS if (uuid := frame.get(header))} for _, frame in frames]
    made = [int(frame.get(b"Event-Date-Timestamp") or 0) for _, frame in frames]
    for _ in range(3):
        for i in range(len(frames) - 1):
            near = abs(made[i] - made[i + 1]) < SWAPPED_US and frames[i][1].name != "API" != frames[i + 1][1].name
            if near and not about[i] & about[i + 1] and random.random() < 0.3:
                for row in (about, made):
                    row[i], row[i + 1] = row[i + 1], row[i]  # type: ignore[index]
                frames[i], frames[i + 1] = (frames[i][0], frames[i + 1][1]), (frames[i + 1][0], frames[i][1])
    return frames
