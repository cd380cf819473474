"""One PBX: its switch, queues and agents, and everything that can be asked of it.

Pure: time is given, bytes come out.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from cti.model import Party
from offhook.simulator import calls, placed, talks
from offhook.simulator.calls import CallRun
from offhook.simulator.chain import Chain
from offhook.simulator.channels import Channel
from offhook.simulator.clockwork import Process, Timeline
from offhook.simulator.lines import Line, LinePlan
from offhook.simulator.members import Member
from offhook.simulator.stories import Story
from offhook.simulator.switch import Switch
from offhook.simulator.transfers import ParkingLot
from offhook.simulator.truth import CallTruth, Truth


class SitePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator would configure. ``agents``: extension to name; ``staff``: queue to extensions, in order.

    ``direct``: DID to extension. ``menu``: the IVR's number; ``menu_keys``: key to queue, drawn by weight of order.
    """

    lines: tuple[LinePlan, ...]
    agents: dict[str, str]
    staff: dict[str, tuple[str, ...]]
    direct: dict[str, str]
    menu: str
    menu_keys: dict[str, str]
    company: Party


class Temper(msgspec.Struct, frozen=True, kw_only=True):
    """How agents are at the phone: seconds to pick up.

    The median, its spread (of the logarithm), the share they let ring.
    """

    picks_up_median_s: float = 3.2
    picks_up_spread: float = 0.45
    misses_share: float = 0.06


