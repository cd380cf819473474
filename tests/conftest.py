"""The databases: a test that takes ``database_url`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.postgresql import PostgresqlServer

# A contract's tests tell as much of a failure as any: pytest rewrites the asserts of test files only, unless asked.
pytest.register_assert_rewrite("tests.cti.link_contract", "tests.cti.told_contract", "tests.cti.freeswitch_contract")


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """What a test's program chose of its logs, as their level, is that test's alone."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """One server for all tests; nobody ends it."""
    with PostgresqlServer() as server:
        yield server


@pytest.fixture
def mortal_postgresql() -> Iterator[PostgresqlServer]:
    """A server of the test's own, which may be killed."""
    with PostgresqlServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, as settings have it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'offhook.sqlite'}"
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    with server.lent_database() as url:
        yield url
