"""Starts and bounds the questions about callers, beside the flow of the call. A card never waits for any of this."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

import structlog

from crm_bridge.contact import (
    Adapter,
    Choice,
    ChoiceKeeper,
    Contact,
    LastCalls,
    Match,
    MatchKind,
    PastCall,
    Searchable,
)
from crm_bridge.counts import SourceCounts
from crm_bridge.inquiry import Inquiry, OnMatch, count_answer, end_tasks, problem_words
from crm_bridge.matching import decide
from crm_bridge.number import Number, parse_number, written_forms
from crm_bridge.settings import CrmSettings

#: questions that may be open or wait their turn; past this a call is shown without a look-up
MAX_OPEN: Final = 2_000
#: the name under which the history of calls is counted and reported
HISTORY: Final = "last calls"

OnHistory = Callable[[Sequence[PastCall]], None]

_log = structlog.get_logger(__name__)


class Lookup:
    """Who is calling, from all sources at once. ``counts`` tells by source what became of the questions."""

    def __init__(
        self, sources: Mapping[str, Adapter], settings: CrmSettings, last_calls: LastCalls | None = None
    ) -> None:
        self.settings = settings
        self.counts = {name: SourceCounts() for name in (*sources, HISTORY)}
        self.refused = 0
        self._sources = dict(sources)
        self._last_calls = last_calls if settings.last_calls else None
        self._turns = asyncio.Semaphore(settings.lookups_at_once)
        self._history_turns = asyncio.Semaphore(settings.lookups_at_once)
        self._open: set[asyncio.Task[None]] = set()

    def number(self, text: str | None) -> Number:
        """The number a PBX sent, as this site reads it."""
        return parse_number(text, self.settings.default_region, self.settings.dial_prefixes)

    def begin(self, number: Number, on_match: OnMatch, on_history: OnHistory) -> Match:
        """Start asking and return what is known at once. Never raises, never waits.

        ``on_match`` is called as sources answer, each time with all that is known; ``on_history`` once, unless the
        history cannot be read.
        """
        if number.key is None:
            return decide(number, [])
        if len(self._open) >= MAX_OPEN:
            self.refused += 1
            return Match(kind=MatchKind.UNKNOWN, why=f"not looked up: {MAX_OPEN} look-ups are open already")
        self._begin_history([number.key], on_history)
        if not self._sources:
            return decide(number, [])
        self._start(self._ask(number, on_match))
        return Match(kind=MatchKind.UNKNOWN, why="being looked up", pending=True)

    def begin_history(self, contact: Contact, on_history: OnHistory) -> None:
        """Fetch the last calls with any number of a customer whom an agent chose."""
        self._begin_history([number.key for number in contact.numbers], on_history)

    async def search(self, text: str, limit: int = 20) -> tuple[list[Contact], list[str]]:
        """Customers with these words from all sources that can be searched, and what kept the others from answering."""
        asked = {name: source for name, source in self._sources.items() if isinstance(source, Searchable)}
        answers = await asyncio.gather(
            *(
                asyncio.wait_for(source.search(text, limit), self.settings.lookup_give_up_s)
                for source in asked.values()
            ),
            return_exceptions=True,
        )
        pairs = list(zip(asked, answers, strict=True))
        found = [contact for _, answer in pairs if not isinstance(answer, BaseException) for contact in answer]
        problems = [f"{name}: {problem_words(answer)}" for name, answer in pairs if isinstance(answer, BaseException)]
        return found[:limit], problems

    async def contact(self, source: str, contact_id: str) -> Contact | None:
        """One customer of one source; None if there is none.

        Raises SourceError when the source cannot answer.
        """
        adapter = self._sources.get(source)
        return await adapter.get(contact_id) if isinstance(adapter, Searchable) else None

    async def store_choice(self, key: str, choice: Choice) -> None:
        """Keep an agent's choice in the source of the customer, if it keeps choices.

        Raises SourceError when it cannot.
        """
        source = self._sources.get(choice.source)
        if isinstance(source, ChoiceKeeper):
            await source.store_choice(key, choice)

    async def close(self) -> None:
        """Give up all open questions."""
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._open.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._open.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a look-up ended by a fault of the program", error=type(error).__name__)

    async def _ask(self, number: Number, on_match: OnMatch) -> None:
        inquiry = Inquiry(number, self._sources, self.counts, self.settings, asyncio.get_running_loop().time())
        async with self._turns:
            await inquiry.run(on_match)

    def _begin_history(self, keys: Sequence[str], on_history: OnHistory) -> None:
        if keys and self._last_calls is not None and len(self._open) < MAX_OPEN:
            self._start(self._ask_history(self._last_calls, keys, on_history))

    async def _ask_history(self, last_calls: LastCalls, keys: Sequence[str], on_history: OnHistory) -> None:
        began_at, counts = asyncio.get_running_loop().time(), self.counts[HISTORY]
        forms = [form for key in keys for form in written_forms(key, self.settings.default_region)]
        async with self._history_turns:
            counts.asked += 1
            task = asyncio.create_task(_listed(last_calls, forms))
            try:
                done, _ = await asyncio.wait({task}, timeout=self.settings.lookup_give_up_s)
            finally:
                await end_tasks(task)
        if not done:
            counts.given_up += 1
        elif (calls := count_answer(HISTORY, task, counts, asyncio.get_running_loop().time() - began_at)) is not None:
            on_history(calls[: self.settings.last_calls])


async def _listed(last_calls: LastCalls, forms: Sequence[str]) -> Sequence[PastCall]:
    return await last_calls(forms)
