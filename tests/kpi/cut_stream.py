"""A recorded PBX whose line is cut for a while: what was heard, what really happened, and what the PBX wrote itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from cti.model import Call, CallEnded, CallEvent, Origin, PbxBack, PbxLost
from cti.pbx.asterisk_events import WANTED, AsteriskEvents
from cti.pbx.asterisk_logs import AsteriskLogs
from cti.recording import Recording
from cti.signals import Signal
from cti.tracker import CallTracker
from cti.wire.ami import AmiWire
from kpi.importers.log_file import LogFile
from kpi.importers.pbx_logs import PbxLogs
from tests.cti.present import present
from tests.kpi.importers.logged import AGENTS, FILES, FOLDERS, PARSERS, truth_of

PBX = "milan"
NOWHERE = Origin(PBX, "", 0, "")


@cache
def signals_of(name: str) -> tuple[Signal, ...]:
    """The signals of a recording at the instants of its own clock."""
    folder = FOLDERS[name]
    started_at = datetime.fromisoformat(truth_of(folder)["started_at"])
    events, wire = AsteriskEvents(PBX), AmiWire(WANTED)
    return tuple(
        signal
        for t, data in Recording(folder).reads()
        for frame in wire.feed(data)
        for signal in events.normalise(frame, started_at + timedelta(seconds=t), "session")
    )


@cache
def really(name: str) -> dict[str, Call]:
    """The calls as one hears them who is never cut off."""
    tracker = CallTracker(PBX)
    events = [event for signal in signals_of(name) for event in tracker.apply(signal)]
    return {event.call.call_id: event.call for event in events if isinstance(event, CallEnded)}


def heard(name: str, *cuts: tuple[float, float]) -> Iterator[CallEvent]:
    """What is published when the line is cut between these shares of the recording, each time asked for its present."""
    return heard_of(signals_of(name), *cuts)


def heard_of(signals: Sequence[Signal], *cuts: tuple[float, float]) -> Iterator[CallEvent]:
    """The same of any signals."""
    begins, ends = (
        {int(share * (len(signals) - 2)) for share in shares} for shares in zip(*cuts, strict=True)
    )  # fmt: skip
    ends = {_pause_after(signals, end) for end in ends}
    whole, cut, away = CallTracker(PBX), CallTracker(PBX), False
    yield PbxBack(at=signals[0].at, origin=NOWHERE, pbx=PBX)
    for i, signal in enumerate(signals):
        whole.apply(signal)
        if i in begins:
            away = True
            yield PbxLost(at=signal.at, origin=NOWHERE, pbx=PBX, cause="the line is cut")
        if not away:
            yield from cut.apply(signal)
        if away and i in ends:
            away = False
            yield PbxBack(at=signal.at, origin=NOWHERE, pbx=PBX)
            yield from cut.apply(present(whole._board, signal))


def _pause_after(signals: Sequence[Signal], i: int) -> int:
    """The first signal from there on after which nothing more happens at the same moment."""
    while i < len(signals) - 2 and signals[i + 1].at <= signals[i].at:
        i += 1
    return i


def logs_of(name: str, *sources: str, folder: Path | None = None, wait_s: float = 0) -> PbxLogs:
    """The PBX's own logs, as the composition root opens them."""
    place = folder or FOLDERS[name]
    files = [LogFile(source, place / FILES[source], PARSERS[source]) for source in sources]
    return PbxLogs(files, AsteriskLogs(PBX, (), None if "cel" in sources else AGENTS), wait_s)


def rounded(call: Call) -> tuple[object, ...]:
    """What of a call must be the same whoever told it; times in seconds of the call."""

    def since(at: datetime | None) -> float | None:
        return None if at is None else round((at - call.offered_at).total_seconds(), 1)

    return (
        call.call_id, call.direction, call.caller, call.dialled, call.queue, call.outcome, call.ended_by,
        since(call.answered_at), since(call.ended_at),
        [(stay.queue, stay.outcome, stay.agent, since(stay.joined_at), since(stay.left_at)) for stay in call.stays],
        [(talk.agent, since(talk.started_at), since(talk.ended_at)) for talk in call.talks],
    )  # fmt: skip


def by_id(calls: Iterable[Call]) -> dict[str, Call]:
    found = list(calls)
    assert len({call.call_id for call in found}) == len(found)
    return {call.call_id: call for call in found}
