"""A file as a list to be looked through."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_bridge.contact import SourceError
from crm_bridge.quality.file_records import FileRecords
from crm_bridge.quality.look import Look
from crm_bridge.quality.task import TaskKind

ROWS = """id,name,Handy,email,Ort
1,Anna Rossi,335 1234567,a@@b,Roma
2,Anna Rosi,335 1234567,,Roma
3,Bad,abc,,
4,,335 1234567,,
"""


async def test_rows_that_can_be_read_are_looked_at_the_others_are_tasks(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text(ROWS)
    records = FileRecords("list", path, "IT")
    report = await Look(records, "IT").report()
    assert report.looked_at == {"list": 2}
    assert report.of(TaskKind.DUPLICATE)[0].suggestion == "make them one where the file comes from"
    assert report.counts[TaskKind.UNUSABLE_EMAIL] == 1
    number, row = records.tasks()
    assert (number.kind, number.record, number.what) == (TaskKind.UNUSABLE_NUMBER, "line 4", "Handy")
    assert (row.kind, row.record, row.why) == (TaskKind.UNREADABLE, "line 5", "there is no name")


async def test_a_vcard_is_a_list_too(tmp_path: Path) -> None:
    path = tmp_path / "c.vcf"
    path.write_text("BEGIN:VCARD\nVERSION:3.0\nFN:Anna\nEND:VCARD\n")
    report = await Look(FileRecords("cards", path, "IT"), "IT").report()
    assert report.counts[TaskKind.NO_NUMBER] == 1


async def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="file of list cannot be read"):
        await Look(FileRecords("list", tmp_path / "no.csv", "IT"), "IT").report()
