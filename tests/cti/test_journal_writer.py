"""The journal being written: in order, whole, and by a program that is killed, on disks that are full or slow."""

from __future__ import annotations

import os
import random
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path

import msgspec
import pytest

from cti.journal import JournalRead, JournalSettings, Mark, list_sessions, read_journal
from cti.journal_writer import JournalError, JournalWriter
from cti.pbx.dialect import Frame
from cti.pbx.settings import PbxSettings
from tests.cti.journal_on_full_disk import Seen
from tests.cti.journaled import SETTINGS, START, fill, made_up, recorded, until
from tests.cti.link_contract import DRIVERS, until as wait_until, watching
from tests.cti.scripted_pbx import SECRET, USERNAME, ScriptedPbx, pause_event

ROOT = Path(__file__).parents[2]


def told(folder: Path) -> list[tuple[str, bytes]]:
    return [(str(read.received_at), read.data) for read in read_journal(folder, "hq")]


def expected(reads: list[tuple[object, bytes]]) -> list[tuple[str, bytes]]:
    return [(str(at), data) for at, data in reads]


def python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def test_what_was_read_comes_out_as_it_went_in(tmp_path: Path) -> None:
    reads = list(islice(made_up(1), 300))
    fill(tmp_path, reads)
    assert told(tmp_path) == expected(reads)


def test_each_connection_has_a_folder_of_its_own(tmp_path: Path) -> None:
    one, two = list(islice(made_up(1), 30)), list(islice(made_up(2), 30))
    names = fill(tmp_path, one, [], two)
    assert list_sessions(tmp_path, "hq") == [names[0], names[2]]
    reads = list(read_journal(tmp_path, "hq"))
    assert [read.session for read in reads] == [names[0]] * 30 + [names[2]] * 30
    assert next(read.offset for read in reads if read.session == names[2]) == 0
    assert told(tmp_path) == expected(one + two)


def test_a_later_program_goes_on_with_later_names(tmp_path: Path) -> None:
    (tmp_path / "hq" / "29991231T235959.999998Z").mkdir(parents=True)
    names = fill(tmp_path, [(START, b"one")], [(START, b"two")])
    assert names == ["29991231T235959.999999Z", "30000101T000000.000000Z"]
    assert [data for _, data in told(tmp_path)] == [b"one", b"two"]


def test_a_file_is_followed_by_the_next_one_when_it_is_full(tmp_path: Path) -> None:
    reads = list(islice(made_up(3), 200))
    size = sum(len(data) for _, data in reads)
    assert size > 3 << 20
    (name,) = fill(tmp_path, reads, settings=JournalSettings(max_file_mib=1, compress=False))
    files = sorted((tmp_path / "hq" / name).glob("events*"))
    assert len(files) >= 4
    assert all(file.stat().st_size <= 2 << 20 for file in files)
    assert told(tmp_path) == expected(reads)


def test_complete_files_are_compressed_beside_the_writing(tmp_path: Path) -> None:
    reads = recorded("asterisk-22/mix-1")
    writer = JournalWriter(tmp_path, "hq", "asterisk", JournalSettings(max_file_mib=1))
    folder = tmp_path / "hq" / writer.new_session()
    for at, data in reads:
        writer.append(data, at)
    until(lambda: not writer.health().bytes_waiting)
    until(lambda: len(list(folder.glob("events*.ami"))) == 1 and len(list(folder.glob("timing*.jsonl"))) == 1)
    assert told(tmp_path) == expected(reads)
    writer.close()
    packed = sum(file.stat().st_size for file in folder.glob("events*.gz"))
    assert 0 < packed < sum(len(data) for _, data in reads) / 8


def test_only_the_own_user_can_read_it(tmp_path: Path) -> None:
    fill(tmp_path / "far" / "journal", recorded("asterisk-22/S01"), settings=JournalSettings(max_file_mib=1))
    paths = [tmp_path / "far", *(tmp_path / "far").rglob("*")]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_dir()}
    assert modes == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_file()} == {0o600}


def test_one_program_at_a_time(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, "hq", "asterisk", SETTINGS)
    with pytest.raises(JournalError) as caught:
        JournalWriter(tmp_path, "hq", "asterisk", SETTINGS)
    assert caught.value.ref == "journal-in-use"
    JournalWriter(tmp_path, "branch", "asterisk", SETTINGS).close()
    writer.close()
    JournalWriter(tmp_path, "hq", "asterisk", SETTINGS).close()


def test_a_folder_that_cannot_be_made_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file")
    with pytest.raises(JournalError) as caught:
        JournalWriter(tmp_path / "journal", "hq", "asterisk", SETTINGS)
    assert caught.value.ref == "journal-no-folder"


def test_bytes_that_came_before_any_session_begin_one(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, "hq", "asterisk", SETTINGS)
    writer.append(b"early", START)
    writer.close()
    assert [data for _, data in told(tmp_path)] == [b"early"]


