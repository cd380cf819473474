"""FusionPBX's table, in a real PostgreSQL and in SQLite; its rows are made as FusionPBX's import makes them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from kpi.importers.freeswitch_record import parse_json_record
from kpi.importers.freeswitch_table import FusionPbxTable, leg_of_row
from kpi.importers.lines import BadLineError, CdrLeg
from kpi.importers.source import SourceError
from tests.kpi.importers.freeswitch_logged import FOLDERS, is_first_leg, json_files, row_in_fusionpbx, xml_of
from tests.postgresql import PostgresqlServer

FILES = json_files(FOLDERS["S10"])
COLUMNS = {  # the types of FusionPBX's app_config.php
    "postgresql": {"xml_cdr_uuid": "uuid", "end_stamp": "timestamptz", "start_stamp": "timestamptz", "json": "jsonb",
                   "answer_stamp": "timestamptz", "start_epoch": "numeric", "end_epoch": "numeric",
                   "answer_epoch": "numeric", "mduration": "numeric"},
    "sqlite": {"end_stamp": "date", "start_stamp": "date", "answer_stamp": "date", "start_epoch": "numeric",
               "end_epoch": "numeric", "answer_epoch": "numeric", "mduration": "numeric"},
}  # fmt: skip


@pytest.fixture(params=["postgresql", "sqlite"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'fusionpbx.sqlite'}"
    if request.param == "postgresql":
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        url = server.make_database().replace("postgresql:", "postgresql+asyncpg:")
    engine = create_async_engine(url)
    yield engine
    await engine.dispose()


async def fill(engine: AsyncEngine, *, with_json: bool = False, beside: bool = False) -> None:
    """The table with the legs of S10; their JSON in it, or in a table of its own."""
    kinds = COLUMNS[engine.dialect.name]
    rows = [row_in_fusionpbx(raw, first_leg=is_first_leg(name), with_json=with_json or beside) for name, raw in FILES]
    numbers = {name for name, kind in kinds.items() if kind == "numeric"}
    async with engine.begin() as connection:
        declared = ", ".join(f"{name} {kinds.get(name, 'text')}" for name in rows[0])
        await connection.execute(text(f"CREATE TABLE v_xml_cdr ({declared})"))
        if beside:
            types = f"xml_cdr_uuid {kinds.get('xml_cdr_uuid', 'text')}, json {kinds.get('json', 'text')}"
            await connection.execute(text(f"CREATE TABLE v_xml_cdr_json ({types})"))
        for row in rows:
            own = {name: _sqlite(value, engine) for name, value in row.items() if name != "json" or with_json}
            own |= {name: int(own[name]) for name in numbers if own[name] is not None}
            marks = ", ".join(
                f"CAST(:{name} AS {kinds[name]})" if kinds.get(name) in ("uuid", "jsonb") else f":{name}"
                for name in own
            )
            await connection.execute(text(f"INSERT INTO v_xml_cdr ({', '.join(own)}) VALUES ({marks})"), own)
            if beside:
                cast = "CAST(:u AS uuid), CAST(:j AS jsonb)" if engine.dialect.name == "postgresql" else ":u, :j"
                await connection.execute(
                    text(f"INSERT INTO v_xml_cdr_json VALUES ({cast})"), {"u": row["xml_cdr_uuid"], "j": row["json"]}
                )


def _sqlite(value: Any, engine: AsyncEngine) -> Any:
    is_time = isinstance(value, datetime) and engine.dialect.name == "sqlite"
    return f"{value:%Y-%m-%d %H:%M:%S}" if is_time else value


def table_of(engine: AsyncEngine, name: str = "v_xml_cdr") -> FusionPbxTable:
    return FusionPbxTable(engine, name, "the test's", UTC)


async def read(source: FusionPbxTable, since: datetime | None = None, until: datetime | None = None) -> list[CdrLeg]:
    return [leg async for legs in source.lines(since, until) for leg in legs]


@pytest.mark.parametrize("beside", [False, True], ids=["a column", "a table"])
async def test_the_json_tells_as_much_as_freeswitchs_own(database: AsyncEngine, beside: bool) -> None:
    await fill(database, with_json=not beside, beside=beside)
    source = table_of(database)
    legs = await read(source)
    told = {parse_json_record(raw).uuid: parse_json_record(raw) for _, raw in FILES}
    assert {leg.uuid: replace(leg, kind="json_cdr", offset=0) for leg in legs} == told
    assert (await source.size(), source.position, await source.exists()) == (len(FILES), len(FILES), True)


async def test_without_json_the_columns_tell_what_they_know(database: AsyncEngine) -> None:
    await fill(database)
    legs = {leg.uuid: leg for leg in await read(table_of(database))}
    assert len(legs) == len(FILES)
    for _, raw in FILES:
        known = parse_json_record(raw)
        leg = legs[known.uuid]
        assert not leg.exact
        assert abs(leg.began_us - known.began_us) < 1_000_000
        assert leg.variables["direction"] == known.variables["direction"]
        assert leg.variables.get("cc_agent") == known.variables.get("cc_agent")


async def test_only_the_rows_of_a_time_are_read(database: AsyncEngine) -> None:
    await fill(database, with_json=True)
    ends = sorted(parse_json_record(raw).noted_at for _, raw in FILES)
    since = ends[0] + timedelta(seconds=2)
    assert {leg.noted_at for leg in await read(table_of(database), since)} == {at for at in ends if at >= since}
    assert await read(table_of(database), None, ends[0] - timedelta(seconds=2)) == []


async def test_a_table_that_is_not_there_is_said(database: AsyncEngine) -> None:
    assert await table_of(database, "nothing").exists() is False
    with pytest.raises(SourceError, match="the test's cannot be read"):
        await read(table_of(database, "nothing"))


async def test_a_table_of_another_kind_is_said(database: AsyncEngine) -> None:
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE v_xml_cdr (x integer)"))
    with pytest.raises(SourceError, match="no column end_stamp"):
        await read(table_of(database))


def test_a_rows_xml_is_read_too_and_a_broken_json_is_passed_over() -> None:
    raw = FILES[0][1]
    leg = replace(leg_of_row({"xml": xml_of(raw).decode(), "json": "{"}, 0, UTC), kind="json_cdr")
    assert leg == parse_json_record(raw)
    assert leg_of_row({"json": json.loads(raw)}, 0, UTC).uuid == leg.uuid
    for broken in ({}, {"json": "[]"}, {"xml_cdr_uuid": "u", "start_epoch": "x"}):
        with pytest.raises(BadLineError):
            leg_of_row(broken, 0, UTC)
