"""``offhook customers merge``: what will become of two customers of the book, then it is done, or undone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from crm_bridge.book import SHOWN_OF_EACH
from crm_bridge.consent import joined
from crm_bridge.contact import Contact
from crm_bridge.merging import Merge, MergeError, fetch_merges, store_merge, undo_merge
from crm_bridge.parts import make_whole
from offhook.run import open_store
from offhook.settings import Settings
from offhook.terminal import printable
from offhook.which_customer import customer_line, which_customer

_LABELS = {"external_id": "own number", "company": "company", "email": "e-mail", "language": "language"}


async def fetch_two(settings: Settings, folder: Path, kept: str, gone: str) -> tuple[Contact, Contact]:
    """The two customers who are meant. Raises OffhookError, ``merge-impossible`` where they are one already."""
    async with open_store(settings, folder) as engine:
        two = await which_customer(engine, settings.crm, kept), await which_customer(engine, settings.crm, gone)
    if two[0].contact_id == two[1].contact_id:
        raise MergeError(
            "merge-impossible",
            "these two are one customer already",
            customer_line(two[0]),
            "see offhook customers merges",
        )
    return two


async def merge_two(settings: Settings, folder: Path, kept: Contact, gone: Contact, by: str) -> Merge:
    """Make them one. Raises OffhookError."""
    async with open_store(settings, folder) as engine:
        return await store_merge(engine, int(kept.contact_id), int(gone.contact_id), by, datetime.now(UTC))


async def part_two(settings: Settings, folder: Path, merge_id: int, by: str) -> Merge:
    """Undo a merge. Raises OffhookError."""
    async with open_store(settings, folder) as engine:
        return await undo_merge(engine, merge_id, by, datetime.now(UTC))


async def list_merges(settings: Settings, folder: Path, most: int, *, undone: bool) -> list[Merge]:
    """The last merges. Raises OffhookError."""
    async with open_store(settings, folder) as engine:
        return await fetch_merges(engine, most, undone=undone)


def preview_lines(kept: Contact, gone: Contact) -> list[str]:
    """What the two are, and what the one will be."""
    whole = make_whole([kept, gone], joined(kept.consents, gone.consents), SHOWN_OF_EACH)
    lines = [f"kept:   {customer_line(kept)}", f"joins:  {customer_line(gone)}", "as one:"]
    lines += [f"  {line}" for line in _whole_lines(whole, kept)]
    return [printable(line) for line in lines]


def merge_line(merge: Merge) -> str:
    """One merge in one line."""
    line = (
        f"{merge.merge_id}: id:{merge.gone_id} {merge.gone_name} is a part of id:{merge.kept_id} {merge.kept_name}, "
        f"by {merge.merged_by} on {merge.merged_at:%Y-%m-%d %H:%M} UTC"
    )
    undone = f"; undone by {merge.undone_by} on {merge.undone_at:%Y-%m-%d %H:%M} UTC" if merge.undone_at else ""
    return printable(line + undone)


def _whole_lines(whole: Contact, kept: Contact) -> Iterator[str]:
    yield whole.name
    own = {number.key for number in kept.numbers}
    for number in whole.numbers:
        yield f"{number.written}{'' if number.key in own else '  (new here)'}"
    for name in _LABELS:
        value, before = getattr(whole, name), getattr(kept, name)
        if value is not None:
            yield f"{_LABELS[name]}: {value}{'' if value == before else '  (new here)'}"
    yield f"account {whole.account_state.value}, {len(whole.orders)} orders, {len(whole.incidents)} incidents"
    yield from (one.words for one in whole.consents)
    yield from (f"{name}: {value}" for name, value in whole.fields if (name, value) not in kept.fields)
