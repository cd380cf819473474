"""The channel event log (CEL) of a simulated Asterisk, made of what it tells its manager.

Asterisk makes both of one stream of its own (``main/cel.c``, ``main/manager_channels.c``), so the one follows from the
other, but for the applications, which the manager tells of by their doings. Columns and wording are those of the
recordings in ``tests/recordings/asterisk-22``; their streams give the same calls (held by a test).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from cti.pbx.asterisk_names import caller_name, caller_number

Fields = Mapping[str, str]
DIALLED: Final = "(Outgoing Line)"
_MOMENT = timedelta(microseconds=1)


class _Channel:
    """What rows show of one channel, and what becomes of it."""

    def __init__(self, uniqueid: str) -> None:
        self.uniqueid = self.linkedid = uniqueid
        self.name = self.exten = self.context = self.number = self.caller = ""
        self.app = self.data = self.source = self.dial_status = ""
        self.bridge: str | None = None
        self.joined = self.transferred = False

    def learn(self, fields: Fields, prefix: str) -> None:
        self.name, self.linkedid = fields[prefix + "Channel"], fields[prefix + "Linkedid"]
        self.exten, self.context = fields[prefix + "Exten"], fields[prefix + "Context"]
        self.number = caller_number(fields[prefix + "CallerIDNum"]) or ""
        self.caller = caller_name(fields[prefix + "CallerIDName"]) or ""


class ChannelLog:
    """Rows of ``cel.csv``, in order, for who takes them out of ``rows``.

    ``queues`` are the queues' extensions in the context ``queues``, with the application's data: ``support,,,,60``.
    """

    def __init__(self, queues: Mapping[str, str]) -> None:
        self.rows: list[str] = []
        self._queues = dict(queues)
        self._channels: dict[str, _Channel] = {}
        self._dialled: dict[str, Fields] = {}
        self._at = datetime.min.replace(tzinfo=UTC)
        self._last: datetime | None = None

    def take(self, at: datetime, moment: Sequence[tuple[str, Fields]]) -> None:
        """The manager's events of one moment; those that CEL does not know of say nothing."""
        self._at = at
        self._dialled = {fields["DestUniqueid"]: fields for name, fields in moment if name == "DialBegin"}
        for name, fields in moment:
            handler = _HANDLERS.get(name)
            if handler is not None:
                handler(self, fields)

    # rows

    def _write(self, event: str, channel: _Channel, extra: object = None, user_event: str = "", peer: str = "") -> None:
        at = self._at if self._last is None else max(self._at, self._last + _MOMENT)
        self._last = at
        cells = (
            event, f"{at.timestamp():.6f}", channel.caller, channel.number, channel.number, "", channel.exten,
            channel.context, channel.name, channel.app, channel.data, channel.uniqueid, channel.linkedid, peer,
            user_event, "" if extra is None else msgspec.json.encode(extra).decode(),
        )  # fmt: skip
        self.rows.append(",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n")

    def _begin_app(self, channel: _Channel, app: str, data: str) -> None:
        self._end_app(channel)
        channel.app, channel.data = app, data
        self._write("APP_START", channel)

    def _end_app(self, channel: _Channel) -> None:
        if channel.app and channel.data != DIALLED:
            self._write("APP_END", channel)
            channel.app = channel.data = ""

    def _known(self, fields: Fields, prefix: str = "") -> _Channel | None:
        uniqueid = fields.get(prefix + "Uniqueid")
        channel = None if uniqueid is None else self._channels.get(uniqueid)
        if channel is not None:
            channel.learn(fields, prefix)
        return channel

    # channels

    def _born(self, fields: Fields) -> None:
        """The application that dials a phone begins before the phone's channel is there."""
        if (dial := self._dialled.get(fields["Uniqueid"])) is not None:
            self._dialling(self._known(dial), dial)
        channel = self._channels[fields["Uniqueid"]] = _Channel(fields["Uniqueid"])
        channel.learn(fields, "")
        self._write("CHAN_START", channel)

    def _state(self, fields: Fields) -> None:
        channel = self._known(fields)
        if channel is not None and fields["ChannelStateDesc"] == "Up":
            self._write("ANSWER", channel)

    def _asked_to_hang_up(self, fields: Fields) -> None:
        """Who hangs up is noted on his channel and on those that he is bridged with."""
        channel = self._known(fields)
        if channel is None or channel.name.startswith("Local/"):
            return
        bridged = [one for one in self._channels.values() if channel.bridge and one.bridge == channel.bridge]
        for one in (channel, *bridged):
            one.source = channel.name

    def _hung_up(self, fields: Fields) -> None:
        channel = self._known(fields)
        if channel is None:
            return
        if channel.context == "queues" and not channel.joined and channel.exten in self._queues:
            self._begin_app(channel, "Queue", self._queues[channel.exten])  # which did not take him
        self._end_app(channel)
        extra = {"hangupcause": int(fields["Cause"]), "hangupsource": channel.source, "dialstatus": channel.dial_status}
        self._write("HANGUP", channel, extra)
        self._write("CHAN_END", channel)
        del self._channels[channel.uniqueid]
        if not any(one.linkedid == channel.linkedid for one in self._channels.values()):
            self._write("LINKEDID_END", channel)

    def _music(self, fields: Fields, begins: bool) -> None:
        channel = self._known(fields)
        if channel is not None and begins:
            self._write("STREAM_BEGIN", channel, {"class": "default"}, "MOH_STREAM_BEGIN")
        elif channel is not None:
            self._write("STREAM_END", channel, user_event="MOH_STREAM_END")

    def _key(self, fields: Fields) -> None:
        channel = self._known(fields)
        if channel is not None and fields["Direction"] == "Received":
            self._write("DTMF", channel, {"digit": fields["Digit"], "duration_ms": 160}, "Received")

    # dialling and queues

    def _dial(self, fields: Fields) -> None:
        source, dest = self._known(fields), self._known(fields, "Dest")
        self._dialling(source, fields)
        if dest is not None:
            dest.app = "AppDial2" if source is None else "AppQueue" if source.app == "Queue" else "AppDial"
            dest.data = DIALLED

    def _dialling(self, source: _Channel | None, fields: Fields) -> None:
        data = f"PJSIP/{fields['DialString']}"
        if source is not None and (source.app != "Queue" or source.transferred) and source.data != data:
            source.transferred, source.dial_status = False, ""
            self._begin_app(source, "Dial", data)

    def _dial_over(self, fields: Fields) -> None:
        source, _ = self._known(fields), self._known(fields, "Dest")
        if source is not None and source.dial_status != "ANSWER":
            source.dial_status = fields["DialStatus"]

    def _originated(self, fields: Fields) -> None:
        """The phone that rang first goes on in the dialplan."""
        channel = self._channels.get(fields["Uniqueid"])
        if channel is not None and fields["Response"] == "Success":
            channel.app = channel.data = ""

    def _join_queue(self, fields: Fields) -> None:
        """Asterisk 22 does not tell the application's start where a transfer led there."""
        channel = self._known(fields)
        if channel is None:
            return
        data = next((data for data in self._queues.values() if data.split(",")[0] == fields["Queue"]), fields["Queue"])
        channel.joined, channel.dial_status = True, ""
        if channel.transferred:
            channel.transferred, channel.app, channel.data = False, "Queue", data
        else:
            self._begin_app(channel, "Queue", data)

    def _leave_queue(self, fields: Fields) -> None:
        channel = self._known(fields)
        if channel is not None and channel.dial_status != "ANSWER":
            self._end_app(channel)

    # bridges and transfers

    def _enter(self, fields: Fields) -> None:
        channel = self._known(fields)
        if channel is not None:
            self._bridge_row("BRIDGE_ENTER", channel, fields)
            channel.bridge = fields["BridgeUniqueid"]

    def _leave(self, fields: Fields) -> None:
        channel = self._known(fields)
        if channel is not None:
            channel.bridge = None
            self._bridge_row("BRIDGE_EXIT", channel, fields)

    def _bridge_row(self, event: str, channel: _Channel, fields: Fields) -> None:
        bridge = fields["BridgeUniqueid"]
        peers = [one.name for one in self._channels.values() if one.bridge == bridge and one is not channel]
        extra = {"bridge_id": bridge, "bridge_technology": fields["BridgeTechnology"]}
        self._write(event, channel, extra, peer=",".join(peers))

    def _blind(self, fields: Fields) -> None:
        by, given = self._known(fields, "Transferer"), self._known(fields, "Transferee")
        if by is None or given is None or fields.get("Result", "Success") != "Success":
            return
        given.transferred = True
        extra = {
            "extension": fields["Extension"],
            "context": fields["Context"],
            "bridge_id": fields["BridgeUniqueid"],
            "transferee_channel_name": given.name,
            "transferee_channel_uniqueid": given.uniqueid,
        }
        self._write("BLINDTRANSFER", by, extra)

    def _attended(self, fields: Fields) -> None:
        first, second = self._known(fields, "OrigTransferer"), self._known(fields, "SecondTransferer")
        if first is None or second is None or fields.get("Result", "Success") != "Success":
            return
        extra = {
            "bridge1_id": fields.get("OrigBridgeUniqueid", ""),
            "channel2_name": second.name,
            "channel2_uniqueid": second.uniqueid,
            "bridge2_id": fields.get("SecondBridgeUniqueid", ""),
        }
        for prefix, word in (("Transferee", "transferee_channel"), ("TransferTarget", "transfer_target_channel")):
            channel = self._known(fields, prefix)
            if channel is not None:
                extra |= {f"{word}_name": channel.name, f"{word}_uniqueid": channel.uniqueid}
        self._write("ATTENDEDTRANSFER", first, extra)

    def _park(self, fields: Fields) -> None:
        channel = self._known(fields, "Parkee")
        if channel is not None:
            lot = {"parker_dial_string": fields["ParkerDialString"], "parking_lot": fields["Parkinglot"]}
            self._write("PARK_START", channel, lot)

    def _unpark(self, fields: Fields) -> None:
        channel, by = self._known(fields, "Parkee"), self._known(fields, "Retriever")
        if channel is not None and by is not None:
            by.app, by.data = "ParkedCall", f"{fields['Parkinglot']},{fields['ParkingSpace']}"
            self._write("PARK_END", channel, {"reason": "ParkedCallUnparked", "retriever": by.name})


_HANDLERS: dict[str, Callable[[ChannelLog, Fields], None]] = {
    "Newchannel": ChannelLog._born,
    "Newstate": ChannelLog._state,
    "HangupRequest": ChannelLog._asked_to_hang_up,
    "Hangup": ChannelLog._hung_up,
    "MusicOnHoldStart": lambda log, fields: log._music(fields, True),
    "MusicOnHoldStop": lambda log, fields: log._music(fields, False),
    "DTMFEnd": ChannelLog._key,
    "DialBegin": ChannelLog._dial,
    "DialEnd": ChannelLog._dial_over,
    "OriginateResponse": ChannelLog._originated,
    "QueueCallerJoin": ChannelLog._join_queue,
    "QueueCallerLeave": ChannelLog._leave_queue,
    "BridgeEnter": ChannelLog._enter,
    "BridgeLeave": ChannelLog._leave,
    "BlindTransfer": ChannelLog._blind,
    "AttendedTransfer": ChannelLog._attended,
    "ParkedCall": ChannelLog._park,
    "UnParkedCall": ChannelLog._unpark,
}
NAMES = frozenset(_HANDLERS)
