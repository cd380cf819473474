"""Tryton, the real one, with its module party on SQLite."""

from __future__ import annotations

import asyncio
import base64
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import msgspec
import pytest

from crm_bridge.activity import ActivityRefusedError, CallActivity, text_of
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
AT = datetime(2026, 11, 21, 9, 30, 1, tzinfo=UTC)
CALL = CallActivity(
    call_id="milan:17.0", direction="inbound", outcome="answered", number="+393351234567", started_at=AT, ended_at=AT,
    talk_s=65, queue="sales", agents=("Anna Rossi",), note=HOSTILE, disposition="Offer",
)  # fmt: skip
CLERK = "clerk"


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
    """Write the parties as somebody at Tryton's own client would, and a user who is in no group."""
    ways = [
        {"name": name, "contact_mechanisms": [["create", [{"type": kind, "value": value}]]]}
        for name, kind, value in PARTIES
    ]
    await call(url, "model.party.party.create", [ways, {}])
    clerk = {"name": "Clerk", "login": CLERK, "password": PASSWORD, "email": "clerk@example.com"}
    await call(url, "model.res.user.create", [[clerk], {}])


async def call(url: str, method: str, params: list[Any]) -> Any:
    """What Tryton answers its administrator."""
    async with aiohttp.ClientSession() as http:

        async def ask(method: str, params: list[Any], headers: dict[str, str]) -> Any:
            body = {"id": 1, "method": method, "params": params}
            async with http.post(f"{url}/crm/rpc/", json=body, headers=headers) as reply:
                assert reply.status == 200, await reply.text()
                answer = await reply.json()
                assert "error" not in answer, answer
                return answer["result"]

        user, key, *_ = await ask("common.db.login", ["admin", {"password": PASSWORD}], {})
        session = base64.b64encode(f"admin:{user}:{key}".encode()).decode()
        return await ask(method, params, {"Authorization": f"Session {session}"})


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


async def notes(url: str, party: str) -> list[str]:
    """The notes that people see on this party."""
    asked = [[["resource", "=", f"party.party,{party}"]], 0, None, None, ["message"], {}]
    return [str(row["message"]) for row in await call(url, "model.ir.note.search_read", asked)]


async def test_a_call_is_one_note_on_the_party_however_often_it_is_written(crm: Any, tryton: str) -> None:
    [anna] = await crm.find(number("+393351234567"))
    activity = msgspec.structs.replace(CALL, contact_id=anna.contact_id)
    own = await crm.write_call(activity)
    again = open_kind("tryton", options(tryton))
    assert await again.write_call(activity) == own
    await again.close()
    [note] = await notes(tryton, anna.contact_id)
    assert note.splitlines() == ["Inbound call, answered, sales: Offer", *text_of(activity).splitlines()]
    other = msgspec.structs.replace(activity, call_id="milan:17", note="Another call")
    assert await crm.write_call(other) != own
    await crm.write_call(msgspec.structs.replace(activity, note="Wants two"))
    now = await notes(tryton, anna.contact_id)
    assert sorted(note.splitlines()[1] for note in now) == ["Another call", "Wants two"]


async def test_a_call_may_turn_out_to_be_another_partys(crm: Any, tryton: str) -> None:
    bruno, carla = await crm.find(number("+390221000100"))
    activity = msgspec.structs.replace(CALL, call_id="milan:18", contact_id=bruno.contact_id)
    await crm.write_call(activity)
    await crm.write_call(msgspec.structs.replace(activity, contact_id=carla.contact_id))
    assert (await notes(tryton, bruno.contact_id), len(await notes(tryton, carla.contact_id))) == ([], 1)


async def test_a_user_without_any_group_may_write_calls(tryton: str) -> None:
    crm = open_kind("tryton", options(tryton, user=CLERK))
    [mallory] = await crm.find(number("+390221000200"))
    activity = msgspec.structs.replace(CALL, call_id="milan:19", contact_id=mallory.contact_id)
    own = await crm.write_call(activity)
    assert await crm.write_call(activity) == own
    await crm.close()
    [note] = await notes(tryton, mallory.contact_id)
    assert HOSTILE in note.splitlines()


async def test_without_a_party_and_for_one_that_is_gone_it_is_refused(crm: Any) -> None:
    for contact_id, ref in ((None, "crm-call-nobody"), ("99999", "crm-call-refused")):
        with pytest.raises(ActivityRefusedError) as caught:
            await crm.write_call(msgspec.structs.replace(CALL, call_id="milan:20", contact_id=contact_id))
        assert caught.value.ref == ref
