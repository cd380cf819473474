"""One row of an import, understood: a customer, an order or an incident, or the reason why it cannot be one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from crm_bridge.cells import CellError, parse_cents, parse_date, parse_open, parse_phones, parse_state, plain_cell
from crm_bridge.consent import Consent
from crm_bridge.consent_columns import ConsentError, parse_consents
from crm_bridge.headers import PHONES
from crm_bridge.matching import fold
from crm_bridge.number import Number, written_forms
from crm_bridge.text_file import clean_lines, clean_text

MAX_NAME: Final = 300
MAX_ID: Final = 255
MAX_REFERENCE: Final = 100
MAX_NOTES: Final = 10_000
MAX_FIELDS: Final = 30
MAX_VALUE: Final = 2_000
MAX_NUMBERS: Final = 20

#: a row as read: the field or the file's own column name, and the cell; a name may come twice
Cells = Sequence[tuple[str, str]]


class RowError(ValueError):
    """Why a row cannot be imported, and by which column; the text is for the person who wrote the file."""

    def __init__(self, why: str, column: str = "") -> None:
        super().__init__(why)
        self.column = column


class NumberRow(msgspec.Struct, frozen=True, array_like=True):
    label: str
    written: str
    match_key: str
    tail: str | None


class CustomerRow(msgspec.Struct, frozen=True, kw_only=True, tag="customer"):
    """A customer to store. ``doubts`` are remarks about numbers that are stored all the same."""

    line: int
    identity_key: str
    external_id: str | None
    name: str
    company: str | None
    email: str | None
    language: str | None
    account_state: str
    account_note: str | None
    balance_cents: int | None
    currency: str | None
    notes: str | None
    search_text: str
    numbers: tuple[NumberRow, ...]
    fields: tuple[tuple[str, str], ...]
    consents: tuple[Consent, ...] = ()
    doubts: tuple[str, ...] = ()


class OrderRow(msgspec.Struct, frozen=True, kw_only=True, tag="order"):
    line: int
    customer: str
    reference: str
    title: str
    state: str
    is_open: bool
    placed_on: date | None
    due_on: date | None
    total_cents: int | None
    currency: str | None


class IncidentRow(msgspec.Struct, frozen=True, kw_only=True, tag="incident"):
    line: int
    customer: str
    reference: str
    title: str
    state: str
    is_open: bool
    severity: str
    owner: str | None
    opened_on: date | None


ImportRow = CustomerRow | OrderRow | IncidentRow


def parse_customer(line: int, cells: Cells, extra: Cells, region: str) -> CustomerRow:
    """A customer from the cells of our fields and the ``extra`` cells of columns that we have no word for.

    Raises RowError.
    """
    one = _first(cells)
    name, company = _name(one), _text(one, "company", MAX_NAME) or None
    if not (name or company):
        raise RowError("there is no name", "name")
    numbers, doubts = _numbers([cell for cell in cells if cell[0] in PHONES], region)
    state, state_note = parse_state(one.get("account_state", ""))
    cents, currency = _money(one, "balance")
    external_id = _text(one, "external_id", MAX_ID) or None
    fields = _fields(extra)
    customer = CustomerRow(
        line=line,
        identity_key="",
        external_id=external_id,
        name=name or company or "",
        company=company if name else None,
        email=_text(one, "email", MAX_NAME) or None,
        language=_text(one, "language", 35) or None,
        account_state=state.value,
        account_note=_text(one, "account_note", MAX_VALUE) or state_note,
        balance_cents=cents,
        currency=currency,
        notes=_bounded(clean_lines(one.get("notes", "")), MAX_NOTES, "notes") or None,
        search_text="",
        numbers=numbers,
        fields=fields,
        consents=_consents(one, region),
        doubts=doubts,
    )
    return msgspec.structs.replace(
        customer, identity_key=_identity(customer), search_text=search_text(customer, region)
    )


def parse_order(line: int, cells: Cells, region: str) -> OrderRow:
    """An order of a customer who is named by his own number. Raises RowError."""
    one = _first(cells)
    cents, currency = _money(one, "total")
    state = _text(one, "state", 60)
    return OrderRow(
        line=line,
        customer=_needed(one, "customer", MAX_ID),
        reference=_needed(one, "reference", MAX_REFERENCE),
        title=_text(one, "title", MAX_VALUE),
        state=state,
        is_open=_open(one, state),
        placed_on=_date(one, "placed_on", region),
        due_on=_date(one, "due_on", region),
        total_cents=cents,
        currency=currency,
    )


def parse_incident(line: int, cells: Cells, region: str) -> IncidentRow:
    """An incident of a customer who is named by his own number. Raises RowError."""
    one = _first(cells)
    state = _text(one, "state", 60)
    return IncidentRow(
        line=line,
        customer=_needed(one, "customer", MAX_ID),
        reference=_needed(one, "reference", MAX_REFERENCE),
        title=_text(one, "title", MAX_VALUE),
        state=state,
        is_open=_open(one, state),
        severity=_text(one, "severity", 40),
        owner=_text(one, "owner", MAX_NAME) or None,
        opened_on=_date(one, "opened_on", region),
    )


def search_text(customer: CustomerRow, region: str) -> str:
    """What a customer is found by: all words folded, the numbers in every form."""
    numbers = [form for number in customer.numbers for form in written_forms(number.match_key, region)]
    words = (customer.name, customer.company, customer.email, customer.external_id, *numbers)
    values = (value for _, value in customer.fields)
    return fold(" ".join(word for word in (*words, *values) if word))[:MAX_NOTES]


def _name(one: Mapping[str, str]) -> str:
    parts = [_text(one, "first_name", MAX_NAME), _text(one, "last_name", MAX_NAME)]
    return _text(one, "name", MAX_NAME) or " ".join(part for part in parts if part)


def _numbers(cells: Iterable[tuple[str, str]], region: str) -> tuple[tuple[NumberRow, ...], tuple[str, ...]]:
    """The distinct numbers of a row with what they are, and remarks about doubtful ones."""
    found: dict[str, NumberRow] = {}
    doubts: list[str] = []
    for column, cell in cells:
        try:
            numbers = parse_phones(clean_text(cell), region)
        except CellError as error:
            raise RowError(str(error), column) from None
        for number in numbers:
            if number.key is not None:
                found.setdefault(number.key, _number_row(column, number, number.key))
            if not number.certain:
                doubts.append(f"{number.written}: {number.why}")
    if len(found) > MAX_NUMBERS:
        raise RowError(f"{len(found)} numbers are more than the {MAX_NUMBERS} that one customer may have", "phone")
    return tuple(found.values()), tuple(doubts)


def _number_row(column: str, number: Number, key: str) -> NumberRow:
    return NumberRow("" if column == "phone" else column, number.written, key, number.tail)


def _identity(customer: CustomerRow) -> str:
    """What makes two rows the same customer: the file's own number of him, else his name and numbers."""
    if customer.external_id:
        return f"id:{customer.external_id}"
    marks = "\n".join([fold(customer.name), *sorted(number.match_key for number in customer.numbers)])
    return "nn:" + hashlib.sha256(marks.encode()).hexdigest()


