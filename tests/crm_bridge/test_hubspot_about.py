"""What is told of a customer as HubSpot keeps it."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from crm_bridge.contact import Contact, SourceError, SourceSparedError
from crm_bridge.hubspot_about import PacedSearch
from crm_bridge.rows import MAX_NUMBERS
from tests.crm_bridge.vendors.crm_server import ANNA, BRUNO
from tests.crm_bridge.vendors.hubspot import Vendor
from tests.crm_bridge.vendors.opened import number, opened, told_whole

ALL = ("orders", "incidents", "products", "contacts")
BOUGHT = {"hs_is_closed": "true", "hs_is_closed_won": "true", "dealstage": "closedwon"}


def asked(vendor: Vendor, path: str) -> int:
    return sum(path in request.path for request in vendor.asked)


async def test_stages_and_owners_are_named_and_asked_for_once() -> None:
    vendor = Vendor()
    async with opened(vendor, about=["orders", "incidents"]) as crm:
        anna = await told_whole(crm)
        assert await told_whole(crm) == anna
    assert [one.state for one in anna.orders] == ["Presentation Scheduled", "Closed Won"]
    assert [(one.state, one.owner, one.severity) for one in anna.incidents] == [
        ("New", "Bruno Esposito", "high"),
        ("Closed", "Dana O'Neill", ""),
    ]
    assert str(anna.orders[0].total) == "1,250.50 EUR"
    assert (asked(vendor, "/pipelines/deals"), asked(vendor, "/pipelines/tickets"), asked(vendor, "/owners")) == (
        1,
        1,
        1,
    )


async def test_an_app_that_may_not_read_names_tells_the_rest() -> None:
    vendor = Vendor()
    vendor.unscoped = {"pipelines", "owners"}
    async with opened(vendor, about=["orders", "incidents", "contacts"]) as crm:
        anna = await told_whole(crm)
    assert [(one.state, one.is_open) for one in anna.orders] == [("presentationscheduled", True), ("closedwon", False)]
    assert [one.owner for one in anna.incidents] == [None, None]
    assert [(one.kind, one.by) for one in anna.touches] == [("e-mail", None), ("meeting", None)]


async def test_a_ticket_in_no_known_stage_is_closed_by_its_day() -> None:
    vendor = Vendor()
    vendor.put("tickets", BRUNO.number, {"subject": "Old", "hs_pipeline_stage": "99", "closed_date": "2026-01-01"})
    vendor.put("tickets", BRUNO.number, {"subject": "New", "hs_pipeline_stage": "99"})
    async with opened(vendor, about=["incidents"]) as crm:
        bruno = await told_whole(crm, BRUNO.mobile)
    assert {(one.title, one.state, one.is_open) for one in bruno.incidents} == {
        ("Old", "99", False),
        ("New", "99", True),
    }


async def test_a_deal_that_was_lost_is_no_order() -> None:
    vendor = Vendor()
    lost = {"dealname": "Chairs", "dealstage": "closedlost", "hs_is_closed": "true", "hs_is_closed_won": "false"}
    vendor.put("deals", ANNA.number, lost)
    async with opened(vendor, about=["orders"]) as crm:
        anna = await told_whole(crm)
    assert [one.title for one in anna.orders] == ["Ten desks", "One lamp"]
    assert anna.bought == ("One lamp",)


async def test_the_orders_of_a_shop_have_the_state_of_their_delivery() -> None:
    vendor = Vendor()
    own = {"hs_currency_code": "USD", "hs_createdate": "2026-03-27T18:04:11.823Z"}
    parcel = {"hs_order_name": "#1001", "hs_pipeline_stage": "917", "hs_fulfillment_status": "Packing"}
    vendor.put("order", ANNA.number, own | parcel | {"hs_total_price": "12.50"})
    gone = {"hs_order_name": "#0900", "hs_pipeline_stage": "918", "hs_external_created_date": "2025-01-02T00:00:00Z"}
    vendor.put("order", ANNA.number, gone)
    vendor.put("order", BRUNO.number, {"hs_fulfillment_status": "Packing"})
    async with opened(vendor, about=["orders"], orders_from="orders") as crm:
        anna, bruno = await told_whole(crm), await told_whole(crm, BRUNO.mobile)
    assert [(one.reference, one.state, one.is_open, str(one.placed_on)) for one in anna.orders] == [
        ("#1001", "Processed, Packing", True, "2026-03-27"),
        ("#0900", "Shipped", False, "2025-01-02"),
    ]
    assert str(anna.orders[0].total) == "12.50 USD"
    assert anna.bought == ()  # nothing says whether the closed one was cancelled
    [unnamed] = bruno.orders
    assert unnamed.reference.isdecimal()
    assert (unnamed.state, unnamed.is_open, unnamed.placed_on) == ("Packing", True, None)


async def test_what_never_reached_the_customer_is_no_contact() -> None:
    vendor = Vendor()
    at = {"hs_timestamp": "2026-11-20T09:00:00Z"}
    for status in ("BOUNCED", "FAILED", "SCHEDULED", "SENDING", "SENT"):
        mail = {"hs_email_subject": status, "hs_email_status": status, "hs_email_direction": "EMAIL"}
        vendor.put("emails", BRUNO.number, at | mail)
    vendor.put("emails", BRUNO.number, at | {"hs_email_subject": "Fwd", "hs_email_direction": "FORWARDED_EMAIL"})
    for outcome in ("CANCELED", "NO_SHOW", "RESCHEDULED", "COMPLETED"):
        vendor.put("meetings", BRUNO.number, at | {"hs_meeting_title": outcome, "hs_meeting_outcome": outcome})
    async with opened(vendor, about=["contacts"]) as crm:
        bruno = await told_whole(crm, BRUNO.mobile)
    assert {(one.title, one.direction) for one in bruno.touches} == {("SENT", "out"), ("Fwd", ""), ("COMPLETED", "")}


async def test_who_wrote_and_who_was_there() -> None:
    async with opened(Vendor(), about=["contacts"]) as crm:
        anna = await told_whole(crm)
    assert [(one.kind, one.direction, one.by) for one in anna.touches] == [
        ("e-mail", "in", "Dana O'Neill"),
        ("meeting", "", "Bruno Esposito"),
    ]


async def test_products_are_those_of_deals_that_were_won() -> None:
    vendor = Vendor()
    vendor.put("line_items", BRUNO.number, {"name": "Chair"})
    open_ = {"hs_is_closed": "false", "hs_is_closed_won": "false"}
    vendor.put("deals", BRUNO.number, open_)
    async with opened(vendor, about=["products"]) as crm:
        assert (await told_whole(crm, BRUNO.mobile)).products == ()
        vendor.put("deals", BRUNO.number, BOUGHT)
        assert (await told_whole(crm, BRUNO.mobile)).products == ("Chair",)
        vendor.records["line_items"].clear()
        assert (await told_whole(crm, BRUNO.mobile)).products == ()


async def test_more_than_a_card_holds_is_not_asked_for() -> None:
    vendor = Vendor()
    for i in range(MAX_NUMBERS + 10):
        own = {"subject": f"Case {i}", "hs_pipeline_stage": "1", "createdate": f"2026-10-{i + 1:02}T09:00:00Z"}
        vendor.put("tickets", BRUNO.number, own)
    async with opened(vendor, about=["incidents"]) as crm:
        bruno = await told_whole(crm, BRUNO.mobile)
    assert [one.title for one in bruno.incidents] == [f"Case {i}" for i in range(MAX_NUMBERS + 9, 9, -1)]
    assert (await vendor.asked[-2].json())["limit"] == MAX_NUMBERS


@pytest.mark.parametrize("hostile", ["", "1'", "../1", "1" * 40, "²", "1\n"])
async def test_an_id_that_is_none_is_not_asked_about(hostile: str) -> None:
    vendor = Vendor()
    async with opened(vendor, about=ALL) as crm:
        contact = await crm.details(Contact(source="crm", contact_id=hostile, name="?"))
    assert contact == msgspec.structs.replace(contact, orders=(), incidents=(), products=(), touches=(), unread=())
    assert vendor.asked == []


async def test_the_search_waits_for_its_turn_while_other_questions_go_on() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        search = PacedSearch(crm.http, 1 / 3_600)
        question = {"query": "rossi", "limit": 5, "properties": ["firstname"]}
        assert [one.id for one in await search.fetch("contacts", question)] == [str(ANNA.number)]
        second = asyncio.create_task(search.fetch("contacts", question))
        assert await crm.get(str(ANNA.number)) is not None
        assert (asked(vendor, "/search"), second.done()) == (1, False)
        with pytest.raises(SourceSparedError, match="may not be asked so often"):
            await search.fetch_of(
                Contact(source="crm", contact_id="1", name="Anna"), "deals", "createdate", ("dealname",)
            )
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)


async def test_a_scope_that_is_missing_for_the_records_themselves_is_said() -> None:
    vendor = Vendor()
    vendor.barred = {"contacts"}
    async with opened(vendor, about=["contacts"]) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        with pytest.raises(SourceError, match="does not permit"):
            await crm.details(anna)
