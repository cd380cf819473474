"""Tryton, the real one, with its module party on SQLite."""

from __future__ import annotations

import asyncio
import base64
import shutil
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from crm_bridge.contact import MatchKind, SourceError, SourceRefusedError
from crm_bridge.matching import decide
from tests.crm_bridge.lab.programs import PASSWORD, free_port, lab, running, tryton_config
from tests.crm_bridge.scene import HOSTILE
from tests.crm_bridge.vendors.opened import number, open_kind

PARTIES = [
    ("Anna Rossi", "phone", "+39 335 123 4567"),
    ("Bruno Verdi", "phone", "+39 02 21000100"),
    ("Carla Neri", "mobile", "+390221000100"),
    (HOSTILE, "phone", "+39 02 2100 0200"),
]


@pytest.fixture(scope="module")
def tryton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Tryton whose database has nobody in it but its administrator."""
    made, folder, port = lab(), tmp_path_factory.mktemp("tryton"), free_port()
    shutil.copy(made / "tryton/crm.sqlite", folder / "crm.sqlite")
    (folder / "trytond.conf").write_text(tryton_config(folder, port))
    command = [made / "venv/bin/trytond", "-c", folder / "trytond.conf", "-d", "crm"]
    with running(command, port, folder / "log"):
        url = f"http://127.0.0.1:{port}"
        asyncio.run(fill(url))
        yield url


async def fill(url: str) -> None:
    """Write the parties as somebody at Tryton's own client would."""
    async with aiohttp.ClientSession() as http:

        async def call(method: str, params: list[Any], headers: dict[str, str]) -> Any:
            body = {"id": 1, "method": method, "params": params}
            async with http.post(f"{url}/crm/rpc/", json=body, headers=headers) as reply:
                assert reply.status == 200, await reply.text()
                return (await reply.json())["result"]

        user, key, *_ = await call("common.db.login", ["admin", {"password": PASSWORD}], {})
        session = base64.b64encode(f"admin:{user}:{key}".encode()).decode()
        ways = [
            {"name": name, "contact_mechanisms": [["create", [{"type": kind, "value": value}]]]}
            for name, kind, value in PARTIES
        ]
        await call("model.party.party.create", [ways, {}], {"Authorization": f"Session {session}"})


@pytest.fixture
async def crm(tryton: str) -> AsyncIterator[Any]:
    made = open_kind("tryton", options(tryton))
    yield made
    await made.close()


def options(url: str, **more: str) -> dict[str, Any]:
    return {"url": url, "database": "crm", "user": "admin", "password": PASSWORD, **more}


async def test_one_is_found_however_he_is_written_there(crm: Any) -> None:
    match = decide(number("+393351234567"), await crm.find(number("+393351234567")))
    assert match.kind is MatchKind.EXACT
    assert match.contact
    assert (match.contact.name, match.contact.source) == ("Anna Rossi", "crm")
    assert match.contact.external_id


async def test_none_several_and_a_script(crm: Any) -> None:
    assert await crm.find(number("+393359999999")) == []
    assert await crm.find(number("101")) == []
    several = decide(number("+390221000100"), await crm.find(number("+390221000100")))
    assert (several.kind, len(several.candidates)) == (MatchKind.AMBIGUOUS, 2)
    [mallory] = await crm.find(number("+390221000200"))
    assert mallory.name == HOSTILE


async def test_by_name_he_is_found_and_fetched_again(crm: Any) -> None:
    [anna] = await crm.search("rossi", 5)
    assert await crm.get(anna.contact_id) == anna
    assert await crm.search("nobody has this name", 5) == []
    assert (await crm.get("99999"), await crm.get("x")) == (None, None)


async def test_a_wrong_password_is_a_refusal(tryton: str) -> None:
    crm = open_kind("tryton", options(tryton, password="wrong-password"))
    with pytest.raises(SourceRefusedError):
        await crm.find(number("+393351234567"))
    await crm.close()


async def test_the_address_of_an_older_tryton_is_said_not_to_fit(tryton: str) -> None:
    crm = open_kind("tryton", options(tryton, path="old/"))
    with pytest.raises(SourceError) as caught:
        await crm.find(number("+393351234567"))
    assert caught.value.hint
    await crm.close()
