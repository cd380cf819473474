"""``kind = "sql"``: customers from any database that SQLAlchemy reaches, by the admin's own query.

Needs a database user with the permission to SELECT from these tables and no other: Offhook asks for a read-only
transaction and gives back every one unchanged, but only the database can promise it. The values of a query are bound,
never written into it. https://docs.sqlalchemy.org/en/21/core/engines.html#database-urls.

Numbers: ``:e164`` ``:digits`` ``:national`` ``:significant`` and ``:pattern`` (for LIKE, whatever stands between the
digits) are bound in the query; columns are understood by their names, as in an import, all others are shown as they
are.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from crm_bridge.contact import Contact, SourceError
from crm_bridge.forms import loose_pattern, placeholders
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import AdapterOptions, Text
from crm_bridge.rows_found import contact_of_row, merge_rows
from crm_bridge.sources import Surroundings
from cti.errors import OffhookError

_DRIVERS: Final = {"postgresql": "postgresql+asyncpg", "mysql": "mysql+aiomysql", "mariadb": "mariadb+aiomysql"}
_BOUND: Final = ("e164", "digits", "national", "significant", "pattern")
_READS = re.compile(r"^\s*(?:select|with)\b", re.IGNORECASE)
#: rows of one answer: a customer may have several
MOST_ROWS: Final = 100


class Options(AdapterOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which database, and what it is asked."""

    url: Annotated[
        Text,
        msgspec.Meta(description="SQLAlchemy's address: `postgresql://offhook@db.example.com/crm`, without password."),
    ]
    password: Annotated[str | None, msgspec.Meta(description="Password of the database user.")] = None
    password_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = None
    query: Annotated[
        Text,
        msgspec.Meta(
            description="A SELECT with :e164, :digits, :national, :significant or :pattern, whose columns are called "
            "like those of an import: id, name, phone, mobile, company, email, balance, ..."
        ),
    ]
    search_query: Annotated[
        str, msgspec.Meta(description="A SELECT with :text, which has % around it. Empty: none.")
    ] = ""
    get_query: Annotated[str, msgspec.Meta(description="A SELECT with :id, for one customer. Empty: none.")] = ""

    id_is_number: Annotated[
        bool, msgspec.Meta(description="Bind :id as a number: PostgreSQL compares a number with nothing else.")
    ] = False

    def __post_init__(self) -> None:
        for name in ("query", "search_query", "get_query"):
            text = getattr(self, name)
            if text and not _READS.match(text):
                raise ValueError(f"{name}: expected a SELECT")
            if ";" in text.rstrip().rstrip(";"):
                raise ValueError(f"{name}: expected one statement, not several")
        if not any(re.search(rf":{bound}\b", self.query) for bound in _BOUND):
            raise ValueError("query: it asks for no number; put :e164 or another of the values into it")


