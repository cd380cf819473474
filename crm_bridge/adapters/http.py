"""``kind = "http"``: any CRM with a REST interface, told in the settings how to be asked and how to be read.

Needs a user or token with the permission to read customers. Addresses are templates: ``{e164}``, ``{digits}`` (E.164
without its plus), ``{national}`` (as dialled here) and ``{significant}`` (without country code and trunk prefix) are
put in percent-encoded.

What comes back is read by JMESPath, https://jmespath.org/specification.html; it needs the extra ``jmespath``.

Calls are written, if ``write`` names a path, by a JSON object with placeholders in its texts: ``{call_id}`` and others.
A request for a call that is already there has to change it, so put ``{call_id}`` into the path of a PUT, or into a
field that the CRM keeps unique; it is sent as ``Idempotency-Key`` too.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

import msgspec

from crm_bridge.activity import CallActivity
from crm_bridge.call_template import CallTemplate, TemplateError, call_values, read_template, shown
from crm_bridge.cells import CellError, parse_cents, parse_open, parse_state
from crm_bridge.contact import AccountState, Contact, Incident, Money, Order, SourceError, Touch
from crm_bridge.forms import placeholders
from crm_bridge.found import date_of, make_contact, text_of, touch_of
from crm_bridge.http_source import HttpAdapter
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, need_secret
from crm_bridge.sources import Surroundings
from cti.errors import OffhookError

#: pages of one answer that are fetched
MAX_PAGES: Final = 3
_Answer: Any = dict[str, Any] | list[Any]
_PHONES: Final = ("phone", "mobile", "work", "home")
_KNOWN: Final = frozenset(
    {"id", "name", "first_name", "last_name", "company", "email", "language", "external_id", "account_state"}
    | {"account_note", "balance", "currency", "notes", "url", *_PHONES}
)
_TOUCH: Final = frozenset({"records", "on", "kind", "title", "direction", "by"})
_PART: Final = {
    "records",
    "reference",
    "title",
    "state",
    "open",
    "placed_on",
    "due_on",
    "opened_on",
    "severity",
    "owner",
}


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the CRM is asked, and where in its answers things are."""

    find: Annotated[str, msgspec.Meta(description="Path with a placeholder for the number: `/people?phone={e164}`.")]
    records: Annotated[str, msgspec.Meta(description="JMESPath to the list of customers in the answer.")] = "@"
    fields: Annotated[
        dict[str, str],
        msgspec.Meta(
            description="Our field = JMESPath within a customer. Fields: id name first_name last_name company phone "
            "mobile work home email language external_id account_state account_note balance currency notes url."
        ),
    ]
    more: Annotated[dict[str, str], msgspec.Meta(description="Label on the card = JMESPath within a customer.")] = (
        msgspec.field(default_factory=dict)
    )
    orders: Annotated[
        dict[str, str],
        msgspec.Meta(
            description="`records` = JMESPath to a customer's orders, and reference title state open placed_on "
            "due_on within one."
        ),
    ] = msgspec.field(default_factory=dict)
    incidents: Annotated[
        dict[str, str],
        msgspec.Meta(
            description="The same for incidents: records reference title state open opened_on severity owner."
        ),
    ] = msgspec.field(default_factory=dict)
    products: Annotated[
        str, msgspec.Meta(description="JMESPath to the names of what a customer bought: `purchases[].name`.")
    ] = ""
    contacts: Annotated[
        dict[str, str],
        msgspec.Meta(
            description="Earlier e-mails, visits and the like: records on kind title direction by. `direction` is `in` "
            "or `out`."
        ),
    ] = msgspec.field(default_factory=dict)
    next_page: Annotated[str, msgspec.Meta(description="JMESPath to the address of the next page, if any.")] = ""
    search: Annotated[str, msgspec.Meta(description="Path with `{text}`, to search by name. Empty: no search.")] = ""
    get: Annotated[str, msgspec.Meta(description="Path with `{id}`, for one customer. Empty: none can be chosen.")] = ""
    write: Annotated[
        str, msgspec.Meta(description="Path to which calls are written: `/calls/{call_id}`. Empty: none are.")
    ] = ""
    write_method: Annotated[Literal["POST", "PUT", "PATCH"], msgspec.Meta(description="How a call is written.")] = "PUT"
    write_body: Annotated[
        dict[str, Any],
        msgspec.Meta(
            description="The JSON object that is written, with placeholders in its texts: "
            '`{ subject = "{title}", seconds = "{talk_s}" }`. A text that is only a placeholder becomes its value, '
            "number or null. They are: call_id marker title text note disposition direction outcome number queue "
            "agents agent contact_id contact_name on_behalf started_at answered_at ended_at wait_s talk_s "
            "recording_url."
        ),
    ] = msgspec.field(default_factory=dict)
    written_id: Annotated[str, msgspec.Meta(description="JMESPath to the record's id in the answer.")] = ""
    auth: Annotated[
        Literal["none", "basic", "bearer", "header"],
        msgspec.Meta(description="How the secret is sent: user and secret, as a bearer token, or in `header`."),
    ] = "none"
    user: Annotated[str, msgspec.Meta(description="User for basic authentication.")] = ""
    header: Annotated[str, msgspec.Meta(description="Name of the header for `header`.")] = "X-Api-Key"
    secret: Annotated[str | None, msgspec.Meta(description="Password or token.")] = None
    secret_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None


