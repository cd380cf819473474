"""``/api/v1`` as another program uses it: with the key, page by page, against its own document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from jsonschema import Draft202012Validator

from crm_bridge.call_note import NotedCustomer, NotedText, NoteKey
from crm_bridge.call_notes import CallNotes
from crm_bridge.schema import metadata as book
from kpi.batch import Batch
from kpi.measure import all_measures
from kpi.parameters import SiteParameters
from kpi.schema import metadata
from kpi.store import Store
from offhook.database import make_engine
from offhook.web.api import api_part
from offhook.web.security import WebSettings
from tests.kpi.calls import abandoned_call, answered_call
from tests.offhook.web_client import Client, open_pages

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEY = "correct-horse-battery-staple"
DAY = "period=2026-03-02"


async def open_client(folder: Path, key: str | None = KEY, password: str | None = None) -> Client:
    engine = make_engine(f"sqlite:///{folder / 'offhook.sqlite'}")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.run_sync(book.create_all)
    store = Store(engine)
    calls = [answered_call(str(n), start=n * 10) for n in range(25)]
    await store.store(Batch(calls=(*calls, abandoned_call("lost/..<i>", start=500))))
    notes = CallNotes(engine)
    about = NotedCustomer(source="odoo", contact_id="7", name="Anna", on_behalf=True)
    await notes.store(NoteKey("milan", "7", "101"), NINE, NotedText("Wants <b>two</b>", "Offer"), about)

    async def close(_: web.Application) -> None:
        await engine.dispose()

    parts = api_part(store, SiteParameters(), key, notes), lambda app: app.on_cleanup.append(close)
    return await open_pages(*parts, settings=WebSettings(password=password), password=password)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Client]:
    client = await open_client(tmp_path)
    yield client
    await client.close()


async def ask(api: Client, path: str, status: int = 200, key: str = KEY) -> Any:
    answer = await api.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {key}"})
    assert answer.status == status, await answer.text()
    return await answer.json()


async def test_all_calls_once_page_by_page(api: Client) -> None:
    found, after = [], ""
    for _ in range(9):
        page = await ask(api, f"/calls?{DAY}&limit=4{after}")
        found += [call["call_id"] for call in page["calls"]]
        after = f"&after={page['next']}"
        if page["next"] is None:
            break
    assert len(found) == len(set(found)) == 26
    assert found[0] == "lost/..<i>"


async def test_a_report_is_that_of_the_pages(api: Client) -> None:
    told = await ask(api, f"/report?{DAY}&by=queue&m=offered&m=abandon_rate")
    assert [(row["key"], row["numbers"]) for row in told["rows"]] == [(["sales"], [26, 1 / 26])]
    assert told["columns"][1]["formula"]


async def test_what_agents_wrote_about_a_call(api: Client) -> None:
    assert await ask(api, "/calls/milan/7/notes") == [
        {
            "agent": "101", "note": "Wants <b>two</b>", "disposition": "Offer", "source": "odoo", "contact_id": "7",
            "customer": "Anna", "on_behalf": True, "updated_at": "2026-03-02T09:00:00Z",
        }
    ]  # fmt: skip
    assert await ask(api, "/calls/milan/8/notes") == []
    assert (await ask(api, "/calls/milan/none/notes", 404))["ref"] == "api-bad-request"


async def test_one_call_and_all_measures(api: Client) -> None:
    call = await ask(api, "/calls/milan/7")
    assert call["talks"][0]["agent"] == "101"
    assert (await ask(api, "/calls/milan/lost%2F..%3Ci%3E"))["outcome"] == "abandoned"
    assert {one["key"] for one in await ask(api, "/measures")} == set(all_measures())


@pytest.mark.parametrize("key", ["", "wrong", KEY + "x", KEY[:-1], "ключ"])
async def test_nobody_gets_in_without_the_key(api: Client, key: str) -> None:
    for path in ("/calls", "/report", "/measures", "/calls/milan/7", "/calls/milan/7/notes"):
        header = {"Authorization": f"Bearer {key}".encode().decode("latin-1")}
        answer = await api.get(f"/api/v1{path}", headers=header)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_without_a_key_in_the_settings_it_is_closed(tmp_path: Path) -> None:
    client = await open_client(tmp_path, key=None)
    try:
        assert (await ask(client, "/calls", 403, ""))["ref"] == "api-no-key"
    finally:
        await client.close()


async def test_the_password_of_the_pages_is_not_needed(tmp_path: Path) -> None:
    client = await open_client(tmp_path, password="tr0ub4dor&3")
    try:
        assert len((await ask(client, f"/calls?{DAY}"))["calls"]) == 26
        assert (await client.get("/reports", headers={"Authorization": f"Bearer {KEY}"})).status == 401
    finally:
        await client.close()


@pytest.mark.parametrize(
    ("path", "status", "ref"),
    [
        ("/calls?period=someday", 400, "report-bad-period"),
        ("/calls?limit=0", 400, "api-bad-request"),
        ("/calls?limit=1001", 400, "api-bad-request"),
        ("/calls?limit=٣", 400, "api-bad-request"),
        ("/calls?after=!!!", 400, "api-bad-request"),
        ("/calls?after=WyJhIiwiYiJd", 400, "api-bad-request"),
        ("/calls?direction=up", 400, "api-bad-request"),
        ("/report?by=colour", 400, "report-bad-split"),
        ("/report?m=luck", 400, "report-no-measure"),
        ("/calls/milan/none", 404, "api-bad-request"),
    ],
)
async def test_what_cannot_be_answered_is_told(api: Client, path: str, status: int, ref: str) -> None:
    assert (await ask(api, path, status))["ref"] == ref


async def test_the_answers_are_as_the_document_says(api: Client) -> None:
    told = await (await api.get("/api/v1/openapi.json")).json()
    for path, query in (("/calls", f"?{DAY}"), ("/report", f"?{DAY}"), ("/measures", "")):
        schema = told["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        whole = {**schema, "components": told["components"]}
        assert list(Draft202012Validator(whole).iter_errors(await ask(api, path + query))) == []
