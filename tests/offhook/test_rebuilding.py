"""``offhook rebuild --tallies``, as a supervisor runs it who does not trust a number."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from typer.testing import CliRunner

from kpi import schema
from kpi.batch import Batch
from kpi.store import Store
from offhook.main import app
from offhook.rebuilding import rebuild_tallies, rebuilt_lines
from offhook.run import open_store
from offhook.settings import Settings, load_settings
from tests.kpi.day import CALLS, SPANS


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A site with one day in its store."""
    path = tmp_path / "offhook.toml"
    path.write_text('[[pbx]]\nname = "milan"\nusername = "u"\nsecret = "s"\n')

    async def fill() -> None:
        async with open_store(load_settings(path, {}), tmp_path) as engine:
            await Store(engine).store(Batch(calls=CALLS, spans=SPANS))

    asyncio.run(fill())
    return path


def spoil(settings: Settings, folder: Path) -> None:
    async def change() -> None:
        async with open_store(settings, folder) as engine, engine.begin() as connection:
            tallies = schema.tallies.c
            agent = tallies.agent == "103", tallies.span == schema.TallySpan.QUARTER
            await connection.execute(update(schema.tallies).where(*agent).values(talks=7, queue="x\x1b[2J"))
            await connection.execute(delete(schema.tallies).where(tallies.agent == "102"))

    asyncio.run(change())


def run(config: Path) -> str:
    done = CliRunner().invoke(app, ["rebuild", "--tallies", "-c", str(config)])
    assert done.exit_code == 0, done.output
    return done.output


def test_what_was_kept_is_what_is_made_anew(config: Path) -> None:
    assert run(config).endswith("all of them as they were\n")
    assert f"{len(CALLS)} calls and {len(SPANS)} spans of agents read" in run(config)


def test_a_difference_is_told_with_its_place_and_mended(config: Path) -> None:
    spoil(load_settings(config, {}), config.parent)
    told = run(config)
    assert "milan, agent 103" in told
    assert "talks -7" in told
    assert "put right" in told
    assert "\x1b" not in told
    assert run(config).endswith("all of them as they were\n")


def test_of_many_the_first_are_named(config: Path) -> None:
    settings = load_settings(config, {})

    async def lose_all() -> None:
        async with open_store(settings, config.parent) as engine, engine.begin() as connection:
            await connection.execute(update(schema.tallies).values(rung=schema.tallies.c.rung + 1))

    asyncio.run(lose_all())
    rebuilt = asyncio.run(rebuild_tallies(settings, config.parent))
    assert rebuilt.different == rebuilt.rows
    lines = list(rebuilt_lines(rebuilt))
    assert len(lines) <= 22
    assert all("rung -1" in line for line in lines[:3])
