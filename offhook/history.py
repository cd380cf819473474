"""``offhook import``: a site's years before Offhook, from the PBX's own logs, with their progress on the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.errors import OffhookError
from cti.pbx.settings import PbxSettings
from kpi.importers.freeswitch_folder import SUFFIXES, LegFolder
from kpi.importers.freeswitch_table import FusionPbxTable
from kpi.importers.importing import HistoryImport, Imported
from kpi.importers.log_file import LogFile
from kpi.importers.log_table import LogTable
from kpi.importers.source import BadLine, Source
from kpi.store import Store
from offhook.database import shown_url
from offhook.past_calls import e164_of
from offhook.pbx_logs import open_source, teller_of
from offhook.run import open_store
from offhook.settings import Settings
from offhook.terminal import printable

SHOWN_LINES = 50


class HistoryKind(StrEnum):
    """What is imported."""

    QUEUE_LOG = "queue-log"
    CDR = "cdr"
    CEL = "cel"
    ASTERISKCDRDB = "asteriskcdrdb"
    FREESWITCH_CDR = "freeswitch-cdr"


class HistoryOrder(msgspec.Struct, frozen=True, kw_only=True):
    """``others`` are read beside the source, by kind (``queue_log``, ``cdr``, ``cel``): together they tell more."""

    kind: HistoryKind
    source: str
    others: dict[str, str] = {}
    since: datetime | None = None
    until: datetime | None = None
    anew: bool = False


async def import_history(settings: Settings, pbx: PbxSettings, folder: Path, order: HistoryOrder) -> Imported:
    """Import into the store of ``settings``, with a progress bar on stderr.

    Up to when Offhook came itself, where the order names no other end: what happened since it has seen, or fills in.

    Raises:
        OffhookError: a log or the store cannot be used.
    """
    teller = teller_of(pbx)
    if teller is None:
        raise OffhookError(
            "import-unknown-kind", f"the logs of a PBX of kind {pbx.kind} are not known", f"PBX {pbx.name}",
            "name another PBX with --pbx",
        )  # fmt: skip
    if (order.kind is HistoryKind.FREESWITCH_CDR) != (pbx.kind == "freeswitch"):
        raise OffhookError(
            "import-unknown-kind", f"PBX {pbx.name} is of kind {pbx.kind}: it writes no {order.kind.value}", "",
            "name another PBX with --pbx, or what this one writes",
        )  # fmt: skip
    engines: list[AsyncEngine] = []
    try:
        async with open_store(settings, folder) as engine:
            store = Store(engine, partial(e164_of, settings.crm))
            sources = await _open_sources(pbx, folder, order, engines)
            marks = {one.kind: one.fingerprint() for one in sources if isinstance(one, LogFile)}
            until = order.until or await _watched_since(store, pbx.name)
            with _progress(sources[0], await _size(sources[0])) as progress:
                history = HistoryImport(
                    store, pbx.name, sources, teller, name=_name(sources), marks=marks, progress=progress
                )
                return await history.run(order.since, until, anew=order.anew)
    finally:
        for one in engines:
            await one.dispose()


def report_lines(imported: Imported) -> Iterator[str]:
    """What came of it, for the terminal: bad lines first."""
    for bad in imported.bad[:SHOWN_LINES]:
        yield printable(_bad_line(bad))
    if imported.bad_lines > SHOWN_LINES:
        yield f"... and {imported.bad_lines - SHOWN_LINES} more bad lines"
    span = ""
    if imported.covers_from is not None and imported.covers_to is not None:
        span = f", from {imported.covers_from:%Y-%m-%d %H:%M} to {imported.covers_to:%Y-%m-%d %H:%M} UTC"
    yield (
        f"{imported.lines} lines read, {imported.bad_lines} of them bad; {imported.calls} calls and "
        f"{imported.spans} log-ins and pauses stored{span}"
    )


async def _open_sources(
    pbx: PbxSettings, folder: Path, order: HistoryOrder, engines: list[AsyncEngine]
) -> list[Source]:
    if order.kind is HistoryKind.ASTERISKCDRDB:
        return await _tables_of(pbx, folder, order, engines)
    if order.kind is HistoryKind.FREESWITCH_CDR:
        place = _here(order.source)
        return [open_source(kind, place, pbx.logs, folder, engines) for kind in await kinds_at(place)]
    places = {order.kind.value.replace("-", "_"): order.source} | order.others
    return [open_source(kind, _here(place), pbx.logs, folder, engines) for kind, place in places.items()]


async def kinds_at(place: str) -> list[str]:
    """Which of FreeSWITCH's records are at ``place``: a database, a folder of one file per leg, or mod_cdr_csv's file.

    Raises:
        OffhookError: the folder has no records.
    """
    if "://" in place:
        return ["v_xml_cdr"]
    if not await asyncio.to_thread(Path(place).is_dir):
        return ["cdr_csv"]
    kinds = [kind for kind, suffix in SUFFIXES.items() if await asyncio.to_thread(_holds, Path(place), suffix)]
    if not kinds:
        why = f"none of its files ends in {' or '.join(SUFFIXES.values())}"
        hint = "name the folder that mod_json_cdr or mod_xml_cdr writes to"
        raise OffhookError("import-no-records", f"{place} has no records of calls", why, hint)
    return kinds


def _holds(folder: Path, suffix: str) -> bool:
    return next(folder.rglob(f"*{suffix}"), None) is not None


async def _tables_of(
    pbx: PbxSettings, folder: Path, order: HistoryOrder, engines: list[AsyncEngine]
) -> list[Source]:
    """The tables that FreePBX's database has of the three; queue_log may be named in two ways there."""
    if "://" not in order.source:
        hint = "write mysql://USER@HOST/asteriskcdrdb"
        raise OffhookError("logs-bad-address", f"{order.source} is no database's address", "", hint)
    named = pbx.logs
    tables = [("cdr", named.cdr_table), ("cel", named.cel_table), ("queue_log", named.queue_log_table)]
    found: dict[str, Source] = {}
    for kind, table in [*tables, ("queue_log", "queuelog")]:
        settings = msgspec.structs.replace(named, **{f"{kind}_table": table})
        source = open_source(kind, order.source, settings, folder, engines)
        if kind not in found and isinstance(source, LogTable) and await source.exists():
            found[kind] = source
    if not found:
        names = ", ".join(table for _, table in tables)
        where = shown_url(order.source)
        raise OffhookError("import-no-tables", f"{where} has none of the tables", names, "name them in [pbx.logs]")
    return list(found.values())


