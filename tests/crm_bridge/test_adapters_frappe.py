"""What only Frappe does."""

from __future__ import annotations

from tests.crm_bridge.vendors.crm_server import ANNA, BRUNO
from tests.crm_bridge.vendors.frappe import Vendor
from tests.crm_bridge.vendors.opened import number, opened


async def test_a_number_that_is_not_the_first_is_found_and_each_contact_once() -> None:
    async with opened(Vendor()) as crm:
        found = await crm.find(number(BRUNO.phone))
    assert sorted(one.name for one in found) == ["Bruno Verdi", "Carla Neri"]
    bruno = next(one for one in found if one.name == BRUNO.name)
    assert [one.key for one in bruno.numbers] == ["+393337654321", "+390221000100"]


async def test_the_customer_that_a_contact_belongs_to_is_his_number_with_us() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        assert (anna.external_id, anna.url) == ("Rossi Srl", f"{vendor.url}/app/contact/CON-1")


async def test_wildcards_are_no_part_of_a_name() -> None:
    async with opened(Vendor()) as crm:
        assert await crm.search("%%", 5) == []
