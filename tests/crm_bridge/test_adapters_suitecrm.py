"""What only SuiteCRM does."""

from __future__ import annotations

from tests.crm_bridge.vendors.crm_server import ANNA, BRUNO
from tests.crm_bridge.vendors.opened import number, opened
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


async def test_one_record_of_a_module_that_is_not_named_is_not_asked_for() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        assert await crm.get("Users/1") is None
    assert vendor.asked == []
