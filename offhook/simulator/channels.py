"""A channel and a bridge as the manager shows them: the block of headers that most events carry."""

from __future__ import annotations

import re
from typing import Final

from cti.model import Party

DOWN: Final = "Down"
RING: Final = "Ring"
RINGING: Final = "Ringing"
UP: Final = "Up"
_STATES = {DOWN: 0, RING: 4, RINGING: 5, UP: 6}
NOBODY = Party()
# ast_escape_c (main/utils.c): the characters that the manager escapes in caller and connected names
_C_ESCAPES = str.maketrans(
    {
        "\a": r"\a",
        "\b": r"\b",
        "\f": r"\f",
        "\n": r"\n",
        "\r": r"\r",
        "\t": r"\t",
        "\v": r"\v",
        "\\": r"\\",
        "'": r"\'",
        '"': r"\"",
        "?": r"\?",
    }
)
_UNSAFE = re.compile(r"[\r\n\0]")


def escape_name(name: str) -> str:
    r"""A caller's name as the manager writes it, C style.

    >>> print(escape_name("Dana O'Neill"))
    Dana O\'Neill
    """
    return name.translate(_C_ESCAPES)


def sip_name(name: str) -> str:
    r"""A display name as a PBX keeps it when it came by SIP: the quoted string's own backslashes stay.

    >>> print(sip_name('Renée "Zoe"'))
    Renée \"Zoe\"
    """
    return _UNSAFE.sub(" ", name).replace("\\", "\\\\").replace('"', '\\"')


class Bridge:
    """Where channels hear each other."""

    __slots__ = ("channels", "kind", "name", "owner", "technology", "unique_id")

    def __init__(self, unique_id: str, technology: str = "simple_bridge") -> None:
        self.unique_id, self.technology = unique_id, technology
        self.kind, self.owner, self.name = "basic", "<unknown>", "<unknown>"
        self.channels: list[Channel] = []

    def block(self, prefix: str = "") -> str:
        return (
            f"{prefix}BridgeUniqueid: {self.unique_id}\r\n{prefix}BridgeType: {self.kind}\r\n"
            f"{prefix}BridgeTechnology: {self.technology}\r\n{prefix}BridgeCreator: {self.owner}\r\n"
            f"{prefix}BridgeName: {self.name}\r\n{prefix}BridgeNumChannels: {len(self.channels)}\r\n"
            f"{prefix}BridgeVideoSourceMode: none\r\n"
        )


class Channel:
    """One channel. ``endpoint`` is its device, ``PJSIP/101``; ``other`` the second half of a pair of Local channels."""

    __slots__ = (
        *("_block", "application", "bridge", "caller", "connected", "context", "data", "dialled", "endpoint", "exten"),
        *("held", "linked_id", "name", "other", "priority", "started_at", "state", "unique_id"),
    )

    def __init__(self, name: str, endpoint: str, unique_id: str, state: str, started_at: float) -> None:
        self.name, self.endpoint, self.unique_id = name, endpoint, unique_id
        self.state, self.started_at = state, started_at
        self.linked_id = unique_id
        self.caller = self.connected = NOBODY
        self.context, self.exten, self.priority = "default", "s", 1
        self.application, self.data, self.dialled = "", "", ""
        self.bridge: Bridge | None = None
        self.other: Channel | None = None
        self.held = False
        self._block: str | None = None

    @property
    def is_local(self) -> bool:
        return self.other is not None

    def place(self, context: str, exten: str, priority: int = 1) -> None:
        """Where in the dialplan it is; no event tells it."""
        self.context, self.exten, self.priority, self._block = context, exten, priority, None

    def changed(self) -> None:
        """A shown field was set: the block is written anew."""
        self._block = None

    def block(self, prefix: str = "") -> str:
        """The fourteen headers, each with ``prefix``, each line ended."""
        block = self._block
        if block is None:
            block = self._block = self._write()
        return block if not prefix else prefix + block.replace("\r\n", "\r\n" + prefix)[: -len(prefix)]

    def _write(self) -> str:
        number, name = shown(self.caller)
        connected_number, connected_name = shown(self.connected)
        return (
            f"Channel: {self.name}\r\nChannelState: {_STATES[self.state]}\r\nChannelStateDesc: {self.state}\r\n"
            f"CallerIDNum: {number}\r\nCallerIDName: {name}\r\n"
            f"ConnectedLineNum: {connected_number}\r\nConnectedLineName: {connected_name}\r\n"
            f"Language: en\r\nAccountCode: \r\nContext: {self.context}\r\nExten: {self.exten}\r\n"
            f"Priority: {self.priority}\r\nUniqueid: {self.unique_id}\r\nLinkedid: {self.linked_id}\r\n"
        )


def shown(party: Party, nobody: str = "<unknown>") -> tuple[str, str]:
    """Number and name as the manager writes them; ``nobody`` for what is not known."""
    return party.number or nobody, escape_name(party.name) if party.name else nobody