@pytest.mark.parametrize("hours", [-2, 300])
def test_a_clock_that_jumps_while_connected_changes_no_order_and_no_instant(tmp_path: Path, hours: int) -> None:
    jump = timedelta(hours=hours)
    reads = [(START, b"one"), (START + jump, b"two"), (START + jump + timedelta(microseconds=1), b"three")]
    fill(tmp_path, reads)
    assert told(tmp_path) == expected(reads)


def test_killed_at_any_moment_it_reads_back_whole(tmp_path: Path) -> None:
    """Twelve programs one after the other, each killed after some time, all on the same journal."""
    chance = random.Random(7)
    reached: dict[str, tuple[int, int]] = {}
    for seed in range(12):
        command = python("tests.cti.journal_victim", str(tmp_path), str(seed))
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as victim:
            assert victim.stdout is not None
            line, enough = victim.stdout.readline(), chance.random() * 3 * 1024 * 1024
            while int(line.split()[1]) < enough:
                line = victim.stdout.readline()
            time.sleep(chance.random() * 0.02)  # the moment of the kill, which is what is tried here
            victim.kill()
            session, _, offset = (line + victim.stdout.read()).decode().splitlines()[-1].partition(" ")
        reached[session] = seed, int(offset)
        check_killed(tmp_path, {session: reached[session]})
    check_killed(tmp_path, reached)
    assert list_sessions(tmp_path, "hq") == sorted(reached)
    writer = JournalWriter(tmp_path, "hq", "asterisk", JournalSettings())
    until(lambda: bool(list((tmp_path / "hq").rglob("*.gz"))))
    writer.close()
    check_killed(tmp_path, reached)


def check_killed(folder: Path, reached: dict[str, tuple[int, int]]) -> None:
    reads: dict[str, list[JournalRead]] = {}
    for read in read_journal(folder, "hq", Mark(min(reached), 0)):
        reads.setdefault(read.session, []).append(read)
    for session, (seed, offset) in reached.items():
        written = reads[session]
        offsets = [0]
        for at, data in islice(made_up(seed), len(written) - 1):
            read = written[len(offsets) - 1]
            assert (read.received_at, read.offset, read.data) == (at, offsets[-1], data)
            offsets.append(offsets[-1] + len(data))
        last = written[-1]  # may be several reads: those whose bytes were written, and their times were not
        rest = b"".join(data for _, data in islice(made_up(seed), len(written) - 1, len(written) + 100))
        assert last.offset == offsets[-1]
        assert rest[: len(last.data)] == last.data
        assert last.offset + len(last.data) >= offset


@pytest.fixture(scope="module")
def after_a_full_disk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Seen]:
    folder = tmp_path_factory.mktemp("full")
    return folder, on_full_disk(folder, "mended")


def on_full_disk(folder: Path, end: str) -> Seen:
    command = python("tests.cti.journal_on_full_disk", str(folder), "5", end)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=True)
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Seen)


def test_a_full_disk_loses_nothing_as_long_as_memory_lasts(after_a_full_disk: tuple[Path, Seen]) -> None:
    _, seen = after_a_full_disk
    assert seen.waited
    assert seen.failing == "File too large"  # what a limit on file sizes says; a disk: No space left on device


def test_what_memory_cannot_hold_is_one_gap_that_is_reported(after_a_full_disk: tuple[Path, Seen]) -> None:
    folder, seen = after_a_full_disk
    reads = list(islice(made_up(5, largest=4_000), seen.fits + seen.too_many + seen.later))
    (loss,) = seen.losses
    assert (loss.reads, loss.bytes) == (seen.reads_lost, seen.bytes_lost)
    assert loss.cause == seen.failing
    end = seen.fits + seen.too_many
    lost = reads[end - loss.reads : end]
    assert (loss.from_at, loss.to_at) == (lost[0][0], lost[-1][0])
    assert loss.bytes == sum(len(data) for _, data in lost)
    assert told(folder) == expected(reads[: end - loss.reads] + reads[end:])


def test_when_there_is_room_again_the_stream_goes_on_in_new_files(after_a_full_disk: tuple[Path, Seen]) -> None:
    folder, seen = after_a_full_disk
    assert seen.failing_afterwards is None
    reads = list(read_journal(folder, "hq"))
    gaps = [
        (before.offset + len(before.data), after.offset)
        for before, after in pairwise(reads)
        if before.offset + len(before.data) != after.offset
    ]
    ((gap_from, gap_to),) = gaps
    assert gap_to - gap_from == seen.bytes_lost
    assert (folder / "hq" / reads[0].session / f"events.{gap_to:012d}.ami").is_file()


