"""The recordings' own FreeSWITCH as a plan, and both streams in a form that can be compared.

What is compared: for each leg, named by who is at its other end, the order of what happened to it with the words that
tell how; for each queue the order of what it told. What is not, because FreeSWITCH's threads write it in any order: the
order of events of different legs; which of several agents is called first.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec

from cti.model import Party
from cti.wire.esl import GREETING, EslFrame, EslWire
from offhook.simulator.freeswitch.plant import FreeswitchPlant
from offhook.simulator.freeswitch.telling import Event
from offhook.simulator.lines import LinePlan
from offhook.simulator.stories import HangUp, Story
from tests.offhook.simulator import twins
from tests.offhook.simulator.twins import BY_CALLER, DIRECT, SALES, SUPPORT, queue, talk

RECORDINGS = Path(__file__).parents[3] / "recordings" / "freeswitch"
STARTED_AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

PLAN = msgspec.structs.replace(
    twins.PLAN,
    lines=(
        LinePlan(
            name="sales", exten="7001", did=twins.SALES, strategy="linear", ring_s=6.0, wrap_up_s=0.0, max_wait_s=20.0
        ),
        LinePlan(name="support", exten="7002", did=twins.SUPPORT, exit_key=True, ring_s=12.0, wrap_up_s=3.0),
    ),
)
TOLD = {
    *("CHANNEL_CREATE", "CHANNEL_ORIGINATE", "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA", "CHANNEL_ANSWER"),
    *("CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE", "CHANNEL_HOLD", "CHANNEL_UNHOLD", "CHANNEL_HANGUP"),
    *("CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY", "DTMF", "BACKGROUND_JOB"),
    *("callcenter::info", "valet_parking::info"),
}
UNSPEAKABLE = Party("+442079460018", 'a,b;"c"')
OWN: dict[str, tuple[Story, ...]] = {
    "S17": (queue(SALES, talk(3), BY_CALLER, answers={"101": 2.0}, party=Party("anonymous")),),
    "S18b": (queue(SALES, party=UNSPEAKABLE, patience_s=6.0),),
    "S27": (
        queue(DIRECT, talk(7.6), BY_CALLER, answers={"101": 1.0}),
        queue(SALES, talk(3), BY_CALLER, answers={"102": 2.0}),
    ),
    "S28": (queue(SALES), queue(SUPPORT)),
}
NOBODY, APART_S = {"S28"}, {"S27": 2.5}
SCENARIOS = sorted({*twins.STORIES, *OWN})
WORDS = (
    *("Call-Direction", "Answer-State", "Hangup-Cause", "CC-Action", "CC-Queue", "CC-Cause", "CC-Cancel-Reason"),
    *("CC-Hangup-Cause", "DTMF-Digit", "Action", "Other-Type", "variable_transfer_disposition", "variable_cc_side"),
)


def plant(*, staff: bool = True, seed: int = 1) -> FreeswitchPlant:
    """A PBX whose staff is logged in, nothing told of it."""
    made = FreeswitchPlant(PLAN, seed=seed, started_at=STARTED_AT)
    if staff:
        made.staff_logs_in()
    made.core.take_events()
    made.truth.agent_states.clear()
    return made


def frames_of(made: FreeswitchPlant, until: float) -> list[EslFrame]:
    """All that the plant tells up to ``until``."""
    return frames(event for _, events in made.advance(until) for event in events)


def frames(events: Iterable[Event]) -> list[EslFrame]:
    wire = EslWire()
    wire.feed(GREETING)
    return list(wire.feed(b"".join(event.plain for event in events)))


def begun(scenario: str, seed: int) -> FreeswitchPlant:
    """A plant on which the calls of a scenario will come."""
    made = plant(seed=seed)
    for agent in made.agents if scenario in NOBODY else ():
        made.log_out(agent)
    for number, story in enumerate(stories_of(scenario)):
        made.timeline.after(1.0 + APART_S.get(scenario, 120.0) * number, lambda story=story: made.tell(story))  # type: ignore[misc]
    return made


def stories_of(scenario: str) -> tuple[Story, ...]:
    """The scenario's calls, each ended by who ended it before this PBX."""
    by = [str(call["ended_by"]) for call in truth(scenario)]
    return tuple(
        msgspec.structs.replace(story, acts=(*story.acts[:-1], HangUp(by=ended_by)))
        for story, ended_by in zip(OWN.get(scenario) or twins.STORIES[scenario], by, strict=True)
    )


def simulated(scenario: str, seed: int = 1) -> list[EslFrame]:
    """The frames of a scenario's calls."""
    return frames_of(begun(scenario, seed), 300.0)


@cache
def recorded(scenario: str) -> list[EslFrame]:
    """The frames of a recording."""
    return list(EslWire().feed(gzip.decompress((RECORDINGS / scenario / "events.esl.gz").read_bytes())))


class Roles:
    """Names for legs that do not depend on their ids: ``caller``, ``101``, ``101 (2)``, ``public``."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._count: Counter[str] = Counter()

    def of(self, frame: EslFrame) -> str | None:
        leg = frame.get(b"Unique-ID")
        if leg is None:
            return None
        if leg not in self._known:
            who = (frame.get(b"Channel-Name") or "").removeprefix("sofia/internal/").partition("@")[0]
            public = "caller" if frame.get(b"Call-Direction") == "inbound" else "public"
            name = who if len(who) == len("101") else public
            self._count[name] += 1
            self._known[leg] = name + (f" ({self._count[name]})" if self._count[name] > 1 else "")
        return self._known[leg]


def lives(told: Iterable[EslFrame]) -> dict[str, list[str]]:
    """For each leg what happened to it, in order; for each queue what was told without a leg, counted."""
    roles, found = Roles(), dict[str, list[str]]()
    for frame in told:
        if frame.name in TOLD:
            role = roles.of(frame)
            words = [f"{word}={value}" for word in WORDS if (value := frame.get(word.encode())) is not None]
            found.setdefault(role or "the queues", []).append(" ".join([frame.name, *words]))
    if "the queues" in found:
        found["the queues"].sort()
    return found


def truth(scenario: str) -> list[dict[str, object]]:
    calls: list[dict[str, object]] = json.loads((RECORDINGS / scenario / "truth.json").read_text())["calls"]
    return calls


def by_leg(told: Iterable[EslFrame]) -> dict[str, list[EslFrame]]:
    """The frames of each leg in order, those of none by what they tell."""
    roles, found = Roles(), dict[str, list[EslFrame]]()
    for frame in told:
        if frame.name in TOLD:
            found.setdefault(roles.of(frame) or frame.get(b"CC-Action") or frame.name, []).append(frame)
    return found


@cache
def twin(scenario: str) -> list[EslFrame]:
    """A simulation whose threads happened to speak in the recording's order; some other one if there is none."""
    wanted = lives(recorded(scenario))
    runs = (simulated(scenario, seed) for seed in range(16))
    return next((run for run in runs if lives(run) == wanted), simulated(scenario))
