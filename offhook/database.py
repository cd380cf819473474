"""The database behind the store: one SQLite file, or PostgreSQL; brought to this program's schema at start."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import msgspec
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from cti.errors import OffhookError, driver_words

MIGRATIONS = Path(__file__).parent / "migrations"
DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
BUSY_TIMEOUT_MS = 10_000  # an import of 100,000 customers holds SQLite's write lock for some seconds
BUSY_PAUSE_S = 0.02
CONNECT_TIMEOUT_S = 10
MAPPED_BYTES = 256 << 20  # read from the page cache itself: a report over months takes a third less time
MIGRATION_LOCK = 0x0FF400C  # any number, the same on every node: two that start at once migrate one after the other


class StoreError(OffhookError):
    """The database cannot be used as it is."""


class StoreSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where calls, customers and figures are kept."""

    url: Annotated[
        str,
        msgspec.Meta(
            description="`sqlite:///FILE` (a relative FILE is beside offhook.toml) or `postgresql://USER@HOST:PORT/DATABASE`."
        ),
    ] = "sqlite:///offhook.sqlite"
    password: Annotated[
        str | None, msgspec.Meta(description="The PostgreSQL user's password. Better kept in `password_file`.")
    ] = None
    password_file: Annotated[
        str | None, msgspec.Meta(description="A file that holds the PostgreSQL user's password and nothing else.")
    ] = None

    def __post_init__(self) -> None:
        parse_store_url(self.url)

    def __repr__(self) -> str:
        return f"StoreSettings(url={shown_url(self.url)!r})"


def parse_store_url(url: str) -> URL:
    """The URL with the driver this program uses.

    Raises:
        ValueError: it is no database URL, or of a database that is not supported.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError("expected sqlite:///FILE or postgresql://USER@HOST:PORT/DATABASE") from None
    backend = parsed.get_backend_name()
    if backend not in DRIVERS:
        raise ValueError(f"{backend} is not supported: expected sqlite:///FILE or postgresql://...")
    if not parsed.database:
        raise ValueError(f"names no {'file' if backend == 'sqlite' else 'database'}")
    return parsed.set(drivername=DRIVERS[backend])


def shown_url(url: str | URL) -> str:
    """The URL for logs and messages: its password masked, without the driver."""
    parsed = make_url(url)
    return parsed.set(drivername=parsed.get_backend_name()).render_as_string(hide_password=True)


def make_engine(url: str, *, password: str | None = None, beside: Path | None = None) -> AsyncEngine:
    """An engine for ``url``; nothing is opened yet. A relative SQLite file is taken from the folder ``beside``.

    Raises:
        StoreError: the driver that the URL asks for is not installed.
    """
    parsed = parse_store_url(url)
    sqlite = parsed.get_backend_name() == "sqlite"
    if sqlite and beside is not None and parsed.database and not parsed.database.startswith((":", "file:")):
        parsed = parsed.set(database=str(beside / parsed.database))
    if password is not None:
        parsed = parsed.set(password=password)
    try:
        arguments = {} if sqlite else {"timeout": CONNECT_TIMEOUT_S}
        engine = create_async_engine(parsed, pool_pre_ping=not sqlite, connect_args=arguments)
    except ModuleNotFoundError as error:
        raise StoreError(
            "store-no-driver",
            f"the database driver {error.name} is not installed",
            f"[store] url is {shown_url(url)}",
            "install it with: pip install 'offhook[postgresql]'",
        ) from error
    if sqlite:
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


async def migrate(engine: AsyncEngine) -> str:
    """Bring the database to this program's schema, all or nothing, and return the revision it is at then.

    Raises:
        StoreError: it cannot be reached, or a newer program made it.
    """
    await _try_file(engine)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_lock)
            await connection.run_sync(_upgrade)
            await connection.commit()
    except (SQLAlchemyError, OSError) as error:
        raise unreachable(engine, error) from error
    return head()


async def fetch_revision(engine: AsyncEngine) -> str | None:
    """The schema revision the database is at; None where there is none yet.

    Raises:
        StoreError: it cannot be reached, or a newer program made it.
    """
    await _try_file(engine)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_revision)
    except (SQLAlchemyError, OSError) as error:
        raise unreachable(engine, error) from error


async def fetch_answer(engine: AsyncEngine) -> None:
    """Return once the database has answered the smallest question.

    Raises:
        StoreError: it cannot be reached.
    """
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql("SELECT 1")
    except (SQLAlchemyError, OSError) as error:
        raise unreachable(engine, error) from error


def head() -> str:
    """The schema revision of this program."""
    newest = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if newest is None:
        raise StoreError("store-no-migrations", "the program's migrations are missing", str(MIGRATIONS), "reinstall it")
    return newest


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the migrations in this package, on ``connection`` where one is given."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def unreachable(engine: AsyncEngine, error: BaseException) -> StoreError:
    """The error for a person, from what the driver said."""
    return StoreError(
        "store-unreachable",
        f"the database {shown_url(engine.url)} cannot be used",
        driver_words(error),
        "check [store] url, the file's folder and rights, or that the server runs and knows the user",
    )


async def _try_file(engine: AsyncEngine) -> None:
    """Open SQLite's file once by itself: aiosqlite leaves a thread behind where it cannot, which then answers to a loop
    that may be closed, with a traceback on the terminal."""
    file = engine.url.database
    if engine.dialect.name != "sqlite" or not file or file == ":memory:":
        return
    try:
        await asyncio.to_thread(_open_once, file)
    except sqlite3.Error as error:
        raise unreachable(engine, error) from error


def _open_once(file: str) -> None:
    with closing(sqlite3.connect(file, timeout=BUSY_TIMEOUT_MS / 1000, uri=file.startswith("file:"))) as connection:
        _write_ahead(connection)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Leave the file in WAL mode. Of several programs that try at once all but one are refused, without SQLite's own
    wait for a lock: https://www.sqlite.org/c3ref/busy_handler.html ("there is no guarantee that it will be invoked").
    """
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(BUSY_PAUSE_S)


def _prepare_sqlite(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        f"mmap_size = {MAPPED_BYTES}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _lock(connection: Connection) -> None:
    """Hold everybody else's migration until the end of this transaction, in which the tables are made as well."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")


def _upgrade(connection: Connection) -> None:
    if _revision(connection) != head():
        command.upgrade(alembic_config(connection), "head")


def _revision(connection: Connection) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory.from_config(alembic_config())
    if revision is not None and revision not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(
            "store-newer",
            "a newer Offhook made this database",
            f"its schema is {revision}, this program knows up to {scripts.get_current_head()}",
            "install the newer Offhook again, or restore the backup made before the upgrade",
        )
    return revision
