"""What every adapter that knows more of a customer has to do. Each vendor's server has the same facts of Anna."""

from __future__ import annotations

import pytest

from crm_bridge.contact import Contact, SourceError
from crm_bridge.rows import MAX_VALUE
from tests.crm_bridge.vendors.contract import VENDORS, Open
from tests.crm_bridge.vendors.crm_server import (
    GARBAGE,
    PRODUCTS,
    SECRET,
    SOLD,
    TALKS,
    TROUBLES,
    CrmServer,
)
from tests.crm_bridge.vendors.opened import number, told

TELLING = {name: vendor for name, vendor in VENDORS.items() if vendor.tells}
ANNAS, BRUNOS, MALLORYS = "+393351234567", "+390221000100", "+390221000200"

pytestmark = pytest.mark.parametrize("kind", sorted(TELLING))


def told_parts(contact: Contact) -> dict[str, int]:
    """How many there are of each part."""
    parts = {
        "orders": contact.orders,
        "incidents": contact.incidents,
        "products": contact.products,
        "contacts": contact.touches,
    }
    return {part: len(things) for part, things in parts.items() if things}


async def test_all_that_is_asked_for_is_told(open_: Open, server: CrmServer) -> None:
    crm = open_(about=server.tells)
    assert crm.has_details
    anna = await told(crm, ANNAS)
    assert (set(told_parts(anna)), anna.unread, anna.name) == (set(server.tells), (), "Anna Rossi")


async def test_nothing_is_asked_that_the_settings_do_not_ask_for(open_: Open, server: CrmServer) -> None:
    assert not open_().has_details
    for part in server.tells:
        crm = open_(about=[part])
        assert set(told_parts(await told(crm, ANNAS))) == {part}


async def test_of_a_customer_found_before_a_restart_nothing_is_asked_twice(open_: Open, server: CrmServer) -> None:
    [found] = await open_().find(number(ANNAS))
    crm = open_(about=server.tells)
    server.asked.clear()
    anna = await crm.details(found)
    assert (set(told_parts(anna)) | set(server.comes_along), anna.unread) == (set(server.tells), ())
    asked = [(one.method, one.path_qs, await one.read()) for one in server.asked]
    assert [one for one in set(asked) if asked.count(one) > 1] == []


async def test_open_orders_are_told_from_others_with_their_day_and_amount(open_: Open, server: CrmServer) -> None:
    if "orders" not in server.tells:
        pytest.skip("this vendor tells no orders")
    orders = (await told(open_(about=["orders"]), ANNAS)).orders
    [now], old = [one for one in orders if one.is_open], [one for one in orders if not one.is_open]
    assert {now.reference, now.title} & {SOLD[0].reference, SOLD[0].title}
    assert now.state
    assert now.placed_on == (SOLD[0].placed_on if server.dates_open_orders else None)
    assert now.total is not None
    assert now.total.cents == 125_050
    assert all({one.reference, one.title} & {SOLD[1].reference, SOLD[1].title} for one in old)


async def test_open_incidents_are_told_from_others(open_: Open, server: CrmServer) -> None:
    if "incidents" not in server.tells:
        pytest.skip("this vendor tells no incidents")
    incidents = (await told(open_(about=["incidents"]), ANNAS)).incidents
    [now], old = [one for one in incidents if one.is_open], [one for one in incidents if not one.is_open]
    assert (now.title, now.opened_on) == (TROUBLES[0].title, TROUBLES[0].opened_on)
    assert now.reference
    assert now.state
    mailed = {talk.title for talk in TALKS}  # some vendors make a ticket of every e-mail
    assert {one.title for one in old} <= {TROUBLES[1].title, *mailed}


async def test_earlier_contacts_come_newest_first_with_who_had_them(open_: Open, server: CrmServer) -> None:
    if "contacts" not in server.tells:
        pytest.skip("this vendor tells no contacts")
    touches = (await told(open_(about=["contacts"]), ANNAS)).touches
    days = {talk.title: talk.at.date() for talk in TALKS}
    assert [one.on for one in touches] == sorted((one.on for one in touches), reverse=True)
    assert {one.title: one.on for one in touches}.items() <= days.items()
    assert all(one.kind and one.direction in ("in", "out", "") for one in touches)


async def test_products_are_told(open_: Open, server: CrmServer) -> None:
    if "products" not in server.tells:
        pytest.skip("this vendor tells no products")
    assert set((await told(open_(about=["products"]), ANNAS)).products) == set(PRODUCTS)


async def test_nobody_gets_what_is_anothers(open_: Open, server: CrmServer) -> None:
    crm = open_(about=server.tells)
    [found] = [one for one in await crm.find(number(BRUNOS)) if one.name == "Bruno Verdi"]
    bruno = await crm.details(found)
    assert (told_parts(bruno), bruno.unread) == ({}, ())


async def test_a_script_in_a_title_stays_a_text(open_: Open, server: CrmServer) -> None:
    mallory = await told(open_(about=server.tells), MALLORYS)
    texts = [one.title for one in (*mallory.orders, *mallory.incidents, *mallory.touches)] + list(mallory.products)
    assert texts
    assert all(len(text) <= MAX_VALUE for text in texts)
    assert any("<script>alert(1)</script>" in text for text in texts)


async def test_a_part_that_the_user_may_not_read_is_named_and_the_others_are_there(
    open_: Open, server: CrmServer
) -> None:
    crm = open_(about=server.tells)
    refused = [part for part in server.tells if part not in server.comes_along]
    for part in refused if len(server.tells) > 1 else ():
        server.barred = {part}
        anna = await told(crm, ANNAS)
        assert set(told_parts(anna)) == set(server.tells) - {part}
        [words] = anna.unread
        assert words.startswith(f"crm: {part} could not be read: ")
        assert SECRET not in words


@pytest.mark.parametrize("mood", [*sorted(GARBAGE), "failed", "busy", "huge", "forbidden"])
async def test_one_who_answers_badly_has_failed_as_a_whole(open_: Open, server: CrmServer, mood: str) -> None:
    crm = open_(about=server.tells)
    [found] = await crm.find(number(ANNAS))
    server.mood = mood
    with pytest.raises(SourceError) as caught:
        await crm.details(found)
    assert not [secret for secret in (SECRET, "335123", "Rossi", "\n") if secret in str(caught.value)]
