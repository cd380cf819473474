"""What all pages share: the one Jinja environment and the files in ``static``.

Escaping is always on, and a name that a page is not given is an error, never a blank.
"""

from __future__ import annotations

import hashlib
from collections.abc import MutableSequence
from datetime import date, datetime
from functools import cache
from pathlib import Path

import jinja2
import msgspec
from aiohttp import web

STATIC = Path(__file__).parent / "static"


class Page(msgspec.Struct, frozen=True):
    """One entry of the bar on top. A page gives its ``key`` as ``page`` to be marked as the current one."""

    key: str
    href: str
    label: str


TEMPLATES: web.AppKey[jinja2.Environment] = web.AppKey("templates", jinja2.Environment)


def environment() -> jinja2.Environment:
    """The environment for ``offhook/web/templates``. Its global ``pages`` is the bar: see ``list_page``."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages: list[Page] = []
    made.globals.update(static=static_address, pages=pages)
    made.filters.update(clock=clock_text, hour=hour_text, day=day_text, date=date_text, ordinal=ordinal_text)
    return made


def list_page(templates: jinja2.Environment, key: str, href: str, label: str) -> None:
    """Add a page to the bar on top, behind those that are there; the same key again changes nothing."""
    pages = templates.globals["pages"]
    if isinstance(pages, MutableSequence) and all(page.key != key for page in pages):
        pages.append(Page(key, href, label))


def setup_pages(app: web.Application) -> jinja2.Environment:
    """Give ``app`` its templates (``app[TEMPLATES]``) and ``/static``; returns the environment."""
    app[TEMPLATES] = environment()
    app.router.add_get("/static/{name:[A-Za-z0-9][A-Za-z0-9._-]*}", send_static)
    return app[TEMPLATES]


async def send_static(request: web.Request) -> web.StreamResponse:
    """A file of ``static``; kept for ever by a browser that asked for it by its content, else asked for again."""
    path = STATIC / request.match_info["name"]
    if not path.is_file():
        raise web.HTTPNotFound
    kept = "public, max-age=31536000, immutable" if "v" in request.query else "no-cache"
    return web.FileResponse(path, headers={"Cache-Control": kept, "X-Content-Type-Options": "nosniff"})


@cache
def static_address(name: str) -> str:
    """The address of a file in ``static``; it changes with the content, so that browsers may keep the file for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def clock_text(seconds: float | None) -> str:
    """A duration as people read it: ``0:07``, ``12:30``, ``1:02:03``; a dash for None.

    >>> clock_text(7.9), clock_text(3723), clock_text(None)
    ('0:07', '1:02:03', '–')
    """
    if seconds is None:
        return "–"
    minutes, rest_s = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest_s:02}" if hours else f"{minutes}:{rest_s:02}"


def ordinal_text(number: int) -> str:
    """A place in a row, ``3rd``.

    >>> [ordinal_text(number) for number in (1, 2, 3, 4, 11, 22)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd']
    """
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def hour_text(instant: datetime) -> str:
    """The server's local time of day, ``14:05``."""
    return instant.astimezone().strftime("%H:%M")


def day_text(instant: datetime) -> str:
    """The server's local day and time, ``12 Nov 14:05``."""
    return instant.astimezone().strftime("%-d %b %H:%M")


def date_text(day: date) -> str:
    """A day, ``12 Nov 2026``."""
    return day.strftime("%-d %b %Y")
