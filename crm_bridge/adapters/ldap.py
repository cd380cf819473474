"""``kind = "ldap"``: people of a directory: OpenLDAP, 389, Active Directory (or its global catalogue).

Needs an account with the permission to read and search the people below ``base``; none where the directory lets anybody
read. https://ldap3.readthedocs.io/ and RFC 4519 (attributes), RFC 4515 (filters). It needs the extra ``ldap``.

Numbers: asked with a filter that allows anything between the digits, as some directories compare telephone numbers
without blanks (RFC 4517, 4.2.29) and others, Active Directory among them, as they stand.
"""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec

from crm_bridge.contact import Contact, SourceError, SourceRefusedError
from crm_bridge.forms import loose_pattern
from crm_bridge.found import make_contact, text_of
from crm_bridge.http_source import CONNECT_S, make_tls
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import AdapterOptions, Text, is_this_machine
from crm_bridge.sources import Surroundings
from cti.errors import OffhookError

_LABELS: Final = {"mobile": "mobile", "homePhone": "home", "telephoneNumber": "work"}
_SHOWN: Final = ("cn", "displayName", "givenName", "sn", "o", "company", "mail", "preferredLanguage", "title", "ou")
#: result codes of RFC 4511 that mean that we are not let in
_REFUSALS: Final = frozenset({7, 8, 13, 48, 49, 50, 53})
_GOOD: Final = frozenset({0, 4})  # success; more were found than asked for


