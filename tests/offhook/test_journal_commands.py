"""Recording a PBX, scrubbing what was recorded, and filling a store from the journal, as an admin does it."""

from __future__ import annotations

import asyncio
import gzip
import os
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cti.link import LoginRefused
from cti.model import Call
from cti.pbx.settings import PbxSettings
from cti.recording import Recording
from cti.scrub import scrub
from cti.wire.esl import EslWire
from kpi.reading import CallFilter
from kpi.store import Store
from offhook.journal_commands import (
    CommandError,
    choose_pbx,
    journal_folder,
    rebuild,
    rebuilt_lines,
    record,
    recorded_lines,
    tell_again,
)
from offhook.main import app
from offhook.replay import call_row, replay, rows
from offhook.run import open_store
from offhook.settings import Settings, load_settings
from tests.cti.journaled import SETTINGS, START, fill, recorded as reads_of
from tests.cti.link_contract import until
from tests.cti.scripted_freeswitch import PASSWORD, ScriptedFreeswitch
from tests.cti.scripted_pbx import ScriptedPbx
from tests.offhook.house import RECORDINGS, pbx_settings, recorded, settings_for, write_settings

FREESWITCH = RECORDINGS.parent / "freeswitch"


@pytest.fixture(autouse=True)
def umask_put_back() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


async def settled(pbx: ScriptedPbx, data: bytes) -> None:
    """The PBX has been asked for its present, and says this after it."""
    await until(lambda: pbx.asked("Status"))
    await pbx.send(data)


