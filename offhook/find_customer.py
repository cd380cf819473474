"""``offhook customers find``: a number asked of every source, one by one, with what each said and how long it took."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from crm_bridge.about import to_ask, whole_or_unread
from crm_bridge.contact import (
    Adapter,
    Closable,
    Contact,
    Match,
    MatchKind,
    SourceError,
    problem_words,
)
from crm_bridge.matching import decide
from crm_bridge.number import Number, parse_number
from crm_bridge.settings import CrmSettings
from crm_bridge.sources import open_sources
from offhook.run import open_store
from offhook.settings import Settings
from offhook.terminal import printable

_SURE = {
    MatchKind.EXACT: "sure",
    MatchKind.PROBABLE: "probably",
    MatchKind.AMBIGUOUS: "several customers",
    MatchKind.UNKNOWN: "not known",
    MatchKind.ANONYMOUS: "not known",
}


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What one source said. ``error`` is None when it answered."""

    source: str
    kind: str
    took_s: float
    found: Sequence[Contact] = ()
    error: BaseException | None = None


class Finding(msgspec.Struct, frozen=True):
    """The number as it was read, what each source said, and what the card would say."""

    number: Number
    said: tuple[Said, ...]
    match: Match

    @property
    def complete(self) -> bool:
        return all(one.error is None for one in self.said)


async def find_customer(settings: Settings, folder: Path, text: str) -> Finding:
    """Ask every source of ``settings`` for the number in ``text``, all at once.

    Raises:
        OffhookError: a source's options do not fit, or the store cannot be used.
    """
    crm = settings.crm
    async with open_store(settings, folder) as engine:
        sources = open_sources(crm, engine, folder)
        try:
            return await ask_all(sources, crm, text)
        finally:
            await asyncio.gather(*(source.close() for source in sources.values() if isinstance(source, Closable)))


async def ask_all(sources: dict[str, Adapter], crm: CrmSettings, text: str) -> Finding:
    """The same, of sources that are open."""
    number = parse_number(text, crm.default_region, crm.dial_prefixes)
    kinds = {source.name: source.kind for source in crm.sources}
    asked = [_ask(name, kinds.get(name, ""), source, number, crm.lookup_give_up_s) for name, source in sources.items()]
    said = await asyncio.gather(*asked)
    found = [contact for one in said for contact in one.found]
    return Finding(number, tuple(said), decide(number, found))


def finding_lines(finding: Finding) -> list[str]:
    """What is shown on the terminal: a line for each source, then the match with its reason."""
    number = finding.number
    lines = [f"{number.written or 'no number'}: {number.key or number.kind.value} ({number.why})"]
    lines += [_said_line(one) for one in finding.said]
    match = finding.match
    lines.append(f"{_SURE[match.kind]}: {match.why}")
    lines += [f"  {line}" for contact in match.candidates for line in _contact_lines(contact)]
    return [printable(line) for line in lines]


async def _ask(name: str, kind: str, source: Adapter, number: Number, give_up_s: float) -> Said:
    loop = asyncio.get_running_loop()
    began_at = loop.time()
    task = asyncio.create_task(_find(source, number))
    await asyncio.wait({task}, timeout=give_up_s)
    took_s = loop.time() - began_at
    if not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return Said(source=name, kind=kind, took_s=took_s, error=TimeoutError())
    if (error := task.exception()) is not None:
        return Said(source=name, kind=kind, took_s=took_s, error=error)
    return Said(source=name, kind=kind, took_s=took_s, found=task.result())


async def _find(source: Adapter, number: Number) -> list[Contact]:
    found = await source.find(number)
    detailed = to_ask(source, found)
    if detailed is None:
        return found
    return await asyncio.gather(*(whole_or_unread(one, detailed.details(one)) for one in found))


def _said_line(one: Said) -> str:
    head = f"{one.source} ({one.kind}), {one.took_s:.3f} s: "
    if one.error is None:
        return head + (f"{len(one.found)} found" if one.found else "nobody")
    if isinstance(one.error, SourceError):
        return head + str(one.error)
    return head + problem_words(one.error)


def _contact_lines(contact: Contact) -> list[str]:
    numbers = ", ".join(number.written for number in contact.numbers)
    about = [contact.name, contact.company or "", f"{contact.source} {contact.contact_id}", numbers, contact.url or ""]
    known = {
        "open orders": [one.title or one.reference for one in contact.open_orders],
        "open incidents": [one.title or one.reference for one in contact.open_incidents],
        "bought": contact.bought,
        "contacts": [f"{one.on} {one.kind}" for one in contact.touches],
    }
    parts = [f"  {what}: {', '.join(titles[:5])}" for what, titles in known.items() if titles]
    return [" · ".join(part for part in about if part), *parts, *(f"  {words}" for words in contact.unread)]
