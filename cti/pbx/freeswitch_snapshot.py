"""FreeSWITCH's answers to what it is asked about its present, gathered into one snapshot.

An answer does not say which question it is to, and a recording holds answers only: so each is known by its own looks,
and those of one snapshot stand between two echoes. Tables have cells between ``|``, and a caller's name may have one in
it; the JSON of ``show`` and ``uuid_dump`` cannot be forged. Sources: ``mod_commands.c`` (``show_function``,
``uuid_dump_function``, ``echo_function``), ``mod_callcenter.c`` (``cc_config_api_function``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from cti.model import LegRole, Origin
from cti.pbx import freeswitch_names as names
from cti.pbx.dialect import Action, Frame
from cti.pbx.freeswitch_lists import FIFOS, ROOMS, InFifo, parse_fifos, parse_rooms, seconds_between
from cti.pbx.freeswitch_memory import Bridged, FreeswitchMemory, Joined
from cti.snapshot import AgentNow, LegNow, MemberNow, SnapshotTaken, WaitNow

REPLY = "api/response"
BEGINS, ENDS = "offhook asks for the present", "offhook knows the present"
SHOWN_LATE = timedelta(seconds=1)  # "show channels" reads a table that is written some time after the events
CLOCK_STEP = timedelta(milliseconds=50)  # FreeSWITCH's instants move in steps of 20 ms, what comes next included
MAX_LOOSE = 500
_UP, _RINGING = frozenset({"ACTIVE", "HELD", "UNHELD"}), frozenset({"RINGING", "EARLY", "RING_WAIT"})
_OVER = frozenset({"CS_REPORTING", "CS_DESTROY"})  # its end was told: it is there until its last thread lets go
_HELD = "HELD"
_WAITING = frozenset({"Waiting", "Trying"})
_SERVED = frozenset({"Answered"})
_IN_QUEUE = _WAITING | _SERVED

#: The variables that tell on whose behalf a leg was made, the strongest first.
_SOURCES = ("variable_cc_member_session_uuid", "variable_fifo_bridge_uuid", "variable_originating_leg_uuid")

Row = dict[str, str]


class _Gathered:
    """The answers of one snapshot so far."""

    def __init__(self, at: datetime, session: str) -> None:
        self.at, self.session = at, session
        self.queues: list[str] = []
        self.channels: list[Row] = []
        self.calls: list[Row] = []
        self.agents: list[Row] = []
        self.tiers: list[Row] = []
        self.waiting: list[Row] = []
        self.variables: dict[str, Row] = {}
        self.rooms: dict[str, str] = {}

    def in_state(self, states: frozenset[str]) -> list[Row]:
        """The places of callers in such a state."""
        return [row for row in self.waiting if row.get("state") in states and "queue" in row]

    def queue_of(self, row: Row) -> str | None:
        """The queue that a caller waits in, or in which he was answered."""
        placed = (place for place in self.waiting if place.get("session_uuid") == row["uuid"])
        return next((place.get("queue") for place in placed if place.get("state") in _IN_QUEUE), None)

    def loose(self) -> list[str]:
        """The legs that were made for somebody, of whom ``show channels`` does not tell."""
        called = (row for row in self.channels if row.get("direction") == "outbound")
        return [row["uuid"] for row in called if row.get("call_uuid") in (None, "", row["uuid"])][:MAX_LOOSE]


class FreeswitchSnapshot:
    """Asks, gathers the answers, and gives the snapshot with the last one."""

    def __init__(self, memory: FreeswitchMemory) -> None:
        self._memory = memory
        self._gathered: _Gathered | None = None

    def actions(self) -> Iterator[Action]:
        """What to ask, one after the other: each answer is to be taken before the next question is made.

        What happened just before the events began to come is not in the table of channels yet: so it is waited for.
        """
        yield _api(f"msleep {SHOWN_LATE // timedelta(milliseconds=1)}")
        yield _api(f"echo {BEGINS}")
        yield from (_api(f"callcenter_config {what} list") for what in ("queue", "agent", "tier"))
        yield from (_api(f"show {what} as json") for what in ("channels", "bridged_calls"))
        yield from (_api(what) for what in ("fifo list", "conference json_list"))
        gathered = self._gathered
        if gathered is not None:
            yield from (_api(f"callcenter_config queue list members {queue}") for queue in gathered.queues)
            yield from (_api(f"uuid_dump {leg} json") for leg in gathered.loose())
        yield _api(f"echo {ENDS}")

    def take(self, frame: Frame, at: datetime, origin: Origin) -> Iterable[SnapshotTaken]:
        """The whole snapshot once it is complete, else nothing."""
        body = (frame.get(b"_body") or "").strip()
        gathered = self._gathered
        if body == BEGINS:
            self._gathered = _Gathered(at, origin.session)
        elif gathered is not None and gathered.session == origin.session:
            if body == ENDS:
                self._gathered = None
                return (self._snapshot(gathered, max(gathered.at, at - CLOCK_STEP), origin),)
            _gather(gathered, body)
        return ()

    def _snapshot(self, gathered: _Gathered, at: datetime, origin: Origin) -> SnapshotTaken:
        for row in gathered.agents:
            user = names.user_in(row.get("contact"))
            if user is not None:
                self._memory.note_agent(row["name"], user)
        memory = self._memory
        there = [row for row in gathered.channels if row.get("state") not in _OVER]
        self._memory.forget_others(row["uuid"] for row in there)
        served = [(row["session_uuid"], row["queue"]) for row in gathered.in_state(_SERVED)]
        served += [(leg, joined.queue) for leg, joined in memory.joined.items() if joined.heard]
        for row in gathered.in_state(_WAITING):
            member = row["queue"] if "fifo" in row else row.get("uuid", "")
            known = memory.joined.get(row["session_uuid"])
            if known is None or known.member != member:
                memory.joined[row["session_uuid"]] = Joined(member, row["queue"])
        bridges = {leg: names.bridge_of(row["uuid"], row["b_uuid"]) for row in gathered.calls for leg in _both(row)}
        for one, other in map(_both, gathered.calls):
            for leg, far in ((one, other), (other, one)):
                memory.bridged.setdefault(leg, Bridged(far, bridges[leg]))
        bridges |= {leg: bridged.bridge for leg, bridged in memory.bridged.items()}  # heard, and newer than the table
        bridges |= {leg: names.room_of(room) for leg, room in gathered.rooms.items()}
        leg_of = self._leg
        return SnapshotTaken(
            at=at,
            origin=origin,
            legs_at=gathered.at - SHOWN_LATE,
            legs=tuple(
                leg_of(row, gathered.variables.get(row["uuid"], {}), bridges, gathered.queue_of(row), at)
                for row in there
            ),
            queues_at=gathered.at - SHOWN_LATE,  # an answer overtakes the events before it
            waits=tuple(self._wait(row, at) for row in gathered.in_state(_WAITING)),
            served=tuple(served),
            members=tuple(self._member(row) for row in gathered.tiers),
            agents=tuple(self._agent(row) for row in gathered.agents),
        )

    def _leg(self, row: Row, variables: Row, bridges: dict[str, str], queue: str | None, at: datetime) -> LegNow:
        leg, called = row["uuid"], row.get("direction") == "outbound"
        role = self._role(row, variables, called=called)
        source = next((variables[name] for name in _SOURCES if name in variables), None)
        self._memory.note_leg(leg, source, agent=role is LegRole.AGENT)
        dialled = _first(row, "dest")
        up = row.get("callstate") in _UP or leg in self._memory.up
        return LegNow(
            leg=leg,
            group=(source or row.get("call_uuid") or leg) if called else leg,
            channel=row.get("name") or "",
            role=role,
            number=self._number(row, variables, role, called=called),
            name=None if called or role is not LegRole.CUSTOMER else _caller_name(row),
            dialled=dialled or None,
            started_at=self._instant(row.get("created_epoch"), at),
            up=up,
            ringing=called and not up and row.get("callstate") in _RINGING,
            was_dialled=called,
            bridge=bridges.get(leg),
            room=bridges.get(leg, "").startswith(names.ROOM),
            queue=queue,
            held=row.get("callstate") == _HELD,
        )

    def _role(self, row: Row, variables: Row, *, called: bool) -> LegRole:
        channel, context = row.get("name") or "", row.get("initial_context") or row.get("context")
        if channel.startswith(names.LOOPBACK):
            return LegRole.VIRTUAL
        if variables.get("variable_cc_side") == "agent" or (called and "variable_fifo_name" in variables):
            return LegRole.AGENT
        gateway = variables.get("variable_sip_gateway_name")
        is_trunk = self._memory.is_trunk(channel, gateway, None if called else context)
        if is_trunk is None:
            is_trunk = gateway is not None or (not called and context == names.PUBLIC)
            if not is_trunk and "variable_dialed_user" not in variables:
                return names.role_by_number(_first(row, "dest" if called else "cid_num"))
        return LegRole.CUSTOMER if is_trunk else LegRole.AGENT

    def _number(self, row: Row, variables: Row, role: LegRole, *, called: bool) -> str | None:
        if role is LegRole.VIRTUAL:
            return None
        if not called:
            return names.caller_number(_first(row, "cid_num"))
        user = variables.get("variable_dialed_user") or _first(row, "dest")
        agent = variables.get("variable_cc_agent")
        if agent is not None and variables.get("variable_cc_side") == "agent":
            return variables.get("variable_dialed_user") or self._memory.agent(agent)
        return user if role is LegRole.AGENT else names.caller_number(row.get("dest"))

    def _wait(self, row: Row, at: datetime) -> WaitNow:
        joined_at = self._instant(row.get("joined_epoch"), at)
        leg, queue = row.get("session_uuid") or "", row.get("queue") or ""
        position = names.whole_number(row.get("position"))
        return WaitNow(leg=leg, queue=queue, joined_at=joined_at, position=position)

    def _member(self, row: Row) -> MemberNow:
        agent = self._memory.agent(row.get("agent") or "")
        return MemberNow(
            queue=row.get("queue") or "", agent=agent, name=None, interface=None, paused=False, reason=None
        )

    def _agent(self, row: Row) -> AgentNow:
        here, on_break = names.presence(row.get("status") or "")
        return AgentNow(agent=self._memory.agent(row["name"]), name=None, here=here, on_break=on_break)

    def _instant(self, epoch: str | None, at: datetime) -> datetime:
        """A whole second of the PBX's clock on ours; ``at`` where there is none."""
        seconds = names.whole_number(epoch)
        return self._memory.clock.ours(seconds * 1_000_000, at) if seconds else at


