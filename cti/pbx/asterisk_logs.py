"""Calls out of what Asterisk wrote itself: its logs become signals, the tracker tells them as it tells live ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from cti.model import AgentChanged, Call, CallEnded, LegRole, Origin
from cti.pbx.asterisk_cdr import tell_from_cdr
from cti.pbx.asterisk_cel import CelStory
from cti.pbx.asterisk_cel_waits import CelWaits
from cti.pbx.asterisk_log_lines import LoggedCall, QueueLine
from cti.pbx.asterisk_members import MemberLines
from cti.pbx.asterisk_people import AsteriskPeople
from cti.pbx.asterisk_queue_log import QueueStory, learn_names
from cti.pbx.asterisk_script import Script
from cti.tracker import CallTracker

SOURCES = ("queue_log", "cdr", "cel")


class AsteriskLogs:
    """Tells the calls of one PBX from its logs.

    ``trunks`` and ``phones`` as for the live dialect. ``agents`` are the extensions of members by the names that
    queue_log has; more are learned on the way from CEL, which shows whose phone a member's is.
    """

    def __init__(
        self,
        pbx: str,
        trunks: Iterable[str] = (),
        agents: Mapping[str, str] | None = None,
        phones: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self.pbx = pbx
        self.agents = dict(agents or {})
        self._people = AsteriskPeople(trunks, phones)
        self._members = MemberLines(pbx, self.agents, self._people)
        self._hears_music = False

    def tell(self, logged: LoggedCall) -> list[Call]:
        """The calls in there, in the order they ended: one as a rule, none where a channel was no call."""
        script = Script(self._origin(logged))
        ended_by_known = True
        if logged.cel:
            self._tell_cel(script, logged)
        else:
            ended_by_known = tell_from_cdr(script, logged.cdr, logged.queue_log, self._people, self.agents)
        tracker = CallTracker(self.pbx, ends_only=True)
        events = [event for signal in script for event in tracker.apply(signal)]
        calls = [event.call for event in events if isinstance(event, CallEnded)]
        return calls if ended_by_known else [msgspec.structs.replace(call, ended_by=None) for call in calls]

    def learn(self, names: Mapping[str, str]) -> None:
        """Know whose extension stands behind these members' names and interfaces; what was known before holds."""
        for name, agent in names.items():
            self.agents.setdefault(name, agent)

    def is_phone(self, channel: str) -> bool:
        """Whether an agent is at this channel's end."""
        return self._people.role_of(channel) is LegRole.AGENT

    def member(self, line: QueueLine) -> list[AgentChanged]:
        """What a line about a member changes: log-ins, log-outs, pauses."""
        return self._members.apply(line)

    def _tell_cel(self, script: Script, logged: LoggedCall) -> None:
        self._hears_music = self._hears_music or any(row.event == "STREAM_BEGIN" for row in logged.cel)
        story = CelStory(logged.cel, self._hears_music)
        for channel in story.channels.values():
            if channel.app == "AppQueue":
                self._people.note_member(channel.device)
        learn_names(logged.queue_log, story, self.agents, self._people)
        lines = logged.queue_log
        people = self._people
        queues = QueueStory(lines, story, self.agents, people) if lines else CelWaits(story, people)
        queues.mark_misses()
        story.tell(script, people)
        queues.tell(script)

    def _origin(self, logged: LoggedCall) -> Origin:
        told_by = "+".join(name for name in SOURCES if getattr(logged, name))
        if logged.cel:
            return Origin(self.pbx, told_by, logged.cel[0].offset, logged.cel[0].event)
        if logged.cdr:
            return Origin(self.pbx, told_by, logged.cdr[0].offset, "cdr")
        return Origin(self.pbx, told_by, logged.queue_log[0].offset, logged.queue_log[0].event)
