"""BottleCRM, the real one, where this machine has a Python that it runs on (3.12 or later)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import aiohttp
import msgspec
import pytest

from crm_bridge.activity import ActivityRefusedError, CallActivity, text_of
from crm_bridge.contact import MatchKind, SourceRefusedError
from crm_bridge.matching import decide
from tests.crm_bridge.lab.bottlecrm import bottlecrm, fitting_python, why_not_installed
from tests.crm_bridge.scene import HOSTILE
from tests.crm_bridge.vendors.opened import number, open_kind

SCOPES = ("contacts:read", "contacts:write", "interactions:read", "interactions:write")
CONTACTS = [
    {"first_name": "Anna", "last_name": "Rossi", "phone": "+39 335 123 4567", "organization": "Rossi Srl"},
    {"first_name": "Bruno", "last_name": "Verdi", "phone": "+390221000100"},
    {"first_name": "Carla", "last_name": "Neri", "phone": "+39 02 21000100"},
    {"first_name": HOSTILE[:60], "last_name": "M", "phone": "+390221000200"},
]
AT = datetime(2026, 11, 21, 9, 30, 1, tzinfo=UTC)
CALL = CallActivity(
    call_id="milan:17.0", direction="inbound", outcome="answered", number="+393351234567", started_at=AT, ended_at=AT,
    talk_s=65, queue="sales", agents=("Anna Rossi",), note=HOSTILE, disposition="Offer",
)  # fmt: skip
GONE = "00000000-0000-4000-8000-000000000000"


class Server(NamedTuple):
    url: str
    token: str


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A BottleCRM that has answered once, as its first answer takes long."""
    python = fitting_python()
    if python is None:
        pytest.skip("BottleCRM 1.35 needs Python 3.12 or later, and this machine has none")
    if (why := why_not_installed(python)) is not None:
        pytest.skip(f"BottleCRM 1.35 cannot be installed here: {why}")
    with bottlecrm(tmp_path_factory.mktemp("bottlecrm"), python, SCOPES, CONTACTS) as (url, token):
        made = Server(url, token)
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
    [told] = await timeline(server, anna.contact_id)
    assert (told["id"], told["kind"], told["outcome"], told["duration_seconds"]) == (own, "call", "connected", 65)
    assert told["body"] == text_of(activity)
    assert await crm.write_call(msgspec.structs.replace(activity, note="Wants two")) == own
    [told] = await timeline(server, anna.contact_id)
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
