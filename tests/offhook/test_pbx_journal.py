"""The journal of one PBX in the running house: written as it is read, told again from a mark."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cti.journal import JournalSettings, Mark, read_journal
from cti.model import AboutCall, CallEnded, CallEvent
from cti.pbx.settings import PbxSettings
from offhook.pbx_journal import PbxJournal
from offhook.pbx_line import PbxLine
from offhook.replay import replay
from tests.cti.link_contract import until
from tests.cti.scripted_pbx import ScriptedPbx
from tests.offhook.house import RECORDINGS, pbx_settings, recorded

SETTINGS = JournalSettings(compress=False)
PBX = PbxSettings(name="main", username="offhook", trunks=["trunk"])


async def breathe() -> None:
    await asyncio.sleep(0)


def journal_of(folder: Path, pbx: PbxSettings = PBX) -> PbxJournal:
    return PbxJournal(SETTINGS, folder, pbx)


async def test_what_the_link_reads_is_in_the_journal(tmp_path: Path) -> None:
    async with ScriptedPbx() as pbx:
        settings = pbx_settings(pbx)
        journal = journal_of(tmp_path, settings)
        journal.open(lambda: None)
        line = PbxLine(settings, lambda _: None, journal)
        running = asyncio.create_task(line.run())
        await until(lambda: line.link.connected)
        session = line.link.session
        await line.close()
        await running
    reads = list(read_journal(tmp_path / "journal", settings.name))
    assert {read.session for read in reads} == {session}
    assert b"".join(read.data for read in reads).startswith(b"Asterisk Call Manager/")
    assert journal.known_until() is not None


async def test_a_line_tells_again_what_the_store_lacks_and_then_goes_on(tmp_path: Path) -> None:
    journal = journal_of(tmp_path)
    assert journal.health() is None
    journal.open(lambda: None)
    assert (health := journal.health()) is not None and health.pbx == PBX.name
    session = journal.new_session()
    at = datetime.now(UTC)
    journal.append(b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: 1\r\n\r\n", at)
    journal.append(recorded("S01"), at + timedelta(seconds=1))
    await journal.close()

    told: list[CallEvent] = []
    line = PbxLine(PBX, told.append, journal_of(tmp_path))
    await line.recover(Mark(session, 0), breathe)
    assert {type(event) for event in told if not isinstance(event, AboutCall)} == set()
    (call,) = [event.call for event in told if isinstance(event, CallEnded)]
    (real,) = [event.call for event in replay(RECORDINGS / "S01") if isinstance(event, CallEnded)]
    assert (call.call_id, call.outcome, call.answered_by) == (real.call_id, real.outcome, real.answered_by)
    assert call.origin.session == session


async def test_without_a_mark_nothing_is_told(tmp_path: Path) -> None:
    told: list[CallEvent] = []
    await PbxLine(PBX, told.append, journal_of(tmp_path)).recover(None, breathe)
    await PbxLine(PBX, told.append).recover(Mark("20260101T000000", 0), breathe)
    assert told == []


def test_it_is_not_written_before_it_is_open(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="not open"):
        journal_of(tmp_path).new_session()
    assert journal_of(tmp_path).known_until() is None