class Database:
    """Customers of one database. A connection of a small pool for each question, given back unchanged."""

    def __init__(
        self, name: str, engine: AsyncEngine | sa.Engine, options: Options, surroundings: Surroundings
    ) -> None:
        self.name = name
        self._engine = engine
        self._options = options
        self._region = surroundings.region
        self._timeout_s = surroundings.timeout_s

    async def find(self, number: Number) -> list[Contact]:
        """Customers whom the query gives for this number. Raises SourceError."""
        if number.key is None:
            return []
        bound = placeholders(number, self._region) | {"pattern": loose_pattern(number)}
        return (await self._ask(self._options.query, bound))[: MAX_CANDIDATES + 1]

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Customers with this text, if there is a query for that. Raises SourceError."""
        plain = text.replace("%", "").replace("_", " ").strip()
        if not plain or not self._options.search_query:
            return []
        return (await self._ask(self._options.search_query, {"text": f"%{plain}%"}))[:limit]

    async def get(self, contact_id: str) -> Contact | None:
        """One customer, if there is a query for that. Raises SourceError."""
        if not self._options.get_query:
            return None
        if self._options.id_is_number and not (contact_id.isdecimal() and len(contact_id) <= 18):
            return None
        own = int(contact_id) if self._options.id_is_number else contact_id
        found = await self._ask(self._options.get_query, {"id": own})
        return next((one for one in found if one.contact_id == contact_id), None)

    async def close(self) -> None:
        """Close the pool."""
        if isinstance(self._engine, AsyncEngine):
            await self._engine.dispose()
        else:
            await asyncio.to_thread(self._engine.dispose)

    async def _ask(self, query: str, bound: Mapping[str, str | int]) -> list[Contact]:
        statement = sa.text(query)
        named = {key: value for key, value in bound.items() if re.search(rf":{key}\b", query)}
        try:
            async with asyncio.timeout(self._timeout_s):
                rows = await self._rows(statement, named)
        except TimeoutError:
            what = f"the database of {self.name} did not answer in time"
            hint = "has the column of numbers an index?"
            raise SourceError("crm-slow", what, f"within {self._timeout_s:g} s", hint) from None
        except (SQLAlchemyError, OSError) as error:
            raise self._failed(error) from None
        return merge_rows([contact_of_row(self.name, self._region, row) for row in rows])

    async def _rows(self, statement: sa.TextClause, bound: Mapping[str, str | int]) -> list[dict[str, Any]]:
        if not isinstance(self._engine, AsyncEngine):
            return await asyncio.to_thread(_fetch, self._engine, statement, bound)
        async with self._engine.connect() as connection:
            return await connection.run_sync(_fetch_on, statement, bound)

    def _failed(self, error: BaseException) -> SourceError:
        """Only the kind of error is told: a database puts the values of a question into its words."""
        kind = type(getattr(error, "orig", None) or error).__name__
        hint = "try the query of this source by hand, as the same database user"
        return SourceError("crm-failed", f"the database of {self.name} cannot answer", kind, hint)


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> Database:
    """A database as a source. Raises OffhookError ``crm-options`` or ``crm-extra``."""
    try:
        url = sa.make_url(options.url)
        driver = _DRIVERS.get(url.drivername, "sqlite+aiosqlite" if url.drivername == "sqlite" else url.drivername)
        url = url.set(drivername=driver)
        if options.password is not None:
            url = url.set(password=options.password)
        if url.drivername.startswith("sqlite") and url.database and url.database != ":memory:":
            path = quote(str((surroundings.folder / url.database).resolve()))
            url = url.set(database=f"file:{path}", query={"mode": "ro", "uri": "true"})
        engine = _make_engine(url)
    except (ArgumentError, NoSuchModuleError) as error:
        what = f"the options of the source {name!r} do not fit"
        raise OffhookError(
            "crm-options", what, f"url: {type(error).__name__}", "see the database URLs of SQLAlchemy"
        ) from None
    except ImportError as error:
        what = f"the source {name!r} needs a package that is not installed"
        raise OffhookError("crm-extra", what, str(error.name or error), "pip install the database's driver") from None
    return Database(name, engine, options, surroundings)


def _make_engine(url: sa.URL) -> AsyncEngine | sa.Engine:
    """With asyncio where the driver can, in threads otherwise."""
    options: dict[str, Any] = {"pool_pre_ping": True, "pool_recycle": 1800, "hide_parameters": True}
    if url.get_dialect().is_async:
        return create_async_engine(url, **options)
    return sa.create_engine(url, **options)


def _fetch(engine: sa.Engine, statement: sa.TextClause, bound: Mapping[str, str | int]) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return _fetch_on(connection, statement, bound)


def _fetch_on(
    connection: sa.Connection, statement: sa.TextClause, bound: Mapping[str, str | int]
) -> list[dict[str, Any]]:
    """The first rows, by a transaction that cannot write and is given up at its end."""
    dialect = connection.dialect.name
    if dialect == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
    elif dialect in ("postgresql", "mysql", "mariadb"):
        connection.exec_driver_sql(
            "SET TRANSACTION READ ONLY" if dialect == "postgresql" else "START TRANSACTION READ ONLY"
        )
    try:
        rows = connection.execute(statement, bound).mappings().fetchmany(MOST_ROWS)
        return [dict(row) for row in rows]
    finally:
        connection.rollback()
