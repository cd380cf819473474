"""The recordings' own PBX as a plan, their scenarios as stories, and both streams in a form that can be compared.

What is compared: in each burst of events (one ends where nothing comes for 0.3 s) how often each event happened to each
role (the caller's trunk, agent 101's phone, the pair before 103's phone...); for each channel the order of what
happened to it; for each queue member the order of his states. What is not, because Asterisk's threads write it in any
order or number: ``DeviceStateChange``; the order of events of different channels within a burst; whether
``AgentComplete`` still knows the agent's channel.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from cti.model import Party
from cti.wire.ami import AmiFrame, AmiWire
from offhook.simulator.lines import LinePlan
from offhook.simulator.plant import Plant, SitePlan
from offhook.simulator.stories import Attended, Blind, HangUp, Hold, Park, Story, Talk, ToQueue

RECORDINGS = Path(__file__).parents[2] / "recordings" / "asterisk-22"
STARTED_AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SALES, DIRECT, SUPPORT, MENU = "+390221000100", "+390221000101", "+390221000200", "+390221000300"
AGENTS = {"101": "Anna Rossi", "102": "Bruno Esposito", "103": "Žofia Kováčová", "104": "Dana O'Neill", "105": "Elio"}
BURST_S = 0.3

PLAN = SitePlan(
    lines=(
        LinePlan(name="sales", exten="100", did=SALES, strategy="linear", ring_s=6.0, wrap_up_s=0.0, max_wait_s=20.0),
        LinePlan(name="support", exten="200", did=SUPPORT, exit_key=True, local_members=True),
    ),
    agents=AGENTS,
    staff={"sales": ("101", "102"), "support": ("103", "104", "105")},
    direct={DIRECT: "101"},
    menu=MENU,
    menu_keys={"2": "support"},
    company=Party("+390221000100", "Azienda Demo"),
)
CALLER = Party("+393331234501", "Mario Bianchi")


def plant(*, staff: bool = True, seed: int = 1) -> Plant:
    """A PBX whose staff is logged in, nothing told of it."""
    made = Plant(PLAN, seed=seed, started_at=STARTED_AT)
    if staff:
        made.staff_logs_in()
    made.switch.take_text()
    made.truth.agent_states.clear()
    return made


def queue(did: str, *acts: object, party: Party = CALLER, **more: object) -> Story:
    kind = "direct" if did == DIRECT else "queue"
    return Story(kind=kind, to=did, party=party, acts=acts, **more)  # type: ignore[arg-type]


def talk(seconds: float) -> Talk:
    return Talk(seconds=seconds)


BY_CALLER, BY_AGENT = HangUp(by="customer"), HangUp(by="agent")
LATE = {"101": 99.0, "102": 99.0, "103": 99.0, "104": 99.0, "105": 99.0}
NUMBER = "+393331234551"
STORIES: dict[str, tuple[Story, ...]] = {
    "S01": (queue(SALES, talk(5), BY_CALLER, answers={"101": 3.0}),),
    "S02": (queue(SALES, talk(5), BY_AGENT, answers={"101": 3.0}),),
    "S03": (queue(SALES, answers=LATE, patience_s=3.5),),
    "S05": (queue(SALES, answers=LATE),),
    "S06": (queue(SUPPORT, answers=LATE, exit_key_after_s=2.6),),
    "S07": (queue(SALES, talk(4), BY_AGENT, answers={"101": None, "102": 2.0}),),
    "S08": (queue(SUPPORT, talk(3.5), Blind(to="101"), talk(4.5), BY_AGENT, answers={**LATE, "103": 1.0, "101": 2.0}),),
    "S09": (
        queue(
            SUPPORT,
            talk(3.5),
            Attended(to="102", seconds=4),
            talk(5),
            BY_CALLER,
            answers={**LATE, "103": 1.0, "102": 1.0},
        ),
    ),
    "S10": (
        queue(
            SALES, talk(3.5), ToQueue(queue="support"), talk(4.5), BY_AGENT, answers={**LATE, "101": 1.0, "104": 2.0}
        ),
    ),
    "S11": (queue(SALES, talk(2.5), Hold(seconds=3), talk(2), BY_AGENT, answers={"101": 1.0}),),
    "S12": (queue(DIRECT, talk(4), BY_CALLER, answers={"101": 2.0}),),
    "S14": (
        Story(kind="outbound", agent="101", to=NUMBER, far_answers_after_s=2.0, acts=(talk(4), BY_AGENT)),
        Story(kind="outbound", agent="101", to=NUMBER, far_answers_after_s=None),
    ),
    "S15": (Story(kind="internal", agent="101", to="102", answers={"102": 2.0}, acts=(talk(3), BY_AGENT)),),
    "S19": (queue(SUPPORT, talk(4.5), BY_AGENT, answers={**LATE, "104": 3.0}),),
    "S20": (
        Story(
            kind="click",
            agent="101",
            to=NUMBER,
            answers={"101": 2.0},
            far_answers_after_s=2.0,
            acts=(talk(4.5), BY_CALLER),
        ),
    ),
    "S21": (Story(kind="ivr", to=MENU, party=CALLER, menu_patience_s=3.0),),
    "S22": (
        Story(
            kind="ivr",
            to=MENU,
            party=CALLER,
            menu_key_after_s=3.0,
            answers={**LATE, "105": 2.0},
            acts=(talk(4.5), BY_AGENT),
        ),
    ),
    "S23": (queue(SALES, talk(3), HangUp(by="pbx"), answers={"101": 2.0}),),
    "S26": (queue(SALES, talk(3.5), Park(by="102", seconds=4.5), talk(3.5), BY_AGENT, answers={"101": 1.0}),),
}


Frames = list[tuple[float, AmiFrame]]


def simulated(stories: tuple[Story, ...]) -> Frames:
    """The frames of the stories, one call after the other, with their times."""
    made = plant()
    for number, story in enumerate(stories):
        made.timeline.after(1.0 + 120.0 * number, lambda story=story: made.tell(story))  # type: ignore[misc]
    return frames_of(made, 120.0 * len(stories) + 100.0)


def frames_of(made: Plant, until: float) -> Frames:
    """All that the plant tells up to ``until``, with the times."""
    wire = AmiWire()
    wire.feed(b"Asterisk Call Manager/11.0.0\r\n")
    return [
        ((at - STARTED_AT) / timedelta(seconds=1), frame)
        for at, data in made.advance(until)
        for frame in wire.feed(data)
    ]


def recorded(scenario: str) -> Frames:
    """The frames of a recording, with their times."""
    folder, wire = RECORDINGS / scenario, AmiWire()
    data = (folder / "events.ami").read_bytes()
    frames: Frames = []
    for line in (folder / "timing.jsonl").read_text().splitlines():
        read = json.loads(line)
        frames += [(read["t"], frame) for frame in wire.feed(data[read["offset"] : read["offset"] + read["len"]])]
    return frames


class Roles:
    """Names for channels that do not depend on counters: ``trunk``, ``101``, ``pair 103;1``, ``101 (2)``."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._count: Counter[str] = Counter()

    def of(self, channel: str) -> str:
        found = re.fullmatch(r"(PJSIP|Local)/(\w+)(?:@\w+)?-(\w+)(;\d)?", channel)
        assert found, channel
        kind, who, number, half = found.groups()
        key = kind + number
        if key not in self._known:
            name = who if kind == "PJSIP" else f"pair {who}"
            self._count[name] += 1
            self._known[key] = name + (f" ({self._count[name]})" if self._count[name] > 1 else "")
        return self._known[key] + (half or "")


