"""What an agent says about a call: who is calling, or for whom; that it is somebody else; what he notes about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import msgspec

from crm_bridge.call_note import NotedCustomer, NotedText, NoteKey, noted_customer
from crm_bridge.contact import Choice, Contact, Match, MatchKind, SourceError
from crm_bridge.desk import AgentDesk
from crm_bridge.lookup import Lookup
from crm_bridge.matching import decide, settle
from crm_bridge.notebook import Notebook
from crm_bridge.pop import CallerFile, DeskId, Pop
from cti.errors import OffhookError


class AgentSays:
    """Takes an agent's word about a call of his desk, shows it to all who have the call, and has it kept."""

    def __init__(
        self,
        desk: AgentDesk,
        lookup: Lookup,
        notebook: Notebook,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._desk = desk
        self._lookup = lookup
        self._notebook = notebook
        self._now = now

    async def choose(self, desk_id: DeskId, pop_id: str, source: str, contact_id: str, *, on_behalf: bool) -> Contact:
        """The agent says who is calling, or for whom. Kept for the next call from this number, unless on behalf.

        Raises OffhookError ``desk-no-such-call`` or ``desk-no-such-customer``, SourceError and NotesError.
        """
        pop, match = self._asked(desk_id, pop_id)
        contact = await self._fetch_choice(match, source, contact_id)
        if contact is None:
            raise OffhookError("desk-no-such-customer", "this customer is no longer there", hint="search again")
        file, by = pop.file, self._desk.name(desk_id)
        file.match = settle(file.match or match, contact, by=by, on_behalf=on_behalf)
        self._lookup.begin_history(contact, partial(self._desk.learn_history, file))
        self._desk.tell_of(file)
        key = _match_key(file)
        if key is not None and not on_behalf:
            await self._lookup.store_choice(key, Choice(source, contact_id, by, self._now()))
        await self._note_customer(pop)
        return contact

    async def unchoose(self, desk_id: DeskId, pop_id: str) -> Match:
        """The agent says that it is somebody else: what he or a colleague chose for this number holds no more.

        A customer for whom somebody else called was never tied to the number, so then nothing kept is forgotten.
        Raises what ``choose`` raises.
        """
        pop, match = self._asked(desk_id, pop_id)
        file, key = pop.file, _match_key(pop.file)
        found = file.found or match
        if not match.on_behalf and file.number is not None:
            anew = decide(file.number, found.candidates)
            file.found = msgspec.structs.replace(anew, heard=found.heard, silent=found.silent)
        file.match, file.past_calls = file.found or found, None
        self._lookup.begin_history_of(file.number, partial(self._desk.learn_history, file))
        self._desk.tell_of(file)
        if key is not None and not match.on_behalf:
            await self._lookup.drop_choice(key)
        await self._note_customer(pop)
        return file.match

    async def note(self, desk_id: DeskId, pop_id: str, call_id: str, text: NotedText) -> datetime:
        """Keep what the agent wrote; the moment from which it is kept.

        ``call_id`` is the call's for which he was given the form: it counts when the pop is no longer there, because
        the program was started anew meanwhile. Raises OffhookError ``desk-no-such-disposition`` and NotesError.
        """
        pop = self._desk.find(desk_id, pop_id)
        if pop is None:
            key = NoteKey(desk_id.pbx, call_id, desk_id.agent)
            return (await self._notebook.store(key, None, text=text)).updated_at
        file, key = pop.file, _note_key(pop)
        before = file.notes.get(desk_id.agent)
        self._notebook.check(text, pop.queue or file.call.queue, before.text if before else NotedText())
        customer = before.customer if before and before.customer.contact_id else _customer(file)
        note = await self._notebook.store(key, before, text=text, customer=customer)
        file.notes[desk_id.agent] = note
        self._desk.tell_of(file)
        return note.updated_at

    async def _note_customer(self, pop: Pop) -> None:
        """Whom the agent chose goes with the call, whether the number is remembered or not."""
        key, file = _note_key(pop), pop.file
        file.notes[key.agent] = await self._notebook.store(key, file.notes.get(key.agent), customer=_customer(file))

    def _asked(self, desk_id: DeskId, pop_id: str) -> tuple[Pop, Match]:
        pop = self._desk.find(desk_id, pop_id)
        if pop is None or pop.file.match is None:
            raise OffhookError("desk-no-such-call", "this call is no longer on your desk", hint="reload the page")
        return pop, pop.file.match

    async def _fetch_choice(self, match: Match, source: str, contact_id: str) -> Contact | None:
        """The customer as he is now; as the card shows him where his source cannot say."""
        shown = (one for one in match.candidates if (one.source, one.contact_id) == (source, contact_id))
        candidate = next(shown, None)
        try:
            return await self._lookup.contact(source, contact_id) or candidate
        except SourceError:
            if candidate is None:
                raise
            return candidate


def _customer(file: CallerFile) -> NotedCustomer:
    match = file.match
    if match is None or match.kind is not MatchKind.EXACT:  # a guess is not noted as if it were known
        return noted_customer(None, _match_key(file))
    return noted_customer(match.contact, _match_key(file), on_behalf=match.on_behalf)


def _match_key(file: CallerFile) -> str | None:
    return None if file.number is None else file.number.key


def _note_key(pop: Pop) -> NoteKey:
    return NoteKey(pop.file.call.pbx, pop.file.call.call_id, pop.desk.agent)
