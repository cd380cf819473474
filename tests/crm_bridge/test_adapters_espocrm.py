"""What only EspoCRM does."""

from __future__ import annotations

from tests.crm_bridge.vendors.crm_server import BRUNO
from tests.crm_bridge.vendors.espocrm import Vendor
from tests.crm_bridge.vendors.opened import number, opened


async def test_a_number_that_is_not_the_first_is_found_with_all_the_others() -> None:
    async with opened(Vendor()) as crm:
        bruno = next(one for one in await crm.find(number(BRUNO.phone)) if one.name == BRUNO.name)
    assert [one.key for one in bruno.numbers] == ["+393337654321", "+390221000100"]


async def test_the_kind_of_record_is_part_of_the_id_and_of_the_page() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        [anna] = await crm.search("anna", 5)
        assert (anna.contact_id, anna.url) == ("Contact/e1", f"{vendor.url}/#Contact/view/e1")
        assert await crm.get("User/e1") is None


async def test_only_the_kinds_that_are_named_are_asked_for() -> None:
    vendor = Vendor()
    async with opened(vendor, entities=["Contact"]) as crm:
        await crm.search("anna", 5)
    assert [request.path for request in vendor.asked] == ["/api/v1/Contact"]
