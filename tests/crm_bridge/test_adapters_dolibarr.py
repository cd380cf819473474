"""What only Dolibarr does."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from crm_bridge.contact import Contact, Touch
from cti.errors import OffhookError
from tests.crm_bridge.vendors.crm_server import ANNA
from tests.crm_bridge.vendors.dolibarr import Vendor
from tests.crm_bridge.vendors.opened import CALL, number, open_kind, opened


async def test_that_nothing_was_found_is_no_error() -> None:
    async with opened(Vendor(people=())) as crm:
        assert await crm.find(number(ANNA.phone)) == []


async def test_signs_that_mean_something_in_a_filter_are_no_part_of_a_name() -> None:
    vendor = Vendor()
    async with opened(vendor, objects=["contacts"]) as crm:
        assert await crm.search("x%') or (t.rowid:>:'0", 5) == []
    assert vendor.asked[0].query["sqlfilters"].count("(") == 2


async def test_the_page_is_linked() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        assert (anna.contact_id, anna.url) == ("contacts/1", f"{vendor.url}/contact/card.php?id=1")


def test_only_what_there_is_can_be_looked_through() -> None:
    with pytest.raises(OffhookError, match="expected contacts or thirdparties, got users"):
        open_kind("dolibarr", {"url": "https://d.example.com", "token": "x", "objects": ["users"]})


PARTS = ["orders", "incidents", "products", "contacts"]


async def test_a_third_party_is_told_what_is_its_own_and_a_contact_what_is_his_companys() -> None:
    company = Contact(source="crm", contact_id="thirdparties/501", name="Rossi Srl")
    vendor = Vendor()
    async with opened(vendor, about=PARTS) as crm:
        anna, firm = await crm.details(await crm.get("contacts/1")), await crm.details(company)
    assert (firm.orders, firm.incidents, firm.products, firm.touches) == (
        anna.orders, anna.incidents, anna.products, anna.touches,
    )  # fmt: skip
    assert [(one.reference, one.state, one.due_on) for one in anna.orders] == [
        ("S00017", "shipment in process", date(2026, 12, 1)), ("S00009", "delivered", date(2025, 3, 15)),
    ]  # fmt: skip


async def test_whose_contact_has_no_company_his_own_events_are_told() -> None:
    vendor = Vendor()
    vendor.said.append(vendor.said[0] | {"socid": None, "contact_id": "2", "label": "For Bruno"})
    async with opened(vendor, about=PARTS) as crm:
        bruno = await crm.details(await crm.get("contacts/2"))
    assert ([one.title for one in bruno.touches], bruno.orders) == (["For Bruno"], ())
    assert [one.path.rpartition("/")[2] for one in vendor.asked] == ["2", "agendaevents", "users"]


async def test_the_company_of_a_contact_from_the_cache_is_asked_for_once() -> None:
    vendor = Vendor()
    async with opened(vendor, about=["orders"]) as crm:
        for _ in range(2):
            anna = await crm.details(Contact(source="crm", contact_id="contacts/1", name="Anna Rossi"))
            assert anna.orders
    assert [one.path.rpartition("/")[2] for one in vendor.asked] == ["1", "orders", "orders"]


async def test_a_contact_says_who_of_the_house_had_it_if_users_may_be_read() -> None:
    vendor = Vendor()
    vendor.reads_users = False
    async with opened(vendor, about=["contacts"]) as crm:
        anna = await crm.get("contacts/1")
        assert [one.by for one in (await crm.details(anna)).touches] == [None, None]
        vendor.reads_users = True
        for _ in range(2):
            assert (await crm.details(anna)).touches == (
                Touch(on=date(2026, 11, 18), kind="e-mail", title="Re: your offer", direction="in", by="Dana O'Neill"),
                Touch(on=date(2026, 6, 3), kind="meeting", title="Visit in Milan", by="Bruno Esposito"),
            )
    assert len([one for one in vendor.asked if one.path.endswith("/users")]) == 2


async def test_our_own_calls_and_what_dolibarr_enters_itself_are_no_contacts_but_documents_by_mail_are() -> None:
    call = msgspec.structs.replace(CALL, contact_id="contacts/1")
    vendor = Vendor()
    async with opened(vendor, about=["contacts"]) as crm:
        anna = await crm.get("contacts/1")
        await crm.write_call(call)
        assert [one.title for one in (await crm.details(anna)).touches] == ["Re: your offer", "Visit in Milan"]
        vendor.said[-1] |= {"code": "AC_PROPAL_SENTBYMAIL", "label": "Offer PR1 sent", "datep": 1_790_000_000}
        vendor.said += [one | {"code": "AC_BILL_SENTBYMAIL", "type_code": "AC_OTH_AUTO"} for one in vendor.said[:1]]
        told = [(one.title, one.kind, one.direction) for one in (await crm.details(anna)).touches]
    assert told == [
        ("Re: your offer", "e-mail", "in"), ("Re: your offer", "e-mail", "out"), ("Visit in Milan", "meeting", ""),
    ]  # fmt: skip


async def test_an_id_that_is_none_is_not_asked_about() -> None:
    vendor = Vendor()
    async with opened(vendor, about=PARTS) as crm:
        for own in ("contacts/1) or (1:=:1", "users/3", "", "thirdparties/"):
            odd = await crm.details(Contact(source="crm", contact_id=own, name="Odd"))
            assert (odd.orders, odd.touches) == ((), ())
    assert vendor.asked == []