class RestSource(HttpAdapter):
    """Asks by templates and reads by JMESPath."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        super().__init__(name, options, surroundings.region, surroundings.timeout_s, _auth_headers(name, options))
        self._options = options
        paths = {"records": options.records, "next_page": options.next_page or "`null`"}
        self._paths = {key: _compile(name, key, path) for key, path in paths.items()}
        self._fields = {key: _compile(name, key, path) for key, path in options.fields.items()}
        self._more = {key: _compile(name, key, path) for key, path in options.more.items()}
        self._orders = {key: _compile(name, key, path) for key, path in options.orders.items()}
        self._incidents = {key: _compile(name, key, path) for key, path in options.incidents.items()}
        self._contacts = {key: _compile(name, key, path) for key, path in options.contacts.items()}
        self._products = _compile(name, "products", options.products or "`null`")

    async def find(self, number: Number) -> list[Contact]:
        """Customers that the CRM finds by this number."""
        if number.key is None:
            return []
        return await self._ask(self._options.find, placeholders(number, self.region))

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Customers with this text, if the settings say how to search."""
        return (await self._ask(self._options.search, {"text": text}))[:limit] if self._options.search else []

    async def get(self, contact_id: str) -> Contact | None:
        """One customer, if the settings say how to ask for one."""
        found = await self._ask(self._options.get, {"id": contact_id}) if self._options.get else []
        return next((contact for contact in found if contact.contact_id == contact_id), None)

    async def _ask(self, template: str, values: Mapping[str, str]) -> list[Contact]:
        path: object = _filled(template, values)
        contacts: list[Contact] = []
        for _ in range(MAX_PAGES):
            if not isinstance(path, str) or not path or len(contacts) > MAX_CANDIDATES:
                break
            reply = await self.http.fetch_as(_Answer, "GET", path)
            records = self._read(self._paths["records"], reply)
            records = records if isinstance(records, list) else [] if records is None else [records]
            contacts += [self._contact(record) for record in records[: MAX_CANDIDATES + 1] if isinstance(record, dict)]
            path = self._read(self._paths["next_page"], reply)
        return contacts[: MAX_CANDIDATES + 1]

    def _contact(self, record: object) -> Contact:
        one = {key: self._read(path, record) for key, path in self._fields.items()}
        name = text_of(one.get("name")) or f"{text_of(one.get('first_name'))} {text_of(one.get('last_name'))}".strip()
        state, note = parse_state(text_of(one.get("account_state")))
        return make_contact(
            self.name,
            self.region,
            contact_id=one.get("id"),
            name=name,
            phones=[("" if key == "phone" else key, value) for key in _PHONES for value in _each(one.get(key))],
            company=text_of(one.get("company")),
            email=text_of(one.get("email")),
            language=text_of(one.get("language")),
            external_id=text_of(one.get("external_id")),
            notes=one.get("notes"),
            url=text_of(one.get("url"), 2_000),
            account_state=state if one.get("account_state") else AccountState.UNKNOWN,
            account_note=text_of(one.get("account_note")) or note or "",
            balance=_money(text_of(one.get("balance")), text_of(one.get("currency"))),
            orders=[self._order(each) for each in self._parts(self._orders, record)],
            incidents=[self._incident(each) for each in self._parts(self._incidents, record)],
            fields=[(label, self._read(path, record)) for label, path in self._more.items()],
            products=_each(self._read(self._products, record)),
            touches=[touch for each in self._parts(self._contacts, record) for touch in _touch(each)],
        )

    def _parts(self, paths: Mapping[str, Any], record: object) -> Iterable[dict[str, object]]:
        found = self._read(paths["records"], record) if "records" in paths else None
        for part in (found if isinstance(found, list) else [])[:MAX_CANDIDATES]:
            yield {key: self._read(path, part) for key, path in paths.items() if key != "records"}

    def _order(self, one: Mapping[str, object]) -> Order:
        return Order(
            reference=text_of(one.get("reference"), 100),
            title=text_of(one.get("title")),
            state=text_of(one.get("state"), 60),
            is_open=_is_open(one),
            placed_on=date_of(one.get("placed_on")),
            due_on=date_of(one.get("due_on")),
        )

    def _incident(self, one: Mapping[str, object]) -> Incident:
        return Incident(
            reference=text_of(one.get("reference"), 100),
            title=text_of(one.get("title")),
            state=text_of(one.get("state"), 60),
            is_open=_is_open(one),
            severity=text_of(one.get("severity"), 40),
            owner=text_of(one.get("owner")) or None,
            opened_on=date_of(one.get("opened_on")),
        )

    def _read(self, path: Any, value: object) -> object:
        from jmespath.exceptions import JMESPathError

        try:
            return path.search(value)
        except (JMESPathError, RecursionError) as error:
            why = f"a JMESPath of the settings does not fit it ({type(error).__name__})"
            hint = "try the expressions of this source on an answer of the CRM"
            raise SourceError("crm-garbage", f"{self.name} answered something that makes no sense", why, hint) from None


