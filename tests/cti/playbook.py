"""A small language for a PBX's story: what happens as lines in, what the house is told as lines out.

    told = play('''
        0    caller 1 +393331234567 to +390221000101
        0    phone 2 101 of 1
        0    dial 2 by 1
        0.1  rings 2
        3    up 2 1
        3    bridge b 1 2
        9    quits 1
        9    ends 1 2
    ''')
    assert told.calls == ["started 1", "offered 1 101", ...]

A line is an instant in seconds (left out: the same as before), a verb of ``VERBS``, and its words; ``-`` is None. Legs,
bridges and queues are called what the story calls them. Each leg's signals carry the group it was announced with, until
``regroup`` moves it. ``told.calls`` leaves out what only concerns agents; ``told.agents`` is the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from cti import model as m, signals as s
from cti.model import Call, CallEvent, LegRole, Origin
from cti.tracker import CallTracker
from cti.wire.ami import AmiFrame

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ORIGIN = Origin("pbx", "session", 0, "test")


def at(seconds: float) -> datetime:
    """Nine o'clock and some seconds: the zero of every story."""
    return START + timedelta(seconds=seconds)


class Told:
    """What the house was told, as events and as lines."""

    def __init__(self, events: list[CallEvent]) -> None:
        self.events = events
        self.calls = [line(event) for event in events if not isinstance(event, m.AgentChanged | m.OddityFound)]
        self.agents = [line(event) for event in events if isinstance(event, m.AgentChanged)]
        self.oddities = [event.oddity.kind for event in events if isinstance(event, m.OddityFound)]

    def ended(self, call_id: str = "1") -> Call:
        """The final state of a call that ended exactly once."""
        (call,) = [
            event.call for event in self.events if isinstance(event, m.CallEnded) and event.call.call_id == call_id
        ]
        return call

    def last(self, call_id: str = "1") -> Call:
        """A call as the latest event about it shows it."""
        return [
            event.call for event in self.events if isinstance(event, m.AboutCall) and event.call.call_id == call_id
        ][-1]


class Playbook:
    """A tracker and the story told to it so far."""

    def __init__(self) -> None:
        self.tracker = CallTracker("pbx")
        self._now = 0.0
        self._groups: dict[str, str] = {}

    def play(self, script: str) -> Told:
        """What the house is told because of the script's lines."""
        return Told([event for signal in self.signals(script) for event in self.tracker.apply(signal)])

    def signals(self, script: str) -> Iterator[s.Signal]:
        for text in script.splitlines():
            words = text.split()
            if words and words[0].replace(".", "").isdigit():
                self._now = float(words.pop(0))
            if words:
                verb, *rest = (None if word == "-" else word for word in words)
                yield from VERBS[str(verb)](self, *rest)

    @property
    def facts(self) -> tuple[datetime, Origin]:
        return at(self._now), ORIGIN

    def about(self, leg: str) -> tuple[datetime, Origin, str, str | None]:
        """The first fields of a signal about a leg; a leg that was never announced has no group."""
        return (*self.facts, leg, self._groups.get(leg))

    def announce(self, leg: str, group: str) -> tuple[datetime, Origin, str, str | None]:
        self._groups[leg] = group
        return self.about(leg)


def play(script: str) -> Told:
    """The script told to a tracker that knows nothing yet."""
    return Playbook().play(script)


def line(event: CallEvent) -> str:
    """An event as a line: what happened, the call, and the one thing that matters of it."""
    return " ".join(word for word in _WORDS[type(event)](event) if word)


_WORDS: dict[type[CallEvent], Callable[..., tuple[str | None, ...]]] = {
    m.CallStarted: lambda e: ("started", e.call.call_id),
    m.CallQueued: lambda e: ("queued", e.call.call_id, e.stay.queue),
    m.CallLeftQueue: lambda e: ("left", e.call.call_id, e.stay.queue, e.stay.outcome, e.stay.agent),
    m.CallOffered: lambda e: ("consulted" if e.ring.consult else "offered", e.call.call_id, e.agent),
    m.CallOfferEnded: lambda e: ("offer-over", e.call.call_id, e.agent, e.ring.result),
    m.CallAnswered: lambda e: ("answered", e.call.call_id, e.agent),
    m.CallHeld: lambda e: ("held", e.call.call_id, e.agent),
    m.CallResumed: lambda e: ("resumed", e.call.call_id, e.agent),
    m.CallReleased: lambda e: ("released", e.call.call_id, e.agent),
    m.CallTransferred: lambda e: ("transferred", e.call.call_id, e.transfer.kind, e.transfer.by, e.transfer.to),
    m.CallEnded: lambda e: ("ended", e.call.call_id, e.call.outcome, e.call.ended_by),
    m.CallMerged: lambda e: ("merged", e.call.call_id, "into", e.into.call_id),
    m.AgentChanged: lambda e: (e.agent.agent, e.change, e.queue, e.reason or (not e.queue and e.agent.state) or None),
    m.OddityFound: lambda e: ("odd", e.oddity.kind),
    m.PbxLost: lambda e: ("lost", e.cause),
    m.PbxBack: lambda e: ("back",),
}

