"""A report as rows of cells: tables, matrices, totals, and numbers as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from offhook.reporting.grid import NONE_SHOWN, about, grid_of, is_matrix, shown
from tests.offhook.reporting.reports import by_queue, by_weekday_and_hour, total_only


def test_a_table_has_names_numbers_and_a_total() -> None:
    grid = grid_of(by_queue())
    assert [head.title for head in grid.heads][:2] == ["Queue", grid.heads[1].title]
    assert [cell.shown for cell in grid.rows[0]] == ["sales", "1,060", "81.1 %", "7.3 s"]
    assert [cell.met for cell in grid.rows[0]] == [None, None, True, None]
    assert grid.rows[1][2].shown == NONE_SHOWN
    assert grid.total is not None
    assert [cell.value for cell in grid.total] == ["all", 1063, 0.8, 9.5]


def test_two_things_with_one_number_are_a_matrix_in_the_order_of_the_week() -> None:
    made = by_weekday_and_hour()
    grid = grid_of(made)
    assert is_matrix(made)
    assert [head.title for head in grid.heads] == ["Weekday / Hour", "09:00", "10:00"]
    assert [row[0].value for row in grid.rows] == ["mon", "fri", "sun"]
    assert [[cell.shown for cell in row[1:]] for row in grid.rows] == [["40", "20"], ["", "5"], ["0", ""]]
    assert [row[1].heat for row in grid.rows] == [1.0, None, 0.0]


def test_a_total_alone_is_the_only_row() -> None:
    grid = grid_of(total_only())
    assert grid.total is None
    assert [[cell.value for cell in row] for row in grid.rows] == [[7.0, None]]


def test_the_reader_is_told_what_the_numbers_rest_on() -> None:
    told = "\n".join(about(by_queue()))
    for part in ("16 Nov 2026", "Europe/Rome", "99.4 %", "0123456789ab"):
        assert part in told


def test_borders_of_durations() -> None:
    assert [shown(number, "s") for number in (0, 59.94, 59.96, 60, 3599.6, 3600)] == [
        "0.0 s", "59.9 s", "60.0 s", "1:00", "1:00:00", "1:00:00",
    ]  # fmt: skip


def test_a_reader_is_told_since_when_calls_are_there_to_be_looked_through() -> None:
    gone = msgspec.structs.replace(by_queue(), told_since=datetime(2026, 2, 1, tzinfo=UTC))
    assert "known from 2026-02-01 on only" in "\n".join(about(gone))
