"""BottleCRM, the real one, where this machine has a Python that it runs on (3.12 or later)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any, NamedTuple

import aiohttp
import msgspec
import pytest

from crm_bridge.activity import ActivityRefusedError, text_of
from crm_bridge.contact import Contact, MatchKind, SourceError, SourceRefusedError
from crm_bridge.matching import decide
from tests.crm_bridge.lab.bottlecrm import bottlecrm, fitting_python, why_not_installed
from tests.crm_bridge.scene import HOSTILE
from tests.crm_bridge.vendors.opened import CALL, number, open_kind, told_once

SCOPES = ("contacts:read", "contacts:write", "interactions:read", "interactions:write")
CONTACTS = [
    {"first_name": "Anna", "last_name": "Rossi", "phone": "+39 335 123 4567", "organization": "Rossi Srl"},
    {"first_name": "Bruno", "last_name": "Verdi", "phone": "+390221000100"},
    {"first_name": "Carla", "last_name": "Neri", "phone": "+39 02 21000100"},
    {"first_name": HOSTILE[:60], "last_name": "M", "phone": "+390221000200"},
]
#: what is known of Anna; Mallory has a title of her own
KNOWN: dict[str, Any] = {
    "deals": [
        {"of": "Rossi", "name": "Ten desks", "stage": "NEGOTIATION", "closed_on": "2026-12-01"},
        {"of": "Rossi", "name": "One lamp", "stage": "CLOSED_WON", "closed_on": "2025-03-01"},
        {"of": "Rossi", "name": "Never came", "stage": "CLOSED_LOST", "closed_on": "2025-04-01"},
        {"of": "M", "name": HOSTILE, "stage": "CLOSED_WON", "closed_on": "2025-04-01"},
    ],
    "cases": [
        {"of": "Rossi", "name": "Router down", "status": "Pending", "made": "2026-11-19T08:00:00+00:00"},
        {"of": "Rossi", "name": "Wrong invoice", "status": "Rejected", "made": "2026-01-07T08:00:00+00:00"},
        {"of": "M", "name": HOSTILE[:64], "status": "New", "made": "2026-01-07T08:00:00+00:00"},
    ],
    "interactions": [
        {"of": "Rossi", "kind": "email", "direction": "inbound", "subject": "Re: your offer", "body": "x",
         "at": "2026-11-18T09:30:00+00:00"},
        {"of": "Rossi", "kind": "meeting", "subject": "Visit in Milan", "at": "2026-06-03T14:00:00+00:00"},
        {"of": "Rossi", "kind": "whatsapp", "direction": "outbound", "subject": "", "body": "We are late",
         "at": "2026-05-03T14:00:00+00:00"},
        {"of": "Rossi", "kind": "call", "direction": "outbound", "subject": "From the road", "outcome": "connected",
         "at": "2026-04-03T14:00:00+00:00"},
        {"of": "M", "kind": "sms", "subject": HOSTILE, "at": "2026-05-03T14:00:00+00:00"},
    ],
}  # fmt: skip
NARROW = ("contacts:read",)
ALL = ["orders", "incidents", "contacts"]
GONE = "00000000-0000-4000-8000-000000000000"


class Server(NamedTuple):
    url: str
    token: str
    narrow: str


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A BottleCRM that has answered once, as its first answer takes long."""
    python = fitting_python()
    if python is None:
        pytest.skip("BottleCRM 1.35 needs Python 3.12 or later, and this machine has none")
    if (why := why_not_installed(python)) is not None:
        pytest.skip(f"BottleCRM 1.35 cannot be installed here: {why}")
    scopes, folder = (SCOPES, NARROW), tmp_path_factory.mktemp("bottlecrm")
    with bottlecrm(folder, python, scopes, CONTACTS, **KNOWN) as (url, tokens):
        made = Server(url, *tokens)
        asyncio.run(fetch(made, "/api/contacts/?limit=1"))
        yield made


async def fetch(server: Server, path: str) -> Any:
    """What BottleCRM answers its member."""
    patience, who = aiohttp.ClientTimeout(total=180), {"Authorization": f"Bearer {server.token}"}
    async with aiohttp.ClientSession(timeout=patience) as http, http.get(server.url + path, headers=who) as reply:
        assert reply.status == 200, await reply.text()
        return await reply.json()


@pytest.fixture
async def crm(server: Server) -> AsyncIterator[Any]:
    made = open_kind("bottlecrm", {"url": server.url, "token": server.token}, give_up_s=100.0)
    yield made
    await made.close()


async def timeline(server: Server, contact_id: str) -> list[dict[str, Any]]:
    found = await fetch(server, f"/api/interactions/?contact={contact_id}")
    return list(found["interactions"])


async def ours(server: Server, contact_id: str) -> list[dict[str, Any]]:
    """The calls that Offhook wrote."""
    return [one for one in await timeline(server, contact_id) if "Offhook call" in one["body"]]


async def known(server: Server, phone: str, *about: str, token: str = "") -> Contact:
    """All that BottleCRM tells of whose number this is."""
    options = {"url": server.url, "token": token or server.token, "about": list(about)}
    return await told_once("bottlecrm", options, phone, give_up_s=100.0)


async def test_one_is_found_however_he_is_written_there(crm: Any) -> None:
    match = decide(number("+393351234567"), await crm.find(number("+393351234567")))
    assert match.kind is MatchKind.EXACT
    assert match.contact
    assert (match.contact.name, match.contact.company) == ("Anna Rossi", "Rossi Srl")


