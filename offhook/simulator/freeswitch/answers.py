"""What ``api`` commands answer: the PBX's present, and the few orders that it obeys.

Sources: ``mod_commands.c`` (``show_function``, ``uuid_dump_function``, ``status_function``), ``mod_callcenter.c``
(``cc_config_api_function``), and the ``snapshot.txt`` of the recordings.
"""

from __future__ import annotations

import json
import re
import shlex
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from offhook.simulator.freeswitch.agents import AVAILABLE, LOGGED_OUT, ON_BREAK
from offhook.simulator.freeswitch.callcenter import SYSTEM, Queue, Visit
from offhook.simulator.freeswitch.core import uptime
from offhook.simulator.freeswitch.legs import Leg, shown
from offhook.simulator.freeswitch.plant import FreeswitchPlant
from offhook.simulator.freeswitch.telling import encode_value
from offhook.simulator.stories import HangUp, Story, Talk

VERSION = "FreeSWITCH Version 1.10.12-release~64bit (-release 64bit)\n"
STATUSES = (AVAILABLE, ON_BREAK, LOGGED_OUT, "Available (On Demand)")
_QUEUE_COLUMNS = (
    *("name", "strategy", "moh_sound", "time_base_score", "tier_rules_apply", "tier_rule_wait_second"),
    *("tier_rule_wait_multiply_level", "tier_rule_no_agent_no_wait", "discard_abandoned_after"),
    *("abandoned_resume_allowed", "max_wait_time", "max_wait_time_with_no_agent"),
    *("max_wait_time_with_no_agent_time_reached", "record_template", "calls_answered", "calls_abandoned"),
)
_AGENT_COLUMNS = (
    *("name", "instance_id", "uuid", "type", "contact", "status", "state", "max_no_answer", "wrap_up_time"),
    *("reject_delay_time", "busy_delay_time", "no_answer_delay_time", "last_bridge_start", "last_bridge_end"),
    *("last_offered_call", "last_status_change", "no_answer_count", "calls_answered", "talk_time", "ready_time"),
    "external_calls_count",
)
_MEMBER_COLUMNS = (
    *("queue", "instance_id", "uuid", "session_uuid", "cid_number", "cid_name", "system_epoch", "joined_epoch"),
    *("rejoined_epoch", "bridge_epoch", "abandoned_epoch", "base_score", "skill_score", "serving_agent"),
    *("serving_system", "state", "score"),
)
_MUSIC = "tone_stream://%(900,2100,440);loops=-1"
_CLICK = re.compile(r"(?:\{[^}]*\})?user/(?P<agent>[^@\s]+)(?:@\S+)? (?:&\w+\(\S*/)?9?(?P<to>\+?\d+)\)?(?: .*)?")
_CLICK_TALK_S = 20.0


