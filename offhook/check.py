"""``offhook check``: what the settings amount to, and what would keep the program from running with them."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import make_url

from crm_bridge.sources import Surroundings, open_source
from cti.drivers import make_driver
from cti.errors import OffhookError
from cti.link import tls_context
from cti.pbx.settings import FREESWITCH_DEFAULT_PASSWORD, PbxSettings, fetch_secret as fetch_pbx_secret
from offhook.database import StoreError, fetch_revision, head, make_engine, shown_url
from offhook.pbx_line import make_dialect, try_log_in
from offhook.settings import Settings, fetch_secret
from offhook.write_back import open_webhooks

AS_DELIVERED = (
    ", WARNING: with the password that FreeSWITCH comes with, so whoever reaches the port can do anything with it: "
    "change it in event_socket.conf.xml"
)


class Report(msgspec.Struct):
    """``lines`` say what would run, each with its subject; ``problems`` why it would not."""

    lines: list[tuple[str, str]]
    problems: list[OffhookError]


async def examine(settings: Settings, folder: Path, *, connect: bool = False) -> Report:
    """Look at everything the settings name; with ``connect`` log in at each PBX once. Nothing is changed by it."""
    report = Report([], [])
    for pbx in settings.pbx:
        await _examine_pbx(pbx, connect, report)
    _examine_journal(settings, folder, report)
    await _examine_store(settings, folder, report)
    _examine_sources(settings, folder, report)
    _examine_webhooks(settings, report)
    door = "with a password" if settings.web.password or settings.web.password_file else "without password"
    report.lines.append(("pages", f"on {settings.web.listen}, {door}"))
    report.lines.append(("log", f"{settings.log.level} and above, as {settings.log.format}"))
    return report


async def _examine_pbx(pbx: PbxSettings, connect: bool, report: Report) -> None:
    user = f", user {pbx.username}" if pbx.username else ""
    text = f"{pbx.kind} at {pbx.host}:{pbx.port}{' by TLS' if pbx.tls else ''}{user}, driver {pbx.driver}"
    try:
        make_dialect(pbx)
        make_driver(pbx)
        tls_context(pbx)
        if pbx.secret is None and pbx.secret_file is None:
            raise _no_secret(pbx)
        if pbx.kind == "freeswitch" and fetch_pbx_secret(pbx) == FREESWITCH_DEFAULT_PASSWORD:
            text += AS_DELIVERED
        error = await try_log_in(pbx) if connect else None
    except OffhookError as found:
        error = found
    if error is not None:
        report.problems.append(error)
    report.lines.append((f"PBX {pbx.name}", text + (": logged in" if connect and error is None else "")))


def _examine_journal(settings: Settings, folder: Path, report: Report) -> None:
    journal = settings.journal
    if not journal.enabled:
        report.lines.append(("journal", "none: calls under way are lost when the program is killed"))
        return
    place = folder / journal.folder
    there = next(one for one in (place, *place.parents) if one.exists())
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        why = f"{there} cannot be written to" if there.is_dir() else f"{there} is no folder"
        hint = "check [journal] folder and that the user who runs Offhook may write there, or set enabled = false"
        report.problems.append(OffhookError("journal-no-folder", "the journal cannot be kept", why, hint))
    made = "" if place.exists() else ", made at the first start"
    report.lines.append(("journal", f"in {place}{made}, for {journal.retention_days:g} days"))


async def _examine_store(settings: Settings, folder: Path, report: Report) -> None:
    store = settings.store
    text = shown_url(store.url)
    try:
        text += ", " + (_not_there(store.url, folder) or await _revision(settings, folder))
    except OffhookError as error:
        report.problems.append(error)
    report.lines.append(("store", text))


async def _revision(settings: Settings, folder: Path) -> str:
    store = settings.store
    engine = make_engine(store.url, password=fetch_secret(store.password, store.password_file), beside=folder)
    try:
        found = await fetch_revision(engine)
    finally:
        await engine.dispose()
    if found is None:
        return "empty: its tables are made at the next start"
    return f"schema {found}" if found == head() else f"schema {found}: brought to {head()} at the next start"


def _not_there(url: str, folder: Path) -> str | None:
    """What is to be said of an SQLite file that does not exist; it is not made by looking."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    file = folder / parsed.database
    if file.exists():
        return None
    if not os.access(file.parent, os.W_OK):
        why = "its folder cannot be written to" if file.parent.is_dir() else "its folder does not exist"
        raise StoreError("store-unreachable", f"the database {file} cannot be made", why, "check [store] url")
    return "not there yet: made at the first start"


def _examine_sources(settings: Settings, folder: Path, report: Report) -> None:
    engine = make_engine("sqlite:///:memory:", password=None, beside=folder)  # never opened
    surroundings = Surroundings(engine, settings.crm, folder)
    for source in settings.crm.sources:
        try:
            open_source(source, surroundings)
        except OffhookError as error:
            report.problems.append(error)
    names = ", ".join(f"{source.name} ({source.kind})" for source in settings.crm.sources)
    report.lines.append(("customers", f"{names or 'no source'}, numbers of {settings.crm.default_region}"))


def _examine_webhooks(settings: Settings, report: Report) -> None:
    try:
        open_webhooks(settings)
    except OffhookError as error:
        report.problems.append(error)
    written = [one.name for one in settings.crm.sources if one.write_calls]
    if written:
        report.lines.append(("calls", f"written into {', '.join(written)}"))
    for one in settings.webhook:
        host = urlsplit(one.url).hostname
        report.lines.append((f"webhook {one.name}", f"at {host}, told of {', '.join(one.events) or 'nothing'}"))


def _no_secret(pbx: PbxSettings) -> OffhookError:
    hint = "set secret_file in its [[pbx]] table"
    return OffhookError("link-no-secret", f"PBX {pbx.name!r} has no secret", "", hint)
