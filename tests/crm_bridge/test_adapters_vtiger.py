"""What only Vtiger does."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from crm_bridge.contact import Contact, Touch
from tests.crm_bridge.vendors.crm_server import ANNA
from tests.crm_bridge.vendors.opened import CALL, number, opened
from tests.crm_bridge.vendors.vtiger import Vendor


async def test_it_is_asked_for_the_digits_without_the_country_code() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        assert anna.url == f"{vendor.url}/view/detail?module=Contacts&id=1"
    assert vendor.asked[0].query["value"] == "3351234567"
    assert (anna.contact_id, anna.external_id) == ("12x1", "CON1")


async def test_a_quotation_mark_cannot_end_the_query() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        assert await crm.search("x' or lastname like '%", 5) == []
        assert await crm.search("'%;", 5) == []
    assert [request.query["query"].count("'") for request in vendor.asked] == [4]


PARTS = ["orders", "incidents", "contacts"]


async def test_what_is_the_organisations_is_told_for_its_contact_too() -> None:
    vendor = Vendor()
    async with opened(vendor, about=PARTS) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        whole = await crm.details(anna)
    assert [(one.reference, one.state, one.due_on) for one in whole.orders] == [
        ("S00017", "Approved", date(2026, 12, 1)), ("S00009", "Delivered", date(2025, 3, 15)),
    ]  # fmt: skip
    assert [(one.reference, one.state, one.owner) for one in whole.incidents] == [
        ("TT31", "Wait For Response", "Bruno Esposito"), ("TT12", "Closed", "Dana O'Neill"),
    ]  # fmt: skip
    [order] = [one.query["query"] for one in vendor.asked if "SalesOrder" in one.query.get("query", "")]
    assert "where contact_id = '12x1' or account_id = '11x501' order by" in order


async def test_an_organisation_and_a_lead_are_asked_about_by_their_own_fields() -> None:
    vendor = Vendor()
    rows: dict[str, dict[str, Any]] = {
        "11x501": {"accountname": "Rossi Srl", "account_no": "ACC1"}, "10x7": {"lastname": "Late", "lead_no": "LEA7"},
    }  # fmt: skip
    vendor.records["Events"].append(vendor.records["Events"][0] | {"contact_id": "", "parent_id": "10x7"})
    async with opened(vendor, about=PARTS) as crm:
        for own, row in rows.items():
            crm._contact(row | {"id": own})
        firm, lead = [await crm.details(Contact(source="crm", contact_id=own, name="X")) for own in rows]
    assert ([one.reference for one in firm.orders], firm.incidents, firm.touches) == (["S00017", "S00009"], (), ())
    assert ([one.title for one in lead.touches], lead.orders) == (["Visit in Milan"], ())


async def test_which_organisation_a_contact_is_of_is_asked_for_where_it_was_not_told() -> None:
    vendor = Vendor()
    async with opened(vendor, about=["orders"]) as crm:
        for _ in range(2):
            anna = await crm.details(Contact(source="crm", contact_id="12x1", name="Anna Rossi"))
            assert len(anna.orders) == 2
    assert [one.path.rpartition("/")[2] for one in vendor.asked] == ["retrieve", "query", "query"]


async def test_who_had_it_is_told_if_users_may_be_read() -> None:
    vendor = Vendor()
    vendor.reads_users = False
    async with opened(vendor, about=PARTS) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        whole = await crm.details(anna)
        assert {one.by for one in whole.touches} | {one.owner for one in whole.incidents} == {None}
        assert whole.unread == ()
        vendor.reads_users = True
        assert (await crm.details(anna)).touches == (
            Touch(on=date(2026, 11, 18), kind="e-mail", title="Re: your offer", direction="in", by="Dana O'Neill"),
            Touch(on=date(2026, 6, 3), kind="meeting", title="Visit in Milan", by="Bruno Esposito"),
        )


async def test_an_e_mail_of_ours_went_out_and_whose_it_is_else_is_not_said() -> None:
    vendor = Vendor()
    mail = vendor.records["Emails"][0]
    vendor.records["Emails"] += [mail | {"from_email": "us@example.com", "email_flag": "SENT", "subject": "Offer"}]
    vendor.records["Emails"] += [mail | {"from_email": "him@example.com", "email_flag": "", "subject": "Other"}]
    async with opened(vendor, about=["contacts"]) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        touches = (await crm.details(anna)).touches
    told = {one.title: one.direction for one in touches}
    assert told == {"Re: your offer": "in", "Offer": "out", "Other": "", "Visit in Milan": ""}


async def test_our_own_calls_are_no_contacts() -> None:
    call = msgspec.structs.replace(CALL, contact_id="12x1")
    vendor = Vendor()
    async with opened(vendor, about=["contacts"]) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        await crm.write_call(call)
        vendor.events["18x0"] |= {"parent_id": ""}
        assert [one.kind for one in (await crm.details(anna)).touches] == ["e-mail", "meeting"]


async def test_an_id_that_is_none_reaches_no_query() -> None:
    vendor = Vendor()
    async with opened(vendor, about=PARTS) as crm:
        for own in ("12x1' or id != '0", "12", "", "x", "12x1;"):
            odd = await crm.details(Contact(source="crm", contact_id=own, name="Odd"))
            assert (odd.orders, odd.incidents, odd.touches) == ((), (), ())
    assert vendor.asked == []
