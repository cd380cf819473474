"""What every adapter that asks a server has to do, whatever the server does. Each vendor's server is in ``vendors``."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from crm_bridge.contact import (
    Adapter,
    Contact,
    MatchKind,
    Searchable,
    SourceBusyError,
    SourceError,
    SourceRefusedError,
)
from crm_bridge.matching import MAX_CANDIDATES, decide
from tests.crm_bridge.scene import HOSTILE
from tests.crm_bridge.vendors.contract import VENDORS, Open
from tests.crm_bridge.vendors.crm_server import GARBAGE, SECRET, CrmServer
from tests.crm_bridge.vendors.opened import number

ANNAS, SHARED = "+393351234567", "+390221000100"

pytestmark = pytest.mark.parametrize("kind", sorted(VENDORS))


def names(found: list[Contact]) -> list[str]:
    return sorted(contact.name for contact in found)


async def test_one_is_found_however_he_is_written_there(open_: Open) -> None:
    match = decide(number(ANNAS), await open_().find(number(ANNAS)))
    assert match.kind is MatchKind.EXACT, match
    assert match.contact
    assert (match.contact.name, match.contact.source) == ("Anna Rossi", "crm")
    assert match.contact.contact_id
    assert match.contact.url is None or match.contact.url.startswith("http")


async def test_nobody_is_found(open_: Open) -> None:
    nobody = number("+393359999999")
    assert decide(nobody, await open_().find(nobody)).kind is MatchKind.UNKNOWN
    assert decide(number("anonymous"), await open_().find(number("anonymous"))).kind is MatchKind.ANONYMOUS


async def test_an_extension_is_no_customer_with_these_digits_somewhere(open_: Open) -> None:
    assert decide(number("3351"), await open_().find(number("3351"))).kind is MatchKind.UNKNOWN


async def test_several_are_a_choice(open_: Open) -> None:
    match = decide(number(SHARED), await open_().find(number(SHARED)))
    assert (match.kind, names(list(match.candidates))) == (MatchKind.AMBIGUOUS, ["Bruno Verdi", "Carla Neri"])


async def test_a_crowd_on_pages_is_bounded(open_: Open, server: CrmServer) -> None:
    crowd = number("+390221000300")
    found = await open_().find(crowd)
    assert 2 <= len(found) <= MAX_CANDIDATES + 1
    assert decide(crowd, found).kind is MatchKind.AMBIGUOUS
    assert len(server.asked) <= 20


async def test_a_script_in_a_name_stays_a_text(open_: Open) -> None:
    match = decide(number("+390221000200"), await open_().find(number("+390221000200")))
    assert match.contact
    assert "<script>alert(1)</script>" in match.contact.name
    assert len(match.contact.name) <= 300
    assert HOSTILE.split()[-1] in match.contact.name


@pytest.mark.parametrize("mood", sorted(GARBAGE))
async def test_what_makes_no_sense_is_said_in_one_line(open_: Open, server: CrmServer, mood: str) -> None:
    server.mood = mood
    error = await failure(open_())
    assert error.ref == "crm-garbage", error


@pytest.mark.parametrize(("mood", "ref"), [("failed", "crm-failed"), ("missing", "crm-failed"), ("huge", "crm-huge")])
async def test_an_error_is_said_in_one_line(open_: Open, server: CrmServer, mood: str, ref: str) -> None:
    server.mood = mood
    assert (await failure(open_())).ref == ref


@pytest.mark.parametrize("mood", ["refused", "forbidden"])
async def test_a_refusal_is_told_apart_and_tried_no_more_than_twice(open_: Open, server: CrmServer, mood: str) -> None:
    server.mood = mood
    error = await failure(open_())
    assert isinstance(error, SourceRefusedError)
    assert error.hint
    assert len(server.asked) <= 8


async def test_a_wrong_secret_is_a_refusal(open_: Open, server: CrmServer) -> None:
    secrets = {key: f"not-{value}" for key, value in server.options().items() if value == SECRET}
    assert secrets
    error = await failure(open_(**secrets))
    assert isinstance(error, SourceRefusedError), error


async def test_a_pause_is_asked_for(open_: Open, server: CrmServer) -> None:
    server.mood = "busy"
    error = await failure(open_())
    assert isinstance(error, SourceBusyError)
    assert error.retry_after_s == 7.0


async def test_nobody_is_followed_to_another_host(open_: Open, server: CrmServer) -> None:
    heard: list[web.Request] = []

    async def hear(request: web.Request) -> web.Response:
        heard.append(request)
        return web.json_response([])

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", hear)
    async with TestServer(app) as other:
        server.mood, server.elsewhere = "redirect", str(other.make_url("/steal"))
        error = await failure(open_())
    assert (error.ref, heard) == ("crm-redirect", [])


async def test_too_slow_is_said_and_the_time_is_bounded(open_: Open, server: CrmServer) -> None:
    server.mood = "slow"
    assert (await failure(open_(give_up_s=0.2))).ref == "crm-slow"


async def test_a_server_that_is_not_there(open_: Open, server: CrmServer) -> None:
    adapter = open_()
    assert server._server is not None
    await server._server.close()
    assert (await failure(adapter)).ref == "crm-unreachable"


async def test_one_who_is_asked_at_once_by_many_answers_all(open_: Open) -> None:
    adapter = open_()
    found = await asyncio.gather(*(adapter.find(number(ANNAS)) for _ in range(5)))
    assert [names(one) for one in found] == [names(found[0])] * 5


async def test_by_name_he_is_found_and_fetched_again(open_: Open, server: CrmServer) -> None:
    adapter = open_()
    if not server.searchable:
        pytest.skip("this vendor cannot be searched by name")
    assert isinstance(adapter, Searchable)
    found = await adapter.search("anna", 5)
    assert names(found) == ["Anna Rossi"]
    again = await adapter.get(found[0].contact_id)
    assert again is not None
    assert (again.name, again.numbers) == (found[0].name, found[0].numbers)
    assert await adapter.search("nobody has this name", 5) == []
    for strange in ("99999", "../1", "1' OR '1'='1", '"', "é<&>"):
        await gone(adapter, strange)


async def gone(adapter: Searchable, contact_id: str) -> None:
    """Nobody is found by an id that there is not; the CRM may as well say that this is no id."""
    try:
        assert await adapter.get(contact_id) is None
    except SourceError as error:
        assert error.ref == "crm-failed"


async def failure(adapter: Adapter) -> SourceError:
    """What is raised; never with the secret, the number or more than a line."""
    with pytest.raises(SourceError) as caught:
        await adapter.find(number(ANNAS))
    text = str(caught.value)
    assert SECRET not in text
    assert ANNAS.removeprefix("+39") not in text
    assert "\n" not in text
    assert caught.value.hint or isinstance(caught.value, SourceBusyError)
    return caught.value
