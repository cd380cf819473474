"""What FreeSWITCH's names mean: channels, agents, caller IDs, hangup causes.

Sources: ``switch_channel.c`` (``CAUSE_CHART``), ``mod_sofia.c`` (``sip_hangup_disposition``), ``mod_callcenter.c``.
"""

from __future__ import annotations

import re

from cti.model import LegRole
from cti.signals import DialResult

_NOBODY = frozenset(
    {"", "anonymous", "unknown", "<unknown>", "restricted", "unavailable", "private", "withheld", "0000000000"}
)
_EXTENSION = re.compile(r"\d{2,6}\Z")
_QUOTED = re.compile(r'\\(["\\])')
_CONTACT_USER = re.compile(r"(?:^|[\]})/ ])user/([^@,|\s]+)")
_BLIND, _ATTENDED, _EARLY = "blind:", "att:", "satt:"
_DIAL_RESULTS = {
    "NO_ANSWER": DialResult.NO_ANSWER,
    "NO_USER_RESPONSE": DialResult.NO_ANSWER,
    "ALLOTTED_TIMEOUT": DialResult.NO_ANSWER,
    "USER_BUSY": DialResult.BUSY,
    "CALL_REJECTED": DialResult.BUSY,
    "LOSE_RACE": DialResult.TAKEN,
    "ORIGINATOR_CANCEL": DialResult.CANCELLED,
    "PICKED_OFF": DialResult.TAKEN,
    "NORMAL_CLEARING": DialResult.CANCELLED,
    "MANAGER_REQUEST": DialResult.CANCELLED,
}
LOOPBACK = "loopback/"
VIRTUAL = (LOOPBACK, "pickup/", "group/", "error/")  # what leads to a phone, or waits to be picked up, and is none
ROOM = "conference/"
PUBLIC = "public"  # the context that FreeSWITCH's own configuration gives to strangers


def caller_number(number: str | None, hidden: bool = False) -> str | None:
    """A caller's number; None when it is withheld or unknown, in any of the PBX's ways to say so."""
    return None if hidden or number is None or number.lower() in _NOBODY else number


def caller_name(name: str | None, number: str | None) -> str | None:
    """A caller's name; None where there is none: FreeSWITCH then shows the number in its place.

    The backslash that SIP puts before a quote is not undone by FreeSWITCH.

    >>> caller_name(r'the \\"boss\\"', "+3906"), caller_name("+3906", "+3906"), caller_name("Anonymous", "anonymous")
    ('the "boss"', None, None)
    """
    if name is None or name == number or name.lower() in _NOBODY:
        return None
    return _QUOTED.sub(r"\1", name)


def agent_of(name: str) -> str:
    """The extension in an agent's name, as far as the name alone tells.

    >>> agent_of("101"), agent_of("101@pbx.example.com")
    ('101', '101')
    """
    return name.partition("@")[0]


def user_in(contact: str | None) -> str | None:
    """The extension that an agent's contact calls; None for a contact that is no user of the directory.

    >>> user_in("[leg_timeout=6]user/101@pbx.lab"), user_in("{a=b}sofia/gateway/trunk/0612345"), user_in(None)
    ('101', None, None)
    """
    found = _CONTACT_USER.search(contact or "")
    return found[1] if found else None


def user_of(called: str | None) -> str | None:
    """Who is called, without the host.

    >>> user_of("101@pbx.example.com"), user_of("101"), user_of(None)
    ('101', '101', None)
    """
    return (called or "").partition("@")[0] or None


def endpoints_of(channel: str, gateway: str | None, context: str | None) -> set[str]:
    """The names by which settings may call what a channel leads to: SIP profile, gateway, context.

    >>> sorted(endpoints_of("sofia/external/+3906@carrier.example", None, "public"))
    ['external', 'public']
    """
    profile = channel.split("/")[1] if channel.count("/") > 1 else None
    return {name for name in (profile, gateway, context) if name}


def role_by_number(number: str | None) -> LegRole:
    """Who is at a channel of which no more than its number is known."""
    return LegRole.AGENT if number is not None and _EXTENSION.match(number) else LegRole.CUSTOMER


def dial_result(cause: str | None) -> DialResult:
    """How an attempt to reach a phone ended that was not answered, from its leg's hangup cause."""
    return _DIAL_RESULTS.get(cause or "", DialResult.FAILED)


def blind_transfer(to: str | None, destination: str | None) -> tuple[str, str] | None:
    """The leg sent on and where to; None if the words are not of a blind transfer.

    >>> blind_transfer("blind:6e65b685", "blind:101"), blind_transfer("att:5dbd8107", None)
    (('6e65b685', '101'), None)
    """
    if to is None or not to.startswith(_BLIND):
        return None
    return to.removeprefix(_BLIND), (destination or "").removeprefix(_BLIND)


def attended_transfer(to: str | None) -> str | None:
    """The leg that the one handed over meets; None if the words are not of an attended transfer."""
    return to.partition(":")[2] if to is not None and to.startswith(_ATTENDED) else None


def early_transfer(to: str | None) -> str | None:
    """The leg that is handed over to a phone that still rings; None if the words are not of such a transfer."""
    return to.removeprefix(_EARLY) if to is not None and to.startswith(_EARLY) else None


def bridge_of(one: str, other: str) -> str:
    """FreeSWITCH has no name for a bridge; it joins two legs."""
    return f"{one}/{other}"


def room_of(conference: str) -> str:
    """A conference, told apart from bridges of two."""
    return f"{ROOM}{conference}"


def presence(status: str) -> tuple[bool, bool]:
    """Whether an agent of this status is there, and whether he is on a break.

    >>> presence("Available (On Demand)"), presence("On Break"), presence("Logged Out")
    ((True, False), (True, True), (False, False))
    """
    return status != "Logged Out", status == "On Break"


def whole_number(value: str | None) -> int | None:
    """A header's value as a whole number; None where it is absent or none."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 19 else None
