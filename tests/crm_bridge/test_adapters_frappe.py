"""What only Frappe does."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from crm_bridge.contact import Contact, Touch
from tests.crm_bridge.scene import until
from tests.crm_bridge.vendors.crm_server import ANNA, BRUNO
from tests.crm_bridge.vendors.frappe import Vendor
from tests.crm_bridge.vendors.opened import number, opened


async def test_a_number_that_is_not_the_first_is_found_and_each_contact_once() -> None:
    async with opened(Vendor()) as crm:
        found = await crm.find(number(BRUNO.phone))
    assert sorted(one.name for one in found) == ["Bruno Verdi", "Carla Neri"]
    bruno = next(one for one in found if one.name == BRUNO.name)
    assert [one.key for one in bruno.numbers] == ["+393337654321", "+390221000100"]


async def test_the_customer_that_a_contact_belongs_to_is_his_number_with_us() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        assert (anna.external_id, anna.url) == ("Rossi Srl", f"{vendor.url}/app/contact/CON-1")


async def test_wildcards_are_no_part_of_a_name() -> None:
    async with opened(Vendor()) as crm:
        assert await crm.search("%%", 5) == []


PARTS = ["orders", "incidents", "products", "contacts"]


async def test_the_state_of_an_order_has_its_delivery() -> None:
    async with opened(Vendor(), about=["orders", "incidents"]) as crm:
        anna = await crm.details(await crm.get("CON-1"))
    assert [(one.state, one.is_open, one.due_on) for one in anna.orders] == [
        ("To Deliver and Bill, Partly Delivered", True, date(2026, 12, 1)),
        ("Completed, Fully Delivered", False, date(2025, 3, 15)),
    ]
    assert [(one.state, one.is_open, one.owner, one.severity) for one in anna.incidents] == [
        ("Replied", True, "bruno@example.com", "High"), ("Resolved", False, "dana@example.com", "High"),
    ]  # fmt: skip


async def test_which_states_are_open() -> None:
    vendor = Vendor()
    states = ["Draft", "On Hold", "To Deliver", "To Bill", "Completed", "Closed", "Cancelled"]
    anna = vendor.documents["Sales Order"][0]
    vendor.documents["Sales Order"] = [anna | {"name": state, "status": state} for state in states]
    async with opened(vendor, about=["orders"]) as crm:
        orders = (await crm.details(await crm.get("CON-1"))).orders
    assert [one.reference for one in orders if one.is_open] == states[:4]


async def test_a_contact_from_a_list_is_asked_for_whole_once_for_his_customer() -> None:
    vendor = Vendor()
    listed = Contact(source="crm", contact_id="CON-1", name="Anna Rossi")
    async with opened(vendor, about=["orders"]) as crm:
        for _ in range(2):
            assert len((await crm.details(listed)).orders) == 2
    assert [one.path.rpartition("/")[2] for one in vendor.asked] == ["CON-1", "Sales Order", "Sales Order"]


async def test_all_parts_together_ask_for_the_customer_of_a_contact_once() -> None:
    vendor = Vendor()
    listed = Contact(source="crm", contact_id="CON-1", name="Anna Rossi")
    async with opened(vendor, about=PARTS) as crm:
        anna = await crm.details(listed)
    assert (len(anna.orders), len(anna.incidents), len(anna.touches), anna.products) == (2, 2, 2, ("Desk", "Lamp"))
    asked = sorted(one.path.rpartition("/")[2] for one in vendor.asked)
    assert asked == ["CON-1", "Communication", "Issue", "Sales Order", "Sales Order"]


async def test_who_closes_it_gives_up_what_is_being_read() -> None:
    vendor = Vendor()
    listed = Contact(source="crm", contact_id="CON-1", name="Anna Rossi")
    async with opened(vendor, about=["orders"]) as crm:
        vendor.mood = "slow"
        telling = asyncio.create_task(crm.details(listed))
        await until(lambda: vendor.asked)
        await crm.close()
        with pytest.raises(asyncio.CancelledError):
            await telling


async def test_whose_contact_has_no_customer_what_is_his_own_is_told() -> None:
    vendor = Vendor()
    for documents in vendor.documents.values():
        his: dict[str, Any] = {"customer": None, "contact_person": "CON-2", "contact": "CON-2"}
        link = [{"link_doctype": "Contact", "link_name": "CON-2", "item_name": "Chair"}]
        documents.append(documents[0] | his | {"name": "bruno", "children": link})
    async with opened(vendor, about=PARTS) as crm:
        bruno = await crm.details(await crm.get("CON-2"))
    assert [one.reference for one in (*bruno.orders, *bruno.incidents)] == ["bruno", "bruno"]
    assert (bruno.products, len(bruno.touches)) == (("Chair",), 1)


async def test_what_was_said_comes_once_without_calls_and_with_who_of_the_house_said_it() -> None:
    async with opened(Vendor(), about=["contacts"]) as crm:
        anna = await crm.details(await crm.get("CON-1"))
    assert anna.touches == (
        Touch(on=date(2026, 11, 18), kind="e-mail", title="Re: your offer", direction="in"),
        Touch(on=date(2026, 6, 3), kind="meeting", title="Visit in Milan", direction="out", by="Bruno Esposito"),
    )


async def test_a_site_without_erpnext_has_contacts_only_and_says_so() -> None:
    vendor = Vendor()
    del vendor.documents["Sales Order"], vendor.documents["Issue"]
    async with opened(vendor, about=PARTS) as crm:
        anna = await crm.details(await crm.get("CON-1"))
    assert len(anna.touches) == 2
    assert [words.split(" could ")[0] for words in anna.unread] == ["crm: orders", "crm: incidents", "crm: products"]


async def test_an_assignment_that_cannot_be_read_is_none() -> None:
    vendor = Vendor()
    for value in ("[", "dana", "[1]", "", None, "[]"):
        vendor.documents["Issue"][0]["_assign"] = value
        async with opened(vendor, about=["incidents"]) as crm:
            assert (await crm.details(await crm.get("CON-1"))).incidents[0].owner is None
