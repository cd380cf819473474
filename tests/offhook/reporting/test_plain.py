"""A report in the terminal, as CSV and as JSON, with hostile names in it."""

from __future__ import annotations

import csv
import io
import json

from rich.console import Console

from offhook.reporting.plain import report_csv, report_json, report_table
from tests.offhook.reporting.reports import HOSTILE, by_queue, by_weekday_and_hour


def test_the_terminal_shows_names_without_their_magic() -> None:
    console = Console(width=150, record=True)
    console.print(report_table(by_queue()))
    text = console.export_text()
    assert "\x1b" not in text
    assert "1,060" in text
    assert "99.4 %" in text


def test_the_csv_says_its_units_and_defuses_formulas() -> None:
    rows = list(csv.reader(io.StringIO(report_csv(by_queue()))))
    assert rows[0] == ["queue", "offered (count)", "service_level_offered (share)", "asa (s)"]
    assert rows[1] == ["sales", "1060", "0.8113", "7.26"]
    assert rows[2] == [f"'{HOSTILE}", "3", "", "754.0"]
    assert rows[3][0] == "all"


def test_a_matrix_as_csv() -> None:
    rows = list(csv.reader(io.StringIO(report_csv(by_weekday_and_hour()))))
    assert rows[0] == ["weekday / hour", "09:00 (count)", "10:00 (count)"]
    assert rows[1] == ["mon", "40.0", "20.0"]


def test_json_has_the_passports() -> None:
    told = json.loads(report_json(by_queue()))
    assert told["columns"][1]["formula"]
    assert told["rows"][1]["key"] == [HOSTILE]
    assert told["coverage"] == 0.994