class Plant:
    """The simulated PBX. ``started_at`` is the instant of second 0; its time zone is that of the office.

    ``advance`` runs it and gives what the manager writes; the same plan, seed and orders give the same bytes.
    """

    def __init__(self, plan: SitePlan, *, seed: int, started_at: datetime, temper: Temper | None = None) -> None:
        self.plan, self.started_at, self.temper = plan, started_at, temper or Temper()
        self.rng = random.Random(seed)  # noqa: S311 - a simulation
        self.timeline = Timeline()
        self.switch = Switch(self.timeline, started_at.timestamp(), random.Random(seed + 1))  # noqa: S311
        self.switch.device_changed = self._device_changed
        self.parking = ParkingLot(self.switch)
        self.truth = Truth()
        self.company = plan.company
        self.lines = {line.name: Line(self.switch, line, self.rng) for line in plan.lines}
        self._by_did = {line.plan.did: line for line in self.lines.values()}
        self._people = {agent: Party(agent, name) for agent, name in plan.agents.items()}
        self._queues_of: dict[str, list[Line]] = {agent: [] for agent in plan.agents}
        self._runs: dict[str, CallRun] = {}

    def advance(self, until: float) -> Iterator[tuple[datetime, bytes]]:
        """Runs up to ``until`` seconds after the start.

        Gives each instant at which something was written, and the bytes.
        """
        began, going_on = self.started_at.astimezone(UTC), True
        while going_on:
            text = self.switch.take_text()
            if text:
                yield began + timedelta(seconds=self.timeline.now), text.encode()
            going_on = self.timeline.step(until)

    # people and queues

    def person(self, agent: str) -> Party:
        return self._people.get(agent) or Party(agent)

    def is_free(self, agent: str) -> bool:
        """His phone is not in use in any way."""
        return self.switch.device_state(f"PJSIP/{agent}") == "NOT_INUSE"

    def colleague(self, agent: str, *, busy: bool = False) -> str | None:
        """Somebody else who is free (or, if wanted, on the phone); None when there is nobody."""
        others = [each for each in self._people if each != agent and self.is_free(each) is not busy]
        return self.rng.choice(others) if others else None

    def picks_up(self, _agent: str) -> float | None:
        """Seconds until an agent answers this time; None: he does not."""
        if self.rng.random() < self.temper.misses_share:
            return None
        return self.temper.picks_up_median_s * self.rng.lognormvariate(0.0, self.temper.picks_up_spread)

    def line_of(self, did: str) -> Line | None:
        return self._by_did.get(did)

    def agent_of(self, did: str) -> str:
        return self.plan.direct[did]

    def queues_of(self, agent: str) -> list[Line]:
        """The queues in which he is logged in now."""
        return list(self._queues_of[agent])

    def log_in(self, agent: str, queue: str) -> None:
        line = self.lines[queue]
        if agent not in line.members:
            line.log_in(Member(self.switch, queue, self.person(agent), local=line.plan.local_members))
            self._queues_of[agent].append(line)
            self.truth.state(agent, queue, "login", None, self.timeline.now)

    def log_out(self, agent: str, queue: str) -> None:
        line = self.lines[queue]
        if agent in line.members:
            line.log_out(agent)
            self._queues_of[agent].remove(line)
            self.truth.state(agent, queue, "logout", None, self.timeline.now)

    def pause(self, agent: str, paused: bool, reason: str = "", queue: str | None = None) -> None:
        """In one queue, or in all that he is in."""
        for line in self.queues_of(agent):
            if queue in (None, line.plan.name):
                line.pause(agent, paused, reason)
                state = "pause" if paused else "unpause"
                self.truth.state(agent, line.plan.name, state, reason or None, self.timeline.now)

    def staff_logs_in(self) -> None:
        """Everybody on the plan's staff logs in, in its order."""
        for queue, agents in self.plan.staff.items():
            for agent in agents:
                self.log_in(agent, queue)

    def _device_changed(self, device: str, state: str) -> None:
        for line in self._queues_of.get(device.removeprefix("PJSIP/"), ()):
            line.device_changed(device.removeprefix("PJSIP/"), state)

    # calls

    def tell(self, story: Story) -> None:
        """Begins the call of ``story`` now. Agents who call must be free: see ``is_free``."""
        begin = {"outbound": placed.outbound, "click": placed.click, "internal": placed.internal}.get(
            story.kind, calls.inbound
        )
        self.timeline.start(begin(self, story))

    def click(self, story: Story, action_id: str) -> None:
        """The same for an Originate of the manager, which is answered with its ActionID."""
        self.timeline.start(placed.click(self, story, action_id))

    def dial_code(self, agent: str, exten: str) -> None:
        """``*21 *22 *23 *24``: log in to the staff's queues, log out, pause for lunch, back."""
        self.timeline.start(placed.code(self, agent, exten, lambda: self._code(agent, exten)))

    def _code(self, agent: str, exten: str) -> None:
        if exten in ("*23", "*24"):
            self.pause(agent, exten == "*23", "lunch" if exten == "*23" else "")
            return
        for queue, agents in self.plan.staff.items():
            if agent in agents:
                (self.log_in if exten == "*21" else self.log_out)(agent, queue)

    def kill(self, channel: str) -> bool:
        """The manager's Hangup of a channel. False when no call has it."""
        found = self.switch.channels.get(channel)
        run = self._runs.get(found.linked_id) if found else None
        if run:
            run.killed.set()
        return run is not None

    def begin(self, story: Story, caller: Channel, direction: str, party: Party) -> CallRun:
        """The books of a call that begins on ``caller``."""
        truth = CallTruth(
            id=f"c{len(self.truth.calls) + 1}",
            uniqueid=caller.unique_id,
            direction=direction,
            caller=party.number,
            caller_name=party.name,
            dialled=story.to,
            offered_at=self.timeline.now,
        )
        self.truth.calls.append(truth)
        run = CallRun(self, story, Chain(self.switch, caller, truth, self.rng))
        self._runs[caller.unique_id] = run
        return run

    def forget(self, run: CallRun) -> None:
        """Its call has ended."""
        self._runs.pop(run.truth.uniqueid, None)

    def talks(self, run: CallRun) -> Process:
        return talks.talks(run)

    @property
    def open_calls(self) -> int:
        return len(self._runs)

    def now(self) -> datetime:
        """The instant in the office's time zone."""
        return self.started_at + timedelta(seconds=self.timeline.now)
