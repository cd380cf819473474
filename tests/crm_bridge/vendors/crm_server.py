"""A CRM's server on loopback: it answers as its documentation says while it is well, and badly otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any, ClassVar, NamedTuple, TypeVar

from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from tests.crm_bridge.scene import HOSTILE

SECRET = "s3cret-token"
HUGE_BYTES = 50 << 20


_Fact = TypeVar("_Fact", "Sold", "Trouble", "Talked")


class Person(NamedTuple):
    """A customer as the CRM stores him: the number in the form that it keeps."""

    number: int
    first: str
    last: str
    phone: str
    company: str = ""
    mobile: str = ""

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


ANNA = Person(1, "Anna", "Rossi", "+39 335 123 4567", "Rossi Srl")
BRUNO = Person(2, "Bruno", "Verdi", "+390221000100", mobile="+39 333 765 4321")
CARLA = Person(3, "Carla", "Neri", "+390221000100")
MALLORY = Person(4, HOSTILE, HOSTILE, "+390221000200", HOSTILE)
FAMILY = tuple(Person(100 + i, f"Number{i:02}", "Familiare", "+390221000300") for i in range(30))
PEOPLE = (ANNA, BRUNO, CARLA, MALLORY, *FAMILY)



class Sold(NamedTuple):
    """An order as the CRM stores it; ``total`` in EUR."""

    reference: str
    title: str
    placed_on: date
    due_on: date
    total: float
    is_open: bool


class Trouble(NamedTuple):
    """A ticket, case or incident as the CRM stores it."""

    reference: str
    title: str
    opened_on: date
    owner: str
    is_open: bool


class Talked(NamedTuple):
    """An e-mail or a meeting as the CRM stores it: an e-mail came ``in``, or by whom of the house it went ``out``."""

    kind: str
    title: str
    at: datetime
    direction: str
    by: str


#: what is Anna's; nobody else has anything, but for Mallory, who has the first of each with a title of his own
SOLD = (
    Sold("S00017", "Ten desks", date(2026, 11, 2), date(2026, 12, 1), 1250.5, is_open=True),
    Sold("S00009", "One lamp", date(2025, 3, 1), date(2025, 3, 15), 89.0, is_open=False),
)
TROUBLES = (
    Trouble("31", "Router down", date(2026, 11, 19), "Bruno Esposito", is_open=True),
    Trouble("12", "Wrong invoice", date(2026, 1, 7), "Dana O'Neill", is_open=False),
)
TALKS = (
    Talked("e-mail", "Re: your offer", datetime(2026, 11, 18, 9, 30, tzinfo=UTC), "in", "Dana O'Neill"),
    Talked("meeting", "Visit in Milan", datetime(2026, 6, 3, 14, 0, tzinfo=UTC), "out", "Bruno Esposito"),
)
PRODUCTS = ("Desk", "Lamp")


def sold(person: int) -> tuple[Sold, ...]:
    """The orders of one person, by his number."""
    return _his(person, SOLD)


def troubles(person: int) -> tuple[Trouble, ...]:
    return _his(person, TROUBLES)


def talks(person: int) -> tuple[Talked, ...]:
    return _his(person, TALKS)


def products(person: int) -> tuple[str, ...]:
    return {ANNA.number: PRODUCTS, MALLORY.number: (HOSTILE,)}.get(person, ())


def _his(person: int, annas: tuple[_Fact, ...]) -> tuple[_Fact, ...]:
    return {ANNA.number: annas, MALLORY.number: (annas[0]._replace(title=HOSTILE),)}.get(person, ())


#: ways to answer that are no answer
GARBAGE = {
    "html": ("text/html", b"<!doctype html><script>alert(1)</script><form>Please log in</form>"),
    "broken": ("application/json", b'{"records": [{"id": 1, "name": "An'),
    "text": ("application/json", b'"hello"'),
    "nested": ("application/json", b"[" * 100_000),
    "empty": ("application/json", b""),
    "latin": ("application/json", b'{"name": "\xe0\xff"}'),
}


def instant(text: str) -> datetime:
    """A date and time as databases write it."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


class Told(NamedTuple):
    """A call as the CRM shows it to a person: which record, of whom ("" for nobody's), in which words."""

    record: str
    customer: str
    text: str