async def _watched_since(store: Store, pbx: str) -> datetime | None:
    """When Offhook first saw this PBX; None where it has not yet."""
    history = [gap for gap in await store.fetch_gaps(pbx=pbx) if gap.is_history]
    return history[0].ended_at if history else None


async def _size(source: Source) -> int:
    if isinstance(source, LogTable | FusionPbxTable):
        return await source.size()
    if isinstance(source, LegFolder):
        return await asyncio.to_thread(source.size)
    return source.size() if isinstance(source, LogFile) else 0


def _name(sources: list[Source]) -> str:
    """What an import is known by, so that it is gone on with."""
    return " + ".join(f"{source.kind} {source.label}" for source in sources)


@contextmanager
def _progress(source: Source, size: int) -> Iterator[Callable[[int, int], object]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=size)

        def show(lines: int, calls: int) -> None:
            done = source.position if isinstance(source, LogFile | LogTable | LegFolder | FusionPbxTable) else 0
            bar.update(task, completed=min(done, size), description=f"{lines:,} lines, {calls:,} calls")

        yield show


def _bad_line(bad: BadLine) -> str:
    place = f"line {bad.number}" if bad.number is not None else f"byte {bad.offset}"
    return f"{bad.source}: {place}: {bad.why}"


def _here(place: str) -> str:
    """A file as the command line names it: from the current folder."""
    return place if "://" in place else str(Path(place).absolute())
