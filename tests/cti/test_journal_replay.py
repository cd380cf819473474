"""Killed anywhere and told again from the mark, the calls are those of a run that was not interrupted."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from cti.errors import OffhookError
from cti.journal import JournalRead, Mark, read_journal
from cti.journal_replay import FrameReader, Gate, recover, replay_journal
from cti.model import AboutCall, Call, CallEnded, CallEvent, Oddity, OddityFound, Origin, PbxBack, PbxLost
from cti.pbx.asterisk import AsteriskDialect
from cti.pbx.settings import PbxSettings
from cti.switchboard import Switchboard
from cti.wire.ami import AmiWire
from tests.cti.journaled import START, Reads, fill, recorded

SETTINGS = PbxSettings(name="hq", username="offhook", secret="x")
SCENARIOS = [
    f"{pbx}/{scenario}"
    for pbx in ("asterisk-22", "asterisk-16")
    for scenario in ("S07", "S08", "S09", "S10", "S20", "S25", "S26")
]


class House:
    """A board of its own and all that it told."""

    def __init__(self) -> None:
        self.events: list[CallEvent] = []
        self.dialect = AsteriskDialect(SETTINGS)
        self.gate = Gate(self.events.append)
        self.board = Switchboard("hq", self.dialect, self.gate)

    def replay(self, reads: Iterable[JournalRead]) -> House:
        for _ in replay_journal(reads, self.board, self.dialect):
            pass
        return self

    def recover(self, folder: Path, since: Mark, warm_up: timedelta = timedelta(hours=2)) -> House:
        for _ in recover(folder, "hq", since, self.board, self.dialect, self.gate, warm_up=warm_up):
            pass
        return self

    @property
    def rows(self) -> dict[str, Call]:
        """What a store would hold."""
        return {event.call.call_id: event.call for event in self.events if isinstance(event, CallEnded)}

    def mark(self, end: Mark) -> Mark:
        """Where the oldest open call begins, or the end."""
        origins = [call.origin for call in self.board.tracker.open_calls()]
        return min([Mark(origin.session, origin.offset) for origin in origins], default=end)


def end_of(reads: list[JournalRead]) -> Mark:
    return Mark(reads[-1].session, reads[-1].offset + len(reads[-1].data))


def check_recovery(folder: Path, cuts: Iterable[int], warm_up: timedelta = timedelta(hours=2)) -> None:
    reads = list(read_journal(folder, "hq"))
    whole = House().replay(reads).rows
    assert whole
    for cut in cuts:
        killed = House().replay(reads[:cut])
        mark = killed.mark(end_of(reads[:cut]))
        restarted = House().recover(folder, mark, warm_up)
        assert {**killed.rows, **restarted.rows} == whole, f"killed after read {cut}"


@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_any_read_of_a_scenario(tmp_path: Path, name: str) -> None:
    reads = recorded(name)
    fill(tmp_path, reads)
    check_recovery(tmp_path, range(1, len(reads), max(1, len(reads) // 25)))


@pytest.mark.parametrize("warm_up", [timedelta(hours=2), timedelta(minutes=2)], ids=str)
def test_killed_amidst_three_hundred_calls(tmp_path: Path, warm_up: timedelta) -> None:
    reads = recorded("asterisk-22/mix-1")
    fill(tmp_path, reads)
    check_recovery(tmp_path, random.Random(3).sample(range(1, len(reads)), 12), warm_up)


def test_calls_of_a_connection_before_are_told_with_what_the_next_one_shows(tmp_path: Path) -> None:
    """Killed in the second connection, when the calls before the mark are in the first."""
    one, two = recorded("asterisk-22/S08"), recorded("asterisk-22/S25", START + timedelta(minutes=5))
    fill(tmp_path, one, two)
    check_recovery(tmp_path, range(5, len(one) + len(two), 17))


def test_after_recovery_the_same_board_goes_on_live(tmp_path: Path) -> None:
    """The journal ends in the middle of calls; the rest comes from the wire."""
    reads = recorded("asterisk-22/mix-1")
    fill(tmp_path / "whole", reads)
    whole = House().replay(read_journal(tmp_path / "whole", "hq")).rows
    cut = len(reads) // 2
    (session,) = fill(tmp_path / "cut", reads[:cut])
    written = list(read_journal(tmp_path / "cut", "hq"))
    killed = House().replay(written)
    restarted = House().recover(tmp_path / "cut", killed.mark(end_of(written)))
    live: list[CallEvent] = []
    restarted.gate.publish = live.append
    offset = end_of(written).offset
    frames = FrameReader(partial(AmiWire, restarted.dialect.wanted), offset)
    for at, data in later(reads[cut:], border_of(reads[:cut])):
        restarted.board.take(frames.take(offset, data), at, session)
        offset += len(data)
    ended = {event.call.call_id: event.call for event in live if isinstance(event, CallEnded)}
    assert {**killed.rows, **restarted.rows, **ended}.keys() == whole.keys()
    assert len(ended) > 50


def border_of(reads: Reads) -> bytes:
    """What is left over of a frame that was cut."""
    return b"".join(data for _, data in reads).rpartition(b"\r\n\r\n")[2]


def later(reads: Reads, left_over: bytes) -> Reads:
    """The reads with the beginning of the frame that was cut."""
    return [(reads[0][0], left_over + reads[0][1]), *reads[1:]]


def test_nothing_is_told_twice_and_of_old_calls_nothing(tmp_path: Path) -> None:
    fill(tmp_path, recorded("asterisk-22/S25"))
    reads = list(read_journal(tmp_path, "hq"))
    killed = House().replay(reads[: len(reads) // 2])
    mark = killed.mark(end_of(reads))
    restarted = House().recover(tmp_path, mark)
    told = [event for event in restarted.events if isinstance(event, AboutCall)]
    assert told
    before = House().replay(read_journal(tmp_path, "hq", None, mark))
    assert not set(before.rows) & {event.call.call_id for event in told}
    ended = [event.call.call_id for event in told if isinstance(event, CallEnded)]
    assert len(ended) == len(set(ended))
    assert not [event for event in restarted.events if isinstance(event, OddityFound)]
    assert isinstance(restarted.events[-1], PbxLost), "up to here all is known"


def test_a_gate_without_a_mark_passes_everything_on() -> None:
    passed: list[CallEvent] = []
    gate = Gate(passed.append)
    origin = Origin("hq", "", 0, "lost")
    oddity = Oddity("call-without-root", "", START, origin)
    for event in (PbxBack(at=START, origin=origin, pbx="hq"), OddityFound(at=START, origin=origin, oddity=oddity)):
        gate(event)
    assert len(passed) == 2


def test_the_ends_of_connections_are_told(tmp_path: Path) -> None:
    one, two = recorded("asterisk-22/S01"), recorded("asterisk-22/S02", START + timedelta(hours=1))
    greeting = [(START + timedelta(minutes=30), b"Asterisk Call Manager/11.0.0\r\nResponse: Error\r\n\r\n")]
    fill(tmp_path, one, greeting, two)
    house = House().replay(read_journal(tmp_path, "hq"))
    told = [event for event in house.events if isinstance(event, PbxBack | PbxLost)]
    assert [type(event) for event in told] == [PbxBack, PbxLost, PbxBack, PbxLost], "a refused log-in is none"
    assert [event.at for event in told[1::2]] == [one[-1][0], two[-1][0]]


def test_where_the_journal_ends_is_told(tmp_path: Path) -> None:
    reads = recorded("asterisk-22/S01")
    (session,) = fill(tmp_path, reads)
    house = House()
    marks = list(replay_journal(read_journal(tmp_path, "hq"), house.board, house.dialect))
    assert marks == sorted(marks)
    assert marks[-1] == Mark(session, sum(len(data) for _, data in reads))


def frames_of(data: bytes, pieces: Iterable[tuple[int, int]], border: int = 0) -> list[tuple[int, bytes]]:
    reader = FrameReader(partial(AmiWire, None), border)
    given = [frame for start, end in pieces for frame in reader.take(start, data[start:end])]
    return [(frame.offset, frame.raw) for frame in given if frame.name]


STREAM = b"Asterisk Call Manager/11.0.0\r\n" + b"".join(b"Event: E%d\r\nN: 1\r\n\r\n" % i for i in range(6))
BORDERS = [i for i in range(len(STREAM)) if STREAM[i:].startswith(b"Event: ")]


@pytest.mark.parametrize("size", [1, 3, 50, 1000])
def test_a_stream_is_read_from_any_border_on(size: int) -> None:
    whole = frames_of(STREAM, [(0, len(STREAM))])
    assert len(whole) == 6
    for i, border in enumerate(BORDERS):
        steps = [*range(border, len(STREAM), size), len(STREAM)]
        assert frames_of(STREAM, pairwise(steps), border) == whole[i:]


def test_in_the_middle_of_a_frame_a_stream_goes_on_with_the_next() -> None:
    whole = frames_of(STREAM, [(0, len(STREAM))])
    for start in range(1, len(STREAM)):
        given = frames_of(STREAM, [(start, len(STREAM))])
        first = next((i for i, border in enumerate(BORDERS) if border > start), len(whole))
        assert given in (whole[first:], whole[first + 1 :]), "at a border that nobody knows of, one frame is given up"


def test_missing_bytes_never_make_a_frame_of_two_halves() -> None:
    whole = frames_of(STREAM, [(0, len(STREAM))])
    for gap_from in range(BORDERS[0], len(STREAM), 3):
        for gap_to in range(gap_from + 1, len(STREAM), 5):
            given = frames_of(STREAM, [(0, gap_from), (gap_to, len(STREAM))])
            assert set(given) <= set(whole)
            assert set(given) >= {(at, raw) for at, raw in whole if at + len(raw) + 4 <= gap_from}
            assert len([at for at, _ in given if at > gap_to]) >= len([at for at in BORDERS if at > gap_to]) - 1


def test_a_hostile_name_in_a_cut_frame_is_no_event() -> None:
    data = b"Event: Newchannel\r\nCallerIDName: Event: Hangup\r\nUniqueid: 1\r\n\r\nEvent: Hold\r\n\r\n"
    cut = data.index(b"Event: Hangup")
    reader = FrameReader(partial(AmiWire, None))
    assert [frame.name for frame in reader.take(1000 + cut, data[cut:])] == ["", "Hold"]


def test_a_stream_past_reading_is_an_error_until_bytes_are_missing() -> None:
    reader = FrameReader(partial(AmiWire, None, max_frame_bytes=100))
    with pytest.raises(OffhookError):
        reader.take(0, b"SSH-2.0\r\n" + b"x" * 500)
    with pytest.raises(OffhookError):
        reader.take(509, b"Event: Hold\r\n\r\n")
    assert [frame.name for frame in reader.take(1000, b"\r\n\r\nEvent: Hold\r\n\r\n")] == ["", "Hold"]


def test_a_replay_passes_over_a_stream_that_cannot_be_read(tmp_path: Path) -> None:
    fill(tmp_path, [(START, b"SSH-2.0-OpenSSH\r\n" * 100)], recorded("asterisk-22/S01"))
    assert len(House().replay(read_journal(tmp_path, "hq")).rows) == 1
