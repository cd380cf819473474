"""Calls out of what FreeSWITCH wrote itself: its records of single legs, told by the live dialect and the tracker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from cti.model import AgentChanged, Call, CallEnded, EndedBy, Origin
from cti.pbx.asterisk_log_lines import QueueLine
from cti.pbx.freeswitch_cdr import CdrStory
from cti.pbx.freeswitch_cdr_legs import LoggedLegs
from cti.pbx.freeswitch_events import HANDLERS
from cti.pbx.freeswitch_memory import FreeswitchMemory
from cti.tracker import CallTracker

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FreeswitchLogs:
    """Tells the calls of one PBX from its CDRs; ``trunks`` as for the live dialect.

    It remembers from call to call which extension an agent has and which queue an extension leads to.
    """

    def __init__(self, pbx: str, trunks: Iterable[str] = ()) -> None:
        self.pbx = pbx
        self._memory = FreeswitchMemory(trunks)

    def tell(self, logged: LoggedLegs) -> list[Call]:
        """The calls in there, in the order they ended: one as a rule, none where a leg was no call."""
        if not logged.legs:
            return []
        story, tracker = CdrStory(logged.legs), CallTracker(self.pbx, ends_only=True)
        calls: list[Call] = []
        for at_us, frame in story.events():
            at = _EPOCH + timedelta(microseconds=at_us)
            origin = Origin(self.pbx, logged.legs[0].kind, frame.offset, frame.name)
            for signal in HANDLERS[frame.name](self._memory, frame, at, origin):
                calls += [event.call for event in tracker.apply(signal) if isinstance(event, CallEnded)]
        return calls if story.whole else [_ended_by_somebody(call) for call in calls]

    def learn(self, names: Mapping[str, str]) -> None:
        """FreeSWITCH's records have extensions, and no other names."""

    def is_phone(self, channel: str) -> bool:  # noqa: ARG002  the protocol
        """Whether an agent is at this channel's end; FreeSWITCH's records are tied together by their own ids."""
        return False

    def member(self, line: QueueLine) -> list[AgentChanged]:  # noqa: ARG002  the protocol
        """FreeSWITCH's records tell nothing of log-ins and pauses."""
        return []


def _ended_by_somebody(call: Call) -> Call:
    """Without the other leg's record nobody can tell whether its party hung up, or the PBX did."""
    return msgspec.structs.replace(call, ended_by=None) if call.talks and call.ended_by is EndedBy.PBX else call
