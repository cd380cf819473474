"""The outbox on the terminal."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from rich.console import Console
from rich.table import Table

from crm_bridge.outbox import Backlog, Row, State
from offhook.outbox_list import age_text, backlog_table, rows_table
from tests.crm_bridge.scene import START

NOW = START + timedelta(hours=2, minutes=3)


def printed(table: Table) -> list[list[str]]:
    page = io.StringIO()
    Console(file=page, width=200).print(table)
    return [line.split() for line in page.getvalue().splitlines()]


def test_each_target_is_a_line_for_each_state() -> None:
    backlog = [Backlog("crm:odoo", State.DEAD, 1_234, START), Backlog("crm:odoo", State.DONE, 5, START)]
    assert printed(backlog_table(backlog, NOW)) == [
        ["target", "state", "calls", "oldest"],
        ["crm:odoo", "dead", "1,234", "2", "h", "3", "min"],
        ["crm:odoo", "done", "5"],
    ]


def test_a_row_tells_its_id_and_why_and_nothing_that_a_terminal_obeys() -> None:
    row = Row(
        id=17,
        target="crm:odoo",
        kind="call",
        key="main:17.0",
        payload='{"number":"+393351234567"}',
        match_key="+393351234567",
        version=1,
        state=State.DEAD,
        created_at=START,
        waiting_since=START,
        due_at=START,
        attempts=3,
        last_error="HTTP 422 \x1b[31m",
        done_at=None,
        noted_at=None,
        remote_id=None,
        claim=None,
    )
    text = str(printed(rows_table([row], NOW)))
    assert "'17', 'crm:odoo', 'main:17.0', '2', 'h', '3', 'min', '3', 'HTTP', '422'" in text
    assert "\\x1b" not in text
    assert "335123" not in text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "0 s"), (59.9, "59 s"), (60, "1 min"), (3_600, "1 h 0 min"), (90_000, "1 d 1 h")]
)
def test_ages_are_told_in_two_units(seconds: float, text: str) -> None:
    assert age_text(seconds) == text
