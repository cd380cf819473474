"""The life of one pop: offered, shown, taken elsewhere, closed; and what the desk shows of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from crm_bridge.call_note import CallNote, NotedText
from crm_bridge.contact import Match, PastCall
from crm_bridge.number import Number
from cti.model import Agent, Call, RingResult


class DeskId(NamedTuple):
    """Whose desk: an extension of one PBX."""

    pbx: str
    agent: str


class Phase(StrEnum):
    """What the agent's phone does with the call."""

    OFFERED = "offered"  #: it rings
    DIALLING = "dialling"  #: the agent calls out, the other side has not answered
    TALKING = "talking"
    HELD = "held"
    CLOSED = "closed"


class Closing(StrEnum):
    """Why a pop went away."""

    TAKEN = "taken"  #: somebody else answered
    MISSED = "missed"  #: it rang until the PBX took it back
    CALLER_LEFT = "caller_left"  #: the caller hung up, or the PBX withdrew the call
    REFUSED = "refused"  #: the phone was busy or the agent pressed it away
    UNREACHED = "unreached"  #: the phone could not be reached
    TALKED = "talked"
    TRANSFERRED = "transferred"  #: this agent handed the caller on
    NOT_ANSWERED = "not_answered"  #: the agent called, nobody answered
    MERGED = "merged"  #: the call turned out to be part of another one


CLOSING_OF_RING = {
    RingResult.ELSEWHERE: Closing.TAKEN,
    RingResult.MISSED: Closing.MISSED,
    RingResult.CANCELLED: Closing.CALLER_LEFT,
    RingResult.BUSY: Closing.REFUSED,
    RingResult.FAILED: Closing.UNREACHED,
}


class CallerFile:
    """What is known of one call beside the call itself: the number, who it is, earlier calls. Changes as we learn.

    ``found`` is the match by what the sources said alone, ``match`` the one that holds. ``notes`` are by agent.
    """

    __slots__ = ("call", "found", "match", "notes", "number", "past_calls", "pops")

    def __init__(self, call: Call) -> None:
        self.call = call
        self.number: Number | None = None
        self.match: Match | None = None
        self.found: Match | None = None
        self.notes: dict[str, CallNote] = {}
        self.past_calls: Sequence[PastCall] | None = None
        self.pops: list[Pop] = []


class Pop:
    """One agent's view of one call, from the first ring to the end of his part. Times are the PBX link's.

    ``since`` is when the phase began. ``shown_after_s`` is None until a browser said that it shows the card.
    ``other`` is the extension that took the call, or that it was handed to. ``done`` says that the agent put the ended
    call away.
    """

    __slots__ = (
        "closed_at",
        "closing",
        "desk",
        "done",
        "file",
        "offered_at",
        "other",
        "phase",
        "pop_id",
        "queue",
        "shown_after_s",
        "since",
    )

    def __init__(
        self, pop_id: str, desk: DeskId, file: CallerFile, phase: Phase, at: datetime, queue: str | None
    ) -> None:
        self.pop_id = pop_id
        self.desk = desk
        self.file = file
        self.phase = phase
        self.offered_at = at
        self.since = at
        self.queue = queue
        self.shown_after_s: float | None = None
        self.closed_at: datetime | None = None
        self.closing: Closing | None = None
        self.other: str | None = None
        self.done = False

    def move(self, phase: Phase, at: datetime) -> None:
        """Go to ``phase``; a closed pop opens again when a talk goes on that was thought to be over."""
        self.phase, self.since = phase, at
        if phase is not Phase.CLOSED:
            self.closed_at = self.closing = None

    def close(self, how: Closing, at: datetime) -> None:
        self.move(Phase.CLOSED, at)
        self.closed_at, self.closing = at, how


class SourceLine(msgspec.Struct, frozen=True):
    """Where data on a card come from: "crm", "as of 14:05". ``trouble`` marks what is old or missing."""

    source: str
    read_at: datetime | None
    words: str
    trouble: bool


class ColleagueNote(msgspec.Struct, frozen=True):
    """What another agent noted about this same call. ``agent`` in words."""

    agent: str
    text: NotedText


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A pop as a page shows it, all words ready. ``headline`` is the name, or the number where there is none.

    ``pbx_name`` is what the network sent as the caller's name: never proven, shown as such. ``match`` is None on
    calls within the house. ``waited_s`` and ``phase_s`` are as of the moment of the view, ``waits`` says that the wait
    goes on. ``talked_s`` is this agent's own. ``times_lately`` counts the caller's calls to us within ``days`` with
    this one, ``about`` is what they were about, as agents noted; ``preferred`` the agent to whom he usually talks, in
    words. ``other`` is who took the call, in words. ``lines`` tell what each source gave and how old that is.
    ``pop_url`` is the CRM's page to open for this call, ``page_url`` the customer's own, ``framed`` whether that may
    stand in a frame. ``call_id`` is the PBX's call as it is named now. ``noted`` is what this agent wrote, ``noted_at``
    when; one of ``dispositions`` may be chosen, any word where there are none. ``ended_s`` are the seconds since the
    agent's part was over.
    """

    pop_id: str
    phase: Phase
    closing: Closing | None
    direction: str
    headline: str
    shown_number: str
    number: Number
    pbx_name: str | None
    queue: str | None
    dialled: str | None
    match: Match | None
    past_calls: Sequence[PastCall] | None
    times_lately: int
    days: int
    offered_at: datetime
    closed_at: datetime | None
    waited_s: float | None
    waits: bool
    phase_s: float
    talked_s: float | None
    other: str | None
    seen: bool
    lines: tuple[SourceLine, ...] = ()
    pop_url: str | None = None
    page_url: str | None = None
    framed: bool = False
    call_id: str = ""
    noted: NotedText = NotedText()
    noted_at: datetime | None = None
    dispositions: tuple[str, ...] = ()
    colleagues: tuple[ColleagueNote, ...] = ()
    ended_s: float = 0.0
    about: str | None = None
    preferred: str | None = None


class DeskView(msgspec.Struct, frozen=True, kw_only=True):
    """One agent's desk as of now. ``agent`` is None when the PBX has not named this extension yet.

    ``cards`` are the calls that go on, ringing ones first; ``past`` the agent's last pops, newest first. ``lost_at`` is
    when the link to the PBX broke, None while it holds. ``wrap_up`` is the call that the agent may still have to write
    about: his last talk, until he puts it away or talks again.
    """

    desk: DeskId
    agent: Agent | None
    state_s: float | None
    lost_at: datetime | None
    cards: tuple[Card, ...]
    past: tuple[Card, ...]
    wrap_up: Card | None = None

    @property
    def missed(self) -> tuple[Card, ...]:
        """The agent's own misses among the past calls."""
        return tuple(card for card in self.past if card.closing is Closing.MISSED)
