"""Whatever is lost, doubled or out of order, what is told stays consistent; no bytes raise anything but AmiError."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings, strategies as st

from cti import model as m
from cti.pbx.asterisk_events import WANTED, AsteriskEvents
from cti.pbx.dialect import Dialect, Frame
from cti.pbx.kinds import find_kinds
from cti.pbx.settings import PbxSettings
from cti.recording import Recording
from cti.signals import LegEnded, Signal
from cti.switchboard import Switchboard
from cti.tracker import CallTracker
from cti.wire.ami import AmiError, AmiWire
from kpi.live import LiveBoard
from tests.cti.playbook import START
from tests.cti.present import present

RECORDINGS = Path(__file__).parents[1] / "recordings"
NAMES = sorted(f"{path.parent.parent.name}/{path.parent.name}" for path in RECORDINGS.glob("asterisk-*/S*/truth.json"))
OTHERS = sorted(f"freeswitch/{path.parent.name}" for path in RECORDINGS.glob("freeswitch/S*/truth.json"))
BUSY = "asterisk-22/mix-1"
BUSY_TOO = "freeswitch/mix-1"
SAME_MOMENT = timedelta(milliseconds=1)
A_READ_LATER = timedelta(milliseconds=20)
ON_THE_PHONE = {m.AgentState.TALKING, m.AgentState.RINGING}


def bounded(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=checks)


#: Places in a stream, as shares of its length: they mean something in a recording of any size.
places = st.lists(st.floats(0, 1, exclude_max=True), max_size=40)
place = st.floats(0, 1, exclude_max=True)
names = st.sampled_from(NAMES)
of_all_pbxs = st.sampled_from([*NAMES, *OTHERS])


@cache
def frames_of(name: str) -> tuple[tuple[datetime, Frame], ...]:
    recording = Recording(RECORDINGS / name)
    wire, wanted = dialect_of(name).wire(1 << 20), dialect_of(name).wanted
    return tuple(
        (START + timedelta(seconds=t), frame)
        for t, data in recording.reads()
        for frame in wire.feed(data)
        if frame.name in wanted
    )


def dialect_of(name: str) -> Dialect:
    kind = "freeswitch" if name.startswith("freeswitch") else "asterisk"
    return find_kinds()[kind](PbxSettings(name="pbx", kind=kind, username="x"))


@cache
def signals_of(name: str) -> tuple[Signal, ...]:
    dialect = dialect_of(name)
    return tuple(signal for at, frame in frames_of(name) for signal in dialect.normalise(frame, at, name))


def damaged(name: str, dropped: Iterable[int], doubled: Iterable[int], swapped: Iterable[int]) -> list[Signal]:
    """A recording's signals, some swapped with the next of the same moment, some twice, some lost; no leg's end is."""
    signals = list(signals_of(name))
    for i in swapped:
        if i + 1 < len(signals) and signals[i + 1].at - signals[i].at <= SAME_MOMENT:
            signals[i], signals[i + 1] = signals[i + 1], signals[i]
    twice, lost = set(doubled), set(dropped)
    kept: list[Signal] = []
    for i, signal in enumerate(signals):
        if i not in lost or isinstance(signal, LegEnded):
            kept += [signal] * (2 if i in twice else 1)
    return kept


def indices(name: str, shares: Iterable[float]) -> list[int]:
    return [int(share * len(signals_of(name))) for share in shares]


def tell(tracker: CallTracker, signals: Iterable[Signal]) -> list[m.CallEvent]:
    return [event for signal in signals for event in tracker.apply(signal)]


@bounded(500)
@given(name=of_all_pbxs, dropped=places, doubled=places, swapped=places)
@example(name=BUSY_TOO, dropped=[], doubled=[], swapped=[])
@example(name=BUSY_TOO, dropped=[i / 50 for i in range(50)], doubled=[i / 70 for i in range(70)], swapped=[])
@example(name=BUSY_TOO, dropped=[i / 3000 for i in range(3000)], doubled=[], swapped=[i / 999 for i in range(999)])
@example(name=BUSY, dropped=[], doubled=[], swapped=[])
@example(name=BUSY, dropped=[i / 50 for i in range(50)], doubled=[i / 70 for i in range(70)], swapped=[])
@example(name=BUSY, dropped=[i / 3000 for i in range(3000)], doubled=[], swapped=[i / 999 for i in range(999)])
def test_a_damaged_stream_is_told_consistently(
    name: str, dropped: list[float], doubled: list[float], swapped: list[float]
) -> None:
    tracker = CallTracker("pbx")
    damage = (indices(name, shares) for shares in (dropped, doubled, swapped))
    told = tell(tracker, damaged(name, *damage))
    assert_consistent(told)
    assert_the_waits_add_up(told)
    assert_all_is_over(tracker)


@bounded(300)
@given(name=of_all_pbxs, dropped=places, doubled=places, swapped=places)
@example(name=BUSY, dropped=[i / 300 for i in range(300)], doubled=[i / 70 for i in range(70)], swapped=[])
@example(name=BUSY_TOO, dropped=[i / 300 for i in range(300)], doubled=[i / 70 for i in range(70)], swapped=[])
def test_damaged_events_raise_nothing_and_the_waits_add_up_or_the_call_is_named(
    name: str, dropped: list[float], doubled: list[float], swapped: list[float]
) -> None:
    """Whole events of the PBX, before anybody has made anything of them; ends are lost too."""
    frames = list(frames_of(name))
    for i in [int(share * len(frames)) for share in swapped]:
        if i + 1 < len(frames) and frames[i + 1][0] - frames[i][0] <= SAME_MOMENT:
            frames[i], frames[i + 1] = frames[i + 1], frames[i]
    twice, lost = ({int(share * len(frames)) for share in shares} for shares in (doubled, dropped))
    told: list[m.CallEvent] = []
    board = Switchboard("pbx", dialect_of(name), told.append)
    for i, (at, frame) in enumerate(frames):
        board.take([frame] * (0 if i in lost else 2 if i in twice else 1), at, name)
    assert_the_waits_add_up(told)


def assert_the_waits_add_up(told: Iterable[m.CallEvent]) -> None:
    """Entered = answered + abandoned + left otherwise + waiting; or the call is named that breaks it."""
    live = LiveBoard()
    for event in told:
        live.apply(event)
    named = Counter[tuple[str, str]]()
    for broken in live.broken:
        named[broken.pbx, broken.queue] += broken.difference
    differences = {key: one for key, one in live.stay_differences().items() if one}
    assert differences == {key: one for key, one in named.items() if one}


def test_a_leaving_that_is_not_told_is_seen_and_its_call_named() -> None:
    tracker = CallTracker("pbx")
    told = tell(tracker, signals_of(BUSY))
    lost = next(event for event in told if isinstance(event, m.CallLeftQueue))
    live = LiveBoard()
    for event in told:
        if event is not lost:
            live.apply(event)
    assert live.stay_differences()["pbx", lost.stay.queue] == 1
    assert [(broken.call_id, broken.queue) for broken in live.broken] == [(lost.call.call_id, lost.stay.queue)]


@bounded(150)
@given(name=names, begin=place, end=place)
def test_what_is_cut_out_of_a_stream_raises_nothing(name: str, begin: float, end: float) -> None:
    """Ends are lost too: such a call stays open until a snapshot says otherwise, and nothing else breaks."""
    signals = signals_of(name)
    first, last = sorted(indices(name, (begin, end)))
    told = tell(CallTracker("pbx"), (*signals[:first], *signals[last:]))
    ended = [event.call for event in told if isinstance(event, m.CallEnded)]
    assert len({call.call_id for call in ended}) == len(ended)
    for call in ended:
        assert_final(call)


@bounded(300)
@given(name=names, begin=place, end=place)
@example(name=BUSY, begin=0.0, end=0.5)
@example(name=BUSY, begin=0.3, end=0.6)
@example(name="asterisk-22/S20", begin=0.39, end=0.62)  # from between the leg and its dialling on
def test_after_a_gap_a_snapshot_makes_the_story_whole_again(name: str, begin: float, end: float) -> None:
    signals = signals_of(name)
    first, last = sorted(indices(name, (begin, end)))
    while last < len(signals) and signals[last].at - signals[last - 1].at < A_READ_LATER:
        last += 1  # a snapshot is asked for in a moment when nothing happens
    pbx, tracker = CallTracker("pbx"), CallTracker("pbx")
    truth = tell(pbx, signals[:last])
    told = tell(tracker, signals[:first])
    told += tracker.apply(present(pbx._board, signals[max(last - 1, 0)]))
    truth += tell(pbx, signals[last:])
    told += tell(tracker, signals[last:])
    assert_consistent(told)
    assert_all_is_over(tracker)
    whole = ended_calls(truth)
    for call_id, call in ended_calls(told).items():
        assert call.offered_at == whole[call_id].offered_at, "a call is made up"
        if any(leg.role is m.LegRole.CUSTOMER and leg.answered_at is not None for leg in call.legs):
            assert (call.direction, call.customer) == (whole[call_id].direction, whole[call_id].customer)


def ended_calls(told: list[m.CallEvent]) -> dict[str, m.Call]:
    return {event.call.call_id: event.call for event in told if isinstance(event, m.CallEnded)}


@bounded(250)
@given(
    name=names,
    changes=st.lists(st.tuples(place, st.sampled_from(["put", "insert", "cut"]), st.binary(max_size=8)), max_size=30),
    cut=place,
)
def test_bytes_that_are_broken_raise_nothing_but_ami_errors(
    name: str, changes: list[tuple[float, str, bytes]], cut: float
) -> None:
    stream = broken(stream_of(name), changes)
    wire = AmiWire(WANTED)
    board = Switchboard("pbx", AsteriskEvents("pbx"), lambda event: None)
    middle = int(cut * len(stream))
    for piece in (stream[:middle], stream[middle:]):
        try:
            frames = wire.feed(piece)
        except AmiError:
            return
        board.take(frames, START, "session")


@cache
def stream_of(name: str) -> bytes:
    return b"".join(data for _, data in Recording(RECORDINGS / name).reads())


def broken(stream: bytes, changes: list[tuple[float, str, bytes]]) -> bytes:
    """The stream with bytes overwritten, inserted or cut out at these shares of its length."""
    text = bytearray(stream)
    for share, how, data in changes:
        at = int(share * len(text))
        text[at : at + (0 if how == "insert" else len(data))] = b"" if how == "cut" else data
    return bytes(text)


def assert_consistent(told: list[m.CallEvent]) -> None:
    """Each call begins once, ends or is merged once, and nothing is told of it before or after."""
    stories: dict[str, list[m.AboutCall]] = {}
    for event in told:
        if isinstance(event, m.AboutCall):
            stories.setdefault(event.call.call_id, []).append(event)
    for story in stories.values():
        kinds = [type(event) for event in story]
        assert kinds[0] is m.CallStarted
        assert kinds[-1] in (m.CallEnded, m.CallMerged)
        assert m.CallStarted not in kinds[1:]
        assert not {m.CallEnded, m.CallMerged} & set(kinds[:-1])
        if isinstance(story[-1], m.CallEnded):
            assert_final(story[-1].call)
    assert_pairs(told)


def assert_final(call: m.Call) -> None:
    assert None not in (call.outcome, call.ended_by, call.ended_at)
    assert call.ended_at is not None
    assert call.offered_at <= call.ended_at
    spans = [(ring.started_at, ring.ended_at) for ring in call.rings]
    spans += [(stay.joined_at, stay.left_at) for stay in call.stays]
    spans += [(talk.started_at, talk.ended_at) for talk in call.talks]
    assert all(end is not None and begin <= end for begin, end in spans)
    assert all(ring.result is not m.RingResult.RINGING for ring in call.rings)
    assert all(stay.outcome is not None for stay in call.stays)
    assert all(talk.hold_s >= 0 and talk.talk_s is not None and talk.talk_s >= 0 for talk in call.talks)


def assert_pairs(told: list[m.CallEvent]) -> None:
    """Entered = left, offered = offer ended, answered = released; what a merged call had goes on in the other."""
    home = {event.call.call_id: event.into.call_id for event in told if isinstance(event, m.CallMerged)}

    def count(kind: type[m.AboutCall], what: Callable[[Any], str]) -> Counter[tuple[str, str]]:
        found = Counter[tuple[str, str]]()
        for event in told:
            if isinstance(event, kind):
                call_id = event.call.call_id
                while call_id in home:
                    call_id = home[call_id]
                found[call_id, what(event)] += 1
        return found

    assert count(m.CallOffered, lambda e: e.agent) == count(m.CallOfferEnded, lambda e: e.agent)
    assert count(m.CallQueued, lambda e: e.stay.queue) == count(m.CallLeftQueue, lambda e: e.stay.queue)
    kept = Counter((e.call.call_id, s.queue) for e in told if isinstance(e, m.CallEnded) for s in e.call.stays)
    assert kept == count(m.CallQueued, lambda e: e.stay.queue)
    answered, released = count(m.CallAnswered, lambda e: e.agent), count(m.CallReleased, lambda e: e.agent)
    assert released <= answered
    assert {call_id for call_id, _ in answered - released} <= set(home.values())  # a merged call is not released


def assert_all_is_over(tracker: CallTracker) -> None:
    assert tracker.open_calls() == []
    assert [agent for agent in tracker.agents() if agent.state in ON_THE_PHONE] == []
    board = tracker._board
    assert (board.legs, board.calls, board.bridges) == ({}, {}, {}), "memory is kept of what is over"
