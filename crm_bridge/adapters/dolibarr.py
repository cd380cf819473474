"""``kind = "dolibarr"``: contacts and third parties of a Dolibarr.

Needs the API key of a user with the permission to read third parties and contacts; the module "API/Web services REST"
has to be on. https://wiki.dolibarr.org/index.php?title=Module_Web_Services_API_REST_(developer).

Calls: an event of the agenda of the type "Phone call" (``AC_TEL``), for which the user needs the permission to create
his own events and to read them; it is found again by the last line of its note.
https://github.com/Dolibarr/dolibarr/blob/develop/htdocs/comm/action/class/api_agendaevents.class.php.

Numbers: asked with a pattern (``sqlfilters``, operator ``like``) that allows anything between the digits.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from crm_bridge.activity import CallActivity, title_of
from crm_bridge.call_record import cleaned, epoch_s, holds, html_of
from crm_bridge.contact import AccountState, Contact
from crm_bridge.forms import loose_pattern
from crm_bridge.found import Record, first_text, make_contact, text_of
from crm_bridge.http_source import HttpAdapter, Records, gather_all, segment
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import HttpOptions, need_secret
from crm_bridge.sources import Surroundings

_PHONES: Final = {
    "contacts": {"t.phone": "phone_pro", "t.phone_mobile": "phone_mobile", "t.phone_perso": "phone_perso"},
    "thirdparties": {"t.phone": "phone"},
}
_LABELS: Final = {"phone_pro": "work", "phone_mobile": "mobile", "phone_perso": "home", "phone": ""}
_API: Final = "/api/index.php"
_EVENTS: Final = f"{_API}/agendaevents"
_NAMES: Final = {"contacts": ("t.lastname", "t.firstname"), "thirdparties": ("t.nom", "t.code_client")}


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which Dolibarr."""

    token: Annotated[str | None, msgspec.Meta(description="API key of the user.")] = None
    token_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None
    objects: Annotated[
        tuple[str, ...], msgspec.Meta(description="What is looked through: `contacts`, `thirdparties`.")
    ] = ("contacts", "thirdparties")

    def __post_init__(self) -> None:
        HttpOptions.__post_init__(self)
        if unknown := [one for one in self.objects if one not in _PHONES]:
            raise ValueError(f"objects: expected contacts or thirdparties, got {unknown[0]}")


class Dolibarr(HttpAdapter):
    """The records of one Dolibarr. An id is the kind and Dolibarr's own: ``contacts/12``."""

    def __init__(self, name: str, options: Options, surroundings: Surroundings) -> None:
        headers = {"DOLAPIKEY": options.token or ""}
        super().__init__(name, options, surroundings.region, surroundings.timeout_s, headers)
        self._objects = options.objects
        self._own_id = ""

    async def find(self, number: Number) -> list[Contact]:
        """Records with this number."""
        if number.e164 is None:
            return []
        pattern = loose_pattern(number)
        asked = [self._listed(kind, tuple(_PHONES[kind]), pattern, MAX_CANDIDATES + 1) for kind in self._objects]
        return [one for found in await gather_all(*asked) for one in found][: MAX_CANDIDATES + 1]

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Records with this text in a name or customer code. Signs that mean something in a filter are left out."""
        plain = "".join(c for c in text if c.isalnum() or c in " .@-").strip()
        if not plain:
            return []
        asked = [self._listed(kind, _NAMES[kind], f"%{plain}%", limit) for kind in self._objects]
        return [one for found in await gather_all(*asked) for one in found][:limit]

    async def get(self, contact_id: str) -> Contact | None:
        """One record."""
        kind, _, own = contact_id.partition("/")
        if kind not in self._objects or not own.isdecimal():
            return None
        reply = await self.http.fetch("GET", f"/api/index.php/{kind}/{segment(own)}", expect=frozenset({404}))
        return None if reply.status == 404 else self._contact(kind, self.http.parse_as(dict[str, Any], reply))

    async def write_call(self, activity: CallActivity) -> str:
        """An event that is done, with its customer where there is one."""
        call = cleaned(activity)
        params = {"sqlfilters": f"(t.note:like:'%{call.marker}%')", "limit": "5"}
        reply = await self.http.fetch("GET", _EVENTS, params=params, expect=frozenset({404}))
        rows = [] if reply.status == 404 else self.http.parse_as(Records, reply)
        known = next((text_of(one.get("id"), 20) for one in rows if holds(one.get("note_private"), call)), "")
        event = await self._event(call)
        if known:
            await self.http.store_as(dict[str, Any], "PUT", f"{_EVENTS}/{segment(known)}", json=event)
            return known
        return text_of(await self.http.store_as(object, "POST", _EVENTS, json=event), 20)

    async def _event(self, call: CallActivity) -> dict[str, Any]:
        if not self._own_id:
            me = await self.http.fetch_as(dict[str, Any], "GET", f"{_API}/users/info")
            self._own_id = text_of(me.get("id"), 20)
        return await self._customer(call.contact_id or "") | {
            "type_code": "AC_TEL",
            "label": title_of(call),
            "note_private": html_of(call),
            "datep": epoch_s(call.started_at),
            "datef": epoch_s(call.ended_at),
            "percentage": 100,
            "userownerid": self._own_id,
        }

    async def _customer(self, contact_id: str) -> dict[str, Any]:
        """Third party and contact of an event."""
        kind, _, own = contact_id.partition("/")
        if kind == "thirdparties" and own.isdecimal():
            return {"socid": int(own), "contact_id": 0}
        if kind != "contacts" or not own.isdecimal():
            return {}
        reply = await self.http.fetch("GET", f"{_API}/contacts/{own}", expect=frozenset({404}))
        company = self.http.parse_as(dict[str, Any], reply).get("socid") if reply.status < 400 else None
        return {"contact_id": int(own)} | ({"socid": company} if company else {})

    async def _listed(self, kind: str, columns: tuple[str, ...], pattern: str, limit: int) -> list[Contact]:
        """Nobody found is status 404 up to version 20, an empty list later."""
        filters = " or ".join(f"({column}:like:'{pattern}')" for column in columns)
        params = {"sqlfilters": filters, "limit": str(limit)}
        reply = await self.http.fetch("GET", f"/api/index.php/{kind}", params=params, expect=frozenset({404}))
        return [] if reply.status == 404 else [self._contact(kind, one) for one in self.http.parse_as(Records, reply)]

    def _contact(self, kind: str, one: Record) -> Contact:
        own = text_of(one.get("id"), 20)
        person = f"{text_of(one.get('firstname'))} {text_of(one.get('lastname'))}".strip()
        page = f"contact/card.php?id={segment(own)}" if kind == "contacts" else f"societe/card.php?socid={segment(own)}"
        closed = text_of(one.get("status")) == "0"
        return make_contact(
            self.name,
            self.region,
            contact_id=f"{kind}/{own}",
            name=person if kind == "contacts" else text_of(one.get("name")),
            phones=[(_LABELS[field], one.get(field)) for field in _PHONES[kind].values()],
            company=first_text(one, "socname", "thirdparty_name"),
            email=text_of(one.get("email")),
            external_id=text_of(one.get("code_client")),
            language=text_of(one.get("default_lang")).partition("_")[0],
            notes=one.get("note_public"),
            account_state=AccountState.CLOSED if closed else AccountState.UNKNOWN,
            url=f"{self.http.base}/{page}",
            fields=[("Town", one.get("town")), ("Post", one.get("poste"))],
        )


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> Dolibarr:
    """Dolibarr as a source. Raises OffhookError ``crm-options``."""
    need_secret(name, options, "token")
    return Dolibarr(name, options, surroundings)
