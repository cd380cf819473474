"""What only EspoCRM does."""

from __future__ import annotations

from datetime import date

import pytest

from crm_bridge.contact import Contact, Money, SourceError
from tests.crm_bridge.vendors.crm_server import ANNA, BRUNO
from tests.crm_bridge.vendors.espocrm import Vendor
from tests.crm_bridge.vendors.opened import number, opened, told


async def test_a_number_that_is_not_the_first_is_found_with_all_the_others() -> None:
    async with opened(Vendor()) as crm:
        bruno = next(one for one in await crm.find(number(BRUNO.phone)) if one.name == BRUNO.name)
    assert [one.key for one in bruno.numbers] == ["+393337654321", "+390221000100"]


async def test_the_kind_of_record_is_part_of_the_id_and_of_the_page() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        [anna] = await crm.search("anna", 5)
        assert (anna.contact_id, anna.url) == ("Contact/e1", f"{vendor.url}/#Contact/view/e1")
        assert await crm.get("User/e1") is None


async def test_only_the_kinds_that_are_named_are_asked_for() -> None:
    vendor = Vendor()
    async with opened(vendor, entities=["Contact"]) as crm:
        await crm.search("anna", 5)
    assert [request.path for request in vendor.asked] == ["/api/v1/Contact"]


async def test_opportunities_of_him_and_his_account_are_told_and_no_lost_ones() -> None:
    vendor = Vendor()
    async with opened(vendor, about=["orders"]) as crm:
        now, won = (await told(crm)).orders
    assert (now.reference, now.title, now.state, now.is_open) == ("Ten desks", "", "Negotiation", True)
    assert (now.due_on, now.total) == (date(2026, 12, 1), Money(125_050, "EUR"))
    assert (won.reference, won.title, won.state, won.is_open) == ("One lamp", "One lamp", "Closed Won", False)
    assert len([one for one in vendor.asked if one.path == "/api/v1/Opportunity"]) == 2


async def test_with_the_sales_pack_sales_orders_are_told_with_their_delivery() -> None:
    async with opened(Vendor(), about=["orders"], orders_from="sales_orders") as crm:
        orders = (await told(crm)).orders
    assert [(one.reference, one.title, one.state, one.is_open) for one in orders] == [
        ("S00017", "", "In Progress, delivery created", True),
        ("S00009", "One lamp", "Completed", False),
    ]


async def test_without_the_sales_pack_the_card_says_that_orders_could_not_be_read() -> None:
    vendor = Vendor()
    vendor.sales_pack = False
    async with opened(vendor, about=["orders", "incidents"], orders_from="sales_orders") as crm:
        anna = await told(crm)
    assert len(anna.incidents) == 2
    assert [words.partition(" could")[0] for words in anna.unread] == ["crm: orders"]


async def test_what_is_open_is_said_by_espos_own_filter() -> None:
    async with opened(Vendor(), about=["incidents"]) as crm:
        incidents = (await told(crm)).incidents
    assert [(one.reference, one.state, one.is_open, one.severity, one.owner) for one in incidents] == [
        ("31", "Assigned", True, "urgent", "Bruno Esposito"),
        ("12", "Rejected", False, "", "Dana O'Neill"),
    ]


async def test_meetings_that_were_held_and_mails_by_their_sender_are_contacts_calls_are_not() -> None:
    vendor = Vendor()
    async with opened(vendor, about=["contacts"]) as crm:
        touches = (await told(crm)).touches
    assert [(one.kind, one.title, one.direction, one.by) for one in touches] == [
        ("e-mail", "Re: your offer", "in", None),
        ("meeting", "Visit in Milan", "", "Bruno Esposito"),
    ]
    asked = [one.path.rpartition("/")[2] for one in vendor.asked if "/history/" in one.path]
    assert sorted(asked) == ["Email", "Meeting"]


async def test_after_a_restart_the_account_is_asked_for() -> None:
    async with opened(Vendor()) as first:
        [anna] = await first.find(number(ANNA.phone))
    vendor = Vendor()
    async with opened(vendor, about=["orders"]) as crm:
        assert len((await crm.details(anna)).orders) == 2
        await crm.details(anna)
    assert [one.path for one in vendor.asked].count("/api/v1/Contact/e1") == 1


async def test_an_accounts_orders_are_its_own_and_a_leads_are_none() -> None:
    vendor = Vendor()
    async with opened(vendor, about=["orders", "incidents"]) as crm:
        account = await crm.details(Contact(source="crm", contact_id="Account/a1", name="Rossi Srl"))
        lead = await crm.details(Contact(source="crm", contact_id="Lead/e1", name="Anna Rossi"))
    assert (len(account.orders), len(account.incidents)) == (2, 2)
    assert (len(lead.orders), len(lead.incidents)) == (0, 2)


async def test_an_id_of_another_kind_is_not_asked_about() -> None:
    vendor = Vendor()
    async with opened(vendor, about=["orders", "incidents", "contacts"], entities=["Contact", "Member"]) as crm:
        for own in ("", "Contact", "Contact/", "User/e1", "Member/e1"):
            whole = await crm.details(Contact(source="crm", contact_id=own, name="Anna"))
            assert (whole.orders, whole.incidents, whole.touches) == ((), (), ())
    assert vendor.asked == []


async def test_an_id_cannot_lead_elsewhere() -> None:
    vendor = Vendor()
    async with opened(vendor, about=["incidents"]) as crm:
        with pytest.raises(SourceError):
            await crm.details(Contact(source="crm", contact_id="Contact/../../Admin?x=1#", name="Anna"))
    paths = {one.raw_path.split("?")[0] for one in vendor.asked}
    assert paths == {"/api/v1/Contact/..%2F..%2FAdmin%3Fx%3D1%23/cases"}
