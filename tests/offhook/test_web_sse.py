"""Server-sent events to one browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from hypothesis import given, strategies as st

from offhook.web.sse import Outbox, ServerEvent, encode_event, stream
from tests.crm_bridge.scene import until


def decode(raw: bytes) -> list[tuple[str | None, str]]:
    """Events as a browser reads them: by the rules of the HTML standard."""
    events: list[tuple[str | None, str]] = []
    name, data = None, list[str]()
    for line in raw.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            events += [(name, "\n".join(data))] if data else []
            name, data = None, []
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
        else:
            raise AssertionError(f"a forged field: {line!r}")
    return events


@given(st.text(), st.one_of(st.none(), st.sampled_from(["beat", "a\ndata: x"])))
def test_no_content_forges_an_event(data: str, name: str | None) -> None:
    plain = data.replace("\r\n", "\n").replace("\r", "\n")
    ((got_name, got_data),) = decode(encode_event(ServerEvent(data, name)))
    assert got_data == plain
    assert got_name == (None if name is None else " ".join(name.split()))


async def content() -> str:
    return "content"


async def test_the_first_thing_is_the_content_and_then_what_was_queued() -> None:
    outbox = Outbox()
    outbox.refresh()
    outbox.put(ServerEvent("one", "n"))
    taken = [await outbox.take(content, 5) for _ in range(2)]
    assert taken == [ServerEvent("content"), ServerEvent("one", "n")]


async def test_when_nothing_happens_there_is_a_beat() -> None:
    outbox = Outbox()
    assert await outbox.take(content, 0.001) == ServerEvent("", "beat")


async def test_many_refreshes_before_the_browser_reads_are_one() -> None:
    outbox = Outbox()
    for _ in range(100):
        outbox.refresh()
    assert await outbox.take(content, 5) == ServerEvent("content")
    assert await outbox.take(content, 0.001) == ServerEvent("", "beat")


async def test_a_full_queue_is_dropped_counted_and_replaced_by_the_content() -> None:
    outbox = Outbox(size=3)
    outbox.refresh()
    await outbox.take(content, 5)
    for number in range(5):
        outbox.put(ServerEvent(str(number)))
    taken = [await outbox.take(content, 5) for _ in range(2)]
    assert taken == [ServerEvent("content"), ServerEvent("4")]
    assert outbox.dropped == 4


async def test_a_change_while_the_content_is_made_is_not_lost() -> None:
    outbox = Outbox()
    outbox.refresh()

    async def refresh() -> str:
        outbox.refresh()
        return "old"

    assert await outbox.take(refresh, 5) == ServerEvent("old")
    assert await outbox.take(content, 5) == ServerEvent("content")


async def test_closing_says_the_last_word_and_ends() -> None:
    outbox = Outbox()
    outbox.put(ServerEvent("lost"))
    outbox.close(ServerEvent("bye", "displaced"))
    outbox.close()
    assert [await outbox.take(content, 5) for _ in range(2)] == [ServerEvent("bye", "displaced"), None]


class Served:
    """A server whose one path streams from ``outbox``."""

    def __init__(self) -> None:
        self.outbox = Outbox()
        self.ended = asyncio.Event()
        self.url = ""
        self.content = "first"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        async def refresh() -> str:
            return self.content

        try:
            return await stream(request, self.outbox, refresh, heartbeat_s=0.05)
        finally:
            self.ended.set()


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    made = Served()
    app = web.Application()
    app.router.add_get("/", made.answer)
    async with TestServer(app) as server:
        made.url = str(server.make_url("/"))
        yield made
        made.outbox.close()


async def test_a_browser_gets_the_content_the_changes_and_the_beats(served: Served) -> None:
    async with ClientSession() as browser, browser.get(served.url) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-store"
        assert decode(await answer.content.readuntil(b"\n\n")) == [(None, "first")]
        served.content = "second\nline"
        served.outbox.refresh()
        assert decode(await answer.content.readuntil(b"\n\n")) == [(None, "second\nline")]
        assert decode(await answer.content.readuntil(b"\n\n")) == [("beat", "")]
        served.outbox.close(ServerEvent("x", "displaced"))
        last = decode(await answer.content.read())
        assert last[-1] == ("displaced", "x")
    await until(served.ended.is_set)


async def test_a_browser_that_is_gone_is_let_go_at_the_next_beat(served: Served) -> None:
    async with ClientSession() as browser, browser.get(served.url) as answer:
        await answer.content.readuntil(b"\n\n")
    await until(served.ended.is_set)
    assert served.outbox.closed
