"""Cells as people fill them in."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, strategies as st

from crm_bridge.cells import CellError, parse_cents, parse_date, parse_open, parse_phones, parse_state, plain_cell
from crm_bridge.contact import VOID, AccountState, Order


@pytest.mark.parametrize(
    ("cell", "keys"),
    [
        ("", []),
        ("unknown", []),
        ("02/21000100", ["+390221000100"]),
        ('="0221000100"', ["+390221000100"]),
        ("335 1234567; 02 21000100", ["+393351234567", "+390221000100"]),
        ("335 1234567 / 02 21000100", ["+393351234567", "+390221000100"]),
        ("335 1234567 oder 02 21000100", ["+393351234567", "+390221000100"]),
        ("101", ["ext:101"]),
    ],
)
def test_a_cell_may_hold_several_numbers(cell: str, keys: list[str]) -> None:
    assert [number.key for number in parse_phones(cell, "IT")] == keys


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("3,93351E+11", "spreadsheet rounded it"),
        ("call me", "there is no digit"),
        ("+39 335 1", "no number has this form"),
        ("+442079460008 / 12", '"12" is no telephone number'),
    ],
)
def test_a_cell_that_is_no_number_says_why(cell: str, words: str) -> None:
    with pytest.raises(CellError, match=words):
        parse_phones(cell, "IT")


@pytest.mark.parametrize(
    ("cell", "cents"),
    [
        ("", None),
        ("0", (0, None)),
        ("12", (1200, None)),
        ("12.5", (1250, None)),
        ("12,50", (1250, None)),
        ("1.234,50", (123450, None)),
        ("1,234.50", (123450, None)),
        ("1.234", (123400, None)),
        ("1.234.567", (123456700, None)),
        ("12.3456", (1235, None)),
        ("-12.00", (-1200, None)),
        ("12.00-", (-1200, None)),
        ("(12.00)", (-1200, None)),
        ("−12", (-1200, None)),
        ("€ 1.234,50", (123450, "EUR")),
        ("1'234.50 CHF", (123450, "CHF")),
        ("USD 5", (500, "USD")),
        ("1 234,50 €", (123450, "EUR")),
    ],
)
def test_money_of_several_countries(cell: str, cents: tuple[int, str | None] | None) -> None:
    assert parse_cents(cell) == cents


@pytest.mark.parametrize("cell", ["much", "=1+1", "1..2", "9" * 30, "."])
def test_what_is_no_money_is_refused(cell: str) -> None:
    with pytest.raises(CellError):
        parse_cents(cell)


@pytest.mark.parametrize(
    ("cell", "region", "day"),
    [
        ("", "IT", None),
        ("2026-12-31", "IT", date(2026, 12, 31)),
        ("2026-12-31T10:00:00Z", "IT", date(2026, 12, 31)),
        ("31/12/2026", "IT", date(2026, 12, 31)),
        ("31.12.26", "DE", date(2026, 12, 31)),
        ("12/31/2026", "US", date(2026, 12, 31)),
        ("3-4-2026", "GB", date(2026, 4, 3)),
    ],
)
def test_days_of_several_countries(cell: str, region: str, day: date | None) -> None:
    assert parse_date(cell, region) == day


@pytest.mark.parametrize("cell", ["31/02/2026", "tomorrow", "12/31/2026", "0000-01-01"])
def test_what_is_no_day_is_refused(cell: str) -> None:
    with pytest.raises(CellError):
        parse_date(cell, "IT")


@pytest.mark.parametrize(
    ("cell", "state", "note"),
    [
        ("", AccountState.UNKNOWN, None),
        ("OK", AccountState.OK, None),
        ("Gesperrt", AccountState.STOPPED, None),
        ("Insoluto", AccountState.UNPAID, None),
        ("Credit stop", AccountState.STOPPED, None),
        ("blocked since May", AccountState.STOPPED, "blocked since May"),
        ("Premium", AccountState.UNKNOWN, "Premium"),
        ("fermé", AccountState.CLOSED, None),
    ],
)
def test_the_state_of_an_account_in_five_languages(cell: str, state: AccountState, note: str | None) -> None:
    assert parse_state(cell) == (state, note)


@pytest.mark.parametrize(
    ("cell", "state", "is_open"),
    [("", "", True), ("", "shipped", True), ("", "Consegnato", False), ("no", "new", False), ("ja", "closed", True)],
)
def test_open_unless_it_is_done(cell: str, state: str, is_open: bool) -> None:
    assert parse_open(cell, state) is is_open


@pytest.mark.parametrize("state", [*sorted(VOID), "Annullata", "REFUSÉ", "Order rejected"])
def test_what_nothing_came_of_is_not_open(state: str) -> None:
    assert not parse_open("", state)
    assert Order(reference="1", state=state).is_void


def test_neither_yes_nor_no_is_refused() -> None:
    with pytest.raises(CellError, match="neither yes nor no"):
        parse_open("perhaps", "")


def test_only_the_wrapping_of_a_formula_is_taken_off() -> None:
    assert plain_cell(' ="0123" ') == "0123"
    assert plain_cell("=cmd|' /C calc'!A0") == "=cmd|' /C calc'!A0"


@given(st.text(max_size=60))
def test_any_cell_is_read_or_refused(cell: str) -> None:
    for parse in (
        lambda: parse_phones(cell, "IT"),
        lambda: parse_cents(cell),
        lambda: parse_date(cell, "IT"),
        lambda: parse_state(cell),
        lambda: parse_open(cell, cell),
    ):
        try:
            parse()
        except CellError as error:
            assert str(error)
