"""The agents' desks: which pop is on whose page, fed with each event of each call, never waiting for anything."""

from __future__ import annotations

import secrets
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import count

import msgspec

from crm_bridge.call_note import CallNote, NoteKey
from crm_bridge.contact import Match, PastCall
from crm_bridge.counts import PopCounts
from crm_bridge.desk_settings import DeskSettings
from crm_bridge.lookup import Lookup
from crm_bridge.notebook import Notebook
from crm_bridge.pop import CLOSING_OF_RING, CallerFile, Card, Closing, DeskId, DeskView, Phase, Pop
from crm_bridge.view import make_card, order_cards, wrap_up_card
from cti.model import (
    AboutCall,
    Agent,
    AgentChanged,
    Call,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallHeld,
    CallMerged,
    CallOffered,
    CallOfferEnded,
    CallReleased,
    CallResumed,
    CallStarted,
    CallTransferred,
    Direction,
    PbxBack,
    PbxLost,
    RingResult,
)

CallKey = tuple[str, str]
OnChange = Callable[[set[DeskId]], None]

_LAST_EVENTS = (CallReleased, CallEnded, CallMerged)


class _Desk:
    """One agent's pops: those that go on, and the last ones."""

    __slots__ = ("agent", "open", "past")

    def __init__(self, kept: int) -> None:
        self.agent: Agent | None = None
        self.open: dict[CallKey, Pop] = {}
        self.past: deque[Pop] = deque(maxlen=kept)


