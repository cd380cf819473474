"""The to-do list as a table, CSV and JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_bridge.quality.task import TaskKind
from cti.errors import OffhookError
from offhook.customer_quality import (
    look_over_all,
    quality_form,
    quality_table,
    summary_lines,
)
from offhook.settings import load_settings
from offhook.terminal import wide_console
from tests.offhook.evil_report import REPORT
from tests.offhook.house import write_settings


def test_the_table_moves_no_cursor_and_tells_what_is_left_out() -> None:
    console = wide_console()
    with console.capture() as captured:
        console.print(*quality_table(REPORT, 1), sep="\n")
    text = captured.get()
    assert "\x1b[2J" not in text
    assert "the first 1 of 2" in text
    assert "1,234 of book" in text
    assert "only 1 of them are listed" in text


def test_the_summary_names_each_kind() -> None:
    assert len(summary_lines(REPORT)) >= 1 + len(TaskKind)


@pytest.mark.parametrize(
    ("form", "out", "wanted"),
    [
        (None, None, "table"),
        ("csv", None, "csv"),
        (None, Path("a.CSV"), "csv"),
        (None, Path("a.json"), "json"),
        ("json", Path("a.csv"), "json"),
        ("table", None, "table"),
    ],
)
def test_the_form_is_the_one_named_or_the_files(form: str | None, out: Path | None, wanted: str) -> None:
    assert quality_form(form, out) == wanted


@pytest.mark.parametrize("form", [None, "table"])
def test_a_file_that_says_nothing_is_refused(form: str | None) -> None:
    with pytest.raises(OffhookError, match="does not say"):
        quality_form(form, Path("a.txt"))


async def test_the_book_and_the_files_are_looked_through_and_no_other_source(tmp_path: Path) -> None:
    more = (
        '[crm]\ndefault_region = "IT"\n[[crm.sources]]\nname = "list"\nkind = "csv"\n'
        '[crm.sources.options]\npath = "list.csv"\n'
    )
    settings = load_settings(write_settings(tmp_path, 5038, more=more), {})
    (tmp_path / "list.csv").write_text("id,name,phone\n1,Anna,abc\n2,Kim,\n")
    report = await look_over_all(settings, tmp_path)
    assert report.looked_at == {"book": 0, "list": 1}
    assert (report.counts[TaskKind.UNUSABLE_NUMBER], report.counts[TaskKind.NO_NUMBER]) == (1, 1)
    assert (await look_over_all(settings, tmp_path, ["book"])).looked_at == {"book": 0}
    with pytest.raises(OffhookError, match="cannot be looked through"):
        await look_over_all(settings, tmp_path, ["crm"])
