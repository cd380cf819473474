"""Who is at the end of an Asterisk's channels and numbers: an agent, the public, or nobody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cti.model import LegRole
from cti.pbx.asterisk_names import agent_of, endpoint_of

#: Technologies of channels that nobody is at the end of: pairs, announcers and recorders, taps, text messages.
VIRTUAL = frozenset(
    {"Local", "Announcer", "CBAnn", "CBRec", "Message", "MulticastRTP", "Recorder", "Snoop", "Surrogate", "UnicastRTP"}
)
_EXTENSION = re.compile(r"\d{2,6}\Z")
_NUMBER = re.compile(r"[+0-9]{7,}\Z")


class AsteriskPeople:
    """Tells agents from trunks, and whose phone it is. It remembers which endpoints are queue members.

    ``trunks`` are the names of endpoints that lead to the public, as in ``PJSIP/<name>-0000001a`` or
    ``DAHDI/<name>/0612345678-1``. When it is empty, an endpoint is an agent's if it is a queue member or its name is a
    number of two to six digits, else a trunk's. ``phones`` are further phones by agent: endpoints, numbers outside.
    """

    def __init__(self, trunks: Iterable[str] = (), phones: Mapping[str, Iterable[str]] | None = None) -> None:
        self._trunks = frozenset(trunks)
        self._owners = {_key(phone): agent for agent, theirs in (phones or {}).items() for phone in theirs}
        self._members: set[str] = set()
        self._phones: dict[str, str] = {}

    def role_of(self, channel: str) -> LegRole:
        if channel.partition("/")[0] in VIRTUAL:
            return LegRole.VIRTUAL
        endpoint = endpoint_of(channel)
        if endpoint in self._owners:
            return LegRole.AGENT
        if self._trunks:
            is_trunk = endpoint in self._trunks or endpoint.partition("/")[0] in self._trunks  # DAHDI/i1/0612-1
            return LegRole.CUSTOMER if is_trunk else LegRole.AGENT
        if endpoint in self._members or _EXTENSION.match(endpoint):
            return LegRole.AGENT
        return LegRole.CUSTOMER

    def agent_at(self, channel: str) -> str:
        """Whose phone a channel is, given that it is an agent's."""
        endpoint = endpoint_of(channel)
        return self._owners.get(endpoint, endpoint)

    def member(self, interface: str, phone: str | None = None) -> str:
        """The agent behind a queue member, whose phone's endpoint is an agent's from now on.

        ``phone`` is his state interface: some events say it, others only ``interface``.
        """
        if phone:
            self._phones[interface] = phone
        phone = self._phones.get(interface, interface)
        self.note_member(phone)
        name = agent_of(phone)
        return self._owners.get(_key(name), name)

    def owner_of(self, number: str | None) -> str | None:
        """The agent who answers at this number outside; None when it is nobody's."""
        return None if number is None or not self._owners else self._owners.get(_key(number))

    def note_member(self, phone: str) -> None:
        """A queue rings this phone: it is no trunk."""
        if not phone.startswith("Local/"):
            self._members.add(phone.partition("/")[2] or agent_of(phone))


def _key(phone: str) -> str:
    """An endpoint's name as it is; a number without what differs from trunk to trunk: plus and leading zeros.

    >>> _key("103-mobile"), _key("+39333111"), _key("0039333111"), _key("103")
    ('103-mobile', '39333111', '39333111', '103')
    """
    return phone.lstrip("+0") if _NUMBER.match(phone) else phone