class TestRecord:
    async def test_what_the_pbx_says_becomes_a_recording(self, tmp_path: Path) -> None:
        out = tmp_path / "rec"
        async with ScriptedPbx() as pbx:
            task = asyncio.create_task(record(pbx_settings(pbx), out, None))
            await settled(pbx, recorded("S01"))
            events = out / "events.ami"
            await until(lambda: events.is_file() and recorded("S01") in events.read_bytes())
            os.kill(os.getpid(), signal.SIGINT)
            done = await task
        assert done.cause is None
        assert done.bytes == events.stat().st_size
        assert done.reads == len(list(Recording(out).reads()))
        calls = [row for row in rows(replay(out, ("trunk",))) if row["type"] == "call"]
        expected = [row for row in rows(replay(RECORDINGS / "S01", ("trunk",))) if row["type"] == "call"]
        assert [(row["caller"], row["outcome"], row["answered_by"]) for row in calls] == [
            (row["caller"], row["outcome"], row["answered_by"]) for row in expected
        ]
        assert "offhook scrub" in recorded_lines(done, out)[-1]

    async def test_a_freeswitchs_recording_is_replayed_and_scrubbed(self, tmp_path: Path) -> None:
        """With what FreeSWITCH answered about its present in it, and people beyond ASCII."""
        stream = gzip.decompress((FREESWITCH / "S08" / "events.esl.gz").read_bytes())
        events = stream[EslWire().feed(stream)[3].offset :]
        out = tmp_path / "rec"
        async with ScriptedFreeswitch() as pbx:
            settings = PbxSettings(name="hq", kind="freeswitch", port=pbx.port, secret=PASSWORD)
            task = asyncio.create_task(record(settings, out, None))
            await until(lambda: len(pbx.asked("api echo")) == 2)
            pbx.send(events)
            written = out / "events.esl"
            await until(lambda: written.is_file() and events in written.read_bytes())
            os.kill(os.getpid(), signal.SIGINT)
            done = await task
        assert (done.cause, done.bytes) == (None, written.stat().st_size)
        scrub(out, tmp_path / "scrubbed")
        [before], [after] = (
            [row for row in rows(replay(one)) if row["type"] == "call"] for one in (out, tmp_path / "scrubbed")
        )
        people = ("caller", "caller_name", "dialled")
        assert {name: before[name] for name in before if name not in people} == {
            name: after[name] for name in after if name not in people
        }
        assert before["caller_name"] == "Sinéad O'Neill"
        assert all(before[name] != after[name] for name in people)
        assert "Neill" not in (tmp_path / "scrubbed" / "events.esl").read_text()

    async def test_it_ends_when_the_time_is_up(self, tmp_path: Path) -> None:
        async with ScriptedPbx() as pbx:
            done = await record(pbx_settings(pbx), tmp_path / "rec", 0.3)
        assert done.cause is None
        assert done.bytes == (tmp_path / "rec" / "events.ami").stat().st_size > 0

    async def test_it_ends_with_the_connection(self, tmp_path: Path) -> None:
        async with ScriptedPbx() as pbx:
            task = asyncio.create_task(record(pbx_settings(pbx), tmp_path / "rec", None))
            await settled(pbx, recorded("S03"))
            pbx.cut()
            done = await task
        assert done.cause
        assert len(recorded_lines(done, tmp_path)) == 3
        assert len(pbx.asked("Login")) == 1

    async def test_a_pbx_that_does_not_let_us_in(self, tmp_path: Path) -> None:
        async with ScriptedPbx() as pbx:
            with pytest.raises(LoginRefused):
                await record(pbx_settings(pbx, secret="wrong"), tmp_path / "rec", None)
        assert not (tmp_path / "rec").exists()

    async def test_a_pbx_that_is_not_there(self, tmp_path: Path) -> None:
        async with ScriptedPbx() as pbx:
            settings = pbx_settings(pbx)
        with pytest.raises(CommandError) as caught:
            await record(settings, tmp_path / "rec", 0.3)
        assert caught.value.ref == "record-nothing"
        assert not (tmp_path / "rec").exists()

    async def test_a_folder_that_is_there(self, tmp_path: Path) -> None:
        (tmp_path / "mine.txt").write_text("x")
        async with ScriptedPbx() as pbx:
            with pytest.raises(CommandError) as caught:
                await record(pbx_settings(pbx), tmp_path, 1.0)
        assert caught.value.ref == "record-target-exists"
        assert not pbx.asked("Login")

    async def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        async with ScriptedPbx() as pbx:
            with pytest.raises(CommandError) as caught:
                await record(pbx_settings(pbx), tmp_path / "file" / "rec", None)
        assert caught.value.ref == "record-cannot-write"

    async def test_which_pbx(self) -> None:
        async with ScriptedPbx() as pbx:
            one, two = pbx_settings(pbx, "milan"), pbx_settings(pbx, "rome")
        assert choose_pbx(settings_for(one), None) == one
        assert choose_pbx(settings_for(one, two), "rome") == two
        for name in (None, "rom"):
            with pytest.raises(CommandError) as caught:
                choose_pbx(settings_for(one, two), name)
            assert caught.value.ref == "record-which-pbx"


