"""One browser for the tests of a file, and the agents who sit in it before the file's own ``house``."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.agents import Agents
from tests.browser.desk_house import DeskHouse
from tests.pbx.lab.browser import FLAGS

CHROMIUM = "/usr/bin/chromium"

expect.set_options(timeout=20_000)  # a busy machine is no fault


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def agents(chromium: Browser, house: DeskHouse) -> AsyncIterator[Agents]:
    """No script may have opened a window by the end."""
    made = Agents(chromium, house)
    yield made
    for context in made.contexts:
        await context.close()
    assert made.dialogs == []
