"""A report as HTML: nothing in it is taken for markup, and each number says how it is made."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from kpi.report import Row
from offhook.reporting.page import report_html, usual_title
from tests.offhook.reporting.reports import by_queue, by_weekday_and_hour, report, total_only


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)


def test_names_and_titles_are_text() -> None:
    html = report_html(by_queue(), title="<img src=x onerror=alert(1)>")
    assert not {"script", "img", "link", "iframe"} & set(Tags(html).seen)
    assert "http://x/" not in re.findall(r'(?:src|href)="([^"]*)"', html)


def test_each_number_has_its_formula_and_source() -> None:
    made = by_queue()
    html = report_html(made)
    assert html.count("<dt>") == len(made.columns)
    assert "answer_within_s = 20" in html


def test_a_matrix_is_shaded() -> None:
    html = report_html(by_weekday_and_hour())
    assert html.count('<td class="heat-9">40</td>') == 1
    assert html.count('<td class="heat-0">0</td>') == 1


def test_nothing_in_the_period_is_said() -> None:
    made = by_queue()
    assert "No calls in this period." in report_html(report(made.by, ("offered",), (), Row(key=(), numbers=(None,))))


def test_titles() -> None:
    assert usual_title(by_queue()) == "Calls by queue"
    assert usual_title(by_weekday_and_hour()) == "Offered by weekday and hour"
    assert usual_title(total_only()) == "Calls"
