"""A scrubbed recording tells the same story of other people, and nothing of the real ones is left in it."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cti.model import Call, CallEnded, Party
from cti.recording import Recording, RecordingError
from cti.scrub import ScrubError, scrub
from cti.wire.ami import AmiWire
from offhook.replay import replay
from tests.cti.journaled import RECORDINGS, START, fill, recorded

NAMES = sorted(f"{path.parent.parent.name}/{path.parent.name}" for path in RECORDINGS.glob("*/*/truth.json"))
AGENTS = ("Anna Rossi", "Bruno Esposito", "Žofia Kováčová", "Dana O'Neill", r"Dana O\'Neill", "Elio")
OTHERS = ("Azienda Demo", "Anna", "Rossi", "Bruno", "Esposito", "Žofia", "Kováčová", "Dana", "Neill", "Müller", "北京")


def calls_of(folder: Path) -> list[Call]:
    return [event.call for event in replay(folder) if isinstance(event, CallEnded)]


def everything_in(folder: Path) -> str:
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in folder.rglob("*") if path.is_file())


def people_in_truth(folder: Path) -> tuple[set[str], set[str]]:
    """The public numbers, as digits, and the names that ``truth.json`` knows of."""
    truth = json.loads((folder / "truth.json").read_text())
    numbers: set[str] = set()
    names: set[str] = set()

    def look(value: Any, key: str = "") -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                look(inner, name)
        elif isinstance(value, list):
            for inner in value:
                look(inner, key)
        elif key == "caller_name" and value:
            names.add(value)
        elif isinstance(value, str) and re.fullmatch(r"\+?\d{7,}", value):
            numbers.add(value.removeprefix("+"))

    look(truth)
    return numbers, names


def is_there(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


class Others:
    """Who stands for whom; each has one other, and no two the same one."""

    def __init__(self) -> None:
        self.pairs: dict[str, str] = {}

    def same(self, old: str | None, new: str | None) -> bool:
        if old is None or new is None:
            return old is new
        return self.pairs.setdefault(old, new) == new

    def one_each(self) -> bool:
        return len(set(self.pairs.values())) == len(self.pairs)


@pytest.mark.parametrize("name", NAMES)
def test_the_story_is_the_same_and_the_people_are_others(tmp_path: Path, name: str) -> None:
    folder, out = RECORDINGS / name, tmp_path / "out"
    scrub(folder, out)
    check_people(folder, out)
    check_story(folder, out)


def check_people(folder: Path, out: Path) -> None:
    numbers, names = people_in_truth(folder)
    text = everything_in(out)
    assert [number for number in numbers if number in text or number[-9:] in text] == []
    assert [name for name in {*names, *AGENTS, *OTHERS} if is_there(name, text)] == []
    assert {path.name for path in out.iterdir()} in ({"events.ami", "timing.jsonl"}, {"events.esl", "timing.jsonl"})


def check_story(folder: Path, out: Path) -> None:
    numbers, names = Others(), Others()
    old_calls, new_calls = calls_of(folder), calls_of(out)
    assert len(old_calls) == len(new_calls)
    for old, new in zip(old_calls, new_calls, strict=True):
        for before, after in ((old.caller, new.caller), (Party(old.dialled), Party(new.dialled))):
            assert numbers.same(before.number, after.number)
            assert names.same(before.name, after.name)
            if before.number is not None and re.fullmatch(r"\+\d+", before.number):
                assert after.number is not None
                assert len(after.number) == len(before.number)
                assert after.number[:5] == before.number[:5]
                assert after.number != before.number
        assert plain(old) == plain(new)
    assert numbers.one_each()
    assert names.one_each()


def plain(call: Call) -> Call:
    """The call without what may differ: who called, and at which byte it was read.

    An agent on a mobile is known by its number, which is another's after scrubbing.
    """
    agents = {
        part: tuple(msgspec.structs.replace(one, agent=short(one.agent)) for one in getattr(call, part))
        for part in ("stays", "rings", "talks")
    }
    legs = tuple(
        msgspec.structs.replace(leg, channel="", number=leg.number if len(leg.number or "") < 7 else "")
        for leg in call.legs
    )
    origin = msgspec.structs.replace(call.origin, offset=0, session="")
    public = call.dialled if len(call.dialled or "") < 7 else ""
    transfers = tuple(
        msgspec.structs.replace(one, to=one.to if len(one.to or "") < 7 else "") for one in call.transfers
    )
    return msgspec.structs.replace(
        call, caller=Party(), dialled=public, origin=origin, legs=legs, transfers=transfers, **agents
    )


def short(number: str | None) -> str | None:
    """An extension; a public number is left out."""
    return number if len(number or "") < 7 else ""


@pytest.mark.parametrize("name", ["asterisk-22/S18", "asterisk-22/S09", "asterisk-16/S20"])
def test_each_message_keeps_its_headers_and_its_read(tmp_path: Path, name: str) -> None:
    scrub(RECORDINGS / name, tmp_path / "out")
    shapes = []
    for folder in (RECORDINGS / name, tmp_path / "out"):
        wire = AmiWire(None)
        reads = [(t, wire.feed(data)) for t, data in Recording(folder).reads()]
        shapes.append([(t, frame.name, [key for key, _ in frame.items()]) for t, frames in reads for frame in frames])
    assert shapes[0] == shapes[1]
    assert shapes[0]


def test_the_late_connection_with_its_snapshot(tmp_path: Path) -> None:
    late = RECORDINGS / "asterisk-22" / "X01" / "late"
    report = scrub(late, tmp_path / "out")
    text = everything_in(tmp_path / "out")
    assert [name for name in (*AGENTS, *OTHERS) if is_there(name, text)] == []
    numbers, _ = people_in_truth(late.parent)
    assert [number for number in numbers if number in text] == []
    assert report.left_out == ("sent.jsonl",)
    check_story(late, tmp_path / "out")


def test_what_lies_beside_a_recording_is_left_out_and_told(tmp_path: Path) -> None:
    report = scrub(RECORDINGS / "asterisk-22" / "S01", tmp_path / "out")
    assert report.left_out == ("cdr.csv", "cel.csv", "queue_log", "truth.json")
    assert report.numbers == 2
    assert report.bytes_dropped == 0


def test_the_same_recording_gives_the_same_result(tmp_path: Path) -> None:
    for name in ("one", "two"):
        scrub(RECORDINGS / "asterisk-22" / "S25", tmp_path / name)
    assert (tmp_path / "one" / "events.ami").read_bytes() == (tmp_path / "two" / "events.ami").read_bytes()


def test_a_session_of_the_journal_is_scrubbed_too(tmp_path: Path) -> None:
    (session,) = fill(tmp_path, recorded("asterisk-22/S08"))
    folder = tmp_path / "hq" / session
    scrub(folder, tmp_path / "out")
    shutil.copy(RECORDINGS / "asterisk-22" / "S08" / "truth.json", folder)
    info = Recording(tmp_path / "out").info
    assert info is not None
    assert info.pbx == "pbx"
    assert info.started_at == recorded("asterisk-22/S08")[0][0]
    assert len(calls_of(tmp_path / "out")) == 1


@pytest.mark.parametrize("torn", [1, 40, 5000])
def test_what_a_crash_cut_is_dropped(tmp_path: Path, torn: int) -> None:
    reads = recorded("asterisk-22/S01")
    whole = b"".join(data for _, data in reads)
    (session,) = fill(tmp_path, [(START, whole[:-torn])])
    report = scrub(tmp_path / "hq" / session, tmp_path / "out")
    kept = whole[:-torn].rfind(b"\r\n\r\n") + 4
    assert report.bytes_dropped == len(whole) - torn - kept
    assert (tmp_path / "out" / "events.ami").read_bytes().endswith(b"\r\n\r\n")
    assert (
        sum(len(data) for _, data in Recording(tmp_path / "out").reads())
        == (tmp_path / "out" / "events.ami").stat().st_size
    )


def test_missing_bytes_do_not_join_two_halves(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    first, second = b"Event: A\r\nN: 1\r\n\r\nEvent: B\r\nCaller", b"Name: Anna\r\n\r\nEvent: C\r\nN: 2\r\n\r\n"
    (folder / "events.ami").write_bytes(b"Asterisk Call Manager/1\r\n" + first)
    size = 25 + len(first)
    (folder / "timing.jsonl").write_text(json.dumps({"t": 0.0, "offset": 0, "len": size}) + "\n")
    (folder / f"events.{size + 9:012d}.ami").write_bytes(second)
    timing = json.dumps({"t": 1.0, "offset": size + 9, "len": len(second)})
    (folder / f"timing.{size + 9:012d}.jsonl").write_text(timing + "\n")
    report = scrub(folder, tmp_path / "out")
    assert list(Recording(tmp_path / "out").reads()) == [
        (0.0, b"Asterisk Call Manager/1\r\nEvent: A\r\nN: 1\r\n\r\n"),
        (1.0, b"Event: C\r\nN: 2\r\n\r\n"),
    ]
    assert report.bytes_dropped == 16 + 14


def test_hostile_bytes_are_scrubbed_and_kept_apart(tmp_path: Path) -> None:
    """Names that are no UTF-8, lines without colon, an empty message, stray line ends."""
    events = (
        b"Asterisk Call Manager/11.0.0\r\n\r\n\r\nEvent: Newchannel\r\nCallerIDName: M\xfcller \xff\r\nrubbish "
        b"M\xfcller\r\nX\x00Y: 0612345678\r\nCallerIDNum: 0612345678\r\n: +49301234567\r\n\r\n\r\n\r\n"
    )
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "events.ami").write_bytes(events)
    lines = [json.dumps({"t": i / 10, "offset": i, "len": 1}) for i in range(len(events))]
    (folder / "timing.jsonl").write_text("\n".join(lines))
    scrub(folder, tmp_path / "out")
    scrubbed = (tmp_path / "out" / "events.ami").read_bytes()
    for secret in (b"0612345678", b"49301234567", b"\xfcller"):
        assert secret in events
        assert secret not in scrubbed
    assert scrubbed.count(b"\r\n") == events.count(b"\r\n")
    assert b"\xff" in scrubbed


def test_a_target_that_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "events.ami").write_text("mine")
    with pytest.raises(ScrubError) as caught:
        scrub(RECORDINGS / "asterisk-22" / "S01", tmp_path / "out")
    assert caught.value.ref == "scrub-target-exists"
    assert (tmp_path / "out" / "events.ami").read_text() == "mine"


def test_what_cannot_be_scrubbed_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordingError):
        scrub(tmp_path / "nothing", tmp_path / "out")
    (tmp_path / "timing.jsonl").write_text(json.dumps({"t": 0.0, "offset": 0, "len": 2 << 20}))
    for suffix in ("ami", "esl"):
        stream = tmp_path / f"events.{suffix}"
        stream.write_bytes(b"x" * (2 << 20))
        with pytest.raises(ScrubError) as caught:
            scrub(tmp_path, tmp_path / "out")
        assert caught.value.ref == f"scrub-not-{suffix}"
        stream.unlink()
    assert not (tmp_path / "out").exists()


def test_the_times_are_those_of_the_reads(tmp_path: Path) -> None:
    scrub(RECORDINGS / "asterisk-22" / "S03", tmp_path / "out")
    old = [call.offered_at for call in calls_of(RECORDINGS / "asterisk-22" / "S03")]
    new = [call.offered_at for call in calls_of(tmp_path / "out")]
    assert max(abs(a - b) for a, b in zip(old, new, strict=True)) == timedelta(0)