WORDS = (
    b"DialStatus",
    b"Cause",
    b"TechCause",
    b"Digit",
    b"Queue",
    b"Reason",
    b"BridgeNumChannels",
    b"ChannelStateDesc",
)
UNTOLD = {"DeviceStateChange", "VarSet", "Newexten", "RTCPSent", "RTCPReceived", "TestEvent", "ChallengeSent"}
SESSION = {"FullyBooted", "SuccessfulAuth", "Response", "QueueMemberStatus"}


def told(frames: Frames) -> Iterator[tuple[float, str, str, str]]:
    """Time, event, role of the channel it is about, and the words that tell how (status, cause, queue...)."""
    roles = Roles()
    for at, frame in frames:
        if frame.name in UNTOLD or frame.name in SESSION:
            continue
        role, dest = _role(roles, frame), frame.get(b"DestChannel")
        dest = None if frame.name == "AgentComplete" else dest  # gone by then, or not: S22
        words = " ".join(f"{word.decode()}={frame.get(word)}" for word in WORDS if frame.get(word) is not None)
        yield at, frame.name, role + (f" > {roles.of(dest)}" if dest else ""), words


def _role(roles: Roles, frame: AmiFrame) -> str:
    about = (b"Channel", b"TransfererChannel", b"OrigTransfererChannel", b"ParkeeChannel", b"LocalOneChannel")
    return next((roles.of(channel) for channel in map(frame.get, about) if channel), "")


