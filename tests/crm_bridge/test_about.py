"""What a source knows about a customer, asked for part by part."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest

from crm_bridge.about import MOST_DETAILED, Part, Teller, Telling, tell_about, to_ask
from crm_bridge.contact import Contact, Detailed, Incident, Order, SourceError, SourceRefusedError, Touch
from tests.crm_bridge.stubborn import someone

ANNA = someone("Anna", "+393351234567", "crm")


def telling(*things: object) -> Teller:
    async def tell(contact: Contact) -> Iterable[Any]:
        assert contact is ANNA
        return things

    return tell


def failing(error: Exception) -> Teller:
    async def tell(contact: Contact) -> Iterable[Any]:
        raise error

    return tell


async def test_each_part_comes_to_its_place() -> None:
    order, incident, touch = Order(reference="1"), Incident(reference="2"), Touch(on=date(2026, 11, 21), kind="e-mail")
    whole = await tell_about(
        ANNA,
        {
            Part.ORDERS: telling(order),
            Part.INCIDENTS: telling(incident),
            Part.PRODUCTS: telling("Desk", "Desk", None),
            Part.CONTACTS: telling(touch),
        },
    )
    told = whole.orders, whole.incidents, whole.products, whole.touches, whole.unread
    assert told == ((order,), (incident,), ("Desk",), (touch,), ())
    assert (whole.name, whole.numbers) == (ANNA.name, ANNA.numbers)


async def test_a_part_that_cannot_be_read_is_named_and_the_others_are_there() -> None:
    refused = SourceRefusedError("crm-refused", "the CRM does not let us in", "for +39335")
    whole = await tell_about(ANNA, {Part.ORDERS: failing(refused), Part.PRODUCTS: telling("Desk")})
    assert whole.products == ("Desk",)
    assert whole.unread == ("crm: orders could not be read: the CRM does not let us in",)


async def test_where_nothing_can_be_read_the_source_has_failed() -> None:
    one, other = (SourceError("crm-failed", what, "") for what in ("first", "second"))
    with pytest.raises(SourceError, match="first"):
        await tell_about(ANNA, {Part.ORDERS: failing(one), Part.CONTACTS: failing(other)})


async def test_a_permission_that_is_missing_for_all_parts_does_not_keep_the_source_from_being_asked_who_calls() -> None:
    refused = SourceRefusedError("crm-refused", "no entry", "HTTP 403", "ask the admin")
    with pytest.raises(SourceError, match="ask the admin") as caught:
        await tell_about(ANNA, {Part.ORDERS: failing(refused)})
    assert not isinstance(caught.value, SourceRefusedError)


async def test_a_fault_of_the_program_is_none_of_the_source() -> None:
    with pytest.raises(ZeroDivisionError):
        await tell_about(ANNA, {Part.ORDERS: failing(ZeroDivisionError()), Part.PRODUCTS: telling("Desk")})


async def test_nothing_is_asked_where_nothing_is_wanted() -> None:
    assert await tell_about(ANNA, {}) == ANNA


async def test_an_adapter_tells_what_its_settings_want() -> None:
    adapter = Telling()
    assert not adapter.has_details
    adapter.ask_about(["products"], {Part.ORDERS: failing(AssertionError()), Part.PRODUCTS: telling("Desk")})
    assert adapter.has_details
    assert isinstance(adapter, Detailed)
    assert (await adapter.details(ANNA)).products == ("Desk",)


def test_of_nobody_and_of_many_no_more_is_asked() -> None:
    adapter = Telling()
    assert to_ask(adapter, [ANNA]) is None, "its settings want nothing"
    adapter.ask_about(["products"], {Part.PRODUCTS: telling("Desk")})
    asked = [to_ask(adapter, [ANNA] * count) is adapter for count in (0, 1, MOST_DETAILED, MOST_DETAILED + 1)]
    assert asked == [False, True, True, False]
    assert to_ask(object(), [ANNA]) is None