class Answers:
    """Answers of one plant. ``asked`` are the last commands, as they came."""

    def __init__(self, plant: FreeswitchPlant) -> None:
        self.plant = plant
        self.asked: deque[str] = deque(maxlen=100)
        self._commands: dict[str, Callable[[str], str]] = {
            "callcenter_config": self._callcenter,
            "echo": lambda text: text,
            "originate": lambda text: self.originate(text, self.plant.core.new_uuid()) or f"+OK {text}\n",
            "show": self._show,
            "status": lambda _: self._status(),
            "uuid_dump": self._dump,
            "uuid_exists": lambda leg: str(leg in self.plant.core.legs).lower(),
            "uuid_kill": self._kill,
            "version": lambda _: VERSION,
        }

    def answer(self, command: str, argument: str) -> str:
        """The body of the answer; FreeSWITCH tells everybody that the command was given."""
        self.asked.append(f"{command} {argument}".strip())
        known = self._commands.get(command)
        if known is None:
            return f"-ERR {command} Command not found!\n"
        if not argument.startswith("agent set status"):  # that one is told by whoever obeys it
            self.plant.core.api(command, argument)
        return known(argument)

    def originate(self, argument: str, job: str) -> str | None:
        """Click-to-dial: the agent's phone, then 9 and a public number. The refusal if there is one, else None."""
        found = _CLICK.fullmatch(argument)
        if found is None:
            return "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>]\n"
        agent, to = found["agent"], found["to"]
        if agent not in self.plant.agents:
            return "-ERR USER_NOT_REGISTERED\n"
        if not self.plant.is_free(agent):
            return "-ERR USER_BUSY\n"
        rng = self.plant.rng
        talk = Talk(seconds=_CLICK_TALK_S * rng.lognormvariate(0.0, 0.6))
        story = Story(
            kind="click", agent=agent, to=to, far_answers_after_s=rng.uniform(2.0, 9.0), acts=(talk, HangUp())
        )
        self.plant.click(story, job, argument)
        return None

    # the core

    def _status(self) -> str:
        core, up_s = self.plant.core, int(self.plant.timeline.now)
        return (
            f"UP {uptime(up_s)}\nFreeSWITCH (Version 1.10.12-release 64bit) is ready\n"
            f"{core.sessions} session(s) since startup\n{len(core.legs)} session(s) - peak 100, last 5min 100\n"
            "0 session(s) per Sec out of max 30, peak 10, last 5min 10\n1000 session(s) max\n"
            "min idle cpu 0.00/97.00\nCurrent Stack Size/Max 240K/8192K\n"
        )

    def _kill(self, argument: str) -> str:
        leg = argument.partition(" ")[0]
        return "+OK\n" if self.plant.kill(leg) else "-ERR No such channel!\n"

    def _dump(self, argument: str) -> str:
        uuid, _, form = argument.partition(" ")
        leg = self.plant.core.legs.get(uuid)
        if leg is None:
            return "-ERR No such channel!\n"
        pairs = [("Event-Name", "CHANNEL_DATA"), ("Core-UUID", self.plant.core.uuid), *leg.block().pairs]
        if form == "json":
            return json.dumps(dict(pairs), ensure_ascii=False)
        return "".join(f"{key}: {encode_value(value)}\n" for key, value in pairs)

    def _show(self, what: str) -> str:
        thing, _, form = what.partition(" as ")
        rows = {"channels": self._channels, "bridged_calls": self._bridged, "calls": self._calls}.get(thing)
        if rows is None:
            return "-USAGE: codec|endpoint|application|api|dialplan|calls [count]|channels [count|like <match>]\n"
        made = rows()
        if form == "json":
            return json.dumps({"row_count": len(made), "rows": made} if made else {"row_count": 0}, ensure_ascii=False)
        table = [",".join(made[0])] if made else []
        table += [",".join(row.values()) for row in made]
        return "\n".join([*table, "", f"{len(made)} total.", ""])

    def _channels(self) -> list[dict[str, str]]:
        return [_channel(leg) for leg in self.plant.core.legs.values()]

    def _bridges(self) -> Iterable[tuple[Leg, Leg]]:
        """Both legs of each bridge, the one first that it began with."""
        for leg in self.plant.core.legs.values():
            mate = leg.partner
            if mate is not None and mate.call_uuid == leg.uuid:
                yield leg, mate

    def _bridged(self) -> list[dict[str, str]]:
        return [
            _channel(one) | {f"b_{key}": value for key, value in _channel(other).items()}
            for one, other in self._bridges()
        ]

    def _calls(self) -> list[dict[str, str]]:
        """As ``bridged_calls``, and the legs that are connected with nobody."""
        alone = [leg for leg in self.plant.core.legs.values() if leg.partner is None]
        return self._bridged() + [_channel(leg) for leg in alone]

    # the queues

    def _callcenter(self, argument: str) -> str:
        try:
            words = shlex.split(argument)
        except ValueError:
            words = []
        match words:
            case ["queue", "list"]:
                return _table(_QUEUE_COLUMNS, map(self._queue_row, self.plant.lines.values()))
            case ["queue", "list", "members", name] if name in self.plant.lines:
                return _table(_MEMBER_COLUMNS, self._member_rows(self.plant.lines[name]))
            case ["queue", "list", "agents", name] if name in self.plant.lines:
                return _table(_AGENT_COLUMNS, self._agent_rows(agent.name for agent in self.plant.lines[name].agents))
            case ["queue", "count", "agents", name, *status] if name in self.plant.lines:
                counted = (agent.status for agent in self.plant.lines[name].agents)
                return f"{sum(1 for one in counted if not status or one == status[0])}\n"
            case ["agent", "list"]:
                return _table(_AGENT_COLUMNS, self._agent_rows(self.plant.agents))
            case ["agent", "set", "status", name, status] if name in self.plant.agents:
                return self._set_status(name, status)
            case ["agent", "get", "status", name] if name in self.plant.agents:
                return self.plant.agents[name].status + "\n"
            case ["tier", "list"]:
                return _table(("queue", "agent", "state", "level", "position"), self._tier_rows())
            case ["agent", *_]:
                return "-ERR Invalid Agent not found!\n"
        return "-ERR Invalid!\n"

    def _set_status(self, name: str, status: str) -> str:
        if status not in STATUSES:
            return "-ERR Invalid Agent Status!\n"
        self.plant.set_status(name, status)
        return "+OK\n"

    def _queue_row(self, queue: Queue) -> tuple[str, ...]:
        first = (queue.plan.name, queue.strategy, _MUSIC, "queue", "false", "0", "false", "true", "10", "false")
        counts = (str(queue.answered), str(queue.abandoned))
        return (*first, f"{queue.plan.max_wait_s:.0f}", "1", "0", "", *counts)

    def _agent_rows(self, names: Iterable[str]) -> Iterable[tuple[str, ...]]:
        for name in names:
            plans = [queue.plan for queue in self.plant.lines.values() if self.plant.agents[name] in queue.agents]
            ring_s, wrap_up_s = (plans[0].ring_s, plans[0].wrap_up_s) if plans else (20.0, 0.0)
            yield (name, *self.plant.agents[name].row(ring_s, wrap_up_s))

    def _tier_rows(self) -> Iterable[tuple[str, ...]]:
        for queue in self.plant.lines.values():
            for place, agent in enumerate(queue.agents, 1):
                yield (queue.plan.name, agent.name, "Ready", "1", str(place))

    def _member_rows(self, queue: Queue) -> Iterable[tuple[str, ...]]:
        for visit in queue.placed.values():
            number, name = shown(visit.leg.original)
            who = (queue.plan.name, SYSTEM, visit.uuid, visit.leg.uuid, number, name)
            joined = (str(visit.joined), str(visit.joined), "0", str(visit.taken.answered if visit.taken else 0), "0")
            serving = visit.taken.agent.name if visit.taken else ""
            score = str(max(0, self.plant.core.seconds() - visit.joined))
            yield (*who, *joined, "0", "0", serving, SYSTEM if serving else "", _state(visit), score)