def _fields(extra: Cells) -> tuple[tuple[str, str], ...]:
    kept: dict[str, str] = {}
    for column, cell in extra:
        name, value = clean_text(column)[:100], clean_lines(cell)[:MAX_VALUE]
        if name and value and len(kept) < MAX_FIELDS:
            kept.setdefault(name, value)
    return tuple(kept.items())


def _consents(one: Mapping[str, str], region: str) -> tuple[Consent, ...]:
    try:
        return parse_consents(one, region)
    except ConsentError as error:
        raise RowError(str(error), error.column) from None


def _first(cells: Cells) -> dict[str, str]:
    """The first cell of each field that is not empty; a NUL in any makes the row unusable."""
    first: dict[str, str] = {}
    for column, cell in cells:
        if "\x00" in cell:
            raise RowError("there is a NUL character in it", column)
        if cell.strip():
            first.setdefault(column, cell)
    return first


def _text(one: Mapping[str, str], column: str, most: int) -> str:
    return _bounded(clean_text(plain_cell(one.get(column, ""))), most, column)


def _bounded(text: str, most: int, column: str) -> str:
    if len(text) > most:
        raise RowError(f"{len(text):,} characters are more than the {most:,} that fit", column)
    return text


def _needed(one: Mapping[str, str], column: str, most: int) -> str:
    text = _text(one, column, most)
    if not text:
        raise RowError(f"there is no {column}", column)
    return text


def _money(one: Mapping[str, str], column: str) -> tuple[int | None, str | None]:
    try:
        amount = parse_cents(one.get(column, ""))
    except CellError as error:
        raise RowError(str(error), column) from None
    named = _text(one, "currency", 10).upper()
    if named and (len(named) != 3 or not named.isascii() or not named.isalpha()):
        raise RowError(f'"{named}" is no currency; write it like EUR', "currency")
    return (None, named or None) if amount is None else (amount[0], named or amount[1])


def _date(one: Mapping[str, str], column: str, region: str) -> date | None:
    try:
        return parse_date(one.get(column, ""), region)
    except CellError as error:
        raise RowError(str(error), column) from None


def _open(one: Mapping[str, str], state: str) -> bool:
    try:
        return parse_open(one.get("open", ""), state)
    except CellError as error:
        raise RowError(str(error), "open") from None
