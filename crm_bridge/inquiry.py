"""One question to every source at once, and what is known of the answer at each moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec
import structlog

from crm_bridge.about import with_unread
from crm_bridge.contact import (
    Choice,
    ChoiceKeeper,
    Contact,
    Heard,
    Match,
    MatchKind,
    SourceError,
    SourceSparedError,
    SourceState,
    problem_words,
)
from crm_bridge.counts import SourceCounts
from crm_bridge.guard import GuardedSource
from crm_bridge.matching import decide
from crm_bridge.number import Number
from crm_bridge.settings import CrmSettings

_Found = TypeVar("_Found", bound=Sequence[object])

OnMatch = Callable[[Match], None]

#: a source that is given up has this long to put away its connection
ENDING_S: Final = 2.0

_log = structlog.get_logger(__name__)


class Inquiry:
    """Who has this number: what was said before at once, then as sources answer, at the deadline, and at the end."""

    def __init__(
        self,
        number: Number,
        sources: Mapping[str, GuardedSource],
        settings: CrmSettings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        choices: ChoiceKeeper | None = None,
    ) -> None:
        self._number = number
        self._choices = choices
        self._chosen: Contact | None = None
        self._sources = sources
        self._now = now
        self._loop = asyncio.get_running_loop()
        began_at = self._loop.time()
        self._deadline = began_at + settings.lookup_deadline_s
        self._end = began_at + settings.lookup_give_up_s
        self._pending = True
        self._answers: dict[str, Sequence[Contact]] = {}
        self._details: dict[asyncio.Task[list[Contact]], str] = {}
        self._heard = {name: Heard(source=name, state=SourceState.ASKED) for name in sources}
        for name, source in sources.items():
            self._recall(name, source)

    def first(self) -> Match:
        """What is known before anybody was asked; more is to come."""
        return self._known(None, pending=True)

    async def run(self, on_match: OnMatch) -> None:
        """Ask, and call ``on_match`` with all that is known each time that something new is."""
        asked = [name for name, heard in self._heard.items() if heard.state is not SourceState.KEPT]
        tasks = {asyncio.create_task(self._sources[name].find(self._number)): name for name in asked}
        choice = asyncio.create_task(self._fetch_choice())
        try:
            await self._follow(tasks, choice, on_match)
        finally:
            await end_tasks(*tasks, *self._details, choice)

    def _recall(self, name: str, source: GuardedSource) -> None:
        """Take what the source said before. Fresh, it need not be asked again."""
        source.counts.asked += 1
        kept = source.kept(self._number)
        if kept is None:
            return
        self._answers[name] = kept.contacts
        state = SourceState.KEPT if kept.fresh else SourceState.STALE
        read_at, found = self._now() - timedelta(seconds=kept.age_s), len(kept.contacts)
        self._heard[name] = Heard(source=name, state=state, read_at=read_at, found=found)
        if kept.fresh:
            source.counts.kept += 1
            source.counts.hits += bool(found)
            source.counts.misses += not found

    async def _follow(
        self, tasks: Mapping[asyncio.Task[list[Contact]], str], choice: asyncio.Task[Choice | None], on_match: OnMatch
    ) -> None:
        waiting: set[asyncio.Task[Any]] = {*tasks, choice}
        while waiting and (now := self._loop.time()) < self._end:
            bound_s = (self._deadline if now < self._deadline else self._end) - now
            done, waiting = await asyncio.wait(waiting, timeout=bound_s, return_when=asyncio.FIRST_COMPLETED)
            for task in done & tasks.keys():
                self._take(tasks[task], task)
                waiting |= self._ask_more(tasks[task], task)
            for task in done & self._details.keys():
                self._take_details(self._details[task], task)
            if done != {choice} or choice.result() is not None or not waiting:
                on_match(self._told({tasks[task] for task in waiting & tasks.keys()}, choice))
        given_up = {tasks[task] for task in waiting & tasks.keys()}
        for name in given_up:
            self._sources[name].counts.given_up += 1
            self._note_stale(name)
        for task in waiting & self._details.keys():
            self._note_unread(self._details[task], TimeoutError())
        if self._pending or waiting & self._details.keys():  # not told since the deadline, or told less than is known
            on_match(self._told(given_up, choice))

    def _told(self, silent: set[str], choice: asyncio.Task[Choice | None]) -> Match:
        """The match by what was answered so far, and by an agent's earlier choice as soon as that is read."""
        in_time = self._loop.time() < self._deadline
        if not in_time:
            self._call_silent(silent)
        self._pending = in_time and (bool(silent) or not choice.done())
        return self._known(choice.result() if choice.done() and not choice.cancelled() else None, self._pending)

    def _known(self, chosen: Choice | None, pending: bool) -> Match:
        found = [contact for name in self._sources for contact in self._answers.get(name, [])]
        if self._chosen is not None and chosen is not None and not any(_same(one, self._chosen) for one in found):
            found.append(self._chosen)
        match = decide(self._number, found, chosen)
        heard = tuple(self._heard.values())
        missing = {SourceState.FAILED, SourceState.SILENT}
        silent = tuple(one.source for one in heard if one.state in missing or one.problem)
        why = match.why
        if match.kind is MatchKind.UNKNOWN:
            why = "being looked up" if pending else why + silent_words(silent)
        return msgspec.structs.replace(match, why=why, pending=pending, silent=silent, heard=heard)

    def _call_silent(self, waiting: set[str]) -> None:
        """The deadline has passed for these: what they said before stays, marked."""
        for name in waiting:
            heard = self._heard[name]
            state = SourceState.STALE if heard.state is SourceState.STALE else SourceState.SILENT
            self._heard[name] = msgspec.structs.replace(heard, state=state, problem="no answer yet")

    def _take(self, name: str, task: asyncio.Task[list[Contact]]) -> None:
        counts, late = self._sources[name].counts, self._loop.time() > self._deadline
        found = count_answer(name, task, counts)
        if found is not None:
            self._answers[name] = found
            counts.late += late
            state = SourceState.LATE if late else SourceState.ANSWERED
            self._heard[name] = Heard(source=name, state=state, read_at=self._now(), found=len(found))
            return
        self._note_stale(name)
        before = self._heard[name]
        problem = "no answer" if task.cancelled() else problem_words(task.exception())
        state = SourceState.STALE if before.state is SourceState.STALE else SourceState.FAILED
        self._heard[name] = msgspec.structs.replace(before, state=state, problem=problem)

    def _ask_more(self, name: str, task: asyncio.Task[list[Contact]]) -> set[asyncio.Task[Any]]:
        """Have the source asked about those whom it found: the card is filled in, and nobody waits for it."""
        source = self._sources[name]
        if task.cancelled() or task.exception() is not None or not source.has_details(task.result()):
            return set()
        asked = asyncio.create_task(source.details(self._number, task.result()))
        self._details[asked] = name
        return {asked}

    def _take_details(self, name: str, task: asyncio.Task[list[Contact]]) -> None:
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or error is not None:
            _log.warning("a source could not tell more of its customers", source=name, error=problem_words(error))
            self._note_unread(name, error)
        else:
            self._answers[name] = task.result()

    def _note_unread(self, name: str, error: BaseException | None) -> None:
        self._answers[name] = [with_unread(one, error) for one in self._answers[name]]

    def _note_stale(self, name: str) -> None:
        self._sources[name].counts.stale += self._heard[name].state is SourceState.STALE

    async def _fetch_choice(self) -> Choice | None:
        """What an agent once chose for this number; None also when that cannot be read now."""
        if self._choices is None or self._number.key is None:
            return None
        try:
            choice = await self._choices.chosen(self._number.key)
        except SourceError:
            return None
        if choice is not None:
            self._chosen = await self._fetch_chosen(choice)
        return choice

    async def _fetch_chosen(self, choice: Choice) -> Contact | None:
        """The customer of the choice, who need not have this number; None where his source does not say."""
        source = self._sources.get(choice.source)
        if source is None:
            return None
        try:
            async with asyncio.timeout_at(self._end):
                return await source.get(choice.contact_id)
        except (SourceError, TimeoutError):
            return None


def count_answer(name: str, task: asyncio.Task[_Found], counts: SourceCounts) -> _Found | None:
    """The answer of a source, counted; None when it failed: then the 1st, 10th, 100th... failure is logged.

    Only our own words go to the log, never what the source said: it may name a person.
    """
    if not task.cancelled() and task.exception() is None:
        found = task.result()
        counts.hits += bool(found)
        counts.misses += not found
        return found
    error = None if task.cancelled() else task.exception()
    if isinstance(error, SourceSparedError):
        return None
    counts.errors += 1
    if counts.errors == 10 ** (len(str(counts.errors)) - 1):
        what = "cancelled" if error is None else problem_words(error)
        hint = error.hint if isinstance(error, SourceError) else ""
        _log.warning("a source of customers did not answer", source=name, error=what, hint=hint, count=counts.errors)
    return None


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancel what still runs and wait until it has put its things away, ``ENDING_S`` seconds at the most."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=ENDING_S)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()


def _same(one: Contact, other: Contact) -> bool:
    return (one.source, one.contact_id) == (other.source, other.contact_id)


def silent_words(silent: Sequence[str]) -> str:
    return f" (no answer from {', '.join(silent)})" if silent else ""
