"""What only Zammad does."""

from __future__ import annotations

from tests.crm_bridge.vendors.crm_server import ANNA
from tests.crm_bridge.vendors.opened import number, opened
from tests.crm_bridge.vendors.zammad import Vendor


async def test_a_number_is_asked_for_in_each_way_of_writing_it() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        assert anna.url == f"{vendor.url}/#user/profile/1"
    query = vendor.asked[0].query["query"]
    for form in ("+393351234567", "00393351234567", "3351234567", "+39 335 123 4567", "335 123 4567"):
        assert f'"{form}"' in query


async def test_signs_of_the_query_language_are_no_part_of_a_name() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        assert await crm.search('") OR role_ids:1 (*', 5) == []
        assert await crm.search("*", 5) == []
    assert [request.query["query"] for request in vendor.asked] == ["OR role_ids 1"]
