"""Which form a file gets, and that each form is what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.errors import OffhookError
from offhook.reporting.writing import TYPES, WRITERS, form_of, write_report
from tests.offhook.reporting.reports import by_queue

CSV = b"\xef\xbb\xbfqueue,"
BEGINNINGS = {"table": b"", "csv": CSV, "json": b"{", "xlsx": b"PK", "html": b"<!doctype", "pdf": b"%PDF"}


@pytest.mark.parametrize(
    ("form", "out", "chosen"),
    [
        (None, None, "table"),
        ("csv", None, "csv"),
        ("json", "week.xlsx", "json"),
        (None, "WEEK.XLSX", "xlsx"),
        (None, "week.htm", "html"),
        (None, "week.txt", "table"),
    ],
)
def test_the_form(form: str | None, out: str | None, chosen: str) -> None:
    assert form_of(form, Path(out) if out else None) == chosen


def test_a_name_that_says_nothing_is_asked_about() -> None:
    with pytest.raises(OffhookError) as refused:
        form_of(None, Path("week.doc"))
    assert refused.value.ref == "report-no-form"


@pytest.mark.parametrize("form", list(WRITERS))
def test_each_form_is_what_it_says(form: str) -> None:
    assert write_report(by_queue(), form).startswith(BEGINNINGS[form])


def test_each_file_has_its_media_type() -> None:
    assert set(TYPES) == set(WRITERS) - {"table"}