Verb = Callable[..., Iterable[s.Signal]]


def _caller(book: Playbook, leg: str, number: str | None, _to: str, dialled: str) -> Iterable[s.Signal]:
    yield s.LegSeen(*book.announce(leg, leg), f"PJSIP/trunk-{leg}", LegRole.CUSTOMER, number, None, dialled)


def _trunk(book: Playbook, leg: str, _of: str, group: str) -> Iterable[s.Signal]:
    yield s.LegSeen(*book.announce(leg, group), f"PJSIP/trunk-{leg}", LegRole.CUSTOMER, None)


def _called(book: Playbook, leg: str, trunk: str) -> Iterable[s.Signal]:
    """The PBX itself makes a leg to the public, for nobody yet."""
    about = book.announce(leg, leg)
    yield s.LegSeen(*about, f"PJSIP/{trunk}-{leg}", LegRole.CUSTOMER, None, None, None, True)


def _sent_on(book: Playbook, leg: str, queue: str) -> Iterable[s.Signal]:
    yield s.QueueGaveUp(*book.about(leg), queue, True)


def _phone(book: Playbook, leg: str, agent: str, preposition: str, word: str) -> Iterable[s.Signal]:
    """``phone 2 101 of 1``: the PBX makes a leg to this phone. ``phone 2 101 to 102``: its owner dials."""
    outgoing = preposition == "of"
    group, dialled = (word, None) if outgoing else (leg, word)
    about = book.announce(leg, group)
    yield s.LegSeen(*about, f"PJSIP/{agent}-{leg}", LegRole.AGENT, agent, None, dialled, outgoing)


def _local(book: Playbook, one: str, two: str, _of: str, group: str) -> Iterable[s.Signal]:
    for leg in (one, two):
        yield s.LegSeen(*book.announce(leg, group), f"Local/x@agents-{leg}", LegRole.VIRTUAL, None)
    yield s.LegsPaired(*book.facts, one, two)


def _dial(
    book: Playbook, leg: str, _by: str, source: str | None, number: str | None = None, owner: str | None = None
) -> Iterable[s.Signal]:
    yield s.LegDialled(*book.about(leg), source, number, owner)


def _dial_over(book: Playbook, leg: str, result: str) -> Iterable[s.Signal]:
    yield s.DialEnded(*book.about(leg), s.DialResult(result))


def _each(kind: Callable[..., s.Signal]) -> Verb:
    return lambda book, *legs: [kind(*book.about(leg)) for leg in legs]


def _ends(book: Playbook, *legs: str) -> Iterable[s.Signal]:
    """The last words may be ``cause 26``."""
    cause = int(legs[-1]) if "cause" in legs else 16
    for leg in legs[: legs.index("cause")] if "cause" in legs else legs:
        yield s.LegEnded(*book.about(leg), cause)


def _bridge(book: Playbook, bridge: str, *legs: str) -> Iterable[s.Signal]:
    return [s.BridgeEntered(*book.about(leg), bridge, None) for leg in legs]


def _room(book: Playbook, bridge: str, *legs: str) -> Iterable[s.Signal]:
    return [s.BridgeEntered(*book.about(leg), bridge, None, True) for leg in legs]


def _listens(book: Playbook, bridge: str, leg: str) -> Iterable[s.Signal]:
    yield s.BridgeEntered(*book.about(leg), bridge, None, True, True)


def _swap(book: Playbook, bridge: str, leg: str, _for: str, other: str) -> Iterable[s.Signal]:
    yield s.BridgeEntered(*book.about(leg), bridge, other)


def _unbridge(book: Playbook, bridge: str, *legs: str) -> Iterable[s.Signal]:
    return [s.BridgeLeft(*book.about(leg), bridge) for leg in legs]


def _about_a_leg(kind: Callable[..., s.Signal]) -> Verb:
    return lambda book, leg, *words: [kind(*book.about(leg), *words)]


def _joins(book: Playbook, leg: str, queue: str, position: str = "1") -> Iterable[s.Signal]:
    yield s.QueueJoined(*book.about(leg), queue, int(position))


def _tries(book: Playbook, leg: str, queue: str, agent: str, agent_leg: str | None = None) -> Iterable[s.Signal]:
    yield s.AgentTried(*book.about(leg), queue, agent, None, agent_leg)


def _done(book: Playbook, leg: str, queue: str, agent: str, talk_s: str) -> Iterable[s.Signal]:
    yield s.AgentDone(*book.about(leg), queue, agent, int(talk_s))


def _plain(kind: Callable[..., s.Signal]) -> Verb:
    return lambda book, *words: [kind(*book.facts, *words)]


def _member(kind: Callable[..., s.Signal], *known: object) -> Verb:
    return lambda book, queue, agent, *reason: [
        kind(*book.facts, queue, agent, None, f"PJSIP/{agent}", *known, *reason)
    ]


