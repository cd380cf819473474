"""A person taken out of the journal: the same calls at the same offsets, of a caller whose number is zeros."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cti.errors import OffhookError
from cti.journal import JournalRead, JournalSettings, read_journal
from cti.journal_files import SegmentFiles
from cti.journal_keeping import compress_closed, tidying
from cti.journal_person import Overwritten, erase_person, find_person
from cti.journal_writer import JournalWriter
from cti.model import Call, CallEnded, Party
from cti.recording import Piece, Segment
from cti.written_number import WrittenNumber
from offhook.replay import replay
from tests.cti.journaled import SETTINGS, START, fill, recorded, until


def number_of(text: str) -> WrittenNumber:
    return WrittenNumber(text, [])


def calls_of(folder: Path) -> list[Call]:
    return [event.call for event in replay(folder) if isinstance(event, CallEnded)]


def stream(journal: Path) -> bytes:
    return b"".join(read.data for read in read_journal(journal, "hq"))


def a_customer(calls: list[Call]) -> Party:
    """One of the recording with a public number."""
    return next(one.customer for one in calls if one.customer and len(one.customer.number or "") > 6)


def _crossed_out(mark: str) -> str:
    return "x" * len(mark.encode()) if mark.isalnum() else mark


def without(call: Call, number: WrittenNumber, names: set[str]) -> Call:
    """A call of his with zeros for the digits of the number, and ``x`` for the letters of these names."""
    text = msgspec.json.encode(call).decode()
    if not number.holds(text):
        return call
    for name in names:
        text = text.replace(f'"{name}"', f'"{"".join(map(_crossed_out, name))}"')
    return msgspec.json.decode(number.blank(text), type=Call)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("asterisk", "asterisk-22/S01"),
        ("asterisk", "asterisk-22/S07"),
        ("asterisk", "asterisk-22/mix-1"),
        ("freeswitch", "freeswitch/S01"),
        ("freeswitch", "freeswitch/S01-json"),
        ("freeswitch", "freeswitch/S07"),
    ],
)
def test_the_calls_are_the_same_but_for_number_and_name(tmp_path: Path, kind: str, name: str) -> None:
    [session] = fill(tmp_path, recorded(name), kind=kind)
    before, bytes_before = calls_of(tmp_path / "hq" / session), stream(tmp_path)
    customer = a_customer(before)
    number = number_of(customer.number or "")
    his = {one.caller.name for one in before if one.caller.name and number.holds(one.caller.number)}
    assert find_person(tmp_path / "hq", number).messages
    done = erase_person(tmp_path / "hq", number)
    assert done.messages > 0
    assert done.left == 0
    after = calls_of(tmp_path / "hq" / session)
    assert after == [without(call, number, his) for call in before]
    assert len(stream(tmp_path)) == len(bytes_before)
    assert find_person(tmp_path / "hq", number).messages == ()
    told = {name for call in after for name in (call.caller.name,) if number.holds(call.caller.number)}
    assert told == set()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Path]:
    """One connection over many small files, some of them compressed."""
    fill(tmp_path, recorded("asterisk-22/S01"), settings=SETTINGS)
    yield tmp_path


CALLER = number_of("+393478111222")


def caller_of(journal: Path) -> WrittenNumber:
    [session] = [path for path in (journal / "hq").iterdir() if path.is_dir()]
    return number_of(a_customer(calls_of(session)).number or "")


def test_a_message_is_found_with_its_place_and_its_text(journal: Path) -> None:
    number = caller_of(journal)
    looked = find_person(journal / "hq", number)
    assert looked.files == 1
    data = stream(journal)
    for message in looked.messages:
        assert message.file == "events.ami"
        assert data[message.offset :].startswith(message.text[:20].encode())
        assert number.holds(message.text)


def test_a_compressed_file_is_made_anew_and_stays_as_old_as_it_was(journal: Path) -> None:
    number = caller_of(journal)
    assert compress_closed(journal / "hq", lambda: None) == 1
    [packed] = (journal / "hq").glob("*/events.ami.gz")
    before = packed.stat().st_mtime_ns
    size = len(stream(journal))
    done = erase_person(journal / "hq", number)
    assert done.files == 1
    assert packed.stat().st_mtime_ns == before
    assert len(stream(journal)) == size
    assert not number.holds(stream(journal).decode("latin-1"))
    assert erase_person(journal / "hq", number) == Overwritten()


def test_a_number_over_the_border_of_two_files_is_overwritten(tmp_path: Path) -> None:
    first, second = b"Event: A\r\nCallerIDNum: +39347", b"8111222\r\nCallerIDName: Ada Bianchi\r\n\r\n"
    folder = tmp_path / "hq" / "20261121T090000.000000Z"
    folder.mkdir(parents=True)
    for start, data in ((0, first), (len(first), second)):
        files = SegmentFiles(folder, Segment(start, "ami"))
        files.write([Piece(float(start), start, data)])
        files.close()
    assert len(find_person(tmp_path / "hq", CALLER).messages) == 1
    assert erase_person(tmp_path / "hq", CALLER) == Overwritten(messages=1, files=2)
    told = stream(tmp_path)
    assert told == b"Event: A\r\nCallerIDNum: +000000000000\r\nCallerIDName: xxx xxxxxxx\r\n\r\n"


def test_the_file_that_is_being_written_is_overwritten_and_goes_on(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, "hq", "asterisk", SETTINGS)
    writer.new_session()
    message = b"Event: Newchannel\r\nCallerIDNum: +393478111222\r\n\r\n"
    for _ in range(50):
        writer.append(message, START)
    until(lambda: writer.health().bytes_waiting == 0)
    assert erase_person(tmp_path / "hq", CALLER).messages == 50
    writer.append(b"Event: Later\r\n\r\n", START)
    writer.close()
    assert stream(tmp_path) == message.replace(b"393478111222", b"000000000000") * 50 + b"Event: Later\r\n\r\n"


def test_bytes_behind_a_gap_begin_a_message_anew(tmp_path: Path) -> None:
    folder = tmp_path / "hq" / "20261121T090000.000000Z"
    folder.mkdir(parents=True)
    for start, data in ((0, b"CallerIDNum: +39347"), (500, b"8111222\r\n\r\n")):
        files = SegmentFiles(folder, Segment(start, "ami"))
        files.write([Piece(0.0, start, data)])
        files.close()
    assert find_person(tmp_path / "hq", CALLER).messages == ()


def test_a_name_goes_from_messages_that_hold_only_his_channel(tmp_path: Path) -> None:
    with_number = b"Event: A\r\nCallerIDNum: +393478111222\r\nCallerIDName: Ada\r\nLinkedid: 1763000000.7\r\n\r\n"
    later = b"Event: B\r\nCallerIDName: Ada\r\nLinkedid: 1763000000.7\r\n\r\n"
    others = b"Event: C\r\nCallerIDName: Ada\r\nLinkedid: 1763000000.8\r\n\r\n"
    fill(tmp_path, [(START, with_number + later + others)])
    erase_person(tmp_path / "hq", CALLER)
    told = stream(tmp_path)
    assert told.endswith(later.replace(b"Ada", b"xxx") + others)


def test_behind_a_prefix_it_goes_from_messages_about_his_channel(tmp_path: Path) -> None:
    dialled = b"Event: A\r\nExten: 9393478111222\r\nLinkedid: 1763000000.7\r\n\r\n"
    trunk = b"Event: B\r\nCallerIDNum: +393478111222\r\nLinkedid: 1763000000.7\r\n\r\n"
    others = b"Event: C\r\nExten: 9393478111222\r\nLinkedid: 1763000000.8\r\n\r\n"
    fill(tmp_path, [(START, dialled + trunk + others)])
    assert [message.offset for message in find_person(tmp_path / "hq", CALLER).messages] == [0, len(dialled)]
    assert len(find_person(tmp_path / "hq", CALLER, ["1763000000.8"]).messages) == 3
    assert erase_person(tmp_path / "hq", CALLER).messages == 2
    assert stream(tmp_path).startswith(dialled.replace(b"9393478111222", b"0" * 13))
    assert stream(tmp_path).endswith(others)
    assert erase_person(tmp_path / "hq", CALLER, ids=["1763000000.8"]).messages == 1
    assert b"3478111222" not in stream(tmp_path)


def test_interrupted_between_names_and_number_it_is_finished_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = b"Event: A\r\nCallerIDNum: +393478111222\r\nCallerIDName: Ada\r\nUniqueid: 1763000000.7\r\n\r\n"
    fill(tmp_path, [(START, message + b"Event: B\r\nCallerIDName: Ada\r\nUniqueid: 1763000000.7\r\n\r\n")])

    def broken(*_: object) -> Iterator[None]:
        raise KeyboardInterrupt
        yield

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("cti.journal_person._numbers_in", broken)
        erase_person(tmp_path / "hq", CALLER)
    assert b"Ada" not in stream(tmp_path)
    assert b"+393478111222" in stream(tmp_path)
    assert erase_person(tmp_path / "hq", CALLER).messages == 1
    assert b"+393478111222" not in stream(tmp_path)


def test_a_file_that_is_cut_short_is_named_and_the_others_are_done(journal: Path) -> None:
    number = caller_of(journal)
    compress_closed(journal / "hq", lambda: None)
    [packed] = (journal / "hq").glob("*/events.ami.gz")
    fill(journal, recorded("asterisk-22/S01"))
    packed.write_bytes(packed.read_bytes()[:-30])
    looked = find_person(journal / "hq", number)
    assert looked.files == 2
    assert looked.unreadable == (str(packed),)
    done = erase_person(journal / "hq", number)
    assert done.files == 2
    assert done.left == 0
    assert not number.holds(stream(journal).decode("latin-1"))


def test_a_file_that_may_not_be_written_is_told(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.pwrite", full)
    with pytest.raises(OffhookError, match="No space left") as caught:
        erase_person(journal / "hq", caller_of(journal))
    assert caught.value.ref == "journal-not-erased"


def test_where_there_is_no_journal_there_is_nobody(tmp_path: Path) -> None:
    assert find_person(tmp_path / "hq", CALLER).files == 0
    assert erase_person(tmp_path / "hq", CALLER) == Overwritten()


def test_the_keeper_waits_while_a_person_is_erased(tmp_path: Path) -> None:
    (tmp_path / "hq").mkdir()
    with tidying(tmp_path / "hq"):
        with pytest.raises(BlockingIOError), tidying(tmp_path / "hq", wait=False):
            raise AssertionError
        got = threading.Event()
        waiting = threading.Thread(target=lambda: _hold(tmp_path / "hq", got), daemon=True)
        waiting.start()
        assert not got.is_set()
    waiting.join(20)
    assert got.is_set()


def _hold(place: Path, got: threading.Event) -> None:
    with tidying(place):
        got.set()


def test_times_and_offsets_are_as_before(journal: Path) -> None:
    def shape() -> list[JournalRead]:
        return [read._replace(data=b"") for read in read_journal(journal, "hq")]

    before = shape()
    erase_person(journal / "hq", caller_of(journal))
    assert shape() == before


def test_settings_of_the_journal_are_not_asked(tmp_path: Path) -> None:
    """A folder is enough: an admin may erase from a copy, too."""
    fill(tmp_path, [(START, b"CallerIDNum: +393478111222\r\n\r\n")], settings=JournalSettings(compress=True))
    assert erase_person(tmp_path / "hq", CALLER).messages == 1
