"""``/customers/quality``: looked through on demand, made one and parted by buttons of our own pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.book import CustomerBook
from crm_bridge.settings import CrmSettings
from offhook.web.customer_quality import PATH, quality_pages
from tests.crm_bridge.scene import HOSTILE
from tests.offhook.filled_book import filled_book
from tests.offhook.web_client import Client, open_pages, own_origin

EVIL = HOSTILE.replace('"', "").replace(",", "")
ROWS = f"id,name,mobile,email\nA1,{EVIL},335 1234567,\nB7,{EVIL},335 1234567,=no@mail\nC9,Kim,,\n"


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    async with filled_book(tmp_path, ROWS) as made:
        yield made


@pytest.fixture
async def pages(engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Client]:
    client = await open_pages(quality_pages(engine, CrmSettings(default_region="IT"), tmp_path))
    yield client
    await client.close()


async def send(pages: Client, path: str, **form: str) -> int:
    answer = await pages.post(f"{PATH}/{path}", data=form, headers=own_origin(pages), allow_redirects=False)
    return answer.status


async def shown(pages: Client) -> str:
    answer = await pages.get(PATH)
    assert answer.status == 200
    return await answer.text()


async def look(pages: Client) -> str:
    assert await send(pages, "look") == 303
    async with asyncio.timeout(120):
        while "Looking through" in (page := await shown(pages)):
            pass
    return page


async def test_before_the_first_look_there_is_only_the_button(pages: Client) -> None:
    page = await shown(pages)
    assert "Look through now" in page
    assert "Nobody was made one" in page
    assert (await pages.get(f"{PATH}/file")).status == 404


async def test_a_look_shows_each_task_and_hostile_names_are_text(pages: Client) -> None:
    page = await look(pages)
    assert "<script>alert" not in page
    assert "name 100, same mobile: 0.95" in page
    assert "Numbers of several customers" in page
    assert "no call will be known" in page
    assert "book with 3 customers" in page.replace("<bdi>", "").replace("</bdi>", "")


async def test_two_are_made_one_and_parted_again(pages: Client, engine: AsyncEngine) -> None:
    await look(pages)
    assert await send(pages, "merge", kept="1", gone="2") == 303
    page = await shown(pages)
    assert "is a part of" in page
    assert "Keep <bdi>" not in page
    assert await CustomerBook(engine).count() == 2
    assert await send(pages, "merge", kept="1", gone="2") == 409
    assert await send(pages, "unmerge", merge="1") == 303
    assert "Keep <bdi>" in await shown(pages)
    assert await CustomerBook(engine).count() == 3
    assert await send(pages, "unmerge", merge="1") == 409


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_the_list_as_a_file_without_formulas(pages: Client, form: str) -> None:
    await look(pages)
    answer = await pages.get(f"{PATH}/file?form={form}")
    assert answer.status == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="customers-to-do.{form}"'
    assert form != "csv" or ",'=no@mail," in await answer.text()
    assert (await pages.get(f"{PATH}/file?form=exe")).status == 400


@pytest.mark.parametrize("wrong", ["", "x", "-1", "1 OR 1=1", "9" * 30, "²"])
async def test_a_form_that_names_nobody_is_refused(pages: Client, wrong: str) -> None:
    assert await send(pages, "merge", kept="1", gone=wrong) == 400
    assert await send(pages, "unmerge", merge=wrong) == 400


async def test_a_page_of_another_site_changes_nothing(pages: Client, engine: AsyncEngine) -> None:
    for path in ("look", "merge", "unmerge"):
        answer = await pages.post(f"{PATH}/{path}", data={"kept": "1", "gone": "2"}, headers={"Origin": "http://evil"})
        assert answer.status == 403
    assert await CustomerBook(engine).count() == 3


async def test_a_book_that_cannot_be_read_is_told_and_the_page_stays(pages: Client, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE customer_numbers"))
    page = await look(pages)
    assert 'role="alert"' in page
    assert "the customer book cannot be read" in page


async def test_a_look_ends_when_the_program_stops(pages: Client) -> None:
    assert await send(pages, "look") == 303
    await pages.close()
