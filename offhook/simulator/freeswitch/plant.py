"""One FreeSWITCH: its core, queues and agents, and everything that can be asked of it.

Pure: time is given, events come out. Its face is that of ``offhook.simulator.plant.Plant``, so the same traffic drives
both.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta

from cti.model import Party
from offhook.simulator.clockwork import Process, Timeline
from offhook.simulator.freeswitch import calls, placed, talks
from offhook.simulator.freeswitch.agents import AVAILABLE, LOGGED_OUT, ON_BREAK, Agent
from offhook.simulator.freeswitch.callcenter import Queue
from offhook.simulator.freeswitch.calls import CallRun
from offhook.simulator.freeswitch.core import Core
from offhook.simulator.freeswitch.handovers import FIRST_SLOT
from offhook.simulator.freeswitch.legs import Leg
from offhook.simulator.freeswitch.telling import Event
from offhook.simulator.plant import SitePlan, Temper
from offhook.simulator.stories import Story
from offhook.simulator.truth import CallTruth, Truth

HEARTBEAT_S = 20.0


class FreeswitchPlant:
    """The simulated PBX. ``started_at`` is the instant of second 0; its time zone is that of the office.

    ``advance`` runs it and gives its events; the same plan, seed and orders give the same events. Who serves which
    queue (the tiers) is the plan's staff and does not change; agents log in and out of all their queues at once.
    """

    def __init__(self, plan: SitePlan, *, seed: int, started_at: datetime, temper: Temper | None = None) -> None:
        self.plan, self.started_at, self.temper = plan, started_at, temper or Temper()
        self.rng = random.Random(seed)  # noqa: S311 - a simulation
        self.timeline = Timeline()
        self.core = Core(self.timeline, started_at.timestamp(), random.Random(seed + 1))  # noqa: S311
        self.truth = Truth("freeswitch")
        self.company = plan.company
        self.agents = {name: Agent(self.core, name) for name in plan.agents}
        self.lines = {line.name: self._queue(line.name) for line in plan.lines}
        self.parked: set[str] = set()
        self._by_did = {line.plan.did: line for line in self.lines.values()}
        self._runs: dict[str, CallRun] = {}
        self.timeline.after(HEARTBEAT_S, self._beat)

    def advance(self, until: float) -> Iterator[tuple[datetime, list[Event]]]:
        """Runs up to ``until`` seconds after the start.

        Gives each instant at which something happened, and the events.
        """
        began, going_on = self.started_at.astimezone(UTC), True
        while going_on:
            events = self.core.take_events()
            if events:
                yield began + timedelta(seconds=self.timeline.now), events
            going_on = self.timeline.step(until)

    def _queue(self, name: str) -> Queue:
        (plan,) = (line for line in self.plan.lines if line.name == name)
        return Queue(self.core, plan, tuple(self.agents[agent] for agent in self.plan.staff.get(name, ())))

    def _beat(self) -> None:
        self.core.heartbeat()
        self.timeline.after(HEARTBEAT_S, self._beat)

    # people and queues

    def person(self, agent: str) -> Party:
        return Party(agent, self.plan.agents.get(agent))

    def is_free(self, agent: str) -> bool:
        """His phone is not in use in any way, and no queue is about to call it."""
        return self.core.phones[agent] == 0

    def colleague(self, agent: str, *, busy: bool = False) -> str | None:
        """Somebody else who is free (or, if wanted, on the phone); None when there is nobody."""
        others = [each for each in self.agents if each != agent and self.is_free(each) is not busy]
        return self.rng.choice(others) if others else None

    def picks_up(self, _agent: str) -> float | None:
        """Seconds until an agent answers this time; None: he does not."""
        if self.rng.random() < self.temper.misses_share:
            return None
        return self.temper.picks_up_median_s * self.rng.lognormvariate(0.0, self.temper.picks_up_spread)

    def line_of(self, did: str) -> Queue | None:
        return self._by_did.get(did)

    def agent_of(self, did: str) -> str:
        return self.plan.direct[did]

    def queues_of(self, agent: str) -> list[Queue]:
        """The queues in which he is logged in now: all that he serves, or none."""
        return [queue for queue in self.lines.values() if agent in queue.members]

    def free_slot(self) -> str:
        """A place in the parking lot."""
        return next(str(slot) for slot in range(FIRST_SLOT, FIRST_SLOT + 1000) if str(slot) not in self.parked)

    def log_in(self, agent: str, _queue: str = "") -> None:
        self._set(agent, AVAILABLE, "login")

    def log_out(self, agent: str, _queue: str = "") -> None:
        self._set(agent, LOGGED_OUT, "logout")

    def pause(self, agent: str, paused: bool, _reason: str = "", _queue: str | None = None) -> None:
        """A break begins or ends, in all queues; FreeSWITCH knows no reason."""
        if self.agents[agent].here:
            self._set(agent, ON_BREAK if paused else AVAILABLE, "pause" if paused else "unpause")

    def set_status(self, agent: str, status: str) -> None:
        """As ``callcenter_config agent set status`` does: any status, at any time."""
        before = self.agents[agent].status
        said = {LOGGED_OUT: "logout", ON_BREAK: "pause"}.get(status, "unpause" if before == ON_BREAK else "login")
        self._set(agent, status, said)

    def _set(self, agent: str, status: str, said: str) -> None:
        known = self.agents[agent]
        if known.status != status:
            known.set_status(status)
            self.truth.state(agent, None, said, None, self.timeline.now)
            for queue in self.lines.values():
                if known in queue.agents:
                    queue.staff_changed()

    def staff_logs_in(self) -> None:
        """Everybody on the plan's staff logs in, in its order."""
        for agents in self.plan.staff.values():
            for agent in agents:
                self.log_in(agent)

    def dial_code(self, agent: str, exten: str) -> None:
        """``*21 *22 *23 *24``: log in, log out, break, back. What the dialplan does with it is a change of status."""
        statuses = {"*21": AVAILABLE, "*22": LOGGED_OUT, "*23": ON_BREAK, "*24": AVAILABLE}
        self.set_status(agent, statuses[exten])

    # calls

    def tell(self, story: Story) -> None:
        """Begins the call of ``story`` now. Agents who call must be free: see ``is_free``."""
        begin = {"outbound": placed.outbound, "click": placed.click, "internal": placed.internal}.get(
            story.kind, calls.inbound
        )
        self.timeline.start(begin(self, story))

    def click(self, story: Story, job: str, asked: str) -> None:
        """The same for a ``bgapi originate``, whose end is told with its Job-UUID."""
        self.timeline.start(placed.click(self, story, job, asked))

    def kill(self, leg: str) -> bool:
        """``uuid_kill`` of a leg. False when no call has it."""
        found = self.core.legs.get(leg)
        run = next((run for run in self._runs.values() if found in (run.near, run.far)), None) if found else None
        if run:
            run.killed.set()
        return run is not None

    def begin(self, story: Story, near: Leg, direction: str, party: Party) -> CallRun:
        """The books of a call that begins on ``near``."""
        truth = CallTruth(
            id=f"c{len(self.truth.calls) + 1}",
            uniqueid=near.uuid,
            direction=direction,
            caller=party.number,
            caller_name=party.name,
            dialled=story.to,
            offered_at=self.timeline.now,
        )
        self.truth.calls.append(truth)
        run = CallRun(self, story, near, truth)
        self._runs[near.uuid] = run
        return run

    def forget(self, run: CallRun) -> None:
        """Its call has ended."""
        self._runs.pop(run.near.uuid, None)

    def talks(self, run: CallRun) -> Process:
        return talks.talks(run)

    def restart(self) -> None:
        """It goes down and comes back: no call survives it, agents keep their status. Nothing of the end is told.

        What was under way goes on in a core that nobody listens to, and comes to its end there.
        """
        for run in list(self._runs.values()):
            run.truth.end(self.timeline.now, "pbx", "failed")
            run.truth = deepcopy(run.truth)
            run.killed.set()
        self._runs.clear()
        self.parked.clear()
        self.core.take_events()
        self.core = Core(self.timeline, self.core.epoch, self.core.rng)
        statuses = {agent.name: agent.status for agent in self.agents.values()}
        self.agents = {name: Agent(self.core, name) for name in self.plan.agents}
        for name, status in statuses.items():
            self.agents[name].status = status
        self.lines = {line.name: self._queue(line.name) for line in self.plan.lines}
        self._by_did = {line.plan.did: line for line in self.lines.values()}

    @property
    def open_calls(self) -> int:
        return len(self._runs)

    def now(self) -> datetime:
        """The instant in the office's time zone."""
        return self.started_at + timedelta(seconds=self.timeline.now)
