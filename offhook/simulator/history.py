"""A month that has been:

Days of traffic in virtual time, through the same tracker as live calls, ready to be stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

import msgspec

from cti.model import AgentChanged, Call, CallEnded, CallEvent
from cti.pbx.asterisk_events import WANTED, AsteriskEvents
from cti.switchboard import Switchboard
from cti.wire.ami import AmiWire
from kpi.batch import Batch, Span
from kpi.spans import SpanBook
from offhook.simulator.clockwork import Process, Wait
from offhook.simulator.people import Public
from offhook.simulator.plant import Plant, SitePlan
from offhook.simulator.server import BANNER
from offhook.simulator.traffic import Bustle, Traffic, office_hours

OPENS, CLOSES = 7.75, 19.25  # hours of the day: when the staff logs in and out
ON_DUTY = (2, 2, 2, 2, 2, 1, 0)  # of each queue, by weekday: a small office, so that callers wait at times
LAST_CALLS_S = 1200.0  # no new call begins in the last twenty minutes: all but the longest are over at the end
SESSION = "history"


class History:
    """Calls and agents' days from ``began_at`` to ``ends_at``, of the PBX called ``pbx``.

    ``batches`` gives them a day at a time; what is still going on at the end is left out. ``calls`` counts.
    """

    def __init__(
        self,
        pbx: str,
        plan: SitePlan,
        public: Public,
        traffic: Traffic,
        *,
        began_at: datetime,
        ends_at: datetime,
        seed: int,
    ) -> None:
        self._plant = Plant(_plain(plan), seed=seed, started_at=began_at)
        self._bustle = Bustle(self._plant, public, traffic, seed=seed, rate=office_hours)
        self._length_s = (ends_at - began_at) / timedelta(seconds=1)
        self._told: list[CallEvent] = []
        self._board = Switchboard(pbx, AsteriskEvents(pbx, ()), self._told.append)
        self._wire = AmiWire(WANTED)
        self._wire.feed(BANNER)
        self._spans = SpanBook()
        self.calls = 0

    def batches(self) -> Iterator[Batch]:
        plant = self._plant
        plant.timeline.start(self._shifts())
        self._bustle.begin()
        plant.timeline.after(self._length_s - LAST_CALLS_S, self._bustle.stop)
        while plant.timeline.now < self._length_s:
            yield self._until(min(self._length_s, plant.timeline.now + 86_400.0))
        self._everybody_out()
        yield self._until(self._length_s)

    def _until(self, second: float) -> Batch:
        calls: list[Call] = []
        spans: dict[tuple[object, ...], Span] = {}  # by key: one that began and ended on this day is written once
        for at, data in self._plant.advance(second):
            self._board.take(self._wire.feed(data), at, SESSION)
            for event in self._told:
                if isinstance(event, CallEnded):
                    calls.append(event.call)
                elif isinstance(event, AgentChanged):
                    spans |= {span.key: span for span in self._spans.apply(event)}
            self._told.clear()
        self.calls += len(calls)
        return Batch(calls=tuple(calls), spans=tuple(spans.values()))

    def _shifts(self) -> Process:
        """Some of the staff in turn come in the morning and go in the evening; nobody on Sundays."""
        for day in count():
            yield Wait(seconds=self._until_hour(OPENS))
            self._come(day, self._plant.now().weekday())
            yield Wait(seconds=self._until_hour(CLOSES))
            self._everybody_out()

    def _until_hour(self, hour: float) -> float:
        now = self._plant.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        passed_s = (now - midnight).total_seconds()
        return (hour * 3600.0 - passed_s) % 86_400.0 or 86_400.0

    def _come(self, day: int, weekday: int) -> None:
        for queue, agents in self._plant.plan.staff.items():
            for turn in range(ON_DUTY[weekday]):
                self._plant.log_in(agents[(day * ON_DUTY[0] + turn) % len(agents)], queue)

    def _everybody_out(self) -> None:
        for agent in self._plant.plan.agents:
            for line in self._plant.queues_of(agent):
                self._plant.log_out(agent, line.plan.name)


def _plain(plan: SitePlan) -> SitePlan:
    """The same site with members rung directly: the calls are the same, the events less than half."""
    return msgspec.structs.replace(
        plan, lines=tuple(msgspec.structs.replace(line, local_members=False) for line in plan.lines)
    )
