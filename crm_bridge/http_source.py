"""One careful way to ask a CRM by HTTP: bounded in time and size, on one host only, with errors a person can act on.

A redirection is followed within the same scheme, host and port only, so that no credentials reach anybody else; replies
over ``MAX_REPLY_BYTES`` are cut off; TLS certificates are verified. No error names an address beyond its host, a number
or a secret.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec
from yarl import URL

from crm_bridge.about import Telling
from crm_bridge.activity import ActivityRefusedError
from crm_bridge.contact import Closable, SourceBusyError, SourceError, SourceRefusedError
from crm_bridge.options import HttpOptions
from cti.errors import OffhookError

_Shape = TypeVar("_Shape")
_Held = TypeVar("_Held", bound=Closable)

#: bytes of one reply, unpacked; a card needs a few thousand
MAX_REPLY_BYTES: Final = 2 << 20
MAX_REDIRECTIONS: Final = 3
CONNECT_S: Final = 3.0
#: the pause after HTTP 429 without a Retry-After, in seconds
PAUSE_S: Final = 10.0
_BLOCK: Final = 64 << 10
_REDIRECTIONS: Final = frozenset({301, 302, 303, 307, 308})
#: what a server says to a record that it will not take tomorrow either (RFC 9110, 15.5)
_NOT_TAKEN: Final = frozenset({400, 404, 405, 409, 410, 413, 415, 422})

#: what most CRMs answer: a list of objects
Records = list[dict[str, Any]]
Params = Mapping[str, str] | Sequence[tuple[str, str]]


class Reply(msgspec.Struct, frozen=True):
    """What the server said: ``status`` below 400, or one that the question asked for."""

    status: int
    content_type: str
    body: bytes


class HttpClient:
    """Asks one server for one source. Opens connections when the first question comes, and keeps them."""

    def __init__(
        self, source: str, options: HttpOptions, timeout_s: float, headers: Mapping[str, str] | None = None
    ) -> None:
        self._source = source
        self._base = options.url.rstrip("/")
        self._host = urlsplit(options.url).hostname or ""
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, connect=min(CONNECT_S, timeout_s))
        self._headers = {"Accept": "application/json", "User-Agent": "Offhook", **(headers or {})}
        self._tls = make_tls(source, options.ca_file) if options.url.startswith("https:") else None
        self._session: aiohttp.ClientSession | None = None

    @property
    def base(self) -> str:
        """The address from the settings, without a slash at its end."""
        return self._base

    async def fetch_as(self, shape: type[_Shape], method: str, path: str, **question: Any) -> _Shape:
        """The JSON of the reply as ``shape``. Takes what ``fetch`` takes.

        Raises SourceError as ``fetch`` does, and ``crm-garbage`` for anything that is not JSON of that shape.
        """
        return self.parse_as(shape, await self.fetch(method, path, **question))

    def parse_as(self, shape: type[_Shape], reply: Reply) -> _Shape:
        """The JSON of a reply as ``shape``. Raises SourceError ``crm-garbage``."""
        if "json" not in reply.content_type and "javascript" not in reply.content_type:
            raise self._garbage(f"it sent {reply.content_type or 'nothing that it names'}, not JSON")
        try:
            return msgspec.json.decode(reply.body, type=shape, strict=False)
        except msgspec.ValidationError as error:
            raise self._garbage(f"the JSON is not what its documentation says ({_shape_words(error)})") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self._garbage("its JSON is broken") from None

    async def fetch(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        expect: frozenset[int] = frozenset(),
    ) -> Reply:
        """Ask ``path``, which is put behind the base address, or is a whole address on the same host.

        Raises SourceError ``crm-unreachable``, ``crm-slow``, ``crm-failed``, ``crm-redirect``, ``crm-huge``;
        SourceRefusedError ``crm-refused``; SourceBusyError ``crm-busy``. A status in ``expect`` is returned.
        """
        if json is not None:
            body, headers = msgspec.json.encode(json), {"Content-Type": "application/json", **(headers or {})}
        url = self._address(path)
        if params:
            url = url.extend_query(list(params.items()) if isinstance(params, Mapping) else list(params))
        try:
            return await self._follow(method, url, form if body is None else body, headers or {}, expect)
        except TimeoutError:
            what = f"{self._host} did not answer in time"
            raise SourceError("crm-slow", what, f"within {self._timeout.total:g} s", "is it overloaded?") from None
        except aiohttp.ClientConnectorCertificateError as error:
            hint = "set ca_file to the certificate of who signed it; url must be the name in the certificate"
            raise self._unreachable(
                f"its certificate is not trusted: {_first_line(error.certificate_error)}", hint
            ) from None
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError) as error:
            raise self._unreachable(_reason(error), "check url, and that this machine reaches it") from None
        except (aiohttp.ClientError, ValueError) as error:
            raise self._garbage(f"its answer is no HTTP ({type(error).__name__})") from None

    async def store(self, method: str, path: str, *, expect: frozenset[int] = frozenset(), **question: Any) -> Reply:
        """Have a record written; takes what ``fetch`` takes.

        Raises ActivityRefusedError ``crm-call-refused`` where the server says that it will never take it, and what
        ``fetch`` raises.
        """
        reply = await self.fetch(method, path, expect=expect | _NOT_TAKEN, **question)
        if reply.status in _NOT_TAKEN - expect:
            what, why = f"{self._host} does not take the call", f"HTTP {reply.status} for the record"
            hint = "look at what docs/crm says is written there: a field or a permission may be missing"
            raise ActivityRefusedError("crm-call-refused", what, why, hint)
        return reply

    async def store_as(self, shape: type[_Shape], method: str, path: str, **question: Any) -> _Shape:
        """The JSON that the server answers to a record, as ``shape``. Raises what ``store`` and ``parse_as`` raise."""
        return self.parse_as(shape, await self.store(method, path, **question))

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _follow(
        self, method: str, url: URL, data: object, headers: Mapping[str, str], expect: frozenset[int]
    ) -> Reply:
        for _ in range(MAX_REDIRECTIONS + 1):
            async with self._opened().request(
                method, url, data=data, headers=headers, allow_redirects=False
            ) as response:
                if response.status not in _REDIRECTIONS:
                    return await self._read(response, expect)
                url = self._next(method, url, response.headers.get("Location", ""))
        raise self._redirected("it sends us round in a circle")

    def _next(self, method: str, url: URL, location: str) -> URL:
        try:
            target = url.join(URL(location))
        except ValueError:
            raise self._redirected("it sends us to no address at all") from None
        if target.origin() != url.origin():
            raise self._redirected(f"it sends us on to {target.scheme}://{target.host}")
        if method != "GET":
            raise self._redirected("it sends a question on that can only be asked where it was meant for")
        return target

    async def _read(self, response: aiohttp.ClientResponse, expect: frozenset[int]) -> Reply:
        self._check(response, expect)
        if (response.content_length or 0) > MAX_REPLY_BYTES:
            raise self._huge()
        parts, size = list[bytes](), 0
        async for block in response.content.iter_chunked(_BLOCK):
            parts.append(block)
            size += len(block)
            if size > MAX_REPLY_BYTES:
                raise self._huge()
        return Reply(response.status, response.content_type, b"".join(parts))

    def _check(self, response: aiohttp.ClientResponse, expect: frozenset[int]) -> None:
        status = response.status
        if status < 400 or status in expect:
            return
        if status in (401, 403):
            what = f"{self._host} does not let us in" if status == 401 else f"{self._host} does not permit the question"
            hint = "check user and secret" if status == 401 else "give this user the permission that docs/crm names"
            raise SourceRefusedError("crm-refused", what, f"HTTP {status}", hint)
        if status == 429:
            pause_s = _retry_after_s(response.headers.get("Retry-After", ""))
            what = f"{self._host} asks us to wait"
            hint = "lower per_second of this source"
            raise SourceBusyError("crm-busy", what, f"HTTP 429, {pause_s:g} s", hint, pause_s)
        hint = "look into its log" if status >= 500 else "check url and options of this source; is its API switched on?"
        raise SourceError("crm-failed", f"{self._host} answered with an error", f"HTTP {status}", hint)

    def _address(self, path: str) -> URL:
        if path.startswith(("http:", "https:")):
            url = URL(path)
            if url.origin() != URL(self._base).origin():
                raise self._redirected(f"its next page is at {url.scheme}://{url.host}")
            return url
        if not path.isascii() or not path.isprintable() or " " in path:
            raise SourceError("crm-failed", f"{self._host} was not asked", "an address of the settings cannot be sent")
        return URL(self._base + path, encoded=True)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(ssl=self._tls if self._tls is not None else True, limit=0)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=self._timeout, headers=self._headers
            )
        return self._session

    def _garbage(self, why: str) -> SourceError:
        hint = "check url: it may be a log-in page, or another program"
        return SourceError("crm-garbage", f"{self._host} answered something that makes no sense", why, hint)

    def _huge(self) -> SourceError:
        why = f"more than {MAX_REPLY_BYTES >> 20} MB for one question"
        hint = "check url and options: the question may not be limited to one number"
        return SourceError("crm-huge", f"the answer of {self._host} is too long", why, hint)

    def _redirected(self, why: str) -> SourceError:
        hint = "write the address that it wants into url"
        return SourceError("crm-redirect", f"{self._host} sends us elsewhere", why, hint)

    def _unreachable(self, why: str, hint: str) -> SourceError:
        return SourceError("crm-unreachable", f"{self._host} cannot be reached", why, hint)


class HttpAdapter(Telling):
    """What adapters that ask by HTTP have in common: the client, the source's name, the country of its numbers."""

    def __init__(
        self, name: str, options: HttpOptions, region: str, timeout_s: float, headers: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.region = region
        self.http = HttpClient(name, options, timeout_s, headers)
        self._held: list[Closable] = []

    def hold(self, one: _Held) -> _Held:
        """The same: something that asks by this adapter, and so is closed before its connections are."""
        self._held.append(one)
        return one

    async def close(self) -> None:
        """Close what it holds, and all connections."""
        for one in self._held:
            await one.close()
        await self.http.close()


async def fetch_grant(http: HttpClient, shape: type[_Shape], path: str, form: Mapping[str, str]) -> _Shape:
    """A token for a client's id and secret (RFC 6749, 4.4 and 5.2: a wrong client is status 400 or 401).

    Raises SourceRefusedError ``crm-refused``, and what ``HttpClient.fetch_as`` raises.
    """
    reply = await http.fetch("POST", path, form=form, expect=frozenset({400, 401}))
    if reply.status >= 400:
        what, hint = "the CRM does not let us in", "check client_id and secret, and that the client may use this flow"
        raise SourceRefusedError("crm-refused", what, f"HTTP {reply.status} for a token", hint)
    return http.parse_as(shape, reply)


def make_tls(source: str, ca_file: str | None) -> ssl.SSLContext:
    """Certificates are verified: by those of ``ca_file`` where it is set, else by this machine's.

    Raises OffhookError ``crm-options``.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        what = f"ca_file of the source {source!r} cannot be read"
        raise OffhookError("crm-options", what, _first_line(error), "it has to be a certificate in PEM form") from error


def segment(text: str) -> str:
    """A text as one part of a path: nothing in it can lead elsewhere.

    >>> segment("../1"), segment("a b/c?d"), segment("..")
    ('..%2F1', 'a%20b%2Fc%3Fd', '_')
    """
    return "_" if text in ("", ".", "..") else quote(text, safe="")


async def gather_all(*questions: Any) -> list[Any]:
    """All answers in their order; the first error, once all have ended, if there was any."""
    answers = await asyncio.gather(*questions, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers


def _retry_after_s(header: str) -> float:
    """Seconds by a Retry-After header, which holds seconds or a date (RFC 9110, 10.2.3)."""
    if header.strip().isdecimal():
        return float(header[:9])
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return PAUSE_S


def _shape_words(error: msgspec.ValidationError) -> str:
    return str(error).partition(" - at ")[2].strip("` ") or "as a whole"


def _reason(error: Exception) -> str:
    """The system's word for why a connection failed."""
    system = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(system, OSError) and system.strerror:
        known = system.errno is not None and system.errno > 0
        return os.strerror(system.errno or 0) if known else system.strerror
    return "the connection broke off" if isinstance(error, aiohttp.ClientPayloadError) else _first_line(error)


def _first_line(error: object) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