class Options(AdapterOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which directory, and where in it people are."""

    url: Annotated[Text, msgspec.Meta(description="`ldaps://ldap.example.com` or `ldap://` with start_tls.")]
    base: Annotated[Text, msgspec.Meta(description="Where to search: `ou=people,dc=example,dc=com`.")]
    bind_dn: Annotated[str, msgspec.Meta(description="Account that searches; empty: anonymous.")] = ""
    password: Annotated[str | None, msgspec.Meta(description="Its password.")] = None
    password_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None
    start_tls: Annotated[bool, msgspec.Meta(description="Go over to TLS on an ldap:// address.")] = False
    plain_ldap: Annotated[
        bool, msgspec.Meta(description="Allow ldap:// without TLS to another machine: all on the way can read it.")
    ] = False
    ca_file: Annotated[str | None, msgspec.Meta(description="Certificate (PEM) of who signed the directory's.")] = None
    phones: Annotated[tuple[str, ...], msgspec.Meta(description="Attributes that hold numbers.")] = tuple(_LABELS)
    people: Annotated[str, msgspec.Meta(description="Filter for what is a person.")] = "(objectClass=person)"
    more: Annotated[dict[str, str], msgspec.Meta(description="Label on the card = attribute.")] = msgspec.field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("ldap", "ldaps") or not parts.hostname:
            raise ValueError("url: expected an address like ldaps://ldap.example.com")
        safe = parts.scheme == "ldaps" or self.start_tls or self.plain_ldap
        if not safe and not is_this_machine(parts.hostname):
            raise ValueError("url: ldap:// shows password and people to all on the way; use ldaps:// or start_tls")
        if not (self.people.startswith("(") and self.people.endswith(")")):
            raise ValueError("people: expected a filter like (objectClass=person)")


class Directory:
    """The people of one directory. A connection for each question, in a thread: ldap3 knows no asyncio."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        self.name = name
        self._options = options
        self._region = surroundings.region
        self._timeout_s = surroundings.timeout_s
        self._shown = [*dict.fromkeys([*_SHOWN, *options.phones, *options.more.values()])]

    async def find(self, number: Number) -> list[Contact]:
        """People with this number. Raises SourceError."""
        if number.e164 is None:
            return []
        pattern = f"{loose_pattern(number, '*')}*"
        return await self._ask("".join(f"({phone}={pattern})" for phone in self._options.phones), MAX_CANDIDATES + 1)

    async def search(self, text: str, limit: int) -> list[Contact]:
        """People with this text in a name or in their mail address. Raises SourceError."""
        value = escape(text.strip())
        return await self._ask("".join(f"({name}=*{value}*)" for name in ("cn", "sn", "mail")), limit) if value else []

    async def get(self, contact_id: str) -> Contact | None:
        """One person by the distinguished name. Raises SourceError."""
        base = self._options.base.casefold()
        if not contact_id.casefold().endswith(base) or len(contact_id) > 500:
            return None
        found = await self._ask("(objectClass=*)", 1, contact_id)
        return found[0] if found else None

    async def _ask(self, alternatives: str, limit: int, entry: str | None = None) -> list[Contact]:
        asked = f"(&{self._options.people}(|{alternatives}))"
        try:
            async with asyncio.timeout(self._timeout_s):
                found = await asyncio.to_thread(self._search, asked, limit, entry)
        except TimeoutError:
            what = f"the directory of {self.name} did not answer in time"
            raise SourceError("crm-slow", what, f"within {self._timeout_s:g} s", "are its numbers indexed?") from None
        return [self._contact(dn, values) for dn, values in found]

    def _search(self, asked: str, limit: int, entry: str | None) -> list[tuple[str, Mapping[str, Any]]]:
        ldap3 = load_ldap3(self.name)
        try:
            with self._bound(ldap3) as connection:
                scope = ldap3.SUBTREE if entry is None else ldap3.BASE
                where = self._options.base if entry is None else entry
                connection.search(where, asked, scope, attributes=ldap3.ALL_ATTRIBUTES, size_limit=limit)
                code = connection.result["result"]
                if code in (32, 34) and entry is not None:  # no such entry; that is no name of one
                    return []
                if code not in _GOOD:
                    raise self._refused(code, connection.result.get("description", ""))
                entries = [one for one in connection.response or [] if one.get("type") == "searchResEntry"]
                return [(str(one["dn"]), one["attributes"]) for one in entries[:limit]]
        except ldap3.core.exceptions.LDAPExceptionError as error:
            raise self._failed(error) from None

    @contextmanager
    def _bound(self, ldap3: Any) -> Iterator[Any]:
        """A connection that is logged in; it is closed however that goes."""
        connection = self._connection(ldap3)
        try:
            connection.open()
            if self._options.start_tls:
                connection.start_tls()
            if not connection.bind():
                raise self._refused(connection.result["result"], connection.result.get("description", ""))
            yield connection
        finally:
            connection.unbind()
            if connection.socket is not None:  # left open by ldap3 where nobody listens
                connection.socket.close()

    def _connection(self, ldap3: Any) -> Any:
        options = self._options
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=options.ca_file)
        server = ldap3.Server(options.url, tls=tls, connect_timeout=CONNECT_S, get_info=ldap3.NONE)
        return ldap3.Connection(
            server,
            user=options.bind_dn or None,
            password=options.password,
            auto_bind=ldap3.AUTO_BIND_NONE,
            receive_timeout=max(1, int(self._timeout_s)),
            read_only=True,
            auto_referrals=False,
            check_names=False,
        )

    def _contact(self, dn: str, values: Mapping[str, Any]) -> Contact:
        own = {name: _texts(value) for name, value in values.items()}
        one = {name: texts[0] for name, texts in own.items() if texts}
        name = one.get("displayName") or one.get("cn") or f"{one.get('givenName', '')} {one.get('sn', '')}".strip()
        return make_contact(
            self.name,
            self._region,
            contact_id=dn,
            name=name,
            phones=[(_LABELS.get(key, ""), text) for key in self._options.phones for text in own.get(key, ())],
            company=one.get("company") or one.get("o") or "",
            email=one.get("mail", ""),
            language=one.get("preferredLanguage", ""),
            fields=[("Title", one.get("title")), *((label, one.get(key)) for label, key in self._options.more.items())],
        )

    def _refused(self, code: int, words: str) -> SourceError:
        if code in _REFUSALS:
            hint = "check bind_dn and password, and that it may search below base"
            return SourceRefusedError(
                "crm-refused", f"the directory of {self.name} does not let us in", text_of(words, 60), hint
            )
        hint = "check base and the filter in people"
        return SourceError(
            "crm-failed", f"the directory of {self.name} answered with an error", text_of(words, 60), hint
        )

    def _failed(self, error: Exception) -> SourceError:
        """Only the kind of error is told: its words may hold what was asked."""
        kind = type(error).__name__
        if any(mark in kind for mark in ("Socket", "StartTLS", "Communication", "SSL")):
            hint = "check url, certificate (ca_file) and firewall"
            return SourceError("crm-unreachable", f"the directory of {self.name} cannot be reached", kind, hint)
        hint = "check base, people and phones"
        return SourceError("crm-failed", f"the directory of {self.name} answered with an error", kind, hint)


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> Directory:
    """A directory as a source. Raises OffhookError ``crm-options`` or ``crm-extra``."""
    load_ldap3(name)
    make_tls(name, options.ca_file)
    return Directory(name, options, surroundings)


def load_ldap3(name: str) -> Any:
    """The package. Raises OffhookError ``crm-extra`` where it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # ldap3 2.9.1 asks pyasn1 for old names of its tables
            import ldap3
            import ldap3.core.exceptions
    except ImportError:
        what = f"the source {name!r} needs a package that is not installed"
        raise OffhookError("crm-extra", what, "ldap3", "pip install 'offhook[ldap]'") from None
    return ldap3


def escape(text: str) -> str:
    """A value in a filter that is nothing but a value (RFC 4515, 3).

    >>> escape("a*)(uid=*")
    'a\\\\2a\\\\29\\\\28uid=\\\\2a'
    """
    return "".join(f"\\{ord(c):02x}" if c in "\\*()\0" else c for c in text[:100])


def _texts(value: object) -> Sequence[str]:
    values = value if isinstance(value, list | tuple) else [value]
    return [text for each in values if (text := text_of(each))]
