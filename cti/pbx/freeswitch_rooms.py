"""Rooms of mod_conference, as signals: who comes and who goes.

Source: ``conference_member.c`` (``conference_member_add``, ``conference_member_del``). A room has an id of its own each
time that somebody opens it; its name may come again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cti import signals as s
from cti.model import Origin
from cti.pbx import freeswitch_names as names
from cti.pbx.dialect import Frame
from cti.pbx.freeswitch_memory import FreeswitchMemory


def conference(_: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    leg, room, action = frame.get(b"Unique-ID"), frame.get(b"Conference-Unique-ID"), frame.get(b"Action")
    if leg is None or room is None:
        return ()
    if action == "add-member":
        return (s.BridgeEntered(at, origin, leg, None, names.room_of(room), None, room=True),)
    return (s.BridgeLeft(at, origin, leg, None, names.room_of(room)),) if action == "del-member" else ()
