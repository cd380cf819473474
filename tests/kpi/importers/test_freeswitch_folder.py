"""Folders of one file per leg."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kpi.importers.freeswitch_folder import LegFolder
from kpi.importers.freeswitch_record import MAX_RECORD_BYTES, parse_json_record
from kpi.importers.freeswitch_xml import parse_xml_record
from kpi.importers.lines import CdrLeg
from kpi.importers.source import SourceError
from tests.kpi.importers.freeswitch_logged import FOLDERS, json_files, xml_of

FILES = json_files(FOLDERS["S09"])
ENDS = sorted(parse_json_record(raw).noted_at for _, raw in FILES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, raw in FILES:
        place = tmp_path / ("archive" if name.startswith("a_") else ".")
        place.mkdir(exist_ok=True)
        (place / name).write_bytes(raw)
    (tmp_path / "readme.txt").write_text("no record")
    return tmp_path


def age(folder: Path) -> None:
    """As if all had been written long before the time that is asked for."""
    for path in folder.rglob("*.json"):
        os.utime(path, (1, 1))


async def read(source: LegFolder, since: datetime | None = None, until: datetime | None = None) -> list[CdrLeg]:
    return [leg async for legs in source.lines(since, until) for leg in legs]


async def test_all_records_come_in_the_order_in_which_their_legs_ended(folder: Path) -> None:
    source = LegFolder("json_cdr", folder, parse_json_record)
    assert [leg.noted_at for leg in await read(source)] == ENDS
    assert (source.size(), source.position, source.bad.count) == (len(FILES), len(FILES), 0)


async def test_only_those_of_a_time_are_read(folder: Path) -> None:
    source = LegFolder("json_cdr", folder, parse_json_record)
    assert [leg.noted_at for leg in await read(source, ENDS[1], ENDS[-3])] == [
        at for at in ENDS if ENDS[1] <= at <= ENDS[-3]
    ]
    age(folder)
    assert await read(source, datetime(2026, 1, 1, tzinfo=UTC)) == []


async def test_xml_files_are_read_alike(tmp_path: Path) -> None:
    for name, raw in FILES:
        (tmp_path / name.replace(".json", ".xml")).write_bytes(xml_of(raw))
    assert len(await read(LegFolder("xml_cdr", tmp_path, parse_xml_record))) == len(FILES)
    assert await read(LegFolder("json_cdr", tmp_path, parse_json_record)) == []


async def test_a_bad_file_is_named_and_the_others_are_read(folder: Path) -> None:
    (folder / "cut.cdr.json").write_bytes(FILES[0][1][:500])
    (folder / "long.cdr.json").write_bytes(b'{"end_epoch":"1795289548"' + b" " * MAX_RECORD_BYTES)
    source = LegFolder("json_cdr", folder, parse_json_record)
    assert len(await read(source)) == len(FILES)
    told = {Path(bad.source).name: bad.why for bad in source.bad.kept}
    assert told == {
        "cut.cdr.json": "it is no JSON object",
        "long.cdr.json": f"it is longer than {MAX_RECORD_BYTES} bytes",
    }


async def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    source = LegFolder("json_cdr", tmp_path / "nowhere", parse_json_record)
    with pytest.raises(SourceError, match="nowhere cannot be read: No such file"):
        await read(source)
    with pytest.raises(SourceError, match="nowhere"):
        source.size()


async def test_a_time_before_all_gives_nothing(folder: Path) -> None:
    source = LegFolder("json_cdr", folder, parse_json_record)
    assert await read(source, None, ENDS[0] - timedelta(seconds=1)) == []
