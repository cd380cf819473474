"""Asterisk's queue_log: what a line means, and the waits and answers it adds to a call that CEL tells.

Source: ``apps/app_queue.c`` and ``main/logger.c``, 1.8 to 22. Known untruths: COMPLETECALLER for a call that the PBX
killed; behind a Local channel a transfer goes unnoticed and its time is charged to the first agent. Instants in the
file are whole seconds, cut; in a table they are exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cti import signals as s
from cti.pbx.asterisk_cel import CelChannel, CelStory
from cti.pbx.asterisk_log_lines import QueueLine
from cti.pbx.asterisk_people import AsteriskPeople
from cti.pbx.asterisk_script import Script

TRANSFERS = frozenset({"TRANSFER", "BLINDTRANSFER", "ATTENDEDTRANSFER"})
COMPLETIONS = frozenset({"COMPLETEAGENT", "COMPLETECALLER", *TRANSFERS})
EXITS = frozenset({"ABANDON", "EXITWITHTIMEOUT", "EXITWITHKEY", "EXITEMPTY"})
MEMBERS = frozenset({
    "ADDMEMBER", "REMOVEMEMBER", "PAUSE", "UNPAUSE", "PAUSEALL", "UNPAUSEALL",
    "AGENTLOGIN", "AGENTCALLBACKLOGIN", "AGENTLOGOFF", "AGENTCALLBACKLOGOFF",
})  # fmt: skip
_SECOND = timedelta(seconds=1)
_SLACK = timedelta(seconds=0.2)

Names = Mapping[str, str]


def agent_named(names: Names, member: str, people: AsteriskPeople) -> str:
    """The extension of a member: by the names known, by his interface, else the name itself.

    >>> [agent_named({"Anna Rossi": "101"}, name, AsteriskPeople()) for name in ("Anna Rossi", "SIP/102", "Bruno")]
    ['101', '102', 'Bruno']
    """
    return names.get(member) or (people.member(member) if "/" in member else member)


def whole(text: str) -> int | None:
    """A number in a line; None where it is none.

    >>> whole("14"), whole(""), whole("-1")
    (14, None, None)
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def talk_s(line: QueueLine) -> int | None:
    """How long, says the line, agent and caller talked: seconds.

    COMPLETE*: hold, talk, position. *TRANSFER: two words, hold, talk, position; a LINK has three words, and CONNECT'S
    fifth figure is lost in five columns.
    """
    if line.event.startswith("COMPLETE"):
        return whole(line.data[1])
    return whole(line.data[4 if line.data[0] == "LINK" else 3])


def span_of(line: QueueLine) -> tuple[datetime, datetime]:
    """Between which instants the line was written."""
    if line.exact:
        return line.at - _SLACK, line.at + _SLACK
    return line.at - _SLACK, line.at + _SECOND + _SLACK


def learn_names(
    lines: Sequence[QueueLine], story: CelStory, agents: dict[str, str], people: AsteriskPeople
) -> None:
    """Whose phones the members' names stand for: CONNECT names both."""
    for line in lines:
        if line.event == "CONNECT" and (channel := story.channels.get(line.data[1])) is not None:
            agents[line.agent] = people.member(channel.device)


