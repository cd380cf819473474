"""What is told of a customer as Salesforce keeps it."""

from __future__ import annotations

import msgspec
import pytest

from crm_bridge.contact import Contact, SourceError
from crm_bridge.rows import MAX_NUMBERS
from tests.crm_bridge.vendors.crm_server import ANNA, BRUNO
from tests.crm_bridge.vendors.opened import CALL, number, opened, told_whole
from tests.crm_bridge.vendors.salesforce import Vendor, account_id, own_id

ALL = ("orders", "incidents", "products", "contacts")
COMPANY = Contact(source="crm", contact_id=f"Account/{account_id(ANNA)}", name="Rossi Srl")
LEAD = Contact(source="crm", contact_id="Lead/00Q000000000001AAA", name="Someone")


async def test_a_contacts_orders_and_products_are_those_of_his_account() -> None:
    vendor = Vendor()
    async with opened(vendor, about=["orders", "products"]) as crm:
        anna, company = await told_whole(crm), await crm.details(COMPANY)
    assert (anna.orders, anna.products) == (company.orders, company.products)
    assert [(one.title, one.state, one.is_open, str(one.placed_on)) for one in anna.orders] == [
        ("Ten desks", "Negotiation", True, "2026-11-02"),
        ("One lamp", "Closed Won", False, "2025-03-15"),
    ]
    assert anna.bought == ("Desk", "Lamp")


async def test_an_opportunity_that_was_lost_is_no_order() -> None:
    vendor = Vendor()
    lost = {"Id": "006X", "Name": "Chairs", "StageName": "Closed Lost", "IsClosed": True, "IsWon": False}
    vendor.records["Opportunity"].append(lost | {"AccountId": account_id(ANNA)})
    async with opened(vendor, about=["orders"]) as crm:
        assert [one.title for one in (await told_whole(crm)).orders] == ["Ten desks", "One lamp"]


async def test_the_object_order_is_open_until_a_status_that_the_settings_call_done() -> None:
    vendor = Vendor()
    for name, status, day in (("00000100", "Shipped", "2026-11-01"), ("00000099", "Delivered", "2026-10-01")):
        own = {"OrderNumber": name, "Status": status, "EffectiveDate": day, "TotalAmount": 12.5}
        vendor.records["Order"].append(own | {"AccountId": account_id(ANNA)})
    options = {"about": ["orders"], "orders_from": "Order", "orders_done": ["Delivered"]}
    async with opened(vendor, **options) as crm:
        orders = (await told_whole(crm)).orders
    assert [(one.reference, one.state, one.is_open, str(one.placed_on), str(one.total)) for one in orders] == [
        ("00000100", "Shipped", True, "2026-11-01", "12.50"),
        ("00000099", "Delivered", False, "2026-10-01", "12.50"),
    ]


async def test_cases_are_the_persons_own_and_a_companys_are_all_of_it() -> None:
    vendor = Vendor()
    colleagues = {"CaseNumber": "77", "Subject": "Printer", "IsClosed": False, "ContactId": own_id(BRUNO)}
    vendor.records["Case"].append(colleagues | {"AccountId": account_id(ANNA)})
    async with opened(vendor, about=["incidents"]) as crm:
        anna, company = await told_whole(crm), await crm.details(COMPANY)
    assert [(one.reference, one.state, one.severity, one.owner) for one in anna.incidents] == [
        ("31", "Working", "High", "Bruno Esposito"),
        ("12", "Closed", "High", "Dana O'Neill"),
    ]
    assert {one.reference for one in company.incidents} == {"31", "12", "77"}


async def test_a_lead_has_been_talked_to_and_has_nothing_else() -> None:
    vendor = Vendor()
    call = {"Id": "00T5", "Subject": "First call", "TaskSubtype": "Call", "CallType": "Outbound", "IsClosed": True}
    more = {"ActivityDate": "2026-11-02", "Owner": {"Name": "Dana O'Neill"}}
    vendor.records["Task"].append(call | more | {"WhoId": "00Q000000000001AAA"})
    async with opened(vendor, about=ALL) as crm:
        lead = await crm.details(LEAD)
    [touch] = lead.touches
    assert (touch.kind, touch.title, touch.direction, touch.by) == ("call", "First call", "out", "Dana O'Neill")
    assert (lead.orders, lead.incidents, lead.products) == ((), (), ())
    assert len([one for one in vendor.asked if "q" in one.query]) == 3


