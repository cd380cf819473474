"""What only SuiteCRM does."""

from __future__ import annotations

from datetime import date

import pytest

from crm_bridge.contact import Contact, Money, SourceError
from tests.crm_bridge.vendors.crm_server import ANNA, BRUNO
from tests.crm_bridge.vendors.opened import number, opened, told
from tests.crm_bridge.vendors.suitecrm import Vendor


async def test_each_form_is_asked_for_in_each_field_with_one_token() -> None:
    vendor = Vendor()
    async with opened(vendor, stored_as=["e164", "spaced"]) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        assert anna.url == f"{vendor.url}/index.php?module=Contacts&action=DetailView&record=1"
        await crm.find(number(ANNA.phone))
    tokens = [request for request in vendor.asked if request.path.endswith("access_token")]
    assert (len(tokens), len(vendor.asked)) == (1, 1 + 2 * 2 * 2)


async def test_a_form_that_the_site_does_not_use_is_not_found() -> None:
    async with opened(Vendor(), stored_as=["e164"]) as crm:
        assert await crm.find(number(ANNA.phone)) == []
        assert BRUNO.name in [one.name for one in await crm.find(number(BRUNO.phone))]


async def test_by_a_pattern_each_spacing_is_found_with_one_question() -> None:
    vendor = Vendor()
    async with opened(vendor, stored_as=["any"]) as crm:
        assert [one.name for one in await crm.find(number(ANNA.phone))] == ["Anna Rossi"]
        assert [one.name for one in await crm.find(number(BRUNO.mobile))] == ["Bruno Verdi"]
        assert await crm.find(number("+39 335 123 4568")) == []
    assert len([one for one in vendor.asked if one.path.endswith("/Contacts")]) == 3


async def test_one_record_of_a_module_that_is_not_named_is_not_asked_for() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        assert await crm.get("Users/1") is None
    assert vendor.asked == []


def related(vendor: Vendor) -> list[str]:
    """The records and links that were asked for, in order."""
    return sorted(one.path.removeprefix("/Api/V8/module/") for one in vendor.asked if "/relationships/" in one.path)


async def test_opportunities_of_him_and_of_his_account_are_told_once_and_no_lost_ones() -> None:
    vendor = Vendor()
    async with opened(vendor, about=["orders"]) as crm:
        now, won = (await told(crm)).orders
    assert (now.reference, now.title, now.state, now.is_open) == ("Ten desks", "", "Proposal/Price Quote", True)
    assert (now.placed_on, now.due_on, now.total) == (date(2026, 11, 2), date(2026, 12, 1), Money(125_050))
    assert (won.reference, won.title, won.state, won.is_open) == ("One lamp", "One lamp", "Closed Won", False)
    assert related(vendor) == ["Accounts/a1/relationships/opportunities", "Contacts/1/relationships/opportunities"]


async def test_a_case_is_open_by_its_state() -> None:
    async with opened(Vendor(), about=["incidents"]) as crm:
        incidents = (await told(crm)).incidents
    assert [(one.reference, one.state, one.is_open, one.severity, one.owner) for one in incidents] == [
        ("31", "Pending Input", True, "high", "Bruno Esposito"),
        ("12", "Closed", False, "", "Dana O'Neill"),
    ]


async def test_drafts_mailings_planned_meetings_and_calls_are_no_contacts() -> None:
    vendor = Vendor()
    async with opened(vendor, about=["contacts"]) as crm:
        touches = (await told(crm)).touches
    assert [(one.kind, one.title, one.direction, one.by) for one in touches] == [
        ("e-mail", "Re: your offer", "in", "Dana O'Neill"),
        ("meeting", "Visit in Milan", "", "Bruno Esposito"),
    ]
    assert related(vendor) == ["Contacts/1/relationships/emails", "Contacts/1/relationships/meetings"]


async def test_after_a_restart_the_account_is_asked_for_once() -> None:
    async with opened(Vendor()) as first:
        [anna] = await first.find(number(ANNA.phone))
    vendor = Vendor()
    async with opened(vendor, about=["orders"]) as crm:
        for _ in range(2):
            assert len((await crm.details(anna)).orders) == 2
    assert [one.path for one in vendor.asked].count("/Api/V8/module/Contacts/1") == 1


async def test_accounts_are_found_with_the_fields_that_they_have_and_tell_their_own() -> None:
    vendor = Vendor()
    options = {"modules": ["Accounts"], "phone_fields": ["phone_office"], "about": ["orders", "incidents"]}
    async with opened(vendor, **options) as crm:
        rossi = await told(crm)
        assert [one.contact_id for one in await crm.search("Rossi Srl", 5)] == ["Accounts/a1"]
    assert (rossi.contact_id, rossi.name, len(rossi.orders), len(rossi.incidents)) == ("Accounts/a1", "Rossi Srl", 2, 2)
    assert related(vendor) == ["Accounts/a1/relationships/cases", "Accounts/a1/relationships/opportunities"]


async def test_a_lead_has_no_orders_and_no_cases_but_contacts() -> None:
    vendor = Vendor()
    async with opened(vendor, about=["orders", "incidents", "contacts"]) as crm:
        lead = await crm.details(Contact(source="crm", contact_id="Leads/1", name="Anna"))
    assert (len(lead.orders), len(lead.incidents), len(lead.touches)) == (0, 0, 2)
    assert related(vendor) == ["Leads/1/relationships/emails", "Leads/1/relationships/meetings"]


@pytest.mark.parametrize("own", ["", "Contacts", "Users/1", "Leads/"])
async def test_what_is_no_customer_is_not_asked_about(own: str) -> None:
    vendor = Vendor()
    async with opened(vendor, about=["orders", "incidents", "contacts"]) as crm:
        whole = await crm.details(Contact(source="crm", contact_id=own, name="Anna"))
    assert (vendor.asked, whole.orders, whole.incidents, whole.touches) == ([], (), (), ())


async def test_an_id_cannot_lead_elsewhere() -> None:
    vendor = Vendor()
    async with opened(vendor, about=["incidents"]) as crm:
        with pytest.raises(SourceError):
            await crm.details(Contact(source="crm", contact_id="Contacts/../Users?x=1#", name="Anna"))
    paths = {one.raw_path.split("?")[0] for one in vendor.asked if "token" not in one.path}
    assert paths == {"/Api/V8/module/Contacts/..%2FUsers%3Fx%3D1%23/relationships/cases"}
