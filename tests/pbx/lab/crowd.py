"""A busy hour: many callers and agents who do as they like, by a seed; and the truth of it, from the phones alone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from tests.pbx.lab.line import Line
from tests.pbx.lab.processes import until
from tests.pbx.lab.scene import Scene
from tests.pbx.lab.speech import talk_for
from tests.pbx.lab.telephones import Telephone

NEVER = datetime.max.replace(tzinfo=UTC)
TAKEN_BACK = timedelta(seconds=0.25)  #: of two phones that answer at once the PBX keeps one
SAME_MOMENT = timedelta(seconds=0.5)


class Agent(threading.Thread):
    """Answers, refuses or lets it ring; talks, hangs up or hands on; until the hour is over."""

    def __init__(self, phone: Telephone, random: Random, targets: Sequence[str], over: threading.Event) -> None:
        super().__init__(name=f"lab-agent-{phone.number}", daemon=True)
        self._phone, self._random, self._targets, self._over = phone, random, targets, over

    def run(self) -> None:
        while not self._over.is_set():
            line = self._phone.next_line()
            if line is None:
                talk_for(0.02)
            else:
                self._serve(line)

    def _serve(self, line: Line) -> None:
        choice = self._random.random()
        talk_for(self._random.uniform(0.1, 0.9))
        if choice < 0.1:
            return  # he lets it ring
        if choice < 0.2:
            line.hang_up()
        elif line.answer_if_it_rings():
            self._talk(line)

    def _talk(self, line: Line) -> None:
        talk_for(self._random.uniform(0.6, 1.2))
        if self._random.random() < 0.3 and not line.ended_at:
            line.transfer(self._random.choice(self._targets))
            until(f"{line!r} is told", lambda: line.ended_at or (line.refer_result or 0) >= 200, 20)
        line.hang_up()


class Crowd:
    """Callers with a number of their own each, who call ``dids`` at random and hang up when they have had enough."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self._scene, self._random = scene, Random(seed)
        self.callers: list[Line] = []

    def come(self, calls: int, dids: Sequence[str], agents: Sequence[str], targets: Sequence[str]) -> None:
        """Have so many calls made and served; return when all is over."""
        over = threading.Event()
        served = [Agent(self._scene.phone(agent), Random(self._random.random()), targets, over) for agent in agents]
        for agent in served:
            agent.start()
        leaving = [self._call(number, self._random.choice(dids)) for number in range(calls)]
        for thread in leaving:
            thread.join(60)
        self._scene.centre.wait_idle()
        over.set()
        for agent in served:
            agent.join(30)

    def _call(self, number: int, did: str) -> threading.Thread:
        talk_for(self._random.uniform(0.05, 0.4))
        line = self._scene.phone(f"+3906{number:07}").call(did, f"Caller {number}")
        self.callers.append(line)
        patience_s = self._random.uniform(0.6, 6)
        thread = threading.Thread(target=lambda: (talk_for(patience_s), line.hang_up()), daemon=True)
        thread.start()
        return thread


def meant_for(scene: Scene, caller: Line, agents: Sequence[str]) -> list[Line]:
    """The agents' lines that showed this caller, in order."""
    lines = [line for agent in agents for line in scene.phone(agent).lines if line.shown == caller.shown]
    return sorted(lines, key=lambda line: line.invited_at or NEVER)


def talked(lines: Sequence[Line]) -> list[Line]:
    """Those who spoke with the caller: of two phones that answer at once the PBX takes one back."""
    answered = [line for line in lines if line.answered_at and line.ended_at]
    spoke = [line for line in answered if line.ended_at - line.answered_at > TAKEN_BACK]
    return sorted(spoke, key=lambda line: line.answered_at)


def is_close_call(caller: Line, lines: Sequence[Line]) -> bool:
    """Whether two people did something at the same moment: the phones cannot tell which came first."""
    moments = [at for line in lines for at in (line.invited_at, line.answered_at, line.referred_at) if at]
    moments += [line.ended_at for line in lines if line.ended_here and line.ended_at]
    answers = sorted(line.answered_at for line in lines if line.answered_at)
    if any(later - earlier <= SAME_MOMENT for earlier, later in pairwise(answers)):
        return True
    ended_at = caller.ended_at
    return caller.ended_here and ended_at is not None and any(abs(at - ended_at) <= SAME_MOMENT for at in moments)