async def test_none_several_and_a_script(crm: Any) -> None:
    assert await crm.find(number("+393359999999")) == []
    several = decide(number("+390221000100"), await crm.find(number("+390221000100")))
    assert (several.kind, len(several.candidates)) == (MatchKind.AMBIGUOUS, 2)
    [mallory] = await crm.find(number("+390221000200"))
    assert mallory.name == f"{HOSTILE[:60]} M"


async def test_by_name_he_is_found_and_fetched_again(crm: Any) -> None:
    [anna] = await crm.search("rossi", 5)
    assert await crm.get(anna.contact_id) == anna
    assert await crm.search("nobody has this name", 5) == []
    assert (await crm.get(GONE), await crm.get("nope")) == (None, None)


async def test_a_wrong_token_is_a_refusal(server: Server) -> None:
    crm = open_kind("bottlecrm", {"url": server.url, "token": "bcrm_pat_" + "x" * 43}, give_up_s=100.0)
    with pytest.raises(SourceRefusedError):
        await crm.find(number("+393351234567"))
    await crm.close()


async def test_a_call_is_one_interaction_however_often_it_is_written(crm: Any, server: Server) -> None:
    [anna] = await crm.find(number("+393351234567"))
    activity = msgspec.structs.replace(CALL, contact_id=anna.contact_id)
    own = await crm.write_call(activity)
    assert await crm.write_call(activity) == own
    [told] = await ours(server, anna.contact_id)
    assert (told["id"], told["kind"], told["outcome"], told["duration_seconds"]) == (own, "call", "connected", 65)
    assert told["body"] == text_of(activity)
    assert await crm.write_call(msgspec.structs.replace(activity, note="Wants two")) == own
    [told] = await ours(server, anna.contact_id)
    assert told["body"].startswith("Wants two\n")


async def test_a_call_may_turn_out_to_be_another_contacts(crm: Any, server: Server) -> None:
    bruno, carla = await crm.find(number("+390221000100"))
    activity = msgspec.structs.replace(CALL, call_id="milan:18", contact_id=bruno.contact_id)
    await crm.write_call(activity)
    await crm.write_call(msgspec.structs.replace(activity, contact_id=carla.contact_id))
    assert (await timeline(server, bruno.contact_id), len(await timeline(server, carla.contact_id))) == ([], 1)


async def test_without_a_contact_and_for_one_that_is_gone_it_is_refused(crm: Any) -> None:
    for contact_id, ref in ((None, "crm-call-nobody"), (GONE, "crm-call-refused")):
        with pytest.raises(ActivityRefusedError) as caught:
            await crm.write_call(msgspec.structs.replace(CALL, call_id="milan:20", contact_id=contact_id))
        assert caught.value.ref == ref


async def test_deals_and_tickets_are_told_and_open_as_bottlecrm_has_it(server: Server) -> None:
    anna = await known(server, "+393351234567", "orders", "incidents")
    assert [
        (one.reference, one.state, one.is_open, one.placed_on, one.due_on, str(one.total)) for one in anna.orders
    ] == [
        ("One lamp", "Closed Won", False, date(2025, 3, 1), None, "1,250.50 EUR"),
        ("Ten desks", "Negotiation", True, None, date(2026, 12, 1), "1,250.50 EUR"),
    ]
    assert anna.bought == ("One lamp",)
    assert [(one.title, one.state, one.is_open, one.opened_on, one.severity) for one in anna.incidents] == [
        ("Router down", "Pending", True, date(2026, 11, 19), "High"),
        ("Wrong invoice", "Rejected", False, date(2026, 1, 7), "High"),
    ]
    assert all(len(one.reference) == 8 for one in anna.incidents)
    assert (anna.touches, anna.unread) == ((), ())


async def test_earlier_contacts_are_told_but_not_the_calls_that_were_written_by_us(server: Server, crm: Any) -> None:
    [anna] = await crm.find(number("+393351234567"))
    await crm.write_call(msgspec.structs.replace(CALL, call_id="milan:21", contact_id=anna.contact_id))
    whole = await known(server, "+393351234567", "contacts")
    assert [(one.kind, one.title, one.direction, one.on, one.by) for one in whole.touches] == [
        ("e-mail", "Re: your offer", "in", date(2026, 11, 18), "Dana O'Neill"),
        ("meeting", "Visit in Milan", "", date(2026, 6, 3), "Dana O'Neill"),
        ("WhatsApp", "We are late", "out", date(2026, 5, 3), "Dana O'Neill"),
        ("call", "From the road", "out", date(2026, 4, 3), "Dana O'Neill"),
    ]


async def test_nobody_gets_what_is_anothers_and_a_script_stays_a_text(server: Server, crm: Any) -> None:
    mallory = await known(server, "+390221000200", *ALL)
    told = [mallory.orders[0].reference, mallory.incidents[0].title, mallory.touches[0].title]
    assert told == [HOSTILE[:100], HOSTILE[:64], HOSTILE]
    assert (len(mallory.orders), len(mallory.incidents), len(mallory.touches)) == (1, 1, 1)
    assert not crm.has_details
    _, carla = sorted(await crm.find(number("+390221000100")), key=lambda one: str(one.name))
    teller = open_kind("bottlecrm", {"url": server.url, "token": server.token, "about": ALL}, give_up_s=100.0)
    assert await teller.details(carla) == carla
    with pytest.raises(SourceError):
        await teller.details(msgspec.structs.replace(carla, contact_id="../../cases"))
    await teller.close()


async def test_a_token_without_the_scope_is_told_all_but_earlier_contacts(server: Server) -> None:
    anna = await known(server, "+393351234567", *ALL, token=server.narrow)
    assert (len(anna.orders), len(anna.incidents), anna.touches) == (2, 2, ())
    assert anna.unread == ("crm: contacts could not be read: 127.0.0.1 does not permit the question",)