def _api(command: str) -> Action:
    return Action(f"api {command}")


def _gather(gathered: _Gathered, body: str) -> None:
    """Put an answer where it belongs, by its looks; one that is no part of a snapshot is passed over."""
    if body.startswith("{"):
        _gather_json(gathered, body)
        return
    if body.startswith(ROOMS):
        gathered.rooms |= parse_rooms(body)
        return
    if body.startswith(FIFOS):
        gathered.waiting += [_fifo_row(gathered, caller) for caller in parse_fifos(body)]
        return
    for column, loose, take in _TABLES:
        first = body.partition("\n")[0].split("|")
        if column in first:
            for row in parse_table(body, loose):
                take(gathered, row)
            return


def _fifo_row(gathered: _Gathered, caller: InFifo) -> Row:
    """A place in a fifo as a row of mod_callcenter's table of callers."""
    row = {"queue": caller.fifo, "session_uuid": caller.leg, "state": "Waiting" if caller.waits else "Answered"}
    channel = next((channel for channel in gathered.channels if channel["uuid"] == caller.leg), {})
    created = names.whole_number(channel.get("created_epoch"))
    since = seconds_between(channel.get("created", ""), caller.pushed_local)
    if created is not None and since is not None:
        row["joined_epoch"] = str(created + since)
    return row | {"fifo": "true", "position": str(caller.position or "")}


