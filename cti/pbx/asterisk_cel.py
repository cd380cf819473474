"""Asterisk's channel events (CEL) as signals: the same story that the manager tells, read after the fact.

Source: ``main/cel.c``. What it does not say is taken from what surrounds it: a phone rings from its channel's start
(CEL has no ringing); a hold is the music that the other party hears (22 writes streams), before that only the hold of a
consultation is known, because a phone that calls a colleague in mid-talk has put the caller on hold.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

from cti import signals as s
from cti.model import LegRole
from cti.pbx.asterisk_log_lines import CelRow
from cti.pbx.asterisk_names import caller_number, dialled_number
from cti.pbx.asterisk_people import AsteriskPeople
from cti.pbx.asterisk_script import Script

_OUTGOING = frozenset({"AppDial", "AppDial2", "AppQueue"})
_STATUS = {
    "ANSWER": s.DialResult.ANSWERED,
    "NOANSWER": s.DialResult.NO_ANSWER,
    "CANCEL": s.DialResult.CANCELLED,
    "BUSY": s.DialResult.BUSY,
    "CHANUNAVAIL": s.DialResult.FAILED,
    "CONGESTION": s.DialResult.FAILED,
}
_BUSY_CAUSES = (17, 21)  # Q.850: user busy, call rejected
_CAUSES_AT_ONCE = (*_BUSY_CAUSES, 1, 3, 20, 27, 31, 38)  # and those of a phone that is not there
_SIP_ESCAPE = re.compile(r'\\(["\\])')
_TOGETHER = timedelta(seconds=0.1)  # ends that have one cause: the PBX takes down the others within milliseconds
_SOONER = timedelta(seconds=0.5)


class CelChannel:
    """What all rows together say of one channel. Places are indexes of rows."""

    def __init__(self, place: int, row: CelRow) -> None:
        self.place, self.at = place, row.at
        self.uniqueid, self.name = row.uniqueid, row.channel
        self.app = ""
        self.answered_at: datetime | None = None
        self.ended: tuple[int, datetime] | None = None
        self.cause: int | None = None
        self.source = self.dial_status = ""
        self.dialled_by: CelChannel | None = None
        self.number: str | None = None
        self.missed = False

    @property
    def device(self) -> str:
        """The channel's name without what makes it unique."""
        return self.name.rpartition("-")[0]

    @property
    def was_dialled(self) -> bool:
        return self.app in _OUTGOING


