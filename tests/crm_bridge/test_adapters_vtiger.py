"""What only Vtiger does."""

from __future__ import annotations

from tests.crm_bridge.vendors.crm_server import ANNA
from tests.crm_bridge.vendors.opened import number, opened
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
