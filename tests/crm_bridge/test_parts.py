"""One customer from several records."""

from __future__ import annotations

from datetime import date

import pytest

from crm_bridge.contact import AccountState, Contact, ContactNumber, Money, Order
from crm_bridge.parts import make_whole

ANNA = Contact(
    source="book",
    contact_id="1",
    name="Anna Rossi",
    numbers=(ContactNumber("335 1", "+391"), ContactNumber("335 2", "+392")),
    external_id="A1",
    notes="likes tea",
    fields=(("City", "Roma"), ("Size", "42")),
    account_state=AccountState.OK,
)
TWIN = Contact(
    source="book",
    contact_id="2",
    name="Rossi, Anna",
    numbers=(ContactNumber("335 3", "+393"), ContactNumber("0335 1", "+391")),
    external_id="B7",
    email="anna@example.com",
    notes="likes coffee",
    balance=Money(-500, "EUR"),
    fields=(("City", "Milano"), ("Size", "42"), ("Dog", "Fido")),
    account_state=AccountState.STOPPED,
)


def test_one_record_is_itself() -> None:
    assert make_whole([ANNA], (), 20) == ANNA


def test_what_the_kept_record_lacks_comes_from_the_other() -> None:
    whole = make_whole([ANNA, TWIN], (), 20)
    assert (whole.contact_id, whole.name, whole.external_id) == ("1", "Anna Rossi", "A1")
    assert (whole.email, whole.balance) == ("anna@example.com", Money(-500, "EUR"))
    assert [number.written for number in whole.numbers] == ["335 1", "335 2", "335 3"]
    assert whole.notes == "likes tea\n\nlikes coffee"


def test_what_they_say_differently_is_shown_beside() -> None:
    assert make_whole([ANNA, TWIN], (), 20).fields == (
        ("City", "Roma"),
        ("Size", "42"),
        ("City (also)", "Milano"),
        ("Dog", "Fido"),
        ("Also named", "Rossi, Anna"),
        ("Also no.", "B7"),
    )


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [("ok", "stopped", "stopped"), ("closed", "ok", "ok"), ("unknown", "closed", "closed"), ("unpaid", "ok", "unpaid")],
)
def test_the_state_that_matters_most_is_shown(one: str, other: str, shown: str) -> None:
    first = Contact(source="b", contact_id="1", name="A", account_state=AccountState(one))
    more = Contact(source="b", contact_id="2", name="A", account_state=AccountState(other))
    assert make_whole([first, more], (), 9).account_state is AccountState(shown)
    assert make_whole([more, first], (), 9).account_state is AccountState(shown)


def test_orders_are_sorted_together_open_ones_first() -> None:
    def of(reference: str, day: int, is_open: bool) -> Order:
        return Order(reference=reference, placed_on=date(2026, 1, day), is_open=is_open)

    first = Contact(source="b", contact_id="1", name="A", orders=(of("a", 1, True), of("b", 9, False)))
    more = Contact(source="b", contact_id="2", name="A", orders=(of("c", 2, True), Order(reference="d", is_open=False)))
    assert [one.reference for one in make_whole([first, more], (), 3).orders] == ["c", "a", "b"]