class CelStory:
    """One call's rows, in order, looked through once; ``tell`` then writes them into a script.

    ``channels`` are by uniqueid. ``hears_music``: this PBX's CEL tells of music, and so of every hold.
    """

    def __init__(self, rows: Sequence[CelRow], hears_music: bool) -> None:
        self.rows = sorted(rows, key=lambda row: row.at)
        self._hears_music = hears_music
        self.channels: dict[str, CelChannel] = {}
        self.by_name: dict[str, CelChannel] = {}
        self.apps: list[tuple[int, int, CelRow]] = []  #: application: first place, last place, its start
        self._bridge_of: dict[str, str] = {}
        self._in_bridge: dict[str, set[str]] = {}
        self._parking: set[str] = set()
        self._held: dict[str, list[str]] = {}
        self._hung_up: set[str] = set()
        for place, row in enumerate(self.rows):
            self._note(place, row)
        for channel in self.channels.values():
            if channel.was_dialled:
                self._find_source(channel)

    def _note(self, place: int, row: CelRow) -> None:
        channel = self.channels.get(row.uniqueid)
        if channel is None:
            if row.event not in ("CHAN_START", "ANSWER", "APP_START", "BRIDGE_ENTER", "BRIDGE_START"):
                return
            channel = self.channels[row.uniqueid] = self.by_name[row.channel] = CelChannel(place, row)
        if row.app in _OUTGOING:
            channel.app = row.app
        if row.event == "ANSWER" and channel.answered_at is None:
            channel.answered_at = row.at
        elif row.event == "HANGUP":
            cause = row.extra.get("hangupcause", "")
            channel.cause = int(cause) if cause.isascii() and cause.isdigit() and len(cause) < 6 else None
            channel.source, channel.dial_status = row.extra.get("hangupsource", ""), row.extra.get("dialstatus", "")
        elif row.event == "CHAN_END":
            channel.ended = place, row.at
        elif row.event == "APP_START":
            self.apps.append((place, len(self.rows), row))
        elif row.event == "APP_END":
            self._end_app(place, row)

    def _end_app(self, place: int, row: CelRow) -> None:
        for i in range(len(self.apps) - 1, -1, -1):
            begin, end, start = self.apps[i]
            if start.uniqueid == row.uniqueid and end == len(self.rows):
                self.apps[i] = (begin, place, start)
                return

    def _find_source(self, channel: CelChannel) -> None:
        """Who called this phone: the channel in whose Queue or Dial it appeared."""
        wanted = "Queue" if channel.app == "AppQueue" else "Dial"
        device = channel.device.partition("/")[2]
        best = None
        for begin, end, start in self.apps:
            if begin < channel.place <= end and start.app == wanted and start.uniqueid != channel.uniqueid:
                named = wanted == "Queue" or device in start.app_data
                if best is None or named >= best[0]:
                    best = named, start
        if best is not None:
            channel.dialled_by = self.channels.get(best[1].uniqueid)
            parts = best[1].app_data.partition(",")[0].split("&")
            part = next((part for part in parts if device in part), parts[0])
            channel.number = dialled_number(part.partition("/")[2]) if wanted == "Dial" else None

    def queue_reached(self, uniqueid: str, queue: str, begin: datetime, end: datetime) -> int | None:
        """At which row the channel came to the queue within that time: the application's start, or its first word.

        Asterisk 22 does not tell the start where a transfer led there; then the transfer itself is the last resort.
        """
        transferred = None
        for place in range(bisect_left(self.rows, begin, key=lambda row: row.at), len(self.rows)):
            row = self.rows[place]
            if row.at >= end:
                break
            if row.uniqueid == uniqueid and row.app == "Queue" and row.app_data.partition(",")[0] == queue:
                return place
            if row.event == "BLINDTRANSFER" and row.extra.get("transferee_channel_uniqueid") == uniqueid:
                transferred = place
        return transferred

    def place_at(self, at: datetime) -> int:
        """Before which row something happened at that instant."""
        return bisect_right(self.rows, at, key=lambda row: row.at)

    def phones_of(self, channel: CelChannel) -> list[CelChannel]:
        """The phones that this dialled channel led to: itself, or behind a Local channel whom its other half called."""
        if not channel.name.startswith("Local/"):
            return [channel]
        half = self.by_name.get(channel.name[:-1] + "2")
        return [other for other in self.channels.values() if other.dialled_by is half and half is not None]

    def tell(self, script: Script, people: AsteriskPeople) -> None:
        """Write all that CEL says."""
        for place, row in enumerate(self.rows):
            channel = self.channels.get(row.uniqueid)
            if channel is None:
                continue
            if place == channel.place:
                self._begin(script, people, channel, row)
            handler = _HANDLERS.get(row.event)
            if handler is not None:
                handler(self, script, place, row, channel)

    def _begin(self, script: Script, people: AsteriskPeople, channel: CelChannel, row: CelRow) -> None:
        place, group = channel.place, row.linkedid or None
        role = people.role_of(channel.name)
        number = name = dialled = None
        if role is LegRole.AGENT:
            number = people.agent_at(channel.name)
        elif role is LegRole.CUSTOMER:
            number, name = caller_number(row.number), plain_name(row.name)
        if role is not LegRole.VIRTUAL and row.exten != "s":
            dialled = row.exten or None
        self._consult(script, channel)
        script.add(place, row.at, s.LegSeen, row.uniqueid, group, channel.name, role, number, name, dialled)
        if channel.was_dialled:
            source = channel.dialled_by.uniqueid if channel.dialled_by is not None else None
            owner = people.owner_of(channel.number)
            script.add(place, row.at, s.LegDialled, row.uniqueid, group, source, channel.number, owner)
            if (role is LegRole.AGENT or owner is not None) and not _refused_at_once(channel):
                script.add(place, row.at, s.LegRang, row.uniqueid, group)
        if channel.name.endswith(";2") and (half := self.by_name.get(channel.name[:-1] + "1")) is not None:
            script.add(place, row.at, s.LegsPaired, half.uniqueid, channel.uniqueid)

    def _consult(self, script: Script, channel: CelChannel) -> None:
        """A phone that begins another call in mid-talk has put the first one on hold."""
        if self._hears_music or channel.was_dialled or channel.name.startswith("Local/"):
            return
        for other in self.channels.values():
            busy = other is not channel and other.device == channel.device and other.uniqueid in self._bridge_of
            if busy and not any(other.uniqueid in held for held in self._held.values()):
                self._held[channel.uniqueid] = [other.uniqueid]
                script.add(channel.place - 0.1, channel.at, s.LegHeld, other.uniqueid, None)

    def _answer(self, script: Script, place: int, row: CelRow, channel: CelChannel) -> None:
        script.add(place, row.at, s.LegAnswered, row.uniqueid, row.linkedid or None)
        if channel.was_dialled:
            script.add(place, row.at, s.DialEnded, row.uniqueid, None, s.DialResult.ANSWERED)

    def _hang_up(self, script: Script, place: int, row: CelRow, channel: CelChannel) -> None:
        source = self.by_name.get(channel.source)
        if source is not None and source.uniqueid not in self._hung_up:
            self._hung_up.add(source.uniqueid)
            script.add(place, row.at, s.LegHungUp, source.uniqueid, None)
        if channel.was_dialled and channel.answered_at is None:
            script.add(place, row.at, s.DialEnded, row.uniqueid, None, self._dial_result(channel, row.at))

    def _dial_result(self, channel: CelChannel, at: datetime) -> s.DialResult:
        by = channel.dialled_by
        if channel.missed:
            return s.DialResult.NO_ANSWER
        if channel.cause in _BUSY_CAUSES:
            return s.DialResult.BUSY
        others = (one for one in self.channels.values() if one.dialled_by is by and one.answered_at is not None)
        if by is None or any(abs(one.answered_at - at) < _TOGETHER for one in others if one.answered_at is not None):
            return s.DialResult.CANCELLED
        is_last = by.ended is not None and abs(by.ended[1] - at) < _TOGETHER
        if is_last or by.app == "AppQueue":
            return _STATUS.get(by.dial_status, s.DialResult.CANCELLED)
        return s.DialResult.CANCELLED if channel.app == "AppQueue" else s.DialResult.NO_ANSWER

    def _end(self, script: Script, place: int, row: CelRow, channel: CelChannel) -> None:
        for leg in self._held.pop(channel.uniqueid, ()):
            script.add(place, row.at, s.LegResumed, leg, None)
        self._leave(channel.uniqueid)
        script.add(place, row.at, s.LegEnded, row.uniqueid, row.linkedid or None, channel.cause)

    def _enter_bridge(self, script: Script, place: int, row: CelRow, channel: CelChannel) -> None:
        bridge = row.extra.get("bridge_id", "")
        if row.extra.get("bridge_technology") == "holding_bridge":
            self._parking.add(bridge)
        self._leave(channel.uniqueid)
        self._bridge_of[channel.uniqueid] = bridge
        self._in_bridge.setdefault(bridge, set()).add(channel.uniqueid)
        script.add(place, row.at, s.BridgeEntered, row.uniqueid, row.linkedid or None, bridge, None)

    def _leave_bridge(self, script: Script, place: int, row: CelRow, channel: CelChannel) -> None:
        self._leave(channel.uniqueid)
        bridge = row.extra.get("bridge_id", "")
        script.add(place, row.at, s.BridgeLeft, row.uniqueid, row.linkedid or None, bridge)

    def _leave(self, uniqueid: str) -> None:
        bridge = self._bridge_of.pop(uniqueid, None)
        if bridge is not None:
            self._in_bridge[bridge].discard(uniqueid)

    def _old_bridge(self, script: Script, place: int, row: CelRow, channel: CelChannel) -> None:
        """Before Asterisk 12 one row tells of both: the channel, and its peer by name."""
        peer = self.by_name.get(row.peer)
        for one in filter(None, (channel, peer)):
            if row.event == "BRIDGE_START":
                self._bridge_of[one.uniqueid] = row.uniqueid
                self._in_bridge.setdefault(row.uniqueid, set()).add(one.uniqueid)
                script.add(place, row.at, s.BridgeEntered, one.uniqueid, None, row.uniqueid, None)
            else:
                self._leave(one.uniqueid)
                script.add(place, row.at, s.BridgeLeft, one.uniqueid, None, row.uniqueid)

    def _music(self, script: Script, place: int, row: CelRow, channel: CelChannel) -> None:
        """Music to one in a bridge: the others there put him on hold."""
        if row.user_event == "MOH_STREAM_BEGIN":
            bridge = self._bridge_of.get(channel.uniqueid, "")
            others = self._in_bridge.get(bridge, set()) - {channel.uniqueid} if bridge not in self._parking else set()
            if others:
                self._held[channel.uniqueid] = sorted(others)
            for leg in sorted(others):
                script.add(place, row.at, s.LegHeld, leg, None)
        elif row.user_event == "MOH_STREAM_END":
            for leg in self._held.pop(channel.uniqueid, ()):
                script.add(place, row.at, s.LegResumed, leg, None)

    def _blind(self, script: Script, place: int, row: CelRow, channel: CelChannel) -> None:
        given = row.extra.get("transferee_channel_uniqueid") or self._other_in(row)
        if given is not None:
            first = self._first_leaving(place, row.at, {channel.uniqueid, given})
            script.add(first - 0.1, row.at, s.BlindTransferred, channel.uniqueid, given, row.extra.get("extension", ""))

    def _attended(self, script: Script, place: int, row: CelRow, channel: CelChannel) -> None:
        second = row.extra.get("channel2_uniqueid")
        if second is not None:
            given = row.extra.get("transferee_channel_uniqueid")
            target = row.extra.get("transfer_target_channel_uniqueid")
            script.add(place, row.at, s.AttendedTransferred, channel.uniqueid, second, given, target)

    def _first_leaving(self, place: int, at: datetime, legs: set[str]) -> int:
        """The first row with which the transfer took one of them out of its bridge: CEL may tell that before."""
        while place and at - self.rows[place - 1].at < _TOGETHER / 10:
            before = self.rows[place - 1]
            if before.event != "BRIDGE_EXIT" or before.uniqueid not in legs:
                break
            place -= 1
        return place

    def _other_in(self, row: CelRow) -> str | None:
        members = self._in_bridge.get(row.extra.get("bridge_id", ""), set()) - {row.uniqueid}
        peer = self.by_name.get(row.peer)
        return next(iter(sorted(members)), peer.uniqueid if peer is not None else None)

    def _pick_up(self, script: Script, place: int, row: CelRow, channel: CelChannel) -> None:
        by = row.extra.get("pickup_channel_uniqueid") or getattr(
            self.by_name.get(row.extra.get("pickup_channel", "")), "uniqueid", None
        )
        if by is not None:
            script.add(place, row.at, s.PickedUp, channel.uniqueid, None, by)

    def _park(self, script: Script, place: int, row: CelRow, channel: CelChannel) -> None:
        slot = next((one.exten for one in self.rows[place:] if one.app == "ParkedCall" and one.exten), "")
        script.add(place, row.at, s.Parked, channel.uniqueid, slot)

    def _unpark(self, script: Script, place: int, row: CelRow, channel: CelChannel) -> None:
        retriever = self.by_name.get(row.extra.get("retriever", ""))
        script.add(place, row.at, s.Unparked, channel.uniqueid, retriever.uniqueid if retriever else None)

    def _key(self, script: Script, place: int, row: CelRow, channel: CelChannel) -> None:
        digit = row.extra.get("digit", "")
        if digit and row.user_event == "Received":
            script.add(place, row.at, s.KeyPressed, channel.uniqueid, None, digit[:1])


