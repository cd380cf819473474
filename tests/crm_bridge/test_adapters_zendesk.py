"""What only Zendesk does."""

from __future__ import annotations

from tests.crm_bridge.vendors.crm_server import ANNA
from tests.crm_bridge.vendors.opened import number, opened
from tests.crm_bridge.vendors.zendesk import Vendor


async def test_each_way_of_writing_is_an_alternative_of_one_question() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        assert (anna.language, anna.url) == ("it", f"{vendor.url}/agent/users/1")
    assert len(vendor.asked) == 1
    assert vendor.asked[0].query["query"].count('phone:"') >= 5


async def test_keywords_are_no_part_of_a_name() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        assert await crm.search('role:admin "x"', 5) == []
    assert vendor.asked[0].query["query"] == "type:user role admin  x"