class CrmServer:
    """One vendor's server. A subclass adds the vendor's own routes and checks the credentials as the vendor does.

    ``barred`` are the parts of a customer that the user may not read, of ``tells``. ``mood`` is how it behaves;
    ``asked`` the requests that reached it; ``gate`` lets a slow answer out. In the mood
    "untaken" it refuses every record as the vendor does, in the mood "lost" it does all but its answers to what was
    written are lost.
    """

    kind: ClassVar[str]
    #: whether the vendor can be searched by name
    searchable: ClassVar[bool] = True
    #: whether the vendor keeps a call with no customer
    keeps_nobodys: ClassVar[bool] = True
    #: what it can tell about a customer: values of the option ``about``
    tells: ClassVar[tuple[str, ...]] = ()
    #: those of ``tells`` that come with the customer himself and cannot be refused apart
    comes_along: ClassVar[tuple[str, ...]] = ()
    #: whether it says when that was ordered which is still open
    dates_open_orders: ClassVar[bool] = True
    #: how it refuses a record, and the ends of the paths at which a POST is only a question
    untaken_status: ClassVar[int] = 400
    questions: ClassVar[tuple[str, ...]] = ("/search", "/search_read", "/duplicates/", "token")

    def __init__(self, people: Sequence[Person] = PEOPLE) -> None:
        self.people = tuple(people)
        self.mood = "well"
        self.elsewhere = ""
        self.barred: set[str] = set()
        self.asked: list[web.Request] = []
        self.gate = asyncio.Event()
        self._server: TestServer | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return str(self._server.make_url("")).rstrip("/")

    def options(self) -> dict[str, Any]:
        """What the admin writes for this server."""
        return {"url": self.url, "token": SECRET}

    def routes(self) -> list[web.RouteDef]:
        raise AssertionError("a vendor has routes")

    def calls(self) -> list[Told]:
        """What was written."""
        raise AssertionError("this vendor takes no calls")

    async def part_of(self, request: web.Request) -> str:
        """Which of ``tells`` a request asks for; "" for who the customer is."""
        return ""

    def is_writing(self, request: web.Request) -> bool:
        return request.method != "GET" and not request.path.endswith(self.questions)

    async def __aenter__(self) -> CrmServer:
        app = web.Application(middlewares=[self._behave])
        app.add_routes(self.routes())
        self._server = TestServer(app)
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self.gate.set()
        await self._server.close()

    @web.middleware
    async def _behave(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.asked.append(request)
        if self.barred and await self.part_of(request) in self.barred:
            return web.json_response({"message": f"{SECRET} is not enough"}, status=403)
        if self.mood == "well":
            return await handler(request)
        if self.mood in ("untaken", "lost"):
            return await self._take_badly(request, handler)
        if self.mood == "slow":
            await self.gate.wait()
            return await handler(request)
        if self.mood in GARBAGE:
            content_type, body = GARBAGE[self.mood]
            return web.Response(body=body, content_type=content_type)
        if self.mood == "redirect":
            return web.Response(status=302, headers={"Location": self.elsewhere})
        if self.mood == "huge":
            return await _send_huge(request)
        statuses = {"refused": 401, "forbidden": 403, "busy": 429, "failed": 500, "missing": 410}
        headers = {"Retry-After": "7"} if self.mood == "busy" else {}
        return web.Response(status=statuses[self.mood], text=f"no, {SECRET} is not right", headers=headers)

    async def _take_badly(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self.is_writing(request):
            return await handler(request)
        if self.mood == "untaken":
            return web.json_response({"message": f"{SECRET} is no value for a field"}, status=self.untaken_status)
        await handler(request)
        return web.Response(status=502, text="Bad Gateway")


class _Shown(HTMLParser):
    """The text of some HTML, with an end of line where a browser has one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert (tag, attrs) in (("p", []), ("br", [])), (tag, attrs)
        self.text += "\n" if tag == "br" else ""

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(html: str) -> str:
    """What a browser shows. AssertionError for any element but a paragraph and a line's end."""
    parser = _Shown()
    parser.feed(html)
    parser.close()
    return parser.text


async def _send_huge(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    block = b"[" + b'"aaaaaaaaaaaaaaaa",' * 3_000
    try:
        for _ in range(HUGE_BYTES // len(block)):
            await response.write(block)
    except (ConnectionError, asyncio.CancelledError):
        return response
    return response


def digits(text: str) -> str:
    """What a CRM compares that leaves everything else out."""
    return "".join(c for c in text if c.isdecimal())


def like(pattern: str, text: str) -> bool:
    """SQL's LIKE with ``%`` only, without regard to case."""
    parts, place = pattern.lower().split("%"), 0
    text = text.lower()
    for i, part in enumerate(parts):
        found = text.find(part, place)
        if found < 0 or (i == 0 and found != 0):
            return False
        place = found + len(part)
    return parts[-1] == "" or text.endswith(parts[-1])
