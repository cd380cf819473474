"""Columns in five languages."""

from __future__ import annotations

import pytest

from crm_bridge.headers import FIELDS, NEEDED, ImportKind, field_of


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Name", "name"),
        ("Full Name", "name"),
        ("ragione sociale", "name"),
        ("Kundenname", "name"),
        ("Nom complet", "name"),
        ("Razón social", "name"),
        ("Vorname", "first_name"),
        ("Cognome", "last_name"),
        ("Telefono", "phone"),
        ("Tel.", "phone"),
        ("Rufnummer", "phone"),
        ("Téléphone", "phone"),
        ("Numéro de téléphone", "phone"),
        ("Cellulare", "mobile"),
        ("Handy", "mobile"),
        ("Móvil", "mobile"),
        ("E-Mail", "email"),
        ("Correo electrónico", "email"),
        ("Azienda", "company"),
        ("Kundennummer", "external_id"),
        ("Codice_Cliente", "external_id"),
        ("Saldo", "balance"),
        ("Währung", "currency"),
        ("Kontostand", "balance"),
        ("Lieblingsfarbe", None),
        ("", None),
    ],
)
def test_a_column_is_known_by_what_people_call_it(header: str, field: str | None) -> None:
    assert field_of(header, ImportKind.CUSTOMERS) == field


def test_the_same_word_may_mean_another_thing_in_another_file() -> None:
    assert field_of("Numero", ImportKind.CUSTOMERS) == "phone"
    assert field_of("Numero", ImportKind.ORDERS) == "reference"
    assert field_of("Cliente", ImportKind.CUSTOMERS) == "name"
    assert field_of("Cliente", ImportKind.INCIDENTS) == "customer"


@pytest.mark.parametrize("kind", list(ImportKind))
def test_every_alias_is_written_as_it_is_compared(kind: ImportKind) -> None:
    assert {alias: field_of(alias, kind) for alias in FIELDS[kind]} == FIELDS[kind]


@pytest.mark.parametrize("kind", list(ImportKind))
def test_every_column_that_is_needed_can_be_named(kind: ImportKind) -> None:
    for needed in NEEDED[kind]:
        assert set(needed) <= set(FIELDS[kind].values())
