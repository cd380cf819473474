"""What only HubSpot does."""

from __future__ import annotations

from crm_bridge.lookup import limits_of
from crm_bridge.settings import CrmSettings
from tests.crm_bridge.vendors.crm_server import ANNA, BRUNO
from tests.crm_bridge.vendors.hubspot import Vendor
from tests.crm_bridge.vendors.opened import number, opened


async def test_it_is_asked_four_times_a_second_at_most() -> None:
    async with opened(Vendor()) as crm:
        assert limits_of("crm", crm, CrmSettings()).per_s == 4.0


async def test_the_page_is_linked_where_the_hub_is_known() -> None:
    async with opened(Vendor(), portal_id="12345") as crm:
        [anna] = await crm.find(number(ANNA.phone))
    assert anna.url == "https://app.hubspot.com/contacts/12345/record/0-1/1"
    async with opened(Vendor()) as crm:
        [anna] = await crm.find(number(ANNA.phone))
    assert anna.url is None


async def test_a_mobile_number_is_found_by_its_digits() -> None:
    async with opened(Vendor()) as crm:
        [bruno] = await crm.find(number(BRUNO.mobile))
    assert [(one.key, one.label) for one in bruno.numbers] == [("+390221000100", ""), ("+393337654321", "mobile")]
