"""What one event of FreeSWITCH leaves out that another one needs."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from cti.pbx import freeswitch_names as names
from cti.pbx.freeswitch_clock import PbxClock

MAX_QUEUE_EXTENSIONS = 1_000


class Joined(msgspec.Struct):
    """A caller who is in a queue: what FreeSWITCH calls his place, and whether an agent was called for him."""

    member: str
    tried: bool = False


class Taken(msgspec.Struct, frozen=True):
    """An agent's leg that a queue is about to connect with its caller."""

    caller: str
    queue: str
    agent: str


class FreeswitchMemory:
    """Waiting callers, legs that a queue is about to connect, callers whose way is not decided yet; all by leg.

    Besides, which extensions lead to which queue, the extension of each agent, and the PBX's clock. ``trunks`` are the
    names of SIP profiles, gateways or contexts that lead to the public, as the settings have them.
    """

    def __init__(self, trunks: Iterable[str] = ()) -> None:
        self._trunks = frozenset(trunks)
        self._extensions: dict[str, str] = {}
        self._queues: dict[str, str] = {}
        self.clock = PbxClock()
        self.joined: dict[str, Joined] = {}
        self.taken: dict[str, Taken] = {}
        self.undecided: dict[str, None] = {}

    def agent(self, name: str) -> str:
        """The extension of the agent whom the queue calls ``name``."""
        return self._extensions.get(name) or names.agent_of(name)

    def note_agent(self, name: str, extension: str) -> None:
        """The phone of the agent ``name`` is this one."""
        self._extensions[name] = extension

    def is_trunk(self, channel: str, gateway: str | None, context: str | None) -> bool | None:
        """Whether the settings say that a channel leads to the public; None if they say nothing."""
        return bool(names.endpoints_of(channel, gateway, context) & self._trunks) if self._trunks else None

    def queue_at(self, extension: str | None) -> str | None:
        """The queue that callers of this extension were seen to come to."""
        return self._queues.get(extension or "")

    def note_queue(self, extension: str | None, queue: str) -> None:
        """A caller of this extension came to this queue."""
        if extension and (len(self._queues) < MAX_QUEUE_EXTENSIONS or extension in self._queues):
            self._queues[extension] = queue

    def forget(self, leg: str) -> None:
        """The leg is over."""
        self.joined.pop(leg, None)
        self.taken.pop(leg, None)
        self.undecided.pop(leg, None)
