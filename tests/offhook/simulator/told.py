"""What the call tracker makes of a simulated stream, and how it differs from what really happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from cti.model import AgentChange, AgentChanged, Call, CallEnded, CallEvent, OddityFound
from cti.pbx.asterisk_events import WANTED, AsteriskEvents
from cti.pbx.dialect import Wire
from cti.pbx.freeswitch_events import WANTED as ESL_WANTED, FreeswitchEvents
from cti.switchboard import Normaliser, Switchboard
from cti.wire.ami import AmiWire
from cti.wire.esl import GREETING, EslWire
from offhook.simulator.freeswitch.plant import FreeswitchPlant
from offhook.simulator.plant import Plant
from offhook.simulator.server import BANNER
from offhook.simulator.truth import CallTruth

SECONDS, FREESWITCH_SECONDS = 0.02, 0.1


SimulatedPbx = TypeVar("SimulatedPbx", Plant, FreeswitchPlant)


class Watched(Generic[SimulatedPbx]):
    """A plant with the tracker behind it. ``events`` are all that was published.

    Times may be ``slack_s`` apart: what FreeSWITCH tells is stamped by a clock that moves in steps, and an agent's
    answer is no conversation before the bridge.
    """

    def __init__(self, plant: SimulatedPbx) -> None:
        self.plant: SimulatedPbx = plant
        self.events: list[CallEvent] = []
        freeswitch = isinstance(plant, FreeswitchPlant)
        self.slack_s = FREESWITCH_SECONDS if freeswitch else SECONDS
        self._wire: Wire = EslWire(ESL_WANTED) if freeswitch else AmiWire(WANTED)
        self._wire.feed(GREETING if freeswitch else BANNER)
        normaliser: Normaliser = FreeswitchEvents("sim") if freeswitch else AsteriskEvents("sim", ())
        self.board = Switchboard("sim", normaliser, self.events.append)

    def run(self, until: float) -> None:
        for at, data in _bytes_of(self.plant, until):
            self.board.take(self._wire.feed(data), at, "simulated")

    @property
    def calls(self) -> dict[str, Call]:
        return {event.call.call_id: event.call for event in self.events if isinstance(event, CallEnded)}

    @property
    def oddities(self) -> list[str]:
        return [
            f"{event.oddity.kind}: {event.oddity.detail}" for event in self.events if isinstance(event, OddityFound)
        ]

    def states(self) -> list[tuple[Any, ...]]:
        """Agent, what, queue, reason and second of what agents did by command."""
        changes = (event for event in self.events if isinstance(event, AgentChanged))
        return [
            (each.agent.agent, each.change.value, each.queue, each.reason, self.second(each.at))
            for each in changes
            if each.change is not AgentChange.STATE
        ]

    def second(self, at: datetime | None) -> float | None:
        return None if at is None else round((at - self.plant.started_at) / timedelta(seconds=1), 3)

    def differences(self) -> list[str]:
        """For each call what the tracker has otherwise, and calls that only one side knows."""
        calls, truths = self.calls, {call.uniqueid: call for call in self.plant.truth.calls}
        found = [f"{call.id} at {call.offered_at:.1f} s: not told" for key, call in truths.items() if key not in calls]
        found += [f"ghost {key}: {calls[key].direction} {calls[key].dialled}" for key in calls if key not in truths]
        for key, call in truths.items():
            if key in calls:
                at = f"{call.id} at {call.offered_at:.1f} s"
                found += [f"{at}: {one}" for one in differences(call, calls[key], self.second, self.slack_s)]
        return found


def _bytes_of(plant: Plant | FreeswitchPlant, until: float) -> Iterator[tuple[datetime, bytes]]:
    if isinstance(plant, Plant):
        yield from plant.advance(until)
    else:
        yield from ((at, b"".join(event.plain for event in events)) for at, events in plant.advance(until))


def differences(
    want: CallTruth, got: Call, second: Callable[[datetime | None], float | None], slack_s: float = SECONDS
) -> Iterable[str]:
    """Each field that differs, with both values; times may be ``slack_s`` apart."""
    name = want.caller_name if want.direction == "inbound" else got.caller.name
    pairs: dict[str, tuple[object, object]] = {
        "direction": (want.direction, got.direction.value),
        "caller": (want.caller, got.caller.number),
        "name": (name, got.caller.name),
        "dialled": (want.dialled.lstrip("+"), (got.dialled or "").lstrip("+")),
        "outcome": (want.outcome, got.outcome),
        "ended_by": (want.ended_by, got.ended_by),
        "agents_rung": (want.agents_rung, list(got.agents_rung)),
        "answered_by": (want.answered_by, list(got.answered_by)),
        "transfers": (
            [(each["kind"], each["by"], each["to"]) for each in want.transfers],
            [(each.kind, each.by, each.to) for each in got.transfers],
        ),
        "click_to_dial": (want.click_to_dial, got.click_to_dial),
        "stays": (
            [(stay.queue, stay.outcome, stay.agent) for stay in want.stays],
            [(stay.queue, stay.outcome, stay.agent) for stay in got.stays if stay.outcome != "refused"],
        ),
        "rings": (
            sorted((ring.agent, str(ring.queue), ring.result) for ring in want.rings),
            sorted((ring.agent, str(ring.queue), str(ring.result)) for ring in got.rings if not ring.consult),
        ),
        "talks": ([talk.agent for talk in want.talks], [talk.agent for talk in got.talks]),
    }
    if want.outcome != "refused":
        pairs["queue"] = (want.queue, got.queue)
    yield from (f"{field} {wanted!r}, told {told!r}" for field, (wanted, told) in pairs.items() if wanted != told)
    yield from _times(want, got, second, slack_s)


def _times(
    want: CallTruth, got: Call, second: Callable[[datetime | None], float | None], slack_s: float
) -> Iterable[str]:
    times: dict[str, tuple[float | None, float | None]] = {
        field: (getattr(want, field), second(getattr(got, field)))
        for field in ("offered_at", "queued_at", "answered_at", "ended_at")
    }
    times["hold_s"] = (want.hold_s, got.hold_s)
    for n, (one, other) in enumerate(zip(want.talks, got.talks, strict=False), 1):
        times[f"talk {n} began"] = one.started_at, second(other.started_at)
        times[f"talk {n} ended"] = one.ended_at, second(other.ended_at)
        times[f"talk {n} held"] = one.hold_s, other.hold_s
    for n, (stay, kept) in enumerate(zip(want.stays, got.stays, strict=False), 1):
        times[f"stay {n} joined"] = stay.joined_at, second(kept.joined_at)
        times[f"stay {n} left"] = stay.left_at, second(kept.left_at)
    for field, (wanted, told) in times.items():
        if (wanted is None) is not (told is None) or abs((wanted or 0.0) - (told or 0.0)) > slack_s:
            yield f"{field} {wanted!r}, told {told!r}"
