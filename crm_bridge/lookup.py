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
    SourceError,
    problem_words,
)
from crm_bridge.counts import SourceCounts
from crm_bridge.guard import GuardedSource, Limits
from crm_bridge.inquiry import ENDING_S, Inquiry, OnMatch, count_answer, end_tasks
from crm_bridge.matching import decide
from crm_bridge.number import Number, parse_number, written_forms
from crm_bridge.settings import CrmSettings, SourceSettings

#: questions that may be open or wait their turn; past this a call is shown without a look-up
MAX_OPEN: Final = 2_000
#: the name under which the history of calls is counted and reported
HISTORY: Final = "last calls"

OnHistory = Callable[[Sequence[PastCall]], None]

_log = structlog.get_logger(__name__)


class Lookup:
    """Who is calling, from all sources at once. ``counts`` tells by source what became of the questions."""

    def __init__(
        self,
        sources: Mapping[str, Adapter],
        settings: CrmSettings,
        last_calls: LastCalls | None = None,
        choices: ChoiceKeeper | None = None,
    ) -> None:
        self.settings = settings
        self.counts = {name: SourceCounts() for name in (*sources, HISTORY)}
        self.refused = 0
        self._sources = {
            name: GuardedSource(name, source, limits_of(name, source, settings), self.counts[name])
            for name, source in sources.items()
        }
        self._choices = choices
        self._last_calls = last_calls if settings.last_calls else None
        self._history_turns = asyncio.Semaphore(settings.lookups_at_once)
        self._open: set[asyncio.Task[None]] = set()

    def number(self, text: str | None) -> Number:
        """The number a PBX sent, as this site reads it."""
        return parse_number(text, self.settings.default_region, self.settings.dial_prefixes)

    def begin(self, number: Number, on_match: OnMatch, on_history: OnHistory) -> Match:
        """Start asking and return what is known at once: what the sources said before. Never raises, never waits.

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
        inquiry = Inquiry(number, self._sources, self.settings, choices=self._choices)
        self._start(inquiry.run(on_match))
        return inquiry.first()

    def begin_history(self, contact: Contact, on_history: OnHistory) -> None:
        """Fetch the last calls with any number of a customer whom an agent chose."""
        self._begin_history([number.key for number in contact.numbers], on_history)

    def begin_history_of(self, number: Number | None, on_history: OnHistory) -> None:
        """Fetch the last calls with one number; none where it is no number."""
        self._begin_history([number.key] if number is not None and number.key is not None else [], on_history)

    async def search(self, text: str, limit: int = 20) -> tuple[list[Contact], list[str]]:
        """Customers with these words from all sources that can be searched, and what kept the others from answering."""
        asked = {name: source for name, source in self._sources.items() if isinstance(source.adapter, Searchable)}
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
        asked = self._sources.get(source)
        return None if asked is None else await asked.get(contact_id)

    def source(self, name: str) -> GuardedSource | None:
        """One source with what guards it; None if there is none of this name."""
        return self._sources.get(name)

    async def store_choice(self, key: str, choice: Choice) -> None:
        """Keep an agent's choice for the next call from this number. Raises SourceError."""
        if self._choices is not None:
            await self._choices.store_choice(key, choice)

    async def drop_choice(self, key: str) -> None:
        """Forget what was chosen for this number. Raises SourceError."""
        if self._choices is not None:
            await self._choices.drop_choice(key)

    def forget(self) -> None:
        """Show nothing any more of what sources answered before: somebody was erased."""
        for source in self._sources.values():
            source.forget()

    def warm(self) -> None:
        """Have the sources that keep all of their customers read them, beside everything else."""
        for source in self._sources.values():
            self._start(self._warm(source))

    async def close(self) -> None:
        """Give up all open questions and let go of the sources."""
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await asyncio.gather(*(source.close() for source in self._sources.values()))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._open.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._open.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a look-up ended by a fault of the program", error=type(error).__name__)

    async def _warm(self, source: GuardedSource) -> None:
        try:
            await source.warm()
        except SourceError as error:
            _log.warning("a source of customers cannot be read", source=source.name, error=error.what, hint=error.hint)

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
            return
        counts.delay.observe(asyncio.get_running_loop().time() - began_at)
        if (calls := count_answer(HISTORY, task, counts)) is not None:
            on_history(calls[: self.settings.last_calls])


async def _listed(last_calls: LastCalls, forms: Sequence[str]) -> Sequence[PastCall]:
    return await last_calls(forms)


def limits_of(name: str, source: Adapter, settings: CrmSettings) -> Limits:
    """How a source may be asked: as the settings say, else as the adapter knows its vendor to allow.

    An adapter says ``local = True`` when it answers from memory or from our own database, and ``per_second`` when its
    vendor names a limit.
    """
    own = next((one for one in settings.sources if one.name == name), SourceSettings(name=name))
    local = bool(getattr(source, "local", False))
    vendors: float | None = getattr(source, "per_second", None)
    return Limits(
        at_once=own.at_once or settings.lookups_at_once,
        per_s=own.per_second or vendors,
        fresh_s=0.0 if local else own.cache_s,
        stale_s=0.0 if local else own.stale_s,
        patience_s=settings.lookup_give_up_s + ENDING_S,
    )
