"""What only BottleCRM does."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from aiohttp import web

from crm_bridge.contact import SourceError
from crm_bridge.lookup import limits_of
from crm_bridge.settings import CrmSettings
from tests.crm_bridge.vendors import bottlecrm
from tests.crm_bridge.vendors.bottlecrm import Vendor, own_id
from tests.crm_bridge.vendors.crm_server import ANNA, FAMILY, TALKS, Person
from tests.crm_bridge.vendors.opened import CALL, number, opened


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


async def test_the_calls_that_offhook_wrote_are_no_earlier_contacts() -> None:
    async with opened(Vendor(), about=["contacts"]) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        call = msgspec.structs.replace(CALL, contact_id=anna.contact_id)
        await crm.write_call(call)
        told = await crm.details(anna)
    assert [one.title for one in told.touches] == [talk.title for talk in TALKS]


@pytest.mark.parametrize(
    ("kind", "told"), [("open", [True]), (None, [True]), ("won", [False]), ("lost", []), ("new word", [True])]
)
async def test_a_deal_is_open_until_it_is_won_and_one_that_was_lost_is_not_told(
    kind: str | None, told: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_deal(_who: Person) -> list[dict[str, Any]]:
        return [{"name": "Desks", "stage_label": "Somewhere", "stage_kind": kind, "amount": None}]

    monkeypatch.setattr(bottlecrm, "deals", one_deal)
    async with opened(Vendor(), about=["orders"]) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        orders = (await crm.details(anna)).orders
    assert [one.is_open for one in orders] == told
    assert all((one.reference, one.state, one.total) == ("Desks", "Somewhere", None) for one in orders)


async def test_a_version_whose_page_lists_no_deals_and_tickets_is_not_taken_for_one_without_any() -> None:
    class Older(Vendor):
        async def one(self, request: web.Request) -> web.Response:
            return web.json_response({"contact_obj": bottlecrm.record(ANNA)})

    async with opened(Older(), about=["orders", "incidents"]) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        with pytest.raises(SourceError):
            await crm.details(anna)