def _wraps_up(book: Playbook, agent: str, queue: str, seconds: str) -> Iterable[s.Signal]:
    """``wraps-up 101 sales 3``: 101 has three seconds of peace after each call of sales."""
    yield s.WrapUpSet(*book.facts, queue, agent, None, f"PJSIP/{agent}", float(seconds))


def _status(book: Playbook, agent: str, word: str, *before: str) -> Iterable[s.Signal]:
    """``status 101 here``, ``break`` or ``out``; with ``before``: found to be so."""
    here, on_break = word != "out", word == "break"
    yield s.AgentStatus(
        *book.facts, agent=agent, name=None, here=here, on_break=on_break, since_before=before == ("before",)
    )


def _regroup(book: Playbook, leg: str, group: str) -> Iterable[s.Signal]:
    book.announce(leg, group)
    return ()


VERBS: dict[str, Verb] = {
    "caller": _caller,
    "trunk": _trunk,
    "called": _called,
    "sent-on": _sent_on,
    "phone": _phone,
    "local": _local,
    "pair": _plain(s.LegsPaired),
    "regroup": _regroup,
    "dial": _dial,
    "dial-over": _dial_over,
    "rings": _each(s.LegRang),
    "up": _each(s.LegAnswered),
    "quits": _each(s.LegHungUp),
    "killed": _each(s.LegKilled),
    "turned-away": _each(s.LegTurnedAway),
    "ends": _ends,
    "holds": _each(s.LegHeld),
    "resumes": _each(s.LegResumed),
    "presses": _about_a_leg(s.KeyPressed),
    "bridge": _bridge,
    "room": _room,
    "listens": _listens,
    "speaks": _each(s.LegSpeaks),
    "swap": _swap,
    "unbridge": _unbridge,
    "reaches": _about_a_leg(s.QueueReached),
    "refused": _about_a_leg(s.QueueRefused),
    "joins": _joins,
    "leaves": _about_a_leg(s.QueueLeft),
    "gives-up": _about_a_leg(s.QueueGaveUp),
    "tries": _tries,
    "misses": _about_a_leg(s.AgentMissed),
    "takes": _about_a_leg(s.AgentTook),
    "done": _done,
    "freed": _each(s.AgentFreed),
    "blind": _plain(s.BlindTransferred),
    "attended": _plain(s.AttendedTransferred),
    "picks-up": _about_a_leg(s.PickedUp),
    "parks": _plain(s.Parked),
    "unparks": _plain(s.Unparked),
    "login": _member(s.MemberAdded),
    "logout": _member(s.MemberRemoved),
    "pause": _member(s.MemberPaused),
    "unpause": _member(s.MemberResumed),
    "status": _status,
    "wraps-up": _wraps_up,
    "member": _member(s.MemberSeen, False, None),
}


def ami(name: str, **headers: str | int) -> AmiFrame:
    """The frame of one AMI event, as the wire gives it."""
    return AmiFrame(name, 0, ami_bytes(name, **headers).removesuffix(b"\r\n\r\n"))


def ami_bytes(name: str, **headers: str | int) -> bytes:
    """One AMI event as the socket gives it."""
    lines = [f"Event: {name}", *(f"{header}: {value}" for header, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


#: A customer who waits in sales.
WAITING = """
    0    caller 1 +393331234567 to +390221000100
    0    up 1
    0.5  reaches 1 sales
    0.5  joins 1 sales
"""
#: 101's phone rings for him.
RINGING = f"""{WAITING}
    1    phone 2 101 of 1
    1    tries 1 sales 101
    1    dial 2 by 1
    1    rings 2
"""
#: 101 talks with him from second 4 on.
TALKING = f"""{RINGING}
    4    up 2
    4    dial-over 2 answered
    4    leaves 1 sales
    4    takes 1 sales 101
    4    bridge b 2 1
"""
#: 101 has put him on hold in second 6, and asks 102, who answers in second 8.
CONSULTING = f"""{TALKING}
    6    holds 2
    6    phone 3 101 to 102
    6    phone 4 102 of 3
    6    dial 4 by 3 102
    6    rings 4
    8    up 4 3
    8    dial-over 4 answered
    8    bridge c 4 3
"""
INTERNAL = """
    0  phone 1 101 to 102
    0  phone 2 102 of 1
    0  dial 2 by 1 102
    0  rings 2
    2  up 2 1
    2  dial-over 2 answered
    2  bridge b 2 1
"""
OUTBOUND = """
    0  phone 1 101 to 90612345678
    0  trunk 2 of 1
    0  dial 2 by 1 0612345678
    3  up 2 1
    3  dial-over 2 answered
    3  bridge b 2 1
"""
TALKING_TOLD = [
    "started 1",
    "queued 1 sales",
    "offered 1 101",
    "offer-over 1 101 answered",
    "left 1 sales answered 101",
    "answered 1 101",
]
