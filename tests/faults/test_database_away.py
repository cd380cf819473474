"""A real PostgreSQL is killed while calls go on: nobody waits for it, /readyz says so, on its return all is stored."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kpi.store import Store
from offhook.database import make_engine
from offhook.simulator.logs_of_calls import LoggedPlant
from offhook.simulator.server import AmiServer
from tests.faults.kept import differences_of
from tests.faults.site_under_fire import SECRET, Program, busy_plant, write_settings
from tests.pbx.lab.processes import free_port
from tests.postgresql import PostgresqlServer

BOUND_S = 240.0
CALLS_MEANWHILE = 10


async def until_ready(port: int, ready: bool) -> dict[str, object]:
    """Return the answer of ``/readyz`` once it says so."""
    url = f"http://127.0.0.1:{port}/readyz"
    async with asyncio.timeout(BOUND_S), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url) as response:
                    told: dict[str, object] = await response.json()
                    if (response.status == 200) is ready:
                        return told
            except aiohttp.ClientConnectionError:
                pass  # it is starting
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("seed", [1])
async def test_calls_wait_in_the_journal_while_the_database_is_away(tmp_path: Path, seed: int) -> None:
    database = await asyncio.to_thread(PostgresqlServer)
    plant, bustle = busy_plant(tmp_path, seed, 3.0)
    try:
        url = await asyncio.to_thread(database.make_database)
        async with AmiServer(plant, "monitor", SECRET, write_timeout_s=5.0) as server:
            port = free_port()
            store = f'[store]\nurl = "{url}"\n'
            program = Program(write_settings(tmp_path, server.port, plant, web_port=port, more=store))
            await program.begin()
            try:
                await until_ready(port, True)
                bustle.begin()
                await until_calls(plant, 10)
                await asyncio.to_thread(database.kill)
                told = await until_ready(port, False)
                assert "away" in str(told), told
                await until_calls(plant, len(plant.truth.calls) + CALLS_MEANWHILE)
                assert server.clients == 1, "the reader waits for nobody"
                await asyncio.to_thread(database.start_again)
                await until_ready(port, True)
                bustle.stop()
                engine = make_engine(url)
                try:
                    await until_all_is_stored(engine, plant)
                    gaps = await Store(engine).fetch_gaps()
                finally:
                    await engine.dispose()
                assert [gap for gap in gaps if not gap.is_history] == [], "nothing was missed"
                assert server.dropped == 0
                assert await program.stop() == 0
            finally:
                await program.kill()
    finally:
        await asyncio.to_thread(database.stop)


async def until_calls(plant: LoggedPlant, count: int) -> None:
    """Return once so many calls are over."""
    async with asyncio.timeout(BOUND_S):
        while sum(call.ended_at is not None for call in plant.truth.calls) < count:  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.05)


async def until_all_is_stored(engine: AsyncEngine, plant: LoggedPlant) -> None:
    found: list[str] = []
    try:
        async with asyncio.timeout(BOUND_S):
            while plant.open_calls or (found := await differences_of(engine, plant)):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError("\n".join(found)) from None
