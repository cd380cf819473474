"""The to-do list as CSV and JSON."""

from __future__ import annotations

import csv
import io

import msgspec

from crm_bridge.quality.task import QualityReport, TaskKind
from crm_bridge.settings import CrmSettings, SourceSettings
from offhook.quality_list import KINDS, files_of, quality_csv, quality_json
from tests.offhook.evil_report import EVIL, REPORT


def test_no_cell_of_the_csv_is_a_formula() -> None:
    text = quality_csv(REPORT).decode("utf-8-sig")
    head, row = csv.reader(io.StringIO(text))
    told = dict(zip(head, row, strict=True))
    assert (told["kind"], told["score"], told["other record"]) == ("duplicate", "0.96", "2")
    assert (told["name"], told["own number"], told["why"], told["other name"]) == (f"'{EVIL}", "'@A1", "'+39", "'-2")


def test_the_json_is_the_whole_report() -> None:
    assert msgspec.json.decode(quality_json(REPORT), type=QualityReport) == REPORT


def test_each_kind_has_its_words_and_only_files_are_read_as_a_whole() -> None:
    assert set(KINDS) == set(TaskKind)
    sources = tuple(SourceSettings(name=kind, kind=kind) for kind in ("book", "csv", "odoo", "vcard"))
    assert [one.name for one in files_of(CrmSettings(sources=sources))] == ["csv", "vcard"]