class AgentDesk:
    """Opens, fills and closes the pops of all agents. ``counts`` tells what became of them."""

    def __init__(
        self,
        lookup: Lookup,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        notebook: Notebook | None = None,
    ) -> None:
        self.counts = PopCounts()
        self._lookup = lookup
        self._now = now
        self._notebook = notebook
        self._settings = notebook.settings if notebook is not None else DeskSettings()
        self._began_at = now()
        self._files: dict[CallKey, CallerFile] = {}
        self._desks: defaultdict[DeskId, _Desk] = defaultdict(lambda: _Desk(lookup.settings.recent_calls))
        self._lost: dict[str, datetime] = {}
        self._listeners: tuple[OnChange, ...] = ()
        self._pop_ids = (f"{secrets.token_hex(4)}-{number}" for number in count(1))

    def listen(self, listener: OnChange) -> None:
        """Call ``listener`` with the desks whose content changed, each time that some did."""
        self._listeners = (*self._listeners, listener)

    def agents(self) -> list[Agent]:
        """All agents that the PBXs have named, by PBX and extension."""
        known = [(desk_id, desk.agent) for desk_id, desk in self._desks.items() if desk.agent is not None]
        return [agent for _, agent in sorted(known, key=lambda pair: pair[0])]

    def apply(self, event: CallEvent) -> set[DeskId]:
        """Take an event in and return the desks that it changed, after the listeners were told of them."""
        changed: set[DeskId] = set()
        if isinstance(event, AboutCall):
            changed = self._apply_to_call(event)
        elif isinstance(event, AgentChanged):
            desk_id = DeskId(event.agent.pbx, event.agent.agent)
            self._desks[desk_id].agent = event.agent
            changed = {desk_id}
        elif isinstance(event, PbxLost):
            self._lost.setdefault(event.pbx, event.at)
            changed = self._desks_of(event.pbx)
        elif isinstance(event, PbxBack):
            self._lost.pop(event.pbx, None)
            changed = self._desks_of(event.pbx)
        return self._tell(changed)

    def view(self, desk_id: DeskId) -> DeskView:
        """The desk as of now; an empty one for an extension that is not known."""
        now, desk = self._now(), self._desks.get(desk_id)
        agent = desk.agent if desk else None
        cards = [self._card(pop, now) for pop in desk.open.values()] if desk else []
        past = tuple(self._card(pop, now) for pop in desk.past) if desk else ()
        open_to_write = {pop.pop_id for pop in desk.past if not pop.done} if desk else set()
        since = agent.since if agent else None
        return DeskView(
            desk=desk_id,
            agent=agent,
            state_s=None if since is None else max(0.0, (now - since).total_seconds()),
            lost_at=self._lost.get(desk_id.pbx),
            cards=order_cards(cards),
            past=past,
            wrap_up=wrap_up_card(cards, past, open_to_write, self._settings),
        )

    def confirm_shown(self, desk_id: DeskId, pop_id: str) -> bool:
        """A browser says that it shows this pop. True for the first such word; its delay is counted."""
        pop = self.find(desk_id, pop_id)
        if pop is None or pop.shown_after_s is not None or pop.phase is Phase.CLOSED:
            return False
        pop.shown_after_s = max(0.0, (self._now() - pop.offered_at).total_seconds())
        self.counts.shown += 1
        self.counts.delay.observe(pop.shown_after_s)
        return True

    def find(self, desk_id: DeskId, pop_id: str) -> Pop | None:
        """A pop of this desk, open or past; None when it is gone."""
        desk = self._desks.get(desk_id)
        pops: Iterable[Pop] = (*desk.open.values(), *desk.past) if desk else ()
        return next((pop for pop in pops if pop.pop_id == pop_id), None)

    def put_away(self, desk_id: DeskId, pop_id: str) -> None:
        """The agent has nothing more to write about an ended call: it is only among his last ones."""
        pop = self.find(desk_id, pop_id)
        if pop is not None:
            pop.done = True
            self._tell({desk_id})

    def learn_history(self, file: CallerFile, calls: Sequence[PastCall]) -> None:
        """The earlier calls of a caller, for all who have his call."""
        file.past_calls = calls
        self.tell_of(file)

    def tell_of(self, file: CallerFile) -> None:
        """Something of a call is another now."""
        self._tell({pop.desk for pop in file.pops})

    def name(self, desk_id: DeskId) -> str:
        """``Anna Rossi (101)``, or the extension where the PBX gave no name."""
        return self._name(desk_id.pbx, desk_id.agent)

    def card(self, desk_id: DeskId, pop_id: str) -> Card | None:
        """One pop of the desk, open or past, as a card; None when it is gone."""
        pop = self.find(desk_id, pop_id)
        return None if pop is None else self._card(pop, self._now())

    def _apply_to_call(self, event: AboutCall) -> set[DeskId]:
        file = self._file(event)
        changed = {pop.desk for pop in file.pops if pop.phase is not Phase.CLOSED}
        match event:
            case CallStarted() if event.call.direction is Direction.OUTBOUND and event.call.caller.number:
                changed.add(self._open(event, file, event.call.caller.number, Phase.DIALLING, None).desk)
            case CallOffered():
                changed.add(self._open(event, file, event.agent, Phase.OFFERED, event.ring.queue).desk)
            case CallOfferEnded():
                changed |= self._end_offer(event, file)
            case CallAnswered():
                changed |= self._answer(event, file)
            case CallHeld():
                changed |= self._move(event, event.agent, Phase.HELD)
            case CallResumed():
                changed |= self._move(event, event.agent, Phase.TALKING)
            case CallReleased():
                changed |= self._release(event)
            case CallTransferred():
                changed |= _note_transfer(event, file)
            case CallMerged():
                changed |= self._merge(event, file)
            case CallEnded():
                changed |= self._end(event, file)
            case _:
                pass
        return changed

    def _file(self, event: AboutCall) -> CallerFile:
        """The call's file, brought up to date; looks the caller up once his number is known, or is another."""
        key = _key(event.call)
        file = self._files.get(key)
        if file is None:
            file = CallerFile(event.call)
            if not isinstance(event, _LAST_EVENTS):
                self._files[key] = file
                if self._notebook is not None and event.call.offered_at < self._began_at:
                    self._notebook.begin_fetch(*key, partial(self._learn_notes, file))
        file.call = event.call
        customer = event.call.customer
        number = self._lookup.number(customer.number if customer else event.call.caller.number)
        if file.number is None or number.written != file.number.written:
            file.number, file.past_calls = number, None
            file.match = file.found = None
            if customer is not None and not isinstance(event, _LAST_EVENTS):
                self._look_up(file)
        return file

    def _look_up(self, file: CallerFile) -> None:
        if file.number is not None:
            on_match = partial(self._learn_match, file, file.number.key)
            file.match = file.found = self._lookup.begin(file.number, on_match, partial(self.learn_history, file))

    def _learn_match(self, file: CallerFile, key: str | None, match: Match) -> None:
        """Sources answered; too late where an agent chose meanwhile, or the number became another."""
        if file.number is not None and file.number.key == key:
            file.found = match
        still_asked = file.match is not None and (file.match.pending or bool(file.match.silent))
        if still_asked and file.number is not None and file.number.key == key:
            file.match = match
            self.tell_of(file)

    def _open(self, event: AboutCall, file: CallerFile, agent: str, phase: Phase, queue: str | None) -> Pop:
        key, desk_id = _key(event.call), DeskId(event.call.pbx, agent)
        desk = self._desks[desk_id]
        pop = desk.open.get(key)
        if pop is None:
            pop = Pop(next(self._pop_ids), desk_id, file, phase, event.at, queue)
            desk.open[key] = pop
            file.pops.append(pop)
            self.counts.offered += 1
        return pop

    def _end_offer(self, event: CallOfferEnded, file: CallerFile) -> set[DeskId]:
        pop = self._desks[DeskId(event.call.pbx, event.agent)].open.get(_key(event.call))
        if pop is None or pop.phase is not Phase.OFFERED:
            return set()
        if event.ring.result is RingResult.ANSWERED:
            own = event.call.direction is not Direction.INBOUND and event.call.caller.number == event.agent
            pop.move(Phase.DIALLING if own else Phase.TALKING, event.at)
        elif (closing := CLOSING_OF_RING.get(event.ring.result)) is not None:
            self._close(pop, closing, event.at)
            talks = [talk for talk in event.call.talks if talk.ended_at is None]
            answered = [ring.agent for ring in event.call.rings if ring.result is RingResult.ANSWERED]
            takers = [talk.agent for talk in talks] or answered[-1:]
            pop.other = next((taker for taker in takers if taker != event.agent), None)
        return {other.desk for other in file.pops if other is pop}

    def _answer(self, event: CallAnswered, file: CallerFile) -> set[DeskId]:
        pop = self._reopen(event, file) or self._open(event, file, event.agent, Phase.TALKING, event.talk.queue)
        if pop.phase is not Phase.HELD:
            pop.move(Phase.TALKING, event.talk.started_at)
        losers = [one for one in file.pops if one.closing in (Closing.TAKEN, Closing.MISSED) and one.other is None]
        for loser in losers:
            loser.other = event.agent if loser.desk.agent != event.agent else None
        return {pop.desk, *(loser.desk for loser in losers)}

    def _reopen(self, event: CallAnswered, file: CallerFile) -> Pop | None:
        """The pop of a talk that had only seemed to be over: the PBX parted and joined the two in between."""
        desk_id = DeskId(event.call.pbx, event.agent)
        for pop in file.pops:
            if pop.desk == desk_id and pop.closing is Closing.TALKED and pop.since >= event.talk.started_at:
                desk = self._desks[desk_id]
                desk.past.remove(pop)
                self.counts.offered += 1
                desk.open[_key(event.call)] = pop
                pop.move(Phase.TALKING, event.talk.started_at)
                return pop
        return None

    def _move(self, event: AboutCall, agent: str, phase: Phase) -> set[DeskId]:
        pop = self._desks[DeskId(event.call.pbx, agent)].open.get(_key(event.call))
        if pop is None:
            return set()
        pop.move(phase, event.at)
        return {pop.desk}

    def _release(self, event: CallReleased) -> set[DeskId]:
        pop = self._desks[DeskId(event.call.pbx, event.agent)].open.get(_key(event.call))
        if pop is None:
            return set()
        self._close(pop, Closing.TALKED, event.at)
        return {pop.desk}

    def _merge(self, event: CallMerged, file: CallerFile) -> set[DeskId]:
        """The pops of a consultation go on as pops of the customer's call, where that agent has none of it yet."""
        into = self._files.setdefault(_key(event.into), CallerFile(event.into))
        for pop in [pop for pop in file.pops if pop.phase is not Phase.CLOSED]:
            desk = self._desks[pop.desk]
            if _key(event.into) in desk.open:
                self._close(pop, Closing.MERGED, event.at)
                continue
            desk.open.pop(_key(event.call), None)
            desk.open[_key(event.into)] = pop
            pop.file = into
            into.pops.append(pop)
        self._merge_notes(file, into)
        self._files.pop(_key(event.call), None)
        return {pop.desk for pop in (*file.pops, *into.pops)}

    def _merge_notes(self, file: CallerFile, into: CallerFile) -> None:
        for agent, note in file.notes.items():
            key = NoteKey(*_key(into.call), agent)
            into.notes.setdefault(agent, msgspec.structs.replace(note, key=key))
            if self._notebook is not None:
                self._notebook.begin_move(note.key, key)

    def _learn_notes(self, file: CallerFile, notes: Sequence[CallNote]) -> None:
        for note in notes:
            file.notes.setdefault(note.key.agent, note)
        self.tell_of(file)

    def _end(self, event: CallEnded, file: CallerFile) -> set[DeskId]:
        closings = {Phase.OFFERED: Closing.CALLER_LEFT, Phase.DIALLING: Closing.NOT_ANSWERED}
        for pop in [pop for pop in file.pops if pop.phase is not Phase.CLOSED]:
            self._close(pop, closings.get(pop.phase, Closing.TALKED), event.at)
        self._files.pop(_key(event.call), None)
        return {pop.desk for pop in file.pops}

    def _close(self, pop: Pop, how: Closing, at: datetime) -> None:
        desk = self._desks[pop.desk]
        desk.open = {key: other for key, other in desk.open.items() if other is not pop}
        pop.close(how, at)
        self.counts.close(how, pop.shown_after_s is not None)
        if how is not Closing.MERGED:
            desk.past.appendleft(pop)

    def _card(self, pop: Pop, now: datetime) -> Card:
        return make_card(pop, now, self._lookup.settings, partial(self._name, pop.desk.pbx), self._settings)

    def _name(self, pbx: str, agent: str) -> str:
        desk = self._desks.get(DeskId(pbx, agent))
        name = desk.agent.name if desk and desk.agent else None
        return f"{name} ({agent})" if name else agent

    def _desks_of(self, pbx: str) -> set[DeskId]:
        return {desk_id for desk_id in self._desks if desk_id.pbx == pbx}

    def _tell(self, changed: set[DeskId]) -> set[DeskId]:
        if changed:
            for listener in self._listeners:
                listener(changed)
        return changed


def _note_transfer(event: CallTransferred, file: CallerFile) -> set[DeskId]:
    """The agent whose part just ended did not hang up: he handed the caller on."""
    for pop in file.pops:
        if pop.desk.agent == event.transfer.by and pop.closing is Closing.TALKED:
            pop.closing, pop.other = Closing.TRANSFERRED, event.transfer.to
    return {pop.desk for pop in file.pops if pop.desk.agent == event.transfer.by}


def _key(call: Call) -> CallKey:
    return call.pbx, call.call_id
