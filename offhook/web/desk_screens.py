"""The open pages of all desks: who has to be told of a change, and which page of an agent raises the alarm."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from crm_bridge.pop import DeskId
from offhook.web.sse import Outbox, ServerEvent

#: open pages of one desk in one browser; a browser has six connections to one server, and posts need one
PAGES_OF_A_BROWSER: Final = 3
#: open pages of one desk in all
PAGES_OF_A_DESK: Final = 12


class Screen:
    """One open page: the tab of a browser that listens."""

    __slots__ = ("browser", "outbox")

    def __init__(self, browser: str) -> None:
        self.browser = browser
        self.outbox = Outbox()


class Screens:
    """All open pages. The newest of a desk leads: it alone makes a sound, so that one person is rung once."""

    def __init__(self) -> None:
        self._by_desk: defaultdict[DeskId, list[Screen]] = defaultdict(list)
        self.dropped = 0

    @property
    def count(self) -> int:
        """How many pages are open."""
        return sum(len(screens) for screens in self._by_desk.values())

    def open(self, desk: DeskId, browser: str) -> Screen:
        """A page more; the oldest of that browser, or of that desk, is put aside when there are too many."""
        screens = self._by_desk[desk]
        own = [screen for screen in screens if screen.browser == browser]
        for old in (*own[: -PAGES_OF_A_BROWSER + 1 or None], *screens[: max(0, len(screens) + 1 - PAGES_OF_A_DESK)]):
            old.outbox.close(ServerEvent("put aside", "displaced"))
        screen = Screen(browser)
        screens.append(screen)
        self.changed([desk])
        return screen

    def close(self, desk: DeskId, screen: Screen) -> None:
        """A page less; the next newest leads from now on."""
        self.dropped += screen.outbox.dropped
        self._by_desk[desk].remove(screen)
        if not self._by_desk[desk]:
            del self._by_desk[desk]
        else:
            self.changed([desk])

    def leads(self, desk: DeskId, screen: Screen) -> bool:
        """True for the newest open page of a desk."""
        screens = [one for one in self._by_desk.get(desk, ()) if not one.outbox.closed]
        return bool(screens) and screens[-1] is screen

    def changed(self, desks: Iterable[DeskId]) -> None:
        """The content of these desks is another now."""
        for desk in desks:
            for screen in self._by_desk.get(desk, ()):
                if not screen.outbox.closed:
                    screen.outbox.refresh()

    def close_all(self) -> None:
        """End every stream: the program stops. The pages come back by themselves."""
        for screens in self._by_desk.values():
            for screen in screens:
                screen.outbox.close()
