"""The journal of one PBX in the running house: written as it is read, told again from a mark."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cti.journal import JournalSettings, Mark, read_journal
from cti.model import AboutCall, AgentChanged, CallEnded, CallEvent
from cti.pbx.settings import PbxSettings
from kpi.columns import EPOCH
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
    assert {type(event) for event in told if not isinstance(event, AboutCall)} == {AgentChanged}
    (call,) = [event.call for event in told if isinstance(event, CallEnded)]
    (real,) = [event.call for event in replay(RECORDINGS / "S01") if isinstance(event, CallEnded)]
    assert (call.call_id, call.outcome, call.answered_by) == (real.call_id, real.outcome, real.answered_by)
    assert call.origin.session == session


async def written(folder: Path, *connections: tuple[datetime, str]) -> None:
    """A journal of connections: when each one was made, and the scenario that was told in it, a second later."""
    for at, scenario in connections:
        journal = journal_of(folder)
        journal.open(lambda: None)
        journal.new_session()
        journal.append(b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: 1\r\n\r\n", at)
        if scenario:
            journal.append(recorded(scenario), at + timedelta(seconds=1))
        await journal.close()


async def test_a_store_that_knows_nothing_is_told_the_journals_last_day(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    await written(tmp_path, (now - timedelta(minutes=5), "S01"))
    told: list[CallEvent] = []
    await PbxLine(PBX, told.append, journal_of(tmp_path)).recover(None, breathe)
    assert sum(isinstance(event, CallEnded) for event in told) == 1


async def test_the_time_between_two_connections_was_missed_and_one_without_a_log_in_heard_nothing(
    tmp_path: Path,
) -> None:
    """A store that was away until the crash has heard of none of these turns."""
    first = datetime.now(UTC) - timedelta(minutes=5)
    second, refused = first + timedelta(seconds=30), first + timedelta(seconds=60)
    await written(tmp_path, (first, "S01"), (second, "S02"), (refused, ""))
    line = PbxLine(PBX, lambda _: None, journal_of(tmp_path))
    missed: list[tuple[datetime, datetime]] = []
    await line.recover(None, breathe, lambda *times: missed.append(times))
    heard = first + timedelta(seconds=1), second + timedelta(seconds=1)
    assert missed == [(EPOCH, heard[0]), heard]
    assert line.known_until == second + timedelta(seconds=1)


async def test_without_a_journal_nothing_is_told(tmp_path: Path) -> None:
    told: list[CallEvent] = []
    line = PbxLine(PBX, told.append, journal_of(tmp_path))
    await line.recover(None, breathe)
    await PbxLine(PBX, told.append).recover(Mark("20260101T000000", 0), breathe)
    assert (told, line.known_until) == ([], None)


def test_it_is_not_written_before_it_is_open(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="not open"):
        journal_of(tmp_path).new_session()
    assert journal_of(tmp_path).known_until() is None
