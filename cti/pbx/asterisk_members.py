"""queue_log's lines about members: who logged in and out of which queue, and paused."""

from __future__ import annotations

from collections.abc import Iterator

from cti import signals as s
from cti.model import AgentChanged, Origin
from cti.pbx.asterisk_log_lines import QueueLine
from cti.pbx.asterisk_people import AsteriskPeople
from cti.pbx.asterisk_queue_log import Names, agent_named
from cti.tracker import CallTracker

_NO_QUEUE = frozenset({"", "NONE"})


class MemberLines:
    """Follows the lines of one PBX in order. Agents keep the queues they were seen in, until they log out.

    ``AGENTLOGIN`` and its likes (chan_agent, up to Asterisk 11) name no queue: they are a log-in to the queue ``""``.
    PAUSEALL is followed by a PAUSE for each queue, from Asterisk 1.8 on, and says nothing of its own.
    """

    def __init__(self, pbx: str, names: Names, people: AsteriskPeople) -> None:
        self._pbx, self._names, self._people = pbx, names, people
        self._tracker = CallTracker(pbx)

    def apply(self, line: QueueLine) -> list[AgentChanged]:
        """What changed."""
        events = [event for signal in self._signals(line) for event in self._tracker.apply(signal)]
        return [event for event in events if isinstance(event, AgentChanged)]

    def _signals(self, line: QueueLine) -> Iterator[s.Signal]:
        origin = Origin(self._pbx, "queue_log", line.offset, line.event)
        queue = "" if line.queue in _NO_QUEUE else line.queue
        agent = agent_named(self._names, line.agent, self._people)
        about = line.at, origin, queue, agent, None, line.agent
        if line.event == "ADDMEMBER":
            yield s.MemberAdded(*about)
            if line.data[0] == "PAUSED":
                yield s.MemberPaused(*about, None)
        elif line.event in ("AGENTLOGIN", "AGENTCALLBACKLOGIN"):
            yield s.MemberAdded(line.at, origin, queue, self._people.member(line.agent), None, line.agent)
        elif line.event in ("REMOVEMEMBER", "AGENTLOGOFF", "AGENTCALLBACKLOGOFF"):
            yield s.MemberRemoved(*about)
        elif line.event == "PAUSE" and queue:
            yield s.MemberPaused(*about, line.data[0] or None)
        elif line.event == "UNPAUSE" and queue:
            yield s.MemberResumed(*about)
