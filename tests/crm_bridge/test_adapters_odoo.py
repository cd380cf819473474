"""What only Odoo does."""

from __future__ import annotations

import json

import pytest

from crm_bridge.contact import Contact, SourceError
from cti.errors import OffhookError
from tests.crm_bridge.vendors import odoo, odoo_jsonrpc
from tests.crm_bridge.vendors.crm_server import ANNA, BRUNO
from tests.crm_bridge.vendors.opened import number, open_kind, opened, told


async def test_false_is_an_empty_field_and_the_page_is_linked() -> None:
    vendor = odoo.Vendor()
    async with opened(vendor, more={"Language": "lang"}) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        assert anna.url == f"{vendor.url}/odoo/res.partner/1"
    assert (anna.email, anna.external_id, anna.company, anna.language) == (None, None, "Rossi Srl", "it")
    assert anna.fields == (("Language", "it_IT"),)


async def test_an_older_odoo_is_signed_on_to_once() -> None:
    vendor = odoo_jsonrpc.Vendor()
    async with opened(vendor) as crm:
        for _ in range(3):
            [anna] = await crm.find(number(ANNA.phone))
        assert anna.url == f"{vendor.url}/web#id=1&model=res.partner&view_type=form"
    assert len(vendor.asked) == 4


async def test_without_phone_validation_the_fields_themselves_are_searched() -> None:
    async with opened(odoo.Vendor(), search_fields=["phone"]) as crm:
        assert [one.name for one in await crm.find(number(ANNA.phone))] == ["Anna Rossi"]


async def test_a_field_that_this_version_does_not_have_is_an_error_that_names_the_options() -> None:
    async with opened(odoo.Vendor(), number_fields=["phone", "mobile"]) as crm:
        with pytest.raises(SourceError) as caught:
            await crm.find(number(ANNA.phone))
    assert caught.value.ref == "crm-failed"


def test_without_a_key_it_is_not_opened() -> None:
    with pytest.raises(OffhookError, match="lack token"):
        open_kind("odoo", {"url": "https://odoo.example.com", "database": "prod"})


BOTH = pytest.mark.parametrize("vendor", [odoo.Vendor, odoo_jsonrpc.Vendor])


@BOTH
async def test_orders_of_his_company_are_his_and_their_delivery_is_told(vendor: type[odoo.Vendor]) -> None:
    async with opened(vendor(), about=["orders"]) as crm:
        orders = (await told(crm)).orders
    assert [(one.reference, one.state, one.is_open) for one in orders] == [
        ("S00017", "partly delivered", True),
        ("S00009", "delivered, invoiced", False),
    ]


@BOTH
async def test_without_sale_stock_the_invoice_says_what_is_open(vendor: type[odoo.Vendor]) -> None:
    server = vendor()
    server.lacking = {"sale.order.delivery_status"}
    async with opened(server, about=["orders"]) as crm:
        orders = (await told(crm)).orders
    assert [(one.state, one.is_open) for one in orders] == [("confirmed", True), ("confirmed, invoiced", False)]


@BOTH
async def test_an_older_helpdesk_has_neither_numbers_nor_folds(vendor: type[odoo.Vendor]) -> None:
    server = vendor()
    server.lacking = {"helpdesk.ticket.fold", "helpdesk.ticket.ticket_ref"}
    async with opened(server, about=["incidents"]) as crm:
        incidents = (await told(crm)).incidents
    assert [(one.reference, one.is_open, one.severity) for one in incidents] == [
        ("31", True, "high"),
        ("12", False, "high"),
    ]


@BOTH
async def test_notes_ours_and_others_are_no_contacts_and_meetings_only_when_they_were(
    vendor: type[odoo.Vendor],
) -> None:
    async with opened(vendor(), about=["contacts"]) as crm:
        touches = (await told(crm)).touches
    assert [(one.kind, one.title, one.direction, one.by) for one in touches] == [
        ("e-mail", "Re: your offer", "in", None),
        ("meeting", "Visit in Milan", "", "Bruno Esposito"),
    ]


@BOTH
async def test_without_the_calendar_there_are_the_messages(vendor: type[odoo.Vendor]) -> None:
    server = vendor()
    server.lacking = {"calendar.event"}
    async with opened(server, about=["contacts"]) as crm:
        anna = await told(crm)
    assert ([one.kind for one in anna.touches], anna.unread) == (["e-mail"], ())


@BOTH
async def test_without_helpdesk_the_card_says_so(vendor: type[odoo.Vendor]) -> None:
    server = vendor()
    server.lacking = {"helpdesk.ticket"}
    async with opened(server, about=["orders", "incidents"]) as crm:
        anna = await told(crm)
        assert anna.unread == ("crm: incidents could not be read: this Odoo has no helpdesk.ticket",)
    assert len(anna.orders) == 2


@BOTH
async def test_which_fields_there_are_is_asked_once_and_the_rest_is_one_question(vendor: type[odoo.Vendor]) -> None:
    server = vendor()
    async with opened(server, about=["orders", "products"]) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        await crm.details(anna)
        before = len(server.asked)
        await crm.details(anna)
    assert len(server.asked) - before == 2


async def test_a_customer_who_was_found_before_a_restart_is_asked_for_his_company() -> None:
    async with opened(odoo.Vendor(), about=["products"]) as first:
        [anna] = await first.find(number(ANNA.phone))
    server = odoo.Vendor()
    async with opened(server, about=["products"]) as crm:
        assert (await crm.details(anna)).products == ("Lamp", "Desk")  # the latest first
    [asked] = [await one.json() for one in server.asked if one.path.endswith("sale.order.line/search_read")]
    assert ["order_partner_id.commercial_partner_id", "=", 501] in asked["domain"]


async def test_a_private_customers_orders_are_those_of_himself() -> None:
    server = odoo.Vendor()
    async with opened(server, about=["orders"]) as crm:
        await told(crm, BRUNO.mobile)
    [asked] = [await one.json() for one in server.asked if one.path.endswith("sale.order/search_read")]
    assert ["partner_id.commercial_partner_id", "=", 2] in asked["domain"]


@pytest.mark.parametrize("own", ["", "1 or 1=1", "-1", "9" * 13, "[1]"])
async def test_an_id_that_is_none_is_not_asked_about(own: str) -> None:
    server = odoo.Vendor()
    async with opened(server, about=list(server.tells)) as crm:
        whole = await crm.details(Contact(source="crm", contact_id=own, name="Anna"))
    assert (server.asked, whole.orders, whole.touches) == ([], (), ())


async def test_odoo_is_asked_for_no_more_than_fits_on_a_card() -> None:
    server = odoo.Vendor()
    async with opened(server, about=list(server.tells)) as crm:
        await told(crm)
    asked = [json.loads(await one.read()) for one in server.asked if one.path.endswith("search_read")]
    assert all(one["limit"] <= 20 for one in asked if "order" in one)
    assert len([one for one in asked if "order" in one]) == 5