async def test_an_email_is_told_once_and_a_draft_or_an_open_task_is_not() -> None:
    vendor = Vendor()
    draft = {"Subject": "Draft", "Incoming": False, "Status": "5", "MessageDate": "2026-11-20T09:00:00.000+0000"}
    sent = draft | {"Subject": "Our offer", "Status": "3", "FromName": "Dana O'Neill"}
    vendor.records["EmailMessage"] += [draft | {"to": own_id(ANNA)}, sent | {"to": own_id(ANNA)}]
    todo = {"Id": "00T6", "Subject": "Call back", "TaskSubtype": "Call", "IsClosed": False, "WhoId": own_id(ANNA)}
    vendor.records["Task"].append(todo | {"ActivityDate": "2026-11-20"})
    async with opened(vendor, about=["contacts"]) as crm:
        touches = (await told_whole(crm)).touches
    assert [(one.kind, one.title, one.direction, one.by) for one in touches] == [
        ("e-mail", "Our offer", "out", "Dana O'Neill"),
        ("e-mail", "Re: your offer", "in", None),
        ("meeting", "Visit in Milan", "", "Bruno Esposito"),
    ]


async def test_an_organisation_without_email_messages_has_its_tasks() -> None:
    vendor = Vendor()
    vendor.missing = {"EmailMessage"}
    async with opened(vendor, about=["contacts"]) as crm:
        touches = (await told_whole(crm)).touches
    assert [(one.kind, one.title) for one in touches] == [
        ("e-mail", "Email: Re: your offer"),
        ("meeting", "Visit in Milan"),
    ]


async def test_calls_that_offhook_wrote_are_no_other_contacts() -> None:
    vendor = Vendor()
    call = msgspec.structs.replace(CALL, contact_id=f"Contact/{own_id(ANNA)}")
    async with opened(vendor, about=["contacts"]) as crm:
        before = (await told_whole(crm)).touches
        await crm.write_call(call)
        assert vendor.calls()
        assert (await told_whole(crm)).touches == before


async def test_an_object_that_the_user_may_not_read_is_named() -> None:
    vendor = Vendor()
    vendor.missing = {"Case"}
    async with opened(vendor, about=["orders", "incidents"]) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        anna = await crm.details(anna)
        assert len(anna.orders) == 2
        [words] = anna.unread
        assert words.startswith(
            "crm: incidents could not be read: Salesforce has no such object or field for this user"
        )
        vendor.missing = {"Case", "Opportunity"}
        with pytest.raises(SourceError, match="let him read the objects"):
            await crm.details(anna)


async def test_more_than_a_card_holds_is_not_asked_for() -> None:
    vendor = Vendor()
    for i in range(MAX_NUMBERS + 10):
        own = {"CaseNumber": str(i), "Subject": f"Case {i}", "CreatedDate": f"2026-10-{i + 1:02}T09:00:00.000+0000"}
        vendor.records["Case"].append(own | {"ContactId": own_id(BRUNO), "IsClosed": False})
    async with opened(vendor, about=["incidents"]) as crm:
        bruno = await told_whole(crm, BRUNO.mobile)
    assert [one.title for one in bruno.incidents] == [f"Case {i}" for i in range(MAX_NUMBERS + 9, 9, -1)]


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "Contact/",
        "User/005000000000001AAA",
        "Contact/003' OR Id != '",
        "Contact/0030000000000001\n",
        "003000000000001",
    ],
)
async def test_an_id_that_is_none_is_not_asked_about(hostile: str) -> None:
    vendor = Vendor()
    async with opened(vendor, about=ALL) as crm:
        contact = await crm.details(Contact(source="crm", contact_id=hostile, name="?"))
    assert contact == msgspec.structs.replace(contact, orders=(), incidents=(), products=(), touches=(), unread=())
    assert vendor.asked == []
