"""What Asterisk's names and numbers mean: channels, interfaces, dial strings, caller IDs with their escapes."""

from __future__ import annotations

import re

_NOBODY = frozenset({"", "<unknown>", "unknown", "anonymous", "restricted", "unavailable", "private", "withheld"})
_DIALLED = re.compile(r"\+?[0-9*#]{2,}\Z")
_OUTSIDE = re.compile(r"\+?[0-9]{7,}\Z")
_C_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_C_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def endpoint_of(channel: str) -> str:
    """The endpoint in a channel's name: between the technology and the unique suffix. An agent's is his extension.

    >>> endpoint_of("PJSIP/trunk-0000003e"), endpoint_of("SIP/my-trunk-000001"), endpoint_of("Local/103@agents-0003;1")
    ('trunk', 'my-trunk', '103@agents')
    """
    return channel.partition("/")[2].rpartition("-")[0] or channel.partition("/")[2]


def agent_of(interface: str) -> str:
    """The extension behind a queue member's interface.

    >>> agent_of("PJSIP/103"), agent_of("Local/103@from-queue/n"), agent_of("SIP/alice-laptop")
    ('103', '103', 'alice-laptop')
    >>> agent_of("hint:103@ext-local")  # a state interface as FreePBX writes it
    '103'
    >>> agent_of("SIP/trunk/393331112222")  # a member at a phone outside
    '393331112222'
    """
    name = interface.partition("/")[2] or interface.rpartition(":")[2]
    number = name.partition("/")[2]
    if _OUTSIDE.match(number):
        return number
    return re.split("[@/:]", name, maxsplit=1)[0]  # a dial string may hold a password behind the colon


def unescape(text: str) -> str:
    """Undo the AMI's C-style escapes (``ast_escape_c``), then the backslash a quote keeps from SIP.

    >>> unescape(r"Dana O\\'Neill")
    "Dana O'Neill"
    """
    if "\\" not in text:
        return text
    once = _C_ESCAPE.sub(lambda match: _C_LETTERS.get(match[1], match[1]), text)
    return _C_ESCAPE.sub(lambda match: match[1] if match[1] in '"\\' else match[0], once)


def caller_number(number: str | None) -> str | None:
    """A caller's number; None when it is withheld or unknown, in any of the PBX's ways to say so."""
    if number is None or number.lower() in _NOBODY:
        return None
    return unescape(number)


def caller_name(name: str | None) -> str | None:
    if name is None or name.lower() in _NOBODY:
        return None
    return unescape(name)


def dialled_number(dial_string: str | None) -> str | None:
    """The number in a dial string, whichever way the technology writes it; None where there is none.

    >>> dialled_number("39333123@trunk"), dialled_number("trunk/sip:39333@10.0.0.1:5060"), dialled_number("trunk/0039")
    ('39333123', '39333', '0039')
    """
    for part in (dial_string or "").split("/"):
        number = part.removeprefix("sip:").partition("@")[0]
        if _DIALLED.match(number):
            return number
    return None


def whole_number(text: str | None) -> int | None:
    """A header's value as a whole number of up to nine digits; None where it is absent or none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
