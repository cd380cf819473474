"""``kind = "sql"``: customers from any database that SQLAlchemy reaches, by the admin's own query.

Needs a database user with the permission to SELECT from these tables and no other: Offhook asks for a read-only
transaction and gives back every one unchanged, but only the database can promise it. The values of a query are bound,
never written into it. https://docs.sqlalchemy.org/en/21/core/engines.html#database-urls.

Calls are written, if there is a ``write_statement``, as another user and by it alone: an INSERT that changes the row if
the call is already there, with ``:call_id``, ``:note`` and others bound.

Numbers: ``:e164`` ``:digits`` ``:national`` ``:significant`` and ``:pattern`` (for LIKE, whatever stands between the
digits) are bound in the query; columns are understood by their names, as in an import, all others are shown as they
are.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DataError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from crm_bridge.about import Part, Telling
from crm_bridge.activity import CallActivity
from crm_bridge.call_record import refused
from crm_bridge.call_template import NAMES, call_values
from crm_bridge.contact import Contact, Incident, Order, SourceError, Touch
from crm_bridge.forms import loose_pattern, placeholders
from crm_bridge.matching import MAX_CANDIDATES
from crm_bridge.number import Number
from crm_bridge.options import AdapterOptions, Text
from crm_bridge.rows_about import incidents_of, orders_of, products_of, touches_of
from crm_bridge.rows_found import contact_of_row, merge_rows
from crm_bridge.sources import Surroundings
from cti.errors import OffhookError

_DRIVERS: Final = {"postgresql": "postgresql+asyncpg", "mysql": "mysql+aiomysql", "mariadb": "mariadb+aiomysql"}
_BOUND: Final = ("e164", "digits", "national", "significant", "pattern")
_PLACE: Final = re.compile(r"(?<!:):([a-z][a-z0-9_]*)\b")
_WRITES = re.compile(r"^\s*(?:insert|merge|replace|call|with|select)\b", re.IGNORECASE)
_READS = re.compile(r"^\s*(?:select|with)\b", re.IGNORECASE)
_INSTANT: Final = sa.DateTime(timezone=True)
#: of the values of a call that are no texts
_TYPES: Final[Mapping[str, Any]] = {
    "started_at": _INSTANT,
    "answered_at": _INSTANT,
    "ended_at": _INSTANT,
    "wait_s": sa.Float(),
    "talk_s": sa.Float(),
    "on_behalf": sa.Boolean(),
}
Engine = AsyncEngine | sa.Engine
#: the questions about one customer who was found
ABOUT: Final = tuple(f"{part}_query" for part in Part)
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

    orders_query: Annotated[
        str,
        msgspec.Meta(
            description="A SELECT with :id, for one customer's orders, columns as in an import: order, title, state, "
            "date, due, total, currency. Empty: none."
        ),
    ] = ""
    incidents_query: Annotated[
        str,
        msgspec.Meta(
            description="The same for incidents: incident, title, state, severity, owner, opened. Empty: none."
        ),
    ] = ""
    products_query: Annotated[
        str, msgspec.Meta(description="A SELECT with :id; its first column is what the customer bought. Empty: none.")
    ] = ""
    contacts_query: Annotated[
        str,
        msgspec.Meta(
            description="A SELECT with :id, for earlier e-mails, visits and the like: date, kind, title, direction "
            "(in or out), by. Empty: none."
        ),
    ] = ""
    id_is_number: Annotated[
        bool, msgspec.Meta(description="Bind :id as a number: PostgreSQL compares a number with nothing else.")
    ] = False

    write_statement: Annotated[
        str,
        msgspec.Meta(
            description="An INSERT ... ON CONFLICT ... DO UPDATE, MERGE or procedure that stores a call, or changes it "
            f"if its :call_id is already there. It may take :{' :'.join(NAMES)}. Empty: none are written."
        ),
    ] = ""
    write_url: Annotated[
        str, msgspec.Meta(description="Address of the database with the user who may write there, and nothing else.")
    ] = ""
    write_password: Annotated[str | None, msgspec.Meta(description="Password of that user.")] = None
    write_password_file: Annotated[str | None, msgspec.Meta(description="A file that holds it on its first line.")] = (
        None
    )

    def __post_init__(self) -> None:
        self._check_writing()
        for name in ("query", "search_query", "get_query", *ABOUT):
            text = getattr(self, name)
            if text and not _READS.match(text):
                raise ValueError(f"{name}: expected a SELECT")
            if ";" in text.rstrip().rstrip(";"):
                raise ValueError(f"{name}: expected one statement, not several")
        if not any(re.search(rf":{bound}\b", self.query) for bound in _BOUND):
            raise ValueError("query: it asks for no number; put :e164 or another of the values into it")

    def _check_writing(self) -> None:
        text = self.write_statement
        if bool(text) != bool(self.write_url):
            raise ValueError("write_statement and write_url: either both or none")
        if not text:
            return
        named = set(_PLACE.findall(text))
        if ";" in text.rstrip().rstrip(";") or not _WRITES.match(text):
            raise ValueError("write_statement: expected one INSERT, MERGE or CALL")
        if unknown := sorted(named - set(NAMES)):
            raise ValueError(f"write_statement: nothing is called :{unknown[0]}")
        if "call_id" not in named:
            raise ValueError("write_statement: it has no :call_id; the same call could not be found again")


class Database(Telling):
    """Customers of one database. A connection of a small pool for each question, given back unchanged."""

    def __init__(
        self, name: str, engine: Engine, options: Options, surroundings: Surroundings
    ) -> None:
        self.name = name
        self._engine = engine
        self._options = options
        self._region = surroundings.region
        self._timeout_s = surroundings.timeout_s
        tellers = {
            Part.ORDERS: self._orders,
            Part.INCIDENTS: self._incidents,
            Part.PRODUCTS: self._products,
            Part.CONTACTS: self._touches,
        }
        self.ask_about([part for part in tellers if getattr(options, f"{part}_query")], tellers)

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
        found = await self._ask(self._options.get_query, {"id": self._own(contact_id)})
        return next((one for one in found if one.contact_id == contact_id), None)

    async def fetch_rows(self, query: str, contact_id: str) -> list[dict[str, Any]]:
        """What a SELECT of ours says with :id, at most ``MOST_ROWS``. Raises SourceError."""
        return await self._asked(query, {"id": self._own(contact_id)})

    async def close(self) -> None:
        """Close the pool."""
        await _dispose(self._engine)

    def _own(self, contact_id: str) -> str | int:
        return int(contact_id) if self._options.id_is_number and contact_id.isdecimal() else contact_id

    async def _orders(self, contact: Contact) -> Iterable[Order]:
        return orders_of(await self.fetch_rows(self._options.orders_query, contact.contact_id), self._region)

    async def _incidents(self, contact: Contact) -> Iterable[Incident]:
        return incidents_of(await self.fetch_rows(self._options.incidents_query, contact.contact_id), self._region)

    async def _products(self, contact: Contact) -> Iterable[object]:
        return products_of(await self.fetch_rows(self._options.products_query, contact.contact_id))

    async def _touches(self, contact: Contact) -> Iterable[Touch]:
        return touches_of(await self.fetch_rows(self._options.contacts_query, contact.contact_id), self._region)

    async def _ask(self, query: str, bound: Mapping[str, str | int]) -> list[Contact]:
        rows = await self._asked(query, bound)
        return merge_rows([contact_of_row(self.name, self._region, row) for row in rows])

    async def _asked(self, query: str, bound: Mapping[str, str | int]) -> list[dict[str, Any]]:
        statement = sa.text(query)
        named = {key: value for key, value in bound.items() if re.search(rf":{key}\b", query)}
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._rows(statement, named)
        except TimeoutError:
            what = f"the database of {self.name} did not answer in time"
            hint = "has the column of numbers an index?"
            raise SourceError("crm-slow", what, f"within {self._timeout_s:g} s", hint) from None
        except (SQLAlchemyError, OSError) as error:
            raise self._failed(error) from None

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


class WritingDatabase(Database):
    """A database into which calls are written too, through a connection of its own."""

    def __init__(self, database: Database, options: Options, surroundings: Surroundings, writer: Engine) -> None:
        super().__init__(database.name, database._engine, options, surroundings)
        self._writer = writer

    async def write_call(self, activity: CallActivity) -> str:
        """The statement, in a transaction of its own. It gives no id: "".

        Raises ActivityRefusedError ``crm-call-refused`` where the values do not fit the table.
        """
        values = call_values(activity)
        named = {name: values[name] for name in _PLACE.findall(self._options.write_statement)}
        typed = [sa.bindparam(name, type_=_TYPES.get(name, sa.String())) for name in named]
        statement = sa.text(self._options.write_statement).bindparams(*typed)
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._store(statement, named)
        except TimeoutError:
            what = f"the database of {self.name} did not store a call in time"
            raise SourceError("crm-slow", what, f"within {self._timeout_s:g} s", "is the table locked?") from None
        except (IntegrityError, DataError) as error:
            kind = type(error.orig or error).__name__
            raise refused(self.name, kind, "try write_statement by hand: does it change the row of a call?") from None
        except (SQLAlchemyError, OSError) as error:
            raise self._failed(error) from None
        return ""

    async def close(self) -> None:
        """Close both pools."""
        await super().close()
        await _dispose(self._writer)

    async def _store(self, statement: sa.TextClause, values: Mapping[str, Any]) -> None:
        if isinstance(self._writer, AsyncEngine):
            async with self._writer.begin() as connection:
                await connection.execute(statement, values)
        else:
            await asyncio.to_thread(_store_on, self._writer, statement, values)


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> Database:
    """A database as a source. Raises OffhookError ``crm-options`` or ``crm-extra``."""
    reader = _open(name, "url", options.url, options.password, surroundings, "ro")
    database = Database(name, reader, options, surroundings)
    if not options.write_statement:
        return database
    writer = _open(name, "write_url", options.write_url, options.write_password, surroundings, "rw")
    return WritingDatabase(database, options, surroundings, writer)


def _open(
    name: str, option: str, address: str, password: str | None, surroundings: Surroundings, mode: str
) -> Engine:
    try:
        url = sa.make_url(address)
        driver = _DRIVERS.get(url.drivername, "sqlite+aiosqlite" if url.drivername == "sqlite" else url.drivername)
        url = url.set(drivername=driver)
        if password is not None:
            url = url.set(password=password)
        if url.drivername.startswith("sqlite") and url.database and url.database != ":memory:":
            path = quote(str((surroundings.folder / url.database).resolve()))
            url = url.set(database=f"file:{path}", query={"mode": mode, "uri": "true"})
        return _make_engine(url)
    except (ArgumentError, NoSuchModuleError) as error:
        what = f"the options of the source {name!r} do not fit"
        raise OffhookError(
            "crm-options", what, f"{option}: {type(error).__name__}", "see the database URLs of SQLAlchemy"
        ) from None
    except ImportError as error:
        what = f"the source {name!r} needs a package that is not installed"
        raise OffhookError("crm-extra", what, str(error.name or error), "pip install the database's driver") from None


async def _dispose(engine: Engine) -> None:
    if isinstance(engine, AsyncEngine):
        await engine.dispose()
    else:
        await asyncio.to_thread(engine.dispose)


def _store_on(engine: sa.Engine, statement: sa.TextClause, values: Mapping[str, Any]) -> None:
    with engine.begin() as connection:
        connection.execute(statement, values)


def _make_engine(url: sa.URL) -> Engine:
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
