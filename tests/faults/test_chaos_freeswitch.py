"""A FreeSWITCH's calls while Offhook is killed and cut off: what was heard is exact, what was not is in the ledger.

The simulated FreeSWITCH writes no records of its own, so nothing fills the gaps here: a call that began and ended where
nobody heard is lost, and the ledger says when that was. All others are there, once, with an end; those that met no gap
are exact.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.model import Call, CallOutcome
from kpi.gaps import BEFORE, Gap
from kpi.store import Store
from offhook.database import make_engine
from offhook.simulator.freeswitch.plant import FreeswitchPlant
from offhook.simulator.freeswitch.server import FreeswitchServer
from offhook.simulator.people import Public
from offhook.simulator.traffic import Traffic
from offhook.simulator.truth import CallTruth
from tests.faults.faulty_line import FaultyLine
from tests.faults.kept import fetch_calls, story_differences
from tests.faults.site_under_fire import SECRET, TEMPER, Brisk, Program, brisk_site
from tests.faults.storm import Storm, cut_again_and_again, known_gaps, until

CALLS = 300
KILLS = 20
CUTS = 10
CALM_CALLS = 75  # at least so many after the storm, however many it met on a slow machine
CALLS_PER_SECOND = 2.0
TOLD_WITHIN_S = 60.0
SLACK = timedelta(seconds=3)  # between the two clocks, and between what happens and what a snapshot tells of it
TRAFFIC = Traffic(calls_per_hour=3600.0 * CALLS_PER_SECOND, talk_median_s=6.0, patience_mean_s=8.0)


def write_settings(folder: Path, port: int) -> Path:
    path = folder / "offhook.toml"
    path.write_text(
        f'[[pbx]]\nname = "sim"\nkind = "freeswitch"\nport = {port}\nsecret = "{SECRET}"\n'
        "backoff_first_s = 0.05\nbackoff_max_s = 0.5\nkeepalive_s = 1\nkeepalive_deadline_s = 2\n"
        '[web]\nlisten = "127.0.0.1:0"\n'
    )
    return path


@pytest.mark.parametrize("seed", [1])
async def test_what_was_heard_is_exact_and_what_was_not_is_in_the_ledger(tmp_path: Path, seed: int) -> None:
    plant = FreeswitchPlant(brisk_site(60, 6), seed=seed, started_at=datetime.now(UTC), temper=TEMPER)
    bustle = Brisk(plant, Public(random.Random(seed), []), TRAFFIC, seed=seed)
    plant.staff_logs_in()
    async with FreeswitchServer(plant, SECRET) as server, FaultyLine(server.port) as line:
        program = Program(write_settings(tmp_path, line.port))
        storm = Storm(program, line, seed)
        try:
            await program.begin()
            await until(lambda: BEFORE in known_gaps(tmp_path))
            bustle.begin()
            await program.kill()
            async with cut_again_and_again(storm):
                await storm.kill_until(KILLS)
                await program.begin()
                await until(lambda: line.cuts >= CUTS)
            enough = max(CALLS, len(plant.truth.calls) + CALM_CALLS)
            await until(lambda: len(plant.truth.calls) >= enough)
            bustle.stop()
            await until(lambda: line.up and plant.open_calls == 0)
            await until_nothing_differs(tmp_path, plant)
            assert await program.stop() == 0, program.log()[-3000:]
        finally:
            await program.kill()
    assert program.kills >= KILLS
    await check_how_much_was_tried(tmp_path, plant)


async def check_how_much_was_tried(folder: Path, plant: FreeswitchPlant) -> None:
    """A good part of the calls met a gap, and as many as came after the storm met none, but for those that it saw."""
    engine = make_engine("sqlite:///offhook.sqlite", beside=folder)
    gaps = silences(await Store(engine).fetch_gaps())
    await engine.dispose()
    touched = sum(is_touched(plant, call, gaps) for call in plant.truth.calls)
    assert touched > CALLS / 5
    assert len(plant.truth.calls) - touched > CALM_CALLS / 3


async def until_nothing_differs(folder: Path, plant: FreeswitchPlant) -> None:
    engine = make_engine("sqlite:///offhook.sqlite", beside=folder)
    found: list[str] = []
    try:
        async with asyncio.timeout(TOLD_WITHIN_S):
            while found := await differences(engine, plant):  # noqa: ASYNC110  the store does not call back
                await asyncio.sleep(0.5)
    except TimeoutError:
        raise AssertionError("\n".join(found)) from None
    finally:
        await engine.dispose()


async def differences(engine: AsyncEngine, plant: FreeswitchPlant) -> list[str]:
    """What is lost though heard, doubled or a ghost; what is told otherwise of calls that met no gap; and the sums."""
    calls, gaps = await fetch_calls(engine), silences(await Store(engine).fetch_gaps())
    truths = {call.uniqueid: call for call in plant.truth.calls}
    told = story_differences(plant, calls)
    excused = {key for key, call in truths.items() if is_touched(plant, call, gaps)}
    unheard = {key for key, call in truths.items() if is_unheard(plant, call, gaps)}
    found = [one for one in told if ": lost" not in one and not any(f"({key})" in one for key in excused)]
    found += [one for one in told if ": lost" in one and not any(f"({key})" in one for key in unheard)]
    found += [f"{key} goes on for ever" for key, call in calls.items() if call.outcome is None]
    return found + await sums_differ(engine, calls)


async def sums_differ(engine: AsyncEngine, calls: dict[str, Call]) -> list[str]:
    counted: Counter[CallOutcome] = Counter()
    for key, tally in (await Store(engine).fetch_totals()).items():
        if not key.agent:
            counted.update(tally.calls)
    really = Counter(call.outcome for call in calls.values() if call.outcome is not None)
    return [] if +counted == really else [f"tallies: {+counted}, not {really}"]


def span_of(plant: FreeswitchPlant, call: CallTruth) -> tuple[datetime, datetime]:
    end_s = call.offered_at if call.ended_at is None else call.ended_at
    return plant.started_at + timedelta(seconds=call.offered_at), plant.started_at + timedelta(seconds=end_s)


def silences(gaps: list[Gap]) -> list[tuple[datetime, datetime]]:
    """From when to when nothing was known: the gaps, and what lies between two that follow each other at once.

    Who comes back asks for the present, and FreeSWITCH writes the table behind ``show`` up to a second late: who is
    killed again before the answer has heard of nobody.
    """
    found: list[tuple[datetime, datetime]] = []
    for gap in sorted(gaps, key=lambda gap: gap.began_at):
        end = gap.ended_at or datetime.now(UTC)
        if found and gap.began_at < found[-1][1] + SLACK:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((gap.began_at, end))
    return found


def is_touched(plant: FreeswitchPlant, call: CallTruth, silent: list[tuple[datetime, datetime]]) -> bool:
    begin, end = span_of(plant, call)
    return any(since - SLACK < end and begin < till + SLACK for since, till in silent)


def is_unheard(plant: FreeswitchPlant, call: CallTruth, silent: list[tuple[datetime, datetime]]) -> bool:
    begin, end = span_of(plant, call)
    return any(since - SLACK < begin and end < till + SLACK for since, till in silent)