def _state(visit: Visit) -> str:
    if visit.taken:
        return "Answered"
    return "Trying" if visit.offers else "Waiting"


def _channel(leg: Leg) -> dict[str, str]:
    """A row of ``show channels``: a column that has nothing is empty."""
    number, name = shown(leg.caller)
    first_number, first_name = shown(leg.original)
    created = leg.times.created // 1_000_000
    return {
        "uuid": leg.uuid,
        "direction": leg.direction,
        "created_epoch": str(created),
        "name": leg.name,
        "state": leg.state,
        "cid_name": name,
        "cid_num": number,
        "ip_addr": leg.address,
        "dest": leg.destination,
        "application": leg.application,
        "application_data": leg.data,
        "dialplan": "XML" if leg.username else "",
        "context": leg.context,
        "presence_id": leg.presence,
        "callstate": leg.call_state,
        "callee_name": leg.callee.name or "" if leg.callee else "",
        "callee_num": leg.callee.number or "" if leg.callee else "",
        "call_uuid": leg.call_uuid,
        "initial_cid_name": first_name,
        "initial_cid_num": first_number,
        "initial_ip_addr": leg.address,
        "initial_dest": leg.first_destination,
        "initial_context": leg.first_context,
    }


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join("|".join(row) + "\n" for row in (columns, *rows)) + "+OK\n"
