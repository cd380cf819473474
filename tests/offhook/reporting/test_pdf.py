"""PDFs are made in a process that can load nothing."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from cti.errors import OffhookError
from offhook.reporting.page import report_html
from offhook.reporting.pdf import make_pdf
from tests.offhook.reporting.reports import by_queue


def test_a_report_is_a_pdf() -> None:
    made = make_pdf(report_html(by_queue()))
    assert made.startswith(b"%PDF")
    assert made.rstrip().endswith(b"%%EOF")


def test_nothing_of_this_machine_gets_into_it(tmp_path: Path) -> None:
    (tmp_path / "secret.css").write_text("body::before { content: 'correct horse' }")
    with_file = make_pdf(f'<link rel="stylesheet" href="file://{tmp_path}/secret.css"><p>text</p>')
    assert len(with_file) == pytest.approx(len(make_pdf("<p>text</p>")), abs=64)


def test_without_weasyprint_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(OffhookError, match="offhook\\[pdf\\]") as refused:
        make_pdf("<p>text</p>")
    assert refused.value.ref == "report-no-pdf"