Burst = Counter[tuple[str, str, str]]


def bursts(frames: Frames) -> list[Burst]:
    """What happened to whom, counted in each burst."""
    found: list[Burst] = []
    last = None
    for at, *what in told(frames):
        if last is None or at - last > BURST_S:
            found.append(Counter())
        last = at
        found[-1][tuple(what)] += 1  # type: ignore[index]
    return found


# what one thread of Asterisk writes of one channel: its order is the same in every run
ORDERED = {
    "Newchannel", "Newstate", "HangupRequest", "SoftHangupRequest", "Hangup", "BridgeEnter", "BridgeLeave", "Hold",
    "QueueCallerJoin", "QueueCallerLeave", "QueueCallerAbandon", "AgentConnect", "AgentCalled", "AgentRingNoAnswer",
    "DTMFBegin", "DTMFEnd", "MusicOnHoldStart", "ParkedCall", "OriginateResponse",
}  # fmt: skip


def orders(frames: Frames) -> dict[str, list[str]]:
    """For each channel the order of what happened to it."""
    found: dict[str, list[str]] = {}
    for _, event, role, _ in told(frames):
        if event in ORDERED:
            found.setdefault(role.split(" > ")[0], []).append(event)
    return found


def states(frames: Frames) -> dict[str, list[str]]:
    """For each queue member his states in order, each once until it changes."""
    found: dict[str, list[str]] = {}
    for _, frame in frames:
        if frame.name == "QueueMemberStatus":
            told, status = found.setdefault(str(frame.get(b"Interface")), []), str(frame.get(b"Status"))
            if told[-1:] != [status]:
                told.append(status)
    return found


def assert_twin(recording: Frames, simulation: Frames) -> None:
    """Both tell the same."""
    assert bursts(simulation) == bursts(recording)
    assert orders(simulation) == orders(recording)
    assert states(simulation) == states(recording)


SAME = ("direction", "queue", "outcome", "agents_rung", "answered_by", "ended_by")


def assert_same_truth(scenario: str, stories: tuple[Story, ...]) -> None:
    """The simulation's truth has what the far side of the recording saw."""
    made = plant()
    for number, story in enumerate(stories):
        made.timeline.after(1.0 + 120.0 * number, lambda story=story: made.tell(story))  # type: ignore[misc]
    frames_of(made, 120.0 * len(stories) + 100.0)
    seen = json.loads((RECORDINGS / scenario / "truth.json").read_text())["calls"]
    for call, want in zip(made.truth.calls, seen, strict=True):
        told = msgspec.to_builtins(call)
        assert {field: _unordered(told[field]) for field in SAME} == {field: _unordered(want[field]) for field in SAME}
        handed_over = [(each["kind"], each["by"], each["to"]) for each in told["transfers"]]
        assert handed_over == [(each["kind"], each["by"], each["to"]) for each in want["transfers"]]
        assert told["hold_s"] == pytest.approx(want["hold_s"], abs=1.1)


def _unordered(value: object) -> object:
    return sorted(value) if isinstance(value, list) else value


def log_in_paused(made: Plant, agent: str) -> None:
    made.log_in(agent, "sales")
    made.pause(agent, True, "training")
