"""Who may speak to the pages: addresses, Host and Origin headers, and what each answer tells the browser to refuse."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from cti.errors import OffhookError

MAX_REQUEST_BYTES: Final = 64 * 1024  # the longest form is a note of an agent
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class WebSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pages: where they are served, and to whom."""

    listen: Annotated[
        str,
        msgspec.Meta(
            description="Address and port to serve the pages on. Any other than this machine's own (loopback) needs a "
            "password. Port 0 takes a free one."
        ),
    ] = "127.0.0.1:8088"
    public_url: Annotated[
        str | None,
        msgspec.Meta(
            description="How browsers reach the pages when a reverse proxy stands before them, for example "
            "`https://offhook.example.com`. Needs a password. With https the log-in cookie is sent by https only."
        ),
    ] = None
    password: Annotated[
        Annotated[str, msgspec.Meta(min_length=8)] | None,
        msgspec.Meta(description="One password for all who open the pages, eight characters or more."),
    ] = None
    password_file: Annotated[
        str | None, msgspec.Meta(description="A file that holds the password and nothing else.")
    ] = None

    api_key: Annotated[
        Annotated[str, msgspec.Meta(min_length=20)] | None,
        msgspec.Meta(
            description="The key of `/api/v1` for other programs, twenty characters or more; without it the interface "
            "is closed. `openssl rand -hex 24` makes a good one."
        ),
    ] = None
    api_key_file: Annotated[str | None, msgspec.Meta(description="A file that holds the key and nothing else.")] = None
    key_file: Annotated[
        str,
        msgspec.Meta(
            description="The random key that keeps agents at their desks over a restart; made at the first start. "
            "Without it all of them choose their extension again."
        ),
    ] = "offhook.key"

    def __post_init__(self) -> None:
        host, _ = parse_listen(self.listen)
        if self.public_url is not None and not _is_origin(self.public_url):
            raise ValueError(
                "public_url: expected a scheme and a host, like https://offhook.example.com, without a path"
            )
        open_to = self.public_url or (None if is_loopback(host) else self.listen)
        if open_to and not (self.password or self.password_file):
            raise OffhookError(
                "config-open-web",
                f"{open_to} opens the pages to other machines, and no password is set",
                "",
                "set password_file, or listen on 127.0.0.1",
            )

    def __repr__(self) -> str:
        password = "***" if self.password else None
        return (
            f"WebSettings(listen={self.listen!r}, public_url={self.public_url!r}, password={password!r}, "
            f"api_key={'***' if self.api_key else None!r})"
        )

    @property
    def by_https(self) -> bool:
        return bool(self.public_url and self.public_url.startswith("https:"))


def parse_listen(text: str) -> tuple[str, int]:
    """Host and port of ``127.0.0.1:8088``, ``[::1]:8088`` or ``localhost:8088``.

    Raises:
        ValueError: the port is missing or not from 0 to 65535, or the host is missing.
    """
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not host or not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f'listen: expected ADDRESS:PORT, like 127.0.0.1:8088, got "{text}"')
    if ":" in host and not bracketed:
        raise ValueError(f'listen: an IPv6 address is written in brackets, like [::1]:8088, got "{text}"')
    return host.strip("[]"), int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class AddressRule(msgspec.Struct, frozen=True):
    """Which Host and Origin headers are ours. ``hosts`` None takes any: the pages then have a password."""

    hosts: frozenset[str] | None
    origins: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: WebSettings) -> AddressRule:
        """On loopback only names of this machine: a hostile site whose name is turned to 127.0.0.1 is refused."""
        host, _ = parse_listen(settings.listen)
        public = settings.public_url
        origins = frozenset({public.rstrip("/").lower()} if public else ())
        if not is_loopback(host):
            return cls(None, origins)
        own = {"localhost", "127.0.0.1", "::1", host.lower()}
        return cls(frozenset(own | ({urlsplit(public).hostname or ""} if public else set())), origins)

    def knows_host(self, header: str) -> bool:
        return self.hosts is None or _host_of(header) in self.hosts

    def knows_origin(self, origin: str, host_header: str) -> bool:
        """Whether a page of ours sent this: its origin is the address that the request itself was sent to."""
        own = {f"{scheme}://{host_header}".lower() for scheme in ("http", "https")}
        return origin.lower() in own | self.origins


def address_guard(rule: AddressRule) -> Middleware:
    """The middleware that refuses foreign hosts, and changes asked for by pages that are not ours."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get("Host", "")
        if not rule.knows_host(host):
            raise web.HTTPMisdirectedRequest(
                text="These pages are not served under this name. Open them by the address in [web] listen, or set "
                "[web] public_url."
            )
        origin = request.headers.get("Origin", "")
        if request.method not in _SAFE_METHODS and not rule.knows_origin(origin, host):
            raise web.HTTPForbidden(text="This was not sent by one of our own pages (its Origin header is another's).")
        return await handler(request)

    return guard


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """The headers on every answer, errors, files and event streams included; a page may set a stricter value itself."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.popall("Server", None)


def _host_of(header: str) -> str:
    try:
        return (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        return ""


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.path in ("", "/")
    except ValueError:
        return False