class WritingRestSource(RestSource):
    """A source into which calls are written too, by the template of the settings."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings, template: CallTemplate) -> None:
        super().__init__(name, options, surroundings)
        self._template = template
        self._written_id = _compile(name, "written_id", options.written_id) if options.written_id else None

    async def write_call(self, activity: CallActivity) -> str:
        """One request. The id that the answer holds, where the settings say where; "" otherwise."""
        values = call_values(activity)
        path = _filled(self._options.write, {key: shown(value) for key, value in values.items()})
        headers = {"Idempotency-Key": values["call_id"]}
        body = self._template.filled(values)
        reply = await self.http.store(self._options.write_method, path, json=body, headers=headers)
        if self._written_id is None:
            return ""
        return text_of(self._read(self._written_id, self.http.parse_as(_Answer, reply)), 255)


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> RestSource:
    """A REST interface as a source.

    Raises OffhookError ``crm-options`` or ``crm-extra``.
    """
    if options.auth != "none":
        need_secret(name, options, "secret")
    if "id" not in options.fields or not set(options.fields) & {"name", "last_name", "company"}:
        raise _unfit(name, "fields needs at least id and name", "name the JMESPath of each")
    if unknown := (set(options.fields) - _KNOWN) | _unknown_parts(options):
        raise _unfit(name, f"no field is called {sorted(unknown)[0]!r}", "put what is only to be shown into `more`")
    if not options.write:
        return RestSource(name, options, surroundings)
    try:
        template = read_template(options.write_body, options.write)
    except TemplateError as error:
        raise _unfit(name, f"write_body: {error}", "see docs/crm/any.md for an example") from None
    return WritingRestSource(name, options, surroundings, template)


def _compile(name: str, key: str, path: str) -> Any:
    try:
        import jmespath
    except ImportError:
        what = f"the source {name!r} needs a package that is not installed"
        raise OffhookError("crm-extra", what, "jmespath", "pip install 'offhook[jmespath]'") from None
    try:
        return jmespath.compile(path)
    except (jmespath.exceptions.JMESPathError, RecursionError) as error:
        raise _unfit(name, f"{key} is no JMESPath", (str(error).splitlines() or [""])[0]) from None


def _unfit(name: str, why: str, hint: str) -> OffhookError:
    return OffhookError("crm-options", f"the options of the source {name!r} do not fit", why, hint)


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The template with each value percent-encoded, so that it can be nothing but a value."""
    for key, value in values.items():
        template = template.replace(f"{{{key}}}", quote(value[:300], safe=""))
    return template


def _auth_headers(name: str, options: Options) -> dict[str, str]:
    secret = options.secret or ""
    if not (options.header.isascii() and secret.isprintable()):
        raise _unfit(name, "header or secret has characters that cannot be sent", "is it the right file?")
    if options.auth == "basic":
        return {"Authorization": "Basic " + base64.b64encode(f"{options.user}:{secret}".encode()).decode()}
    if options.auth == "bearer":
        return {"Authorization": f"Bearer {secret}"}
    return {options.header: secret} if options.auth == "header" else {}


def _unknown_parts(options: Options) -> set[str]:
    return ((set(options.orders) | set(options.incidents)) - _PART) | (set(options.contacts) - _TOUCH)


def _touch(one: Mapping[str, object]) -> Iterable[Touch]:
    direction = text_of(one.get("direction"), 20)
    return touch_of(one.get("on"), one.get("kind"), one.get("title"), direction=direction, by=one.get("by"))


def _each(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _is_open(one: Mapping[str, object]) -> bool:
    if isinstance(flag := one.get("open"), bool):
        return flag
    try:
        return parse_open(text_of(one.get("open")), text_of(one.get("state")))
    except CellError:
        return True


def _money(amount: str, currency: str) -> Money | None:
    try:
        parsed = parse_cents(amount)
    except CellError:
        return None
    return None if parsed is None else Money(parsed[0], currency or parsed[1] or "")
