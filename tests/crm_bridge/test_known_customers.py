"""Customers in memory."""

from __future__ import annotations

import msgspec
import pytest

from crm_bridge.contact import Contact, ContactNumber, Incident, MatchKind, Order
from crm_bridge.known_customers import KnownCustomers
from crm_bridge.matching import decide
from crm_bridge.number import parse_number


def someone(name: str, *keys: str, **more: str) -> Contact:
    numbers = tuple(ContactNumber(key, key) for key in keys)
    return Contact(source="s", contact_id=name, name=name, numbers=numbers, **more)  # type: ignore[arg-type]


KNOWN = KnownCustomers(
    [
        someone("Žofia Müller", "+393351234567", "+390221000100", email="z@example.com"),
        someone("Anna Rossi", "+390221000100", "ext:101", company="Rossi Srl"),
    ]
)


def test_by_number_each_once() -> None:
    assert [one.name for one in KNOWN.find(parse_number("+390221000100", "IT"))] == ["Žofia Müller", "Anna Rossi"]
    assert [one.name for one in KNOWN.find(parse_number("101", "IT"))] == ["Anna Rossi"]
    assert KNOWN.find(parse_number("anonymous", "IT")) == []
    assert len(KNOWN) == 2


def test_by_the_end_of_a_number_only_where_nobody_has_it_and_then_it_is_no_more_than_probable() -> None:
    alike = parse_number("+493351234567", "IT")
    assert decide(alike, KNOWN.find(alike)).kind is MatchKind.PROBABLE


def test_by_words_without_accents() -> None:
    assert [one.name for one in KNOWN.search("ZOFIA example", 5)] == ["Žofia Müller"]
    assert [one.name for one in KNOWN.search("rossi", 5)] == ["Anna Rossi"]
    assert (KNOWN.search(" ", 5), KNOWN.search("nobody", 5)) == ([], [])


@pytest.mark.parametrize("asked", ["dark green", "O-77", "T-9", "335 123", "+393351234567", "roof MILANO"])
def test_by_any_field_a_number_an_order_or_an_incident(asked: str) -> None:
    contact = msgspec.structs.replace(
        someone("Carla", "+393351234567"),
        numbers=(ContactNumber("335 1234567", "+393351234567"),),
        fields=(("Roof", "dark green roof"), ("City", "Milano")),
        orders=(Order(reference="O-77"),),
        incidents=(Incident(reference="T-9"),),
    )
    known = KnownCustomers([contact, someone("Dario", "+390211111111")])
    assert [one.name for one in known.search(asked, 5)] == ["Carla"]
