"""What the terminal shows of an import."""

from __future__ import annotations

from crm_bridge.headers import ImportKind
from crm_bridge.import_customers import ImportReport
from crm_bridge.import_file import BadRow
from offhook.customers import SHOWN_ROWS, report_lines


def report(**values: object) -> ImportReport:
    given = {"kind": ImportKind.CUSTOMERS, "source": "c.csv", "stored": True, "rows_read": 3, **values}
    return ImportReport(**given)  # type: ignore[arg-type]


def test_what_was_stored() -> None:
    lines = report_lines(report(added=1, changed=1, unchanged=1, remarks=("read as CSV",)))
    assert lines == ["read as CSV", "c.csv: 3 customers read: 1 new, 1 changed, 1 as before"]


def test_bad_rows_with_line_and_reason() -> None:
    lines = report_lines(report(stored=False, bad_count=1, bad=(BadRow(7, "phone", "is no number"),)))
    assert lines[0] == "bad row: line 7, phone: is no number"
    assert "nothing was imported, 1 of 3 rows are bad" in lines[1]


def test_many_bad_rows_are_cut_and_counted() -> None:
    bad = tuple(BadRow(n, "", "is empty") for n in range(100))
    lines = report_lines(report(stored=False, bad_count=5000, bad=bad))
    assert len(lines) == SHOWN_ROWS + 2
    assert lines[SHOWN_ROWS] == f"... and {5000 - SHOWN_ROWS} more"


def test_what_the_file_says_cannot_move_the_cursor() -> None:
    assert "\x1b" not in report_lines(report(bad_count=1, bad=(BadRow(1, "", "\x1b[2J"),)))[0]
