"""What only Zendesk does."""

from __future__ import annotations

import msgspec
import pytest

from crm_bridge.contact import Contact
from crm_bridge.rows import MAX_NUMBERS
from tests.crm_bridge.vendors.crm_server import ANNA
from tests.crm_bridge.vendors.opened import CALL, number, opened, told_whole
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


async def test_tickets_are_open_until_they_are_solved() -> None:
    vendor = Vendor()
    vendor.requested.clear()
    for i, status in enumerate(("new", "open", "pending", "hold", "solved", "closed")):
        vendor.put(ANNA.number, "web", f"2026-11-{20 - i}T09:00:00Z", {"subject": status, "status": status})
    vendor.requested[0] |= {"assignee_id": 22, "priority": "urgent"}
    async with opened(vendor, about=["incidents"]) as crm:
        incidents = (await told_whole(crm)).incidents
    assert [(one.state, one.is_open) for one in incidents] == [
        *(("new", True), ("open", True), ("pending", True), ("hold", True)),
        *(("solved", False), ("closed", False)),
    ]
    assert (incidents[0].owner, incidents[0].severity, incidents[1].owner) == ("Dana O'Neill", "urgent", None)


async def test_emails_and_chats_have_a_direction_and_who_had_them() -> None:
    async with opened(Vendor(), about=["contacts"]) as crm:
        touches = (await told_whole(crm)).touches
    assert [(one.kind, one.title, one.direction, one.by) for one in touches] == [
        ("e-mail", "Re: your offer", "in", "Dana O'Neill"),
        ("chat", "Visit in Milan", "out", "Bruno Esposito"),
    ]


async def test_tickets_that_tell_of_our_calls_are_left_out() -> None:
    vendor = Vendor()
    call = msgspec.structs.replace(CALL, contact_id=str(ANNA.number))
    async with opened(vendor, about=["incidents", "contacts"]) as crm:
        before = await told_whole(crm)
        await crm.write_call(call)
        assert vendor.calls()
        assert await told_whole(crm) == before


async def test_each_part_is_one_search_of_as_many_tickets_as_a_card_holds() -> None:
    vendor = Vendor()
    for i in range(MAX_NUMBERS + 10):
        vendor.put(ANNA.number, "email", f"2026-12-{i + 1:02}T09:00:00Z", {"subject": f"Mail {i}"})
    async with opened(vendor, about=["incidents", "contacts"]) as crm:
        anna = await told_whole(crm)
    newest = [f"Mail {i}" for i in range(MAX_NUMBERS + 9, 9, -1)]
    assert ([one.title for one in anna.incidents], [one.title for one in anna.touches]) == (newest, newest)
    assert len(vendor.asked) == 3


@pytest.mark.parametrize("hostile", ["", "1 role:admin", "1\n", "me", "²", "1" * 30])
async def test_an_id_that_is_none_is_not_asked_about(hostile: str) -> None:
    vendor = Vendor()
    async with opened(vendor, about=["incidents", "contacts"]) as crm:
        contact = await crm.details(Contact(source="crm", contact_id=hostile, name="?"))
    assert contact == msgspec.structs.replace(contact, incidents=(), touches=(), unread=())
    assert vendor.asked == []
