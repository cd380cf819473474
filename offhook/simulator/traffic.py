"""A day's life: who calls when, how long people talk, when agents take a break. Random, from one seed.

Calls come as a Poisson process whose rate follows the hour; conversations last lognormally, patience is exponential
with a share of people who hang up at once.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from offhook.simulator.clockwork import Process, Wait
from offhook.simulator.people import Public
from offhook.simulator.site import Serving, Site
from offhook.simulator.stories import Act, Attended, Blind, HangUp, Hold, Park, Story, Talk, ToQueue

PAUSE_REASONS = ("lunch", "break", "training", "Pausa caffè", "back office", "Besprechung")
CONSULTATION_FAILS = (None, None, None, None, "busy", "unanswered", "refused")


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """How much happens, and of what. Shares of ``kinds`` are relative to each other.

    ``calls_per_hour`` is the rate at the busiest time, all kinds together. ``pace`` shortens what agents do between
    calls: at 10 a break that lasts ten minutes is over in one.
    """

    calls_per_hour: float = 240.0
    kinds: dict[str, float] = msgspec.field(
        default_factory=lambda: {"queue": 62, "ivr": 12, "direct": 8, "outbound": 9, "click": 3, "internal": 6}
    )
    queues: dict[str, float] = {}  #: relative shares of the queues; empty: equal
    talk_median_s: float = 75.0
    talk_spread: float = 0.8
    patience_mean_s: float = 75.0
    short_abandons_share: float = 0.04
    break_every_s: float = 3000.0
    break_median_s: float = 420.0
    pace: float = 1.0


Rate = Callable[[datetime], float]


def always(_at: datetime) -> float:
    """The same rate at all times."""
    return 1.0


def office_hours(at: datetime) -> float:
    """A share of the busiest rate: open 8 to 19, peaks at 10:30 and 15:30, Saturdays a little, Sundays hardly."""
    hour = at.hour + at.minute / 60
    day = (1.0, 0.95, 0.9, 0.95, 0.85, 0.25, 0.06)[at.weekday()]
    if not 8 <= hour < 19:
        return 0.01 * day
    return day * max(0.15, math.exp(-((hour - 10.5) ** 2) / 4), 0.8 * math.exp(-((hour - 15.5) ** 2) / 5))


def waves(at: datetime, every: timedelta = timedelta(minutes=8)) -> float:
    """For a short look: a busy time comes round every few minutes."""
    return 0.6 + 0.4 * math.sin(2 * math.pi * (at.timestamp() / every.total_seconds()))


class Bustle:
    """Lets things happen on a plant: ``begin``, then advance the plant. ``stop`` lets no new call begin."""

    def __init__(self, plant: Site, public: Public, traffic: Traffic, *, seed: int, rate: Rate = always) -> None:
        self.plant, self.public, self.traffic, self.rate = plant, public, traffic, rate
        self._rng = random.Random(seed)  # noqa: S311 - a simulation
        self._stopped = False

    def begin(self, *, calls: bool = True) -> None:
        """Agents live their day from now on; ``calls`` come as well unless told otherwise."""
        if calls:
            self.plant.timeline.start(self._arrivals())
        for agent in self.plant.plan.agents:
            self.plant.timeline.start(self._breaks(agent))

    def stop(self) -> None:
        self._stopped = True

    def call_now(self, kind: str | None = None) -> None:
        """One more call, of ``kind`` or any."""
        story = self._story(kind or self._weighted(self.traffic.kinds))
        if story:
            self.plant.tell(story)

    def visit(self, queue: str) -> None:
        """A known customer calls this queue now, and is patient."""
        did = self.plant.lines[queue].plan.did
        self.plant.tell(Story(kind="queue", to=did, party=self.public.known(), acts=self._acts(inbound=True)))

    def _arrivals(self) -> Process:
        mean_s = 3600.0 / self.traffic.calls_per_hour
        while True:
            yield Wait(seconds=self._rng.expovariate(1.0) * mean_s)
            if self._stopped:
                return
            if self._rng.random() < self.rate(self.plant.now()):
                self.call_now()

    # stories

    def _story(self, kind: str) -> Story | None:
        if kind in ("outbound", "click", "internal"):
            return self._placed(kind)
        plan, rng = self.plant.plan, self._rng
        key = rng.choice(list(plan.menu_keys))
        return Story(
            kind=kind,
            to={"queue": self._queue(), "ivr": plan.menu, "direct": rng.choice(list(plan.direct))}[kind],
            party=self.public.caller(),
            patience_s=self._patience(),
            exit_key_after_s=rng.uniform(4.0, 25.0) if rng.random() < 0.05 else None,
            menu_key=key,
            menu_key_after_s=rng.uniform(1.5, 8.0) if rng.random() < 0.85 else None,
            menu_patience_s=rng.uniform(0.8, 6.0),
            acts=self._acts(inbound=True),
        )

    def _placed(self, kind: str) -> Story | None:
        rng, plant = self._rng, self.plant
        agent = plant.colleague("")
        to = plant.colleague(agent or "", busy=rng.random() < 0.1) if kind == "internal" else self.public.called()
        if agent is None or to is None:
            return None
        far = rng.random()
        return Story(
            kind=kind,
            agent=agent,
            to=to,
            answers={agent: rng.uniform(1.0, 4.0)} if kind == "click" else {},
            far_answers_after_s=None if far < 0.2 and kind == "outbound" else rng.uniform(2.0, 15.0),
            far_busy=0.2 <= far < 0.3,
            acts=self._acts(inbound=False),
        )

    def _queue(self) -> str:
        """The number of one."""
        lines = self.plant.lines
        return lines[self._weighted(self.traffic.queues or dict.fromkeys(lines, 1.0))].plan.did

    def _patience(self) -> float:
        if self._rng.random() < self.traffic.short_abandons_share:
            return self._rng.uniform(0.4, 4.5)
        return 3.0 + self._rng.expovariate(1.0 / self.traffic.patience_mean_s)

    def _talk(self, share: float = 1.0) -> Talk:
        median_s = self.traffic.talk_median_s * share
        return Talk(seconds=max(1.0, median_s * self._rng.lognormvariate(0.0, self.traffic.talk_spread)))

    def _acts(self, *, inbound: bool) -> tuple[Act, ...]:
        rng = self._rng
        acts: list[Act] = [self._talk()]
        if rng.random() < 0.14:
            acts += [Hold(seconds=rng.uniform(2.0, 30.0)), self._talk(0.4)]
        while inbound and rng.random() < 0.18:
            acts += [self._handover(), self._talk(0.7)]
            if rng.random() < 0.1:
                acts += [Hold(seconds=rng.uniform(2.0, 15.0)), self._talk(0.3)]
        return (*acts, HangUp(by=self._weighted({"customer": 60, "agent": 39, "pbx": 1})))

    def _handover(self) -> Act:
        rng = self._rng
        kind = self._weighted({"blind": 40, "attended": 33, "queue": 17, "park": 10})
        if kind == "blind":
            return Blind(busy=rng.random() < 0.1)
        if kind == "attended":
            return Attended(seconds=rng.uniform(2.0, 20.0), fails=rng.choice(CONSULTATION_FAILS))
        if kind == "queue":
            return ToQueue(queue=rng.choice(self.plant.plan.lines).name)
        return Park(seconds=rng.uniform(4.0, 25.0))

    def _weighted(self, shares: dict[str, float]) -> str:
        return self._rng.choices(list(shares), list(shares.values()))[0]

    # agents

    def _breaks(self, agent: str) -> Process:
        """Now and then a pause with its reason, by the manager or by the phone's code; rarely out and in again."""
        rng, plant, traffic = self._rng, self.plant, self.traffic
        while True:
            yield Wait(seconds=rng.expovariate(traffic.pace / traffic.break_every_s))
            lines = plant.queues_of(agent)
            if self._stopped or not lines or not plant.is_free(agent) or not all(map(self._spared, lines)):
                continue
            away_s = traffic.break_median_s / traffic.pace * rng.lognormvariate(0.0, 0.5)
            if rng.random() < 0.12:
                yield from self._out_and_in(agent, away_s)
            elif rng.random() < 0.2:
                yield from self._by_code(agent, away_s)
            else:
                plant.pause(agent, True, rng.choice(PAUSE_REASONS))
                yield Wait(seconds=away_s)
                plant.pause(agent, False)

    def _out_and_in(self, agent: str, away_s: float) -> Process:
        queues = [line.plan.name for line in self.plant.queues_of(agent)]
        for queue in queues:
            self.plant.log_out(agent, queue)
        yield Wait(seconds=away_s)
        for queue in queues:
            self.plant.log_in(agent, queue)

    def _by_code(self, agent: str, away_s: float) -> Process:
        self.plant.dial_code(agent, "*23")
        yield Wait(seconds=away_s)
        while not self.plant.is_free(agent):
            yield Wait(seconds=5.0)
        self.plant.dial_code(agent, "*24")

    def _spared(self, line: Serving) -> bool:
        """Enough colleagues stay."""
        present = sum(1 for member in line.members.values() if not member.paused)
        return present > max(1, len(line.members) // 2)
