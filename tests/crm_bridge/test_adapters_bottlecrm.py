"""What only BottleCRM does."""

from __future__ import annotations

from crm_bridge.lookup import limits_of
from crm_bridge.settings import CrmSettings
from tests.crm_bridge.vendors.bottlecrm import Vendor, own_id
from tests.crm_bridge.vendors.crm_server import ANNA, FAMILY
from tests.crm_bridge.vendors.opened import number, opened


async def test_it_is_asked_120_times_a_minute_at_most() -> None:
    async with opened(Vendor()) as crm:
        assert limits_of("crm", crm, CrmSettings()).per_s == 2.0


async def test_who_may_not_be_called_is_said_and_the_page_is_linked() -> None:
    async with opened(Vendor(), pages_url="https://app.example.com/") as crm:
        [anna] = await crm.find(number(ANNA.phone))
    assert (anna.company, anna.fields) == ("Rossi Srl", ())
    assert [one.words for one in anna.no_calls] == ["Do not call: refused, day not known, says BottleCRM"]
    assert anna.url == f"https://app.example.com/contacts/{own_id(ANNA)}"


async def test_of_a_crowd_only_the_first_are_fetched_whole() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        found = await crm.find(number(FAMILY[0].phone))
    assert (len(found), len(vendor.asked)) == (10, 1 + 5)
    assert [len(one.numbers) for one in found] == [1] * 10