class QueueStory:
    """The lines of one call, told between the rows of CEL: each has its place by what CEL shows of the same moment."""

    def __init__(
        self, lines: Sequence[QueueLine], story: CelStory, names: Names, people: AsteriskPeople
    ) -> None:
        self._lines, self._story, self._names, self._people = lines, story, names, people
        self._joined: set[int] = set()

    def tell(self, script: Script) -> None:
        """Write the waits; to be told beside the story's own ``tell``."""
        for line in self._lines:
            if line.callid in self._story.channels:
                handler = _HANDLERS.get(line.event)
                if handler is not None:
                    handler(self, script, line)
        self._refused(script)

    def mark_misses(self) -> None:
        """Tell the story which phones of the queue let it ring; before it is told."""
        lines = [line for line in self._lines if line.event == "RINGNOANSWER"]
        for line in lines:
            rung = self._rung_until(line)
            agent = agent_named(self._names, line.agent, self._people)
            own = [one for one in rung if self._people.member(one.device) == agent]
            hit = next(iter(own or rung), None)
            if hit is not None:
                hit.missed = True
                for phone in self._story.phones_of(hit):
                    phone.missed = True

    def _rung_until(self, line: QueueLine) -> list[CelChannel]:
        """The phones that stopped ringing for this caller when the line was written."""
        begin, end = span_of(line)
        return [
            one
            for one in self._story.channels.values()
            if one.app == "AppQueue" and one.answered_at is None and not one.missed
            if one.dialled_by is not None and one.dialled_by.uniqueid == line.callid
            if one.ended is not None and begin <= one.ended[1] < end
        ]

    def _enter(self, script: Script, line: QueueLine) -> None:
        begin, end = span_of(line)
        reached = self._story.queue_reached(line.callid, line.queue, begin, end)
        place, at = (reached + 0.1, self._story.rows[reached].at) if reached is not None else self._fallback(line)
        if reached is not None:
            self._joined.add(reached)
        script.add(place, at, s.QueueReached, line.callid, None, line.queue)
        script.add(place, at, s.QueueJoined, line.callid, None, line.queue, whole(line.data[2]))

    def _connect(self, script: Script, line: QueueLine) -> None:
        begin, end = span_of(line)
        member = self._story.channels.get(line.data[1])
        if member is not None and member.answered_at is not None:
            place: float = self._story.place_at(member.answered_at) - 0.4
            at, agent = member.answered_at, self._people.member(member.device)
        else:
            entered = self._first(line.callid, ("BRIDGE_ENTER", "BRIDGE_START"), begin, end)
            place, at = entered or self._fallback(line)
            agent = agent_named(self._names, line.agent, self._people)
        script.add(place, at, s.QueueLeft, line.callid, None, line.queue)
        script.add(place, at, s.AgentTook, line.callid, None, line.queue, agent)

    def _complete(self, script: Script, line: QueueLine) -> None:
        begin, end = span_of(line)
        place, at = self._first(line.callid, ("HANGUP", "CHAN_END"), begin, end) or self._fallback(line)
        agent = agent_named(self._names, line.agent, self._people)
        script.add(place - 0.2, at, s.AgentDone, line.callid, None, line.queue, agent, talk_s(line))

    def _leave(self, script: Script, line: QueueLine) -> None:
        place, at = self._leaving(line)
        if line.event == "ABANDON":
            script.add(place, at, s.LegKilled, line.callid, None)
        if line.event == "EXITWITHKEY":
            script.add(place, at, s.KeyPressed, line.callid, None, line.data[0][:1])
        else:
            script.add(place, at, s.QueueGaveUp, line.callid, None, line.queue)
        script.add(place, at, s.QueueLeft, line.callid, None, line.queue)
        if line.event == "EXITEMPTY":
            script.add(place, at, s.QueueRefused, line.callid, None, "empty")

    def _leaving(self, line: QueueLine) -> tuple[float, datetime]:
        """When the caller was out of the queue: its application ended, or his channel."""
        begin, end = span_of(line)
        for _, last, start in self._story.apps:
            if start.uniqueid == line.callid and start.app == "Queue" and last < len(self._story.rows):
                at = self._story.rows[last].at
                if begin <= at < end:
                    return last + 0.3, at
        events = ("APP_START", "HANGUP", "CHAN_END")
        found = self._first(line.callid, events, begin, end)
        return (found[0] - 0.5, found[1]) if found is not None else self._fallback(line)

    def _first(
        self, uniqueid: str, events: Sequence[str], begin: datetime, end: datetime
    ) -> tuple[float, datetime] | None:
        for place, row in enumerate(self._story.rows):
            if row.uniqueid == uniqueid and row.event in events and begin <= row.at < end:
                return place, row.at
        return None

    def _fallback(self, line: QueueLine) -> tuple[float, datetime]:
        """Nothing in CEL marks the moment: by the line's own time, not before the call was there."""
        channel = self._story.channels[line.callid]
        at = max(line.at, channel.at)
        return max(self._story.place_at(at) - 0.5, channel.place + 0.5), at

    def _refused(self, script: Script) -> None:
        """A queue that a caller came to and that wrote no line did not take him."""
        for place, _, start in self._story.apps:
            if start.app == "Queue" and place not in self._joined:
                queue = start.app_data.partition(",")[0]
                script.add(place + 0.1, start.at, s.QueueReached, start.uniqueid, None, queue)


_HANDLERS = {
    "ENTERQUEUE": QueueStory._enter,
    "CONNECT": QueueStory._connect,
    **dict.fromkeys(COMPLETIONS, QueueStory._complete),
    **dict.fromkeys(EXITS, QueueStory._leave),
}
