"""The queue_log of a simulated Asterisk, made of what it tells its manager.

``app_queue`` writes its log beside its events (``apps/app_queue.c``), so the one follows from the other. Held against
the recordings in ``tests/recordings/asterisk-22`` by a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

Fields = Mapping[str, str]
ENDS = frozenset({"HangupRequest", "SoftHangupRequest", "Hangup"})


class _Caller:
    """Who waits in a queue."""

    def __init__(self, position: str, joined_at: datetime) -> None:
        self.position, self.joined_at = position, joined_at
        self.answered = self.gave_up = False
        self.key = ""


class QueueLog:
    """Lines of ``queue_log``, in order, for who takes them out of ``lines``. Times are whole seconds, cut."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._callers: dict[str, _Caller] = {}
        self._positions: dict[str, str] = {}
        self._gone: set[str] = set()
        self._transfers: dict[str, tuple[str, str, str]] = {}
        self._at = datetime.min.replace(tzinfo=UTC)

    def take(self, at: datetime, moment: Sequence[tuple[str, Fields]]) -> None:
        """The manager's events of one moment: only together they tell who left a queue by hanging up."""
        self._at = at
        self._gone |= {fields["Uniqueid"] for name, fields in moment if name in ENDS}
        for name, fields in moment:
            handler = _HANDLERS.get(name)
            if handler is not None:
                handler(self, fields)

    def _write(self, fields: Fields, agent: str, event: str, *data: object) -> None:
        call = fields.get("Uniqueid", "NONE")
        words = [str(int(self._at.timestamp())), call, fields["Queue"], agent, event, *map(str, data)]
        self.lines.append("|".join(words) + "\n")

    # members

    def _member(self, fields: Fields, event: str) -> None:
        self._write({"Uniqueid": "MANAGER", "Queue": fields["Queue"]}, fields["Interface"], event, "")

    def _pause(self, fields: Fields) -> None:
        event = "PAUSE" if fields["Paused"] == "1" else "UNPAUSE"
        queue = {"Uniqueid": "NONE", "Queue": fields["Queue"]}
        self._write(queue, fields["MemberName"], event, fields["PausedReason"])

    # callers

    def _join(self, fields: Fields) -> None:
        self._callers[fields["Uniqueid"]] = _Caller(fields["Position"], self._at)
        number = fields["CallerIDNum"].removeprefix("<unknown>")
        self._positions[fields["Uniqueid"]] = fields["Position"]
        self._write(fields, "NONE", "ENTERQUEUE", "", number, fields["Position"])

    def _key(self, fields: Fields) -> None:
        caller = self._callers.get(fields["Uniqueid"])
        if caller is not None and fields["Direction"] == "Received":
            caller.key = fields["Digit"]

    def _answered(self, fields: Fields) -> None:
        caller = self._callers.get(fields.get("Uniqueid", ""))
        if caller is not None and fields["DialStatus"] == "ANSWER":
            caller.answered = True

    def _missed(self, fields: Fields) -> None:
        self._write(fields, fields["MemberName"], "RINGNOANSWER", fields["RingTime"])

    def _gave_up(self, fields: Fields) -> None:
        """The manager calls a timeout an abandoning too."""
        caller = self._callers.get(fields["Uniqueid"])
        if caller is not None:
            caller.gave_up = True
            event = "ABANDON" if fields["Uniqueid"] in self._gone else "EXITWITHTIMEOUT"
            places = fields["Position"], fields["OriginalPosition"], fields["HoldTime"]
            self._write(fields, "NONE", event, *places)

    def _left(self, fields: Fields) -> None:
        caller = self._callers.pop(fields["Uniqueid"], None)
        if caller is not None and not caller.answered and not caller.gave_up:
            waited_s = int((self._at - caller.joined_at).total_seconds())
            self._write(fields, "NONE", "EXITWITHKEY", caller.key, fields["Position"], caller.position, waited_s)

    def _connected(self, fields: Fields) -> None:
        times = fields["HoldTime"], fields["DestUniqueid"], fields["RingTime"]
        self._write(fields, fields["MemberName"], "CONNECT", *times)

    # ends

    def _hung_up(self, fields: Fields) -> None:
        self._gone.discard(fields["Uniqueid"])
        self._positions.pop(fields["Uniqueid"], None)

    def _blind(self, fields: Fields) -> None:
        self._transfers[fields["TransfereeUniqueid"]] = "BLINDTRANSFER", fields["Extension"], fields["Context"]

    def _attended(self, fields: Fields) -> None:
        given = fields.get("TransfereeUniqueid")
        if given is not None:
            self._transfers[given] = "ATTENDEDTRANSFER", "BRIDGE", fields.get("DestBridgeUniqueid", "")

    def _completed(self, fields: Fields) -> None:
        call = fields["Uniqueid"]
        times = fields["HoldTime"], fields["TalkTime"], self._positions.get(call, "1")
        transfer = self._transfers.pop(call, None)
        if fields["Reason"] == "transfer" and transfer is not None:
            event, *how = transfer
            self._write(fields, fields["MemberName"], event, *how, *times)
        else:
            event = "COMPLETEAGENT" if fields["Reason"] == "agent" else "COMPLETECALLER"
            self._write(fields, fields["MemberName"], event, *times)


_HANDLERS: dict[str, Callable[[QueueLog, Fields], None]] = {
    "QueueMemberAdded": lambda log, fields: log._member(fields, "ADDMEMBER"),
    "QueueMemberRemoved": lambda log, fields: log._member(fields, "REMOVEMEMBER"),
    "QueueMemberPause": QueueLog._pause,
    "QueueCallerJoin": QueueLog._join,
    "DTMFEnd": QueueLog._key,
    "DialEnd": QueueLog._answered,
    "AgentRingNoAnswer": QueueLog._missed,
    "QueueCallerAbandon": QueueLog._gave_up,
    "QueueCallerLeave": QueueLog._left,
    "AgentConnect": QueueLog._connected,
    "BlindTransfer": QueueLog._blind,
    "AttendedTransfer": QueueLog._attended,
    "AgentComplete": QueueLog._completed,
    "Hangup": QueueLog._hung_up,
}
NAMES = ENDS | _HANDLERS.keys()
