"""A customer from one row of a table or one card of a file, whatever its columns are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from crm_bridge.cells import CellError, parse_cents, parse_phones, parse_state
from crm_bridge.consent import Consent, in_force
from crm_bridge.consent_columns import ConsentError, parse_consents
from crm_bridge.contact import AccountState, Contact, ContactNumber, Money
from crm_bridge.found import make_contact, text_of
from crm_bridge.headers import PHONES, ImportKind, field_of
from crm_bridge.rows import MAX_NUMBERS, CustomerRow
from crm_bridge.text_file import clean_text


def contact_of_row(source: str, region: str, row: Mapping[str, object]) -> Contact:
    """A row of a query: columns called as in an import are our fields, all others are shown as they are."""
    ours: dict[str, str] = {}
    phones: list[tuple[str, object]] = []
    others: list[tuple[str, object]] = []
    for column, value in row.items():
        field = "url" if column.casefold() in ("url", "page") else field_of(column, ImportKind.CUSTOMERS)
        if field in PHONES:
            phones += [("" if field == "phone" else field, one) for one in _each_phone(text_of(value, 300), region)]
        elif field is None:
            others.append((column, value if isinstance(value, str | int | float) else str(value or "")))
        elif value is not None:
            ours.setdefault(field, str(value))
    name = ours.get("name") or f"{ours.get('first_name', '')} {ours.get('last_name', '')}".strip()
    state, note = parse_state(clean_text(ours.get("account_state", "")))
    return make_contact(
        source,
        region,
        contact_id=ours.get("external_id", ""),
        name=name,
        phones=phones,
        company=ours.get("company", ""),
        email=ours.get("email", ""),
        language=ours.get("language", ""),
        external_id=ours.get("external_id", ""),
        notes=ours.get("notes"),
        url=ours.get("url", ""),
        account_state=state,
        account_note=ours.get("account_note") or note or "",
        balance=_money(ours.get("balance", ""), ours.get("currency", "")),
        consents=_consents(ours, region),
        fields=others,
    )


def contact_of_import(source: str, row: CustomerRow) -> Contact:
    """A row that an import understood."""
    return Contact(
        source=source,
        contact_id=row.external_id or row.identity_key,
        name=row.name,
        numbers=tuple(ContactNumber(one.written, one.match_key, one.label) for one in row.numbers),
        external_id=row.external_id,
        company=row.company,
        email=row.email,
        language=row.language,
        account_state=AccountState(row.account_state),
        account_note=row.account_note,
        balance=None if row.balance_cents is None else Money(row.balance_cents, row.currency or ""),
        notes=row.notes,
        consents=in_force(row.consents),
        fields=row.fields,
    )


def merge_rows(contacts: Sequence[Contact]) -> list[Contact]:
    """Rows of one customer as one: a join gives a row for each of his numbers."""
    merged: dict[tuple[str, str], Contact] = {}
    for contact in contacts:
        key = (contact.contact_id, "") if contact.contact_id else ("", contact.name)
        known = merged.get(key)
        merged[key] = contact if known is None else _with_numbers(known, contact)
    return list(merged.values())


def _with_numbers(known: Contact, more: Contact) -> Contact:
    numbers = {one.key: one for one in (*known.numbers, *more.numbers)}
    return msgspec.structs.replace(known, numbers=tuple(numbers.values())[:MAX_NUMBERS])


def _each_phone(cell: str, region: str) -> list[str]:
    """The numbers that stand in one cell, as written; the cell itself where it cannot be told."""
    try:
        return [number.written for number in parse_phones(cell, region)]
    except CellError:
        return [cell]


def _consents(ours: Mapping[str, str], region: str) -> tuple[Consent, ...]:
    """What can be read: a day that is none is no reason to forget the refusal, a cell that is none to show no card."""
    for cells in (ours, {name: cell for name, cell in ours.items() if name != "consent_date"}):
        try:
            return in_force(parse_consents(cells, region))
        except ConsentError:
            continue
    return ()


def _money(cell: str, currency: str) -> Money | None:
    try:
        amount = parse_cents(cell)
    except CellError:
        return None
    return None if amount is None else Money(amount[0], text_of(currency, 3).upper() or amount[1] or "")