_HANDLERS = {
    "ANSWER": CelStory._answer,
    "HANGUP": CelStory._hang_up,
    "CHAN_END": CelStory._end,
    "BRIDGE_ENTER": CelStory._enter_bridge,
    "BRIDGE_EXIT": CelStory._leave_bridge,
    "BRIDGE_START": CelStory._old_bridge,
    "BRIDGE_END": CelStory._old_bridge,
    "STREAM_BEGIN": CelStory._music,
    "STREAM_END": CelStory._music,
    "BLINDTRANSFER": CelStory._blind,
    "ATTENDEDTRANSFER": CelStory._attended,
    "PICKUP": CelStory._pick_up,
    "PARK_START": CelStory._park,
    "PARK_END": CelStory._unpark,
    "DTMF": CelStory._key,
}


def plain_name(name: str) -> str | None:
    r"""A caller's name as CEL and CDR hold it: not escaped, but a quote keeps its backslash from SIP.

    >>> plain_name('Dana O\'Neill'), plain_name('a\\"b'), plain_name("Anonymous")
    ("Dana O'Neill", 'a"b', None)
    """
    return None if caller_number(name) is None else _SIP_ESCAPE.sub(r"\1", name)


def _refused_at_once(channel: CelChannel) -> bool:
    """Its phone was never reached, or said no before it rang: sooner than a person can."""
    if channel.answered_at is not None or channel.ended is None:
        return False
    return channel.cause in _CAUSES_AT_ONCE and channel.ended[1] - channel.at < _SOONER
