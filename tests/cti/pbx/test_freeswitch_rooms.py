"""Who comes into a room and who leaves it; what else a room says is passed over."""

from __future__ import annotations

from cti import signals as s
from cti.pbx.freeswitch_events import FreeswitchEvents
from tests.cti.pbx.test_freeswitch_events import meaning

ROOM = {"Unique-ID": "u1", "Conference-Unique-ID": "r1", "Conference-Name": "3800"}


def test_a_room_has_an_id_of_its_own_each_time() -> None:
    told = meaning("conference::maintenance", ROOM | {"Action": "add-member"}, FreeswitchEvents("pbx"))
    assert told == [(s.BridgeEntered, "u1", None, "conference/r1", None, True)]
    told = meaning("conference::maintenance", ROOM | {"Action": "del-member"}, FreeswitchEvents("pbx"))
    assert told == [(s.BridgeLeft, "u1", None, "conference/r1")]


def test_who_speaks_and_what_is_played_is_nothing() -> None:
    for action in ("start-talking", "floor-change", "conference-create", "play-file"):
        assert meaning("conference::maintenance", ROOM | {"Action": action}, FreeswitchEvents("pbx")) == []
    assert meaning("conference::maintenance", {"Action": "add-member"}, FreeswitchEvents("pbx")) == []
