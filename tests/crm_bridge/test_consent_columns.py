"""Consents from the columns of a list."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, strategies as st

from crm_bridge.cells import CellError
from crm_bridge.consent import MAX_PURPOSE, MAX_SOURCE, Channel, Decision
from crm_bridge.consent_columns import IMPORTED, ConsentError, parse_consents, parse_decision
from crm_bridge.headers import CONSENTS, ImportKind, field_of


def told(**cells: str) -> dict[Channel, Decision]:
    return {one.channel: one.decision for one in parse_consents(cells, "IT")}


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ({}, {}),
        ({"do_not_call": "yes"}, {Channel.PHONE: Decision.REFUSED}),
        ({"do_not_call": "0"}, {Channel.PHONE: Decision.LIFTED}),
        ({"do_not_contact": "x", "do_not_email": ""}, {Channel.ANY: Decision.REFUSED}),
        ({"consent_phone": "sì"}, {Channel.PHONE: Decision.GIVEN}),
        ({"consent_sms": "widerrufen"}, {Channel.SMS: Decision.WITHDRAWN}),
        ({"do_not_call": "yes", "consent_phone": "given"}, {Channel.PHONE: Decision.REFUSED}),
        ({"do_not_call": "no", "consent_phone": "given"}, {Channel.PHONE: Decision.GIVEN}),
        ({"consent_date": "2026-03-03", "consent_source": "letter"}, {}),
    ],
)
def test_what_a_row_says(cells: dict[str, str], wanted: dict[Channel, Decision]) -> None:
    assert told(**cells) == wanted


def test_day_source_and_purpose_are_the_rows() -> None:
    cells = {
        "consent_any": "yes",
        "consent_date": "3/3/2026",
        "consent_source": " web\n form ",
        "consent_purpose": "news",
    }
    (one,) = parse_consents(cells, "IT")
    assert (one.on, one.source, one.purpose) == (date(2026, 3, 3), "web form", "news")
    (bare,) = parse_consents({"consent_any": "yes"}, "IT")
    assert (bare.on, bare.source, bare.purpose) == (None, IMPORTED, "")


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"consent_phone": "perhaps"}, "consent_phone"),
        ({"do_not_call": "perhaps"}, "do_not_call"),
        ({"do_not_call": "yes", "consent_date": "soon"}, "consent_date"),
    ],
)
def test_what_cannot_be_read_names_its_column(cells: dict[str, str], column: str) -> None:
    with pytest.raises(ConsentError) as caught:
        parse_consents(cells, "IT")
    assert caught.value.column == column


@pytest.mark.parametrize("header", ["do_not_call", "Do Not Call", "Nicht anrufen", "DNC"])
def test_a_column_is_known_by_what_people_call_it(header: str) -> None:
    assert field_of(header, ImportKind.CUSTOMERS) == "do_not_call"


@given(st.text(max_size=40))
def test_any_cell_is_read_or_refused(cell: str) -> None:
    try:
        parse_decision(cell)
    except CellError as error:
        assert len(str(error)) < 120


@given(
    st.dictionaries(st.sampled_from(CONSENTS), st.sampled_from(["yes", "no", "=1+1", "\x1b[2J" * 300, ""]), max_size=6)
)
def test_any_row_is_read_or_refused_and_bounded(cells: dict[str, str]) -> None:
    try:
        read = parse_consents(cells, "IT")
    except ConsentError as error:
        assert error.column in CONSENTS
    else:
        assert all(len(one.source) <= MAX_SOURCE and len(one.purpose) <= MAX_PURPOSE for one in read)
        assert all(one.source.isprintable() for one in read)
