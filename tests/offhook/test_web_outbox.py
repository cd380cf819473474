"""The page of the outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_bridge.delivery import Delivery
from crm_bridge.outbox import Entry, Outbox, State
from crm_bridge.schema import metadata
from offhook.run import open_store
from offhook.settings import Settings
from offhook.web.outbox import outbox_pages
from tests.offhook.web_client import Client, open_pages, own_origin

NOW = datetime.now(UTC)


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Outbox]:
    async with open_store(Settings(), tmp_path) as engine:
        made = Outbox(engine)
        entries = [
            Entry(target=target, kind="call", key=f"main:{n}.0", payload='{"number":"+393351234567"}', due_at=NOW)
            for n, target in enumerate(("crm:odoo", "crm:odoo", "webhook:site"))
        ]
        await made.store(entries, NOW)
        for row in await made.claim("crm:odoo", 9, NOW):
            await made.bury(row, "HTTP 422 <script>")
        yield made


@pytest.fixture
async def pages(box: Outbox) -> AsyncIterator[Client]:
    client = await open_pages(outbox_pages(box, Delivery(box, [])))
    yield client
    await client.close()


async def states(box: Outbox) -> list[State]:
    return [row.state for row in sorted(await box.fetch(), key=lambda row: row.key)]


async def test_dead_letters_stand_there_with_their_reason_and_no_number(pages: Client) -> None:
    answer = await pages.get("/outbox")
    text = await answer.text()
    assert answer.status == 200
    assert "HTTP 422 &lt;script&gt;" in text
    assert 'href="/reports/call?pbx=main&amp;id=0.0"' in text
    assert "335123" not in text
    assert text.count(">Try again<") == 2


async def test_one_is_tried_again(pages: Client, box: Outbox) -> None:
    answer = await pages.post("/outbox/retry", data={"row": "1"}, headers=own_origin(pages))
    assert (answer.status, answer.url.path) == (200, "/outbox")
    assert await states(box) == [State.WAITING, State.DEAD, State.WAITING]


async def test_all_of_a_target_are_tried_again(pages: Client, box: Outbox) -> None:
    await pages.post("/outbox/retry", data={"target": "crm:odoo"}, headers=own_origin(pages))
    assert await states(box) == [State.WAITING] * 3


async def test_one_is_dropped(pages: Client, box: Outbox) -> None:
    await pages.post("/outbox/drop", data={"row": "2"}, headers=own_origin(pages))
    assert await states(box) == [State.DEAD, State.DROPPED, State.WAITING]


@pytest.mark.parametrize("path", ["/outbox/retry", "/outbox/drop"])
async def test_another_sites_form_does_nothing(pages: Client, box: Outbox, path: str) -> None:
    for headers in ({"Origin": "https://evil.example"}, {}):
        answer = await pages.post(path, data={"row": "1"}, headers=headers)
        assert answer.status == 403
    assert await states(box) == [State.DEAD, State.DEAD, State.WAITING]


@pytest.mark.parametrize("row", ["x", "-1", "1; DROP", "", "٣", "9" * 40])
async def test_a_form_without_a_row_is_refused(pages: Client, row: str) -> None:
    for path in ("/outbox/retry", "/outbox/drop"):
        assert (await pages.post(path, data={"row": row}, headers=own_origin(pages))).status == 400


async def test_a_database_that_is_away_is_told(pages: Client, box: Outbox) -> None:
    async with box._engine.begin() as connection:
        await connection.run_sync(metadata.drop_all)
    answer = await pages.get("/outbox")
    assert answer.status == 503
    assert "outbox-unreachable" in await answer.text()
    assert (await pages.post("/outbox/retry", data={}, headers=own_origin(pages))).status == 503
