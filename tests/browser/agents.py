"""Agents at their desks in a real browser."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.desk_house import DeskHouse
from tests.crm_bridge.scene import until

WINDOW = {"width": 1280, "height": 1000}


class Agents:
    """Each has a browser of his own. ``complaints`` are what the consoles said, ``dialogs`` what a script opened."""

    def __init__(self, browser: Browser, house: DeskHouse) -> None:
        self.house = house
        self.complaints: list[str] = []
        self.dialogs: list[str] = []
        self.contexts: list[BrowserContext] = []
        self._browser = browser

    async def sit_down(self, agent: str, address: str = "", **options: Any) -> Page:
        """The agent's desk, once it listens for news; ``options`` are those of his browser."""
        self.contexts.append(await self._browser.new_context(**{"viewport": WINDOW} | options))
        page = await self.page(self.contexts[-1])
        await page.goto((address or self.house.url) + "/desk")
        await page.get_by_label("Extension").fill(agent)
        await page.get_by_role("button", name="Open my desk").click()
        await expect(page.locator("#live")).to_be_visible()
        await until(lambda: self.house.pages.screens.count >= len(self.contexts))
        return page

    async def page(self, context: BrowserContext) -> Page:
        """One more tab of an agent's browser."""
        page = await context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self._note("error", str(error)))
        page.on("dialog", lambda dialog: self.dialogs.append(dialog.message))
        return page

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)
