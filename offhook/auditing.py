"""``offhook audit`` and ``offhook oddities``: what does not fit, found and listed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Group
from rich.table import Table
from rich.text import Text

from cti.errors import OffhookError
from cti.model import Oddity
from cti.pbx.log_settings import KINDS_OF
from cti.pbx.settings import PbxSettings
from kpi.audit import Audit, audit
from kpi.differences import Difference
from kpi.store import Store
from offhook.past_calls import e164_of
from offhook.pbx_logs import open_pbx_logs, zone_of
from offhook.run import open_store
from offhook.settings import Settings
from offhook.terminal import printable

SHOWN_DIFFERENCES = 200


async def audit_day(settings: Settings, pbx: PbxSettings, folder: Path, day: date | None) -> tuple[date, Audit]:
    """Hold a day (yesterday, if none is named) of the store against the PBX's own logs.

    Raises:
        OffhookError: no logs are named for this PBX, or a log or the store cannot be used.
    """
    zone = zone_of(pbx.logs)
    day = day or datetime.now(zone).date() - timedelta(days=1)
    since, until = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
    async with open_pbx_logs([pbx], folder) as logs, open_store(settings, folder) as engine:
        if pbx.name not in logs:
            raise OffhookError(
                "audit-no-logs", f"no logs of PBX {pbx.name} are named", "", f"name {_kinds(pbx)} in [pbx.logs]"
            )
        store = Store(engine, partial(e164_of, settings.crm))
        return day, await audit(store, logs[pbx.name], pbx.name, since, until)


def _kinds(pbx: PbxSettings) -> str:
    """What that kind of PBX writes, in words."""
    *first, last = KINDS_OF.get(pbx.kind, KINDS_OF["asterisk"])
    return f"{', '.join(first)} or {last}"


def audit_report(pbx: str, day: date, found: Audit) -> Group:
    """What the audit found, those that nobody can explain first."""
    explained = [one for one in found.differences if one.reason is not None]
    parts: list[Text | Table] = [
        Text(
            f"{pbx}, {day}: {found.compared} calls compared, coverage {found.covered:.2%}, "
            f"{len(found.unexplained)} differences unexplained, {len(explained)} explained"
        )
    ]
    if found.unexplained:
        parts.append(_table("not explained", found.unexplained, with_reason=False))
    if explained:
        parts.append(_table("explained", explained, with_reason=True))
    parts += [Text(printable(f"gap from {gap.began_at} to {gap.ended_at}: {gap.cause}")) for gap in found.gaps]
    parts += [Text(printable(f"{bad.source}: {bad.why}")) for bad in found.bad_lines[:SHOWN_DIFFERENCES]]
    return Group(*parts)


def oddities_table(kinds: list[tuple[int, Oddity]]) -> Table:
    """Oddities by kind, with the place in the journal of the latest of each."""
    table = Table("count", "PBX", "kind", "latest", "event", "journal", "what", box=SIMPLE)
    for count, odd in kinds:
        origin = odd.origin
        place = f"{origin.session} @ {origin.offset}"
        cells = (str(count), origin.pbx, odd.kind, f"{odd.at:%Y-%m-%d %H:%M:%S}", origin.event, place, odd.detail)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


async def fetch_oddities(
    settings: Settings, folder: Path, since: datetime | None, pbx: str | None
) -> list[tuple[int, Oddity]]:
    """By kind, the most frequent first.

    Raises:
        OffhookError: the store cannot be used.
    """
    async with open_store(settings, folder) as engine:
        return await Store(engine).fetch_oddity_kinds(since, pbx)


def _table(title: str, differences: list[Difference], *, with_reason: bool) -> Table:
    columns = ["began (UTC)", "call", "what", "Offhook", "PBX", *(["reason"] if with_reason else [])]
    shown = len(differences) - SHOWN_DIFFERENCES
    more = f" (the first {SHOWN_DIFFERENCES} of {len(differences)})" if shown > 0 else ""
    table = Table(*columns, title=Text(title + more), title_justify="left", box=SIMPLE)
    for one in differences[:SHOWN_DIFFERENCES]:
        cells = (f"{one.at:%H:%M:%S}", one.call_id, one.what, one.store, one.logs, one.reason or "")
        table.add_row(*(Text(printable(cell)) for cell in cells[: len(columns)]))
    return table
