"""What only Dolibarr does."""

from __future__ import annotations

import pytest

from cti.errors import OffhookError
from tests.crm_bridge.vendors.crm_server import ANNA
from tests.crm_bridge.vendors.dolibarr import Vendor
from tests.crm_bridge.vendors.opened import number, open_kind, opened


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