class TestScrub:
    def test_what_was_done_is_told(self, tmp_path: Path) -> None:
        done = call("scrub", RECORDINGS / "S01", tmp_path / "out")
        assert done.exit_code == 0
        assert "2 numbers" in done.output
        assert "left out: cdr.csv, cel.csv, queue_log, truth.json" in done.output
        assert len(list(rows(replay(tmp_path / "out")))) == 1

    def test_words_can_be_kept_and_hidden(self, tmp_path: Path) -> None:
        call("scrub", RECORDINGS / "S01", tmp_path / "out", "--hide", "sales", "--keep", "Rossi", "--keep", "monitor")
        text = (tmp_path / "out" / "events.ami").read_text()
        assert "sales" not in text
        assert "Rossi" in text
        assert "AccountID: monitor" in text

    def test_errors_are_told_in_some_lines(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        for out, ref in ((tmp_path, "scrub-target-exists"), (tmp_path / "file" / "x", "scrub-cannot-write")):
            done = call("scrub", RECORDINGS / "S01", out)
            assert done.exit_code == 2
            assert ref in done.output
            assert "Traceback" not in done.output
        assert "recording-missing" in call("scrub", tmp_path / "nothing", tmp_path / "out").output


def written(folder: Path, settings: Settings) -> list[Call]:
    async def fetch() -> list[Call]:
        async with open_store(settings, folder) as engine:
            return await Store(engine).fetch_calls(CallFilter(), limit=1000)

    return asyncio.run(fetch())


class TestRebuild:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        """An installation whose journal holds three connections, an hour apart."""
        path = write_settings(tmp_path, 5038)
        hours = [
            reads_of(f"asterisk-22/{name}", START + timedelta(hours=i)) for i, name in enumerate(("S01", "S25", "S08"))
        ]
        fill(tmp_path / "journal", *hours, pbx="main", settings=SETTINGS)
        return load_settings(path, {})

    def test_the_store_is_filled_and_a_second_time_changes_nothing(self, tmp_path: Path, settings: Settings) -> None:
        first = call("rebuild", "-c", tmp_path / "offhook.toml")
        assert first.exit_code == 0
        assert "main: 10 calls stored" in first.output
        calls = written(tmp_path, settings)
        assert len(calls) == 10
        assert call("rebuild", "-c", tmp_path / "offhook.toml").exit_code == 0
        assert written(tmp_path, settings) == calls

    def test_the_rows_are_those_that_a_replay_tells(self, tmp_path: Path, settings: Settings) -> None:
        asyncio.run(rebuild(settings, tmp_path, None))
        (session, *_) = sorted(path.name for path in (tmp_path / "journal" / "main").iterdir() if path.is_dir())
        told = next(rows(replay(tmp_path / "journal" / "main" / session, ("trunk",))))
        first = min(written(tmp_path, settings), key=lambda one: one.offered_at)
        timed = {"offered_at", "queued_at", "answered_at", "ended_at", "stays", "talks"}
        row = call_row(first)
        assert {key: row[key] for key in row.keys() - timed} == {key: told[key] for key in told.keys() - timed}
        assert first.origin.session == session
        assert first.pbx == "main"

    def test_from_an_instant_on(self, tmp_path: Path, settings: Settings) -> None:
        since = START + timedelta(minutes=30)
        asyncio.run(rebuild(settings, tmp_path, since))
        calls = written(tmp_path, settings)
        assert len(calls) == 9
        assert all(one.offered_at >= since for one in calls)

    def test_the_instant_may_be_in_the_middle_of_calls(self, tmp_path: Path, settings: Settings) -> None:
        everything: list[Call] = []
        for _ in tell_again(settings.pbx[0], tmp_path / "journal", everything, None):
            pass
        for since in sorted(one.offered_at for one in everything):
            calls: list[Call] = []
            for _ in tell_again(settings.pbx[0], tmp_path / "journal", calls, since):
                pass
            assert calls == [one for one in everything if one.offered_at >= since]

    def test_a_local_date(self, tmp_path: Path, settings: Settings) -> None:
        tomorrow = (START + timedelta(days=2)).astimezone()
        done = call("rebuild", "-c", tmp_path / "offhook.toml", "--from", f"{tomorrow:%Y-%m-%d}")
        assert "main: 0 calls stored" in done.output
        assert written(tmp_path, settings) == []

    def test_without_a_journal_it_says_so(self, tmp_path: Path) -> None:
        write_settings(tmp_path, 5038)
        done = call("rebuild", "-c", tmp_path / "offhook.toml")
        assert (done.exit_code, done.output) == (0, "main: there is no journal\n")

    def test_progress_is_told(self, tmp_path: Path, settings: Settings) -> None:
        told: list[tuple[str, int]] = []
        done = asyncio.run(rebuild(settings, tmp_path, None, lambda pbx, calls: told.append((pbx, calls))))
        assert told[-1] == ("main", 10)
        assert isinstance(done[0].until, datetime)
        assert rebuilt_lines(done)[0].startswith("main: 10 calls stored; the journal ends at 2026-11-21 11:00:")


def test_the_journal_is_beside_the_settings_unless_they_say_otherwise(tmp_path: Path) -> None:
    settings = load_settings(write_settings(tmp_path, 5038), {})
    assert journal_folder(settings, tmp_path) == tmp_path / "journal"
    elsewhere = write_settings(tmp_path, 5038, more='[journal]\nfolder = "/var/lib/offhook/journal"\n')
    assert journal_folder(load_settings(elsewhere, {}), tmp_path) == Path("/var/lib/offhook/journal")
