"""Who comes into a room, whom he finds there, and what a call makes of it."""

from __future__ import annotations

from cti import signals as s
from cti.pbx.freeswitch_events import FreeswitchEvents
from tests.cti.pbx.freeswitch_meanings import BRIDGE, ROOM, all_told

COMES = {"Unique-ID": "u1", "Conference-Unique-ID": "r1", "Conference-Name": "3800", "Action": "add-member"}


def test_a_room_has_an_id_of_its_own_each_time_that_it_is_opened() -> None:
    again = COMES | {"Conference-Unique-ID": "r2"}
    assert all_told(FreeswitchEvents("pbx"), (ROOM, COMES), (ROOM, again)) == [
        (s.BridgeEntered, "u1", None, "conference/r1", None, True),
        (s.BridgeEntered, "u1", None, "conference/r2", None, True),
    ]


def test_the_end_of_the_connection_before_may_be_told_after_the_room() -> None:
    events = FreeswitchEvents("pbx")
    story = (("CHANNEL_BRIDGE", BRIDGE), (ROOM, COMES), ("CHANNEL_UNBRIDGE", BRIDGE))
    assert [words[3] for words in all_told(events, *story)] == ["u1/u2", "u1/u2", "conference/r1", "u1/u2", "u1/u2"]


def test_a_room_that_is_opened_closed_or_heard_is_nothing() -> None:
    for action in ("conference-create", "conference-destroy", "floor-change", "play-file", "mute-member"):
        assert all_told(FreeswitchEvents("pbx"), (ROOM, COMES | {"Action": action})) == []
