"""What all pages share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import jinja2
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from offhook.web.templates import (
    STATIC,
    TEMPLATES,
    clock_text,
    date_text,
    day_text,
    environment,
    hour_text,
    list_page,
    setup_pages,
    static_address,
)


@pytest.fixture
async def client() -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    setup_pages(app)
    async with TestClient(TestServer(app)) as made:
        yield made


def test_every_template_escapes_and_compiles() -> None:
    made = environment()
    assert made.autoescape is True
    for name in made.list_templates(extensions=["html"]):
        made.get_template(name)


def test_what_a_page_is_not_given_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        environment().from_string("{{ missing }}").render()


def test_markup_is_shown_as_text() -> None:
    page = environment().from_string('<p title="{{ name }}">{{ name }}</p>').render(name="<b>\"'&")
    assert page == '<p title="&lt;b&gt;&#34;&#39;&amp;">&lt;b&gt;&#34;&#39;&amp;</p>'


def test_a_page_is_in_the_bar_once_and_marked_when_it_is_shown() -> None:
    made = environment()
    for key, label in (("desk", "Desk"), ("wall", "Wallboard"), ("desk", "Desk")):
        list_page(made, key, f"/{key}", label)
    text = made.from_string('{% extends "base.html" %}').render(page="wall")
    assert text.count('<a href="/desk">Desk</a>') == 1
    assert '<a href="/wall" aria-current="page">Wallboard</a>' in text


def test_the_base_page_has_nothing_inline_and_nothing_from_elsewhere() -> None:
    text = environment().from_string('{% extends "base.html" %}').render(page="")
    assert "<style" not in text
    assert "http" not in text
    assert all("src=" in part for part in text.split("<script")[1:])


async def test_a_static_file_may_be_kept_for_ever_when_it_is_asked_for_by_its_content(
    client: TestClient[web.Request, web.Application],
) -> None:
    answer = await client.get(static_address("app.css"))
    assert (answer.status, answer.content_type) == (200, "text/css")
    assert "immutable" in answer.headers["Cache-Control"]
    assert (await client.get("/static/app.css")).headers["Cache-Control"] == "no-cache"
    assert client.app[TEMPLATES].autoescape is True


@pytest.mark.parametrize(
    "path", ["/static/none.css", "/static/../sse.py", "/static/%2e%2e%2fsse.py", "/static/.hidden"]
)
async def test_nothing_but_our_files_is_served(client: TestClient[web.Request, web.Application], path: str) -> None:
    assert (await client.get(path)).status == 404


def test_what_comes_from_others_has_its_licence_beside_it() -> None:
    assert {"htmx-4.0.1.min.js", "hx-sse-4.0.1.min.js"} <= {path.name for path in STATIC.iterdir()}
    assert "Zero-Clause BSD" in (STATIC / "htmx-LICENSE.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "–"), (-3, "0:00"), (0.9, "0:00"), (59.99, "0:59"), (60, "1:00"), (36000, "10:00:00")]
)
def test_durations_as_people_read_them(seconds: float | None, text: str) -> None:
    assert clock_text(seconds) == text


def test_instants_are_shown_in_local_time() -> None:
    instant = datetime(2026, 11, 2, 23, 5, tzinfo=UTC)
    local = instant.astimezone()
    assert hour_text(instant) == f"{local.hour:02}:{local.minute:02}"
    assert day_text(instant) == f"{local.day} {local:%b} {local:%H:%M}"
    assert day_text(instant + timedelta(days=1)) != day_text(instant)
    assert date_text(date(2026, 11, 2)) == "2 Nov 2026"
