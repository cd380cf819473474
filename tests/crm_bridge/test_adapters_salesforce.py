"""What only Salesforce does."""

from __future__ import annotations

import pytest

from cti.errors import OffhookError
from tests.crm_bridge.vendors.crm_server import ANNA
from tests.crm_bridge.vendors.opened import number, open_kind, opened
from tests.crm_bridge.vendors.salesforce import Vendor


async def test_reserved_characters_are_data() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        assert await crm.search("x} IN ALL FIELDS RETURNING User(Id", 5) == []
        await crm.find(number(ANNA.phone))
    queries = [request.query["q"] for request in vendor.asked if "q" in request.query]
    assert queries[0].startswith("FIND {x\\} AND IN AND ALL")
    assert '"\\+393351234567"' in queries[1]


async def test_the_account_is_the_company_and_the_page_is_linked() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        assert anna.company == "Rossi Srl"
        assert anna.url == f"{vendor.url}/lightning/r/Contact/003000000000001AAA/view"


async def test_one_letter_is_no_search() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        assert await crm.search(" a ", 5) == []
    assert vendor.asked == []


def test_only_what_has_phones_can_be_looked_through() -> None:
    with pytest.raises(OffhookError, match="expected Contact, Account or Lead, got User"):
        open_kind("salesforce", {"url": "https://x.my.salesforce.com", "client_id": "x", "objects": ["User"]})