def _gather_json(gathered: _Gathered, body: str) -> None:
    try:
        answer = msgspec.json.decode(body, type=dict[str, object])
    except msgspec.DecodeError:
        return
    if answer.get("Event-Name") == "CHANNEL_DATA":
        leg = str(answer.get("Unique-ID"))
        gathered.variables[leg] = {key: str(value) for key, value in answer.items()}
        return
    rows = answer.get("rows")
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and "uuid" in row:
            texts = {str(key): str(value) for key, value in row.items()}
            (gathered.calls if "b_uuid" in texts else gathered.channels).append(texts)


def parse_table(text: str, loose: str) -> list[Row]:
    """The rows of a table by the names of its columns; what is too much in a row belongs to the column ``loose``.

    >>> parse_table("name|contact|state\\n101|user/101|user/201|Waiting\\n+OK\\n", "contact")
    [{'name': '101', 'contact': 'user/101|user/201', 'state': 'Waiting'}]
    """
    head, *lines = text.splitlines()
    columns = head.split("|")
    before = columns.index(loose) if loose in columns else len(columns)
    rows = []
    for line in lines:
        cells = line.split("|")
        over = len(cells) - len(columns)
        if over >= 0:
            cells[before : before + over + 1] = ["|".join(cells[before : before + over + 1])]
            rows.append(dict(zip(columns, cells, strict=False)))
    return rows


def _both(row: Row) -> tuple[str, str]:
    return row["uuid"], row["b_uuid"]


def _first(row: Row, column: str) -> str | None:
    """What it was when the leg began: transfers and pick-ups write over it."""
    return row.get(f"initial_{column}") or row.get(column)


def _caller_name(row: Row) -> str | None:
    return names.caller_name(_first(row, "cid_name"), _first(row, "cid_num"))


Take = Callable[[_Gathered, Row], None]
#: A column that only this table has, the column in which anything may stand, and where its rows belong.
_TABLES: tuple[tuple[str, str, Take], ...] = (
    ("strategy", "moh_sound", lambda gathered, row: gathered.queues.append(row["name"])),
    ("max_no_answer", "contact", lambda gathered, row: gathered.agents.append(row)),
    ("session_uuid", "cid_name", lambda gathered, row: gathered.waiting.append(row)),
    ("level", "", lambda gathered, row: gathered.tiers.append(row)),
)
