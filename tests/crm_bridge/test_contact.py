"""The customer's record."""

from __future__ import annotations

import pytest

from crm_bridge.book import CustomerBook
from crm_bridge.contact import (
    Adapter,
    ChoiceKeeper,
    Contact,
    Incident,
    Money,
    Order,
    Searchable,
    SourceError,
    problem_words,
)
from crm_bridge.number_choices import NumberChoices


@pytest.mark.parametrize(
    ("cents", "currency", "shown"),
    [(0, "EUR", "0.00 EUR"), (123456789, "EUR", "1,234,567.89 EUR"), (-5, "", "-0.05"), (100, "CHF", "1.00 CHF")],
)
def test_money_is_shown_in_full(cents: int, currency: str, shown: str) -> None:
    assert str(Money(cents, currency)) == shown


def test_only_what_is_open_is_told_as_open() -> None:
    contact = Contact(
        source="book",
        contact_id="1",
        name="Anna",
        orders=(Order(reference="1"), Order(reference="2", is_open=False)),
        incidents=(Incident(reference="3", is_open=False), Incident(reference="4")),
    )
    assert [order.reference for order in contact.open_orders] == ["1"]
    assert [incident.reference for incident in contact.open_incidents] == ["4"]


def test_the_book_is_a_source_that_can_be_searched_and_choices_are_kept_apart() -> None:
    assert issubclass(CustomerBook, Adapter)
    assert issubclass(CustomerBook, Searchable)
    assert issubclass(NumberChoices, ChoiceKeeper)


def test_only_our_own_words_of_an_error_are_shown() -> None:
    assert problem_words(SourceError("x", "the CRM refused", "for +39335")) == "the CRM refused"
    assert problem_words(TimeoutError()) == "no answer in time"
    assert problem_words(KeyError("+39335")) == "a fault of the adapter (KeyError)"


def test_what_was_finished_was_bought_and_what_was_cancelled_was_not() -> None:
    states = {"Pump": "delivered", "Desk": "to ship", "Lamp": "Cancelled", "Chair": "Annullato, reso", "Mat": ""}
    orders = tuple(
        Order(reference=title, title=title, state=state, is_open=title == "Desk") for title, state in states.items()
    )
    customer = Contact(source="crm", contact_id="1", name="Anna", orders=(*orders, orders[0]))
    assert customer.bought == ("Pump", "Mat")
