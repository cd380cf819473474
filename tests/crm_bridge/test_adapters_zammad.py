"""What only Zammad does."""

from __future__ import annotations

from datetime import date

import msgspec

from crm_bridge.contact import Touch
from tests.crm_bridge.vendors.crm_server import ANNA
from tests.crm_bridge.vendors.opened import CALL, number, opened
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


async def test_a_state_with_a_name_of_its_own_is_open_by_its_type_and_a_merged_ticket_is_none() -> None:
    vendor = Vendor()
    async with opened(vendor, about=["incidents"]) as crm:
        incidents = (await crm.details(await crm.get("1"))).incidents
        told = [(one.reference, one.state, one.is_open, one.owner) for one in incidents]
        assert told == [("31", "waiting for parts", True, "Bruno Esposito"), ("12", "done", False, "Dana O'Neill")]
        vendor.tickets[1_000]["state_id"] = 5
        vendor.tickets[1_001]["owner_id"] = 1
        [left] = (await crm.details(await crm.get("1"))).incidents
        assert (left.reference, left.owner) == ("12", None)
    assert len([one for one in vendor.asked if one.path.endswith("/ticket_states")]) == 1


async def test_tickets_of_our_own_calls_are_neither_incidents_nor_contacts() -> None:
    call = msgspec.structs.replace(CALL, contact_id="1")
    vendor = Vendor()
    async with opened(vendor, about=["incidents", "contacts"], ticket_state="open") as crm:
        before = await crm.details(await crm.get("1"))
        await crm.write_call(call)
        vendor.articles[40][0] |= {"type": "email", "sender": "Customer", "created_at": "2026-11-22T09:30:00.000Z"}
        after = await crm.details(await crm.get("1"))
    assert (after.incidents, after.touches) == (before.incidents, before.touches)


async def test_a_contact_says_who_of_the_house_had_it() -> None:
    vendor = Vendor()
    vendor.articles[1_000][-1]["created_by_id"] = ANNA.number
    async with opened(vendor, about=["contacts"]) as crm:
        touches = (await crm.details(await crm.get("1"))).touches
    assert touches == (
        Touch(on=date(2026, 11, 18), kind="e-mail", title="Re: your offer", direction="in", by="Bruno Esposito"),
        Touch(on=date(2026, 6, 3), kind="chat", title="Visit in Milan", direction="out", by="Bruno Esposito"),
    )


async def test_of_a_ticket_too_long_to_be_read_it_is_told_when_each_side_last_wrote() -> None:
    vendor = Vendor()
    vendor.articles[1_000] *= 30_000
    vendor.tickets[1_000] |= {"last_contact_customer_at": "2026-11-20T08:00:00.000Z", "last_contact_agent_at": None}
    async with opened(vendor, about=["contacts"]) as crm:
        anna = await crm.details(await crm.get("1"))
    assert anna.unread == ()
    assert [(one.on, one.kind, one.title, one.direction) for one in anna.touches] == [
        (date(2026, 11, 20), "ticket", "Router down", "in"),
        (date(2026, 6, 3), "chat", "Visit in Milan", "out"),
    ]


async def test_only_the_tickets_with_the_latest_contact_are_read() -> None:
    vendor = Vendor()
    for day in range(10, 20):
        copy = vendor.tickets[1_001] | {"id": 1_000 + day, "last_contact_at": f"2026-01-{day}T00:00:00.000Z"}
        vendor.tickets[1_000 + day], vendor.articles[1_000 + day] = copy, []
    async with opened(vendor, about=["contacts"]) as crm:
        await crm.details(await crm.get("1"))
    asked = {int(one.path.rpartition("/")[2]) for one in vendor.asked if "by_ticket" in one.path}
    assert asked == {1_000, 1_019, 1_018, 1_017, 1_016}


async def test_an_id_that_is_no_number_is_not_asked_about() -> None:
    vendor = Vendor()
    async with opened(vendor, about=["incidents"]) as crm:
        anna = await crm.get("1")
        odd = await crm.details(type(anna)(source="crm", contact_id="1&x=2", name="Odd"))
    assert odd.incidents == ()
    assert [one.path for one in vendor.asked] == ["/api/v1/users/1"]
