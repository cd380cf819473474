"""A real Chromium with one agent's desk per page, each in a browser profile of its own."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, expect, sync_playwright

#: root in a closed network: no sandbox of its own, and nothing that calls home
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip


class Desk:
    """One agent's page at ``/desk``. ``complaints`` are the script errors, refusals and dialogs it had."""

    def __init__(self, browser: Browser, url: str, agent: str) -> None:
        self.agent = agent
        self.complaints: list[str] = []
        self.page: Page = browser.new_context(base_url=url).new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._on_console)
        self.page.on("dialog", self._on_dialog)
        with self.page.expect_response("**/desk/events") as events:
            self.page.goto("/desk")
            self.page.get_by_label("Extension").fill(agent)
            self.page.get_by_role("button", name="Open my desk").click()
        assert events.value.ok, f"the desk's stream of events was answered {events.value.status}"

    def wait_card(self, headline: str, phase: str = "offered", within_s: float = 5) -> datetime:
        """Return when the card with that headline, in that phase, was seen in the browser."""
        card = self.page.locator(f'#cards [data-phase="{phase}"]').filter(has=self.page.get_by_role("heading"))
        expect(card.get_by_role("heading", level=2)).to_have_text(headline, timeout=within_s * 1000)
        return datetime.now(UTC)

    def wait_no_card(self, within_s: float = 5) -> datetime:
        """Return when the page was seen without any call. What is to be written after a talk is done with."""
        expect(self.page.locator("#cards [data-phase]")).to_have_count(0, timeout=within_s * 1000)
        seen_at = datetime.now(UTC)
        if self.page.locator("#cards .card--wrap-up").count():
            self.page.get_by_role("button", name="Done").click()
        expect(self.page.locator("#idle")).to_be_visible()
        return seen_at

    def text(self) -> str:
        """Return all that the agent can read."""
        return self.page.locator("#main").inner_text()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _on_dialog(self, dialog: Dialog) -> None:
        self.complaints.append(f"a dialog: {dialog.message}")
        dialog.dismiss()


class Desks:
    """The browser: ``desks["101"]`` opens that agent's page the first time it is asked for."""

    def __init__(self, url: str) -> None:
        binary = shutil.which("chromium")
        assert binary, "chromium is missing: apt-get install chromium"
        self._url = url
        self._open: dict[str, Desk] = {}
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=binary, args=FLAGS)

    def __getitem__(self, agent: str) -> Desk:
        if agent not in self._open:
            self._open[agent] = Desk(self._browser, self._url, agent)
        return self._open[agent]

    def complaints(self) -> dict[str, list[str]]:
        """Return what went wrong, by agent."""
        return {agent: desk.complaints for agent, desk in self._open.items() if desk.complaints}

    def stop(self) -> None:
        self._browser.close()
        self._playwright.stop()
