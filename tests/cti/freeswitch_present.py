"""What a FreeSWITCH would answer about its present at any moment of a recording, told from the events up to there."""

from __future__ import annotations

import json
from collections.abc import Iterable

from cti.wire.esl import EslFrame

Row = dict[str, str]
CHANNEL = {
    "direction": b"Call-Direction",
    "name": b"Channel-Name",
    "cid_name": b"Caller-Caller-ID-Name",
    "cid_num": b"Caller-Caller-ID-Number",
    "dest": b"Caller-Destination-Number",
    "context": b"Caller-Context",
    "callstate": b"Channel-Call-State",
    "call_uuid": b"Channel-Call-UUID",
}
QUEUES = ("sales", "support")
TIERS = (("sales", "101"), ("sales", "102"), ("support", "103"), ("support", "104"), ("support", "105"))


class Present:
    """Channels, bridges, waiting callers and agents. ``asked`` are the commands that it answered."""

    def __init__(self) -> None:
        self.channels: dict[str, Row] = {}
        self.variables: dict[str, Row] = {}
        self.bridges: dict[str, str] = {}
        self.members: dict[str, Row] = {}
        self.agents = {agent: "Available" for _, agent in TIERS}
        self.asked: list[str] = []

    def take(self, frames: Iterable[EslFrame]) -> None:
        for frame in frames:
            self._take(frame)

    def answer(self, command: str) -> str:
        """The body of the answer to ``api <command>``."""
        self.asked.append(command)
        word, _, rest = command.partition(" ")
        return {
            "echo": lambda: rest,
            "msleep": lambda: "+OK\n",
            "show": self._show,
            "fifo": lambda _: "<fifo_report>\n</fifo_report>\n",
            "conference": lambda _: "-ERR No active conferences\n",
            "callcenter_config": self._callcenter,
            "uuid_dump": self._dump,
        }[word](*[rest] if word not in ("echo", "msleep") else [])

    def _take(self, frame: EslFrame) -> None:
        leg = frame.get(b"Unique-ID")
        if frame.name == "callcenter::info":
            self._take_callcenter(frame)
        elif frame.name == "CHANNEL_HANGUP_COMPLETE" and leg is not None:
            self.channels.pop(leg, None)
            self._part(leg)
        elif frame.name.startswith("CHANNEL_") and leg is not None:
            self._take_channel(frame, leg)

    def _take_channel(self, frame: EslFrame, leg: str) -> None:
        if frame.name == "CHANNEL_CREATE":
            created = frame.get(b"Caller-Channel-Created-Time") or "0"
            row = self.channels[leg] = {"uuid": leg, "created_epoch": str(int(created) // 1_000_000)}
            for column in ("cid_name", "cid_num", "dest", "context"):
                row[f"initial_{column}"] = frame.get(CHANNEL[column]) or ""
            self.variables[leg] = {key: value for key, value in frame.items() if key.startswith("variable_")}
        if leg in self.channels:
            for column, header in CHANNEL.items():
                self.channels[leg][column] = frame.get(header) or self.channels[leg].get(column, "")
        if frame.name == "CHANNEL_BRIDGE":
            one, other = frame.get(b"Bridge-A-Unique-ID") or "", frame.get(b"Bridge-B-Unique-ID") or ""
            self.bridges[one] = other
            if other in self.channels:
                self.channels[other]["call_uuid"] = one
        elif frame.name == "CHANNEL_UNBRIDGE":
            self._part(leg)
        elif frame.name == "CHANNEL_EXECUTE" and leg in self.channels:
            self.channels[leg]["application"] = frame.get(b"Application") or ""
            self.channels[leg]["application_data"] = frame.get(b"Application-Data") or ""

    def _part(self, leg: str) -> None:
        self.bridges = {one: other for one, other in self.bridges.items() if leg not in (one, other)}

    def _take_callcenter(self, frame: EslFrame) -> None:
        action, member = frame.get(b"CC-Action"), frame.get(b"CC-Member-UUID") or ""
        if action == "member-queue-start":
            self.members[member] = {
                "queue": frame.get(b"CC-Queue") or "",
                "uuid": member,
                "session_uuid": frame.get(b"CC-Member-Session-UUID") or "",
                "cid_number": frame.get(b"CC-Member-CID-Number") or "",
                "cid_name": frame.get(b"CC-Member-CID-Name") or "",
                "joined_epoch": str(int(frame.get(b"Event-Date-Timestamp") or "0") // 1_000_000),
                "state": "Waiting",
            }
        elif action == "bridge-agent-start":
            self.members[member]["state"] = "Answered"
        elif action == "member-queue-end":
            self.members.pop(member, None)
        elif action == "agent-status-change":
            self.agents[frame.get(b"CC-Agent") or ""] = frame.get(b"CC-Agent-Status") or ""

    def _show(self, what: str) -> str:
        if what == "channels as json":
            rows = list(self.channels.values())
        else:
            assert what == "bridged_calls as json"
            rows = [{"uuid": one, "b_uuid": other} for one, other in self.bridges.items()]
        return json.dumps({"row_count": len(rows), "rows": rows} if rows else {"row_count": 0})

    def _dump(self, rest: str) -> str:
        leg = rest.removesuffix(" json")
        if leg not in self.channels:
            return "-ERR No such channel!\n"
        return json.dumps({"Event-Name": "CHANNEL_DATA", "Unique-ID": leg, **self.variables[leg]})

    def _callcenter(self, what: str) -> str:
        if what == "queue list":
            return _table(("name", "strategy", "moh_sound"), [(queue, "ring-all", "a|b") for queue in QUEUES])
        if what == "agent list":
            columns = ("name", "contact", "status", "max_no_answer")
            return _table(columns, [(name, f"user/{name}@x|y", status, "0") for name, status in self.agents.items()])
        if what == "tier list":
            return _table(
                ("queue", "agent", "state", "level", "position"), [(*tier, "Ready", "1", "1") for tier in TIERS]
            )
        queue = what.removeprefix("queue list members ")
        columns = ("queue", "uuid", "session_uuid", "cid_number", "cid_name", "joined_epoch", "state")
        rows = [tuple(row[column] for column in columns) for row in self.members.values() if row["queue"] == queue]
        return _table(columns, rows)


def _table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return "".join("|".join(row) + "\n" for row in (columns, *rows)) + "+OK\n"
