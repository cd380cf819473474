"""A PBX's own logs, opened as its settings name them: files and tables, and who tells what is in them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from cti.errors import OffhookError
from cti.pbx.asterisk_logs import AsteriskLogs
from cti.pbx.freeswitch_logs import FreeswitchLogs
from cti.pbx.log_settings import LogSettings
from cti.pbx.settings import PbxSettings
from kpi.importers.cdr import parse_cdr_row
from kpi.importers.cel import parse_cel_row
from kpi.importers.freeswitch_csv import parse_csv_record
from kpi.importers.freeswitch_folder import LegFolder
from kpi.importers.freeswitch_record import parse_json_record
from kpi.importers.freeswitch_table import KIND as V_XML_CDR, FusionPbxTable
from kpi.importers.freeswitch_xml import parse_xml_record
from kpi.importers.kinds import ALL_KINDS
from kpi.importers.lines import Line, Teller
from kpi.importers.log_file import LogFile, Parse
from kpi.importers.log_table import LogTable
from kpi.importers.pbx_logs import PbxLogs
from kpi.importers.queue_log import parse_queue_line
from kpi.importers.source import Source
from offhook.database import shown_url
from offhook.settings import fetch_secret

DRIVERS = {
    "mysql": "mysql+aiomysql",
    "mariadb": "mysql+aiomysql",
    "postgresql": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}
CONNECT_TIMEOUT_S = 10
FOLDERS = {"json_cdr": parse_json_record, "xml_cdr": parse_xml_record}
_EXTRAS = {"mysql": "mysql", "mariadb": "mysql", "postgresql": "postgresql"}


@asynccontextmanager
async def open_pbx_logs(pbxs: Iterable[PbxSettings], folder: Path) -> AsyncIterator[dict[str, PbxLogs]]:
    """The logs of those PBXs that name any, by the PBX's name; closed at the end. Nothing is read yet.

    Raises:
        OffhookError: a database's address is none, or its driver is not installed.
    """
    engines: list[AsyncEngine] = []
    try:
        yield {pbx.name: _logs(pbx, folder, engines) for pbx in pbxs if teller_of(pbx) is not None and _named(pbx.logs)}
    finally:
        for engine in engines:
            await engine.dispose()


def teller_of(pbx: PbxSettings) -> Teller | None:
    """Who knows what this kind of PBX writes; None for a kind whose logs are not known."""
    if pbx.kind == "freeswitch":
        return FreeswitchLogs(pbx.name, pbx.trunks)
    return AsteriskLogs(pbx.name, pbx.trunks, pbx.logs.agents, pbx.phones) if pbx.kind == "asterisk" else None


def open_source(kind: str, place: str, settings: LogSettings, folder: Path, engines: list[AsyncEngine]) -> Source:
    """One log: a file, a folder, or a table where ``place`` is a database's address; its engine joins ``engines``.

    Raises:
        OffhookError: the address is none, or its driver is not installed.
    """
    zone = zone_of(settings)
    if kind in FOLDERS:
        return LegFolder(kind, folder / place, FOLDERS[kind])
    if "://" not in place and kind != V_XML_CDR:
        return LogFile(kind, folder / place, parser_of(kind, settings, zone), lines_end_records=kind == "cdr_csv")
    engine = _engine(place, fetch_secret(settings.password, settings.password_file))
    engines.append(engine)
    table: str = getattr(settings, f"{kind}_table")
    if kind == V_XML_CDR:
        return FusionPbxTable(engine, table, f"{shown_url(place)} {table}", zone)
    return LogTable(kind, engine, table, f"{shown_url(place)} {table}", zone)


def zone_of(settings: LogSettings) -> tzinfo:
    """The zone of the PBX's local times."""
    if settings.time_zone:
        return ZoneInfo(settings.time_zone)
    return _machine_zone() or datetime.now().astimezone().tzinfo or UTC


def parser_of(kind: str, settings: LogSettings, zone: tzinfo) -> Parse:
    """What makes a line of this kind of file."""
    parsers: dict[str, Callable[..., Line]] = {
        "queue_log": partial(parse_queue_line, zone=zone),
        "cdr": partial(parse_cdr_row, zone=zone),
        "cel": partial(parse_cel_row, zone=zone, columns=settings.cel_columns or None),
        "cdr_csv": partial(parse_csv_record, zone=zone, columns=settings.cdr_csv_columns or None),
    }
    return parsers[kind]


def _logs(pbx: PbxSettings, folder: Path, engines: list[AsyncEngine]) -> PbxLogs:
    teller = teller_of(pbx)
    assert teller is not None  # noqa: S101  who calls has looked
    sources = [open_source(kind, place, pbx.logs, folder, engines) for kind, place in _named(pbx.logs)]
    return PbxLogs(sources, teller, pbx.logs.wait_s)


def _named(settings: LogSettings) -> list[tuple[str, str]]:
    return [(kind, place) for kind in ALL_KINDS if (place := getattr(settings, kind)) is not None]


def _engine(place: str, password: str | None) -> AsyncEngine:
    try:
        url = make_url(place)
    except ArgumentError as error:
        raise OffhookError(
            "logs-bad-address", "the address of a PBX's log cannot be used", "it is no database's address",
            "write mysql://USER@HOST/DATABASE or a file's path",
        ) from error  # fmt: skip
    backend = url.get_backend_name()
    if backend not in DRIVERS or not url.database:
        raise OffhookError(
            "logs-bad-address", f"the address {shown_url(place)} cannot be used",
            "it names no database" if backend in DRIVERS else f"{backend} is not supported",
            "write mysql://USER@HOST/DATABASE, postgresql://... or sqlite:///FILE",
        )  # fmt: skip
    url = url.set(drivername=DRIVERS[backend])
    if password is not None:
        url = url.set(password=password)
    arguments = {
        "mysql+aiomysql": {"connect_timeout": CONNECT_TIMEOUT_S},
        "postgresql+asyncpg": {"timeout": CONNECT_TIMEOUT_S},
    }
    try:
        return create_async_engine(url, pool_pre_ping=True, connect_args=arguments.get(url.drivername, {}))
    except ModuleNotFoundError as error:
        raise OffhookError(
            "logs-no-driver", f"the database driver {error.name} is not installed", f"the log is at {shown_url(place)}",
            f"install it with: pip install 'offhook[{_EXTRAS.get(backend, backend)}]'",
        ) from error  # fmt: skip


def _machine_zone() -> ZoneInfo | None:
    """This machine's zone with its changes of the clock, where it is told by name."""
    target = Path("/etc/localtime").resolve()
    _, found, name = str(target).partition("/zoneinfo/")
    if not found:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):
        return None
