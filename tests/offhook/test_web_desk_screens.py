"""The open pages of all desks."""

from __future__ import annotations

from crm_bridge.pop import DeskId
from offhook.web.desk_screens import PAGES_OF_A_BROWSER, PAGES_OF_A_DESK, Screen, Screens
from offhook.web.sse import ServerEvent

ANNA, BRUNO = DeskId("main", "101"), DeskId("main", "102")


async def content() -> str:
    return "content"


async def taken(screen: Screen) -> ServerEvent | None:
    return await screen.outbox.take(content, 0.001)


async def test_only_the_desks_that_changed_are_told() -> None:
    screens = Screens()
    anna, bruno = screens.open(ANNA, "a"), screens.open(BRUNO, "b")
    for screen in (anna, bruno):
        await taken(screen)
    screens.changed([ANNA, DeskId("main", "999")])
    assert await taken(anna) == ServerEvent("content")
    assert await taken(bruno) == ServerEvent("", "beat")


async def test_the_newest_page_leads_and_the_next_when_it_goes() -> None:
    screens = Screens()
    old, new = screens.open(ANNA, "a"), screens.open(ANNA, "b")
    assert (screens.leads(ANNA, old), screens.leads(ANNA, new)) == (False, True)
    await taken(old)
    screens.close(ANNA, new)
    assert screens.leads(ANNA, old)
    assert await taken(old) == ServerEvent("content")


async def test_of_too_many_tabs_the_oldest_is_put_aside_and_told() -> None:
    screens = Screens()
    tabs = [screens.open(ANNA, "a") for _ in range(PAGES_OF_A_BROWSER)]
    other = screens.open(ANNA, "b")
    assert not any(tab.outbox.closed for tab in tabs)
    screens.open(ANNA, "a")
    assert [tab.outbox.closed for tab in tabs] == [True] + [False] * (PAGES_OF_A_BROWSER - 1)
    last = await taken(tabs[0])
    assert last is not None and last.name == "displaced"
    assert not other.outbox.closed


async def test_a_desk_has_a_bound_over_all_browsers() -> None:
    screens = Screens()
    pages = [screens.open(ANNA, str(number)) for number in range(PAGES_OF_A_DESK + 1)]
    assert [page.outbox.closed for page in pages] == [True] + [False] * PAGES_OF_A_DESK


async def test_a_page_that_was_put_aside_does_not_lead() -> None:
    screens = Screens()
    page = screens.open(ANNA, "a")
    page.outbox.close()
    assert not screens.leads(ANNA, page)
    assert not screens.leads(BRUNO, page)


async def test_when_the_program_stops_every_stream_ends() -> None:
    screens = Screens()
    pages = [screens.open(ANNA, "a"), screens.open(BRUNO, "b")]
    assert screens.count == 2
    screens.close_all()
    assert [await taken(page) for page in pages] == [None, None]
    for desk, page in zip((ANNA, BRUNO), pages, strict=True):
        screens.close(desk, page)
    assert screens.count == 0
