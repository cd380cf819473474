"""What one event of FreeSWITCH leaves out that another one needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from cti.pbx import freeswitch_names as names
from cti.pbx.freeswitch_clock import PbxClock

MAX_QUEUE_EXTENSIONS = 1_000
MAX_GONE = 1_000


class Joined(msgspec.Struct):
    """A caller who is in a queue: what FreeSWITCH calls his place, and whether an agent was called for him.

    ``heard`` while the connection lasts that told of it: how his wait ends, it will tell.
    """

    member: str
    queue: str
    tried: bool = False
    heard: bool = True


class Taken(msgspec.Struct, frozen=True):
    """An agent's leg that a queue is about to connect with its caller."""

    caller: str
    queue: str
    agent: str


class Bridged(msgspec.Struct, frozen=True):
    """With whom a leg is connected, and what that connection is called."""

    other: str
    bridge: str


class Asking(msgspec.Struct, frozen=True):
    """The customer whom an agent left with the music to ask a colleague, and their connection."""

    far: str
    bridge: str


class PickedOff(msgspec.Struct, frozen=True):
    """A leg that rang until somebody else took its call."""

    leg: str
    at: datetime


class FreeswitchMemory:
    """Waiting callers, legs that a queue is about to connect, callers whose way is not decided yet; all by leg.

    ``called_for`` is whom a phone rings for, by the phone's leg, where the PBX itself has not decided it; ``sources``
    on whose behalf a leg was made; ``up`` are answered legs, ``agent_legs`` those of agents; ``asking`` the agents who
    ask a colleague by a key of the PBX; ``ended_early`` legs whose end was told before their own last word;
    ``picked_off`` has for a caller the phone that rang until somebody else took his call.

    Events of different threads swap places: ``seen`` are the legs whose beginning was told, and an end may come first.
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
        self.called_for: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self.agent_legs: set[str] = set()
        self.ended_early: set[str] = set()
        self.up: set[str] = set()
        self.bridged: dict[str, Bridged] = {}
        self.asking: dict[str, Asking] = {}
        self.picked_off: dict[str, PickedOff] = {}
        self.undecided: dict[str, None] = {}
        self.seen: set[str] = set()
        self._gone: dict[str, None] = {}

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

    def begin_session(self) -> None:
        """Who was connected with whom before the link was lost may be so no more."""
        for joined in self.joined.values():
            joined.heard = False
        self.bridged.clear()
        self.asking.clear()
        self.picked_off.clear()

    def note_leg(self, leg: str, source: str | None, *, agent: bool) -> None:
        """A leg is there: an agent's or not, made on behalf of ``source`` or of nobody."""
        if source is not None:
            self.sources[leg] = source
        if agent:
            self.agent_legs.add(leg)

    def begins(self, leg: str) -> bool:
        """Whether this is the first that is heard of a leg, which has not ended before it began."""
        if leg in self.seen or leg in self._gone:
            return False
        self.seen.add(leg)
        return True

    def forget(self, leg: str) -> None:
        """The leg is over."""
        if leg not in self.seen:
            self._gone[leg] = None
            if len(self._gone) > MAX_GONE:
                del self._gone[next(iter(self._gone))]
        for known in (self.seen, self.agent_legs, self.up):
            known.discard(leg)
        for noted in (self.joined, self.taken, self.called_for, self.undecided, self.sources):
            noted.pop(leg, None)
        for tied in (self.bridged, self.asking, self.picked_off):
            tied.pop(leg, None)

    def forget_others(self, legs: Iterable[str]) -> None:
        """Only these legs are there now; what became of others was missed."""
        there = set(legs)
        for leg in {
            *self.seen,
            *self.joined,
            *self.taken,
            *self.undecided,
            *self.bridged,
            *self.picked_off,
            *self.up,
        } - there:
            self.forget(leg)
        self.seen |= there
        self.ended_early &= there
