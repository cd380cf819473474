"""A set number of calls within a set time, on any simulated PBX: what a test of endurance wants."""

from __future__ import annotations

import random

from offhook.simulator.clockwork import Process, Wait
from offhook.simulator.people import Public
from offhook.simulator.site import Site
from offhook.simulator.traffic import Bustle, Traffic

SHORT = Traffic(talk_median_s=12.0, patience_mean_s=20.0, break_every_s=600.0, break_median_s=30.0)


class Rush:
    """``calls`` calls, of all the kinds of ``traffic``, begin within ``seconds`` of the plant's time after ``begin``.

    ``begun`` counts those that came; ``over`` is True once all came and all have ended. The same seed gives the same
    calls, as long as nobody else gives orders to the plant.
    """

    def __init__(
        self, plant: Site, public: Public, *, calls: int, seconds: float, seed: int, traffic: Traffic = SHORT
    ) -> None:
        self.plant, self.calls, self.seconds = plant, calls, seconds
        self.begun = 0
        self._bustle = Bustle(plant, public, traffic, seed=seed)
        self._rng = random.Random(seed)  # noqa: S311 - a simulation
        self._before = 0

    def begin(self) -> None:
        """The first call may come at once; agents live on as usual, with their breaks, until all calls have come."""
        self._before = len(self.plant.truth.calls)
        self._bustle.begin(calls=False)
        self.plant.timeline.start(self._come())

    @property
    def over(self) -> bool:
        return self.begun >= self.calls and self.plant.open_calls == 0

    def _come(self) -> Process:
        """Instants are drawn beforehand: whatever becomes of a call, the next one comes when it has to."""
        at_s = sorted(self._rng.uniform(0.0, self.seconds) for _ in range(self.calls))
        passed = 0.0
        for second in at_s:
            yield Wait(seconds=second - passed)
            passed = second
            self._call()
        self._bustle.stop()

    def _call(self) -> None:
        """One that an agent would make comes from the public when no agent is free."""
        known = len(self.plant.truth.calls)
        self._bustle.call_now()
        if len(self.plant.truth.calls) == known:
            self._bustle.call_now("queue")
        self.begun += 1