def test_a_program_that_ends_while_the_disk_is_full_tells_what_it_lost(tmp_path: Path) -> None:
    seen = on_full_disk(tmp_path, "full")
    reads = list(islice(made_up(5, largest=4_000), seen.fits + seen.too_many))
    written = told(tmp_path)
    assert written == expected(reads[: len(written)])
    assert sum(loss.reads for loss in seen.losses) == seen.reads_lost == len(reads) - len(written)
    assert seen.losses[0].from_at == reads[len(written)][0]


@pytest.fixture
def frozen_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own; ``fsfreeze`` makes it one that stalls."""
    image, place = tmp_path / "disk", tmp_path / "mounted"
    image.touch()
    os.truncate(image, 16 << 20)
    place.mkdir()
    tools = ("mkfs.ext4", "mount", "umount", "fsfreeze")
    if not all(shutil.which(tool) for tool in tools):
        pytest.skip("needs mkfs.ext4, mount and fsfreeze")
    subprocess.run(["mkfs.ext4", "-q", image], check=True, capture_output=True)
    if subprocess.run(["mount", "-o", "loop", image, place], check=False, capture_output=True).returncode:
        pytest.skip("cannot mount a file system here")
    try:
        yield place
    finally:
        subprocess.run(["fsfreeze", "-u", place], check=False, capture_output=True)
        subprocess.run(["umount", "-l", place], check=True, capture_output=True)


def test_a_disk_that_stalls_does_not_hold_up_the_reader(frozen_disk: Path) -> None:
    reads = list(islice(made_up(9, largest=4_000), 400))
    writer = JournalWriter(frozen_disk, "hq", "asterisk", SETTINGS)
    for at, data in reads[:100]:
        writer.append(data, at)
    until(lambda: not writer.health().bytes_waiting)
    subprocess.run(["fsfreeze", "-f", frozen_disk], check=True)
    for at, data in reads[100:]:
        writer.append(data, at)  # would stand here for ever if it wrote
    assert writer.health().bytes_waiting == sum(len(data) for _, data in reads[100:])
    subprocess.run(["fsfreeze", "-u", frozen_disk], check=True)
    until(lambda: not writer.health().bytes_waiting)
    writer.close()
    assert told(frozen_disk) == expected(reads)


def test_a_disk_that_hangs_does_not_hold_up_the_end(frozen_disk: Path) -> None:
    writer = JournalWriter(frozen_disk, "hq", "asterisk", SETTINGS)
    writer.append(b"one", START)
    until(lambda: not writer.health().bytes_waiting)
    subprocess.run(["fsfreeze", "-f", frozen_disk], check=True)
    writer.append(b"two", START)
    writer.close(timeout_s=0.2)
    assert writer.health().bytes_waiting == 3
    subprocess.run(["fsfreeze", "-u", frozen_disk], check=True)
    writer.close()
    assert [data for _, data in told(frozen_disk)] == [b"one", b"two"]


def test_health_tells_how_far_it_is(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, "hq", "asterisk", SETTINGS)
    assert writer.health().written is None
    session = writer.new_session()
    for data in (b"one", b"two", b"three"):
        writer.append(data, START)
    until(lambda: not writer.health().bytes_waiting)
    health = writer.health()
    assert (health.session, health.written, health.bytes_written) == (session, Mark(session, 11), 11)
    assert (health.reads_lost, health.bytes_lost, health.failing) == (0, 0, None)
    writer.close()


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_link_and_its_journal_name_the_same_bytes(tmp_path: Path, driver: str) -> None:
    """Where an event was read, as told to the house, is where it is in the journal; after a reconnect too."""
    seen: list[tuple[str, Frame]] = []

    def take(frames: Iterable[Frame], at: datetime, session: str) -> None:
        seen.extend((session, frame) for frame in frames)

    writer = JournalWriter(tmp_path, "hq", "asterisk", SETTINGS)
    async with ScriptedPbx() as pbx:
        settings = PbxSettings(
            name="hq", driver=driver, username=USERNAME, secret=SECRET, port=pbx.port, backoff_first_s=0.01
        )
        async with watching(settings, frames=take, tap=writer.append, new_session=writer.new_session) as watch:
            link = await watch.up()
            await pbx.send(pause_event("lunch"), piece=7)
            await wait_until(lambda: len(seen) == 1)
            pbx.cut()
            await wait_until(lambda: link.health().reconnects == 1)
            await pbx.send(pause_event("Pausa caffè"), piece=7)
            await wait_until(lambda: len(seen) == 2)
    writer.close()
    streams: dict[str, bytes] = {}
    for read in read_journal(tmp_path, "hq"):
        streams[read.session] = streams.get(read.session, b"") + read.data
    assert list(streams) == sorted(session for session, _ in seen)
    for session, frame in seen:
        assert streams[session][frame.offset : frame.offset + len(frame.raw)] == frame.raw
