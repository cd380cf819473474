"""One question to every source at once, and what is known of the answer at each moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
import structlog

from crm_bridge.contact import Adapter, Choice, ChoiceKeeper, Contact, Match, MatchKind, SourceError
from crm_bridge.counts import SourceCounts
from crm_bridge.matching import decide
from crm_bridge.number import Number
from crm_bridge.settings import CrmSettings

_Found = TypeVar("_Found", bound=Sequence[object])

OnMatch = Callable[[Match], None]

#: a source that is given up has this long to put away its connection
ENDING_S: Final = 2.0

_log = structlog.get_logger(__name__)


class Inquiry:
    """Who has this number: asked once, reported as sources answer, at the deadline, and at the end."""

    def __init__(
        self,
        number: Number,
        sources: Mapping[str, Adapter],
        counts: Mapping[str, SourceCounts],
        settings: CrmSettings,
        began_at: float,
    ) -> None:
        self._number = number
        self._sources = sources
        self._counts = counts
        self._began_at = began_at
        self._deadline = began_at + settings.lookup_deadline_s
        self._end = began_at + settings.lookup_give_up_s
        self._loop = asyncio.get_running_loop()
        self._answers: dict[str, list[Contact]] = {}
        self._failed: set[str] = set()

    async def run(self, on_match: OnMatch) -> None:
        """Ask, and call ``on_match`` with all that is known each time that something new is."""
        tasks = {asyncio.create_task(source.find(self._number)): name for name, source in self._sources.items()}
        choice = asyncio.create_task(self._fetch_choice())
        try:
            await self._follow(tasks, choice, on_match)
        finally:
            await end_tasks(*tasks, choice)

    async def _follow(
        self, tasks: Mapping[asyncio.Task[list[Contact]], str], choice: asyncio.Task[Choice | None], on_match: OnMatch
    ) -> None:
        waiting = set(tasks)
        for name in self._sources:
            self._counts[name].asked += 1
        while waiting and (now := self._loop.time()) < self._end:
            bound_s = (self._deadline if now < self._deadline else self._end) - now
            done, waiting = await asyncio.wait(waiting, timeout=bound_s, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                self._take(tasks[task], task)
            await asyncio.wait({choice}, timeout=max(0.0, self._deadline - self._loop.time()))
            on_match(self._known(choice, {tasks[task] for task in waiting}))
        for task in waiting:
            self._counts[tasks[task]].given_up += 1

    def _known(self, choice: asyncio.Task[Choice | None], waiting: set[str]) -> Match:
        """The match by what has been answered so far."""
        pending = bool(waiting) and self._loop.time() < self._deadline
        chosen = choice.result() if choice.done() and not choice.cancelled() else None
        found = [contact for name in self._sources for contact in self._answers.get(name, [])]
        match = decide(self._number, found, chosen)
        late = set() if pending else waiting
        silent = tuple(name for name in self._sources if name in self._failed | late)
        why = match.why
        if match.kind is MatchKind.UNKNOWN:
            why = "being looked up" if pending else why + silent_words(silent)
        return msgspec.structs.replace(match, why=why, pending=pending, silent=silent)

    def _take(self, name: str, task: asyncio.Task[list[Contact]]) -> None:
        delay_s = self._loop.time() - self._began_at
        found = count_answer(name, task, self._counts[name], delay_s)
        if found is None:
            self._failed.add(name)
        else:
            self._answers[name] = found
            self._counts[name].late += self._began_at + delay_s > self._deadline

    async def _fetch_choice(self) -> Choice | None:
        """What an agent once chose for this number; None also when that cannot be read now."""
        for source in self._sources.values():
            if isinstance(source, ChoiceKeeper) and self._number.key is not None:
                try:
                    choice = await source.chosen(self._number.key)
                except SourceError:
                    continue
                if choice is not None:
                    return choice
        return None


def count_answer(name: str, task: asyncio.Task[_Found], counts: SourceCounts, delay_s: float) -> _Found | None:
    """The answer of a source, counted; None when it failed: then the 1st, 10th, 100th... failure is logged.

    Only our own words go to the log, never what the source said: it may name a person.
    """
    counts.delay.observe(delay_s)
    if not task.cancelled() and task.exception() is None:
        found = task.result()
        counts.hits += bool(found)
        counts.misses += not found
        return found
    counts.errors += 1
    if counts.errors == 10 ** (len(str(counts.errors)) - 1):
        what = "cancelled" if task.cancelled() else problem_words(task.exception())
        _log.warning("a source of customers did not answer", source=name, error=what, count=counts.errors)
    return None


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancel what still runs and wait until it has put its things away, ``ENDING_S`` seconds at the most."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=ENDING_S)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()


def problem_words(error: BaseException | None) -> str:
    """What may be shown or logged of an error of a source."""
    if isinstance(error, SourceError):
        return error.what
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return f"a fault of the adapter ({type(error).__name__})"


def silent_words(silent: Sequence[str]) -> str:
    return f" (no answer from {', '.join(silent)})" if silent else ""
