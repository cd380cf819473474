"""One password for all, until there are accounts: checked slowly, remembered by a cookie the server can revoke."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from collections import deque
from collections.abc import Callable
from math import ceil
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from offhook.web.templates import TEMPLATES

COOKIE: Final = "offhook_session"
SESSION_S: Final = 12 * 3600
MAX_SESSIONS: Final = 5_000
FAILURES_ALLOWED: Final = 5
FAILURE_WINDOW_S: Final = 60.0
MAX_ADDRESSES: Final = 10_000
_OPEN_FOLDERS: Final = ("/static/", "/api/")  # the interface has a key of its own
_OPEN_PATHS: Final = frozenset({"/login", "/healthz", "/readyz"})

log = structlog.get_logger()


class Password:
    """The password as an argon2id hash. A check takes some 100 ms and 64 MiB in a thread, two at a time."""

    def __init__(self, password: str) -> None:
        self._hasher = PasswordHasher()
        self._hash = self._hasher.hash(password)
        self._turns = asyncio.Semaphore(2)

    async def check(self, attempt: str) -> bool:
        async with self._turns:
            return await asyncio.to_thread(self._verify, attempt)

    def _verify(self, attempt: str) -> bool:
        try:
            return self._hasher.verify(self._hash, attempt)
        except VerificationError:
            return False


class Sessions:
    """Who is logged in: digests of the cookies given out, never the cookies."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._ends: dict[str, float] = {}

    def open(self) -> str:
        """A new cookie value, good for ``SESSION_S`` seconds; the oldest is forgotten when there are too many."""
        if len(self._ends) >= MAX_SESSIONS:
            del self._ends[next(iter(self._ends))]
        token = secrets.token_urlsafe(32)
        self._ends[_digest(token)] = self._now() + SESSION_S
        return token

    def knows(self, token: str) -> bool:
        key = _digest(token)
        if (end := self._ends.get(key)) is None:
            return False
        if end < self._now():
            del self._ends[key]
            return False
        return True

    def close(self, token: str) -> None:
        self._ends.pop(_digest(token), None)


class Attempts:
    """Failed log-ins per address: after ``FAILURES_ALLOWED`` in a minute that address waits."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failures: dict[str, deque[float]] = {}

    def wait_s(self, address: str) -> float:
        """Seconds until this address may try again; 0 when it may."""
        failures = self._failures.get(address)
        if not failures or len(failures) < FAILURES_ALLOWED:
            return 0.0
        return max(0.0, failures[0] + FAILURE_WINDOW_S - self._now())

    def failed(self, address: str) -> None:
        if address not in self._failures and len(self._failures) >= MAX_ADDRESSES:
            del self._failures[next(iter(self._failures))]
        self._failures.setdefault(address, deque(maxlen=FAILURES_ALLOWED)).append(self._now())

    def succeeded(self, address: str) -> None:
        self._failures.pop(address, None)


class Door:
    """Lets in who knows the password: browsers by a cookie, a scraper by HTTP Basic (any user name)."""

    def __init__(self, password: Password, *, by_https: bool = False) -> None:
        self.password = password
        self.sessions = Sessions()
        self.attempts = Attempts()
        self._by_https = by_https
        self._key = secrets.token_bytes(32)
        self._scrapers: set[bytes] = set()

    async def admits(self, request: web.Request) -> bool:
        """Whether this request carries a log-in."""
        token = request.cookies.get(COOKIE)
        if token and self.sessions.knows(token):
            return True
        return await self._admits_scraper(request)

    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The middleware: the page asked for, or the way to the log-in."""
        if request.path in _OPEN_PATHS or request.path.startswith(_OPEN_FOLDERS) or await self.admits(request):
            return await handler(request)
        if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            raise web.HTTPSeeOther(request.app.router["login"].url_for().with_query(next=request.path_qs))
        raise web.HTTPUnauthorized(text="Log in first.", headers={"WWW-Authenticate": 'Basic realm="Offhook"'})

    async def show(self, request: web.Request) -> web.Response:
        """The log-in form."""
        return _form(request, request.query.get("next", "/"))

    async def log_in(self, request: web.Request) -> web.Response:
        """Check the form; a cookie and the way to the page asked for, or the form again."""
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        address, onward = request.remote or "", form.get("next", "/")
        if wait_s := ceil(self.attempts.wait_s(address)):
            problem = f"Too many wrong passwords from your address. Try again in {wait_s} s."
            return _form(request, onward, problem, 429, {"Retry-After": str(wait_s)})
        if not await self._knows(form.get("password", ""), address):
            log.warning("wrong password for the pages", address=address)
            return _form(request, onward, "That is not the password.", 401)
        answer = web.Response(status=303, headers={"Location": safe_next(onward)})
        answer.set_cookie(
            COOKIE, self.sessions.open(), max_age=SESSION_S, httponly=True, samesite="Strict", secure=self._by_https
        )
        return answer

    async def log_out(self, request: web.Request) -> web.Response:
        """Revoke the cookie."""
        self.sessions.close(request.cookies.get(COOKIE, ""))
        answer = web.Response(status=303, headers={"Location": "/login"})
        answer.del_cookie(COOKIE)
        return answer

    async def _knows(self, attempt: str, address: str) -> bool:
        """Whether that is the password. It counts as a failure until it is checked: many at once are many failures."""
        self.attempts.failed(address)
        if not await self.password.check(attempt):
            return False
        self.attempts.succeeded(address)
        return True

    async def _admits_scraper(self, request: web.Request) -> bool:
        header = request.headers.get("Authorization", "")
        if not header.startswith("Basic "):
            return False
        mark = hmac.digest(self._key, header.encode("utf-8", "replace"), "sha256")
        if mark in self._scrapers:
            return True
        attempt = basic_password(header)
        address = request.remote or ""
        if attempt is None or self.attempts.wait_s(address):
            return False
        if not await self._knows(attempt, address):
            log.warning("wrong password in an Authorization header", address=address, path=request.path)
            return False
        if len(self._scrapers) < MAX_SESSIONS:
            self._scrapers.add(mark)
        return True


DOOR: web.AppKey[Door] = web.AppKey("door", Door)


def add_door(app: web.Application, door: Door) -> None:
    """The log-in page and its routes; the guard itself is a middleware of the app."""
    app[DOOR] = door
    app.router.add_get("/login", door.show, name="login")
    app.router.add_post("/login", door.log_in)
    app.router.add_post("/logout", door.log_out, name="logout")


def door_guard(door: Door) -> Middleware:
    """The door as a middleware."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await door.guard(request, handler)

    return guard


def safe_next(path: str) -> str:
    """A path of ours to go on to after the log-in; ``/`` for anything that leads elsewhere."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if ours and "\\" not in path else "/"


def _form(
    request: web.Request, onward: str, problem: str = "", status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    template = request.app[TEMPLATES].get_template("login.html")
    text = template.render(page="login", problem=problem, next=safe_next(onward))
    return web.Response(text=text, content_type="text/html", status=status, headers=headers)


def basic_password(header: str) -> str | None:
    """The password in an Authorization header of the Basic kind; None if it is malformed.

    >>> basic_password("Basic dXNlcjpwYTpzcw==")
    'pa:ss'
    """
    try:
        pair = base64.b64decode(header.removeprefix("Basic "), validate=True).decode()
    except ValueError:
        return None
    return pair.partition(":")[2]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
